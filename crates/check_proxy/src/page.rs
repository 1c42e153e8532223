//! Is this the page that was asked for? The text that only the page says, with the random text of this very
//! request.

use std::net::IpAddr;

use crate::fault::Fault;
use crate::words::{Part, parts};

/// What the page must have and must not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The text that must be in it, with NONCE and perhaps PROXY.
    pub(crate) text: String,
    /// The texts that must not be in it.
    pub(crate) not: Vec<String>,
}

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The page of this request.
    Ours,
    /// The page of this request, for a client of this address.
    By(IpAddr),
    /// The page of another request.
    Old,
}

impl Expected {
    /// Returns what is wrong with a page for a request with this random text through this proxy: `None` if
    /// nothing is.
    pub(crate) fn judge(&self, page: &[u8], nonce: &str, proxy: Option<IpAddr>) -> Option<Fault> {
        match self.find(page, nonce, proxy) {
            None => Some(Fault::OtherPage),
            Some(Found::Old) => Some(Fault::OldCopy),
            Some(Found::By(address)) => Some(Fault::LeavesBy(address)),
            Some(Found::Ours) => {
                let has = |text: &&String| {
                    page.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
                };
                self.not.iter().find(has).map(|text| Fault::Sees(text.clone()))
            }
        }
    }

    /// Whether the page, fresh or old, stands somewhere in these octets, by whichever address.
    pub(crate) fn stands_in(&self, octets: &[u8], nonce: &str) -> bool {
        self.find(octets, nonce, None).is_some()
    }

    /// Several places may fit: the best one counts.
    fn find(&self, page: &[u8], nonce: &str, proxy: Option<IpAddr>) -> Option<Found> {
        let parts = parts(&self.text);
        let rank = |found: &Found| match found {
            Found::Ours => 0,
            Found::By(_) => 1,
            Found::Old => 2,
        };
        let places = (0..page.len()).filter_map(|at| page.get(at..));
        let mut best: Option<Found> = None;
        for rest in places {
            let found = fits(&parts, rest, nonce, proxy);
            if found.as_ref().map(rank) == Some(0) {
                return found;
            }
            best = best.into_iter().chain(found).min_by_key(rank);
        }
        best
    }
}

/// What begins here, if the text does.
fn fits(parts: &[Part<'_>], page: &[u8], nonce: &str, proxy: Option<IpAddr>) -> Option<Found> {
    let (mut rest, mut old, mut by) = (page, false, None);
    for part in parts {
        rest = match part {
            Part::Text(text) => rest.strip_prefix(text.as_bytes())?,
            Part::Nonce => match rest.strip_prefix(nonce.as_bytes()) {
                Some(rest) => rest,
                None => {
                    let (other, after) = rest.split_at_checked(nonce.len())?;
                    old = other.iter().all(u8::is_ascii_hexdigit);
                    old.then_some(after)?
                }
            },
            Part::Proxy => {
                let (address, after) = leading_address(rest)?;
                by = by.or(Some(address).filter(|address| proxy.is_some_and(|proxy| proxy != *address)));
                after
            }
        };
    }
    Some(match (old, by) {
        (true, _) => Found::Old,
        (false, Some(address)) => Found::By(address),
        (false, None) => Found::Ours,
    })
}

/// The address with which this begins, the longest that can be read, and what follows it. IPv4 addresses also
/// in IPv6's form, IPv6 addresses also in brackets, as they stand before a port.
fn leading_address(octets: &[u8]) -> Option<(IpAddr, &[u8])> {
    let Some(inner) = octets.strip_prefix(b"[") else { return bare_address(octets) };
    let (address, rest) = bare_address(inner).filter(|(address, _)| address.is_ipv6())?;
    Some((address, rest.strip_prefix(b"]")?))
}

fn bare_address(octets: &[u8]) -> Option<(IpAddr, &[u8])> {
    let belongs = |octet: &u8| octet.is_ascii_hexdigit() || matches!(octet, b'.' | b':');
    let length = octets.iter().take(45).take_while(|octet| belongs(octet)).count();
    (2..=length).rev().find_map(|length| {
        let (text, rest) = octets.split_at_checked(length)?;
        let address: IpAddr = str::from_utf8(text).ok()?.parse().ok()?;
        Some((address.to_canonical(), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "0123456789abcdef";

    #[test]
    fn a_page_is_ours_or_says_what_it_is() {
        let expected =
            Expected { text: "pong NONCE from PROXY".to_owned(), not: vec!["X-Forwarded-For".to_owned()] };
        let judge = |page: &str| {
            let fault = expected.judge(page.as_bytes(), NONCE, Some("192.0.2.1".parse().unwrap()));
            (
                fault.map_or_else(|| "well".to_owned(), |fault| fault.brief()),
                expected.stands_in(page.as_bytes(), NONCE),
            )
        };
        let rows = [
            ("pong 0123456789abcdef from 192.0.2.1\n", "well", true),
            ("<p>pong 0123456789abcdef from ::ffff:192.0.2.1.</p>", "well", true),
            ("pong 0123456789abcdef from 192.0.2.99\n", "leaves by 192.0.2.99", true),
            ("pong 0123456789abcdef from 192.0.2.10\n", "leaves by 192.0.2.10", true),
            ("pong 0123456789abcdef from 2001:db8::1", "leaves by 2001:db8::1", true),
            ("pong 0123456789abcdef from [2001:db8::1]", "leaves by 2001:db8::1", true),
            ("pong 0123456789abcdef from [2001:db8::1]:4567\n", "leaves by 2001:db8::1", true),
            ("pong 0123456789abcdef from 192.0.2.1:4567\n", "well", true),
            ("pong 0123456789abcdef from [192.0.2.1]", "another page in place of ours", false),
            ("pong 0123456789abcdef from [[2001:db8::1]]", "another page in place of ours", false),
            ("pong 0123456789abcdef from [2001:db8::1", "another page in place of ours", false),
            ("pong fedcba9876543210 from 192.0.2.1\n", "an old copy of the page", true),
            ("pong fedcba9876543210 from 192.0.2.1\npong 0123456789abcdef from 192.0.2.1", "well", true),
            (
                "pong 0123456789abcdef from 192.0.2.1\nx-forwarded-for: 10.1.1.1",
                "the page sees X-Forwarded-For",
                true,
            ),
            (
                "http://www.example.com/pong?n=0123456789abcdef is blocked",
                "another page in place of ours",
                false,
            ),
            ("pong 0123456789abcdef from ", "another page in place of ours", false),
            ("pong 0123456789abcdef", "another page in place of ours", false),
            ("pong NONCE from PROXY", "another page in place of ours", false),
            ("pong", "another page in place of ours", false),
            ("", "another page in place of ours", false),
        ];
        for (page, fault, came) in rows {
            assert_eq!(judge(page), (fault.to_owned(), came), "{page}");
        }
    }

    #[test]
    fn any_octets_are_judged_in_little_time() {
        let expected = Expected { text: "a NONCE PROXY".to_owned(), not: vec!["b".to_owned()] };
        let page = "a 0123456789abcdee 1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1 ".repeat(5_000);
        assert!(page.len() > 256 << 10);
        assert_eq!(expected.judge(page.as_bytes(), NONCE, None), Some(Fault::OldCopy));
        assert!(!expected.stands_in(&[0xff; 1000], NONCE));
    }
}
