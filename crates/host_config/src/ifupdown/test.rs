//! What is known of the outcome of a command that tests something, on a host that has come up.

use super::script::Node;

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

/// Returns whether the command succeeds: `None` if that is not known.
pub(super) fn outcome(words: &[String]) -> Option<bool> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["true" | ":" | "sleep", ..] => Some(true),
        ["false", ..] => Some(false),
        ["[", test @ .., "]"] | ["[[", test @ .., "]]"] | ["test", test @ ..] => tested(test),
        _ => None,
    }
}

/// The tests of test(1) whose outcome can be known.
fn tested(words: &[&str]) -> Option<bool> {
    match words {
        ["!", rest @ ..] => tested(rest).map(|holds| !holds),
        ["-e" | "-f" | "-d" | "-x" | "-r", path] if THERE.contains(path) => Some(true),
        ["-n", text] if !text.contains('$') => Some(!text.is_empty()),
        ["-z", text] if !text.contains('$') => Some(text.is_empty()),
        [one, "=" | "==", other] if !one.contains(['$', '*']) && !other.contains(['$', '*']) => {
            Some(one == other)
        }
        [one, "!=", other] if !one.contains(['$', '*']) && !other.contains(['$', '*']) => Some(one != other),
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

fn name(program: &str) -> &str {
    program.rsplit_once('/').map_or(program, |(_, name)| name)
}

/// Returns whether what follows the command's success depends on a test.
pub(super) fn is_test(words: &[String]) -> bool {
    words.first().is_some_and(|word| matches!(name(word), "[" | "[[" | "test" | "pgrep") || is_search(word))
}

/// Returns whether a command searches for a text.
pub(super) fn is_search(command: &str) -> bool {
    matches!(name(command.split(' ').next().unwrap_or_default()), "grep" | "egrep" | "fgrep")
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

/// Returns whether what follows the success of a command depends on a test.
pub(super) fn is_tested_by(node: &Node) -> bool {
    match node {
        Node::Command(_, _, words) => is_test(words),
        Node::Group(_, is_subshell, body) => {
            body.last().is_some_and(is_tested_by) || *is_subshell && exits(node)
        }
        _ => false,
    }
}

/// Whether one of the commands is `exit`.
fn exits(node: &Node) -> bool {
    match node {
        Node::Command(_, _, words) => words.first().is_some_and(|word| word == "exit"),
        _ => node.parts().into_iter().any(exits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_can_be_known() {
        let rows = [
            ("[ -e /proc/net/if_inet6 ]", Some(true)),
            ("[ ! -d /proc/sys/net/ipv6 ]", Some(false)),
            ("test -x /sbin/ip", Some(true)),
            ("[ eth0 = eth1 ]", Some(false)),
            ("[ $MODE = start ]", None),
            ("[ -e /x ]", None),
            ("[ 2 -eq 02 ]", Some(true)),
            ("[ 2 -gt 2 ]", Some(false)),
            ("[ 1 -ne 2 ]", Some(true)),
            ("[ $i -lt 2 ]", None),
            ("[ 1 -foo 2 ]", None),
            ("grep -q x /y", None),
            ("true", Some(true)),
            ("sleep 30", Some(true)),
        ];
        for (command, expected) in rows {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(outcome(&words), expected, "{command}");
        }
        assert!(
            holds_word("grep -q 192\\.0\\.2\\.9/24", "192.0.2.9")
                && !holds_word("grep 192.0.2.99", "192.0.2.9")
        );
    }
}
