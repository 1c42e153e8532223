//! Asking an SNMP agent: the options, the questions, and the answers that are believed.
//!
//! The crate `snmp2` reads the messages and does the cryptography of version 3. The exchange itself is ours,
//! because `snmp2` 0.5 is not safe against forged datagrams. These faults were found by reading and fuzzing
//! it; each is guarded where the table says:
//!
//! | `snmp2` 0.5.3 | guard |
//! | --- | --- |
//! | its sessions use a request id again after a lost answer, so that a late answer passes for the next one and a clock is read in the wrong interval | an id of its own for each try, and the moment it was sent kept with it (`session`) |
//! | its sessions give up on the first datagram that does not fit | what does not belong is passed over (`session`) |
//! | its sessions hide the reason of a failed receive | our own socket: a closed port is known at once (`session`) |
//! | a session of version 3 takes an answer of version 1 or 2c without any authentication, if its community is the user's name | the version must be the one asked in (`envelope`) |
//! | the message id of version 3 is not compared | it must be one of ours (`envelope`) |
//! | an unauthenticated message changes the engine's boots and time; a forged one, before its signature is tested | each answer is opened with a copy of the state, and only an authentic one is kept (`usm`) |
//! | engine time near the ends of 64 bits overflows: a panic where overflow is checked, a passed time window where not | boots and time must be within 31 bits (`envelope`) |
//! | it writes zeros over the signature through a shared reference, at a place computed from the end of the datagram | no octet may follow any of the nested sequences, so that the place is the right one (`envelope`), and what is opened is a copy (`usm`) |
//! | an empty password panics | passwords have at least 8 octets (`options`) |
//! | a report's meaning is not told | it is read here (`envelope`) |
//! | a message size above 65507 is refused, though RFC 3412 allows up to 2^31 - 1 | named (`envelope`); the signature covers it, so it cannot be helped |
//! | Counter32, Gauge32 and TimeTicks beyond 32 bits are cut off in silence | refused (`envelope`); within an encrypted answer, which is authentic, this cannot be seen |
//! | a malformed variable ends the list in silence, and other variables than those asked are handed on | as many as asked, and those (`variables`) |
//! | formatting a value recurses as deep as it is nested | nothing of it is ever formatted |

mod clock_oid;
mod envelope;
mod message;
mod no_answer;
mod options;
mod session;
mod usm;
mod variables;
mod version;

pub use clock_oid::ClockOid;
pub use envelope::{Asked, Engine, Envelope, Refused, Report};
pub use no_answer::NoAnswer;
pub(crate) use options::of_a_host;
pub use options::{Options, OptionsError, Privacy, Settled};
pub use session::{Answer, Session, SnmpError};
pub use usm::{Level, Opened, User, Usm};
pub use variables::{Variable, VariableError, variables};
pub use version::Version;
