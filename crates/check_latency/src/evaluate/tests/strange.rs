//! Answers that are not the target's, beside pings that nothing answered.

use super::*;

#[test]
fn strange_answers_excuse_only_the_pings_that_they_answer() {
    let other: std::net::IpAddr = "192.0.2.9".parse().unwrap();
    let of = |lost: usize, strange: u32, proper: usize| Seen {
        strange,
        other_address: Some(other),
        sent: u32::try_from(lost + proper).unwrap() + strange,
        times: vec![60_000; proper],
        ..Seen::default()
    };
    let limit = ["--limit-critical=500,60%"];
    // (the options, what is seen, the first line, the one below)
    let rows: [(&[&str], Seen, &str, &str); 9] = [
        (&[], of(19, 1, 0), "CRITICAL - a loses 95% (usual 5.0%) since +10", "a answers as 192.0.2.9"),
        (&[], of(18, 2, 0), "CRITICAL - a loses 90% (usual 5.0%) since +10", "a answers as 192.0.2.9"),
        (&[], of(12, 1, 7), "CRITICAL - a loses 60% (usual 5.0%) since +10", "a answers as 192.0.2.9"),
        (&[], of(8, 12, 0), "WARNING - a loses 40% (usual 5.0%) since +5", "a answers as 192.0.2.9"),
        (&[], of(1, 19, 0), "WARNING - a answers as 192.0.2.9", ""),
        (&[], of(0, 20, 0), "WARNING - a answers as 192.0.2.9", ""),
        (&[], of(0, 12, 8), "WARNING - a answers as 192.0.2.9", ""),
        (&limit, of(12, 8, 0), "CRITICAL - a loses 60% (usual 5.0%) since +10", "a loses 60%, limit 60%"),
        (&limit, of(1, 19, 0), "WARNING - a answers as 192.0.2.9", ""),
    ];
    for (options, seen, first, below) in rows {
        let judged = all(vec![known("a", seen)]);
        assert_eq!(line(options, &judged), format!("LATENCY {first}"));
        let output = evaluate(&judging(options), &judged).render("LATENCY", 0);
        assert!(output.lines().skip(1).any(|line| line == below) || below.is_empty(), "{output}");
    }
    let unreachable = Seen { strange: 1, other_address: Some(other), ..icmp(1, "192.0.2.1") };
    let expected =
        "LATENCY CRITICAL - a loses 95% (usual 5.0%) since +10: host unreachable, reported by 192.0.2.1";
    assert_eq!(line(&[], &all(vec![known("a", unreachable)])), expected);
}

/// Nothing is learned of a target for which others answer.
#[test]
fn a_target_with_strange_answers_stays_unknown() {
    let (mut path, settings) = (Path::default(), Settings::default());
    let seen = Seen { sent: 20, strange: 18, other_payload: true, ..Seen::default() };
    let verdicts = (0..40).map(|run| path.judge(seen.run(NOW + run * 300).unwrap(), &settings));
    assert!(verdicts.into_iter().all(|verdict| verdict.learning && verdict.usual_loss == 0.0));
    assert!(path.is_possible());
}
