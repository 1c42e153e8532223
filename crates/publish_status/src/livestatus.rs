//! The monitor's state from the socket of Livestatus.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use monitor_state::livestatus::{self, AnswerError};
use monitor_state::{Collect, Monitor};
use net::{Cause, Stream, Waiting};
use plugin::Deadline;

/// The most that one answer may hold, in octets: some millions of services.
const LARGEST: u64 = 512 << 20;

/// Why Livestatus gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum LivestatusError {
    /// The connection.
    #[error("--livestatus {}: {cause}", .socket.display())]
    Broken {
        /// The socket.
        socket: PathBuf,
        /// Why.
        cause: Cause,
    },
    /// The answer ends before it is whole.
    #[error("--livestatus {} closed in the middle of its answer", .0.display())]
    Cut(PathBuf),
    /// Something else came than an answer.
    #[error("--livestatus {}: {what}", .socket.display())]
    Answer {
        /// The socket.
        socket: PathBuf,
        /// What is wrong with it.
        what: AnswerError,
    },
}

/// Asks for everything and tells `collect` what it wants of it, before `deadline`. Also returns the unit of
/// check intervals, in seconds: 0 if the monitor does not tell.
///
/// # Errors
/// [`LivestatusError`].
pub(crate) fn read(
    socket: &Path,
    now: u64,
    collect: &mut impl Collect,
    deadline: &Deadline,
) -> Result<(Monitor, u64), LivestatusError> {
    let ask = Ask { socket, deadline };
    let status = ask.ask(livestatus::STATUS, |answer| livestatus::status(answer, now))?;
    ask.ask(livestatus::HOSTS, |answer| livestatus::hosts(answer, collect))?;
    ask.ask(livestatus::SERVICES, |answer| livestatus::services(answer, collect))?;
    ask.ask(livestatus::DOWNTIMES, |answer| livestatus::downtimes(answer, now, collect))?;
    Ok(status)
}

struct Ask<'a> {
    socket: &'a Path,
    deadline: &'a Deadline,
}

impl Ask<'_> {
    /// One query on a connection of its own.
    fn ask<T>(
        &self,
        query: &str,
        take: impl FnOnce(&mut dyn Read) -> Result<T, AnswerError>,
    ) -> Result<T, LivestatusError> {
        let _step = self.deadline.step(format!("asking {}", self.socket.display()));
        let broken = |cause| LivestatusError::Broken { socket: self.socket.to_owned(), cause };
        let mut stream =
            Stream::unix(self.socket, &Waiting::until(self.deadline)).map_err(broken)?.at_most(LARGEST);
        stream.send_all(query.as_bytes()).map_err(broken)?;
        take(&mut BufReader::new(stream)).map_err(|what| match what {
            _ if self.deadline.is_over() => broken(Cause::NoAnswer),
            AnswerError::Cut => LivestatusError::Cut(self.socket.to_owned()),
            AnswerError::Broken(error) => broken(error.into()),
            what => LivestatusError::Answer { socket: self.socket.to_owned(), what },
        })
    }
}
