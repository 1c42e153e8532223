//! What a resolv.conf means to the C library (resolv.conf(5), and glibc's `res_init`): a keyword counts at
//! the start of a line only, the last of `search` and `domain` wins, the first three servers that it can
//! parse are asked, options add up.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::lines::cut;

/// How many servers are asked (resolv.conf(5): MAXNS).
const SERVERS: usize = 3;

/// The meaning of a resolv.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolver {
    pub(crate) servers: Vec<String>,
    pub(crate) search: Vec<String>,
    /// Name and value: `ndots` and `2`.
    options: BTreeMap<String, String>,
    sortlist: Vec<String>,
    /// Keywords of lines that end in CR: a part of the value to the C library.
    carriage_returns: Vec<String>,
}

impl Resolver {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut resolver = Self::default();
        let text = String::from_utf8_lossy(text);
        for line in text.split('\n').filter(|line| !line.starts_with(['#', ';'])) {
            let Some((keyword, value)) = line.split_once([' ', '\t']) else { continue };
            resolver.add(keyword, value);
        }
        resolver.servers.truncate(SERVERS);
        resolver
    }

    fn add(&mut self, keyword: &str, value: &str) {
        let words = || value.split([' ', '\t', '\r']).filter(|word| !word.is_empty()).map(str::to_owned);
        match keyword {
            "nameserver" => self.servers.extend(server(value)),
            "domain" => self.search = words().take(1).map(name).collect(),
            "search" if words().next().is_some() => self.search = words().map(name).collect(),
            "options" => self.options.extend(words().map(|word| match word.split_once(':') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (word, String::new()),
            })),
            "sortlist" => self.sortlist.extend(words()),
            _ => return,
        }
        if value.ends_with('\r') && matches!(keyword, "nameserver" | "domain" | "search") {
            self.carriage_returns.push(keyword.to_owned());
        }
    }

    /// Returns how this differs from what is expected; `None` if it means the same.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let options = |resolver: &Self| {
            resolver.options.iter().map(|(name, value)| option(name, value)).collect::<Vec<_>>()
        };
        let parts = [
            self.carriage_return(Some(expected)),
            difference("nameserver", &self.servers, &expected.servers),
            difference("search", &self.search, &expected.search),
            difference("options", &options(self), &options(expected)),
            difference("sortlist", &self.sortlist, &expected.sortlist),
        ];
        together(parts)
    }

    /// Returns how it differs from the servers and the search list that were given; empty ones are not
    /// compared.
    pub(crate) fn difference_from(&self, servers: &[String], search: &[String]) -> Option<String> {
        let search: Vec<String> = search.iter().cloned().map(name).collect();
        together([
            self.carriage_return(None),
            if servers.is_empty() { None } else { difference("nameserver", &self.servers, servers) },
            if search.is_empty() { None } else { difference("search", &self.search, &search) },
        ])
    }

    /// Returns which line ends in CR: a fault also where the copy was made of such a file.
    fn carriage_return(&self, copy: Option<&Self>) -> Option<String> {
        let keyword = self.carriage_returns.first()?;
        let too = if copy.is_some_and(|copy| copy.carriage_returns.contains(keyword)) {
            ", and so does its copy"
        } else {
            ""
        };
        Some(format!("a {keyword} line ends in CR, which is part of its value{too}"))
    }
}

