//! Parameter expansion: `${NAME#PATTERN}` and the like (POSIX.1-2024, XCU 2.6.2).

use crate::wildcard;

/// What stands among the variables of a command where all that ifup sets of options are known: others of that
/// name are not set.
pub(super) const ALL: &str = "IF_";

/// A longer value is not cut, in octets: names and addresses are short.
const LONGEST: usize = 256;

/// Returns the value of what stands in the braces of `${...}`, by the value of its variable. `None` if that
/// is not known, or if this is none of the expansions of sh.
pub(super) fn value(inside: &str, of: impl Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(name) = inside.strip_prefix('#').filter(|name| is_name(name)) {
        return of(name).map(|value| value.chars().count().to_string());
    }
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, operation) = inside.split_at(end);
    let value = of(name).filter(|_| is_name(name))?;
    let (operator, word) = operation.split_at(operator(operation));
    let is_cut = operator.starts_with(['#', '%']);
    if is_cut && value.len() > LONGEST || word.contains(['$', '`', '"', '\'', '\\']) {
        return None;
    }
    Some(match operator {
        "" if word.is_empty() => value,
        ":-" | ":=" | ":?" if value.is_empty() => word.to_owned(),
        "-" | "=" | "?" | ":-" | ":=" | ":?" => value,
        ":+" if value.is_empty() => value,
        "+" | ":+" => word.to_owned(),
        "#" => without(&value, word, Side::Start, false),
        "##" => without(&value, word, Side::Start, true),
        "%" => without(&value, word, Side::End, false),
        "%%" => without(&value, word, Side::End, true),
        _ => return None,
    })
}

/// A number stands for an argument of a function or of the shell.
fn is_name(name: &str) -> bool {
    let is_number = name.bytes().all(|octet| octet.is_ascii_digit());
    !name.is_empty()
        && (is_number || !name.starts_with(|c: char| c.is_ascii_digit()))
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// How many octets of the text are an operator.
fn operator(text: &str) -> usize {
    let longest = ["##", "%%", ":-", ":=", ":?", ":+", "#", "%", "-", "=", "?", "+"];
    longest.iter().find(|operator| text.starts_with(**operator)).map_or(0, |operator| operator.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

/// Takes the shortest or the longest part away that a pattern fits.
fn without(value: &str, pattern: &str, side: Side, longest: bool) -> String {
    let ends = value.char_indices().map(|(at, _)| at).chain([value.len()]);
    let mut cuts: Vec<usize> = ends.collect();
    if longest != (side == Side::End) {
        cuts.reverse();
    }
    let cut = cuts
        .into_iter()
        .map(|at| value.split_at(at))
        .find(|(start, end)| wildcard::matches(pattern, if side == Side::Start { start } else { end }));
    let left = cut.map(|(start, end)| if side == Side::Start { end } else { start });
    left.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As dash 0.5.12 and bash 5.2 expand them.
    #[test]
    fn expands_as_sh_does() {
        let rows = [
            ("IFACE#eth", Some("0.100")),
            ("IFACE#*.", Some("100")),
            ("IFACE##*[h.]", Some("100")),
            ("IFACE%.*", Some("eth0")),
            ("IFACE%0*", Some("eth0.10")),
            ("IFACE%%0*", Some("eth")),
            ("IFACE#wlan", Some("eth0.100")),
            ("#IFACE", Some("8")),
            ("IFACE:-x", Some("eth0.100")),
            ("EMPTY:-x", Some("x")),
            ("EMPTY-x", Some("")),
            ("EMPTY:+x", Some("")),
            ("IFACE:+x", Some("x")),
            ("EMPTY+x", Some("x")),
            ("IFACE", Some("eth0.100")),
            ("IFACE:3", None),
            ("IFACE/eth/x", None),
            ("IFACE#$X", None),
            ("OTHER#eth", None),
            ("#OTHER", None),
            ("#", None),
            ("", None),
        ];
        for (inside, expected) in rows {
            let of = |name: &str| match name {
                "IFACE" => Some("eth0.100".to_owned()),
                "EMPTY" => Some(String::new()),
                _ => None,
            };
            assert_eq!(value(inside, of).as_deref(), expected, "{inside}");
        }
        let cut = |length: usize| value("A#x", |_| Some("x".repeat(length))).map(|value| value.len());
        assert_eq!((cut(LONGEST), cut(LONGEST + 1)), (Some(LONGEST - 1), None));
    }
}
