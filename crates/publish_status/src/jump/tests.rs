//! Jumps, run by run.

use super::*;

const SANITY: Sanity = Sanity { percent: Some(50), hold: 600, interval: 60 };

fn seen(bad: &[u64], count: u64) -> Seen {
    Seen {
        known: (1..=count).collect(),
        bad: bad.to_vec(),
        excused: Vec::new(),
        down: bad.to_vec(),
        gone: Vec::new(),
        count: usize::try_from(count).unwrap(),
    }
}

fn run(before: &Baseline, seen: Seen, now: u64) -> (Baseline, Option<String>) {
    let (after, fault) = judge(before, seen, SANITY, now);
    (after, fault.map(|fault| fault.why))
}

fn of_four(before: &Baseline, bad: &[u64], now: u64) -> (Baseline, Option<String>) {
    run(before, seen(bad, 4), now)
}

/// Returns the time since which a jump is held back.
fn held_since(baseline: &Baseline) -> Option<u64> {
    baseline.jump.filter(|jump| jump.is_held).map(|jump| jump.since)
}

#[test]
fn a_jump_is_held_back_and_then_believed() {
    let (first, fault) = of_four(&Baseline::default(), &[1, 2, 3], 1_000);
    assert_eq!(fault, None, "nothing to compare with");
    let (before, fault) = of_four(&first, &[], 1_060);
    assert_eq!((before.bad.as_deref(), fault), (Some(&[][..]), None));
    assert_eq!(of_four(&before, &[1, 2], 1_120).1, None, "half is not more than half");

    let (held, fault) = of_four(&before, &[1, 2, 3], 1_120);
    assert_eq!(fault.as_deref(), Some("3 of 4 sources went bad, limit 50% in 10 min, held for 10 min more"));
    assert_eq!((held.bad.as_deref(), held_since(&held)), (Some(&[][..]), Some(1_120)));
    let (held, fault) = of_four(&held, &[1, 2, 3, 4], 1_719);
    assert_eq!(fault.as_deref(), Some("4 of 4 sources went bad, limit 50% in 10 min, held for 1 s more"));
    let (after, fault) = of_four(&held, &[1, 2, 3, 4], 1_720);
    assert_eq!((after.bad.as_deref(), held_since(&after), fault), (Some(&[1, 2, 3, 4][..]), None, None));
    assert_eq!(of_four(&after, &[1, 2, 3, 4], 1_780).1, None, "what was published stays so");

    let (after, fault) = of_four(&held, &[1], 1_300);
    assert_eq!((held_since(&after), fault), (None, None), "it was a short one");
    assert_eq!(of_four(&held, &[1, 2, 3], 500).1, None, "the clock was set back");
    let off = Sanity { percent: None, hold: 600, interval: 60 };
    assert_eq!(judge(&before, seen(&[1, 2, 3, 4], 4), off, 1_120).1, None);
    let at_once = Sanity { percent: Some(50), hold: 0, interval: 60 };
    assert_eq!(judge(&before, seen(&[1, 2, 3, 4], 4), at_once, 1_120).1, None);
    assert_eq!(run(&before, Seen::default(), 1_120).1, None, "no source at all");
}

#[test]
fn steps_within_the_window_are_one_jump() {
    let step = |number: u64| (1..=2 * number).collect::<Vec<u64>>();
    let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
    let mut faults = Vec::new();
    // In each minute two more of ten sources go bad, and then none for an hour.
    for minute in 1..=70 {
        let now = 1_000 + minute * 60;
        let (after, fault) = run(&baseline, seen(&step(minute.min(5)), 10), now);
        faults.push(fault.is_some());
        baseline = after;
    }
    let held: Vec<usize> = (1..).zip(&faults).filter(|(_, held)| **held).map(|(minute, _)| minute).collect();
    assert_eq!(held, (3..13).collect::<Vec<_>>(), "from the third step on, for ten minutes");

    // The same steps, each eleven minutes after the last: that many things can fail in an hour.
    let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
    for number in 1..=5 {
        let (after, fault) = run(&baseline, seen(&step(number), 10), 1_000 + number * 660);
        assert_eq!(fault, None, "step {number}");
        baseline = after;
    }
}

