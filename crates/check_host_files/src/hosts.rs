//! What a hosts file means to the C library (hosts(5), and glibc's `files-hosts.c`): lines of an address and
//! its names in their order. A line whose first word is not an address is ignored. Of lines that share a name
//! or an address the first one counts first; the order of all others means nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use crate::lines::cut;

/// The meaning of a hosts file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts {
    /// Each line that counts, in the order of the file.
    lines: Vec<Line>,
    /// Each line that the C library ignores.
    ignored: Vec<Ignored>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Line {
    address: IpAddr,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Ignored {
    number: usize,
    address: String,
    names: Vec<String>,
}

impl Hosts {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut hosts = Self::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            // The blanks of isspace(3): others are a part of a name.
            let line = line.split(['#', '\0']).next().unwrap_or_default();
            let mut words = line.split([' ', '\t', '\r', '\x0b', '\x0c']).filter(|word| !word.is_empty());
            let Some(address) = words.next() else { continue };
            let names = official_first(words.map(str::to_ascii_lowercase).collect());
            match address.parse() {
                Ok(address) => hosts.lines.push(Line { address, names }),
                Err(_) => hosts.ignored.push(Ignored { number, address: address.to_owned(), names }),
            }
        }
        hosts
    }

    /// Whether a line gives this name an address.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|line| is_among(name, &line.names))
    }

    /// Returns which line names it in vain, if one does.
    pub(crate) fn ignored(&self, name: &str) -> Option<String> {
        self.ignored.iter().find(|line| is_among(name, &line.names)).map(Ignored::in_words)
    }

    /// Returns which lines are ignored here that the expected file does not have: the first one, and how many
    /// more.
    pub(crate) fn newly_ignored(&self, expected: &Self) -> Option<String> {
        let same = |line: &Ignored| (line.address.clone(), line.names.clone());
        let known: HashSet<_> = expected.ignored.iter().map(same).collect();
        let mut new = self.ignored.iter().filter(|line| !known.contains(&same(line)));
        let first = new.next()?.in_words();
        Some(match new.count() {
            0 => first,
            1 => format!("{first}, and 1 more such line"),
            more => format!("{first}, and {more} more such lines"),
        })
    }

    /// Returns how this differs from what is expected; `None` if it means the same.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let (added, missing) = (some(&self.lines, &expected.lines), some(&expected.lines, &self.lines));
        let text = match (added, missing) {
            (None, None) => return self.order_difference(expected),
            (None, Some(missing)) => format!("no line {missing}"),
            (Some(added), None) => format!("unexpected line {added}"),
            (Some(added), Some(missing)) => format!("{added}, not {missing}"),
        };
        Some(match self.newly_ignored(expected) {
            Some(ignored) => format!("{text}, {ignored}"),
            None => text,
        })
    }

    /// Returns how the order of the same lines makes another meaning.
    fn order_difference(&self, expected: &Self) -> Option<String> {
        let (found, wanted) = (Order::of(&self.lines), Order::of(&expected.lines));
        // A name or an address of many lines is compared once, because the list of its addresses or names is
        // as long.
        let (mut names, mut addresses) = (HashSet::new(), HashSet::new());
        let text = self.lines.iter().find_map(|line| {
            let names =
                line.names.iter().filter(|name| names.insert((name.as_str(), line.address.is_ipv6())));
            let names: Vec<&str> = names.map(String::as_str).collect();
            let is_new = addresses.insert(line.address);
            found.difference(&wanted, &names, line.address, is_new)
        })?;
        Some(format!("another order of lines: {text}"))
    }
}

impl Ignored {
    fn in_words(&self) -> String {
        format!("line {} is ignored: {} is not an address", self.number, cut(&self.address))
    }
}

impl Line {
    fn in_words(&self) -> String {
        match self.names.as_slice() {
            [] => format!("{} without a name", self.address),
            names => cut(&format!("{} {}", self.address, names.join(" "))),
        }
    }
}

