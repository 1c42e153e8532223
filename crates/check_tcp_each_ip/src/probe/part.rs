//! The sweep over a part of the targets, with echoes beside it for what is silent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use host_net::Diagnosis;
use net::Source;
use plugin::{Deadline, Seconds};
use rustix::io::Errno;

use crate::Args;
use crate::cause::{Cause, Echo};
use crate::judged::Judged;
use crate::monitor;
use crate::options::Text;
use crate::ping::{Echoes, Pinger};
use crate::sweep;
use crate::sweep::dialogue::{Script, Tls};
use crate::sweep::talk::Talk;
use crate::sweep::tries::{self, Tries};
use crate::sweep::work::{Found, Manner, Sweep};
use crate::target::Target;
use crate::target::names::Names;

/// What is kept of the overall time for diagnosis and output: of its own, for each connection that must be
/// closed, and for each target that must be named.
const RESERVE: Duration = Duration::from_millis(10);
const RESERVE_OPEN: Duration = Duration::from_nanos(4_000);
const RESERVE_NAMED: Duration = Duration::from_nanos(200);

/// What all parts share.
pub(super) struct Shared<'a> {
    pub(super) args: &'a Args,
    pub(super) names: &'a Names,
    pub(super) tls: Option<Tls>,
    pub(super) deadline: &'a Deadline,
    pub(super) diagnosis: &'a Diagnosis,
}

/// A part of the targets, and how it is swept.
pub(super) struct Part {
    pub(super) targets: Vec<Target>,
    manner: Manner,
    /// How many at once if the limit of open files allows no more.
    limited: Option<usize>,
}

/// What became of some targets.
#[derive(Default)]
pub(super) struct Swept {
    pub(super) targets: Vec<Target>,
    pub(super) found: Found,
    pub(super) echoes: Echoes,
    pub(super) limited: Option<usize>,
    /// The number of targets that failed after fewer tries than asked for, by the number of tries, which was
    /// enough.
    pub(super) tried_less: BTreeMap<u8, usize>,
}

impl Part {
    /// Plans the sweep of these targets in the time that is left, beside `beside` connections of another
    /// part.
    pub(super) fn new(targets: Vec<Target>, shared: &Shared<'_>, beside: usize) -> Self {
        let (manner, limited) = manner(shared, targets.len(), beside);
        Self { targets, manner, limited }
    }

    /// Returns the number of connections that this part makes at once.
    pub(super) fn in_flight(&self) -> usize {
        self.manner.in_flight
    }

    /// Tries all of its targets, and pings what is silent meanwhile.
    pub(super) fn sweep(self, shared: &Shared<'_>, judged: &Judged) -> Result<Swept, Errno> {
        let Self { targets, manner, limited } = self;
        let Shared { names, deadline, diagnosis, .. } = *shared;
        let until = until(deadline, manner.in_flight, targets.len());
        // What is found out last, whose fault silence is, must not lack the time.
        let until_pinged = deadline.at().checked_sub(tries::rest(targets.len())).unwrap_or(until);
        let pinger = Pinger::new(manner.source.clone(), until_pinged.min(until), manner.tries.timeout);
        if manner.tries.enough == 1 {
            // No later try shows what the first ones did to them.
            diagnosis.begin(deadline);
        }
        let (targets_of_it, manner_of_it, pinger_of_it) = (&targets, &manner, &pinger);
        let sweep = Sweep {
            targets: targets_of_it,
            names,
            manner: manner_of_it,
            until,
            deadline,
            judged,
            diagnosis,
            pinger: pinger_of_it,
        };
        let mut found = sweep::run(&sweep, sweep::threads_for(targets.len()))?;
        let echoes = pinger.finish();
        note(&targets, &mut found, &echoes);
        let tried_less = BTreeMap::from([(manner.tries.enough, found.tried_less)]);
        Ok(Swept { targets, found, echoes, limited, tried_less })
    }
}

impl Swept {
    /// Takes up another part: its targets come after these.
    pub(super) fn add(&mut self, other: Swept) {
        let offset = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        let Swept { targets, mut found, echoes, limited, tried_less } = other;
        found.failed.iter_mut().for_each(|(place, _)| *place = place.saturating_add(offset));
        found.slowest = found.slowest.map(|(took, place)| (took, place.saturating_add(offset)));
        self.targets.extend(targets);
        self.found.add(found);
        self.echoes.refused = self.echoes.refused.take().or(echoes.refused);
        self.limited = self.limited.min(limited).or(self.limited).or(limited);
        for (enough, targets) in tried_less {
            *self.tried_less.entry(enough).or_default() += targets;
        }
    }

