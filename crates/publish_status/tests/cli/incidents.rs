//! Incidents that an administrator writes by hand.

use std::process::Command;

use suite::process;

use crate::site::{Site, TWO, two};

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

    // What may have been meant as one is named, and another spelling of the ending is one.
    std::fs::rename(site.path("incidents/work.md"), site.path("incidents/work.MD")).unwrap();
    site.write("incidents/work.txt", "x");
    let ignored = "incidents/work.txt is ignored, its name does not end in .md";
    for arguments in [&[][..], &["--preview"]] {
        let outcome = site.run(arguments);
        assert!(outcome.code == Some(0) && outcome.stdout.lines().any(|line| line == ignored), "{outcome:?}");
    }
    assert_eq!(site.json("summary.json")["scheduled_maintenances"][0]["name"], "Paris: maintenance");

    std::os::unix::fs::symlink("/etc/passwd", site.path("incidents/bad.md")).unwrap();
    let line = "STATUS WARNING - incident bad.md: a link out of the folder, left out, 2 components published";
    assert_eq!(site.line(&[]), (1, line.to_owned()));
    std::fs::remove_file(site.path("incidents/bad.md")).unwrap();
    site.write("incidents/bad.md", "---\ncomponent: Rome\n---\n");
    let line = "STATUS WARNING - incident bad.md: line 2: no component is called Rome, left out, 2 components published";
    assert_eq!(site.line(&[]), (1, line.to_owned()));
}

#[test]
fn an_outage_is_not_planned() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    std::fs::create_dir(site.path("incidents")).unwrap();
    let publish = |state: &str, ahead: u64| {
        let at = format!("-d@{}", crate::site::now() + ahead);
        let start = process::run(Command::new("date").args(["-u", "+%FT%TZ", &at])).stdout;
        let text = format!("---\ncomponent: London\nstate: {state}\nstart: {start}title: Fibre cut\n---\n");
        site.write("incidents/x.md", text);
        let (_, line) = site.line(&[]);
        let is_told = ["out/index.html", "out/feed.atom", "out/summary.json"]
            .map(|file| site.read(file).contains("Fibre cut"));
        (line, is_told)
    };
    let good = "STATUS OK - 2 components published, all operational";
    for state in ["partial outage", "degraded"] {
        let line = format!(
            "STATUS WARNING - incident x.md: {state} that begins in 1 h, planned work is state: maintenance, left out, 2 components published"
        );
        assert_eq!(publish(state, 3_630), (line, [false; 3]), "its start is in local time");
        assert_eq!(publish(state, 30), (good.to_owned(), [false; 3]), "as far as two clocks may differ");
        assert_eq!(publish(state, 0).1, [true; 3], "it began");
    }
    assert_eq!(publish("maintenance", 3_630), (good.to_owned(), [true; 3]));
}

