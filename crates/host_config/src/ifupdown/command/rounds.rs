//! Loops that set variables: `while read NAME`, and those that count.

use std::collections::HashSet;

use super::super::inputs;
use super::super::script::{self, Node};
use super::super::shell::{Follows, INPUT};
use super::doubt::Doubt;
use super::leave::Leave;
use super::test::Status;
use super::variables::{Variables, latest};
use super::{NOT_UNDERSTOOD, Reader, STEPS, pipes};

/// The most rounds of a loop that counts.
const COUNTED: usize = 1 << 12;

/// The values of the variables in one round of a loop.
pub(super) type Round = Vec<(String, String)>;

impl Reader<'_> {
    /// Runs a list once for each round.
    pub(super) fn rounds(
        &mut self,
        title: &str,
        rounds: Vec<Round>,
        body: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let known = set.len();
        self.loops += 1;
        // What perhaps left the loop around this one before: its own rounds are in doubt by `doubt`.
        let around = self.perhaps_left.take();
        if rounds.is_empty() {
            body.iter().for_each(|node| self.skip(node, seen));
        }
        for round in rounds {
            set.extend(round);
            let before = self.steps;
            self.list(body, set, doubt, seen)?;
            // A round that runs no command counts as a step.
            self.steps += usize::from(self.steps == before);
            if self.steps > STEPS {
                return Err(format!("loops that run more than {STEPS} commands: {title}"));
            }
            latest(set, known);
            if self.ends_round() {
                break;
            }
        }
        Ok(self.end_loop(around))
    }

    /// Goes on after the last round of a loop.
    fn end_loop(&mut self, around: Option<(Leave, Doubt)>) -> Status {
        self.loops -= 1;
        self.left = self.left.and_then(Leave::outer);
        self.leave_loop(around);
        Status::Likely
    }

    /// Goes on after a round of a loop: whether it was the last one.
    fn ends_round(&mut self) -> bool {
        self.perhaps_left = self.perhaps_left.take().filter(|(leave, _)| leave.ends || leave.levels > 1);
        match self.left {
            Some(Leave { levels: 1, ends: false }) => self.left = None,
            Some(_) => return true,
            None => {}
        }
        self.exited
    }

    /// Runs a loop that sets variables for as long as its condition is known to hold.
    pub(super) fn count(
        &mut self,
        ends: bool,
        tested: &[Node],
        body: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let known = set.len();
        let around = self.perhaps_left.take();
        self.loops += 1;
        for round in 0.. {
            if round > COUNTED {
                return Err(format!("a loop that counts further than {COUNTED}"));
            }
            match self.list(tested, set, doubt, seen)? {
                Status::Known(holds) if holds == ends => {
                    body.iter().for_each(|node| self.skip(node, seen));
                    break;
                }
                Status::Known(_) => {}
                _ => return Err(NOT_UNDERSTOOD.to_owned()),
            }
            self.list(body, set, doubt, seen)?;
            latest(set, known);
            if self.ends_round() {
                break;
            }
        }
        Ok(self.end_loop(around))
    }

    /// Runs `while read NAME...` once for each line: of a file that its input is, or of what another command
    /// prints.
    pub(super) fn read_lines(
        &mut self,
        producers: &[Node],
        node: &Node,
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Option<Result<Status, String>> {
        let Node::While(_, false, tested, body, script::Rounds { input, .. }) = node else { return None };
        let names = names(tested)?;
        let lines = match (producers, input) {
            ([Node::Command(_, _, words)], None) => {
                let words = self.values(words, set);
                self.printed(&words)
                    .or_else(|| pipes::lines(&words))
                    .or_else(|| self.lines_of(producers, set))
            }
            ([_, ..], None) => self.lines_of(producers, set),
            ([], Some(path)) => {
                let path = self.value(path, set);
                self.printed(&["<".to_owned(), path])
            }
            _ => None,
        };
        let rounds = lines.and_then(|lines| rounds_of(&names, &lines));
        let Some(rounds) = rounds else { return Some(Err(NOT_UNDERSTOOD.to_owned())) };
        tested.iter().for_each(|node| self.skip(node, seen));
        Some(self.rounds("while read", rounds, body, set, doubt, seen))
    }

    /// The lines that are printed: `read` takes none without an end.
    fn lines_of(&mut self, producers: &[Node], set: &Variables) -> Option<Vec<String>> {
        let text = self.output(producers, set)?;
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        Some(whole.lines().map(str::to_owned).collect())
    }

    fn printed(&self, words: &[String]) -> Option<Vec<String>> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lines = inputs::taken(&words, self.inputs?)?;
        Some(lines.into_iter().map(str::to_owned).collect())
    }
}

