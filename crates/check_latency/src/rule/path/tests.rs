//! What is told of a path after which runs.

use super::*;

mod gaps;

const PAUSE: u64 = 300;
const MS: u32 = 1_000;

/// A path that is judged every five minutes.
struct Judge {
    path: Path,
    at: u64,
    settings: Settings,
}

impl Judge {
    fn new() -> Self {
        Self { path: Path::default(), at: 1_790_000_000, settings: Settings::default() }
    }

    /// One that knows so many runs of this loss of 20 pings, with a time of 60 ms.
    fn knowing(runs: usize, lost: u32) -> Self {
        let mut judge = Self::new();
        (0..runs).for_each(|_| assert!(!told(&judge.run(lost, 60 * MS))));
        judge
    }

    fn run(&mut self, lost: u32, median: u32) -> Verdict {
        self.run_after(PAUSE, lost, median)
    }

    fn run_after(&mut self, pause: u64, lost: u32, median: u32) -> Verdict {
        self.at += pause;
        self.path.judge(Run::new(self.at, 20, lost, (lost < 20).then_some(median)), &self.settings)
    }
}

fn told(verdict: &Verdict) -> bool {
    verdict.loss.is_some() || verdict.rtt.is_some()
}

/// The number of runs after which something is told: `None` if not after 40.
fn told_after(judge: &mut Judge, lost: u32, median: u32) -> Option<usize> {
    (1..=40).find(|_| told(&judge.run(lost, median)))
}

#[test]
fn how_soon_a_loss_is_told() {
    // (usual loss of 20 pings, loss from now on, after how many runs)
    let rows = [
        (0, 20, Some(1)),
        (0, 11, Some(1)),
        (0, 9, Some(2)),
        (0, 2, Some(7)),
        (0, 1, None),
        (1, 1, None),
        (1, 20, Some(1)),
        (1, 12, Some(1)),
        (1, 7, Some(3)),
        (2, 2, None),
    ];
    for (usual, now, runs) in rows {
        assert_eq!(told_after(&mut Judge::knowing(100, usual), now, 60 * MS), runs, "{usual} and then {now}");
    }
}

#[test]
fn one_bad_run_is_no_trend_and_is_forgotten() {
    let mut judge = Judge::knowing(100, 0);
    assert!(!told(&judge.run(9, 60 * MS)));
    assert_eq!(told_after(&mut judge, 0, 60 * MS), None);
}

#[test]
fn a_silent_run_is_told_for_one_run() {
    let mut judge = Judge::knowing(100, 0);
    let alert = judge.run(20, 0).loss.unwrap();
    assert!(alert.silent && alert.told == 1.0 && alert.since == judge.at);
    assert!(!told(&judge.run(0, 60 * MS)));
    assert!(!told(&judge.run(0, 60 * MS)));
}

#[test]
fn since_is_the_first_run_of_an_alert() {
    let mut judge = Judge::knowing(100, 0);
    let first = judge.run(20, 0).loss.unwrap().since;
    for _ in 0..500 {
        assert_eq!(judge.run(20, 0).loss.unwrap().since, first, "silence is never accepted");
    }
    let other = judge.run(15, 60 * MS).loss.unwrap();
    assert!(!other.silent && other.since == judge.at, "it answers again, and loses 75 %");
}

#[test]
fn an_alert_of_loss_is_held_until_runs_are_good() {
    let mut judge = Judge::knowing(100, 0);
    assert!((0..6).map(|_| judge.run(8, 60 * MS)).any(|verdict| verdict.loss.is_some()));
    assert!(judge.run(4, 60 * MS).loss.is_some(), "better, and not good");
    let ends = (1..=12).find(|_| judge.run(0, 60 * MS).loss.is_none());
    assert_eq!(ends, Some(1), "20 of 20 are improbable at 40 %");
}

