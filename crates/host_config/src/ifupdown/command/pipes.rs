//! Pipes whose words are known: `seq 1 3 | xargs -I{} ip addr add ...`.

use super::super::script::{self, Node};
use super::super::shell::{Follows, INPUT, literal};
use super::Reader;
use super::variables::Variables;
use super::words::program;

/// The most octets of all commands that one xargs runs.
const MOST: usize = 16 << 20;

impl Reader<'_> {
    /// Returns the commands of `node`, and its number, if it is an xargs(1) that reads the words of
    /// `producers`, or of a file.
    pub(super) fn by_xargs(
        &mut self,
        producers: &[Node],
        node: &Node,
        set: &Variables,
    ) -> Option<(usize, Vec<Vec<String>>)> {
        let Node::Command(_, number, words) = node else { return None };
        let head = words.first().filter(|head| head.contains(['$', '`']) || program(head) == "xargs")?;
        Some(self.value(head, set)).filter(|head| program(head) == "xargs")?;
        let mut consumer = self.values(words, set);
        let file = match consumer.as_slice() {
            [_, option, path, ..] if option == "-a" && producers.is_empty() => Some((1..3, path.clone())),
            [.., path] if path.starts_with(INPUT) => {
                Some((consumer.len() - 1..consumer.len(), path.trim_start_matches(INPUT).to_owned()))
            }
            _ => None,
        };
        let from_file = file.map(|(range, path)| {
            consumer.drain(range);
            [Node::Command(Follows::Always, *number, vec!["cat".to_owned(), path])]
        });
        let producers = from_file.as_ref().map_or(producers, |file| file.as_slice());
        let of_command = match producers {
            [Node::Command(_, _, words)] => printed(&self.values(words, set)),
            _ => None,
        };
        let printed = match of_command {
            Some(printed) => printed,
            None => items(&self.output(producers, set)?)?,
        };
        Some((*number, through_xargs(printed, &consumer)?))
    }
}

/// Returns the words of a text as xargs(1) reads them: `None` where quotes, or several words on one of
/// several lines, mean more.
fn items(text: &str) -> Option<Printed> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_ascii().is_empty()).collect();
    let one_each = lines.iter().all(|line| line.split_ascii_whitespace().count() == 1);
    if text.contains(['"', '\'', '\\']) || !one_each && lines.len() != 1 {
        return None;
    }
    let items = text.split_ascii_whitespace().map(literal).collect();
    Some(Printed { items, is_lines: one_each })
}

/// Returns the lines that a command prints: `None` if they are not known.
pub(super) fn lines(words: &[String]) -> Option<Vec<String>> {
    let Printed { items, is_lines } = printed(words)?;
    Some(if is_lines { items } else { vec![items.join(" ")] })
}

/// Returns the commands that xargs(1) runs with the words that another command prints. `None` if one of the
/// two is not understood.
fn through_xargs(printed: Printed, consumer: &[String]) -> Option<Vec<Vec<String>>> {
    let (_, mut rest) = consumer.split_first()?;
    let Printed { items, is_lines } = printed;
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
