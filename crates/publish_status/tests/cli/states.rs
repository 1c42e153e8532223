//! From a real Nagios with one of each state to the states that customers see.

use crate::site::{Site, TWO, two};

#[test]
fn each_state_of_a_real_nagios_is_published() {
    let site = Site::of_each_state();
    let line = "STATUS OK - 7 components published, 1 operational, 1 degraded, 1 partial outage, 1 major outage, 1 maintenance, \
                2 unknown";
    let (code, seen) = site.line(&[]);
    assert_eq!((code, seen.as_str()), (0, line));
    let expected = [
        ("London", "under_maintenance"),
        ("Frankfurt", "partial_outage"),
        ("New York", "degraded_performance"),
        ("São Paulo <b>", "major_outage"),
        ("Sydney", "unknown"),
        ("Sydney by ping", "operational"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect();
    assert_eq!(site.states(), expected);
    let summary = site.json("summary.json");
    assert_eq!(summary["status"]["indicator"], "major");
    let groups =
        summary["components"].as_array().unwrap().iter().filter(|component| component["group"] == true);
    let groups: Vec<_> = groups.map(|group| group["status"].as_str().unwrap()).collect();
    assert_eq!(groups, ["partial_outage", "partial_outage", "unknown"]);
    let works = summary["scheduled_maintenances"].as_array().unwrap();
    let works: Vec<_> =
        works.iter().map(|work| (work["name"].as_str().unwrap(), work["status"].as_str().unwrap())).collect();
    assert_eq!(
        works,
        [("Maintenance: London", "in_progress"), ("Maintenance: Sydney, Sydney by ping", "scheduled")]
    );
    let names: Vec<_> = summary["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|incident| incident["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["São Paulo <b>: major outage", "Frankfurt: partial outage"]);
}

#[test]
fn a_soft_problem_is_published_on_wish() {
    let site = Site::new(
        &TWO.replace("lon-*", "proxy-lon-1").replace("par-*!proxy", "proxy-lon-1!check_tcp_each_ip"),
    );
    let text = Site::of_each_state().read("status.dat");
    site.write(
        "config.toml",
        site.read("config.toml").replace("proxy-lon-1!proxy", "proxy-lon-1!check_proxy"),
    );
    site.write("status.dat", text);
    assert_eq!(site.line(&[]), (0, "STATUS OK - 2 components published, all operational".to_owned()));
    assert_eq!(
        site.line(&["--soft"]),
        (0, "STATUS OK - 2 components published, 1 operational, 1 degraded".to_owned())
    );
}

#[test]
fn nothing_of_the_monitor_is_public() {
    let site = Site::of_each_state();
    site.run(&[]);
    let status = site.read("status.dat");
    let keys = [
        "host_name",
        "service_description",
        "plugin_output",
        "author",
        "comment",
        "comment_data",
        "check_command",
    ];
    let mut values: Vec<&str> = status
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(key, value)| keys.contains(key) && value.len() > 4)
        .map(|(_, value)| value)
        .collect();
    values.extend(["alert(1)", "192.0.2.1", "secret", "alice", "carol", "planned work <b>", "we know"]);
    assert!(values.len() > 60, "{}", values.len());
    let files = [site.published(), crate::site::files(&site.path("state"))].concat();
    assert_eq!(files.len(), 9);
    for (name, content) in files {
        let text = String::from_utf8(content).unwrap();
        for value in &values {
            // "unknown" and the like are words of ours.
            assert!(!text.contains(value), "{name} contains {value}");
        }
        assert!(!text.contains("Johannesburg"), "{name} shows a component of which only the group is public");
        assert!(!text.contains("<b>") || name.ends_with(".json"), "{name} has a name as markup");
    }
}

#[test]
fn a_monitor_that_stopped_is_not_believed() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]), (0, "STATUS OK - 2 components published, all operational".to_owned()));
    site.services(&two([0, 0, 0, 0]), 400);
    let (code, line) = site.line(&[]);
    assert_eq!(
        (code, line.as_str()),
        (
            2,
            "STATUS CRITICAL - monitor disturbed: its state is 6 min old, limit 2 min, 2 components shown as unknown"
        )
    );
    let summary = site.json("summary.json");
    assert_eq!(summary["status"]["indicator"], "unknown");
    assert!(summary["status"]["description"].as_str().unwrap().starts_with("Monitoring is disturbed since "));
    for component in
        summary["components"].as_array().unwrap().iter().filter(|component| component["group"] == false)
    {
        assert_eq!(
            (&component["status"], &component["last_known_status"]),
            (&"unknown".into(), &"operational".into())
        );
        assert!(component["last_known_at"].as_str().unwrap().ends_with('Z'));
    }
    let page = site.read("out/index.html");
    assert!(
        page.contains("Monitoring is disturbed since ") && page.contains("Last known: Operational, since "),
        "{page}"
    );
    assert_eq!(site.line(&["--stale=900"]).0, 0);

    site.services(&two([0, 0, 0, 0]), 0);
    let text = site.read("status.dat").replace("_service_checks_enabled=1", "_service_checks_enabled=0");
    site.write("status.dat", text);
    let line = "STATUS CRITICAL - monitor disturbed: all service checks are disabled, active and passive, 2 components shown as unknown";
    assert_eq!(site.line(&[]), (2, line.to_owned()));
}

