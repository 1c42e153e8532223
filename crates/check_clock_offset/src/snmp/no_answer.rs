//! Why an agent gave no answer, in words: the first line's, and one line for each of several addresses.

use std::fmt;

use net::Silence;

use super::version::Version;

/// Nothing came that belongs to a question.
#[derive(Debug)]
pub struct NoAnswer {
    /// The version in which it was asked.
    pub version: Version,
    /// What is known of each address that was asked.
    pub silences: Vec<Silence>,
    /// What may be behind silence.
    pub guess: &'static str,
}

impl NoAnswer {
    /// Returns a line for each address where there are several.
    pub fn details(&self) -> impl Iterator<Item = String> {
        let several = if self.silences.len() > 1 { self.silences.as_slice() } else { &[] };
        several.iter().map(|silence| format!("{}: {}", silence.peer, why(silence, "no answer")))
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.silences.split_first() else { return f.write_str("no SNMP answer") };
        write!(f, "no SNMP answer from {}", first.peer)?;
        match rest {
            [] => {}
            [second] => write!(f, " and {}", second.peer)?,
            more => write!(f, " and {} more addresses", more.len())?,
        }
        let tries = self.silences.iter().map(|silence| silence.tries).max().unwrap_or_default();
        let s = if tries == 1 { "try" } else { "tries" };
        write!(f, " ({}, {tries} {s}): ", self.version)?;
        let causes: Vec<String> = self.silences.iter().map(|silence| why(silence, self.guess)).collect();
        match causes.split_first() {
            Some((first, rest)) if rest.iter().all(|cause| cause == first) => f.write_str(first),
            // Silence hides more than a refusal, which has its line below.
            _ => f.write_str(self.guess),
        }
    }
}

fn why(silence: &Silence, guess: &str) -> String {
    let why = silence.failure.as_ref().map_or_else(|| guess.to_owned(), ToString::to_string);
    match silence.passed_over {
        0 => why,
        count => format!("{why} ({count} answers that do not fit passed over)"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use net::udp::UdpError;

    use super::*;

    fn told(addresses: &[(&str, bool)]) -> (String, Vec<String>) {
        let silence = |(address, refuses): &(&str, bool)| {
            let peer = address.parse().unwrap();
            let failure =
                refuses.then(|| UdpError { peer, why: io::ErrorKind::ConnectionRefused.into(), icmp: None });
            Silence { peer, tries: if *refuses { 1 } else { 3 }, failure, passed_over: 0 }
        };
        let silences = addresses.iter().map(silence).collect();
        let guess = "wrong community, blocked or down";
        let none = NoAnswer { version: Version::V2c, silences, guess };
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
