//! What is said before TLS in protocols that begin without it: SMTP (RFC 3207) and IMAP (RFC 9051, section
//! 6.2.1).

/// A protocol in which TLS is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StartTls {
    /// SMTP, also on port 587
    Smtp,
    /// IMAP
    Imap,
}

/// What follows the server's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// More of them.
    More,
    /// This is to be said.
    Say(&'static str),
    /// TLS begins.
    Ready,
    /// The server does not offer it.
    NotOffered,
    /// The server refuses TLS, in its own words.
    Refused,
    /// The server refuses all clients now, in its own words.
    TurnedAway,
    /// The server speaks another protocol.
    Unknown,
}

impl StartTls {
    /// Returns the name of our word of this number.
    pub(crate) fn word(self, number: u8) -> &'static str {
        match (self, number) {
            (_, 0) => "",
            (Self::Smtp, 1) => "EHLO",
            _ => "STARTTLS",
        }
    }

    /// Returns what follows what the server has `said` since our word of this number was sent: before it
    /// comes the server's greeting.
    pub(crate) fn next(self, word: u8, said: &[u8]) -> Next {
        let text = String::from_utf8_lossy(said);
        match self {
            Self::Smtp => smtp(word, &text),
            Self::Imap => imap(word, &text),
        }
    }
}

fn smtp(word: u8, said: &str) -> Next {
    let Some(code) = reply(said) else { return Next::More };
    let offers = || {
        said.lines()
            .any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("starttls")))
    };
    match (word, code) {
        (0, "220") => Next::Say("EHLO monitor.invalid\r\n"),
        (1, "250") if offers() => Next::Say("STARTTLS\r\n"),
        (1, "250") => Next::NotOffered,
        (2, "220") => Next::Ready,
        (_, code) if !is_code(code) => Next::Unknown,
        // A server that does not know the command, and one that knows it (RFC 5321, section 4.2.4).
        (1, "500" | "502" | "504") => Next::Refused,
        (2, code) if code != "421" => Next::Refused,
        _ => Next::TurnedAway,
    }
}

/// The code of a reply of which the last line is there: the one without a hyphen (RFC 5321, section 4.2.1).
fn reply(said: &str) -> Option<&str> {
    let mut complete = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let goes_on = |line: &&str| line.split_once('-').is_some_and(|(code, _)| is_code(code));
    let last = complete.find(|line| !goes_on(line))?;
    Some(last.get(..3).unwrap_or_default())
}

fn is_code(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|octet| octet.is_ascii_digit())
}

fn imap(word: u8, said: &str) -> Next {
    // Its words are the same in any case (RFC 9051, section 9).
    let said = said.to_ascii_lowercase();
    let mut complete = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    match word {
        0 => match complete.next() {
            None => Next::More,
            Some(greeting) if greeting.starts_with("* ok") => Next::Say("a STARTTLS\r\n"),
            Some(greeting) if greeting.starts_with("* bye") => Next::TurnedAway,
            Some(greeting) if greeting.starts_with("* ") => Next::Refused,
            Some(_) => Next::Unknown,
        },
        _ => match complete.find(|line| line.starts_with("a ") || line.starts_with("* bye")) {
            None => Next::More,
            Some(answer) if answer.starts_with("* bye") => Next::TurnedAway,
            Some(answer) if answer.starts_with("a ok") => Next::Ready,
            Some(_) => Next::Refused,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_asked_in_their_own_words() {
        let (ehlo, starttls) = (Next::Say("EHLO monitor.invalid\r\n"), Next::Say("STARTTLS\r\n"));
        let rows = [
            (StartTls::Smtp, 0, "", Next::More),
            (StartTls::Smtp, 0, "220 mail.example.com ESMTP", Next::More),
            (StartTls::Smtp, 0, "220 mail.example.com ESMTP\r\n", ehlo),
            (StartTls::Smtp, 0, "220-wait\r\n220-a little\r\n", Next::More),
            (StartTls::Smtp, 0, "220-wait\r\n220 mail\r\n", ehlo),
            (StartTls::Smtp, 0, "554 no\r\n", Next::TurnedAway),
            (StartTls::Smtp, 0, "421 busy\r\n", Next::TurnedAway),
            (StartTls::Smtp, 0, "SSH-2.0-OpenSSH_9.2\r\n", Next::Unknown),
            (StartTls::Smtp, 1, "250-mail\r\n250-STARTTLS\r\n", Next::More),
            (StartTls::Smtp, 1, "250-mail\r\n250-starttls\r\n250 HELP\r\n", starttls),
            (StartTls::Smtp, 1, "250-mail\r\n250 HELP\r\n", Next::NotOffered),
            (StartTls::Smtp, 1, "502 what\r\n", Next::Refused),
            (StartTls::Smtp, 1, "421 busy\r\n", Next::TurnedAway),
            (StartTls::Smtp, 1, "554 not you\r\n", Next::TurnedAway),
            (StartTls::Smtp, 2, "421 busy\r\n", Next::TurnedAway),
            (StartTls::Smtp, 2, "220 go on\r\n", Next::Ready),
            (StartTls::Smtp, 2, "454 not now\r\n", Next::Refused),
            (StartTls::Imap, 0, "* OK [CAPABILITY IMAP4rev1] ready\r\n", Next::Say("a STARTTLS\r\n")),
            (StartTls::Imap, 0, "* BYE\r\n", Next::TurnedAway),
            (StartTls::Imap, 0, "* PREAUTH welcome\r\n", Next::Refused),
            (StartTls::Imap, 0, "SSH-2.0-OpenSSH_9.2\r\n", Next::Unknown),
            (StartTls::Imap, 1, "* BYE overloaded\r\n", Next::TurnedAway),
            (StartTls::Imap, 1, "* CAPABILITY x\r\n", Next::More),
            (StartTls::Imap, 1, "* CAPABILITY x\r\na OK begin\r\n", Next::Ready),
            (StartTls::Imap, 1, "a NO\r\n", Next::Refused),
            (StartTls::Imap, 1, "a BAD", Next::More),
            (StartTls::Imap, 0, "* ok ready\r\n", Next::Say("a STARTTLS\r\n")),
            (StartTls::Imap, 0, "* bye\r\n", Next::TurnedAway),
            (StartTls::Imap, 1, "A Ok go\r\n", Next::Ready),
            (StartTls::Imap, 1, "* Bye\r\n", Next::TurnedAway),
        ];
        for (protocol, word, said, next) in rows {
            assert_eq!(protocol.next(word, said.as_bytes()), next, "{protocol:?} {word} {said:?}");
        }
    }
}
