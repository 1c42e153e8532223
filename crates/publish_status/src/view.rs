//! What the outputs show: the public names with their states, out of the configuration, this run and the
//! history. Nothing else of the monitor comes so far.

use std::collections::HashMap;

use crate::config::{Config, Group};
use crate::ledger::{DAYS, Ledger, Sums, day_status, uptime};
use crate::moment::DAY;
use crate::notes::Note;
use crate::outage::Outage;
use crate::planned::{Work, planned};
use crate::sources::Observations;
use crate::status::{Indicator, Status, combine};

mod units;

pub use units::Unit;
pub(crate) use units::{apply_incidents, apply_work, of_hidden, units};

/// The most incidents written by hand that the page tells of.
const MOST_NOTES: usize = 50;
/// How many intervals a page is good for.
pub(crate) const GOOD_FOR: u64 = 2;

/// A [`Unit`] with its history.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its stable identifier.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// Its state: unknown while the monitor is at fault.
    pub status: Status,
    /// The state that was last known, and since when.
    pub known: Option<(Status, u64)>,
    /// Since when the state is that of an incident written by hand, if it is.
    pub by_hand: Option<u64>,
    /// The part of ninety days without an outage, from 0 to 1.
    pub uptime: Option<f64>,
    /// The last ninety days, the oldest first: each with its state and its sums, if anything was observed.
    pub days: Vec<(u64, Option<Sums>)>,
}

impl Shown {
    /// Returns what each of the ninety days looks like.
    pub fn bar(&self) -> impl Iterator<Item = Status> {
        self.days.iter().map(|(_, sums)| sums.as_ref().map_or(Status::Unknown, day_status))
    }
}

/// A group of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownGroup {
    /// Its stable identifier.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// The state of all that is in it.
    pub status: Status,
    /// The group as it stands for its components that are not shown, with their history, if there are any.
    pub itself: Option<Shown>,
    /// The components that are shown.
    pub components: Vec<Shown>,
}

/// An outage with its public name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOutage {
    /// The public name of what was down.
    pub name: String,
    /// The outage.
    pub outage: Outage,
}

/// All that is shown.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The name, the address and the looks of the page.
    pub config: &'a Config,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// Since when the monitor is at fault, if it is.
    pub fault: Option<u64>,
    /// The state of the whole.
    pub indicator: Indicator,
    /// The groups, in the order of the page.
    pub groups: Vec<ShownGroup>,
    /// The outages of ninety days, the newest first.
    pub outages: Vec<ShownOutage>,
    /// Planned work, the earliest first.
    pub planned: Vec<Work>,
    /// Incidents written by hand, those that end last first.
    pub notes: &'a [Note],
}

impl<'a> View<'a> {
    /// Puts together what is shown.
    pub(crate) fn new(
        config: &'a Config,
        units: &[Unit],
        ledger: &Ledger,
        seen: &Observations,
        notes: &'a [Note],
        made: u64,
    ) -> Self {
        let is_at_fault = ledger.fault.is_some();
        let shown: Vec<Shown> = units.iter().map(|unit| show(unit, ledger, is_at_fault, made)).collect();
        let statuses: Vec<Status> = shown.iter().map(|unit| unit.status).collect();
        let by_id: HashMap<&str, &Shown> = shown.iter().map(|unit| (unit.id.as_str(), unit)).collect();
        let find = |id: &str| by_id.get(id).map(|unit| (*unit).clone());
        let group = |group: &Group| {
            let components: Vec<Shown> =
                group.components.iter().filter_map(|component| find(&component.id)).collect();
            let itself = find(&group.id);
            let all = itself.iter().chain(&components).map(|unit| unit.status);
            let status = combine(&all.collect::<Vec<_>>());
            ShownGroup { id: group.id.clone(), name: group.name.clone(), status, itself, components }
        };
        let named = |outage: &Outage| {
            let unit = by_id.get(outage.component.as_str())?;
            Some(ShownOutage { name: unit.name.clone(), outage: outage.clone() })
        };
        Self {
            config,
            made,
            fault: ledger.fault,
            indicator: Indicator::of(&statuses),
            groups: config.groups.iter().map(group).collect(),
            outages: ledger.outages.iter().rev().filter_map(named).collect(),
            planned: planned(config, seen, made),
            notes,
        }
    }

    /// Returns when the next one is due, in seconds since 1970: after that, this one says nothing of the
    /// present.
    pub fn expires(&self) -> u64 {
        self.made + GOOD_FOR * self.config.interval
    }

