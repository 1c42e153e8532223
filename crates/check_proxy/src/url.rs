//! The address of the page: `http://HOST[:PORT]/PATH` or `https://`, in which the word NONCE becomes a random
//! text.

use std::fmt;
use std::str::FromStr;

use net::{Host, HostPort};

use crate::words::replace_words;

/// The address of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// Whether it is https.
    pub(crate) secure: bool,
    /// The host.
    pub(crate) host: Host,
    /// The port.
    pub(crate) port: u16,
    /// The path and the query, from the first slash on.
    path: String,
}

/// Why a text is not the address of a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidUrl {
    /// It begins otherwise.
    #[error("begins with neither http:// nor https://")]
    Scheme,
    /// There is a user in it.
    #[error("has a user in it: give the login by --username")]
    User,
    /// There is a character in it that no address of a page has.
    #[error("has a character that no URL has: write it as %XX")]
    Character,
    /// The host is none.
    #[error("{0}")]
    Host(String),
    /// The random text is missing.
    #[error("has no word NONCE, which becomes a random text: http://www.example.com/pong?n=NONCE")]
    Nonce,
}

impl Url {
    /// The scheme's name.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The host as it stands in a request: in brackets where it is an IPv6 address.
    pub(crate) fn bare_host(&self) -> String {
        self.host.bare()
    }

    /// `HOST:PORT`, the target of CONNECT.
    pub(crate) fn authority(&self) -> String {
        HostPort { host: self.host.clone(), port: Some(self.port) }.to_string()
    }

    /// The value of `Host`: without the port where that is the scheme's.
    pub(crate) fn host_line(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        match (&self.host, self.port == default) {
            (Host::V6(address, _), true) => format!("[{address}]"),
            (host, true) => host.bare(),
            (_, false) => self.authority(),
        }
    }

    /// The path and the query with this random text.
    pub(crate) fn path(&self, nonce: &str) -> String {
        replace_words(&self.path, nonce, None)
    }

    /// The whole address with this random text: the target of GET through a proxy.
    pub(crate) fn absolute(&self, nonce: &str) -> String {
        format!("{}://{}{}", self.scheme(), self.host_line(), self.path(nonce))
    }

    /// What messages call its page among those of a run: as short as tells them apart.
    pub(crate) fn page_among(&self, all: &[Url]) -> String {
        let of_scheme = all.iter().filter(|url| url.secure == self.secure).count();
        match (all.len(), of_scheme) {
            (1, _) => "page".to_owned(),
            (_, 1) => format!("{} page", self.scheme()),
            _ => format!("page {self}"),
        }
    }

    /// Whether a text stands in it, as it is written or as servers and their error pages read it: `%XX` and
    /// `+` decoded.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let written = self.to_string();
        let spaced = written.replace('+', " ");
        [decoded(&written), decoded(&spaced), written].iter().any(|url| url.contains(text))
    }
}

/// Returns a text in which each `%XX` is the octet that it stands for (RFC 3986, section 2.1).
fn decoded(text: &str) -> String {
    let (mut octets, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let octet = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        octets.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.host_line(), self.path)
    }
}

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let rest = |scheme: &str| {
            text.get(..scheme.len())
                .filter(|start| start.eq_ignore_ascii_case(scheme))
                .and_then(|_| text.get(scheme.len()..))
        };
        let (secure, rest) = match (rest("http://"), rest("https://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(InvalidUrl::Scheme),
        };
        if !rest.bytes().all(|octet| {
            octet.is_ascii_graphic() && !matches!(octet, b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`')
        }) {
            return Err(InvalidUrl::Character);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(InvalidUrl::User);
        }
        let HostPort { host, port } =
            authority.parse().map_err(|error: net::InvalidHost| InvalidUrl::Host(error.to_string()))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if replace_words(&path, "", None) == path {
            return Err(InvalidUrl::Nonce);
        }
        Ok(Self { secure, host, port: port.unwrap_or(if secure { 443 } else { 80 }), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages_are_read() {
        let rows = [
            ("http://www.example.com/pong?n=NONCE", "http://www.example.com/pong?n=x", "www.example.com:80"),
            ("HTTPS://www.example.com:8443/NONCE", "https://www.example.com:8443/x", "www.example.com:8443"),
            ("https://192.0.2.1/NONCE", "https://192.0.2.1/x", "192.0.2.1:443"),
            ("http://[2001:db8::1]?NONCE", "http://[2001:db8::1]/?x", "[2001:db8::1]:80"),
            ("http://[2001:db8::1]:81/a/NONCE", "http://[2001:db8::1]:81/a/x", "[2001:db8::1]:81"),
        ];
        for (text, absolute, authority) in rows {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.absolute("x").as_str(), url.authority().as_str()), (absolute, authority));
        }
    }

    #[test]
    fn texts_are_found_in_each_coding() {
        let rows = [
            ("/pong?n=NONCE", "pong NONCE", false),
            ("/pong NONCE", "pong NONCE", true),
            ("/?q=pong+NONCE", "pong NONCE", true),
            ("/?q=%70ong+NONCE", "pong NONCE", true),
            ("/?q=pong%20NONCE", "pong NONCE", true),
            ("/?q=p%c3%b6ng%2bNONCE", "p\u{f6}ng+NONCE", true),
            ("/?q=pong+NONCE", "pong+NONCE", true),
            ("/?q=%7%zz%NONCE%4", "%7%zz%NONCE%4", true),
        ];
        for (path, expected, contains) in rows {
            let url = Url { path: path.to_owned(), ..sample() };
            assert_eq!(url.contains(expected), contains, "{path}");
        }
    }

    fn sample() -> Url {
        "http://192.0.2.1/NONCE".parse().unwrap()
    }

    #[test]
    fn others_are_refused() {
        let rows = [
            ("ftp://example.com/NONCE", "begins with neither http:// nor https://"),
            ("example.com/NONCE", "begins with neither http:// nor https://"),
            ("", "begins with neither http:// nor https://"),
            ("http://u:p@example.com/NONCE", "has a user in it: give the login by --username"),
            ("http://example.com/NONCE\r\nA: b", "has a character that no URL has: write it as %XX"),
            ("http://example.com/NONCE#a", "has a character that no URL has: write it as %XX"),
            ("http://example.com/ü?NONCE", "has a character that no URL has: write it as %XX"),
        ];
        for (text, why) in rows {
            assert_eq!(text.parse::<Url>().unwrap_err().to_string(), why, "{text:?}");
        }
        for text in ["http://example.com/pong", "http://example.com/NONCES", "http://example.com/xNONCE"] {
            assert_eq!(text.parse::<Url>(), Err(InvalidUrl::Nonce));
        }
        for text in ["http:///NONCE", "http://example.com:0/NONCE", "http://example.com:99999/NONCE"] {
            assert!(matches!(text.parse::<Url>(), Err(InvalidUrl::Host(_))), "{text}");
        }
    }
}