#[test]
fn latency_takes_two_runs_and_ends_below_most_of_the_rise() {
    let mut judge = Judge::knowing(100, 0);
    // 15 % of 60 ms are 9 ms.
    assert_eq!(told_after(&mut judge, 0, 68 * MS), None);
    let mut judge = Judge::knowing(100, 0);
    assert_eq!(told_after(&mut judge, 0, 70 * MS), Some(2));
    assert!(judge.run(0, 67 * MS).rtt.is_some(), "above 70 % of the rise");
    assert!(judge.run(0, 66 * MS).rtt.is_none());
    assert_eq!(told_after(&mut judge, 0, 10 * MS), None, "faster is never told");
}

#[test]
fn near_targets_have_a_floor() {
    let mut judge = Judge::new();
    (0..100).for_each(|_| assert!(!told(&judge.run(0, 200))));
    assert_eq!(told_after(&mut judge, 0, 5 * MS), None);
    let mut judge = Judge::new();
    (0..100).for_each(|_| assert!(!told(&judge.run(0, 200))));
    assert_eq!(told_after(&mut judge, 0, 6 * MS), Some(2));
}

#[test]
fn a_new_target_is_told_by_silence_and_sudden_loss_alone() {
    assert!(
        Judge::new().run(20, 0).loss.unwrap().silent,
        "a target never seen that does not answer is not new"
    );
    assert!(Judge::new().run(11, 60 * MS).loss.is_some());
    let mut judge = Judge::new();
    let verdicts: Vec<Verdict> = (0..12).map(|_| judge.run(6, 60 * MS)).collect();
    assert!(verdicts.iter().all(|verdict| verdict.learning && !told(verdict)));
    let verdict = judge.run(6, 60 * MS);
    assert!(!verdict.learning && (verdict.usual_loss - 0.3).abs() < 0.01, "{verdict:?}");
}

#[test]
fn the_loss_that_is_told_is_that_of_now() {
    let mut judge = Judge::new();
    assert_eq!(judge.run(11, 60 * MS).lost, 0.55);
    let held = judge.run(5, 60 * MS);
    assert!(held.loss.is_some() && held.lost == 0.25, "a new target is told by its last run: {held:?}");
    assert!(judge.run(0, 60 * MS).loss.is_none());
    let mut judge = Judge::knowing(100, 0);
    told_after(&mut judge, 8, 60 * MS).unwrap();
    assert_eq!(judge.run(8, 60 * MS).lost, 0.4);
    let held: Vec<f64> = (0..3).map(|_| judge.run(4, 60 * MS)).map(|verdict| verdict.lost).collect();
    assert!((held[0] - 1.0 / 3.0).abs() < 1e-9 && (held[2] - 0.2).abs() < 1e-9, "{held:?}");
}

#[test]
fn what_answers_is_never_told_to_be_silent() {
    let mut judge = Judge::new();
    assert!(judge.run(20, 0).loss.is_some());
    assert!(judge.run(6, 60 * MS).loss.is_none(), "a new target that loses 30 %");
    for lost in 0..17 {
        let mut judge = Judge::knowing(100, 0);
        assert!(judge.run(20, 0).loss.is_some());
        judge.at += PAUSE;
        let verdict = judge.path.judge(Run::new(judge.at, 17, lost, Some(60 * MS)), &judge.settings);
        assert!(verdict.loss.is_none_or(|alert| !alert.silent), "{lost}: {verdict:?}");
    }
}

#[test]
fn few_pings_end_an_alert_too() {
    let mut judge = Judge::new();
    let mut run = |lost| {
        judge.at += PAUSE;
        judge.path.judge(Run::new(judge.at, 2, lost, (lost < 2).then_some(60 * MS)), &judge.settings)
    };
    assert!(run(1).loss.is_none(), "50 % of a new target, less what is expected");
    (0..100).for_each(|_| assert!(!told(&run(0))));
    assert!((0..20).any(|_| run(1).loss.is_some()));
    let ends = (1..=40).find(|_| run(0).loss.is_none());
    assert!(ends.is_some_and(|runs| runs <= LONGEST), "{ends:?}");
}

#[test]
fn a_loss_does_not_teach_itself_into_the_normal() {
    let mut judge = Judge::knowing(13, 0);
    let runs = told_after(&mut judge, 6, 60 * MS).unwrap();
    assert!(runs <= 3, "{runs}");
    (0..100).for_each(|_| assert!(judge.run(6, 60 * MS).loss.is_some()));
    assert!(judge.run(6, 60 * MS).usual_loss < 0.001);
}