impl Reader<'_> {
    /// Sets what `read NAME... < FILE` does: whether that is known.
    pub(super) fn read_once(&self, words: &[String], set: &mut Variables) -> bool {
        let round = || {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (path, words) = words.split_last()?;
            let lines = inputs::taken(&["<", path.strip_prefix(INPUT)?], self.inputs?)?;
            names_of(words)?.round(lines.first()?)
        };
        round().map(|round| set.extend(round)).is_some()
    }
}

/// Returns the rounds of a loop that reads these lines.
fn rounds_of<L: AsRef<str>>(names: &Names<'_>, lines: &[L]) -> Option<Vec<Round>> {
    let lines = lines.iter().map(AsRef::as_ref);
    // A word that is not an address is tried in vain.
    let mut lines = lines.filter(|line| !line.trim_ascii().is_empty() && !line.starts_with('#'));
    lines.try_fold(Vec::new(), |mut rounds, line| {
        rounds.push(names.round(line)?);
        Some(rounds)
    })
}

/// The same of `while read NAME...`: `None` also if the condition is another one.
pub(super) fn rounds_of_read(tested: &[Node], lines: &[&str]) -> Option<Vec<Round>> {
    rounds_of(&names(tested)?, lines)
}

/// What `read` does with a line.
struct Names<'a> {
    names: Vec<&'a str>,
    /// Whether it takes the line as it is.
    whole: bool,
    /// What parts the words, if that is no white space.
    separator: Option<char>,
}

impl Names<'_> {
    /// The values of the variables: `None` where the shell would do more with them.
    fn round(&self, line: &str) -> Option<Round> {
        if line.contains(['$', '`', '\\', '\'', '"']) {
            return None;
        }
        if let Some(separator) = self.separator {
            return self.parted(line, separator);
        }
        let mut rest = if self.whole { line } else { line.trim_ascii() };
        let mut round = Round::new();
        for (at, name) in self.names.iter().enumerate() {
            let is_last = at + 1 == self.names.len();
            let (word, after) = match rest.split_once(|c: char| c.is_ascii_whitespace()) {
                Some((word, after)) if !is_last => (word, after.trim_ascii_start()),
                _ => (rest, ""),
            };
            round.push(((*name).to_owned(), word.to_owned()));
            rest = after;
        }
        Some(round)
    }
}

impl Names<'_> {
    /// The values where one character parts them: `None` where the last one would have it in it.
    fn parted(&self, line: &str, separator: char) -> Option<Round> {
        let line = line.strip_suffix(separator).unwrap_or(line);
        let values: Vec<&str> = line.split(separator).collect();
        (values.len() <= self.names.len()).then_some(())?;
        let value = |at: usize| values.get(at).copied().unwrap_or_default().to_owned();
        Some((0..).zip(&self.names).map(|(at, name)| ((*name).to_owned(), value(at))).collect())
    }
}

/// The variables of `read [-r] NAME...`, of `IFS= read -r NAME` or of `IFS=: read -r NAME...`.
fn names(tested: &[Node]) -> Option<Names<'_>> {
    let [Node::Command(Follows::Always, _, words)] = tested else { return None };
    names_of(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn names_of<'a>(words: &[&'a str]) -> Option<Names<'a>> {
    let (whole, separator, words) = match words {
        ["IFS=", rest @ ..] => (true, None, rest),
        [first, rest @ ..] if let Some(one) = first.strip_prefix("IFS=") => {
            let separator = one.chars().next().filter(|c| c.is_ascii_punctuation() && one.len() == 1);
            (false, Some(separator.filter(|c| !matches!(c, '\\' | '$' | '`'))?), rest)
        }
        rest => (false, None, rest),
    };
    let ["read", names @ ..] = words else { return None };
    let names = names.strip_prefix(&["-r"]).unwrap_or(names);
    let is_name = |name: &&str| name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
    let is_known = !names.is_empty() && names.iter().all(is_name) && (!whole || names.len() == 1);
    is_known.then(|| Names { names: names.to_vec(), whole, separator })
}
