//! The lines below the first one: what is allowed, and with `-v` what each judgement rests on.

use super::*;

fn output(options: &[&str], judged: &Judged, verbosity: u8) -> String {
    evaluate(&judging(options), judged).render("LATENCY", verbosity)
}

#[test]
fn what_is_allowed_is_not_called_ok_below() {
    let dead = |name: &str| known(name, seen(20, 0));
    let alone = output(&["--warning=1"], &all(vec![dead("a"), usual("b")]), 0);
    assert_eq!(alone.lines().count(), 1, "{alone}");
    let several = output(&["--warning=2"], &all(vec![dead("a"), dead("b"), usual("c")]), 0);
    let beside = Judged { unusable: vec![unresolved(false)], ..all(vec![dead("a"), usual("b")]) };
    let problem =
        Judged { problem: Some("/x/paths.json: full".to_owned()), ..all(vec![dead("a"), usual("b")]) };
    for (output, names) in [
        (several, &["a", "b"][..]),
        (output(&["--warning=1"], &beside, 0), &["a"]),
        (output(&["--warning=1"], &problem, 0), &["a"]),
    ] {
        for name in names {
            assert!(output.contains(&format!("\nallowed: {name} does not answer since ")), "{output}");
        }
        assert!(!output.contains("\nOK: "), "{output}");
    }
}

/// Among targets of one state, in the line and below it.
#[test]
fn the_worst_of_a_state_is_first() {
    let of = |name: &str, lost: usize, takes: u32| known(name, seen(lost, takes));
    let late = known("g", Seen { late: 13, ..seen(20, 0) });
    let critical = all(vec![of("a", 12, 60), of("b", 18, 60), late, of("c", 12, 60), of("d", 20, 0)]);
    let warning = all(vec![of("e", 0, 91), of("f", 0, 200), of("g", 7, 60), of("h", 8, 60)]);
    let check = |options: &[&str], judged: &Judged, [first, second]: [&str; 2], names: &[&str]| {
        let output = output(options, judged, 0);
        let line = output.lines().next().unwrap();
        assert!(line.contains(&format!(": {first}")) && line.contains(second), "{line}");
        let below = output.lines().skip(1).filter_map(|line| line.split(": ").nth(1)?.split(' ').next());
        assert_eq!(below.collect::<Vec<_>>(), names, "{output}");
    };
    let dead = "d does not answer";
    check(&[], &critical, [dead, "g answers later than 2 s"], &["d", "g", "b", "a", "c"]);
    check(&["--warning=5"], &critical, [dead, ""], &["d", "g", "b", "a", "c"]);
    let lossy = ["h loses 40% (usual 5.0%)", "g loses 35% (usual 5.0%)"];
    check(&[], &warning, lossy, &["h", "g", "f", "e"]);
}

#[test]
fn verbose_lines_say_what_a_judgement_rests_on() {
    let basis = |target: JudgedTarget| {
        let quiet = output(&[], &all(vec![target.clone()]), 0);
        assert!(!quiet.contains(" known"), "{quiet}");
        let output = output(&[], &all(vec![target]), 1);
        output.lines().find(|line| line.ends_with(" known")).unwrap().to_owned()
    };
    let takes = "takes 60 ms (usual 60 ms, spread 0.12 ms, limit 69 ms in two runs)";
    let usual = "(usual 5.0%), 5.0% in 3 runs (limit 15%), 5.0% in 12 runs (limit 10%)";
    let three = "15% in 3 runs (limit 10%), 3.8% in 12 runs (limit 5.0%)";
    let few = "3.3% in 3 runs (limit 10%), 0.8% in 12 runs (limit 5.0%)";
    let bursty: Vec<usize> = (0..100).map(|run| if run % 10 == 0 { 8 } else { 0 }).chain([0, 5, 5]).collect();
    let rows = [
        (known("a", seen(1, 60)), format!("a: loses 5.0% in this run {usual}; {takes}; 102 runs known")),
        (
            after(100, &[9]),
            format!(
                "b: loses 45% in this run (usual 0%), {three}: no alert for one bad run; {takes}; 100 runs known"
            ),
        ),
        (
            after(100, &[9, 9, 9, 0, 9]),
            format!(
                "b: loses 45% in this run (usual 0%), 22% in 2 runs (limit 15%): no alert for one bad run; {takes}; 104 runs known"
            ),
        ),
        (
            after(100, &[2]),
            format!(
                "b: loses 10% in this run (usual 0%), {few}: no alert below these limits, nor below 50 points more in one run; \
                 {takes}; 100 runs known"
            ),
        ),
        (
            new("a", seen(6, 60)),
            "a: loses 30% in this run: no alert while it is learned; takes 60 ms; 0 runs known".to_owned(),
        ),
        (after(1, &[0]), "b: loses 0% in this run; takes 60 ms; 1 run known".to_owned()),
        (new("a", seen(20, 0)), "a: loses 100% in this run; no answer; 0 runs known".to_owned()),
        (
            new("a", Seen { late: 20, ..seen(20, 0) }),
            "a: loses 100% in this run; no answer within 2 s; 0 runs known".to_owned(),
        ),
    ];
    for (target, expected) in rows {
        assert_eq!(basis(target), expected);
    }
    let gateway =
        Judged { controls: vec![known("with a label", seen(1, 60))], ..all(vec![super::usual("a")]) };
    let expected = format!("\ngateway 192.0.2.1: loses 5.0% in this run {usual}; {takes}; 102 runs known\n");
    assert!(output(&[], &gateway, 1).contains(&expected), "{}", output(&[], &gateway, 1));
    let chance = basis(after(0, &bursty));
    assert!(
        chance.contains("): no alert for what chance brings more often than once in a million runs; "),
        "{chance}"
    );
}

/// A target that lost nothing in so many runs, and then so many of 20 pings.
fn after(clean: usize, losses: &[usize]) -> JudgedTarget {
    let (mut path, settings, mut last) = (Path::default(), Settings::default(), None);
    for (number, lost) in (0..).zip(std::iter::repeat_n(&0, clean).chain(losses)) {
        let seen = seen(*lost, 60);
        let verdict = seen.run(NOW - 90_000 + number * 300).map(|run| path.judge(run, &settings));
        last = Some(judged("b", seen, verdict));
    }
    last.unwrap()
}