/// Sorts what follows the official name, each once: the order of aliases decides nothing.
fn official_first(mut names: Vec<String>) -> Vec<String> {
    let Some((official, aliases)) = names.split_first_mut() else { return names };
    let aliases: BTreeSet<String> = aliases.iter().filter(|alias| *alias != official).cloned().collect();
    names.truncate(1);
    names.extend(aliases);
    names
}

/// Returns the names of an address in words.
fn named(names: &[String]) -> String {
    if names.is_empty() { "without a name".to_owned() } else { cut(&names.join(" ")) }
}

fn is_among(name: &str, names: &[String]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns the first line of `left` that `right` has not, and how many more there are.
fn some(left: &[Line], right: &[Line]) -> Option<String> {
    let known: HashSet<&Line> = right.iter().collect();
    let mut lines = left.iter().filter(|line| !known.contains(line));
    let first = lines.next()?;
    Some(match lines.count() {
        0 => first.in_words(),
        more => format!("{} and {more} more", first.in_words()),
    })
}

/// What the order of lines decides.
#[derive(Default)]
struct Order<'a> {
    /// The addresses of a name, of IPv4 and of IPv6 apart: getaddrinfo(3) sorts the families itself.
    addresses: HashMap<(&'a str, bool), Vec<IpAddr>>,
    /// The official name of a name: the first one of the first line that has it.
    official: HashMap<&'a str, &'a str>,
    /// The names of an address: those of its first line.
    names: HashMap<IpAddr, &'a [String]>,
}

impl<'a> Order<'a> {
    fn of(lines: &'a [Line]) -> Self {
        let mut order = Self::default();
        let mut seen = HashSet::new();
        for Line { address, names } in lines {
            order.names.entry(*address).or_insert(names);
            for name in names {
                order.official.entry(name).or_insert(names.first().unwrap_or(name));
                if seen.insert((name, address)) {
                    order.addresses.entry((name, address.is_ipv6())).or_default().push(*address);
                }
            }
        }
        order
    }

    /// Returns the differences that another order of lines makes, for the names and the address of this line
    /// that no earlier line has.
    fn difference(&self, expected: &Self, names: &[&str], address: IpAddr, is_new: bool) -> Option<String> {
        let by_name = names.iter().find_map(|name| {
            let key = (*name, address.is_ipv6());
            let (found, wanted) = (self.addresses.get(&key)?, expected.addresses.get(&key)?);
            let (found, wanted) = found.iter().zip(wanted).find(|(found, wanted)| found != wanted)?;
            Some(format!("{} is {found} before {wanted}", cut(name)))
        });
        let by_alias = || {
            names.iter().find_map(|name| {
                let (found, wanted) = (self.official.get(name)?, expected.official.get(name)?);
                (found != wanted)
                    .then(|| format!("{} is officially {}, not {}", cut(name), cut(found), cut(wanted)))
            })
        };
        let by_address = || {
            let (found, wanted) = (self.names.get(&address)?, expected.names.get(&address)?);
            (found != wanted).then(|| format!("{address} is {}, not {}", named(found), named(wanted)))
        };
        by_name.or_else(by_alias).or_else(|| if is_new { by_address() } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_unrelated_lines_is_no_meaning() {
        let left = "127.0.0.1 localhost\n192.0.2.7 proxy7.example.com proxy7\n";
        let rows = [
            (left, "# ours\n192.0.2.7\tProxy7.example.com proxy7 # main\r\n\n127.0.0.1 localhost\n", None),
            ("::1 localhost\n", "0:0::1 localhost\n", None),
            (left, "127.0.0.1 localhost\n", Some("no line 192.0.2.7 proxy7.example.com proxy7")),
            ("", left, Some("unexpected line 127.0.0.1 localhost and 1 more")),
            (
                left,
                "127.0.0.1 localhost\n192.0.2.7 vz2542\n",
                Some("192.0.2.7 vz2542, not 192.0.2.7 proxy7.example.com proxy7"),
            ),
            ("192.0.2.7 a b\n", "192.0.2.7 b a\n", Some("192.0.2.7 b a, not 192.0.2.7 a b")),
            // A blank that is none to the C library.
            ("192.0.2.7 a b\n", "192.0.2.7 a\u{a0}b\n", Some("192.0.2.7 a\u{a0}b, not 192.0.2.7 a b")),
            ("192.0.2.7 a b\n", "192.0.2.7\x0ba\x0cb\0c\n", None),
            ("192.0.2.7 a\n", "192.0.2.7 a\n192.0.2.7 a\n", None),
            ("192.0.2.7 a b c\n", "192.0.2.7 a c b b A\n", None),
            ("192.0.2.7 a\n", "192.0.2.7 a\n192.0.2.8\n", Some("unexpected line 192.0.2.8 without a name")),
        ];
        for (expected, found, difference) in rows {
            let seen = Hosts::parse(found.as_bytes()).difference(&Hosts::parse(expected.as_bytes()));
            assert_eq!(seen.as_deref(), difference, "{found:?}");
        }
    }

    #[test]
    fn the_first_line_of_a_name_or_an_address_counts() {
        let rows = [
            ("192.0.2.7 a\n192.0.2.8 b\n", None),
            ("127.0.1.1 a\n192.0.2.7 a\n", Some("a is 192.0.2.7 before 127.0.1.1")),
            ("127.0.1.1 b a\n192.0.2.7 A c\n", Some("a is 192.0.2.7 before 127.0.1.1")),
            ("192.0.2.7 a\n192.0.2.7 b\n", Some("192.0.2.7 is b, not a")),
            ("192.0.2.7 a b\n192.0.2.7 a c\n", Some("192.0.2.7 is a c, not a b")),
            // The families are sorted by getaddrinfo(3), the official name is that of the first line.
            ("127.0.0.1 localhost\n::1 localhost ip6-localhost\n", None),
            (
                "127.0.0.1 localhost\n::1 ip6-localhost localhost\n",
                Some("localhost is officially ip6-localhost, not localhost"),
            ),
            ("300.1.2.3 a\n192.0.2.7 a\n", None),
        ];
        for (expected, difference) in rows {
            let swapped: String = expected.lines().rev().map(|line| format!("{line}\n")).collect();
            let seen = Hosts::parse(swapped.as_bytes()).difference(&Hosts::parse(expected.as_bytes()));
            let text = difference.map(|text| format!("another order of lines: {text}"));
            assert_eq!(seen, text, "{expected:?}");
        }
    }

    #[test]
    fn a_line_without_an_address_is_ignored_and_named() {
        let bad = ["300.1.2.3", "192.0.2.07", "127.1", "fe80::1%eth0", "192.0.2.7,", "proxy7", "::1::"];
        for address in bad {
            let hosts = Hosts::parse(format!("::1 x\n{address} proxy7.example.com Proxy7\n").as_bytes());
            assert!(!hosts.has("proxy7"));
            let text = format!("line 2 is ignored: {address} is not an address");
            assert_eq!(hosts.ignored("PROXY7").as_deref(), Some(text.as_str()));
            let expected = Hosts::parse(b"::1 x\n192.0.2.7 proxy7.example.com proxy7\n");
            let lost = format!("no line 192.0.2.7 proxy7.example.com proxy7, {text}");
            assert_eq!(hosts.difference(&expected), Some(lost));
            assert_eq!(hosts.difference(&hosts), None);
            assert_eq!(Hosts::parse(b"::1 x\n").difference(&hosts), None);
        }
        let three = Hosts::parse(b"a b\nc d\n# e\nf g\n");
        let more = "line 1 is ignored: a is not an address, and 2 more such lines";
        assert_eq!(three.newly_ignored(&Hosts::default()).as_deref(), Some(more));
        assert_eq!(three.newly_ignored(&Hosts::parse(b"f g\na b\nc d\n")), None);
    }

    #[test]
    fn a_name_is_found_in_any_column_but_the_first() {
        let hosts = Hosts::parse(b"127.0.1.1 proxy7.example.com proxy7\n#192.0.2.1 commented\n");
        let has =
            ["PROXY7", "proxy7.example.com", "127.0.1.1", "commented", "proxy"].map(|name| hosts.has(name));
        assert_eq!(has, [true, true, false, false, false]);
    }
}