#[test]
fn a_changed_level_is_accepted_after_a_day() {
    let mut judge = Judge::knowing(100, 0);
    assert_eq!(told_after(&mut judge, 0, 91 * MS), Some(2));
    let (day, verdict) =
        (1..=400).map(|run| (run, judge.run(0, 91 * MS))).find(|(_, is)| is.rtt.is_none()).unwrap();
    assert_eq!(day, 288);
    assert!(
        !verdict.slower && verdict.usual_rtt == Some(0.091),
        "the run that accepts it is as usual: {verdict:?}"
    );
    let accepted = verdict.accepted.unwrap();
    assert!(
        matches!((accepted.was, accepted.is), (Level::Rtt(was), Level::Rtt(is)) if (was - 0.06).abs() < 1e-3 && is == 0.091)
    );
    let said = (1..=400).find(|_| judge.run(0, 91 * MS).accepted.is_none()).unwrap();
    assert_eq!(said, 289);

    let mut judge = Judge::knowing(100, 0);
    told_after(&mut judge, 5, 60 * MS).unwrap();
    assert!((0..287).all(|_| judge.run(5, 60 * MS).loss.is_some()));
    for after in [judge.run(5, 60 * MS), judge.run(5, 60 * MS)] {
        assert!(after.loss.is_none() && !after.loses && (after.usual_loss - 0.25).abs() < 0.01, "{after:?}");
        assert!(matches!(after.accepted.unwrap().is, Level::Loss(is) if (is - 0.25).abs() < 1e-9));
    }
}

#[test]
fn the_accepted_level_is_that_of_the_runs_since_the_alert_began() {
    // (loss and median of the new level, what is accepted)
    for (lost, median, level) in [(0, 30_680, Level::Rtt(0.030_68)), (5, 680, Level::Loss(0.25))] {
        let mut judge = Judge::new();
        judge.settings.accept = 60;
        (0..100).for_each(|_| assert!(!told(&judge.run_after(31, 0, 680))));
        let accepted = (0..40).find_map(|_| judge.run_after(31, lost, median).accepted).unwrap();
        assert_eq!(accepted.is, level, "old runs are still among the last twelve");
        (0..40).for_each(|_| assert!(!told(&judge.run_after(31, lost, median))));
        let worse = (1..=40).find(|_| told(&judge.run_after(31, 2 * lost, 2 * median)));
        assert!(worse.is_some_and(|runs| runs <= 8), "the new normal is a normal: {level:?} {worse:?}");
    }
}

#[test]
fn a_critical_loss_is_never_accepted() {
    let mut judge = Judge::knowing(100, 0);
    told_after(&mut judge, 9, 60 * MS).unwrap();
    assert!((0..600).all(|_| judge.run(9, 60 * MS).loss.is_some()));
}

#[test]
fn any_number_of_pings_is_judged() {
    for pings in [1, 2, 255, 256, 257, 1_000] {
        let mut judge = Judge::new();
        for lost in (0..60).map(|_| 0).chain([pings, 0, pings / 2]) {
            judge.at += PAUSE;
            let run = Run::new(judge.at, pings, lost, (lost < pings).then_some(60 * MS));
            let verdict = judge.path.judge(run, &judge.settings);
            assert_eq!(
                verdict.loss.is_some_and(|alert| alert.silent),
                lost == pings,
                "{pings} pings, {lost} lost"
            );
        }
        assert!(judge.path.is_possible());
    }
}

/// The first runs of a target are told against nothing, and the later ones by what those taught.
#[test]
fn a_target_is_quiet_at_the_loss_that_it_always_had() {
    // Losses of 20 pings, again and again.
    let rows: [&[u32]; 5] = [&[11], &[14], &[18], &[12, 11, 13, 12], &[11, 10, 12, 9]];
    for losses in rows {
        let (mut judge, mut losses) = (Judge::new(), losses.iter().cycle());
        let mut run = || judge.run(*losses.next().unwrap(), 60 * MS);
        assert!((0..12).all(|_| run().loss.is_some_and(|alert| alert.critical)), "nothing is usual yet");
        (0..100).for_each(|_| {
            let verdict = run();
            assert!(!told(&verdict) && verdict.accepted.is_none(), "{verdict:?}");
        });
        assert!(judge.run(20, 0).loss.is_some());
    }
}

