//! What commands print that another one reads: lines of echo(1), printf(1), seq(1) and of files.

use super::super::script::{self, Node, Rounds};
use super::super::shell::{Follows, INPUT, plain};
use super::arguments::{is_positional, positional};
use super::filters::{Text, filtered, of_file};
use super::rounds::rounds_of_read;
use super::test::{Status, status};
use super::variables::{Variables, assign};
use super::words::program;
use super::{Reader, STEPS};
use crate::ifupdown::inputs;

/// The most octets that are kept.
const MOST: usize = 1 << 20;
/// So many octets that are printed count as a command.
const COST: usize = 16;
/// So many that a filter reads count as one.
const READ_COST: usize = 64;

impl Reader<'_> {
    /// Returns what the commands of a pipe print: `None` if that is not known.
    pub(super) fn output(&mut self, pipe: &[Node], set: &Variables) -> Option<String> {
        self.print_pipe(pipe, &mut set.clone())
    }

    /// Returns what a list prints that runs as a whole.
    pub(super) fn print_all(&mut self, nodes: &[Node], set: &mut Variables) -> Option<String> {
        let mut text = String::new();
        let mut rest = nodes;
        while let Some((first, others)) = rest.split_first() {
            matches!(first.follows(), Follows::Always | Follows::Success).then_some(())?;
            let more = others.iter().take_while(|node| node.follows() == Follows::Pipe).count();
            let (pipe, after) = rest.split_at_checked(more + 1)?;
            text.push_str(&self.print_pipe(pipe, set)?);
            rest = after;
        }
        (text.len() <= MOST).then_some(text)
    }

    fn print_pipe(&mut self, pipe: &[Node], set: &mut Variables) -> Option<String> {
        let (first, filters) = pipe.split_first()?;
        let mut text = self.print(first, set)?;
        let mut in_order = !self.sorts(first);
        for filter in filters {
            (self.steps <= STEPS).then_some(())?;
            let Node::Command(_, _, words) = filter else { return None };
            let words = self.words(words, set);
            let words: Vec<String> = words.iter().map(|word| plain(word)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.steps += text.len() / READ_COST;
            Text { text, in_order } = filtered(&words, Text { text, in_order })?;
        }
        self.steps += text.len() / COST;
        Some(text)
    }

    fn print(&mut self, node: &Node, set: &mut Variables) -> Option<String> {
        self.steps += 1;
        if self.steps > STEPS {
            return None;
        }
        match node {
            Node::Command(_, _, words) => self.print_command(words, set),
            Node::Group(_, true, body) => self.print_all(body, &mut set.clone()),
            Node::Group(_, false, body) => self.print_all(body, set),
            Node::Loop(_, name, items, body) => {
                let items = self.values(items, set);
                let items: Vec<String> =
                    items.join(" ").split_ascii_whitespace().map(str::to_owned).collect();
                let rounds = script::expand(&items)?.into_iter().map(|item| vec![(name.clone(), item)]);
                self.print_rounds(rounds.collect(), body, set)
            }
            Node::While(_, false, tested, body, Rounds { input: Some(path), .. }) => {
                let rounds = rounds_of_read(tested, &inputs::taken(&["<", path], self.inputs?)?)?;
                self.print_rounds(rounds, body, set)
            }
            Node::If(_, branches, otherwise) => {
                for (tested, body) in branches {
                    let [Node::Command(_, _, words)] = tested.as_slice() else { return None };
                    let words = self.words(words, set);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    match status(&words, &Status::Unknown) {
                        Status::Known(true) => return self.print_all(body, set),
                        Status::Known(false) => {}
                        _ => return None,
                    }
                }
                self.print_all(otherwise, set)
            }
            _ => None,
        }
    }

    fn print_rounds(&mut self, rounds: Vec<Variables>, body: &[Node], set: &mut Variables) -> Option<String> {
        let mut text = String::new();
        let known = set.len();
        for round in rounds {
            set.extend(round);
            text.push_str(&self.print_all(body, set)?);
            super::variables::latest(set, known);
            (text.len() <= MOST).then_some(())?;
        }
        Some(text)
    }

    fn print_command(&mut self, words: &[String], set: &mut Variables) -> Option<String> {
        super::variables::computed(words, set, false);
        let words = self.words(words, set);
        if assign(&words, set, false) {
            return Some(String::new());
        }
        let function = self.functions.iter().rev().find(|known| Some(&known.name) == words.first()).cloned();
        let Some(function) = function else { return self.printed_by(&words) };
        let known = set.len();
        set.extend(positional(&words).into_iter().filter(|(name, _)| name != "0"));
        self.depth += 1;
        let text = if self.depth > super::NESTED { None } else { self.print(&function.body, set) };
        self.depth -= 1;
        let new = set.split_off(known.min(set.len()));
        set.extend(
            new.into_iter().filter(|(name, _)| !is_positional(name) && !function.locals.contains(name)),
        );
        text
    }

    /// Whether a command sorts what it prints: by what, is not told here.
    fn sorts(&self, node: &Node) -> bool {
        let Node::Command(_, _, words) = node else {
            return node.parts().into_iter().any(|part| self.sorts(part));
        };
        let is_called = |word: &String| self.functions.iter().any(|known| known.name == *word);
        words.first().is_some_and(|word| program(word) == "sort" || word.contains('$') || is_called(word))
    }

    fn printed_by(&mut self, words: &[String]) -> Option<String> {
        let is_known = |word: &String| !word.contains(['$', '`']);
        if !words.iter().all(is_known) {
            return None;
        }
        let rest_is_plain = !words.iter().skip(1).any(|word| script::has_braces(word));
        let words: Vec<String> = words.iter().map(|word| plain(word)).collect();
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect::<String>();
        let (head, rest) = plain.split_first()?;
        match program(head) {
            "true" | ":" | "sleep" => Some(String::new()),
            "ip" if !matches!(rest, [] | [_]) && rest.first() == Some(&"link") => Some(String::new()),
            "echo" if rest_is_plain => self.echoed(rest),
            "printf" if rest_is_plain => script::by_format(rest.first()?, rest.get(1..).unwrap_or_default()),
            "seq" => script::seq(&plain.join(" ")).map(ended),
            "basename" => last_part(rest).map(|name| name + "\n"),
            "ls" if let [path] = rest.strip_prefix(&["-1"]).unwrap_or(rest) => {
                let inputs = self.inputs?;
                let found = inputs::paths(path, inputs).or_else(|| inputs::names(path, inputs));
                found.map(super::filters::lines)
            }
            "expr" => script::printed(&plain.join(" ")).map(ended),
            "cat" if !rest.is_empty() => rest.iter().map(|path| self.content(path)).collect(),
            _ => {
                let (filter, path) = of_file(&plain)?;
                let text = self.inputs?.get(path)?.clone();
                self.steps += text.len() / READ_COST;
                Some(filtered(filter, Text { text, in_order: true })?.text)
            }
        }
    }

    /// What is in a file, or in all those that a pattern fits.
    fn content(&self, path: &str) -> Option<String> {
        let inputs = self.inputs?;
        let all = inputs::paths(path, inputs).map(|paths| paths.map(|path| inputs.get(path).cloned()));
        all.map_or_else(|| inputs.get(path.strip_prefix(INPUT).unwrap_or(path)).cloned(), Iterator::collect)
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

/// What basename(1) prints.
fn last_part(words: &[&str]) -> Option<String> {
    let (path, end) = match words {
        [path] => (*path, ""),
        [path, end] => (*path, *end),
        _ => return None,
    };
    let name = path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty())?;
    (!path.starts_with('-'))
        .then(|| name.strip_suffix(end).filter(|name| !name.is_empty()).unwrap_or(name).to_owned())
}