fn together(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn difference(what: &str, found: &[String], expected: &[String]) -> Option<String> {
    if found == expected {
        return None;
    }
    let expected = if expected.is_empty() { "none".to_owned() } else { expected.join(" ") };
    Some(match found {
        [] => format!("no {what}, expected {}", cut(&expected)),
        _ => format!("{what} {}, not {}", cut(&found.join(" ")), cut(&expected)),
    })
}

/// Returns a server as the C library would ask it; `None` for a text that it skips.
pub(crate) fn server(value: &str) -> Option<String> {
    let value = value.trim_start_matches([' ', '\t']);
    let end = value.find([';', '#', ' ', '\t']).unwrap_or(value.len());
    let text = value.get(..end)?;
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let address: IpAddr = address.parse().ok()?;
    Some(zone.map_or_else(|| address.to_string(), |zone| format!("{address}%{zone}")))
}

/// Names are compared without case and without the dot at their end.
fn name(text: String) -> String {
    let text = text.to_ascii_lowercase();
    text.strip_suffix('.').filter(|name| !name.is_empty()).map(str::to_owned).unwrap_or(text)
}

fn option(name: &str, value: &str) -> String {
    if value.is_empty() { name.to_owned() } else { format!("{name}:{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_meaning_is_no_difference() {
        let rows = [
            ("nameserver 127.0.0.1\n", "# made by hand\n\nnameserver\t127.0.0.1"),
            ("nameserver 127.0.0.1\n", "nameserver 127.0.0.1 # ours\n; nameserver 192.0.2.1\n"),
            ("nameserver 2001:db8::1\n", "nameserver 2001:DB8:0::1\n"),
            ("search Example.com.\n", "domain old.example.net\nsearch example.com\n"),
            ("options ndots:2 rotate\n", "options rotate\noptions ndots:1\noptions ndots:2\n"),
            ("nameserver 192.0.2.1\nsearch a.example\n", "search a.example\nnameserver 192.0.2.1\n"),
            (
                "nameserver 127.0.0.1\n",
                " nameserver 192.0.2.1\nnameserver 192.0.2.x\nnameserver 127.0.0.1\nsearch \n",
            ),
            (
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n",
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
            ),
            ("", "# nothing\n"),
        ];
        for (expected, found) in rows {
            let difference =
                Resolver::parse(found.as_bytes()).difference(&Resolver::parse(expected.as_bytes()));
            assert_eq!(difference, None, "{found:?}");
        }
    }

    #[test]
    fn a_difference_says_what_is_and_what_should_be() {
        let rows = [
            (
                "nameserver 127.0.0.1\n",
                "nameserver 198.51.100.53\n",
                "nameserver 198.51.100.53, not 127.0.0.1",
            ),
            ("nameserver 127.0.0.1\n", "", "no nameserver, expected 127.0.0.1"),
            (
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
                "nameserver 192.0.2.2\nnameserver 192.0.2.1\n",
                "nameserver 192.0.2.2 192.0.2.1, not 192.0.2.1 192.0.2.2",
            ),
            (
                "search a.example\noptions rotate\n",
                "search b.example\n",
                "search b.example, not a.example, no options, expected rotate",
            ),
            (
                "",
                "options edns0\nsortlist 192.0.2.0\n",
                "options edns0, not none, sortlist 192.0.2.0, not none",
            ),
            (
                "nameserver 127.0.0.1\n",
                "nameserver 127.0.0.1\r\n",
                "a nameserver line ends in CR, which is part of its value, no nameserver, expected 127.0.0.1",
            ),
            (
                "search a.example\n",
                "search a.example\r\n",
                "a search line ends in CR, which is part of its value",
            ),
            (
                "nameserver 127.0.0.1\r\n",
                "nameserver 127.0.0.1\r\n",
                "a nameserver line ends in CR, which is part of its value, and so does its copy",
            ),
            (
                "search a.example\r\n",
                "nameserver 127.0.0.1\r\nsearch a.example\r\n",
                "a nameserver line ends in CR, which is part of its value",
            ),
            (
                "nameserver fe80::1%eth0\n",
                "nameserver fe80::1%eth1\n",
                "nameserver fe80::1%eth1, not fe80::1%eth0",
            ),
        ];
        for (expected, found, text) in rows {
            let difference =
                Resolver::parse(found.as_bytes()).difference(&Resolver::parse(expected.as_bytes()));
            assert_eq!(difference.as_deref(), Some(text), "{found:?}");
        }
    }

    #[test]
    fn only_what_was_given_is_compared() {
        let resolver = Resolver::parse(b"nameserver 127.0.0.1\nsearch a.example b.example\noptions rotate\n");
        let difference = |servers: &[&str], search: &[&str]| {
            let servers: Vec<String> = servers.iter().map(|server| (*server).to_owned()).collect();
            let search: Vec<String> = search.iter().map(ToString::to_string).collect();
            resolver.difference_from(&servers, &search)
        };
        assert_eq!(difference(&["127.0.0.1"], &[]), None);
        assert_eq!(difference(&[], &["A.example", "b.example."]), None);
        let text = "nameserver 127.0.0.1, not 127.0.0.1 ::1, search a.example b.example, not b.example";
        assert_eq!(difference(&["127.0.0.1", "::1"], &["b.example"]).as_deref(), Some(text));
    }
}
