//! Pipes whose words are known: `seq 1 3 | xargs -I{} ip addr add ...`.

use super::super::script::{self, Node};
use super::super::shell::Follows;
use super::variables::{Variables, with};
use super::words::program;

/// The most octets of all commands that one xargs runs.
const MOST: usize = 16 << 20;

/// Returns the commands of `node` where it is an xargs(1) that reads the words of `producer`, and its number.
pub(super) fn words(producer: &Node, node: &Node, set: &Variables) -> Option<(usize, Vec<Vec<String>>)> {
    let (Node::Command(_, _, first), Node::Command(Follows::Pipe, number, second)) = (producer, node) else {
        return None;
    };
    let known = |words: &[String]| words.iter().map(|word| with(word, set)).collect::<Vec<_>>();
    Some((*number, through_xargs(&known(first), &known(second))?))
}

/// The commands that xargs(1) runs with the words that another command prints: `None` if one of the two
/// is not understood.
fn through_xargs(producer: &[String], consumer: &[String]) -> Option<Vec<Vec<String>>> {
    let (head, mut rest) = consumer.split_first()?;
    if program(head) != "xargs" {
        return None;
    }
    let items = printed(producer)?;
    let (mut mark, mut each) = (None, items.len().max(1));
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
        match name {
            "-I" => mark = Some(value()?),
            "-i" => mark = Some(if attached.is_empty() { "{}" } else { attached }),
            "-n" | "-L" => each = value()?.parse().ok().filter(|each| *each > 0)?,
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
    Some(match mark {
        Some(mark) => {
            let put = |item: &String| rest.iter().map(|word| word.replace(mark, item)).collect();
            items.iter().map(put).collect()
        }
        None => items.chunks(each).map(|items| [rest, items].concat()).collect(),
    })
}

/// The words that a command prints.
fn printed(words: &[String]) -> Option<Vec<String>> {
    let (head, rest) = words.split_first()?;
    match (program(head), rest) {
        ("seq", _) => script::seq(&format!("seq {}", rest.join(" "))),
        ("echo", [option, rest @ ..]) if matches!(option.as_str(), "-n" | "-e") => script::expand(rest),
        ("echo", _) => script::expand(rest),
        ("printf", [format, rest @ ..]) if matches!(format.as_str(), "%s\\n" | "%s ") => script::expand(rest),
        _ => None,
    }
}
