//! MySQL's sets of transactions, as intervals of numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::part::{InvalidGtid, MOST, number};

/// The most octets of a tag, by MySQL's manual.
const LONGEST_TAG: usize = 32;

/// MySQL's set of transactions. Its text is `uuid:interval[:interval]...[:tag:interval[:interval]...]...`,
/// several joined by commas; an interval is `first[-last]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtidSet(BTreeMap<Origin, Vec<Interval>>);

/// Where transactions are numbered from 1: a server's uuid, and a tag, which is mostly empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    uuid: u128,
    tag: String,
}

/// From the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Interval {
    first: u64,
    last: u64,
}

impl GtidSet {
    /// How many transactions are in it: `u64::MAX` where they are more than that.
    pub fn count(&self) -> u64 {
        let size = |interval: &Interval| (interval.last - interval.first).saturating_add(1);
        self.0.values().flatten().map(size).fold(0, u64::saturating_add)
    }

    /// What is in this and not in the other, as GTID_SUBTRACT does.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let none = Vec::new();
        let rest = self
            .0
            .iter()
            .map(|(origin, own)| (origin.clone(), subtract(own, other.0.get(origin).unwrap_or(&none))));
        Self(rest.filter(|(_, intervals)| !intervals.is_empty()).collect())
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the part that the server of this uuid numbered, tags included; nothing where that is no uuid.
    #[must_use]
    pub fn of(&self, uuid: &str) -> Self {
        self.only(|own| Some(own) == read_uuid(uuid))
    }

    /// Returns the part that no server of these uuids numbered.
    #[must_use]
    pub fn without<'a>(&self, uuids: impl IntoIterator<Item = &'a str>) -> Self {
        let uuids: Vec<u128> = uuids.into_iter().filter_map(read_uuid).collect();
        self.only(|own| !uuids.contains(&own))
    }

    fn only(&self, keep: impl Fn(u128) -> bool) -> Self {
        let part = self.0.iter().filter(|(origin, _)| keep(origin.uuid));
        Self(part.map(|(origin, intervals)| (origin.clone(), intervals.clone())).collect())
    }

    /// Returns the greatest number in it.
    pub fn last(&self) -> Option<u64> {
        self.0.values().flatten().map(|interval| interval.last).max()
    }

    /// What is in this or in the other.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (origin, intervals) in &other.0 {
            all.0.entry(origin.clone()).or_default().extend(intervals);
        }
        all.0.values_mut().for_each(normalize);
        all
    }
}

/// Sorts intervals, and joins those that overlap or touch.
fn normalize(intervals: &mut Vec<Interval>) {
    intervals.sort_unstable();
    intervals.dedup_by(|next, kept| {
        let joins = next.first <= kept.last.saturating_add(1);
        if joins {
            kept.last = kept.last.max(next.last);
        }
        joins
    });
}

/// What of the normalized `own` is not in the normalized `other`, in one walk along both.
fn subtract(own: &[Interval], other: &[Interval]) -> Vec<Interval> {
    let mut rest = Vec::new();
    let mut others = other.iter().peekable();
    for &Interval { mut first, last } in own {
        loop {
            while others.next_if(|hole| hole.last < first).is_some() {}
            match others.peek() {
                Some(hole) if hole.first <= last => {
                    if hole.first > first {
                        rest.push(Interval { first, last: hole.first - 1 });
                    }
                    // A hole that ends where this does may reach into the next interval.
                    if hole.last >= last {
                        break;
                    }
                    first = hole.last + 1;
                }
                _ => {
                    rest.push(Interval { first, last });
                    break;
                }
            }
        }
    }
    rest
}

impl FromStr for GtidSet {
    type Err = InvalidGtid;

    fn from_str(text: &str) -> Result<Self, InvalidGtid> {
        let mut set = Self::default();
        let mut count = 0;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let invalid = || InvalidGtid::part(part);
            let mut pieces = part.split(':').map(str::trim);
            let uuid = pieces.next().and_then(read_uuid).ok_or_else(invalid)?;
            let mut origin = Origin { uuid, tag: String::new() };
            let mut is_numbered = false;
            for piece in pieces {
                count += 1;
                if count > MOST {
                    return Err(InvalidGtid::TooMany);
                }
                if let Some(tag) = tag(piece) {
                    origin.tag = tag;
                    is_numbered = false;
                } else {
                    let interval = interval(piece).ok_or_else(invalid)?;
                    set.0.entry(origin.clone()).or_default().push(interval);
                    is_numbered = true;
                }
            }
            if !is_numbered {
                return Err(invalid());
            }
        }
        set.0.values_mut().for_each(normalize);
        Ok(set)
    }
}