#[test]
fn the_window_is_as_long_as_the_hold() {
    let sanity = Sanity { percent: Some(50), hold: 1_800, interval: 60 };
    let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
    for (bad, now, is_held) in [(&[1][..], 1_060, false), (&[1, 2], 2_000, false), (&[1, 2, 3], 2_800, true)]
    {
        let (after, fault) = judge(&baseline, seen(bad, 4), sanity, now);
        assert_eq!(fault.is_some(), is_held, "{bad:?}");
        baseline = after;
    }
}

#[test]
fn the_first_run_after_a_long_pause_is_compared_with_the_last_before_it() {
    let before = of_four(&Baseline::default(), &[], 1_000).0;
    assert!(of_four(&before, &[1, 2, 3], 90_000).1.is_some());
}

#[test]
fn only_what_was_good_goes_bad() {
    let before = of_four(&Baseline::default(), &[1], 1_000).0;
    let new = |bad: Vec<u64>| Seen { down: bad.clone(), bad, count: 14, ..seen(&[], 4) };
    let ten: Vec<u64> = (11..=20).collect();
    let (after, fault) = run(&before, new([&[1][..], &ten].concat()), 1_060);
    assert_eq!((after.recent.len(), fault), (0, None), "ten that are new");
    // While a jump is held back, too.
    let (held, fault) = run(&before, Seen { count: 4, ..seen(&[1, 2, 3, 4], 4) }, 1_060);
    assert!(fault.is_some());
    let (held, _) = run(&held, new([&[1, 2, 3, 4][..], &ten].concat()), 1_120);
    let all = Seen { known: (1..=20).collect(), ..new([&[1, 2][..], &ten].concat()) };
    assert_eq!(run(&held, all, 1_180).1, None);
}

#[test]
fn what_vanishes_goes_bad() {
    let before = of_four(&Baseline::default(), &[], 1_000).0;
    let rows = [
        (&[2, 3, 4][..], "3 of 4 sources vanished, limit 50% in 10 min"),
        (&[4][..], "3 of 4 sources went bad or vanished, limit 50% in 10 min"),
    ];
    for (gone, expected) in rows {
        let why = run(&before, Seen { gone: gone.to_vec(), ..seen(&[2, 3, 4], 4) }, 1_060).1.unwrap();
        assert!(why.starts_with(expected), "{why}");
    }
}

/// Plays runs of a minute each on four sources, `x` for all bad and `.` for all good. Returns `h` for a run
/// whose jump is held back, and `x` or `.` for a run that is published.
fn play(runs: &str) -> String {
    let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
    let mut played = String::new();
    for (minute, run) in (1..).zip(runs.chars()) {
        let bad: &[u64] = if run == 'x' { &[1, 2, 3, 4] } else { &[] };
        let (after, fault) = of_four(&baseline, bad, 1_000 + minute * 60);
        played.push(if fault.is_some() { 'h' } else { run });
        baseline = after;
    }
    played
}

#[test]
fn good_runs_do_not_hold_a_jump_for_longer() {
    let bad = |minutes: usize| "x".repeat(minutes);
    let held = |minutes: usize| "h".repeat(minutes);
    // A good run every ten minutes: the jump is held for ten minutes from its first run, and then never
    // again.
    let flapping = format!("{}.", bad(9)).repeat(30);
    let expected = format!("{}.{}", held(9), &flapping[10..]);
    assert_eq!(play(&flapping), expected);
    // The same after a long outage.
    let long = format!("{}.{}", bad(200), bad(20));
    assert_eq!(play(&long), format!("{}{}.{}", held(10), bad(190), bad(20)));
    // The same with six good runs, and with ten. None of them counts as time in which the jump was held back.
    let flapping = format!("{}{}", bad(9), ".".repeat(6)).repeat(30);
    assert_eq!(play(&flapping), format!("{}{}", held(9), &flapping[9..]));
    let flapping = format!("{}{}", bad(9), ".".repeat(10)).repeat(30);
    assert_eq!(play(&flapping), format!("{}{}{}{}", held(9), &flapping[9..19], held(2), &flapping[21..]));
    // The sources are good for less than the hold: the jump is the same, also after a long outage.
    for (short, left) in [(5, 1), (9, 0)] {
        let short = ".".repeat(short);
        let flapping = format!("{}{short}{}", bad(4), bad(20));
        assert_eq!(play(&flapping), format!("{}{short}{}{}", held(4), held(left), bad(20 - left)));
    }
    for short in [5, 10] {
        let short = ".".repeat(short);
        let long = format!("{}{short}{}", bad(200), bad(20));
        assert_eq!(play(&long), format!("{}{}{short}{}", held(10), bad(190), bad(20)));
    }
}