#[test]
fn everything_bad_at_once_is_held_back() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    site.services(&two([2, 2, 3, 0]), 0);
    let (code, line) = site.line(&[]);
    assert!(
        code == 2
            && line.starts_with(
                "STATUS CRITICAL - monitor disturbed: 3 of 4 sources went bad, limit 50% in 10 min, held for 10 min more"
            ),
        "{line}"
    );
    assert_eq!(site.states().iter().filter(|(_, status)| status == "unknown").count(), 2);
    let (code, line) = site.line(&["--sanity=80"]);
    assert_eq!((code, line.as_str()), (0, "STATUS OK - 2 components published, 1 major outage, 1 unknown"));

    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    site.services(&two([2, 2, 2, 2]), 0);
    assert_eq!(site.line(&["--hold=0"]).0, 0);
    assert_eq!(site.json("summary.json")["status"]["indicator"], "critical");
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    site.services(&two([2, 2, 2, 2]), 0);
    assert_eq!(
        site.line(&["--sanity=off"]),
        (0, "STATUS OK - 2 components published, 2 major outage".to_owned())
    );
}

#[test]
fn what_becomes_worse_is_held_back_as_what_goes_bad() {
    let site = Site::new(TWO);
    site.services(&two([1, 3, 0, 0]), 0);
    site.run(&[]);
    site.services(&two([2, 2, 2, 2]), 0);
    let held = "STATUS CRITICAL - monitor disturbed: 4 of 4 sources went bad";
    for _ in 0..2 {
        let (code, line) = site.line(&[]);
        assert!(code == 2 && line.starts_with(held), "{line}");
    }
    assert!(site.states().iter().all(|(_, status)| status == "unknown"), "{:?}", site.states());
    site.pass(600);
    let line = "STATUS OK - 2 components published, 2 major outage";
    assert_eq!(site.line(&[]), (0, line.to_owned()), "it has lasted for --hold");
}

#[test]
fn what_goes_bad_step_by_step_is_held_back_too() {
    let config = TWO.replace("lon-*!proxy", "lon-*!?").replace("par-*!proxy", "par-*!?");
    let site = Site::new(&config);
    let publish = |bad: usize| {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let services: Vec<_> = (0..10)
            .map(|place| (if place < 5 { "lon-1" } else { "par-1" }, names[place], u8::from(place < bad) * 2))
            .collect();
        site.services(&services, 0);
        site.line(&[])
    };
    let codes: Vec<i32> = [0, 2, 4, 6, 8, 10].map(|bad| publish(bad).0).to_vec();
    assert_eq!(codes, [0, 0, 0, 2, 2, 2]);
    let line =
        "STATUS CRITICAL - monitor disturbed: 10 of 10 sources went bad, limit 50% in 10 min, held for ";
    assert!(publish(10).1.starts_with(line), "{}", publish(10).1);
    assert_eq!(
        publish(5),
        (0, "STATUS OK - 2 components published, 1 operational, 1 major outage".to_owned())
    );
}