    /// Returns the incidents written by hand that are not over for more than ninety days.
    pub fn recent_notes(&self) -> impl Iterator<Item = &'a Note> {
        let since = self.made.saturating_sub(DAYS * DAY);
        self.notes.iter().filter(move |note| note.end.is_none_or(|end| end >= since))
    }

    /// Returns the outages of which no incident written by hand tells.
    pub fn own_outages(&self) -> Vec<&ShownOutage> {
        let is_told = |shown: &ShownOutage| self.told().any(|note| self.tells_of(note, shown));
        self.outages.iter().filter(|shown| !is_told(shown)).collect()
    }

    /// Returns the outages of which this incident written by hand tells, and which are worse than it says.
    pub fn worse_outages(&self, note: &Note) -> Vec<&ShownOutage> {
        let is_worse = |shown: &&ShownOutage| shown.outage.worst.weight() > note.status.weight();
        self.outages.iter().filter(|shown| self.tells_of(note, shown)).filter(is_worse).collect()
    }

    /// Returns the incidents written by hand that the page has room for.
    pub fn told(&self) -> impl Iterator<Item = &'a Note> {
        self.recent_notes().take(MOST_NOTES)
    }

    /// Whether an incident written by hand is about this outage: a trouble of the same component at the same
    /// time. One that is over does not tell of an outage that goes on.
    fn tells_of(&self, note: &Note, ShownOutage { name, outage }: &ShownOutage) -> bool {
        let is_trouble = !matches!(note.status, Status::Operational | Status::Maintenance);
        let is_left = note.is_over(self.made) && outage.end.is_none();
        let overlap = note.start <= outage.end.unwrap_or(self.made)
            && outage.start <= note.end.unwrap_or(self.made).min(self.made);
        is_trouble && !is_left && overlap && note.on.contains(name)
    }

    /// Returns whether an incident written by hand lasts now.
    pub fn is_running(&self, note: &Note) -> bool {
        note.is_running(self.made)
    }

    /// Returns whether an incident written by hand is over.
    pub fn is_over(&self, note: &Note) -> bool {
        note.is_over(self.made)
    }

    /// Returns when an incident written by hand last changed, in seconds since 1970.
    pub fn updated(&self, note: &Note) -> u64 {
        note.updated(self.made)
    }

    /// Returns all that has a state, in the order of the page.
    pub fn shown(&self) -> impl Iterator<Item = &Shown> {
        self.groups.iter().flat_map(|group| group.itself.iter().chain(&group.components))
    }

    /// Returns the state of the whole as a sentence.
    pub fn description(&self) -> String {
        match self.fault {
            Some(since) => format!("Monitoring is disturbed since {}", self.moment(since)),
            None => self.indicator.description().to_owned(),
        }
    }

    /// Writes a moment as short as it can be told from now.
    fn moment(&self, seconds: u64) -> String {
        let is_today = seconds / DAY == self.made / DAY;
        if is_today { crate::moment::clock(seconds) } else { crate::moment::readable(seconds) }
    }
}

fn show(unit: &Unit, ledger: &Ledger, is_at_fault: bool, made: u64) -> Shown {
    let track = ledger.track(&unit.id);
    let today = made / DAY;
    let day = |day| (day, track.and_then(|track| track.days.get(&day)).copied());
    let days: Vec<(u64, Option<Sums>)> = (today.saturating_sub(DAYS - 1)..=today).map(day).collect();
    Shown {
        id: unit.id.clone(),
        name: unit.name.clone(),
        status: if is_at_fault { Status::Unknown } else { unit.status },
        known: track.and_then(|track| track.known),
        by_hand: unit.by_hand.filter(|_| !is_at_fault),
        uptime: uptime(days.iter().filter_map(|(_, sums)| sums.as_ref())),
        days,
    }
}

/// Writes a part as per cent with two decimals at most, cut off: what is not 100 % is never written so.
pub(crate) fn percent(part: f64) -> f64 {
    // The smallest step away from a whole hundredth is a fault of the binary fraction, not of the part.
    ((part * 10_000.0 + 1e-6).floor() / 100.0).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_not_a_hundred_per_cent() {
        let rows = [
            (1.0, "100"),
            (0.999_999_9, "99.99"),
            (0.9995, "99.95"),
            (0.5, "50"),
            (0.0, "0"),
            (0.2857, "28.57"),
            (0.5719, "57.19"),
        ];
        for (part, text) in rows {
            assert_eq!(percent(part).to_string(), text);
        }
    }
}
