//! What a resolv.conf means to the C library ([`host_config::ResolvConf`]) against what it should mean.

use std::collections::HashSet;

use host_config::{IgnoredServer, NotAServer, ResolvConf, SERVERS_ASKED, Server};

use crate::lines::cut;

/// The keyword of a server's line.
const NAMESERVER: &str = "nameserver";

/// The meaning of a resolv.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolver {
    conf: ResolvConf,
    /// The servers that the file would name if no line ended in CR.
    intended: Vec<String>,
}

impl Resolver {
    pub(crate) fn new(content: &[u8]) -> Self {
        let conf = ResolvConf::parse(content);
        let intended = match conf.carriage_returns.contains(&NAMESERVER) {
            true => servers(&ResolvConf::parse(&without_returns(content))),
            false => servers(&conf),
        };
        Self { conf, intended }
    }

    /// Returns the line that ends in CR in the copy and not in the file, as a fault of the copy. `None` if
    /// there is none.
    pub(crate) fn fault_of_the_copy(&self, copy: &Self) -> Option<String> {
        let is_alone = |keyword: &&&str| !self.conf.carriage_returns.contains(*keyword);
        let keyword = copy.conf.carriage_returns.iter().find(is_alone)?;
        Some(format!("a {keyword} line of its copy ends in CR, which is part of its value"))
    }

    /// Returns how this differs from what is expected; `None` if it means the same.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let text = together([
            self.carriage_return(Some(expected)),
            difference("nameserver", &self.servers(), &self.servers_expected(expected)),
            difference("search", &self.search(), &expected.search()),
            difference("options", &self.options(), &expected.options()),
            difference("sortlist", &self.conf.sortlist, &expected.conf.sortlist),
        ])?;
        together([Some(text), self.newly_ignored(expected)])
    }

    /// Returns how it differs from the servers and the search list that were given; empty ones are not
    /// compared.
    pub(crate) fn difference_from(&self, servers: &[String], search: &[String]) -> Option<String> {
        let search: Vec<String> = search.iter().map(|text| name(text)).collect();
        let text = together([
            self.carriage_return(None),
            if servers.is_empty() { None } else { difference("nameserver", &self.servers(), servers) },
            if search.is_empty() { None } else { difference("search", &self.search(), &search) },
        ])?;
        together([Some(text), self.newly_ignored(&Self::default())])
    }

    /// Returns which lines are ignored here that mean a server and that the expected file does not have: the
    /// first one, and how many more.
    pub(crate) fn newly_ignored(&self, expected: &Self) -> Option<String> {
        let known: HashSet<&NotAServer> = expected.conf.ignored.iter().map(|ignored| &ignored.why).collect();
        // What ends in CR is told as that.
        let is_new = |ignored: &&IgnoredServer| {
            ignored.why != NotAServer::CarriageReturn && !known.contains(&ignored.why)
        };
        let mut new = self.conf.ignored.iter().filter(is_new);
        let IgnoredServer { line, why } = new.next()?;
        let first = why.after(&format!("line {line}"));
        Some(match new.count() {
            0 => first,
            1 => format!("{first}, and 1 more such line"),
            more => format!("{first}, and {more} more such lines"),
        })
    }

    /// Returns the servers that are asked.
    fn servers(&self) -> Vec<String> {
        servers(&self.conf)
    }

    /// Returns the servers of the copy, read without the CR at the end of its lines if this file has no CR.
    fn servers_expected(&self, copy: &Self) -> Vec<String> {
        let has_return = self.conf.carriage_returns.contains(&NAMESERVER);
        if has_return { copy.servers() } else { copy.intended.clone() }
    }

    fn search(&self) -> Vec<String> {
        self.conf.search.iter().map(|text| name(text)).collect()
    }

    fn options(&self) -> Vec<String> {
        let text = |(name, value): (&&str, &Option<i32>)| match value {
            Some(value) => format!("{name}{value}"),
            None => (*name).to_owned(),
        };
        self.conf.options.iter().map(text).collect()
    }

    /// Returns which line ends in CR: a fault also where the copy was made of such a file.
    fn carriage_return(&self, copy: Option<&Self>) -> Option<String> {
        let keyword = self.conf.carriage_returns.first()?;
        let too = if copy.is_some_and(|copy| copy.conf.carriage_returns.contains(keyword)) {
            ", and so does its copy"
        } else {
            ""
        };
        Some(format!("a {keyword} line ends in CR, which is part of its value{too}"))
    }
}

/// Returns the servers that the C library asks.
fn servers(conf: &ResolvConf) -> Vec<String> {
    conf.servers.iter().take(SERVERS_ASKED).map(|(_, server)| server.to_string()).collect()
}

