//! The user-based security model of version 3 (RFC 3414): who asks, and the signed and encrypted messages, by
//! `snmp2`.

use snmp2::v3::{Auth, AuthErrorKind, AuthProtocol, KeyExtension, Security};
use snmp2::{Error, Oid, Pdu};

use super::envelope::{Engine, Envelope, Report};
use super::message;
use super::variables::{Variable, VariableError, variables};

/// The security level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Neither signed nor encrypted.
    NoAuthNoPriv,
    /// Signed.
    AuthNoPriv,
    /// Signed and encrypted.
    AuthPriv,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoAuthNoPriv => "noAuthNoPriv",
            Self::AuthNoPriv => "authNoPriv",
            Self::AuthPriv => "authPriv",
        })
    }
}

/// The user that asks, with his secrets.
#[derive(Clone)]
pub struct User {
    /// His name.
    pub name: Vec<u8>,
    /// How he asks.
    pub level: Level,
    /// The context that he asks in.
    pub context: String,
    /// The authentication password, at least 8 octets where the level needs it.
    pub password: Vec<u8>,
    /// How messages are signed.
    pub protocol: AuthProtocol,
    /// The level, with cipher and privacy password.
    pub auth: Auth,
    /// How a key that is too short for the cipher is lengthened.
    pub extension: KeyExtension,
}

/// Without the secrets.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {})", String::from_utf8_lossy(&self.name), self.level)
    }
}

/// What an answer of version 3 comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The values.
    Values(Result<Vec<Variable>, VariableError>),
    /// The agent's boots and time are now known better: ask again.
    Again,
    /// The agent reports an error.
    Report(Report),
    /// The engine has never been started, which `snmp2` refuses.
    NeverBooted,
    /// Not authentic, or not an answer: to be passed over.
    Forged,
}

/// A user at an agent whose engine is known.
#[derive(Clone, Debug)]
pub struct Usm {
    user: User,
    engine: Engine,
    security: Security,
}

impl Usm {
    /// The user's keys for this engine: this takes some milliseconds, on purpose (RFC 3414, section 2.6).
    ///
    /// # Errors
    /// A protocol and a cipher that do not go together.
    pub fn new(user: &User, engine: &Engine) -> Result<Self, Error> {
        let security = Security::new(&user.name, &user.password)
            .with_auth(user.auth.clone())
            .with_auth_protocol(user.protocol)
            .with_key_extension_method(user.extension)
            .with_context_name(&user.context)
            .with_engine_id(&engine.id)?
            .with_engine_boots_and_time(engine.boots, engine.time);
        Ok(Self { user: user.clone(), engine: engine.clone(), security })
    }

    /// A question, signed and encrypted as the level wants it.
    ///
    /// # Errors
    /// `snmp2` cannot encrypt it.
    pub fn question(&self, id: i32, oids: &[Oid<'_>]) -> Result<Vec<u8>, Error> {
        let engine =
            message::Engine { id: &self.engine.id, boots: self.engine.boots, time: self.engine.time };
        let plain = message::get_v3(id, &engine, &self.user.name, self.user.context.as_bytes(), oids);
        if self.user.level == Level::NoAuthNoPriv {
            return Ok(plain);
        }
        // `snmp2` can secure what it has read, so it reads our plain question first.
        let mut nobody = Security::new(&self.user.name, &[])
            .with_auth(Auth::NoAuthNoPriv)
            .with_engine_id(&self.engine.id)?
            .with_engine_boots_and_time(self.engine.boots, self.engine.time);
        Pdu::from_bytes_with_security(&plain, Some(&mut nobody))?.to_bytes_with_security(Some(&self.security))
    }

    /// Tests and opens an answer. What is not authentic changes nothing.
    pub fn open(&mut self, octets: &[u8], envelope: &Envelope, oids: &[Oid<'_>]) -> Opened {
        match envelope.report {
            // Whoever cannot know our keys, the agent among them, cannot sign this.
            Some(report) if !envelope.signed => return Opened::Report(report),
            _ if self.user.level > Level::NoAuthNoPriv && !envelope.signed => return Opened::Forged,
            _ => {}
        }
        // `snmp2` writes into what it reads.
        let (mut trial, copy) = (self.security.clone(), octets.to_vec());
        let opened = match Pdu::from_bytes_with_security(&copy, Some(&mut trial)) {
            Ok(answer) if answer.req_id != envelope.id || answer.v3_msg_id != envelope.id => Opened::Forged,
            Ok(_) if envelope.report.is_some() => Opened::Again,
            Ok(answer) => Opened::Values(variables(&answer, oids)),
            Err(error) => after(&error),
        };
        match (&opened, envelope.report) {
            (Opened::Again, Some(Report::NotInTimeWindow) | None) => self.synchronise(&envelope.engine),
            (Opened::Again, Some(report)) => return Opened::Report(report),
            _ => {}
        }
        opened
    }

    /// Takes over the agent's boots and time from an authentic message.
    fn synchronise(&mut self, engine: &Engine) {
        self.engine = Engine { id: self.engine.id.clone(), ..*engine };
        self.security = self.security.clone().with_engine_boots_and_time(engine.boots, engine.time);
    }
}

/// What an error of `snmp2` means. It tests the signature before what leads to `Again`.
fn after(error: &Error) -> Opened {
    use AuthErrorKind::{EngineBootsMismatch, EngineBootsNotProvided, EngineTimeMismatch, ReplyNotEncrypted};
    match error {
        Error::AuthUpdated => Opened::Again,
        Error::AuthFailure(EngineBootsMismatch | EngineTimeMismatch | ReplyNotEncrypted) => Opened::Again,
        Error::AuthFailure(EngineBootsNotProvided) => Opened::NeverBooted,
        _ => Opened::Forged,
    }
}
