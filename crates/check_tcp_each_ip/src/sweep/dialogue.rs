//! What is said on a connection that stands: STARTTLS, TLS, and what is sent and expected, one after the
//! other. Nothing here waits.

use std::os::fd::OwnedFd;
use std::time::Duration;

use net::tls::{Client, End, Fault, Session};
use plugin::Range;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::cause::{Cause, Local};
use crate::sweep::starttls::{Next, StartTls};
use crate::sweep::talk::{self, Talk};

/// What is said, in this order.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// How TLS is asked for, where the protocol begins without it.
    pub(crate) starttls: Option<StartTls>,
    /// TLS.
    pub(crate) tls: Option<Tls>,
    /// What is sent and expected.
    pub(crate) talk: Option<Talk>,
}

/// How TLS is made, and how long certificates must be valid.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    /// What verifies the certificates.
    pub(crate) client: Client,
    /// For how many more days they must be valid.
    pub(crate) days: Option<Range>,
    /// Now, after 1970.
    pub(crate) now: Duration,
}

impl Tls {
    /// Returns for how many days after now a certificate is valid that expires so many seconds after 1970.
    pub(crate) fn days_until(&self, not_after: u64) -> f64 {
        (not_after as f64 - self.now.as_secs_f64()) / 86_400.0
    }

    /// Checks that the certificates are valid for long enough of which the first ends so.
    ///
    /// # Errors
    /// They are not, or not for as long as they should.
    fn check_days(&self, end: End) -> Result<(), Cause> {
        let days = self.days_until(end.at);
        let Some(range) = self.days.as_ref().filter(|range| range.alerts(days)) else { return Ok(()) };
        if days < 0.0 {
            return Err(Cause::Tls(Fault::Expired(end)));
        }
        Err(Cause::Expires(end, beyond(days, range).into()))
    }
}

/// What comes before our first word where TLS is made.
const HANDSHAKE: &str = "the TLS handshake";

/// The dialogue on one connection.
#[derive(Debug)]
pub(crate) struct Dialogue {
    step: Step,
    session: Option<Session>,
    /// What the service said since our last word, in plain text.
    said: Vec<u8>,
    /// When the first certificate ends that the service shows, in seconds after 1970.
    pub(crate) not_after: Option<u64>,
    /// Whether the service refused us since we have no certificate, after it showed its own.
    pub(crate) wants_certificate: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// TLS is asked for; so many words of it were sent.
    StartTls(u8),
    /// The handshake of TLS.
    Secure,
    /// The answer.
    Answer,
}

/// What reading has come to.
pub(crate) enum Heard {
    /// The service says what it must.
    Enough,
    /// More may come.
    Waiting,
    /// It has failed.
    Failed(Cause),
}

impl Dialogue {
    /// Says the first word to a service that is called `name`.
    pub(crate) fn begin(script: &Script, socket: &OwnedFd, name: &str) -> Result<Self, Cause> {
        let mut dialogue = Self {
            step: Step::Answer,
            session: None,
            said: Vec::new(),
            not_after: None,
            wants_certificate: false,
        };
        match (script.starttls, &script.tls, &script.talk) {
            (Some(_), ..) => dialogue.step = Step::StartTls(0),
            (None, Some(tls), _) => dialogue.secure(tls, socket, name)?,
            (None, None, Some(talk)) => dialogue.say(socket, &talk.send)?,
            (None, None, None) => {}
        }
        Ok(dialogue)
    }

    /// Reads on, and says what follows.
    pub(crate) fn go_on(&mut self, script: &Script, socket: &OwnedFd, name: &str) -> Heard {
        let mut room = [0; 4096];
        for _turn in 0..talk::READS {
            let octets = match recv(socket, room.as_mut_slice(), RecvFlags::empty()) {
                Err(Errno::AGAIN | Errno::INTR) => return Heard::Waiting,
                Ok((_, 0)) | Err(_) => return Heard::Failed(self.ended(script)),
                Ok((_, length)) => room.get(..length).unwrap_or_default(),
            };
            match self.take(octets, script, socket, name) {
                Ok(true) => return Heard::Enough,
                Ok(false) => {}
                Err(cause) => return Heard::Failed(cause),
            }
        }
        Heard::Waiting
    }

