//! What is known of the outcome of a command that tests something, on a host that has come up.

use super::super::script::Node;
use super::super::shell::{EXPRESSION, INPUT};
use super::words::{is_address, program};

/// Paths that are there on a host with IPv6 and iproute2.
const THERE: [&str; 10] = [
    "/",
    "/proc",
    "/sys",
    "/etc",
    "/proc/net/if_inet6",
    "/proc/sys/net/ipv6",
    "/sbin/ip",
    "/bin/ip",
    "/usr/sbin/ip",
    "/usr/bin/ip",
];

/// What is known of the exit status of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// It succeeds, or fails.
    Known(bool),
    /// It tests nothing, and mostly succeeds.
    Likely,
    /// If it succeeds, an address that this text looks for is bound.
    Found(String),
    /// If it fails, an address that this text looks for is bound.
    Lacking(String),
    #[default]
    Unknown,
}

impl Status {
    /// Returns the status after `!`.
    pub(super) fn negated(&self) -> Self {
        match self {
            Self::Known(succeeds) => Self::Known(!succeeds),
            Self::Found(text) => Self::Lacking(text.clone()),
            Self::Lacking(text) => Self::Found(text.clone()),
            Self::Likely | Self::Unknown => Self::Unknown,
        }
    }

    /// The same where it is the negated one that is asked for.
    fn negated_if(self, negate: bool) -> Self {
        if negate { self.negated() } else { self }
    }
}

/// Returns the status of a command; `last` is that of the one before it.
pub(super) fn status(words: &[&str], last: &Status) -> Status {
    let holds = |test| tested(test).map_or(Status::Unknown, Status::Known);
    match words {
        ["/bin/true" | "/usr/bin/true", ..] => Status::Known(true),
        ["/bin/false" | "/usr/bin/false", ..] => Status::Known(false),
        ["true" | ":" | "sleep" | "echo" | "printf" | "logger", ..] => Status::Known(true),
        ["false", ..] => Status::Known(false),
        ["[", test @ .., "]"] | ["test", test @ ..] => {
            match looks_at_status(test, last).or(looks_for(test)) {
                Some(status) => status,
                // dash knows no such operator: its test fails.
                None if test.contains(&"==") && tested(test) == Some(true) => Status::Likely,
                None => holds(test),
            }
        }
        // dash has no such command.
        ["[[", test @ .., "]]"] => match holds(test) {
            Status::Known(true) => Status::Likely,
            other => other,
        },
        ["[" | "[[" | "!" | "let" | EXPRESSION, ..] => Status::Unknown,
        [command, rest @ ..] if is_search(command) => {
            let inverts = |word: &&&str| {
                **word == "--invert-match"
                    || word.starts_with('-') && !word.starts_with("--") && word.contains('v')
            };
            if rest.iter().any(|word| inverts(&word)) {
                Status::Unknown
            } else {
                Status::Found(words.join(" "))
            }
        }
        [command, ..] if program(command) == "pgrep" => Status::Unknown,
        _ => Status::Likely,
    }
}

/// Returns the status of a test of `$?`.
fn looks_at_status(test: &[&str], last: &Status) -> Option<Status> {
    let negated = match test {
        ["$?", "-eq" | "=" | "==" | "-lt", "0" | "1"] => match (test.get(1), test.get(2)) {
            (Some(&"-lt"), Some(&"0")) => return Some(Status::Known(false)),
            (Some(&"-lt"), _) | (_, Some(&"0")) => false,
            _ => true,
        },
        ["$?", "-ne" | "!=" | "-gt", "0"] => true,
        ["!", rest @ ..] => return Some(looks_at_status(rest, last)?.negated()),
        _ => return None,
    };
    Some(last.clone().negated_if(negated))
}

/// Returns the status of a test whether a command lists an address: `-z "$(ip address show to ADDRESS)"`.
fn looks_for(test: &[&str]) -> Option<Status> {
    let negate = match test {
        ["!", rest @ ..] => return Some(looks_for(rest)?.negated()),
        ["-n", _] | [_] => false,
        ["-z", _] => true,
        [_, operator, "" | "0"] => match *operator {
            "=" | "==" | "-eq" | "-le" => true,
            "!=" | "-ne" | "-gt" => false,
            _ => return None,
        },
        [_, "-lt", "1"] => true,
        [_, "-ge", "1"] => false,
        [marked, operator @ ("=" | "!="), mark] if marked.strip_prefix(mark)?.starts_with(['$', '`']) => {
            *operator == "="
        }
        _ => return None,
    };
    let text = test.iter().find(|word| lists_addresses(word))?;
    Some(Status::Found((*text).to_owned()).negated_if(negate))
}

