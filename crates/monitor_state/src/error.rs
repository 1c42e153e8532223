//! Why a status.dat or a log is not used.

use std::io;

use plugin::reason;

/// Why a status.dat or a log is not used.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The system refused to read on.
    #[error("{}", reason(.0))]
    Read(io::Error),
    /// It ends inside of a block: its writer was interrupted, or still writes.
    #[error("cut after {octet} octets, in the middle of a block")]
    Cut {
        /// How many octets are there.
        octet: u64,
    },
    /// Something stands between the blocks, so it is another kind of file.
    #[error("octet {octet} starts no block and no comment")]
    NotBlock {
        /// Where, counted from 0.
        octet: u64,
    },
    /// One block is larger than any monitor writes.
    #[error("the block at octet {octet} is larger than {limit} octets")]
    TooLarge {
        /// Where, counted from 0.
        octet: u64,
        /// The limit, in octets.
        limit: usize,
    },
    /// It has no block. Nagios 4 puts an empty file in place of a good one when its disk is full.
    #[error("it is empty, perhaps the disk of the monitor is full")]
    Empty,
    /// None of its first lines has a time, so it is another kind of file.
    #[error("it is no log of a monitor, or a packed one")]
    NoLog,
    /// A block of the monitor itself is not there, so it is another kind of file.
    #[error("it has no block {0}, so it is no status.dat")]
    Missing(&'static str),
    /// A block of the monitor itself stands twice, so it is two files in one.
    #[error("it has two blocks {0}, so it is more than one status.dat")]
    Twice(&'static str),
    /// A block lacks what makes it a host, a service or a downtime.
    #[error("the {kind} block that ends at octet {octet} has no valid {key}")]
    NoValue {
        /// The kind of the block.
        kind: &'static str,
        /// Where it ends, counted from 0.
        octet: u64,
        /// The key.
        key: &'static str,
    },
}
