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
                "STATUS CRITICAL - monitor disturbed: 3 of 4 sources went bad at once, limit 50%, held for 10 min more"
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
fn the_preview_shows_what_leads_to_the_states() {
    let site = Site::of_each_state();
    let outcome = site.run(&["--preview"]);
    let expected = [
        "STATUS OK - preview of 7 components from 15 sources, nothing written",
        "Europe / London: Maintenance",
        "- proxy-lon-1!check_proxy is operational: CRITICAL soft",
        "- proxy-lon-1!check_tcp_each_ip is operational: OK hard",
        "- proxy-lon-2!check_proxy is down: CRITICAL hard, left out because it is in a downtime",
        "- proxy-lon-2!check_tcp_each_ip is operational: OK hard",
        "Europe / Frankfurt: Partial outage",
    ];
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stdout.lines().take(7).collect::<Vec<_>>(), expected);
    assert!(
        outcome.stdout.contains("\n- proxy-gru-1!check_proxy is down: OK hard, its host is down\n"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stdout.contains("\nElsewhere / Johannesburg: Unknown (shown in its group only)\n"),
        "{}",
        outcome.stdout
    );
    assert!(site.published().is_empty() && !site.path("state").exists());
    let one = TWO.split("  [[group.component]]\n  name = \"Paris\"").next().unwrap();
    let site = Site::new(one);
    site.services(&two([0, 0, 0, 0])[..1], 0);
    let line = "STATUS OK - preview of 1 component from 1 source, nothing written";
    assert_eq!(site.line(&["--preview"]), (0, line.to_owned()));
}

#[test]
fn an_incident_written_by_hand_is_published_at_once() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    std::fs::create_dir(site.path("incidents")).unwrap();
    let text = "---\ncomponent: London\nstate: partial outage\nstart: 2026-01-01T00:00Z\n---\nA **fibre** is cut, see <script>x</script> \
                [the news](https://example.com/).\n";
    site.write("incidents/fibre.md", text);
    assert_eq!(
        site.line(&[]),
        (0, "STATUS OK - 2 components published, 1 operational, 1 partial outage".to_owned())
    );
    let page = site.read("out/index.html");
    assert!(page.contains("A <strong>fibre</strong> is cut, see &lt;script&gt;x&lt;/script&gt;"), "{page}");
    let summary = site.json("summary.json");
    assert_eq!(summary["incidents"][0]["name"], "London: partial outage");
    assert!(
        summary["incidents"][0]["incident_updates"][0]["body"].as_str().unwrap().starts_with("A **fibre**")
    );
    assert!(site.read("out/feed.atom").contains("<title>London: partial outage</title>"));

    site.write("incidents/fibre.md", text.replace("---\nA", "end: 2026-01-01T01:00Z\n---\nA"));
    site.write(
        "incidents/work.md",
        "---\ncomponent: Paris\nstate: maintenance\nstart: 2099-01-01T00:00Z\n---\nNew fibre.\n",
    );
    assert_eq!(site.line(&[]), (0, "STATUS OK - 2 components published, all operational".to_owned()));
    assert_eq!(site.json("summary.json")["scheduled_maintenances"][0]["name"], "Paris: maintenance");

    site.write("incidents/bad.md", "---\ncomponent: Rome\n---\n");
    let line = "STATUS WARNING - incident bad.md: line 2: no component is called Rome, left out, 2 components published";
    assert_eq!(site.line(&[]), (1, line.to_owned()));
}
