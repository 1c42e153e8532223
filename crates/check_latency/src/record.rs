//! Judges what was seen by the records, and adds it to them: under the lock of their file, so that runs side
//! by side lose nothing.

mod store;

use std::time::{Duration, Instant};

use plugin::{Deadline, Report, State};

use crate::control::{Addition, Comparison};
use crate::judged::JudgedTarget;
use crate::options::{Judging, Learning};
use crate::rule::{Path, Settings, Verdict};
use crate::seen::Seen;
use crate::target::{Target, Unusable};
use crate::{CheckError, Observations};
pub use store::StoreError;
use store::{Records, Store};

/// A run that comes a little early is not left out: this share of `--learn-every` is enough.
const EARLY: f64 = 0.9;

/// All that is reported.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// When the pings ended, in seconds since 1970.
    pub(crate) at: u64,
    /// How long a reply was waited for.
    pub(crate) wait: Duration,
    pub(crate) targets: Vec<JudgedTarget>,
    /// What was pinged for comparison and is no target.
    pub(crate) extra: Vec<JudgedTarget>,
    /// What the controls tell.
    pub(crate) comparison: Comparison,
    /// What could not be pinged.
    pub(crate) unusable: Vec<Unusable>,
    /// Why no socket could be had, in words.
    pub(crate) no_socket: Option<String>,
    /// How many replies found no room in this machine.
    pub(crate) dropped: u64,
    /// What `--timeout` reports of what no time was left for; `None` is UNKNOWN.
    pub(crate) late: Option<State>,
    /// Why the records cannot be used, in words.
    pub(crate) problem: Option<String>,
    /// Why they begin anew, in words.
    pub(crate) anew: Option<String>,
    /// Further lines.
    pub(crate) notes: Vec<String>,
    /// Further lines from `-v` on.
    pub(crate) verbose: Vec<String>,
}