#[test]
fn a_jump_after_a_recovery_is_another_one() {
    let bad = |minutes: usize| "x".repeat(minutes);
    let held = |minutes: usize| "h".repeat(minutes);
    for pause in [11, 30, 61] {
        let pause = ".".repeat(pause);
        let apart = format!("{}{pause}{}", bad(4), bad(20));
        assert_eq!(play(&apart), format!("{}{pause}{}{}", held(4), held(10), bad(10)));
        let after_an_outage = format!("{}{pause}{}", bad(200), bad(20));
        let expected = format!("{}{}{pause}{}{}", held(10), bad(190), held(10), bad(10));
        assert_eq!(play(&after_an_outage), expected);
    }
    let many = format!("{}{}", bad(4), ".".repeat(30)).repeat(10);
    assert_eq!(play(&many), many.replace('x', "h"));
}

#[test]
fn time_without_a_run_is_no_recovery() {
    let all = [1, 2, 3, 4];
    let before = of_four(&Baseline::default(), &[], 1_000).0;
    let held = of_four(&before, &all, 1_060).0;
    // After one good run, the next run comes so much later that the time in between is not known.
    let good = of_four(&held, &[], 1_120).0;
    let (again, fault) = of_four(&good, &all, 1_520);
    assert_eq!((held_since(&again), fault.is_some()), (Some(1_060), true));
    let (after, fault) = of_four(&again, &all, 1_660);
    assert_eq!((held_since(&after), fault), (None, None));
    // A pause that is longer than the window does not count as time in which the jump was held back.
    let (again, fault) = of_four(&good, &all, 3_000);
    assert_eq!((held_since(&again), fault.is_some()), (Some(3_000), true));
}

#[test]
fn what_is_bad_in_a_downtime_does_not_go_bad_when_it_ends() {
    let in_downtime = |bad: &[u64], excused: &[u64]| {
        let down = sorted(bad.iter().chain(excused).copied());
        Seen { excused: excused.to_vec(), down, ..seen(bad, 4) }
    };
    let good = of_four(&Baseline::default(), &[], 1_000).0;
    let (during, fault) = run(&good, in_downtime(&[], &[1, 2, 3]), 1_060);
    assert_eq!((during.bad.as_deref(), fault), (Some(&[1, 2, 3][..]), None));
    assert_eq!(of_four(&during, &[1, 2, 3], 1_120).1, None, "it ended");
    assert_eq!(of_four(&during, &[1, 2, 3, 4], 1_120).1, None, "one of four went bad");
    let well = run(&during, in_downtime(&[], &[]), 1_120).0;
    assert!(of_four(&well, &[1, 2, 3], 1_180).1.is_some(), "they were good in between");
    // While a jump is held back, too.
    let (held, fault) = of_four(&good, &[1, 2, 3], 1_060);
    assert!(fault.is_some());
    let (during, fault) = run(&held, in_downtime(&[3], &[1, 2]), 1_120);
    assert_eq!(fault, None);
    assert_eq!(of_four(&during, &[1, 2, 3], 1_180).1, None);
}