/// 32 hexadecimal digits, with dashes as in RFC 9562 or without.
pub(super) fn read_uuid(text: &str) -> Option<u128> {
    let dashes: Vec<usize> = text.match_indices('-').map(|(place, _)| place).collect();
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let fits = digits.len() == 32 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    let fits = fits && (dashes.is_empty() || dashes == [8, 13, 18, 23]);
    fits.then(|| u128::from_str_radix(&digits, 16).ok()).flatten()
}

/// A tag, in the lower case that servers compare it in.
fn tag(text: &str) -> Option<String> {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let fits = text.len() <= LONGEST_TAG && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (starts && fits).then(|| text.to_ascii_lowercase())
}

fn interval(text: &str) -> Option<Interval> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (1 <= first && first <= last).then_some(Interval { first, last })
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for (origin, intervals) in &self.0 {
            let Origin { uuid, tag } = origin;
            if before != Some(uuid) {
                let digits = format!("{uuid:032x}");
                let comma = if before.is_some() { "," } else { "" };
                let (a, rest) = digits.split_at(8);
                let (b, rest) = rest.split_at(4);
                let (c, rest) = rest.split_at(4);
                let (d, e) = rest.split_at(4);
                write!(f, "{comma}{a}-{b}-{c}-{d}-{e}")?;
                before = Some(uuid);
            }
            if !tag.is_empty() {
                write!(f, ":{tag}")?;
            }
            for Interval { first, last } in intervals {
                if first == last { write!(f, ":{first}") } else { write!(f, ":{first}-{last}") }?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    impl GtidSet {
        /// Whether everything in the other is in this, as GTID_SUBSET(other, this) does.
        fn contains(&self, other: &Self) -> bool {
            other.subtract(self).0.is_empty()
        }
    }

    const A: &str = "669f0c7c-e626-11f1-a9f9-02fc00000001";
    const B: &str = "669f0c7c-e626-11f1-a9f9-02fc00000002";

    fn set(text: &str) -> GtidSet {
        text.replace('A', A).replace('B', B).parse().unwrap()
    }

    #[test]
    fn sets_are_read_and_written_as_servers_write_them() {
        let rows = [
            ("", ""),
            (" \n", ""),
            ("A:1", "A:1"),
            ("A:1-5:7", "A:1-5:7"),
            ("A:5:1-3:4", "A:1-5"),
            ("A:1-3:2-9", "A:1-9"),
            ("A:1-5,\nB:2", "A:1-5,B:2"),
            ("B:2 ,A:1", "A:1,B:2"),
            ("A:1-5:nightly:1-3:7:_x:1", "A:1-5:_x:1:nightly:1-3:7"),
            ("A:Nightly:1:2", "A:nightly:1-2"),
            ("A:1,A:nightly:1,A:2", "A:1-2:nightly:1"),
            ("A:18446744073709551615:1", "A:1:18446744073709551615"),
            ("A:1-18446744073709551615:18446744073709551615", "A:1-18446744073709551615"),
        ];
        for (text, expected) in rows {
            assert_eq!(set(text).to_string(), expected.replace('A', A).replace('B', B), "{text}");
        }
        let undashed = A.replace('-', "").to_uppercase() + ":1";
        assert_eq!(undashed.parse(), Ok(set("A:1")));
    }

    #[test]
    fn parts_are_told_by_the_server_that_numbered_them() {
        let all = set("A:1-5:tag:1,B:2");
        assert_eq!((all.of(A), all.of(B), all.of("junk")), (set("A:1-5:tag:1"), set("B:2"), set("")));
        assert_eq!((all.without([A]), all.without([A, B]), all.last()), (set("B:2"), set(""), Some(5)));
        assert_eq!((set("").last(), set("").is_empty(), all.without([]).is_empty()), (None, true, false));
    }

    #[test]
    fn what_is_no_set_is_refused_by_name() {
        let long_tag = format!("A:{}:1", "t".repeat(33));
        let rows = [
            "A",
            "A:",
            "A:0",
            "A:0-3",
            "A:3-1",
            "A:-1",
            "A:1-",
            "A:+1",
            "A:1-2-3",
            "A:x",
            "A:1:x",
            "A::1",
            "x:1",
            ":1",
            "1-2-3",
            "A:18446744073709551616",
            "AA:1",
            "A:1;B:1",
            "A:1x",
            "A:ü:1",
            &long_tag,
        ];
        for text in rows {
            let text = text.replace('A', A).replace('B', B);
            assert_eq!(text.parse::<GtidSet>(), Err(InvalidGtid::part(&text)), "{text}");
        }
        assert!("669f0c7ce-626-11f1-a9f9-02fc00000001:1".parse::<GtidSet>().is_err(), "dashes elsewhere");
        let endless = "9".repeat(10_000);
        assert_eq!(endless.parse::<GtidSet>().unwrap_err().to_string().len(), "not a GTID: ".len() + 80);
    }

    #[test]
    fn hostile_sizes_are_bounded() {
        let intervals: String = (0..=MOST as u64).map(|n| format!(":{}", 2 * n + 1)).collect();
        assert_eq!(format!("{A}{intervals}").parse::<GtidSet>(), Err(InvalidGtid::TooMany));
        // As many as there may be, one by one against their gaps, take no time to speak of.
        let gaps: String = (0..MOST as u64).map(|n| format!(":{}", 2 * n + 2)).collect();
        let odd: GtidSet = format!("{A}{}", intervals.rsplit_once(':').unwrap().0).parse().unwrap();
        let whole = set(&format!("A:1-{}", 2 * MOST));
        assert_eq!(whole.subtract(&odd), format!("{A}{gaps}").parse().unwrap());
        assert_eq!(set("A:1-18446744073709551615,B:1-18446744073709551615").count(), u64::MAX);
    }

    #[test]
    fn the_difference_of_two_sets_is_counted() {
        let rows = [
            ("", "", "", 0),
            ("A:1-5", "", "A:1-5", 5),
            ("", "A:1-5", "", 0),
            ("A:1-5", "A:1-5", "", 0),
            ("A:1-9", "A:4-6", "A:1-3:7-9", 6),
            ("A:1-9", "A:1:3:5:7:9", "A:2:4:6:8", 4),
            ("A:1-3:7-9", "A:3-7", "A:1-2:8-9", 4),
            ("A:1-5,B:1", "A:1-5", "B:1", 1),
            ("A:1-5:tag:1-3", "A:1-5", "A:tag:1-3", 3),
            ("A:1-5:tag:1-3", "A:1-9:tag:2", "A:tag:1:3", 2),
            ("A:tag:1", "A:1", "A:tag:1", 1),
            ("A:5-18446744073709551615", "A:7-18446744073709551614", "A:5-6:18446744073709551615", 3),
        ];
        for (one, other, expected, count) in rows {
            let rest = set(one).subtract(&set(other));
            assert_eq!(
                (rest.to_string(), rest.count()),
                (set(expected).to_string(), count),
                "{one} without {other}"
            );
            assert_eq!(set(other).contains(&set(one)), count == 0, "{one} in {other}");
        }
    }

    /// Every pair of subsets of 1 to 7, written in every third order, against sets of numbers.
    #[test]
    fn agrees_with_sets_of_numbers() {
        let model = |bits: u32| -> BTreeSet<u64> { (1..8).filter(|n| bits >> n & 1 == 1).collect() };
        let text = |numbers: &BTreeSet<u64>, order: u32| -> String {
            let mut pieces: Vec<String> = numbers.iter().map(|n| format!(":{n}")).collect();
            pieces.rotate_left(order as usize % numbers.len().max(1));
            if pieces.is_empty() { String::new() } else { format!("{A}{}", pieces.concat()) }
        };
        let read = |numbers: &BTreeSet<u64>, order| text(numbers, order).parse::<GtidSet>().unwrap();
        for (one, other) in (0..128 * 128).map(|pair| (pair / 128 * 2, pair % 128 * 2)) {
            let (a, b) = (model(one), model(other));
            let (own, theirs) = (read(&a, other), read(&b, one));
            let rest: BTreeSet<u64> = a.difference(&b).copied().collect();
            assert_eq!(own.subtract(&theirs), read(&rest, 0), "{a:?} without {b:?}");
            assert_eq!(own.subtract(&theirs).count(), rest.len() as u64);
            assert_eq!(own.contains(&theirs), a.is_superset(&b), "{a:?} contains {b:?}");
            assert_eq!(own.union(&theirs), read(&(&a | &b), 0), "{a:?} or {b:?}");
            assert_eq!(own.to_string().parse(), Ok(own));
        }
    }
}
