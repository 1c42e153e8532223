//! Which programs of `restart` failed when they were run last. Each is started again until it ends with 0,
//! with the same waits as an address.

use serde::{Deserialize, Serialize};

use crate::backoff::Failure;
use crate::case::kept;
use crate::child::{Ran, shown};

/// The programs that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Programs(Vec<FailedProgram>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FailedProgram {
    /// The program and its arguments.
    argv: Vec<String>,
    failure: Failure,
}

/// A program that failed, as a run finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unrestarted {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
    /// What went wrong, and how long it waits.
    pub(crate) why: String,
    /// Whether it is to be started again now.
    pub(crate) is_due: bool,
}

impl Programs {
    /// Forgets the programs that are no longer configured.
    pub(crate) fn retain(&mut self, is_configured: impl Fn(&Vec<String>) -> bool) {
        self.0.retain(|failed| is_configured(&failed.argv));
    }

    /// Returns each of them, as it is `now`.
    pub(crate) fn found(&self, now: u64) -> Vec<Unrestarted> {
        let found = |FailedProgram { argv, failure }: &FailedProgram| {
            let is_due = !failure.waits(now);
            let why = if is_due { failure.cause.clone() } else { failure.reason() };
            Unrestarted { argv: argv.clone(), why, is_due }
        };
        self.0.iter().map(found).collect()
    }

    /// Returns what went wrong with each, in words.
    pub(crate) fn faults(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|failed| format!("{} {}", shown(&failed.argv), failed.failure.cause))
    }

    /// Learns how a program ended in a run that began `now`. Its fault may contain a time, so every fault
    /// counts as the same one.
    pub(crate) fn learn(&mut self, ran: &Ran, now: u64) {
        let place = self.0.iter().position(|failed| failed.argv == ran.argv);
        let times = place.map_or(0, |place| self.0.remove(place).failure.times);
        if let Some(fault) = &ran.fault {
            let failure = Failure { cause: kept(fault), times: times.saturating_add(1), last: now };
            self.0.push(FailedProgram { argv: ran.argv.clone(), failure });
        }
    }

    /// Returns when each was run last.
    pub(crate) fn times(&mut self) -> impl Iterator<Item = &mut u64> {
        self.0.iter_mut().map(|failed| &mut failed.failure.last)
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(name: &str, fault: Option<&str>) -> Ran {
        Ran {
            argv: vec![name.to_owned()],
            fault: fault.map(str::to_owned),
            output: String::new(),
            is_started: true,
            is_owed: false,
        }
    }

    #[test]
    fn a_program_is_started_again_until_it_ends_with_0() {
        let mut programs = Programs::default();
        let mut now = 1_000_000;
        let faults =
            ["ended with 1", "did not end within 9 s and was killed", "ended with 1", "ended with 2"];
        let waits =
            ["1 min after 1 try", "5 min after 2 tries", "30 min after 3 tries", "30 min after 4 tries"];
        for ((fault, wait), minutes) in faults.iter().zip(waits).zip([1, 5, 30, 30]) {
            programs.learn(&ran("/bin/a", Some(fault)), now);
            programs.learn(&ran("/bin/b", None), now);
            let found = |now| {
                let [found] = <[Unrestarted; 1]>::try_from(programs.found(now)).unwrap();
                (found.why, found.is_due)
            };
            assert_eq!(found(now), (format!("{fault}, waits {wait}"), false));
            now += minutes * 60;
            assert!(!found(now - 1).1);
            assert_eq!(found(now), ((*fault).to_owned(), true));
        }
        programs.retain(|argv| argv == &["/bin/a"]);
        assert!(!programs.is_empty());
        let mut other = programs.clone();
        other.retain(|argv| argv == &["/bin/b"]);
        assert!(other.is_empty(), "no longer configured");
        programs.learn(&ran("/bin/a", None), now);
        assert!(programs.is_empty());
    }
}
