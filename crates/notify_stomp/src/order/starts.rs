//! The order of the starts of a monitor where the clock was put back between them.

use std::collections::BTreeMap;

use super::key::{Key, Name, Rank};

/// How many starts are compared with each other: of more than these, none was made by a clock put back.
const MOST: usize = 32;

/// What is known of one start: its time, its lowest and its highest number, and of each host and service the
/// number before its first event here and that of its last. Its events went through one spool, from this
/// place to that: `None` if not all did.
struct Start<'a> {
    began: u64,
    numbers: (u64, u64),
    spooled: Option<(&'a str, u64, u64)>,
    objects: BTreeMap<Name<'a>, Object>,
}

/// Of a host or service in one start: its first number with the one before it, and its last number.
struct Object {
    first: (u64, Option<u64>),
    last: u64,
}

impl Start<'_> {
    /// Whether its numbers go on where those of the other start end: they are all higher, also in the spool,
    /// and the first event of a host or service names the last one that it has there.
    fn follows(&self, other: &Self) -> bool {
        let is_link = |(name, here): (_, &Object)| {
            let before = other.objects.get(name).map(|there| there.last).filter(|last| *last > 0);
            before.is_some() && before == here.first.1
        };
        let is_behind = |((one, first, _), (other, _, last))| one == other && first > last;
        let is_later = self.spooled.zip(other.spooled).is_some_and(is_behind);
        is_later && self.numbers.0 > other.numbers.1 && self.objects.iter().any(is_link)
    }
}

/// Replaces the time of the start in each rank by the place of the start: by its time, unless its numbers
/// tell that it follows one of a later time.
pub(super) fn put_in_order(keys: &[Key<'_>], ranks: &mut [Rank]) {
    let mut starts = of(keys, ranks);
    let mut next = 0;
    // A clock is seldom put back, and messages of anybody are read.
    let mut moves = if starts.len() > MOST { 0 } else { MOST * MOST };
    while let (Some(start), true) = (starts.get(next), moves > 0) {
        let before = starts.iter().rposition(|other| start.follows(other)).filter(|before| *before > next);
        match before {
            // It goes behind the last one that it follows.
            Some(before) => {
                moves -= 1;
                let start = starts.remove(next);
                starts.insert(before, start);
            }
            None => next += 1,
        }
    }
    let places: BTreeMap<u64, u64> = starts.iter().map(|start| start.began).zip(0..).collect();
    for (began, ..) in ranks {
        *began = places.get(began).copied().unwrap_or_default();
    }
}

/// Returns the starts, by their times.
fn of<'a>(keys: &'a [Key<'_>], ranks: &[Rank]) -> Vec<Start<'a>> {
    let mut starts = BTreeMap::<u64, Start<'a>>::new();
    for (key, (began, ..)) in keys.iter().zip(ranks) {
        let id = key.event_id;
        let spooled = key.spooled().map(|(spool, place)| (spool, place, place));
        let new = || Start { began: *began, numbers: (id, id), spooled, objects: BTreeMap::new() };
        let start = starts.entry(*began).or_insert_with(new);
        start.spooled = start.spooled.zip(spooled).and_then(|((spool, first, last), (other, place, _))| {
            (spool == other).then_some((spool, first.min(place), last.max(place)))
        });
        start.numbers = (start.numbers.0.min(id), start.numbers.1.max(id));
        let first = (id, key.last_event_id);
        let object = start.objects.entry(key.name()).or_insert(Object { first, last: id });
        if id < object.first.0 {
            object.first = first;
        }
        object.last = object.last.max(id);
    }
    starts.into_values().collect()
}