/// Returns whether a word has the output of a command that lists addresses.
pub(super) fn lists_addresses(word: &str) -> bool {
    let Some((_, command)) = word.split_once("$(").or_else(|| word.split_once('`')) else { return false };
    let end = |c: char| c.is_ascii_whitespace() || "|;&)`".contains(c);
    prints_addresses(&command.split(end).filter(|word| !word.is_empty()).collect::<Vec<_>>())
}

/// Returns whether a command lists addresses.
pub(super) fn prints_addresses<W: AsRef<str>>(words: &[W]) -> bool {
    let mut words = words.iter().map(AsRef::as_ref).skip_while(|word| word.contains('=') || *word == "!");
    match words.next().map(program) {
        Some("ip") => words.find(|word| !word.starts_with('-')).is_some_and(is_address),
        Some("ifconfig" | "hostname") => true,
        _ => false,
    }
}

/// Commands whose status tells something else than whether they could run.
const TESTS: [&str; 5] = ["grep", "[ ", "test ", "false", "!"];

/// Returns the status of an assignment: that of the command whose output it takes. `raw` has the words as
/// they are written.
pub(super) fn assigned(raw: &[String], words: &[String]) -> Status {
    let may_fail = |word: &String| {
        (word.contains("$(") || word.contains('`')) && TESTS.iter().any(|test| word.contains(test))
    };
    if raw != words && raw.iter().any(may_fail) {
        return Status::Unknown;
    }
    let value = words.last().and_then(|word| word.split_once('=')).map_or("", |(_, value)| value);
    match value.contains("$(") || value.contains('`') {
        false => Status::Known(true),
        true if lists_addresses(value) && value.split(['|', ' ']).any(is_search) => {
            Status::Found(value.to_owned())
        }
        true => Status::Unknown,
    }
}

/// The tests of test(1) whose outcome can be known.
fn tested(words: &[&str]) -> Option<bool> {
    let known = |text: &&str| !text.contains(['$', '`', '*', '?']);
    match words {
        ["!", rest @ ..] => tested(rest).map(|holds| !holds),
        ["-e" | "-f" | "-d" | "-x" | "-r", path] if THERE.contains(path) => Some(true),
        ["-n", text] if known(text) => Some(!text.is_empty()),
        ["-z", text] if known(text) => Some(text.is_empty()),
        [one, "=" | "==", other] if known(one) && known(other) => Some(one == other),
        [one, "!=", other] if known(one) && known(other) => Some(one != other),
        [one, operator, other] => compared(one.parse().ok()?, operator, other.parse().ok()?),
        _ => None,
    }
}

/// The tests of integers.
fn compared(one: i64, operator: &str, other: i64) -> Option<bool> {
    match operator {
        "-eq" => Some(one == other),
        "-ne" => Some(one != other),
        "-lt" => Some(one < other),
        "-le" => Some(one <= other),
        "-gt" => Some(one > other),
        "-ge" => Some(one >= other),
        _ => None,
    }
}

/// Returns whether a command that searches for an address, or is the first of a pipeline that does, reads
/// something else than what is bound here: a file of an administrator, or what other hosts answer.
pub(super) fn searches_elsewhere(words: &[String]) -> bool {
    let own = |word: &str| word.starts_with("/proc/") || word.starts_with("/sys/");
    let lists_no_address = !prints_addresses(words);
    let mut words = words.iter().skip_while(|word| word.contains('=') || *word == "!");
    let command = words.next().map(|word| program(word));
    let mut reads_file = || {
        words.any(|word| {
            word.trim_start_matches(INPUT).starts_with('/') && !own(word.trim_start_matches(INPUT))
        })
    };
    match command {
        Some("grep" | "egrep" | "fgrep" | "cat" | "head" | "tail") => reads_file(),
        Some(
            "ping" | "ping6" | "fping" | "arping" | "arp-scan" | "ndisc6" | "nmap" | "curl" | "wget" | "ssh",
        ) => true,
        Some("dig" | "host" | "nslookup" | "getent" | "arp") => true,
        // As its neighbours and routes.
        Some("ip") => lists_no_address,
        _ => false,
    }
}

/// Returns whether a program searches for a text.
fn is_search(command: &str) -> bool {
    matches!(program(command), "grep" | "egrep" | "fgrep")
}

