//! What a hosts file means (hosts(5)): a set of lines with an address and its names in their order.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The lines: the address and its names, in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts(BTreeSet<Vec<String>>);

impl Hosts {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let words = |line: &str| -> Vec<String> {
            let words = line.split_whitespace().map(str::to_ascii_lowercase);
            words.map(|word| word.parse().map_or(word, |address: IpAddr| address.to_string())).collect()
        };
        Self(lines.map(words).filter(|words| !words.is_empty()).collect())
    }

    /// Whether a line gives this name an address.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|line| line.iter().skip(1).any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// Returns how this differs from what is expected; `None` if it means the same.
    pub(crate) fn difference(&self, expected: &Self) -> Option<String> {
        let list = |left: &Self, right: &Self| -> Vec<String> {
            left.0.difference(&right.0).map(|line| line.join(" ")).collect()
        };
        let (added, missing) = (list(self, expected), list(expected, self));
        let some = |lines: &[String]| match lines {
            [] => String::new(),
            [line] => line.clone(),
            [line, rest @ ..] => format!("{line} and {} more", rest.len()),
        };
        match (added.is_empty(), missing.is_empty()) {
            (true, true) => None,
            (true, false) => Some(format!("no line {}", some(&missing))),
            (false, true) => Some(format!("unexpected line {}", some(&added))),
            (false, false) => Some(format!("{}, not {}", some(&added), some(&missing))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_a_set() {
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
        ];
        for (expected, found, difference) in rows {
            let seen = Hosts::parse(found.as_bytes()).difference(&Hosts::parse(expected.as_bytes()));
            assert_eq!(seen.as_deref(), difference, "{found:?}");
        }
    }

    #[test]
    fn a_name_is_found_in_any_column_but_the_first() {
        let hosts = Hosts::parse(b"127.0.1.1 proxy7.example.com proxy7\n#192.0.2.1 commented\n");
        let has =
            ["PROXY7", "proxy7.example.com", "127.0.1.1", "commented", "proxy"].map(|name| hosts.has(name));
        assert_eq!(has, [true, true, false, false, false]);
    }
}
