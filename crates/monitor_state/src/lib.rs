//! Reads what a monitor knows of all its hosts and services, as one stream of [`Object`]s and [`Downtime`]s.
//!
//! - [`object`]: what is known of a host or a service, whichever monitor it comes from.
//! - [`collect`]: the trait of a receiver of the stream, which chooses what it needs.
//! - [`status_dat`]: status.dat of Nagios 3 and 4, Naemon, Icinga 1 and Icinga 2's StatusDataWriter, from any
//!   reader.
//! - [`icinga`]: the answers of Icinga 2's API, from any reader.
//! - [`livestatus`]: the answers of Livestatus, which Naemon, Checkmk and others have, from any reader.
//! - [`log`]: the lines of the monitor's log, which tell of its past.
//! - [`file`](mod@file): status.dat from a file that the monitor replaces meanwhile, with its age.
//!
//! Notifiers and publishers use it. It keeps nothing: memory is one buffer, whatever the size of the file.
//! Text is borrowed from that buffer; octets that are not UTF-8 become U+FFFD. It leaves connections, and the
//! meaning of a state, to the programs.
//!
//! ```
//! use monitor_state::{Collect, Object, status_dat};
//!
//! #[derive(Default)]
//! struct Count(usize);
//!
//! impl Collect for Count {
//!     fn object(&mut self, _: &Object<'_>) {
//!         self.0 += 1;
//!     }
//!     fn restart(&mut self) {
//!         self.0 = 0;
//!     }
//! }
//!
//! let text = b"info {\n\tcreated=1795640914\n\t}\n\n\
//!     programstatus {\n\tactive_service_checks_enabled=1\n\t}\n\n\
//!     hoststatus {\n\thost_name=proxy-lon-1\n\tcurrent_state=0\n\thas_been_checked=1\n\t}\n";
//! let mut count = Count::default();
//! let monitor = status_dat::parse(text.as_slice(), &mut count)?;
//! assert_eq!((monitor.created, count.0), (1795640914, 1));
//! # Ok::<(), monitor_state::StatusError>(())
//! ```

mod answer;
mod blocks;
pub mod collect;
mod error;
pub mod file;
pub mod icinga;
pub mod livestatus;
pub mod log;
pub mod object;
mod results;
pub mod status_dat;
mod value;
pub mod written;

pub use collect::Collect;
pub use error::StatusError;
pub use file::{FileError, PLACES, StatusFile};
pub use log::{LogEvent, LogLine, LogState, Occasion};
pub use object::{Condition, Downtime, Monitor, Object, Output};
pub use written::Written;
