//! Ports as a person or a list writes them: `80`, `80,443`, `8000-8010` or `https`.

use std::ops::RangeInclusive;

use crate::address::short;
use crate::services;

/// Ports that follow one another; a single one is a range of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The first port, from 1.
    pub first: u16,
    /// The last port, not below the first.
    pub last: u16,
}

impl PortRange {
    /// Returns the ports in their order.
    pub fn ports(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

/// Why a text is not a list of ports. Each message names the text, shortened where it is long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPort {
    /// Not a number from 1 to 65535 in plain digits.
    #[error("{0} is not a port of 1 to 65535")]
    Number(String),
    /// Two ports of which the second is the smaller one.
    #[error("{0} is not a range of ports: the smaller one comes first, as in 80-82")]
    Range(String),
    /// A word that is not the name of a service.
    #[error("{0} is not a service known here: write its port, as in 443 or https")]
    Service(String),
}

/// Returns the ports of `80`, `80,443`, `8000-8010` or `https`, in the order given.
///
/// # Errors
/// [`InvalidPort`] where one of them is not a number from 1 to 65535, a range of two or the name of a
/// service.
pub fn parse_ports(text: &str) -> Result<Vec<PortRange>, InvalidPort> {
    text.split(',').map(parse_port).collect()
}

/// Ports between two commas.
fn parse_port(text: &str) -> Result<PortRange, InvalidPort> {
    if let Some(port) = number(text).or_else(|| services::port(text)) {
        return Ok(PortRange { first: port, last: port });
    }
    match text.split_once('-').and_then(|(first, last)| Some((number(first)?, number(last)?))) {
        Some((first, last)) if first <= last => Ok(PortRange { first, last }),
        Some(_) => Err(InvalidPort::Range(short(text))),
        None if is_word(text) => Err(InvalidPort::Service(short(text))),
        None => Err(InvalidPort::Number(short(text))),
    }
}

/// A port in plain digits: no sign, no leading zero.
fn number(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

/// Returns whether a text is a word: letters, digits, hyphens, dots and underscores after a letter.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.starts_with(char::is_alphabetic) && text.chars().all(plain)
}

/// Returns whether ports are meant by a field, whether or not they are written well: `tcp/81`, `80-`,
/// `443;80` or `smtp,mail` as well as `80` and `https`. Words of other kinds, also with digits, are not:
/// `eth0`, `web-1`, `smtp-relay`.
pub(crate) fn are_meant(field: &str) -> bool {
    if services::port(field).is_some() {
        return true;
    }
    let is_number = |word: &str| word.bytes().all(|octet| octet.is_ascii_digit());
    let is_service = |word: &str| services::port(word).is_some();
    let is_protocol =
        |word: &str| ["tcp", "udp", "port", "ports"].iter().any(|other| other.eq_ignore_ascii_case(word));
    let words = || field.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let are_known = words().all(|word| is_number(word) || is_service(word) || is_protocol(word));
    // Hyphens, dots and underscores make names of words and numbers: imap-pop3 and mysql-2, but not
    // http;https.
    let is_joined = !field.contains(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '.' | '_'));
    let is_name = is_joined && field.starts_with(char::is_alphabetic) && words().any(is_service);
    let is_listed = field.contains(',') && field.split(',').any(|part| parse_port(part).is_ok());
    is_listed || (are_known && !is_name && words().any(|word| is_number(word) || is_service(word)))
}

