//! What commands print that another one reads: lines of echo(1), printf(1), seq(1) and of files.

use super::super::script::{self, Node};
use super::super::shell::Follows;
use super::Reader;
use super::variables::{Variables, with};
use super::words::program;
use crate::ifupdown::inputs;

/// The most octets that are kept, and the most commands that are run for them.
const MOST: usize = 1 << 20;
const COMMANDS: usize = 1 << 14;

impl Reader<'_> {
    /// Returns what the commands of a pipe print: `None` if that is not known.
    pub(super) fn output(&self, pipe: &[Node], set: &Variables) -> Option<String> {
        let (first, filters) = pipe.split_first()?;
        let (mut text, mut left) = (String::new(), COMMANDS);
        self.print(first, &mut set.clone(), &mut text, &mut left)?;
        filters.iter().try_fold(text, |text, filter| filtered(filter, text))
    }

    fn print(&self, node: &Node, set: &mut Variables, text: &mut String, left: &mut usize) -> Option<()> {
        *left = left.checked_sub(1)?;
        match node {
            Node::Command(_, _, words) => {
                let words: Vec<String> = words.iter().map(|word| with(word, set)).collect();
                text.push_str(&self.printed_by(&words)?);
                (text.len() <= MOST).then_some(())
            }
            Node::Group(_, _, body) => self.print_all(body, set, text, left),
            Node::Loop(_, name, items, body) => {
                let items: Vec<String> = items.iter().map(|item| with(item, set)).collect();
                let items: Vec<String> =
                    items.join(" ").split_ascii_whitespace().map(str::to_owned).collect();
                let known = set.len();
                for item in script::expand(&items)? {
                    set.push((name.clone(), item));
                    self.print_all(body, set, text, left)?;
                    set.truncate(known);
                }
                Some(())
            }
            _ => None,
        }
    }

    fn print_all(
        &self,
        nodes: &[Node],
        set: &mut Variables,
        text: &mut String,
        left: &mut usize,
    ) -> Option<()> {
        let follows = |node: &Node| matches!(node.follows(), Follows::Always | Follows::Success);
        nodes.iter().all(follows).then_some(())?;
        nodes.iter().try_for_each(|node| self.print(node, set, text, left))
    }

    fn printed_by(&self, words: &[String]) -> Option<String> {
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect::<String>();
        let (head, rest) = plain.split_first()?;
        let is_plain = |word: &&str| !word.contains(['$', '`']) && !script::has_braces(word);
        let rest_is_plain = rest.iter().all(is_plain);
        match program(head) {
            "true" | ":" | "sleep" => Some(String::new()),
            "ip" if !matches!(rest, [] | [_]) && rest.first() == Some(&"link") => Some(String::new()),
            "echo" if rest_is_plain => self.echoed(rest),
            "printf" if rest_is_plain => script::by_format(rest.first()?, rest.get(1..).unwrap_or_default()),
            "seq" => script::seq(&plain.join(" ")).map(ended),
            _ => {
                let lines = inputs::printed(&plain, self.inputs?)?;
                Some(ended(lines.into_iter().map(str::to_owned).collect()))
            }
        }
    }

    /// sh(1) of Debian, which is dash, expands what stands behind a backslash, and knows no option but `-n`;
    /// bash does it after `-e` alone.
    fn echoed(&self, words: &[&str]) -> Option<String> {
        let (end, words) = words.strip_prefix(&["-n"]).map_or(("\n", words), |rest| ("", rest));
        let (expands, words) = match words {
            ["-e", rest @ ..] if self.is_bash => (true, rest),
            [option, ..] if option.starts_with('-') => return None,
            words => (!self.is_bash, words),
        };
        let text = words.join(" ");
        Some(if expands { script::unescaped(&text)? } else { text } + end)
    }
}

/// What is left behind a command that only sorts what it reads, or leaves comments and empty lines out: the
/// order of addresses tells nothing.
fn filtered(node: &Node, text: String) -> Option<String> {
    let Node::Command(_, _, words) = node else { return None };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (head, rest) = words.split_first()?;
    let left_out: fn(&str) -> bool = match (program(head), rest) {
        ("cat" | "tac" | "sort" | "uniq", options) if options.iter().all(|it| it.starts_with('-')) => {
            |_| false
        }
        ("grep" | "egrep", ["-v", "^#"]) | ("sed", ["/^#/d"]) => |line| line.starts_with('#'),
        ("grep" | "egrep", ["-v", "#"]) => |line| line.contains('#'),
        ("grep" | "egrep", ["-v", "^$"]) | ("sed", ["/^$/d"]) => str::is_empty,
        ("grep" | "egrep", ["."]) => str::is_empty,
        _ => return None,
    };
    let lines = text.lines().filter(|line| !left_out(line));
    Some(lines.map(|line| line.to_owned() + "\n").collect())
}
