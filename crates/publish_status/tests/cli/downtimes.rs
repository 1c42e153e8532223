//! Outages that flap or begin in a downtime, and what is listed as planned work.

use crate::site::{Site, TWO, two};

#[test]
fn an_outage_with_a_good_run_now_and_then_is_published() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let mut played = String::new();
    for minute in 1..=40 {
        site.pass(60);
        let is_good = minute % 10 == 0;
        site.services(&two(if is_good { [0; 4] } else { [2; 4] }), 0);
        site.run(&[]);
        let indicator = site.json("summary.json")["status"]["indicator"].clone();
        played.push(indicator.as_str().unwrap().chars().next().unwrap());
    }
    // Unknown for nine minutes, and critical from the tenth on but for the good runs.
    assert_eq!(played, format!("{}n{}", "u".repeat(9), "cccccccccn".repeat(3)));
    let history = site.json("history.json");
    let incidents = history["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 2, "one of each component: {incidents:?}");
    assert!(history["components"][0]["uptime_percent"].as_f64().unwrap() < 20.0, "{history}");
}

#[test]
fn a_downtime_that_ends_while_its_sources_are_down_shows_the_outage() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    site.services(&two([2, 2, 2, 2]), 0);
    let text = site.read("status.dat");
    site.write(
        "status.dat",
        text.replace("\tcurrent_state=2\n", "\tcurrent_state=2\n\tscheduled_downtime_depth=1\n"),
    );
    let line = "STATUS OK - 2 components published, 2 maintenance";
    assert_eq!(site.line(&[]), (0, line.to_owned()));
    site.services(&two([2, 2, 2, 2]), 0);
    let line = "STATUS OK - 2 components published, 2 major outage";
    assert_eq!(site.line(&[]), (0, line.to_owned()));
}

/// When a downtime starts and ends, and whether it is in effect.
type Downtime = (u64, u64, u8);

#[test]
fn planned_work_runs_where_its_sources_are_in_a_downtime() {
    let site = Site::new(&TWO.replace("[[group]]", "show_planned = true\n[[group]]"));
    let now = crate::site::now();
    let publish = |depth: u8, downtimes: &[Downtime]| {
        site.services(&two([2, 0, 0, 0]), 0);
        let state = "\tcurrent_state=2\n";
        let mut text =
            site.read("status.dat").replace(state, &format!("{state}\tscheduled_downtime_depth={depth}\n"));
        for (start, end, is_in_effect) in downtimes {
            text += &format!(
                "servicedowntime {{\n\thost_name=lon-1\n\tservice_description=proxy\n\tstart_time={start}\n\t\
                 end_time={end}\n\tfixed=1\n\tis_in_effect={is_in_effect}\n\t}}\n"
            );
        }
        site.write("status.dat", text);
        site.run(&[]);
        let works = site.json("summary.json")["scheduled_maintenances"].clone();
        let works = works.as_array().unwrap().iter().map(|work| work["status"].as_str().unwrap().to_owned());
        (site.states()[0].1.clone(), works.collect::<Vec<_>>().join(" "))
    };
    let (hour_ago, soon, later) = (now - 3_600, now + 3_600, now + 7_200);
    let rows: [(u8, &[Downtime], &str, &str); 7] = [
        (1, &[(hour_ago, soon, 1)], "under_maintenance", "in_progress"),
        // One that counts for nothing, as the source tells.
        (0, &[(hour_ago, soon, 1)], "major_outage", ""),
        (0, &[(soon, later, 0)], "major_outage", "scheduled"),
        // What cannot be.
        (0, &[(soon, later, 1)], "major_outage", "scheduled"),
        (0, &[(later, soon, 0), (later, later, 0)], "major_outage", ""),
        (1, &[(soon, hour_ago, 1)], "under_maintenance", ""),
        (
            1,
            &[(hour_ago, soon, 1), (hour_ago, soon, 1), (soon, later, 0)],
            "under_maintenance",
            "in_progress scheduled",
        ),
    ];
    for (depth, downtimes, state, works) in rows {
        assert_eq!(publish(depth, downtimes), (state.to_owned(), works.to_owned()), "{depth} {downtimes:?}");
    }
}