    /// Reads what comes on a connection that must stay. Whether it ended: with enough said, if the service
    /// refuses us since we have no certificate.
    pub(crate) fn stay(&mut self, script: &Script, socket: &OwnedFd) -> Heard {
        let mut room = [0; 4096];
        for _turn in 0..talk::READS {
            let octets = match recv(socket, room.as_mut_slice(), RecvFlags::empty()) {
                Err(Errno::AGAIN | Errno::INTR) => return Heard::Waiting,
                Ok((_, 0)) | Err(_) => return Heard::Failed(Cause::ClosedEarly),
                Ok((_, length)) => room.get(..length).unwrap_or_default(),
            };
            let decrypted = self.decrypt(octets, socket);
            self.said.clear();
            let refused = decrypted.err().and_then(|cause| self.refused_without_certificate(&cause, script));
            match refused {
                Some(Ok(_)) => return Heard::Enough,
                Some(Err(cause)) => return Heard::Failed(cause),
                None => {}
            }
        }
        Heard::Waiting
    }

    /// Takes octets of the service. Returns whether it has said what it must.
    fn take(&mut self, octets: &[u8], script: &Script, socket: &OwnedFd, name: &str) -> Result<bool, Cause> {
        if let Err(cause) = self.decrypt(octets, socket) {
            let refused = self.refused_without_certificate(&cause, script);
            return refused.unwrap_or_else(|| Err(self.of_handshake(cause, script)));
        }
        match (self.step, &script.starttls, &script.tls) {
            (Step::StartTls(word), Some(starttls), Some(tls)) => {
                self.ask_for_tls(word, *starttls, tls, (socket, name))?;
                Ok(false)
            }
            (Step::Secure, _, Some(tls)) => match &self.session {
                Some(session) if !session.is_handshaking() => {
                    self.check_certificate(tls)?;
                    let Some(talk) = &script.talk else { return Ok(true) };
                    self.step = Step::Answer;
                    self.say(socket, &talk.send)?;
                    talk.judge(&self.said)
                }
                _ => Ok(false),
            },
            _ => script.talk.as_ref().map_or(Ok(true), |talk| talk.judge(&self.said)),
        }
    }

    /// Where the service wants a client certificate and refuses us without one, and nothing is to be said to
    /// it after the handshake: whether its own certificate, which is verified by then, is valid for long
    /// enough. In TLS 1.3 it refuses after the handshake.
    fn refused_without_certificate(&mut self, cause: &Cause, script: &Script) -> Option<Result<bool, Cause>> {
        let wants = *cause == Cause::Tls(Fault::WantsCertificate);
        let tls = script.tls.as_ref().filter(|_| wants && script.talk.is_none())?;
        self.wants_certificate = true;
        Some(self.check_certificate(tls).map(|()| true))
    }

    /// Adds octets of the service to what it said, and sends what TLS has to say to them.
    fn decrypt(&mut self, octets: &[u8], socket: &OwnedFd) -> Result<(), Cause> {
        let Some(session) = &mut self.session else {
            self.said.extend(octets);
            return Ok(());
        };
        let plain = session.take(octets);
        // Also an alert, which tells the service why its log has a line.
        let sent = self.flush(socket);
        self.said.extend(plain.map_err(Cause::Tls)?);
        sent
    }

    fn ask_for_tls(
        &mut self,
        word: u8,
        starttls: StartTls,
        tls: &Tls,
        (socket, name): (&OwnedFd, &str),
    ) -> Result<(), Cause> {
        match starttls.next(word, &self.said) {
            Next::More if self.said.len() > talk::LARGEST => Err(talk::ended(&self.said)),
            Next::More => Ok(()),
            Next::NotOffered => Err(Cause::NoStartTls(String::new())),
            Next::Refused => Err(Cause::NoStartTls(talk::shown(&self.said))),
            Next::TurnedAway => Err(Cause::TurnedAway(talk::shown(&self.said))),
            Next::Unknown => Err(talk::ended(&self.said)),
            Next::Ready => self.secure(tls, socket, name),
            Next::Say(text) => {
                self.said.clear();
                self.step = Step::StartTls(word + 1);
                let closed = |cause| match cause {
                    Cause::ClosedSilently => Cause::ClosedBefore(starttls.word(word + 1)),
                    cause => cause,
                };
                self.say(socket, text.as_bytes()).map_err(closed)
            }
        }
    }

    fn secure(&mut self, tls: &Tls, socket: &OwnedFd, name: &str) -> Result<(), Cause> {
        // What came in plain text counts for nothing from here on.
        self.said.clear();
        self.session = Some(tls.client.session(name).map_err(Cause::Tls)?);
        self.step = Step::Secure;
        self.flush(socket)
    }

    fn check_certificate(&mut self, tls: &Tls) -> Result<(), Cause> {
        let end = self.session.as_ref().and_then(Session::first_end);
        self.not_after = end.as_ref().map(|end| end.at);
        match end {
            Some(end) => tls.check_days(end),
            None if tls.days.is_some() => Err(Cause::Tls(Fault::Broken)),
            None => Ok(()),
        }
    }

