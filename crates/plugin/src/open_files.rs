//! The limit on open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Returns how many of the `wanted` files may be open at the same time, beside `reserved` others. The number
/// is at least one, unless `wanted` is 0. Raises the soft limit on open files (RLIMIT_NOFILE of getrlimit(2))
/// as far as they need it and the hard limit allows.
pub fn open_files(wanted: usize, reserved: u64) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(reserved);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let raised = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let allowed = limit.current.unwrap_or(needed).saturating_sub(reserved).max(1);
    wanted.min(usize::try_from(allowed).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_is_allowed() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        assert_eq!([open_files(1, 40), open_files(0, 40), open_files(7, u64::MAX)], [1, 0, 1]);
        // A soft limit is raised as far as needed, and no further.
        let lowered = Rlimit { current: maximum.map(|maximum| maximum.min(100)).or(Some(100)), maximum };
        setrlimit(Resource::Nofile, lowered).unwrap();
        let most = maximum.map_or(150, |maximum| maximum.min(150));
        assert_eq!(open_files(110, 40) as u64, most - 40);
        assert_eq!(getrlimit(Resource::Nofile).current, Some(most));
        let all = open_files(usize::MAX >> 1, 40) as u64;
        assert!(maximum.is_none_or(|maximum| all == maximum - 40), "{all} of {maximum:?}");
    }
}
