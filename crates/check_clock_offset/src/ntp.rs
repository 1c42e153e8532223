//! Asking NTP servers for the time, as an SNTP client of RFC 5905 does, and believing only what can be
//! believed.
//!
//! The packets are exchanged here and not by the crate `rsntp`, whose interface hides what must be tested: it
//! gives neither root delay nor root dispersion nor the timestamps, so that a server that is 30 s from the
//! truth by its own words, one that never set its clock and one that answers without having received look
//! right. `rsntp` 4.1.2 also takes answers of mode 5, takes a kiss-o'-death from any sender, since it
//! looks at the stratum before the origin timestamp, asks with its real time instead of a random
//! number, gives up on the first datagram that does not fit, and asks one server at a time.

mod asking;
mod exchange;
mod majority;
mod packet;
mod sample;

pub use exchange::{PORT, Server, Way, ask};
pub use majority::{Consensus, Disagreement, Verdict, agree, minority};
pub use packet::{Measured, NtpError, Question, read};
pub use sample::{Sample, voters};