    /// Why a handshake fails. What cannot be verified here is not the service's fault, unless its certificate
    /// expires too soon.
    fn of_handshake(&mut self, cause: Cause, script: &Script) -> Cause {
        let Cause::Tls(Fault::Unverifiable(what, end)) = cause else { return cause };
        self.not_after = end.as_ref().map(|end| end.at);
        let days = script.tls.as_ref().zip(end).map(|(tls, end)| tls.check_days(end));
        days.and_then(Result::err).unwrap_or(Cause::Local(Local::Unverifiable(what)))
    }

    /// Sends octets, encrypted if TLS has begun.
    fn say(&mut self, socket: &OwnedFd, octets: &[u8]) -> Result<(), Cause> {
        match &mut self.session {
            None => write(socket, octets),
            Some(session) => {
                session.say(octets);
                self.flush(socket)
            }
        }
    }

    fn flush(&mut self, socket: &OwnedFd) -> Result<(), Cause> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let closed = |cause, is_handshaking| match cause {
            Cause::ClosedSilently if is_handshaking => Cause::TlsClosed,
            Cause::ClosedSilently => Cause::ClosedAfter(HANDSHAKE, String::new()),
            cause => cause,
        };
        write(socket, &session.outgoing()).map_err(|cause| closed(cause, session.is_handshaking()))
    }

    /// Says goodbye, as far as the other end still takes it.
    pub(crate) fn end(&mut self, socket: &OwnedFd, quit: &[u8]) {
        let _ = self.say(socket, quit);
        if let Some(session) = &mut self.session {
            session.close();
        }
        let _ = self.flush(socket);
    }

    /// Why a service fails that ended the connection.
    fn ended(&self, script: &Script) -> Cause {
        let after = |word| Cause::ClosedAfter(word, talk::shown(&self.said));
        match (self.step, &script.talk, script.starttls) {
            (Step::Secure, ..) => Cause::TlsClosed,
            (Step::StartTls(word), _, Some(starttls)) if word > 0 => after(starttls.word(word)),
            (Step::Answer, Some(talk), _) if !self.said.is_empty() => talk.ended(&self.said),
            (Step::Answer, Some(talk), _) if !talk.send.is_empty() => after("--send"),
            (Step::Answer, ..) if self.session.is_some() => after(HANDSHAKE),
            _ => talk::ended(&self.said),
        }
    }

    /// Why a service fails whose time is over.
    pub(crate) fn late(&self, script: &Script) -> Cause {
        match (self.step, &script.talk) {
            (Step::Secure, _) => Cause::TlsSilent,
            (Step::StartTls(0), _) if self.said.is_empty() => Cause::NoGreeting,
            (Step::StartTls(word), _) if self.said.is_empty() => {
                Cause::NoReplyTo(script.starttls.map_or("", |starttls| starttls.word(word)))
            }
            (Step::Answer, Some(talk)) => talk.late(&self.said),
            (_, None) if self.said.is_empty() => Cause::NoBanner,
            (Step::StartTls(_), _) => Cause::Incomplete(talk::shown(&self.said)),
            (_, None) => talk::ended(&self.said),
        }
    }
}

/// Words days that are outside of a range, as precisely as shows that.
fn beyond(days: f64, range: &Range) -> String {
    let whole = days.floor();
    let shown = if range.alerts(whole) { format!("{whole}") } else { format!("{days:.6}") };
    let noun = if shown == "1" { "day" } else { "days" };
    format!("{shown} {noun}, limit {range}")
}

/// Says goodbye on a connection on which nothing was said.
pub(crate) fn end(socket: &OwnedFd, quit: &[u8]) {
    let _ = write(socket, quit);
}

/// Writes octets to a connection whose buffer has room for them: they are few.
fn write(socket: &OwnedFd, octets: &[u8]) -> Result<(), Cause> {
    if octets.is_empty() {
        return Ok(());
    }
    match send(socket, octets, SendFlags::NOSIGNAL) {
        Ok(length) if length == octets.len() => Ok(()),
        Ok(_) => Err(Cause::NoReply),
        Err(_) => Err(Cause::ClosedSilently),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_limit() {
        let rows = [
            (5.9, "14:", "5 days, limit 14:"),
            (13.999, "14:", "13 days, limit 14:"),
            (1.2, "14:", "1 day, limit 14:"),
            (0.3, "0.5:", "0 days, limit 0.5:"),
            (398.25, "14:397", "398 days, limit 14:397"),
            (397.25, "14:397", "397.250000 days, limit 14:397"),
        ];
        for (days, range, words) in rows {
            assert_eq!(beyond(days, &range.parse().unwrap()), words);
        }
    }
}
