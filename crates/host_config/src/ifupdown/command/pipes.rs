//! Pipes whose words are known: `seq 1 3 | xargs -I{} ip addr add ...`.

use super::super::script::{self, Node};
use super::super::shell::Follows;
use super::variables::{Variables, with};
use super::words::program;

/// The most octets of all commands that one xargs runs.
const MOST: usize = 16 << 20;

/// Returns the commands of `node`, and its number, if it is an xargs(1) that reads the words of `producer`.
pub(super) fn words(producer: &Node, node: &Node, set: &Variables) -> Option<(usize, Vec<Vec<String>>)> {
    let (Node::Command(_, _, first), Node::Command(Follows::Pipe, number, second)) = (producer, node) else {
        return None;
    };
    let known = |words: &[String]| words.iter().map(|word| with(word, set)).collect::<Vec<_>>();
    Some((*number, through_xargs(&known(first), &known(second))?))
}

/// Returns the lines that a command prints: `None` if they are not known.
pub(super) fn lines(words: &[String]) -> Option<Vec<String>> {
    let Printed { items, is_lines } = printed(words)?;
    Some(if is_lines { items } else { vec![items.join(" ")] })
}

/// Returns the commands that xargs(1) runs with the words that another command prints. `None` if one of the
/// two is not understood.
fn through_xargs(producer: &[String], consumer: &[String]) -> Option<Vec<Vec<String>>> {
    let (head, mut rest) = consumer.split_first()?;
    if program(head) != "xargs" {
        return None;
    }
    let Printed { items, is_lines } = printed(producer)?;
    let mut mode = Mode::Words(items.len().max(1));
    while let Some((option, after)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        let (name, attached) = option.split_at_checked(2)?;
        let mut after = after;
        let mut value = || match attached {
            "" => after.split_first().map(|(value, others)| {
                after = others;
                value.as_str()
            }),
            attached => Some(attached),
        };
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
        match name {
            "-I" => mode = Mode::Mark(value()?),
            "-i" => mode = Mode::Mark(if attached.is_empty() { "{}" } else { attached }),
            "-n" => mode = mode.with_words(number(value()?)?),
            "-L" => mode = Mode::Lines(number(value()?)?),
            "-P" => drop(value()?),
            "-r" | "-t" if attached.is_empty() => {}
            _ => return None,
        }
        rest = after;
    }
    let octets = rest.iter().map(|word| word.len() + 1).sum::<usize>();
    if items.len().saturating_mul(octets) > MOST {
        return None;
    }
    match mode {
        Mode::Mark(_) | Mode::Lines(_) if !is_lines => None,
        Mode::Mark(mark) => {
            let put = |item: &String| rest.iter().map(|word| word.replace(mark, item)).collect();
            Some(items.iter().map(put).collect())
        }
        Mode::Words(each) | Mode::Lines(each) => {
            Some(items.chunks(each).map(|items| [rest, items].concat()).collect())
        }
    }
}

/// What one command of xargs(1) gets: the last of the options that choose it counts.
#[derive(Clone, Copy)]
enum Mode<'a> {
    /// So many words, as its last ones.
    Words(usize),
    /// So many lines, as its last words.
    Lines(usize),
    /// One line, in the place of this text.
    Mark(&'a str),
}

impl Mode<'_> {
    /// Returns the mode after `-n`: GNU xargs lets `-I` be where the number is 1, which is what `-I` does.
    fn with_words(self, number: usize) -> Self {
        match self {
            Self::Mark(_) if number == 1 => self,
            _ => Self::Words(number),
        }
    }
}

/// What a command prints.
struct Printed {
    items: Vec<String>,
    /// Whether each item is on a line of its own, as `-I` and `-L` of xargs(1) read them.
    is_lines: bool,
}

/// Returns what a command prints: `None` if that is not known.
fn printed(words: &[String]) -> Option<Printed> {
    let (head, rest) = words.split_first()?;
    let on_one_line = |items: Vec<String>| Printed { is_lines: items.len() == 1, items };
    match (program(head), rest) {
        ("seq", _) => {
            let items = script::seq(&format!("seq {}", rest.join(" ")))?;
            Some(Printed { items, is_lines: true })
        }
        ("echo", [option, rest @ ..]) if matches!(option.as_str(), "-n" | "-e") => {
            script::expand(rest).map(on_one_line)
        }
        ("echo", _) => script::expand(rest).map(on_one_line),
        // The blank at the end of a line is of its item.
        ("printf", [format, rest @ ..]) if matches!(format.as_str(), "%s\\n" | "%s ") => {
            Some(Printed { items: script::expand(rest)?, is_lines: format == "%s\\n" })
        }
        _ => None,
    }
}
