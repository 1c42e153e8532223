//! What is kept between two runs, with --state: the highest GTID that each server had numbered itself. One
//! that went back belongs to a server that was reset or restored; its replicas may have skipped transactions,
//! and a while later no number shows that any more.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `log` | what a server has numbered itself |
//! | `place` | where its binary log is |
//! | `record` | what is kept of one server, as text, and what a new look makes of it |
//! | `store` | the folder with a file for each server asked |

mod log;
mod place;
mod record;
mod store;

pub use record::Records;
pub(crate) use record::Restart;
pub(crate) use store::{Memory, MemoryError, Remembered};

use std::path::PathBuf;

/// Options on what is kept.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct MemoryOptions {
    /// Keep the highest GTID of each server, and the position of its binary log, in this folder, and report a
    /// binary log that started again as CRITICAL until --acknowledge. The folder is made where it is missing.
    /// Default: nothing is kept
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Accept that the binary log of this server started again. Needs one server and the user of the checks
    #[arg(long, requires = "state")]
    pub acknowledge: bool,
}