#[test]
fn new_sources_that_wait_for_their_first_check_are_no_jump() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let names: Vec<String> = (10..20).map(|number| format!("par-{number}")).collect();
    let new: Vec<_> = names.iter().map(|name| (name.as_str(), "proxy", 0)).collect();
    site.services(&[&two([0, 0, 0, 0])[..], &new].concat(), 0);
    let mut text = site.read("status.dat");
    for name in &names {
        let (checked, pending) = ("\thas_been_checked=1", "\thas_been_checked=0");
        let block = format!("host_name={name}\n\tservice_description=proxy\n\tcurrent_state=0\n{checked}");
        assert!(text.contains(&block));
        text = text.replace(&block, &block.replace(checked, pending));
    }
    site.write("status.dat", text);
    let line = "STATUS OK - 2 components published, 1 operational, 1 unknown";
    assert_eq!(site.line(&[]), (0, line.to_owned()));
    site.services(&[&two([0, 0, 0, 0])[..], &new].concat(), 0);
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, all operational");
    let down: Vec<_> = names.iter().map(|name| (name.as_str(), "proxy", 2)).collect();
    site.services(&[&two([0, 0, 0, 0])[..], &down].concat(), 0);
    assert!(
        site.line(&[]).1.contains(": 10 of 14 sources went bad, limit 50% in 10 min"),
        "now they were good"
    );
}

#[test]
fn what_vanishes_from_the_monitor_is_not_operational() {
    let site = Site::new(TWO);
    site.services(&two([2, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]).0, 0);
    // The one that is down: without it, all is well.
    site.without("lon-1!proxy");
    let line =
        "STATUS WARNING - 1 source of London vanished, unknown for 10 min more, 2 components published";
    assert_eq!(site.line(&[]), (1, line.to_owned()));
    assert_eq!(site.states()[0], ("London".to_owned(), "unknown".to_owned()));
    site.without("par-2!proxy");
    let line = "STATUS WARNING - 2 sources of London and 1 more component vanished, unknown for ";
    let (code, seen) = site.line(&[]);
    assert!(code == 1 && seen.starts_with(line), "{seen}");
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, all operational", "they came back");
    // A host without which nothing tells whether its service can be reached.
    site.without("lon-1");
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, 1 operational, 1 unknown");
    site.without("lon-1!proxy");
    assert_eq!(site.line(&["--hold=0"]).1, "STATUS OK - 2 components published, all operational");
    // The patterns of the configuration are another matter.
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    site.write("config.toml", TWO.replace("lon-*", "lon-2"));
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, all operational");
}

#[test]
fn a_file_that_ends_between_two_blocks_is_not_the_whole_state() {
    let site = Site::new(TWO);
    let services: Vec<_> = ["a", "b", "c"].map(|_| two([0, 0, 0, 0])).concat();
    site.services(&services[..4], 0);
    site.run(&[]);
    let whole = site.read("status.dat");
    let cut = whole.find("servicestatus {\n\thost_name=par-1").unwrap();
    let before = site.published();
    site.write("status.dat", &whole[..cut]);
    let line = "STATUS UNKNOWN - component Paris: no source is called par-*!proxy, nothing published";
    assert_eq!(site.line(&[]), (3, line.to_owned()));
    assert_eq!(site.published(), before);
    let cut = whole.find("servicestatus {\n\thost_name=par-2").unwrap();
    site.write("status.dat", &whole[..cut]);
    assert_eq!(site.line(&[]).0, 1);
    assert_eq!(site.states()[1], ("Paris".to_owned(), "unknown".to_owned()));
}

#[test]
fn a_state_from_the_future_is_not_believed() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let (now, text) = (crate::site::now(), site.read("status.dat"));
    let created = text.lines().nth(1).unwrap();
    site.write("status.dat", text.replacen(created, &format!("\tcreated={}", now + 7_230), 1));
    let (code, line) = site.line(&[]);
    let disturbed = "STATUS CRITICAL - monitor disturbed: its state is from the future, 2 h ahead";
    assert!(code == 2 && line.starts_with(disturbed), "{line}");
    assert!(site.run(&[]).stdout.contains(" age=U;;0:120;0 "));
    site.write("status.dat", &text);
    assert_eq!(site.line(&[]).0, 0);
    let file = std::fs::File::options().write(true).open(site.path("status.dat")).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(7_230)).unwrap();
    let (code, line) = site.line(&[]);
    assert!(code == 2 && line.starts_with(disturbed), "{line}");
}