#[test]
fn an_outage_is_told_once() {
    let site = Site::new(TWO);
    site.services(&two([2, 0, 0, 0]), 0);
    site.run(&["--sanity=off"]);
    let count = |names: [&str; 2]| {
        let (page, feed) = (site.read("out/index.html"), site.read("out/feed.atom"));
        let list = site.json("summary.json")["incidents"].as_array().unwrap().len();
        (
            names.map(|name| page.matches(&format!("<h3>{name}</h3>")).count()),
            feed.matches("<entry>").count(),
            list,
        )
    };
    let names = ["London: major outage", "Fibre cut"];
    assert_eq!(count(names), ([1, 0], 1, 1));
    std::fs::create_dir(site.path("incidents")).unwrap();
    let note = |state: &str, end: &str| {
        let head = format!("---\ntitle: Fibre cut\ncomponent: London\nstate: {state}\n");
        site.write("incidents/cut.md", format!("{head}start: 2026-01-01T00:00Z\n{end}---\nWe are on it.\n"));
        site.run(&["--sanity=off"]);
    };
    note("partial outage", "");
    assert_eq!(count(names), ([0, 1], 1, 1), "the words of the administrator");
    let page = site.read("out/index.html");
    assert!(
        page.contains("Observed: London, major outage, since <time"),
        "it is worse than they say: {page}"
    );
    assert_eq!(site.json("summary.json")["incidents"][0]["impact"], "major");
    assert_eq!(
        site.json("history.json")["incidents"].as_array().unwrap().len(),
        1,
        "what was measured stays"
    );
    note("major outage", "");
    assert!(!site.read("out/index.html").contains("Observed: "));
    // Over by hand, and still there.
    let over = jiff::Timestamp::from_second(i64::try_from(crate::site::now()).unwrap() - 60).unwrap();
    note("major outage", &format!("end: {over}\n"));
    assert_eq!(count(names), ([1, 1], 2, 1));
    for state in ["operational", "maintenance"] {
        note(state, "");
        assert_eq!(count(names).0, [1, 1], "{state}");
    }
    // One that the incident itself made.
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    std::fs::create_dir(site.path("incidents")).unwrap();
    site.write(
        "incidents/x.md",
        "---\ncomponent: London\nstate: partial outage\nstart: 2026-01-01T00:00Z\n---\n",
    );
    site.run(&[]);
    assert_eq!(site.json("summary.json")["incidents"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_written_by_hand_is_not_measured() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    std::fs::create_dir(site.path("incidents")).unwrap();
    let head = "---\ncomponent: London\nstart: 2026-01-01T00:00Z\nstate: ";
    for state in ["major outage", "partial outage", "degraded"] {
        site.write("incidents/x.md", format!("{head}{state}\n---\nWe look.\n"));
        for _ in 0..2 {
            let (_, line) = site.line(&[]);
            assert_eq!(line, format!("STATUS OK - 2 components published, 1 operational, 1 {state}"));
            site.pass(60);
        }
        assert_eq!(site.json("summary.json")["components"][1]["updated_at"], "2026-01-01T00:00:00Z");
    }
    std::fs::remove_file(site.path("incidents/x.md")).unwrap();
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, all operational");
    let history = site.json("history.json");
    assert_eq!(history["incidents"].as_array().unwrap().len(), 0, "{history}");
    for component in history["components"].as_array().unwrap() {
        assert_eq!(component["uptime_percent"], 100.0, "{component}");
        let days = component["days"].as_array().unwrap();
        assert!(!days.is_empty() && days.iter().all(|day| day["status"] == "operational"), "{component}");
    }
    // Planned work is what it is, whatever the monitor sees.
    site.services(&two([2, 2, 0, 0]), 0);
    site.write("incidents/x.md", format!("{head}maintenance\n---\n"));
    for _ in 0..2 {
        let line = "STATUS OK - 2 components published, 1 operational, 1 maintenance";
        assert_eq!(site.line(&["--sanity=off"]).1, line);
        site.pass(60);
    }
    let history = site.json("history.json");
    assert_eq!(history["incidents"].as_array().unwrap().len(), 0, "{history}");
    assert_eq!(history["components"][0]["uptime_percent"], 100.0, "{history}");
}

#[test]
fn a_component_that_is_shown_as_its_group_is_named_as_that() {
    let site = Site::new(&TWO.replace("name = \"Paris\"", "name = \"Paris\"\n  show = \"group\""));
    site.services(&two([0, 0, 0, 0]), 0);
    std::fs::create_dir(site.path("incidents")).unwrap();
    let note = |component: &str| {
        let text = format!("---\ncomponent: {component}\nstate: degraded\nstart: 2026-01-01T00:00Z\n---\n");
        site.write("incidents/x.md", text);
        site.line(&[])
    };
    let line = "STATUS WARNING - incident x.md: line 2: Paris is shown only as its group, write component: All, left out, 2 components published";
    assert_eq!(note("Paris"), (1, line.to_owned()));
    assert_eq!(note("London, Paris").0, 1);
    let line = "STATUS OK - 2 components published, 1 operational, 1 degraded";
    assert_eq!(note("All"), (0, line.to_owned()));
}

#[test]
fn what_xml_forbids_reaches_no_file() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    std::fs::create_dir(site.path("incidents")).unwrap();
    let bad = ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\u{e}', '\u{1b}', '\u{1f}', '\u{fffe}', '\u{ffff}'];
    let all: String = bad.iter().collect();
    let head =
        format!("---\ncomponent: London\nstate: degraded\nstart: 2026-01-01T00:00Z\ntitle: x{all}y\n---\n");
    site.write("incidents/x.md", format!("{head}**u{all}v** `w{all}` [a{all}](https://example.com/{all})\n"));
    assert_eq!(site.line(&[]).0, 0);
    for (name, content) in site.published() {
        let text = String::from_utf8(content).unwrap();
        assert!(!text.contains(bad), "{name}");
        assert!(!text.contains("\\u00") && !text.contains("&#x"), "nor escaped in {name}");
    }
    assert!(
        site.read("out/feed.atom").contains(&format!("<title>x{}y</title>", "\u{fffd}".repeat(bad.len())))
    );
    for (setting, escaped) in [("title", "Example"), ("group", "All"), ("component", "Paris")] {
        let config = TWO.replace(&format!("\"{escaped}\""), "\"Bad\\u001b\\uffff name\"");
        site.write("config.toml", config);
        let line = format!(
            "STATUS UNKNOWN - @/config.toml: {setting} Bad?? name: remove the character U+001B, a page cannot show it"
        );
        assert_eq!(site.line(&[]), (3, line));
    }
    for bad in ["\\u001b", "\\uffff", "\\u007f"] {
        site.write("config.toml", TWO.replace("example.com/", &format!("example.com/{bad}")));
        let (code, line) = site.line(&[]);
        assert!(code == 3 && line.contains("@/config.toml: url: "), "{line}");
    }
}
