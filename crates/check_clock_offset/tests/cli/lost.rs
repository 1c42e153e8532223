//! Lost questions and answers. A lost packet takes no vote. Fewer than half of the servers make no OK.

use super::*;

/// A server that is ahead by some seconds and answers from this question on.
fn from_question(first: usize, ahead: f64) -> (Responder, String) {
    let mut asked = 0;
    ntp(move |question| {
        asked += 1;
        if asked < first { vec![] } else { vec![answer(question, ahead)] }
    })
}

#[test]
fn a_lost_question_takes_no_vote() {
    /// From which question on each server answers and how far ahead, options, the exit code, and the line.
    type Case<'a> = (&'a [(usize, f64)], &'a [&'a str], i32, &'a str);
    let cases: [Case<'_>; 6] = [
        // The liar answers at once.
        (&[(1, 300.0), (2, 0.0), (2, 0.0)], &[], 0, "of 2 of 3 NTP servers, falseticker 127.0.0.1"),
        (&[(2, 300.0), (2, 0.0), (2, 0.0)], &[], 0, "of 2 of 3 NTP servers, falseticker 127.0.0.1"),
        // The clock here is wrong, and only the liar says otherwise.
        (&[(1, 0.0), (2, 300.0), (2, 300.0)], &[], 2, "slow by 2 of 3 NTP servers, allowed -60 to 60 s, fal"),
        (&[(1, 300.0), (3, 0.0), (3, 0.0)], &[], 0, "of 2 of 3 NTP servers, falseticker 127.0.0.1"),
        (&[(1, 300.0), (2, 0.0), (2, 0.0)], &["--timeout=2"], 0, "of 2 of 3 NTP servers, falseticker"),
        // Two that differ: the silent one decides.
        (&[(1, 300.0), (1, 0.0), (3, 300.0)], &[], 2, "slow by 2 of 3 NTP servers, allowed -60 to 60 s, fal"),
    ];
    for (servers, more, code, words) in cases {
        let servers: Vec<_> = servers.iter().map(|(first, ahead)| from_question(*first, *ahead)).collect();
        let options: Vec<&str> = servers.iter().map(|(_, option)| option.as_str()).collect();
        let outcome = check(&[&options, more].concat());
        assert!(outcome.code == Some(code) && text(&outcome).1.contains(words), "{}", outcome.stdout);
    }
}

#[test]
fn one_dead_server_among_three_that_agree_is_not_waited_for() {
    let (dead, silent) = from_question(usize::MAX, 0.0);
    let right = [from_question(1, 0.0), from_question(1, 0.0)];
    let outcome = in_time(Duration::from_secs(4), || check(&[&right[0].1, &silent, &right[1].1]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(&format!("NTP server {}: no answer", dead.address())), "{outcome:?}");
}

#[test]
fn fewer_than_half_of_the_servers_are_told_first_and_are_no_ok() {
    let dead = [from_question(usize::MAX, 0.0), from_question(usize::MAX, 0.0)];
    for (ahead, code, words) in [(0.0, 1, "right within "), (300.0, 2, "300.0"), (-7.0, 1, "7.0")] {
        let (one, option) = from_question(1, ahead);
        let outcome = check(&[&dead[0].1, &option, &dead[1].1, "--timeout=2"]);
        let state = if code == 1 { "WARNING" } else { "CRITICAL" };
        let line =
            format!("CLOCK_OFFSET {state} - only 1 of 3 NTP servers gave a time, this host is {words}");
        assert!(outcome.code == Some(code) && text(&outcome).1.starts_with(&line), "{}", outcome.stdout);
        let by = format!("NTP server {}", one.address());
        assert!(text(&outcome).1.contains(&by), "{}", outcome.stdout);
    }
}

/// The first answer is lost, and the repeated question comes too early for a server that limits its clients.
#[test]
fn a_refused_repetition_is_asked_once_more() {
    // From which question on the server answers; until then it refuses what is repeated.
    let limited = |first: usize| {
        let mut asked = 0;
        ntp(move |question| {
            asked += 1;
            match asked {
                1 => vec![],
                number if number < first => vec![kiss(question, b"RATE")],
                _ => vec![answer(question, 0.0)],
            }
        })
    };
    let (_server, option) = limited(3);
    let outcome = check(&[&option]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let (_liar, lie) = from_question(1, 300.0);
    let servers = [limited(3), limited(3)];
    let outcome = check(&[&lie, &servers[0].1, &servers[1].1]);
    let words = "of 2 of 3 NTP servers, falseticker 127.0.0.1";
    assert!(outcome.code == Some(0) && text(&outcome).1.contains(words), "{}", outcome.stdout);
    // What refuses to the end is told so, and is no silence.
    let (_server, option) = limited(usize::MAX);
    let outcome = check(&[&option, "--timeout=2:critical"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    assert!(text(&outcome).1.ends_with(": refuses: kiss of death RATE (asked too often)"), "{outcome:?}");
}