#[test]
fn what_no_result_can_come_for_is_unknown() {
    let of_hosts = TWO.replace("!proxy", "");
    // Passive results are refused for all, which the sources depend on.
    for (config, kind) in [(TWO, "service"), (of_hosts.as_str(), "host")] {
        let site = Site::new(config);
        site.services(&two([0, 0, 0, 0]), 0);
        assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, all operational");
        let text = site.read("status.dat");
        let off = format!("\tactive_service_checks_enabled=1\n\tpassive_{kind}_checks_enabled=0\n");
        let on = "\tactive_service_checks_enabled=1\n\tpassive_service_checks_enabled=1\n";
        assert!(text.contains(on));
        site.write("status.dat", text.replace(on, &off));
        let line = "STATUS OK - 2 components published, 2 unknown";
        assert_eq!(site.line(&["--sanity=off"]), (0, line.to_owned()), "{kind}");
        let preview = site.run(&["--preview"]).stdout;
        assert_eq!(preview.matches(" hard, checks disabled").count(), 4, "{preview}");
    }
}

#[test]
fn a_component_of_a_group_that_hides_others_counts_once() {
    let site = Site::new(&TWO.replace("name = \"Paris\"", "name = \"Paris\"\n  show = \"group\""));
    let page = |states| {
        site.services(&two(states), 0);
        let (code, line) = site.line(&["--sanity=off"]);
        let summary = site.json("summary.json");
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let of_group = word(&summary["components"][0]["status"]);
        (
            code,
            line.split_once("published, ").unwrap().1.to_owned(),
            word(&summary["status"]["indicator"]),
            of_group,
        )
    };
    let seen = |line: &str, indicator: &str, group: &str| {
        (0, line.to_owned(), indicator.to_owned(), group.to_owned())
    };
    assert_eq!(page([0, 0, 0, 0]), seen("all operational", "none", "operational"));
    assert_eq!(page([2, 2, 0, 0]), seen("1 operational, 1 major outage", "major", "partial_outage"));
    assert_eq!(page([0, 0, 2, 2]), seen("1 operational, 1 partial outage", "minor", "partial_outage"));
    assert_eq!(page([2, 2, 2, 2]), seen("2 major outage", "critical", "major_outage"));
    assert_eq!(page([1, 0, 0, 0]), seen("1 operational, 1 degraded", "minor", "degraded_performance"));
}

#[test]
fn a_group_stands_for_its_hidden_components_alone() {
    let site = Site::new(&TWO.replace("name = \"Paris\"", "name = \"Paris\"\n  show = \"group\""));
    for states in [[0, 0, 0, 0], [2, 2, 0, 0], [2, 2, 0, 0]] {
        site.services(&two(states), 0);
        assert_eq!(site.line(&["--sanity=off"]).0, 0);
        site.pass(60);
    }
    let history = site.json("history.json");
    let names = |list: &str, key: &str| -> Vec<String> {
        history[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("incidents", "component"), ["London"]);
    assert_eq!(site.read("out/feed.atom").matches("<entry>").count(), 1);
    assert_eq!(names("components", "name"), ["All", "London"]);
    assert_eq!(history["components"][0]["uptime_percent"], 100.0, "Paris never failed");
    assert!(history["components"][1]["uptime_percent"].as_f64().unwrap() < 60.0, "{history}");
    let summary = site.json("summary.json");
    let group = &summary["components"][0];
    assert_eq!(group["status"], "partial_outage", "of all that is in it");
    assert_eq!(group["components"][0], summary["components"][1]["id"]);
    // An incident written by hand counts for those that it names.
    std::fs::create_dir(site.path("incidents")).unwrap();
    site.write("incidents/x.md", "---\ncomponent: All\nstate: degraded\nstart: 2026-01-01T00:00Z\n---\n");
    site.services(&two([2, 2, 0, 0]), 0);
    let line = "STATUS OK - 2 components published, 1 degraded, 1 major outage";
    assert_eq!(site.line(&["--sanity=off"]), (0, line.to_owned()));
}