#[test]
fn one_bad_run_makes_no_alert_critical_and_none_a_warning() {
    // (losses of 20 pings after 100 clean runs, whether each run is CRITICAL where it is told)
    let rows: [(&[u32], &[Option<bool>]); 5] = [
        (
            &[6, 6, 9, 6, 6, 9, 6],
            &[None, Some(false), Some(false), Some(false), Some(false), Some(false), Some(false)],
        ),
        (&[11, 8, 7, 6, 8], &[Some(true); 5]),
        (&[9, 9, 9, 8, 7, 8], &[None, Some(false), Some(true), Some(true), Some(true), Some(true)]),
        (&[20, 5, 5, 5], &[Some(true); 4]),
        (&[12, 0], &[Some(true), None]),
    ];
    for (losses, expected) in rows {
        let mut judge = Judge::knowing(100, 0);
        let found: Vec<Option<bool>> =
            losses.iter().map(|lost| judge.run(*lost, 60 * MS).loss.map(|alert| alert.critical)).collect();
        assert_eq!(found, expected, "{losses:?}");
    }
    let mut judge = Judge::knowing(100, 0);
    let told: Vec<f64> = [6, 6, 6, 9, 6].map(|lost| judge.run(lost, 60 * MS).lost).into();
    assert!((told[3] - 0.35).abs() < 1e-9, "the loss of the three runs that tell it: {told:?}");
}

/// A run that the own network explains is not judged, and confirms the next one that is as bad.
#[test]
fn what_is_as_bad_as_a_spoiled_run_is_told_at_once() {
    // (the spoiled run, the next one, the pause between them, whether that is told)
    let rows = [
        ((10, 60), (10, 60), PAUSE, true),
        ((10, 60), (4, 60), PAUSE, false),
        ((10, 60), (10, 60), 3_601, false),
        ((0, 160), (0, 160), PAUSE, true),
        ((0, 160), (0, 68), PAUSE, false),
        ((0, 60), (0, 160), PAUSE, false),
    ];
    for (spoiled, next, pause, expected) in rows {
        let mut judge = Judge::knowing(100, 0);
        judge.at += PAUSE;
        judge.path.spoil(Some(Run::new(judge.at, 20, spoiled.0, Some(spoiled.1 * MS))));
        let verdict = judge.run_after(pause, next.0, next.1 * MS);
        assert_eq!(told(&verdict), expected, "{spoiled:?} {next:?} {pause}");
        assert!(verdict.usual_loss == 0.0 && judge.path.runs == 101, "it is not learned: {verdict:?}");
    }
}

/// A gateway's loss that its targets share is held like an alert, and teaches nothing.
#[test]
fn a_shared_loss_is_an_alert_until_runs_are_good() {
    let mut judge = Judge::knowing(100, 0);
    let (usual, mut shared) = (judge.path.loss, judge.path.clone());
    judge.at += PAUSE;
    assert!(
        !told(&shared.judge(Run::new(judge.at, 20, 5, Some(60 * MS)), &judge.settings)),
        "no alert by itself"
    );
    assert!(told(&judge.path.judge_shared(Run::new(judge.at, 20, 5, Some(60 * MS)), &judge.settings)));
    assert!([2, 2, 1, 5].iter().all(|lost| judge.run(*lost, 60 * MS).loss.is_some()));
    let ends = (1..=12).find(|_| judge.run(0, 60 * MS).loss.is_none());
    assert!(ends.is_some_and(|runs| (2..=4).contains(&runs)), "{ends:?}");
    assert!((judge.path.loss.usual() - usual.usual()).abs() < 1e-9);
    judge.at += PAUSE;
    let clean = judge.path.judge_shared(Run::new(judge.at, 20, 0, Some(60 * MS)), &judge.settings);
    assert!(!told(&clean), "a run without loss has none to share");
}
