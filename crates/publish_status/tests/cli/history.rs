//! What many runs make of the history, run by run.

use crate::site::Site;

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
    assert!(incidents.len() == 1 && (385..=400).contains(&seconds), "{incidents:?}");
    for file in ["out/index.html", "out/feed.atom"] {
        let text = site.read(file);
        assert!(text.contains(", 6 min observed") && !text.contains("10 h"), "{file}: {text}");
    }

    let site = Site::new(ONE);
    site.play("occo");
    let text = site.read("out/index.html");
    assert!(text.contains("</time>, 2 min</p>"), "all of it was observed: {text}");
}
