//! Pauses between runs, even and uneven ones, and what is known after a gap.

use super::*;

#[test]
fn a_gap_drops_the_last_runs_and_never_the_normal() {
    let mut judge = Judge::knowing(100, 0);
    judge.run(9, 60 * MS);
    judge.at += 86_400;
    assert!(!told(&judge.run(9, 60 * MS)), "what was a day ago is no trend with now");
    assert!(judge.run(9, 60 * MS).loss.is_some());
    judge.at -= 7 * 86_400;
    let back = judge.run(20, 0).loss.unwrap();
    assert_eq!(back.since, judge.at, "a clock that was set back");
    assert!(judge.run(0, 60 * MS).usual_rtt.is_some_and(|usual| (usual - 0.06).abs() < 1e-3));
}

/// Each pause of a service that runs seldom is longer than an hour, and none is a gap.
#[test]
fn a_service_that_runs_seldom_is_judged_like_any_other() {
    // (the pause of the first 14 runs, the pause from then on)
    for (before, pause) in
        [(300, 300), (3_601, 3_601), (7_200, 7_200), (86_400, 86_400), (300, 7_200), (0, 3_601)]
    {
        for (lost, median, expected) in [(9, 60, Some(2)), (2, 60, Some(7)), (0, 120, Some(2))] {
            let mut judge = Judge::new();
            (0..14).for_each(|_| assert!(!told(&judge.run_after(before, 0, 60 * MS))));
            // The first long pause after short ones is a gap.
            (0..12).for_each(|_| assert!(!told(&judge.run_after(pause, 0, 60 * MS))));
            let runs = (1..=40).find(|_| told(&judge.run_after(pause, lost, median * MS)));
            assert_eq!(runs, expected, "{lost} lost, {median} ms, {before} s and then {pause} s");
        }
    }
}

/// Pauses of which every second or third one is long.
#[test]
fn a_service_that_runs_unevenly_is_judged_too() {
    for (pauses, most) in [(&[300, 4_000][..], 7), (&[300, 300, 4_000], 7), (&[60, 7_000], 7)] {
        let mut judge = Judge::knowing(14, 0);
        let mut pauses = pauses.iter().cycle();
        let runs = (1..=40).find(|_| told(&judge.run_after(*pauses.next().unwrap(), 3, 60 * MS)));
        assert!(runs.is_some_and(|runs| runs <= most), "{runs:?}");
    }
    // One long pause is a gap, and soon another one is.
    let mut judge = Judge::knowing(100, 0);
    for _ in 0..3 {
        judge.run(9, 60 * MS);
        assert!(!told(&judge.run_after(7_200, 9, 60 * MS)));
        (0..12).for_each(|_| _ = judge.run(0, 60 * MS));
    }
}

#[test]
fn a_record_without_its_last_pause_is_read() {
    let mut judge = Judge::knowing(14, 0);
    let mut old = serde_json::to_value(&judge.path).unwrap();
    old.as_object_mut().unwrap().remove("pause").unwrap();
    judge.path = serde_json::from_value(old).unwrap();
    assert_eq!(told_after(&mut judge, 9, 60 * MS), Some(2));
}

/// Runs that there are not, after a gap or after an alert, dilute no figure.
#[test]
fn the_loss_that_is_told_is_that_of_the_runs_that_there_are() {
    let mut judge = Judge::knowing(100, 0);
    (0..3).for_each(|_| _ = judge.run(9, 60 * MS));
    let after: Vec<f64> = [7_500, 300, 300, 300].map(|pause| judge.run_after(pause, 9, 60 * MS).lost).into();
    assert_eq!(after, [0.45; 4]);
    let mut judge = Judge::knowing(100, 0);
    let found: Vec<f64> =
        [9, 9, 9, 0, 9, 9].map(|lost| judge.run(lost, 60 * MS)).map(|verdict| verdict.lost).into();
    assert!(found[3] == 0.0 && (found[4] - 0.225).abs() < 1e-9 && (found[5] - 0.3).abs() < 1e-9, "{found:?}");
    let windows = judge.run(9, 60 * MS).evidence.windows;
    assert_eq!(windows.map(|window| window.runs), [3, 4]);
}
