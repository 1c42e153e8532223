//! The header of an answer.

use crate::fault::{Fault, Status};
use crate::secrets::Secrets;

/// The header of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status code.
    pub(crate) code: u16,
    fields: Vec<(String, Vec<u8>)>,
}

/// The length of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Octets(usize),
    Chunks,
    UntilClose,
}

impl Head {
    /// A header of nothing but its status.
    pub(crate) fn with_code(code: u16) -> Self {
        Self { code, fields: Vec::new() }
    }

    /// The values of the lines of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// The value of the first line of this name, as text.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.all(name).next().map(|value| String::from_utf8_lossy(value).trim().to_owned())
    }

    /// Whether the server names itself as one of these products.
    pub(crate) fn names_server(&self, products: &[&str]) -> bool {
        let server = self.first("Server").unwrap_or_default();
        let own = server.split(['/', ' ']).next().unwrap_or_default();
        products.iter().any(|product| product.eq_ignore_ascii_case(own))
    }

    /// The status, with the reasons that the header gives, without the secrets.
    pub(crate) fn status(&self, secrets: &Secrets) -> Status {
        let word =
            |text: String| text.split_ascii_whitespace().next().map(|word| word.chars().take(40).collect());
        let host = |url: String| {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let authority = rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
            let host: String = authority.rsplit('@').next().unwrap_or_default().chars().take(60).collect();
            (url.contains("//") && !host.is_empty()).then_some(host)
        };
        let masked = |name| self.first(name).map(|text| secrets.mask(&text));
        let redirects = (300..400).contains(&self.code);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        // squid puts the status of deny_info before the name of its error, which may be any, and where it
        // redirects before `Access Denied`.
        let named = |word: String| match word.split_once(':') {
            Some((code, error)) if is_number(code) => (error.to_owned(), true),
            None if is_number(&word) => (self.code.to_string(), true),
            _ => (word, false),
        };
        let (squid, is_by_rule) = masked("X-Squid-Error").and_then(word).map(named).unzip();
        Status {
            code: self.code,
            squid,
            is_by_rule: is_by_rule.unwrap_or_default(),
            location: masked("Location").filter(|_| redirects).and_then(host),
            ..Status::default()
        }
    }

    /// How long the page is.
    pub(super) fn length(&self) -> Result<Length, Fault> {
        if matches!(self.code, 204 | 304) {
            return Ok(Length::Octets(0));
        }
        if let Some(coding) = self.all("Transfer-Encoding").last() {
            let last = coding.rsplit(|octet| *octet == b',').next().unwrap_or_default();
            let chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
            return Ok(if chunked { Length::Chunks } else { Length::UntilClose });
        }
        let mut lengths = self.all("Content-Length").flat_map(|value| value.split(|octet| *octet == b','));
        let Some(first) = lengths.next().map(<[u8]>::trim_ascii) else { return Ok(Length::UntilClose) };
        if lengths.any(|other| other.trim_ascii() != first) {
            return Err(Fault::NotHttp("several lengths".to_owned()));
        }
        let digits = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
        let text = str::from_utf8(first).ok().filter(|_| digits);
        let text = text.ok_or_else(|| Fault::NotHttp("a length that is no number".to_owned()))?;
        // A length beyond all limits is one that is too long.
        Ok(Length::Octets(text.parse().unwrap_or(usize::MAX)))
    }
}

/// Reads a header that is whole.
pub(super) fn parse_head(octets: &[u8]) -> Result<Head, Fault> {
    // The octets are bounded, and so are their lines.
    let mut lines = vec![httparse::EMPTY_HEADER; octets.iter().filter(|octet| **octet == b'\n').count()];
    let mut response = httparse::Response::new(&mut lines);
    match lenient().parse_response(&mut response, octets) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Fault::NotHttp("half a header".to_owned())),
        Err(error) => return Err(Fault::NotHttp(error.to_string())),
    }
    let code = response.code.filter(|code| *code >= 100);
    let code = code.ok_or_else(|| Fault::NotHttp("no status".to_owned()))?;
    let fields = response.headers.iter().map(|line| (line.name.to_owned(), unfolded(line.value))).collect();
    Ok(Head { code, fields })
}

/// How headers are read: with what browsers and curl accept too. A line that is none is left out, since the
/// page of the customer comes beside it.
fn lenient() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

/// Returns a value in which a line that is folded goes on after a space (RFC 9112, section 5.2).
fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().map(|octet| if matches!(octet, b'\r' | b'\n') { b' ' } else { *octet }).collect()
}
