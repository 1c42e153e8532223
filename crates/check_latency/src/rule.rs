//! The rule: from a target's own record and one more run to what is told of it, and to the record after it.
//! Nothing here knows of clocks, sockets or files.
//!
//! *So much loss in this run, in 3 or in 12 runs comes by chance once in 10^6 runs by this target's own
//! record, and is at least 5 points more.* Latency: the medians of the last two runs are both above the
//! normal one by 6 spreads, by 15 % and by 5 ms.
//!
//! A run is learned when it leaves the window of 12 runs without an alert: learned at once, a loss of 30 %
//! would be normal after some runs. [`Path`] is the record, [`Path::judge`] the rule, [`Settings`] what of it
//! can be set.

mod alert;
mod loss;
mod path;
mod rtt;
mod run;
mod settings;
mod tail;
mod verdict;

pub use alert::{Accepted, Level, LossAlert, RttAlert};
pub use path::Path;
pub use run::Run;
pub use settings::Settings;
pub use verdict::{Evidence, Quiet, Verdict, WindowLoss};
