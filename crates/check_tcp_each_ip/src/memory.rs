//! Memory, asked for before it is needed: where it ends in the middle, a program dies without a word.

use plugin::can_allocate;
use rustix::process::{Resource, getrlimit};

/// What a run needs whatever its targets are, with its threads.
const BASE: usize = 3 << 20;
/// What a target takes at most, should it be silent and be named alone: measured.
const OF_TARGET: usize = 800;
/// What is made of each octet of a list.
const OF_LIST: usize = 10;
/// The stack of a thread of ours, a quarter of the usual one.
pub(crate) const STACK: usize = 512 << 10;
/// From here on a limit of the address space is none: threads reserve 64 MiB each for what they allocate.
const PLENTY: u64 = 1 << 30;

/// Says that the memory for so many octets cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} needs up to {} MiB of memory, more than this process may have: raise the limit (ulimit -v, LimitAS) or split the list", .octets.div_ceil(1 << 20))]
pub struct NoMemory {
    what: &'static str,
    octets: usize,
}

/// Asks for the memory that reading lists of so many octets takes.
///
/// # Errors
/// [`NoMemory`].
pub(crate) fn ask_for_lists(octets: usize) -> Result<(), NoMemory> {
    ask("the list", BASE.saturating_add(octets.saturating_mul(OF_LIST)))
}

/// Asks for the memory that so many targets take.
///
/// # Errors
/// [`NoMemory`].
pub(crate) fn ask_for_targets(targets: usize) -> Result<(), NoMemory> {
    ask("the check of all addresses", BASE.saturating_add(targets.saturating_mul(OF_TARGET)))
}

fn ask(what: &'static str, octets: usize) -> Result<(), NoMemory> {
    if can_allocate(octets) { Ok(()) } else { Err(NoMemory { what, octets }) }
}

/// Whether the address space is limited so far that further threads would take what the targets need.
pub(crate) fn is_scarce() -> bool {
    getrlimit(Resource::As).current.is_some_and(|limit| limit < PLENTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_cannot_be_had_is_refused() {
        assert_eq!(ask_for_targets(100_000), Ok(()));
        assert_eq!(ask_for_lists(1 << 24), Ok(()));
        let refused = ask_for_targets(usize::MAX >> 12).unwrap_err().to_string();
        assert!(refused.starts_with("the check of all addresses needs up to "), "{refused}");
    }
}
