//! `--preview` reports what a run would report and publish, and writes nothing.

use std::fs;

use crate::site::{Site, TWO, files, two};

/// Asserts that the preview reports this and writes nothing, and that a run then reports the same. Returns
/// the lines of the preview.
fn previews(site: &Site, (code, line): (i32, &str)) -> Vec<String> {
    let written = |name: &str| if site.path(name).exists() { files(&site.path(name)) } else { Vec::new() };
    let before = [written("out"), written("state")];
    let outcome = site.run(&["--preview"]);
    assert_eq!([written("out"), written("state")], before);
    let (seen_code, seen) = outcome.summary();
    let seen = seen.replace(&site.folder.path().display().to_string(), "@");
    let (state, said) = line.split_once(" - ").unwrap();
    let preview =
        if code == 3 { line.to_owned() } else { format!("{state} - preview, nothing written: {said}") };
    assert_eq!((seen_code, seen.as_str()), (code, preview.as_str()));
    assert_eq!(site.line(&[]), (code, line.to_owned()));
    outcome.stdout.lines().map(str::to_owned).collect()
}

fn has(lines: &[String], expected: &[&str]) {
    for line in expected {
        assert!(lines.iter().any(|seen| seen == line), "{line} of {lines:#?}");
    }
}

#[test]
fn a_preview_is_judged_by_the_history() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]).0, 0);
    site.services(&two([2, 2, 2, 2]), 0);
    let held = "STATUS CRITICAL - monitor disturbed: 4 of 4 sources went bad, limit 50% in 10 min, held for 10 min more, \
                2 components shown as unknown";
    let lines = previews(&site, (2, held));
    let unknown = "All / London: Unknown, because the monitor is disturbed; it says major outage";
    has(&lines, &[unknown, "- lon-1!proxy is down: CRITICAL hard"]);

    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]).0, 0);
    site.without("lon-1!proxy");
    let line =
        "STATUS WARNING - 1 source of London vanished, unknown for 10 min more, 2 components published";
    let lines = previews(&site, (1, line));
    has(&lines, &["All / London: Unknown", "- 1 source unknown: the monitor no longer tells of it"]);

    site.write("state/history.jsonl", "x");
    let line =
        "STATUS UNKNOWN - history: @/state/history.jsonl line 1 is damaged, move the file away to begin anew";
    previews(&site, (3, line));
}

#[test]
fn a_preview_is_judged_by_the_folders() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 400);
    let line = "STATUS CRITICAL - monitor disturbed: its state is 6 min old, limit 2 min, 2 components shown as unknown";
    previews(&site, (2, line));
    site.services(&two([0, 0, 0, 0]), 0);
    fs::rename(site.path("out"), site.path("elsewhere")).unwrap();
    let line = "STATUS CRITICAL - page not written: opening @/out: no such file or directory";
    previews(&site, (2, line));
}

#[test]
fn a_preview_shows_incidents_written_by_hand() {
    let site = Site::new(&TWO.replace("name = \"Paris\"", "name = \"Paris\"\n  show = \"group\""));
    site.services(&two([1, 0, 0, 0]), 0);
    fs::create_dir(site.path("incidents")).unwrap();
    let note = |name: &str, component: &str, state: &str| {
        let text = format!("---\ncomponent: {component}\nstate: {state}\nstart: 2026-01-01T00:00Z\n---\n");
        site.write(&format!("incidents/{name}.md"), text);
    };
    note("cut", "London", "major outage");
    note("work", "All", "maintenance");
    note("bad", "Rome", "degraded");
    let line = "STATUS WARNING - incident bad.md: line 2: no component is called Rome, left out, 2 components published";
    let lines = previews(&site, (1, line));
    has(
        &lines,
        &[
            "All: Maintenance by an incident; the monitor says operational, shown as a group",
            "All / London: Major outage by an incident; the monitor says degraded",
            "All / Paris: Operational (shown in its group only)",
        ],
    );
    let expected = [("London", "major_outage")].map(|(name, state)| (name.to_owned(), state.to_owned()));
    assert_eq!(site.states(), expected);
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