/// Returns whether an address stands in a text as a whole: 192.0.2.9 is not in 192.0.2.99.
pub(super) fn holds_word(text: &str, address: &str) -> bool {
    let plain = text.replace('\\', "");
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':'));
    plain.match_indices(address).any(|(start, _)| {
        let before = plain.get(..start).and_then(|before| before.chars().next_back());
        let after = plain.get(start + address.len()..).and_then(|after| after.chars().next());
        !part(before) && !part(after)
    })
}

/// Returns whether one of the commands is `exit`.
pub(super) fn exits(node: &Node) -> bool {
    match node {
        Node::Command(_, _, words) => words.first().is_some_and(|word| word == "exit"),
        _ => node.parts().into_iter().any(exits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_of_a_list_of_addresses_looks_for_one() {
        let (found, lacking) = (Some(true), Some(false));
        let rows: [(&[&str], Option<bool>); 14] = [
            (&["-z", "$(ip a s to 192.0.2.9)"], lacking),
            (&["-n", "`ip -4 -o addr show to 192.0.2.9`"], found),
            (&["$(ip a | grep 192.0.2.9)"], found),
            (&["!", "$(ip a | grep 192.0.2.9)"], lacking),
            (&["$(ip a | grep -c 192.0.2.9)", "-eq", "0"], lacking),
            (&["$(ip a | grep -c 192.0.2.9)", "-gt", "0"], found),
            (&["$(ip a | grep -c 192.0.2.9)", "-lt", "1"], lacking),
            (&["$(LC_ALL=C /sbin/ifconfig | grep 192.0.2.9)", "=", ""], lacking),
            (&["x`ip a | grep 192.0.2.9`", "=", "x"], lacking),
            (&["x`ip a | grep 192.0.2.9`", "!=", "x"], found),
            (&["x`ip a | grep 192.0.2.9`", "=", "y"], None),
            (&["-z", "$(ip route get 192.0.2.9)"], None),
            (&["-z", "$(cat /etc/192.0.2.9)"], None),
            (&["-z", "192.0.2.9"], None),
        ];
        for (test, expected) in rows {
            let finds = match looks_for(test) {
                Some(Status::Found(text)) => holds_word(&text, "192.0.2.9").then_some(true),
                Some(Status::Lacking(text)) => holds_word(&text, "192.0.2.9").then_some(false),
                _ => None,
            };
            assert_eq!(finds, expected, "{test:?}");
        }
    }

    #[test]
    fn knows_what_can_be_known() {
        let known = Status::Known;
        let rows = [
            ("[ -e /proc/net/if_inet6 ]", known(true)),
            ("[ ! -d /proc/sys/net/ipv6 ]", known(false)),
            ("test -x /sbin/ip", known(true)),
            ("[ eth0 = eth1 ]", known(false)),
            ("[ $MODE = start ]", Status::Unknown),
            ("[ -e /x ]", Status::Unknown),
            ("[ 2 -eq 02 ]", known(true)),
            ("[ 2 -gt 2 ]", known(false)),
            ("[ 1 -ne 2 ]", known(true)),
            ("[ $i -lt 2 ]", Status::Unknown),
            ("[ 1 -foo 2 ]", Status::Unknown),
            ("grep -q x /y", Status::Found("grep -q x /y".to_owned())),
            ("grep -vq x /y", Status::Unknown),
            ("pgrep x", Status::Unknown),
            ("[ eth0 == eth0 ]", Status::Likely),
            ("[ eth0 == eth1 ]", known(false)),
            ("[[ eth0 = eth0 ]]", Status::Likely),
            ("[[ eth0 = eth1 ]]", known(false)),
            ("[[ eth0 == eth? ]]", Status::Unknown),
            ("[ `uname` = Linux ]", Status::Unknown),
            ("[ -z `uname` ]", Status::Unknown),
            ("[ $? -eq 0 ]", known(false)),
            ("[ $? != 0 ]", known(true)),
            ("[ $? = 1 ]", known(true)),
            ("! [ $? = 1 ]", Status::Unknown),
            ("[ ! $? -lt 1 ]", known(true)),
            ("modprobe x", Status::Likely),
            ("true", known(true)),
            ("sleep 30", known(true)),
        ];
        for (command, expected) in rows {
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(status(&words, &known(false)), expected, "{command}");
        }
        assert!(
            holds_word("grep -q 192\\.0\\.2\\.9/24", "192.0.2.9")
                && !holds_word("grep 192.0.2.99", "192.0.2.9")
        );
    }
}
