//! Sets and positions of transactions: what parses reads back as it prints, and differences and unions fit
//! together. Two texts on two lines.

use check_replication::gtid::{Accepted, GtidSet, History, Position};
use check_replication::memory::Records;

pub(crate) fn run(text: &str) {
    let (one, two) = text.split_once('\n').unwrap_or((text, ""));
    if let (Ok(one), Ok(two)) = (one.parse::<GtidSet>(), two.parse::<GtidSet>()) {
        assert_eq!(one.to_string().parse().as_ref(), Ok(&one), "does not read back");
        let (only_one, both) = (one.subtract(&two), one.union(&two));
        assert_eq!(only_one.union(&two), both, "{one} without {two}, and {two}");
        assert_eq!(both.subtract(&two), only_one);
        assert_eq!(only_one.subtract(&one).count(), 0);
        if both.count() < u64::MAX {
            assert_eq!(only_one.count() + two.count(), both.count());
        }
    }
    if let (Ok(one), Ok(two)) = (one.parse::<History>(), two.parse::<History>()) {
        assert_eq!(one.to_string().parse().as_ref(), Ok(&one), "does not read back");
        let both = one.union(&two);
        assert!(one.ahead_of(&both).is_empty() && two.ahead_of(&both).is_empty(), "{both}");
        assert_eq!(one.ahead_of(&two).union(&two), both);
    }
    let _ = one.parse::<Accepted>();
    if let Ok(records) = text.parse::<Records>() {
        assert_eq!(records.to_string().parse(), Ok(records), "does not read back");
    }
    if let (Ok(one), Ok(two)) = (one.parse::<Position>(), two.parse::<Position>()) {
        let furthest = one.furthest(&two);
        assert!(one.ahead_of(&furthest).is_empty() && two.ahead_of(&furthest).is_empty(), "{furthest:?}");
        assert!(one.ahead_of(&two).values().all(|by| *by > 0));
    }
}
