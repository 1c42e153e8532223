//! A conversation with a broker: who we are, which version of STOMP it speaks, and one frame after the other.

use net::SlowPath;
use plugin::Deadline;

use crate::brokers::Telling;
use crate::connection::{ConnectOptions, Connection, ConnectionError};
use crate::frame::{Decoder, Frame, FrameError, Version};
use crate::options::{Broker, Target};

/// Why a conversation ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The way to the broker.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// What it says is not STOMP, or what we want to say cannot be said.
    #[error("{0}: {1}")]
    Frame(String, FrameError),
    /// It speaks a version that it was not offered.
    #[error("{0}: it wants to speak STOMP {1}")]
    Version(String, String),
    /// It answers with ERROR.
    #[error("{broker} refuses{}: {message}", if *.is_login { " the login" } else { "" })]
    Refused {
        /// The broker.
        broker: String,
        /// Whether that was the answer to CONNECT.
        is_login: bool,
        /// What it says of it.
        message: String,
    },
    /// It ends the connection in place of an answer to a login with a backslash.
    #[error("{0}, perhaps because of the backslash in login or passcode, which RabbitMQ takes as an escape")]
    Backslash(ConnectionError),
    /// It confirms what was not sent.
    #[error("{0}: confirms what is not on its way: receipt-id {1}")]
    Unasked(String, String),
    /// It answers with another frame than it should.
    #[error("{0}: {1} in place of {2}")]
    Unexpected(String, String, &'static str),
}

impl Telling for SessionError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    fn is_silence(&self) -> bool {
        matches!(self, Self::Connection(error) if error.is_silence())
    }
}

/// Whether a broker with this name syncs its disk once for a transaction, and else once for each event:
/// ActiveMQ, which takes back a transaction of which it refuses a part (seen with 5.17).
fn is_faster_in_transactions(server: &str) -> bool {
    let Some(version) = server.strip_prefix("ActiveMQ/") else { return false };
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let known = parts.next().flatten().zip(parts.next().flatten());
    known.is_some_and(|version| version >= (5, 17))
}

/// The words of a broker, without the passcode if it repeats that. A passcode of fewer than four octets would
/// be found in any words.
fn masked(words: String, passcode: Option<&str>) -> String {
    match passcode.filter(|passcode| passcode.len() >= 4) {
        Some(passcode) => words.replace(passcode, "***"),
        None => words,
    }
}

/// A conversation. Dropping it breaks it off.
pub(crate) struct Session<'a> {
    connection: Connection<'a>,
    decoder: Decoder,
    output: Vec<u8>,
    deadline: Deadline,
    /// What no words of the broker may show.
    passcode: Option<&'a str>,
    pub(crate) version: Version,
    /// Whether the broker writes a transaction to its disk at once, and other events one after the other.
    pub(crate) is_faster_in_transactions: bool,
}

impl<'a> Session<'a> {
    /// Connects to the first broker that lets us in.
    pub(crate) fn open_first(options: &ConnectOptions<'a>) -> Result<Self, SessionError> {
        options.route.first_that(None, &[], options.deadline, |broker, deadline| {
            let session = Self::open(options, broker, deadline, None)?;
            session.go_on(options.deadline);
            Ok(session)
        })
    }

    /// Connects to this broker and logs in, before `deadline`, which goes on to limit each wait. `slow` is
    /// done if that, or anything later, takes long.
    pub(crate) fn open(
        options: &ConnectOptions<'a>,
        broker: &Broker,
        deadline: &Deadline,
        slow: Option<SlowPath<'a>>,
    ) -> Result<Self, SessionError> {
        let connection = options.connect(broker, deadline, slow)?;
        let _step = options.deadline.step(format!("talking to {}", connection.broker));
        let (decoder, output) = (Decoder::default(), Vec::new());
        let mut session = Self {
            connection,
            decoder,
            output,
            deadline: deadline.clone(),
            passcode: options.route.target.passcode.as_deref(),
            version: Version::V10,
            is_faster_in_transactions: false,
        };
        let target = options.route.target;
        let answer = session.log_in(target).map_err(|error| match error {
            SessionError::Connection(error) if error.is_hang_up() && target.has_backslash() => {
                SessionError::Backslash(error)
            }
            error => error,
        })?;
        match answer.command.as_str() {
            "CONNECTED" => {}
            "ERROR" => return Err(session.refused(&answer, true)),
            _ => return Err(session.unexpected(&answer, "CONNECTED")),
        }
        let version = answer.header("version");
        let unknown = || SessionError::Version(session.broker(), version.unwrap_or_default().to_owned());
        session.version = Version::of(version).ok_or_else(unknown)?;
        session.decoder.set_version(session.version);
        session.is_faster_in_transactions = answer.header("server").is_some_and(is_faster_in_transactions);
        Ok(session)
    }

