//! Global transaction identifiers: what one server has and another has not.
//!
//! MySQL keeps sets of intervals per server and, from 8.3 on, tag (`uuid:1-5:7:tag:1-3`); MariaDB the last
//! number of each domain (`domain-server-number`), and in its binary log that of each domain and server. Both
//! are only taken apart and compared here; what a difference means is for others to say.

mod accepted;
mod history;
mod part;
mod position;
mod set;

pub use accepted::{Accepted, InvalidAccepted};
pub use history::History;
pub use part::InvalidGtid;
pub use position::{Last, Position};
pub use set::GtidSet;