/// Returns whether a field in the place of ports holds one beside a word: `8081:web`, `8081x`, `https-8081`,
/// or is one in other digits than ASCII's. Short numbers, and those of an alias of an interface, belong to
/// names: `80web`, `100mbit`, `mysql-2`, `eth0:100`.
pub(crate) fn hold_a_port(field: &str) -> bool {
    let is_port = |text: &str, digits: usize| text.len() >= digits && number(text).is_some();
    let is_apart = |(first, last): (&str, &str)| {
        let is_alias =
            first.starts_with(char::is_alphabetic) && first.ends_with(|c: char| c.is_ascii_digit());
        // Several separators are those of a MAC address.
        !last.contains([':', ';']) && (is_port(first, 3) || (is_port(last, 3) && !is_alias))
    };
    let word = field.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = field.strip_suffix(word).unwrap_or_default();
    let word = word.strip_prefix('-').unwrap_or(word);
    let is_before_word = is_port(digits, 4) && !word.is_empty() && word.chars().all(char::is_alphabetic);
    let is_of_service = |(word, port): (&str, &str)| {
        services::port(word).is_some_and(|own| is_port(port, 4) || number(port) == Some(own))
    };
    field.starts_with(|c: char| c.is_numeric() && !c.is_ascii())
        || field.split_once([':', ';']).is_some_and(is_apart)
        || is_before_word
        || field.rsplit_once('-').is_some_and(is_of_service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u16, u16)>, String> {
        let ports = parse_ports(text).map_err(|error| error.to_string())?;
        Ok(ports.iter().map(|range| (range.first, range.last)).collect())
    }

    #[test]
    fn reads_one_or_several() {
        assert_eq!(read("80"), Ok(vec![(80, 80)]));
        assert_eq!(read("80,443,65535"), Ok(vec![(80, 80), (443, 443), (65535, 65535)]));
        assert_eq!(read("443,80-82,1-65535,7-7"), Ok(vec![(443, 443), (80, 82), (1, 65535), (7, 7)]));
        assert_eq!(read("https"), Ok(vec![(443, 443)]));
        assert_eq!(read("SMTP,25,8080,imaps"), Ok(vec![(25, 25), (25, 25), (8080, 8080), (993, 993)]));
        assert_eq!(parse_ports("80-82").unwrap()[0].ports().collect::<Vec<u16>>(), [80, 81, 82]);
        let rows = [
            ("", "an empty field"),
            ("0", "0"),
            ("65536", "65536"),
            ("+80", "+80"),
            ("080", "080"),
            ("80,", "an empty field"),
            ("https,", "an empty field"),
            ("80, 443", " 443"),
            ("80-", "80-"),
            ("-82", "-82"),
            ("0-5", "0-5"),
            ("80-65536", "80-65536"),
            ("80-81-82", "80-81-82"),
            ("tcp/81", "tcp/81"),
            ("443;80", "443;80"),
            ("-", "-"),
        ];
        for (text, named) in rows {
            assert_eq!(read(text), Err(format!("{named} is not a port of 1 to 65535")));
        }
        let range = "82-80 is not a range of ports: the smaller one comes first, as in 80-82";
        assert_eq!(read("80,82-80"), Err(range.to_owned()));
        for word in ["htp", "nosuch", "http-https", "www"] {
            let text = format!("{word} is not a service known here: write its port, as in 443 or https");
            assert_eq!(read(word), Err(text));
        }
    }

    #[test]
    fn ports_are_told_from_other_words() {
        let ports = [
            "80",
            "https",
            "SMTP",
            "80-82",
            "443,80-82",
            "tcp/81",
            "81/tcp",
            "TCP:81",
            "70000",
            "80-",
            "0",
            "443;80",
            "+80",
            ":443",
            "80.443",
            "(80)",
            "80,",
            ",80",
            "https,",
            "http;https",
            "https/tcp",
            "smtp,mail",
            "port80,80",
            "domain-s",
            "00080",
            "80%",
            "web,80",
            "80-https",
        ];
        for field in ports {
            assert!(are_meant(field), "{field}");
        }
        let others = [
            "web",
            "www",
            "mail",
            "eth0",
            "eth0:1",
            "web-1",
            "smtp-relay",
            "mysql-2",
            "imap-pop3",
            "1st",
            "80web",
            "100mbit",
            "proxy7,",
            "www.example.com",
            "10.example.com",
            "tcp",
            "port",
            "m\u{fc}nchen-80",
            "0xweb",
            "",
            "-",
            "#",
        ];
        for field in others {
            assert!(!are_meant(field), "{field}");
        }
    }

    #[test]
    fn a_port_beside_a_word_is_seen() {
        let ports = [
            "8081;web",
            "8081:web",
            "web:8081",
            "ssl:443",
            "8081x",
            "8081-web",
            "https-8081",
            "https-443",
            "\u{ff18}\u{ff10}\u{ff18}\u{ff11}",
        ];
        for field in ports {
            assert!(hold_a_port(field), "{field}");
            assert!(parse_ports(field).is_err(), "{field}");
        }
        let others = [
            "web",
            "80web",
            "100mbit",
            "1st",
            "web-1",
            "mysql-2",
            "web-8081",
            "eth0:1",
            "eth0:100",
            "52:54:00:12:34:56",
            "550e8400-e29b",
            "360safe.com",
            "10.example.com",
            "m\u{fc}nchen-80",
            "web:",
            ":web",
            "-",
            ":",
            "",
        ];
        for field in others {
            assert!(!hold_a_port(field), "{field}");
        }
    }
}