/// Judges every target, and stores this run unless `--no-learn` is given, it comes too soon, or this
/// machine's own network is in trouble. Where the records cannot be used, targets are judged as if they were
/// new, which is said.
pub(crate) fn judge(
    observations: Observations,
    judging: &Judging,
    learning: &Learning,
    deadline: &Deadline,
) -> Judged {
    let settings = &judging.settings(learning);
    let opened = Store::open(learning.state_file.as_deref(), !learning.no_learn, deadline);
    let (mut store, mut problem) = match opened {
        Ok(store) => (Some(store), None),
        Err(error) if learning.no_learn && is_absent(&error) => (None, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let began = observations.began;
    let mut judged = verdicts(observations, judging, settings, store.as_ref());
    if let Some(store) = &mut store {
        judged.anew = store.anew.take();
        if store.is_locked() && judged.dropped == 0 {
            add(&judged, &mut store.records, settings, (began, learning.learn_every.as_f64() * EARLY));
            problem = store.write(judged.at).err().map(|error| error.to_string());
        } else if !store.is_locked() && !learning.no_learn {
            judged
                .notes
                .push(format!("{}: locked by another run: judged and not learned", store.path().display()));
        }
    }
    Judged { problem, ..judged }
}

/// Forgets a target, and leaves all others as they are.
///
/// # Errors
/// [`CheckError`]: nothing was forgotten.
pub(crate) fn forget(target: &str, learning: &Learning, deadline: &Deadline) -> Result<Report, CheckError> {
    let mut store = Store::open(learning.state_file.as_deref(), true, deadline)?;
    let file = store.path().display().to_string();
    if !store.is_locked() {
        return Err(CheckError::Locked(file));
    }
    let gone = store.records.forget(target);
    if gone.is_empty() {
        return Err(CheckError::NotKnown { target: target.to_owned(), file });
    }
    store.write(0)?;
    Ok(Report::new(State::Ok, format!("forgotten, learned anew from the next run on: {}", gone.join(", "))))
}

/// Whether nothing was learned yet, which a run that learns nothing need not mind.
fn is_absent(error: &StoreError) -> bool {
    matches!(error, StoreError::State(error) if error.is_not_found() || matches!(error, state::StateError::NoPlace(_)))
}

/// What the records say of this run, before it is added to them.
fn verdicts(
    observations: Observations,
    judging: &Judging,
    settings: &Settings,
    store: Option<&Store>,
) -> Judged {
    let Observations {
        began,
        at,
        wait,
        targets,
        extra,
        controls,
        told,
        notes,
        unusable,
        no_socket,
        dropped,
        late,
    } = observations;
    let judge = |(target, seen): (Target, Seen)| {
        let known = store.and_then(|store| store.records.targets.get(&target.key()));
        let mut path = known.cloned().unwrap_or_default();
        let verdict = seen.run(moment(at, &path, began)).map(|run| path.judge(run, settings));
        let is_learning =
            verdict.map_or(path.answered_runs() < settings.learn_runs, |verdict| verdict.learning);
        let verdict = verdict.map(|verdict| trusted(verdict, dropped));
        let is_over_limit = judging.is_over_limit(seen.median());
        JudgedTarget { target, seen, verdict, is_learning, is_over_limit }
    };
    let targets: Vec<JudgedTarget> = targets.into_iter().map(judge).collect();
    let extra: Vec<JudgedTarget> = extra.into_iter().map(judge).collect();
    let late = Some(late);
    let mut judged =
        Judged { at, wait, targets, extra, unusable, no_socket, dropped, late, ..Judged::default() };
    (judged.notes, judged.verbose) = (told, notes);
    judged.verbose.extend(judged.extra.iter().filter(|control| control.is_learning).map(|control| {
        format!(
            "no control yet: the gateway {} is learned, once it answers pings",
            control.target.address.ip()
        )
    }));
    judged.comparison = Comparison::new(&judged.targets, &judged.extra, &controls);
    judged
}

/// Where replies found no room in this machine, only silence is told.
fn trusted(verdict: Verdict, dropped: u64) -> Verdict {
    let loss = verdict.loss.filter(|loss| dropped == 0 || loss.silent);
    Verdict { loss, ..verdict }
}

/// The time of a run for a record: that of the newest run there, where that one was beside this one and only
/// stored first. A time that is later by more than this run took is of a clock that was set back since.
fn moment(at: u64, path: &Path, began: Instant) -> u64 {
    let beside = path.seen().saturating_sub(at) <= began.elapsed().as_secs() + 1;
    if beside { at.max(path.seen()) } else { at }
}

/// Adds this run, which began at a moment, to the records of all that it tells something of, unless their
/// newest run is younger than so many seconds.
fn add(judged: &Judged, records: &mut Records, settings: &Settings, (began, pause): (Instant, f64)) {
    for target in judged.targets.iter().chain(&judged.extra) {
        let Some(mut run) = target.seen.run(judged.at) else { continue };
        let Some(addition) = judged.comparison.addition(target) else {
            if let Some(path) = records.targets.get_mut(&target.target.key()) {
                path.spoil(judged.comparison.excuses(target).then_some(run));
            }
            continue;
        };
        let path: &mut Path = records.targets.entry(target.target.key()).or_default();
        run.at = moment(judged.at, path, began);
        let is_due = run.at.checked_sub(path.seen()).is_none_or(|ago| ago as f64 >= pause);
        match addition {
            _ if !is_due => continue,
            Addition::Plain => path.judge(run, settings),
            Addition::Shared => path.judge_shared(run, settings),
        };
        if let Some(standing) = judged.comparison.standing(target) {
            path.stand(standing.loss, standing.rtt);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const NOW: u64 = 1_790_000_000;

    /// The times of the last runs after runs that ended at these times, in the order in which they are
    /// stored.
    fn stored(times: &[u64], pause: f64) -> Vec<u64> {
        let mut records = Records::default();
        for at in times {
            let seen = Seen { sent: 20, times: vec![60_000; 20], ..Seen::default() };
            let target = Target::new("192.0.2.1:0".parse().unwrap(), "");
            let targets =
                vec![JudgedTarget { target, seen, verdict: None, is_learning: true, is_over_limit: false }];
            let judged = Judged { at: *at, targets, ..Judged::default() };
            let began = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
            add(&judged, &mut records, &Settings::default(), (began, pause));
        }
        last_runs(&records, "192.0.2.1")
    }

    fn last_runs(records: &Records, key: &str) -> Vec<u64> {
        let path = serde_json::to_value(&records.targets[key]).unwrap();
        path["last"].as_array().unwrap().iter().map(|run| run[0].as_u64().unwrap()).collect()
    }

    #[test]
    fn runs_side_by_side_are_no_clock_that_was_set_back() {
        assert_eq!(stored(&[NOW, NOW - 1, NOW - 4, NOW], 0.0), [NOW; 4]);
        assert_eq!(stored(&[NOW, NOW + 300, NOW + 299], 54.0), [NOW, NOW + 300], "one of both is enough");
        assert_eq!(stored(&[NOW, NOW + 300, NOW - 300], 54.0), [NOW - 300], "the clock was set back");
    }

    const V4: [&str; 5] = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.254"];

    /// Judges and adds a run in which each address lost so many of 20 pings; the last IPv4 address is the
    /// gateway. Returns whether it is the own network's, and whether a target is reported.
    fn run(records: &mut Records, at: u64, lost: impl Fn(&str) -> usize) -> (bool, bool) {
        let settings = Settings::default();
        let of = |address: &str| {
            let lost = lost(address);
            let seen = Seen { sent: 20, times: vec![60_000; 20 - lost], ..Seen::default() };
            let target = Target::new(SocketAddr::new(address.parse().unwrap(), 0), "");
            let path = records.targets.get(address).cloned().unwrap_or_default();
            let verdict = seen.run(at).map(|run| path.clone().judge(run, &settings));
            JudgedTarget { target, seen, verdict, is_learning: false, is_over_limit: false }
        };
        let targets: Vec<JudgedTarget> =
            V4[..4].iter().chain(&["2001:db8::1"]).map(|address| of(address)).collect();
        let extra = vec![of(V4[4])];
        let comparison = Comparison::new(&targets, &extra, &[extra[0].target.address]);
        let judged = Judged { at, targets, extra, comparison, ..Judged::default() };
        add(&judged, records, &settings, (Instant::now(), 0.0));
        let is_told = |target: &JudgedTarget| target.verdict.is_some_and(|verdict| verdict.loss.is_some());
        let told = judged.targets.iter().any(|target| is_told(target) && !judged.comparison.excuses(target));
        (judged.comparison.own_network(&judged.targets).is_some(), told)
    }

    /// Records of all addresses after 20 runs without loss, and the time of the next run.
    fn known() -> (Records, u64) {
        let mut records = Records::default();
        (0..20).for_each(|number| assert_eq!(run(&mut records, NOW + number * 300, |_| 0), (false, false)));
        (records, NOW + 20 * 300)
    }

    #[test]
    fn a_run_in_the_trouble_of_the_own_network_is_learned_of_no_target() {
        let (mut records, last) = known();
        let dead = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.254"];
        let lost = |address: &str| if dead.contains(&address) { 20 } else { 0 };
        assert_eq!(run(&mut records, last, lost), (true, false));
        let is_stored = |key: &str| last_runs(&records, key).last() == Some(&last);
        assert!(!is_stored("192.0.2.1") && !is_stored("192.0.2.4"), "nor of one that is not worse");
        assert!(is_stored("192.0.2.254"), "its alert is held");
        assert!(is_stored("2001:db8::1"), "no gateway of its family is in trouble");
    }

    /// An uplink that loses a fifth of all packets is no fault of the targets in the run in which the gateway
    /// loses less.
    #[test]
    fn a_lossy_uplink_stays_one_until_the_gateway_is_well() {
        let (mut records, mut at) = known();
        // The target of IPv6 has another way.
        let lossy = |address: &str, gateway| match address {
            "2001:db8::1" => 0,
            _ if address == V4[4] => gateway,
            _ => 5,
        };
        let own: Vec<bool> = [5, 5, 5, 2, 2, 1, 0, 5]
            .map(|gateway| {
                at += 300;
                let (own, told) = run(&mut records, at, |address| lossy(address, gateway));
                assert!(!told, "{gateway}");
                own
            })
            .into();
        assert_eq!(own, [false, true, true, true, true, true, true, true]);
        // The gateway is well again, and the targets still lose.
        let runs = (1..=6).find(|_| {
            at += 300;
            run(&mut records, at, |address| lossy(address, 0)) == (false, true)
        });
        assert!(runs.is_some_and(|runs| runs <= 4), "{runs:?}");
    }

    /// One run of the gateway is no alert of its own record, and is held because the targets share it.
    #[test]
    fn a_loss_that_targets_share_in_one_run_is_held_in_the_next() {
        let (mut records, at) = known();
        let lossy = |address: &str, gateway| match address {
            "2001:db8::1" => 0,
            _ if address == V4[4] => gateway,
            _ => 9,
        };
        assert_eq!(run(&mut records, at, |address| lossy(address, 6)), (true, false));
        assert_eq!(run(&mut records, at + 300, |address| lossy(address, 1)), (true, false));
    }

    /// A gateway that is dead while its targets are well is no control, and hides no outage of theirs.
    #[test]
    fn a_gateway_that_was_worse_alone_is_no_control_until_it_is_well() {
        let dead = |address: &str| if address == "2001:db8::1" { 0 } else { 20 };
        let alone = |address: &str| if address == V4[4] { 20 } else { 0 };
        for (runs, own) in [(0, true), (1, true), (2, false), (4, false), (16, false)] {
            let (mut records, mut at) = known();
            let mut next = |lost: &dyn Fn(&str) -> usize| {
                at += 300;
                run(&mut records, at, lost)
            };
            (0..runs).for_each(|_| assert_eq!(next(&alone), (false, false)));
            assert_eq!(next(&dead), (own, !own), "{runs} runs alone");
            assert_eq!(next(&dead), (own, !own), "{runs} runs alone");
            next(&|_| 0);
            assert_eq!(next(&dead), (true, false), "the gateway was well");
            // It stays dead after an outage.
            next(&alone);
            next(&alone);
            assert_eq!(next(&dead), (false, true), "{runs} runs alone");
        }
    }

    /// In a run in which the gateway is well, targets that are as bad as before are reported.
    #[test]
    fn targets_stay_bad_after_the_gateway_is_well() {
        // (what is lost before, and then; whether that is reported)
        for (before, then, told) in
            [(10, 10, true), (10, 6, true), (10, 4, false), (5, 5, true), (4, 2, false), (10, 0, false)]
        {
            let (mut records, mut at) = known();
            let mut next = |targets, gateway| {
                at += 300;
                run(&mut records, at, |address| match address {
                    "2001:db8::1" => 0,
                    _ if address == V4[4] => gateway,
                    _ => targets,
                })
            };
            let own = (0..3).map(|_| next(before, before)).filter(|run| *run == (true, false)).count();
            assert!(own >= 2, "{before}");
            // The alert of the gateway may outlast one good run.
            let after = (0..3).map(|_| next(then, 0)).find(|(own, _)| !own);
            assert_eq!(after, Some((false, told)), "{before} and then {then}");
        }
    }

    /// Each packet is lost by chance, of targets and gateway alike. In few runs so many targets lose nothing
    /// that the others are no two thirds.
    #[test]
    fn a_lossy_uplink_is_seldom_told_of_the_targets() {
        let (mut own, mut told, mut random) = (0, 0, 1_u64);
        for _ in 0..20 {
            let (mut records, start) = known();
            for number in 1..=30 {
                let losses: Vec<usize> = V4
                    .iter()
                    .map(|_| {
                        let mut lost = || {
                            random = random
                                .wrapping_mul(6_364_136_223_846_793_005)
                                .wrapping_add(1_442_695_040_888_963_407);
                            (random >> 33) % 5 == 0
                        };
                        (0..20).filter(|_| lost()).count()
                    })
                    .collect();
                let of =
                    |address: &str| V4.iter().position(|v4| *v4 == address).map_or(0, |place| losses[place]);
                let (is_own, is_told) = run(&mut records, start + number * 300, of);
                own += u32::from(is_own);
                told += u32::from(is_told);
            }
        }
        assert!(own > 550 && told < 20, "{own} and {told} of 600 runs");
    }
}