/// Returns the content without the CR at the end of each line.
fn without_returns(content: &[u8]) -> Vec<u8> {
    let lines = content.split(|octet| *octet == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect::<Vec<_>>().join(&b'\n')
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

/// Reads the address of a server as an option gives it: `None` for a text that the C library skips, and for
/// one that it reads as another address than most readers do.
pub(crate) fn server(text: &str) -> Option<String> {
    let server = Server::parse(text).ok()?;
    let is_plain = server.address.is_ipv6() || text.contains(':') || text == server.to_string();
    is_plain.then(|| server.to_string())
}

/// Names are compared without case and without the dot at their end.
fn name(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    text.strip_suffix('.').filter(|name| !name.is_empty()).map(str::to_owned).unwrap_or(text)
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
            ("nameserver 192.0.2.1\n", "nameserver 192.0.2.1 \r\n"),
            // A line that is ignored is no server.
            ("nameserver 192.0.2.1\n", "nameserver 192.0.2.1\nnameserver ::1#53\n"),
            ("nameserver 8.8.8.8\n", "nameserver 134744072\n"),
            ("options timeout:1 rotate\n", "options rotate timeout:01 ndots:1 unheard-of\n"),
        ];
        for (expected, found) in rows {
            let difference = Resolver::new(found.as_bytes()).difference(&Resolver::new(expected.as_bytes()));
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
                "nameserver 192.0.2.1\n",
                "nameserver 134744072\nnameserver 192.0.2.1\n",
                "nameserver 8.8.8.8 192.0.2.1, not 192.0.2.1",
            ),
            ("nameserver 192.0.2.53\n", "nameserver 192.0.2.053\n", "nameserver 192.0.2.43, not 192.0.2.53"),
            (
                "nameserver 192.0.2.53\n",
                "nameserver 192.0.2.53#x\n nameserver 192.0.2.53\n",
                "no nameserver, expected 192.0.2.53, line 1 is ignored: 192.0.2.53#x is not an address, \
                 and 1 more such line",
            ),
            (
                "nameserver 192.0.2.53\n",
                "nameserver 192.0.2.55 192.0.2.53\n",
                "nameserver 192.0.2.55, not 192.0.2.53, line 1: its second address 192.0.2.53 is ignored, \
                 each needs a line of its own",
            ),
            (
                "search a.example\n",
                "search a.example \r\n",
                "a search line ends in CR, which is part of its value",
            ),
            // A CR in the copy alone is not a difference of the file.
            (
                "nameserver 192.0.2.1\r\nsearch a.example\r\n",
                "nameserver 192.0.2.2\nsearch a.example\n",
                "nameserver 192.0.2.2, not 192.0.2.1",
            ),
            ("nameserver 192.0.2.1\r", "", "no nameserver, expected 192.0.2.1"),
            (
                "nameserver fe80::1%eth0\n",
                "nameserver fe80::1%eth1\n",
                "nameserver fe80::1%eth1, not fe80::1%eth0",
            ),
        ];
        for (expected, found, text) in rows {
            let difference = Resolver::new(found.as_bytes()).difference(&Resolver::new(expected.as_bytes()));
            assert_eq!(difference.as_deref(), Some(text), "{found:?}");
        }
    }

    #[test]
    fn a_cr_in_the_copy_alone_is_its_own_fault() {
        let rows = [
            ("nameserver 127.0.0.1\r\n", "nameserver 127.0.0.1\n", Some("nameserver")),
            ("nameserver 127.0.0.1\r", "nameserver 127.0.0.1", Some("nameserver")),
            ("search a.example\r\n", "search a.example\n", Some("search")),
            ("domain a.example\r\n", "domain a.example\n", Some("domain")),
            ("nameserver ::1\r\nsearch a\r\n", "nameserver ::1\r\nsearch a\n", Some("search")),
            ("nameserver 127.0.0.1\r\n", "nameserver 127.0.0.1\r\n", None),
            ("nameserver 127.0.0.1\n", "nameserver 127.0.0.1\r\n", None),
            ("nameserver 127.0.0.1 \r\n# x\r\n", "nameserver 127.0.0.1\n", None),
        ];
        for (copy, found, keyword) in rows {
            let (found, copy) = (Resolver::new(found.as_bytes()), Resolver::new(copy.as_bytes()));
            let text = keyword
                .map(|word| format!("a {word} line of its copy ends in CR, which is part of its value"));
            assert_eq!(found.fault_of_the_copy(&copy), text, "{copy:?}");
            let differs = !found.conf.carriage_returns.is_empty();
            assert_eq!(found.difference(&copy).is_some(), differs, "{copy:?}");
        }
    }

    #[test]
    fn only_what_was_given_is_compared() {
        let resolver = Resolver::new(b"nameserver 127.0.0.1\nsearch a.example b.example\noptions rotate\n");
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