    /// Says who we are, and returns the answer.
    fn log_in(&mut self, target: &Target) -> Result<Frame, SessionError> {
        let mut connect =
            Frame::new("CONNECT").with("accept-version", "1.0,1.1,1.2").with("heart-beat", "0,0");
        connect = connect.with("host", target.vhost.as_str());
        for (name, value) in [("login", &target.login), ("passcode", &target.passcode)] {
            if let Some(value) = value {
                connect = connect.with(name, value.as_str());
            }
        }
        self.queue(&connect)?;
        self.send("logging in")?;
        self.receive("logging in")
    }

    /// Waits from now on until this deadline.
    pub(crate) fn go_on(&self, deadline: &Deadline) {
        self.deadline.change(deadline);
    }

    /// Returns the broker as it was named.
    pub(crate) fn broker(&self) -> String {
        self.connection.broker.clone()
    }

    /// Appends a frame to those that [`Session::send`] sends.
    pub(crate) fn queue(&mut self, frame: &Frame) -> Result<(), SessionError> {
        frame
            .encode(self.version, &mut self.output)
            .map_err(|error| SessionError::Frame(self.connection.broker.clone(), error))
    }

    /// Returns how many octets are queued.
    pub(crate) fn unsent(&self) -> usize {
        self.output.len()
    }

    /// Sends the queued frames.
    pub(crate) fn send(&mut self, doing: &'static str) -> Result<(), SessionError> {
        self.connection.write(&self.output, doing)?;
        self.output.clear();
        Ok(())
    }

    /// Waits for the next frame of the broker, whatever it is.
    pub(crate) fn receive(&mut self, doing: &'static str) -> Result<Frame, SessionError> {
        let mut room = [0; 16 << 10];
        loop {
            if let Some(frame) = self.received()? {
                return Ok(frame);
            }
            let length = self.connection.read(&mut room, doing)?;
            self.decoder.feed(room.get(..length).unwrap_or_default());
        }
    }

    /// Returns the next frame, if it has come already.
    fn received(&mut self) -> Result<Option<Frame>, SessionError> {
        self.decoder.next_frame().map_err(|error| SessionError::Frame(self.connection.broker.clone(), error))
    }

    /// Returns the error that an ERROR frame reports.
    pub(crate) fn refused(&self, frame: &Frame, is_login: bool) -> SessionError {
        let body = String::from_utf8_lossy(&frame.body);
        let body = body.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let message = match frame.header("message").unwrap_or_default() {
            "" if body.is_empty() => "without a word".to_owned(),
            "" => body.to_owned(),
            header if body.is_empty() || body == header => header.to_owned(),
            header => format!("{header}, {body}"),
        };
        let message = masked(message, self.passcode).chars().take(200).collect();
        SessionError::Refused { broker: self.broker(), is_login, message }
    }

    /// Returns the error for a frame in place of the `expected` one.
    pub(crate) fn unexpected(&self, frame: &Frame, expected: &'static str) -> SessionError {
        SessionError::Unexpected(self.broker(), frame.command.clone(), expected)
    }

    /// Returns the error for a receipt of something that is not on its way.
    pub(crate) fn unasked(&self, frame: &Frame) -> SessionError {
        let number = frame.header("receipt-id").unwrap_or("missing");
        SessionError::Unasked(self.broker(), number.chars().take(60).collect())
    }

    /// Ends it in good order. Nothing depends on it any more.
    pub(crate) fn close(mut self) {
        let queued = self.queue(&Frame::new("DISCONNECT"));
        if queued.and_then(|()| self.send("saying goodbye")).is_ok() {
            self.connection.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_broker_never_show_the_passcode() {
        let words = || "bad login nagios S3cr3t, pass=S3cr3t".to_owned();
        assert_eq!(masked(words(), Some("S3cr3t")), "bad login nagios ***, pass=***");
        assert_eq!(masked(words(), Some("a")), words());
        assert_eq!(masked(words(), None), words());
    }
}
