//! What is said to a service and what it must say: for services that hang behind a kernel which still accepts
//! connections.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::cause::Cause;

/// The most that is read of an answer, in octets: who has not said it by then does not say it.
pub(crate) const LARGEST: usize = 16 << 10;
/// The most of an answer that a message shows, in characters.
const SHOWN: usize = 60;

/// What is sent and expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    /// What is sent once the connection stands: nothing if it is empty.
    pub(crate) send: Vec<u8>,
    /// What the answer must contain: any octet will do if there is none.
    pub(crate) expect: Vec<Vec<u8>>,
    /// Whether one of those is enough.
    pub(crate) any: bool,
}

impl Talk {
    /// Judges what a service `said` so far: whether it is what is expected.
    ///
    /// # Errors
    /// What it is instead, if it will never be.
    pub(crate) fn judge(&self, said: &[u8]) -> Result<bool, Cause> {
        match !said.is_empty() && self.is_met(said) {
            true => Ok(true),
            false if said.len() > LARGEST => Err(unexpected(said)),
            false => Ok(false),
        }
    }

    fn is_met(&self, said: &[u8]) -> bool {
        let has = |text: &Vec<u8>| said.windows(text.len()).any(|part| part == text);
        self.expect.is_empty()
            || if self.any { self.expect.iter().any(has) } else { self.expect.iter().all(has) }
    }

    /// Why a service whose time is over fails, after what was `said`.
    pub(crate) fn late(&self, said: &[u8]) -> Cause {
        match (said.is_empty(), self.send.is_empty()) {
            (true, true) => Cause::NoBanner,
            (true, false) => Cause::NoReply,
            (false, _) => unexpected(said),
        }
    }
}

/// Reads and forgets what a service says while its connection must stand. Returns whether it has ended it.
pub(crate) fn has_ended(socket: &OwnedFd) -> bool {
    let mut room = [0; 4096];
    loop {
        match recv(socket, room.as_mut_slice(), RecvFlags::empty()) {
            Ok((_, 0)) => return true,
            Ok(_) => {}
            Err(Errno::AGAIN | Errno::INTR) => return false,
            Err(_) => return true,
        }
    }
}

/// A service that ended the connection: before it said anything, or with something else than what is
/// expected.
pub(crate) fn ended(said: &[u8]) -> Cause {
    if said.is_empty() { Cause::ClosedAtOnce } else { unexpected(said) }
}

fn unexpected(said: &[u8]) -> Cause {
    Cause::Unexpected(shown(said))
}

/// The start of what a service said, as one line.
pub(crate) fn shown(said: &[u8]) -> String {
    // Cleaned here already, because a line end in it would begin a detail of its own.
    let text = plugin::clean(&String::from_utf8_lossy(said.get(..4 * SHOWN).unwrap_or(said)));
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() || said.len() > 4 * SHOWN { start + "..." } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_is_shown_cleaned_and_short() {
        let talk = |send: &str| Talk { send: send.into(), expect: Vec::new(), any: false };
        let shown = |said: &[u8]| talk("").late(said);
        assert_eq!(talk("PING").late(b""), Cause::NoReply);
        assert_eq!(shown(b""), Cause::NoBanner);
        assert_eq!(shown(b"550 go|away\r\n"), Cause::Unexpected("550 go/away".to_owned()));
        assert_eq!(shown(b"\x1b[2J\x00\xff\xfe<b>"), Cause::Unexpected("[2J ??[b]".to_owned()));
        assert_eq!(shown(&[b'x'; 10_000]), Cause::Unexpected(format!("{}...", "x".repeat(60))));
        assert_eq!(ended(b""), Cause::ClosedAtOnce);
        assert_eq!(ended(b"SSH"), Cause::Unexpected("SSH".to_owned()));
    }

    #[test]
    fn all_texts_must_be_there_or_any() {
        let met = |any, said: &[u8]| {
            let expect = vec![b"SSH-2.0".to_vec(), b"OpenSSH".to_vec()];
            Talk { send: Vec::new(), expect, any }.is_met(said)
        };
        assert!(met(false, b"SSH-2.0-OpenSSH_9.2"));
        assert!(!met(false, b"SSH-2.0-dropbear"));
        assert!(met(true, b"SSH-2.0-dropbear"));
        assert!(!met(true, b"220 mail"));
    }
}
