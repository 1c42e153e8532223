//! Why an agent gave no answer, in words: the first line's, and one line for each of several addresses.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use net::{Silence, shown};

use super::version::Version;
use crate::way::monitor::{self, Cause};

/// Nothing came that belongs to a question.
#[derive(Debug)]
pub struct NoAnswer {
    version: Version,
    /// What is known of each address that was asked.
    unheard: Vec<Unheard>,
    /// What may be the cause of silence.
    guess: &'static str,
    /// Why answers do not fit.
    misfits: String,
}

/// An address that gave no answer.
#[derive(Debug)]
struct Unheard {
    peer: SocketAddr,
    /// How many questions were sent there.
    tries: usize,
    /// What explains the silence: `None` if nothing does.
    cause: Option<Cause>,
    /// How many answers do not fit.
    passed_over: u32,
}

impl NoAnswer {
    /// Explains the silence of these addresses towards `sources`, where that is this machine's fault too.
    /// `guess` is what else may be the cause, and `misfits` is why answers do not fit.
    pub(super) fn new(
        version: Version,
        (silences, sources): (Vec<Silence>, &[IpAddr]),
        guess: &'static str,
        misfits: &BTreeSet<&'static str>,
    ) -> Self {
        let peers: Vec<_> = silences.iter().map(|silence| silence.peer).collect();
        let explained = monitor::of_silence(&peers, sources);
        let unheard = silences.into_iter().zip(explained).map(|(silence, explained)| {
            let Silence { peer, tries, failure, passed_over } = silence;
            let cause = failure.as_ref().map(|failure| monitor::of_error(failure, sources));
            Unheard { peer, tries, cause: cause.or(explained.filter(|_| passed_over == 0)), passed_over }
        });
        let misfits = misfits.iter().copied().collect::<Vec<_>>().join(", ");
        Self { version, unheard: unheard.collect(), guess, misfits }
    }

    /// Returns whether this machine could ask none of the addresses.
    pub(crate) fn is_here(&self) -> bool {
        self.unheard.iter().all(|unheard| unheard.cause.as_ref().is_some_and(|cause| cause.is_here))
    }

    /// Returns a line for each address where there are several.
    pub fn details(&self) -> impl Iterator<Item = String> {
        let several = if self.unheard.len() > 1 { self.unheard.as_slice() } else { &[] };
        several.iter().map(|unheard| format!("{}: {}", shown(unheard.peer), self.why(unheard, "no answer")))
    }

    fn why(&self, unheard: &Unheard, guess: &str) -> String {
        let cause = unheard.cause.as_ref().map(|cause| cause.words.as_str());
        let misfits = match unheard.passed_over {
            0 => return cause.unwrap_or(guess).to_owned(),
            1 => format!("1 answer that does not fit ({})", self.misfits),
            count => format!("{count} answers that do not fit ({})", self.misfits),
        };
        cause.map(|cause| format!("{cause}, ")).unwrap_or_default() + &misfits
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.unheard.split_first() else { return f.write_str("no SNMP answer") };
        write!(f, "no SNMP answer from {}", shown(first.peer))?;
        match rest {
            [] => {}
            [second] => write!(f, " and {}", shown(second.peer))?,
            more => write!(f, " and {} more addresses", more.len())?,
        }
        let tries = self.unheard.iter().map(|unheard| unheard.tries).max().unwrap_or_default();
        let s = if tries == 1 { "try" } else { "tries" };
        write!(f, " ({}, {tries} {s}): ", self.version)?;
        let causes: Vec<String> = self.unheard.iter().map(|unheard| self.why(unheard, self.guess)).collect();
        match causes.split_first() {
            Some((first, rest)) if rest.iter().all(|cause| cause == first) => f.write_str(first),
            // Silence hides more than a refusal, which has its line below.
            _ => f.write_str(self.guess),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(addresses: &[(&str, bool)]) -> (String, Vec<String>) {
        let unheard = |(address, refuses): &(&str, bool)| Unheard {
            peer: address.parse().unwrap(),
            tries: if *refuses { 1 } else { 3 },
            cause: refuses.then(|| Cause { words: "connection refused".to_owned(), is_here: false }),
            passed_over: 0,
        };
        let guess = "wrong community, blocked or down";
        let unheard = addresses.iter().map(unheard).collect();
        let none = NoAnswer { version: Version::V2c, unheard, guess, misfits: String::new() };
        (none.to_string(), none.details().collect())
    }

    #[test]
    fn each_of_several_addresses_has_its_line() {
        let (v4, v6) = ("192.0.2.7:161", "[2001:db8::7]:161");
        let (text, details) = told(&[(v4, false)]);
        assert_eq!(
            text,
            "no SNMP answer from 192.0.2.7:161 (v2c, 3 tries): wrong community, blocked or down"
        );
        assert!(details.is_empty());
        assert_eq!(
            told(&[(v4, true)]).0,
            "no SNMP answer from 192.0.2.7:161 (v2c, 1 try): connection refused"
        );
        let (text, details) = told(&[(v6, true), (v4, false)]);
        let line = "no SNMP answer from [2001:db8::7]:161 and 192.0.2.7:161 (v2c, 3 tries): \
                    wrong community, blocked or down";
        assert_eq!(text, line);
        assert_eq!(details, ["[2001:db8::7]:161: connection refused", "192.0.2.7:161: no answer"]);
        let (text, _) = told(&[(v6, true), (v4, true), ("192.0.2.8:161", true)]);
        assert_eq!(
            text,
            "no SNMP answer from [2001:db8::7]:161 and 2 more addresses (v2c, 1 try): connection refused"
        );
    }
}