#[test]
fn what_becomes_worse_goes_down() {
    let with = |bad: &[u64], down: &[u64]| Seen { down: down.to_vec(), ..seen(bad, 4) };
    let all = [1, 2, 3, 4];
    // Half of them WARNING or UNKNOWN for an hour, and then all of them CRITICAL.
    let mut half = of_four(&Baseline::default(), &[], 1_000).0;
    half = run(&half, with(&[1, 2], &[]), 1_060).0;
    half = run(&half, with(&[1, 2], &[]), 4_660).0;
    let (held, fault) = run(&half, with(&all, &all), 4_720);
    assert!(fault.is_some_and(|why| why.starts_with("4 of 4 sources went bad")));
    assert_eq!((held.bad.as_deref(), held.down.as_deref()), (Some(&[1, 2][..]), Some(&[][..])));
    assert!(run(&held, with(&all, &all), 5_319).1.is_some(), "for as long as any jump");
    let (after, fault) = run(&held, with(&all, &all), 5_320);
    assert_eq!((after.down.as_deref(), fault), (Some(&all[..]), None));
    assert_eq!(run(&held, with(&[1, 2], &[]), 4_780).1, None, "they are as they were before");
    // All of them WARNING, and then CRITICAL one after the other.
    let mut baseline = run(&Baseline::default(), with(&all, &[]), 1_000).0;
    let mut faults = Vec::new();
    for (at, down) in [(1_060, &all[..1]), (1_120, &all[..2]), (1_180, &all[..3]), (1_240, &all[..])] {
        let (after, fault) = run(&baseline, with(&all, down), at);
        faults.push(fault.is_some());
        baseline = after;
    }
    assert_eq!(faults, [false, false, true, true]);
    // A source that gets better does not count, nor one that was down in a downtime that ends.
    let down = run(&Baseline::default(), with(&all, &all), 1_000).0;
    assert_eq!(run(&down, with(&all, &[]), 1_060).1, None);
    let planned = run(&half, Seen { excused: all.to_vec(), ..with(&[], &all) }, 4_720).0;
    assert_eq!(run(&planned, with(&all, &all), 4_780).1, None);
    // A history of an earlier version does not tell which were down.
    let earlier = Baseline { down: None, ..half };
    assert_eq!(run(&earlier, with(&[1, 2], &[1, 2]), 4_720).1, None);
}

#[test]
fn runs_that_are_far_apart_hold_a_jump_no_longer() {
    let all = [1, 2, 3, 4];
    // A page that is written each quarter of an hour, or each hour, a little late.
    for interval in [900, 3_600] {
        let sanity = Sanity { percent: Some(50), hold: 600, interval };
        let mut baseline = judge(&Baseline::default(), seen(&[], 4), sanity, 1_000).0;
        let mut faults = Vec::new();
        for run in 1..=4 {
            let (after, fault) = judge(&baseline, seen(&all, 4), sanity, 1_000 + run * (interval + 1));
            faults.push(fault.is_some());
            baseline = after;
        }
        assert_eq!(faults, [true, false, false, false], "{interval}");
        // The same with a good run in between.
        let mut baseline = judge(&Baseline::default(), seen(&[], 4), sanity, 1_000).0;
        let mut faults = Vec::new();
        for run in 1..=5 {
            let bad = if run % 2 == 1 { &all[..] } else { &[] };
            let (after, fault) = judge(&baseline, seen(bad, 4), sanity, 1_000 + run * (interval + 1));
            faults.push(fault.is_some());
            baseline = after;
        }
        assert_eq!(faults, [true, false, false, false, false], "{interval}");
    }
}

/// Plays runs of a minute each on ten sources: how many runs, which sources are bad, and which are down.
/// Returns `h` where a jump is held back and `.` where the run is published.
fn play_ten(sanity: Sanity, runs: &[(usize, Vec<u64>, Vec<u64>)]) -> String {
    let mut baseline = judge(&Baseline::default(), seen(&[], 10), sanity, 1_000).0;
    let (mut played, mut now) = (String::new(), 1_000);
    for (times, bad, down) in runs {
        for _ in 0..*times {
            now += 60;
            let (after, fault) = judge(&baseline, Seen { down: down.clone(), ..seen(bad, 10) }, sanity, now);
            played.push(if fault.is_some() { 'h' } else { '.' });
            baseline = after;
        }
    }
    played
}

