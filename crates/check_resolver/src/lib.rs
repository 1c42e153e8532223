//! Does every nameserver of this machine resolve, and if not, why?
//!
//! The outage it catches: names stop resolving on one host, or take five seconds each because the first
//! nameserver of resolv.conf is dead, while every check that asks some other nameserver reports OK.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options` and each `question`, with the limits of `allowed`. `file` reads the servers by
//!   `resolv_conf`, if the file is a `regular` one; `ignored` has its lines that mean a server and give none.
//! - Probe: `probe` begins, and `sweep` asks all servers side by side, each about its `target`: `plan` tells
//!   what comes next, by `udp` and `tcp`, in the words of `message`. `system` asks as programs here do;
//!   `uplinks` finds the servers of a stub. `known` reports a stopped run.
//! - Observe: `outcome` is what came of one type at one server, with its `fault`; `answers` is what all
//!   servers said to a question.
//! - Evaluate: `evaluate`, or `closed` for --closed. `judge` judges one server, `zones` and `verdict` all of
//!   them; `here`, `library` and `difference` judge what programs here get. `lines` has the details.

mod allowed;
mod answers;
mod closed;
mod difference;
mod evaluate;
mod fault;
mod file;
mod here;
mod ignored;
mod judge;
mod known;
mod library;
mod lines;
pub mod message;
mod options;
mod outcome;
mod plan;
mod probe;
pub mod question;
mod regular;
pub mod resolv_conf;
mod sweep;
mod system;
mod target;
mod tcp;
mod udp;
mod uplinks;
mod verdict;
mod zones;

use plugin::{Deadline, Report};

use allowed::Allowed;
use file::File;
pub use options::Args;
pub use probe::ProbeError;
use question::Question;
use system::System;
use uplinks::Uplinks;

/// What one run observed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Observations {
    /// What was asked.
    pub(crate) questions: Vec<Question>,
    /// The servers that were asked: those named or listed.
    pub(crate) servers: Vec<Server>,
    /// The uplinks of systemd-resolved, where one of the servers is its stub.
    pub(crate) uplinks: Option<Uplinks>,
    /// The file that lists the servers: `None` if options name them.
    pub(crate) file: Option<File>,
    /// The machine's own way, with the place of its question: `None` if it was not tried.
    pub(crate) system: Option<(usize, System)>,
    /// Whether the machine's own way is a part of the check: without a name for it nothing was tried.
    pub(crate) asks_system: bool,
}

/// What a server said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Server {
    /// Its address, with the port where that is not 53.
    pub(crate) shown: String,
    /// What came of each type of each question, in their order.
    pub(crate) outcomes: Vec<Vec<outcome::Outcome>>,
}

/// Asks, and judges what was answered.
///
/// # Errors
/// [`ProbeError`]: it is not known what to ask, or this machine cannot ask at all.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let allowed = Allowed::new(args, deadline.state());
    let observations = probe::probe(args, &allowed, deadline)?;
    Ok(if args.closed {
        closed::evaluate(&allowed, &observations)
    } else {
        evaluate::evaluate(&allowed, &observations)
    })
}
