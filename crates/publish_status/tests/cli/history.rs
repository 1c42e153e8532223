//! What many runs make of the history, run by run.

use crate::site::{Site, TWO, two};

/// One component of one service.
const ONE: &str = r#"
title = "Example"
url = "https://status.example.com/"
[[group]]
name = "All"
  [[group.component]]
  name = "London"
  from = ["h!s"]
"#;

impl Site {
    /// Makes a run for each letter, a minute apart: `o`, `c` and `u` for OK, CRITICAL and UNKNOWN.
    fn play(&self, letters: &str) {
        for letter in letters.chars() {
            let state = match letter {
                'o' => 0,
                'c' => 2,
                _ => 3,
            };
            self.services(&[("h", "s", state)], 0);
            assert_eq!(self.line(&["--sanity=off"]).0, 0);
            self.pass(60);
        }
    }
}

#[test]
fn a_gap_in_an_outage_is_no_time_of_it() {
    let site = Site::new(ONE);
    site.play("ooccc");
    site.pass(36_000);
    site.play("ccco");
    let incidents = site.json("history.json")["incidents"].as_array().unwrap().clone();
    let seconds = incidents.first().unwrap()["seconds"].as_u64().unwrap();
    // Two minutes, the one and a half that the last run vouches for, and three more.
    assert!(incidents.len() == 1 && (385..420).contains(&seconds), "{incidents:?}");
    for file in ["out/index.html", "out/feed.atom"] {
        let text = site.read(file);
        assert!(text.contains(", 6 min observed") && !text.contains("10 h"), "{file}: {text}");
    }

    let site = Site::new(ONE);
    site.play("occo");
    let text = site.read("out/index.html");
    assert!(text.contains("</time>, 2 min</p>"), "all of it was observed: {text}");
}

#[test]
fn what_becomes_worse_after_it_was_believed_is_held_back_again() {
    let site = Site::new(TWO);
    let publish = |states| {
        site.services(&two(states), 0);
        let (code, _) = site.line(&[]);
        site.pass(60);
        code
    };
    assert_eq!(publish([0; 4]), 0);
    let unknown: Vec<i32> = (0..15).map(|_| publish([3; 4])).collect();
    assert_eq!(unknown, [[2; 10].as_slice(), &[0; 5]].concat());
    let down: Vec<i32> = (0..15).map(|_| publish([2; 4])).collect();
    assert_eq!(down, [[2; 10].as_slice(), &[0; 5]].concat(), "held for --hold");
    assert_eq!(publish([2; 4]), 0);
}

#[test]
fn runs_that_are_far_apart_publish_what_lasts() {
    let site = Site::new(TWO);
    site.services(&two([0; 4]), 0);
    site.run(&[]);
    site.services(&two([2; 4]), 0);
    assert_eq!(site.line(&[]).0, 2);
    site.pass(3_700);
    site.services(&two([2; 4]), 0);
    assert_eq!(site.line(&[]), (0, "STATUS OK - 2 components published, 2 major outage".to_owned()));
}

#[test]
fn the_age_of_a_check_is_that_in_the_state_of_the_monitor() {
    let site = Site::new(&format!("interval_length = 1\n{}", ONE.trim_start()));
    let publish = |age: u64, last_check: u64| {
        site.services(&[("h", "s", 0)], age);
        let text = site.read("status.dat");
        let created: u64 = text.lines().nth(1).unwrap().trim_start_matches("\tcreated=").parse().unwrap();
        let passive = "\tpassive_checks_enabled=1\n\t}\n";
        let (before, after) = text.split_once("servicestatus").unwrap();
        let after = after
            .replace(passive, "\tactive_checks_enabled=1\n\tcheck_interval=5\n\t}\n")
            .replace(&format!("last_check={created}"), &format!("last_check={}", created - last_check));
        site.write("status.dat", format!("{before}servicestatus{after}"));
        site.line(&["--sanity=off"]).1
    };
    let good = "STATUS OK - 1 component published, all operational";
    assert_eq!(publish(14, 2), good, "16 s ago, and 2 s before the state was written");
    assert_eq!(publish(100, 10), good);
    assert_eq!(publish(0, 20), "STATUS OK - 1 component published, 1 unknown");
}
