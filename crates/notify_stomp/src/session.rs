//! A conversation with a broker: who we are, which version of STOMP it speaks, and one frame after the other.

use crate::connection::{Caller, Connection, ConnectionError};
use crate::frame::{Decoder, Frame, FrameError, Version};
use crate::socket::Meanwhile;

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
    /// It answers with another frame than it should.
    #[error("{0}: {1} in place of {2}")]
    Unexpected(String, String, &'static str),
}

impl SessionError {
    /// Whether nobody answered in time, rather than refused.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Connection(error) if error.is_silence())
    }
}

/// A conversation. Dropping it breaks it off.
pub(crate) struct Session<'a> {
    connection: Connection<'a>,
    decoder: Decoder,
    output: Vec<u8>,
    pub(crate) version: Version,
}

impl<'a> Session<'a> {
    /// Connects and logs in. `meanwhile` is done if that, or anything later, takes long.
    pub(crate) fn open(caller: &Caller<'a>, meanwhile: Meanwhile<'a>) -> Result<Self, SessionError> {
        let connection = caller.connect(meanwhile)?;
        let _step = caller.deadline.step(format!("talking to {}", connection.broker));
        let (decoder, output) = (Decoder::default(), Vec::new());
        let mut session = Self { connection, decoder, output, version: Version::V10 };
        let mut connect = Frame::new("CONNECT").with("accept-version", "1.0,1.1,1.2").with("heart-beat", "0,0");
        connect = connect.with("host", caller.target.vhost.as_str());
        for (name, value) in [("login", &caller.target.login), ("passcode", &caller.target.passcode)] {
            if let Some(value) = value {
                connect = connect.with(name, value.as_str());
            }
        }
        session.say(&connect)?;
        session.send("logging in")?;
        let answer = session.hear("logging in")?;
        match answer.command.as_str() {
            "CONNECTED" => {}
            "ERROR" => return Err(session.refused(&answer, true)),
            _ => return Err(session.unexpected(&answer, "CONNECTED")),
        }
        let version = answer.header("version");
        let unknown = || SessionError::Version(session.broker(), version.unwrap_or_default().to_owned());
        session.version = Version::of(version).ok_or_else(unknown)?;
        session.decoder.set_version(session.version);
        Ok(session)
    }

    /// The broker, as it was named.
    pub(crate) fn broker(&self) -> String {
        self.connection.broker.clone()
    }

    /// Puts a frame behind those that will be sent.
    pub(crate) fn say(&mut self, frame: &Frame) -> Result<(), SessionError> {
        frame.encode(self.version, &mut self.output).map_err(|error| SessionError::Frame(self.connection.broker.clone(), error))
    }

    /// How many octets will be sent.
    pub(crate) fn unsent(&self) -> usize {
        self.output.len()
    }

    /// Sends what was said.
    pub(crate) fn send(&mut self, doing: &'static str) -> Result<(), SessionError> {
        self.connection.write(&self.output, doing)?;
        self.output.clear();
        Ok(())
    }

    /// The next frame of the broker, whatever it is.
    pub(crate) fn hear(&mut self, doing: &'static str) -> Result<Frame, SessionError> {
        let mut room = [0; 16 << 10];
        loop {
            if let Some(frame) = self.hear_at_once()? {
                return Ok(frame);
            }
            let length = self.connection.read(&mut room, doing)?;
            self.decoder.feed(room.get(..length).unwrap_or_default());
        }
    }

    /// The next frame, if it has come already.
    pub(crate) fn hear_at_once(&mut self) -> Result<Option<Frame>, SessionError> {
        self.decoder.next_frame().map_err(|error| SessionError::Frame(self.connection.broker.clone(), error))
    }

    /// The error that an ERROR frame is.
    pub(crate) fn refused(&self, frame: &Frame, is_login: bool) -> SessionError {
        let body = String::from_utf8_lossy(&frame.body);
        let body = body.lines().next().unwrap_or_default().trim();
        let message = match frame.header("message").unwrap_or_default() {
            "" if body.is_empty() => "without a word".to_owned(),
            "" => body.to_owned(),
            header if body.is_empty() || body == header => header.to_owned(),
            header => format!("{header}, {body}"),
        };
        SessionError::Refused { broker: self.broker(), is_login, message: message.chars().take(200).collect() }
    }

    /// The error that a frame is which was not asked for.
    pub(crate) fn unexpected(&self, frame: &Frame, wanted: &'static str) -> SessionError {
        SessionError::Unexpected(self.broker(), frame.command.clone(), wanted)
    }

    /// Ends it in good order. Nothing depends on it any more.
    pub(crate) fn close(mut self) {
        let said = self.say(&Frame::new("DISCONNECT"));
        if said.and_then(|()| self.send("saying goodbye")).is_ok() {
            self.connection.close();
        }
    }
}