#[test]
fn what_becomes_worse_after_a_believed_jump_is_another_one() {
    let all: Vec<u64> = (1..=10).collect();
    let held = |times| "h".repeat(times);
    let kept = |times| ".".repeat(times);
    // All UNKNOWN for an hour, and then all of them down.
    let runs = [(60, all.clone(), vec![]), (30, all.clone(), all.clone())];
    assert_eq!(play_ten(SANITY, &runs), held(10) + &kept(50) + &held(10) + &kept(20));
    // Down, UNKNOWN and down again is no other one.
    let runs = [(60, all.clone(), all.clone()), (5, all.clone(), vec![]), (30, all.clone(), all.clone())];
    assert_eq!(play_ten(SANITY, &runs), held(10) + &kept(85));
    // The second one is a short one: what was published before is published again.
    let runs = [(60, all.clone(), vec![]), (3, all.clone(), all.clone()), (30, all.clone(), vec![])];
    assert_eq!(play_ten(SANITY, &runs), held(10) + &kept(50) + &held(3) + &kept(30));
    // One after the other, in a fifth of the sources each minute.
    let mut runs = vec![(60, all.clone(), vec![])];
    runs.extend((1..=5).map(|step| (1, all.clone(), (1..=2 * step).collect())));
    runs.push((20, all.clone(), all));
    assert_eq!(play_ten(SANITY, &runs), held(10) + &kept(50) + &kept(2) + &held(10) + &kept(13));
}

#[test]
fn other_sources_after_a_believed_jump_are_another_one() {
    let sanity = Sanity { percent: Some(30), hold: 600, interval: 60 };
    let (some, both): (Vec<u64>, Vec<u64>) = ((1..=4).collect(), (1..=8).collect());
    let others: Vec<u64> = (5..=8).collect();
    let held = |times| "h".repeat(times);
    let kept = |times| ".".repeat(times);
    let down = |times: usize, bad: &[u64]| (times, bad.to_vec(), bad.to_vec());
    let runs = [down(60, &some), down(30, &both)];
    assert_eq!(play_ten(sanity, &runs), held(10) + &kept(50) + &held(10) + &kept(20));
    // One after the other.
    let runs = [down(60, &some), down(1, &both[..6]), down(30, &both)];
    assert_eq!(play_ten(sanity, &runs), held(10) + &kept(51) + &held(10) + &kept(20));
    // The first ones are good again, in the same run or before.
    let runs = [down(60, &some), down(30, &others)];
    assert_eq!(play_ten(sanity, &runs), held(10) + &kept(50) + &held(10) + &kept(20));
    let runs = [down(9, &some), down(6, &[]), down(30, &others)];
    assert_eq!(play_ten(sanity, &runs), held(9) + &kept(6) + &held(10) + &kept(20));
    // Two of the first ones and two others are no such number of others.
    let runs = [down(60, &some), down(2, &[]), down(30, &[1, 2, 5, 6])];
    assert_eq!(play_ten(sanity, &runs), held(10) + &kept(82));
    // Those and these in turn are held back for as long, counted from the first of those.
    let mut runs = vec![down(15, &some)];
    runs.extend((0..20).flat_map(|_| [down(3, &others), down(3, &some)]));
    let played = play_ten(sanity, &runs);
    assert_eq!(played, held(10) + &kept(5) + &held(3) + &kept(3) + &held(3) + &kept(111));
}

#[test]
fn a_jump_is_held_by_the_clock_and_not_by_the_runs() {
    let all = [1, 2, 3, 4];
    for apart in [601, 660, 3_600, 3_601, 100_000] {
        let before = of_four(&Baseline::default(), &[], 1_000).0;
        let (held, fault) = of_four(&before, &all, 1_060);
        assert!(fault.is_some());
        assert_eq!(of_four(&held, &all, 1_060 + apart).1, None, "{apart}");
    }
    // Other sources after a long pause were never held back.
    let sanity = Sanity { percent: Some(30), hold: 600, interval: 60 };
    let before = judge(&Baseline::default(), seen(&[], 10), sanity, 1_000).0;
    let held = judge(&before, seen(&all, 10), sanity, 1_060).0;
    for (apart, bad, is_held) in
        [(600, &[5, 6, 7, 8][..], false), (601, &[5, 6, 7, 8], true), (601, &[1, 2, 3, 5], false)]
    {
        let fault = judge(&held, seen(bad, 10), sanity, 1_060 + apart).1;
        assert_eq!(fault.is_some(), is_held, "{apart} {bad:?}");
    }
    // Nine runs, and a pause.
    let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
    for minute in 1..=9 {
        baseline = of_four(&baseline, &all, 1_000 + minute * 60).0;
    }
    assert_eq!(of_four(&baseline, &all, 1_000 + 9 * 60 + 650).1, None);
}