    /// Returns the note on those that refused us since we have no certificate, of whom is known whether their
    /// own ones were verified.
    pub(super) fn note_on_certificates(&self, is_verified: bool) -> Option<String> {
        let (count, want) = match self.found.want_certificate {
            0 => return None,
            1 => (1, "target wants"),
            count => (count, "targets want"),
        };
        let tested = match is_verified {
            true => "only what the servers show was verified",
            false => "only the start of the handshake was tested",
        };
        Some(format!("note: {count} {want} a client certificate: {tested}"))
    }

    /// Returns the notes on tries that are fewer than the `most` asked for.
    pub(super) fn notes(&self, most: u8) -> impl Iterator<Item = String> {
        let tried_less = self.tried_less.iter().filter(|(_, targets)| **targets > 0);
        tried_less.map(move |(enough, targets)| tries::note(*targets, *enough, most))
    }
}

/// When trying must end.
fn until(deadline: &Deadline, in_flight: usize, targets: usize) -> Instant {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let reserve = RESERVE + RESERVE_OPEN * count(in_flight) + RESERVE_NAMED * count(targets);
    deadline.at().checked_sub(reserve).unwrap_or_else(Instant::now)
}

/// How connections are made, and how many at once if the limit of open files allows no more.
fn manner(shared: &Shared<'_>, targets: usize, beside: usize) -> (Manner, Option<usize>) {
    let options = &shared.args.connecting;
    let wanted = options.in_flight.and_then(|number| usize::try_from(number.get()).ok());
    let wanted = wanted.unwrap_or(targets).min(targets);
    let in_flight = monitor::room(wanted, beside);
    let stay = options.stay.map_or(Duration::ZERO, Seconds::duration);
    // Names may have taken a third of the time.
    let limit = shared.deadline.remaining().saturating_sub(stay);
    let given = options.connect_timeout.map(Seconds::duration);
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).unwrap_or_default();
    let talk = (options.send.is_some() || !options.expect.is_empty()).then(|| Talk {
        send: text(&options.send),
        expect: options.expect.iter().map(|text| text.0.clone()).collect(),
        any: options.any,
    });
    let (tls, starttls) = (shared.tls.clone(), shared.args.securing.starttls);
    let manner = Manner {
        tries: Tries::new(limit, options.tries, given, (targets, in_flight)),
        in_flight,
        pace: options.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get()),
        script: (talk.is_some() || tls.is_some()).then_some(Script { starttls, tls, talk }),
        quit: text(&options.quit),
        stay,
        closed: options.closed,
        source: Source { addresses: options.source.clone(), interface: options.interface.clone() },
        refused_ok: options.refused_ok,
    };
    (manner, Some(in_flight).filter(|in_flight| *in_flight < wanted))
}

fn address(targets: &[Target], place: u32) -> Option<IpAddr> {
    usize::try_from(place).ok().and_then(|place| targets.get(place)).map(|target| target.address)
}

/// Notes which of the silent ones answer ping.
fn note(targets: &[Target], found: &mut Found, echoes: &Echoes) {
    for (place, cause) in &mut found.failed {
        let Some(address) = address(targets, *place) else { continue };
        if matches!(cause, Cause::NoAnswer(_)) && echoes.asked.contains(&address) {
            let echo = if echoes.answered.contains(&address) { Echo::Answers } else { Echo::Silent };
            *cause = Cause::NoAnswer(echo);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_tries_are_told_of_all_parts() {
        let swept =
            |enough, targets| Swept { tried_less: BTreeMap::from([(enough, targets)]), ..Swept::default() };
        let note = |targets: &str, tries: &str| {
            format!("note: {targets} had {tries}: --timeout leaves no time for 3")
        };
        let rows = [
            ((1, 2), (1, 3), vec![note("5 targets", "one try")]),
            ((2, 1), (1, 3), vec![note("3 targets", "one try"), note("1 target", "2 tries")]),
            ((2, 0), (1, 1), vec![note("1 target", "one try")]),
            ((1, 1), (3, 0), vec![note("1 target", "one try")]),
            ((3, 0), (3, 0), vec![]),
        ];
        for (first, second, notes) in rows {
            let mut all = swept(first.0, first.1);
            all.add(swept(second.0, second.1));
            assert_eq!(all.notes(3).collect::<Vec<_>>(), notes, "{first:?} {second:?}");
        }
    }
}
