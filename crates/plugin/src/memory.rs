//! Memory, asked for before it is needed: where it ends in the middle, an allocation that fails aborts the
//! process, which a monitor sees as death by a signal.

use std::hint::black_box;

use rustix::process::{Resource, getrlimit};

/// What reading the command line, the watchdog and a short report take, with room to spare.
const ENOUGH: usize = 1 << 20;

/// Returns whether a limit of this process (`ulimit -v`, `ulimit -d`, LimitAS) leaves less than a run takes
/// that finds nothing. Lists and answers may take more, for which plugins ask themselves.
pub(crate) fn is_short() -> bool {
    is_limited() && !can_allocate(ENOUGH)
}

fn is_limited() -> bool {
    [Resource::As, Resource::Data].into_iter().any(|resource| getrlimit(resource).current.is_some())
}

/// Returns whether the allocator can give this number of octets in one piece now. It frees them at once.
pub fn can_allocate(octets: usize) -> bool {
    let mut room: Vec<u8> = Vec::new();
    let is_given = room.try_reserve_exact(octets).is_ok();
    // Else the compiler may take a vector that is not used for none.
    black_box(&room);
    is_given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_cannot_be_had_is_known() {
        assert!(can_allocate(ENOUGH));
        assert!(!can_allocate(usize::MAX >> 2));
    }
}
