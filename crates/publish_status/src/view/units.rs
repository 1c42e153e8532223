//! What the page shows a state of: components, and the groups of those that are hidden.

use std::collections::HashMap;

use crate::config::{Component, Config, Group};
use crate::notes::Note;
use crate::status::{Status, combine};

/// Something with a name and a state on the page: a component, or a group that stands for its components that
/// are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its stable identifier.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// Its state by the monitor, or by an incident written by hand.
    pub status: Status,
    /// Since when that is by an incident written by hand, in seconds since 1970; `None` if it is the
    /// monitor's.
    pub by_hand: Option<u64>,
}

/// Returns what is shown, in the order of the page, from the state of each component of the configuration.
pub(crate) fn units(config: &Config, statuses: &[Status]) -> Vec<Unit> {
    let mut rest = statuses.iter().copied();
    let mut units = Vec::new();
    for group in &config.groups {
        let states: Vec<Status> = rest.by_ref().take(group.components.len()).collect();
        if group.hides_components() {
            let (id, name, status) = (group.id.clone(), group.name.clone(), of_hidden(group, &states));
            units.push(Unit { id, name, status, by_hand: None });
        }
        let shown = group.components.iter().zip(&states).filter(|(component, _)| component.is_shown);
        units.extend(shown.map(|(Component { id, name, .. }, status)| Unit {
            id: id.clone(),
            name: name.clone(),
            status: *status,
            by_hand: None,
        }));
    }
    units
}

/// Returns the state of a group as it stands for its components that are not shown, from the state of each
/// component. The shown ones stand for themselves. The state is no worse than that of the whole group.
pub(crate) fn of_hidden(group: &Group, states: &[Status]) -> Status {
    let hidden = group.components.iter().zip(states).filter(|(component, _)| !component.is_shown);
    let hidden = combine(&hidden.map(|(_, status)| *status).collect::<Vec<_>>());
    let whole = combine(states);
    if hidden.weight() < whole.weight() { hidden } else { whole }
}

/// Applies the planned work written by hand that lasts now: it counts whatever the monitor sees, also in the
/// history.
pub(crate) fn apply_work(notes: &[Note], units: &mut [Unit], now: u64) {
    apply(notes.iter().filter(|note| note.status == Status::Maintenance), units, now, |_| true);
}

/// Applies the other incidents written by hand that last now: the worst counts while it lasts. They are
/// shown, and not measured.
pub(crate) fn apply_incidents(notes: &[Note], units: &mut [Unit], now: u64) {
    let others = notes.iter().filter(|note| note.status != Status::Maintenance);
    apply(others, units, now, |(by_hand, shown)| by_hand.weight() > shown.weight());
}

/// Applies those of these that last now, where `counts` says so of its state and the one that is shown.
fn apply<'a>(
    notes: impl Iterator<Item = &'a Note>,
    units: &mut [Unit],
    now: u64,
    counts: impl Fn((Status, Status)) -> bool,
) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, unit) in units.iter().enumerate() {
        places.entry(unit.name.clone()).or_default().push(place);
    }
    for note in notes.filter(|note| note.is_running(now)) {
        for place in note.on.iter().filter_map(|name| places.get(name)).flatten() {
            let Some(unit) = units.get_mut(*place).filter(|unit| counts((note.status, unit.status))) else {
                continue;
            };
            (unit.status, unit.by_hand) = (note.status, Some(note.start));
        }
    }
}
