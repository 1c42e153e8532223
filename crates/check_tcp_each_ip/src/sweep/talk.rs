//! What is said to a service and what it must say: for services that hang behind a kernel which still accepts
//! connections.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::cause::{Answer, Cause};

/// The most that is read of an answer, in octets: who has not said it by then does not say it.
pub(crate) const LARGEST: usize = 16 << 10;
/// The most of an answer that a message shows, in characters.
const SHOWN: usize = 60;
/// The most of an expected text that a message shows, in characters, and how many texts it names.
const SHOWN_MISSING: usize = 24;
const NAMED_MISSING: usize = 2;

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
            false if said.len() > LARGEST => Err(self.unexpected(said)),
            false => Ok(false),
        }
    }

    fn is_met(&self, said: &[u8]) -> bool {
        let missing = self.missing(said).count();
        missing == 0 || (self.any && missing < self.expect.len())
    }

    /// Returns the expected texts that are not in what a service `said`.
    fn missing(&self, said: &[u8]) -> impl Iterator<Item = &[u8]> {
        let has = move |text: &&[u8]| said.windows(text.len()).any(|part| part == *text);
        self.expect.iter().map(Vec::as_slice).filter(move |text| !has(text))
    }

    /// Why a service whose time is over fails, after what was `said`.
    pub(crate) fn late(&self, said: &[u8]) -> Cause {
        match (said.is_empty(), self.send.is_empty()) {
            (true, true) => Cause::NoBanner,
            (true, false) => Cause::NoReply,
            (false, _) => self.unexpected(said),
        }
    }

    /// Why a service fails that ended the connection after what it `said`: before it said anything, or with
    /// something else than what is expected.
    pub(crate) fn ended(&self, said: &[u8]) -> Cause {
        if said.is_empty() { ended(said) } else { self.unexpected(said) }
    }

    fn unexpected(&self, said: &[u8]) -> Cause {
        let mut missing: Vec<String> = self.missing(said).map(named).collect();
        let more = missing.len().saturating_sub(NAMED_MISSING);
        missing.truncate(NAMED_MISSING);
        let more = match more {
            0 => None,
            1 => Some("1 more text".to_owned()),
            more => Some(format!("{more} more texts")),
        };
        let missing = missing.into_iter().chain(more).collect::<Vec<_>>().join(" and ");
        Cause::Unexpected(Box::new(Answer { missing, said: shown(said) }))
    }
}

/// How often one connection is read before others have their turn: the next event brings the rest.
pub(crate) const READS: usize = 16;

/// Reads and forgets what a service says while its connection must stand. Returns whether it has ended it.
pub(crate) fn has_ended(socket: &OwnedFd) -> bool {
    let mut room = [0; 4096];
    for _turn in 0..READS {
        match recv(socket, room.as_mut_slice(), RecvFlags::empty()) {
            Ok((_, 0)) => return true,
            Ok(_) => {}
            Err(Errno::AGAIN | Errno::INTR) => return false,
            Err(_) => return true,
        }
    }
    false
}

/// Why a service fails that ended the connection before it was asked for what is expected.
pub(crate) fn ended(said: &[u8]) -> Cause {
    if said.is_empty() {
        return Cause::ClosedSilently;
    }
    Cause::Unexpected(Box::new(Answer { missing: String::new(), said: shown(said) }))
}

/// The start of what a service said, as one line.
pub(crate) fn shown(said: &[u8]) -> String {
    start(said, SHOWN)
}

/// An expected text as a message names it: in hexadecimal where nothing of it can be seen.
fn named(text: &[u8]) -> String {
    let shown = start(text, SHOWN_MISSING);
    if shown.chars().any(char::is_alphanumeric) {
        return shown;
    }
    let octets: Vec<String> =
        text.iter().take(SHOWN_MISSING / 3).map(|octet| format!("{octet:02x}")).collect();
    let rest = if octets.len() < text.len() { " ..." } else { "" };
    format!("octets {}{rest}", octets.join(" "))
}

/// The first `length` characters of a text from outside, as one line.
fn start(text: &[u8], length: usize) -> String {
    // Cleaned here already, because a line end in it would begin a detail of its own.
    let cleaned = plugin::clean(&String::from_utf8_lossy(text.get(..4 * length).unwrap_or(text)));
    let mut chars = cleaned.chars();
    let start: String = chars.by_ref().take(length).collect();
    if chars.next().is_some() || text.len() > 4 * length { start + "..." } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_is_shown_cleaned_and_short() {
        let talk = |send: &str| Talk { send: send.into(), expect: Vec::new(), any: false };
        let shown = |said: &[u8]| talk("").late(said);
        let unexpected = |said: &str| Cause::unexpected("", said);
        assert_eq!(talk("PING").late(b""), Cause::NoReply);
        assert_eq!(shown(b""), Cause::NoBanner);
        assert_eq!(shown(b"550 go|away\r\n"), unexpected("550 go/away"));
        assert_eq!(shown(b"\x1b[2J\x00\xff\xfe<b>"), unexpected("[2J ??[b]"));
        assert_eq!(shown(&[b'x'; 10_000]), unexpected(&format!("{}...", "x".repeat(60))));
        assert_eq!(talk("").ended(b""), Cause::ClosedSilently);
        assert_eq!(talk("").ended(b"SSH"), unexpected("SSH"));
        assert_eq!(ended(b"SSH"), unexpected("SSH"));
    }

    /// What is expected, with or without `--any`; and what is named as missing in "SSH-2.0-OpenSSH".
    #[test]
    fn what_is_missing_is_named() {
        let long = "x".repeat(200);
        let rows: [(&[&str], bool, &str); 9] = [
            (&["dropbear"], false, "dropbear"),
            (&["SSH-2.0", "dropbear"], false, "dropbear"),
            (&["SSH-1.5", "dropbear"], true, "SSH-1.5 and dropbear"),
            (&["a", "b", "OpenSSH", "c"], false, "a and b and 1 more text"),
            (&["a", "b", "c", "d"], true, "a and b and 2 more texts"),
            (&["220 a|b;\r\n"], false, "220 a/b;"),
            (&["\r\n\r\n"], false, "octets 0d 0a 0d 0a"),
            (&["\0\0\0\0\0\0\0\0\0"], false, "octets 00 00 00 00 00 00 00 00 ..."),
            (&[&long], false, &format!("{}...", "x".repeat(24))),
        ];
        for (expect, any, missing) in rows {
            let expect = expect.iter().map(|text| text.as_bytes().to_vec()).collect();
            let talk = Talk { send: Vec::new(), expect, any };
            let said = b"SSH-2.0-OpenSSH";
            assert_eq!(talk.late(said), Cause::unexpected(missing, "SSH-2.0-OpenSSH"), "{talk:?}");
            assert_eq!(talk.ended(said), talk.late(said));
        }
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
