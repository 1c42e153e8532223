//! The structure of a shell command line: lists, groups, `for` and `if`, made of simple commands
//! (POSIX.1-2024, XCU 2.9.4). Loops over words that are known are expanded, those over `seq` and braces too;
//! anything else is left to the caller as not understood.

use std::rc::Rc;

use super::shell::{Follows, INPUT, Simple};

mod cases;
mod lists;
mod printf;

pub(super) use lists::{expand, has_braces, printed, seq};
pub(super) use printf::{by_format, unescaped};

/// What a `while` does besides testing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rounds {
    /// The file that it reads.
    pub(super) input: Option<String>,
    /// Whether it sets variables.
    pub(super) sets: bool,
}

/// A part of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A simple command, by its number in the line.
    Command(Follows, usize, Vec<String>),
    /// `( … )`, which is a subshell, or `{ …; }`.
    Group(Follows, bool, Vec<Node>),
    /// `for NAME in WORDS; do …; done`, with the words as they are written.
    Loop(Follows, String, Vec<String>, Vec<Node>),
    /// `if …; then …; elif …; else …; fi`: conditions with what follows them, and what follows none.
    If(Follows, Vec<(Vec<Node>, Vec<Node>)>, Vec<Node>),
    /// `while …; do …; done`, or `until`: whether the condition ends the loop when it holds, the condition,
    /// the body, and what more it does.
    While(Follows, bool, Vec<Node>, Vec<Node>, Rounds),
    /// `case WORD in PATTERN) …;; esac`: each list with its patterns.
    Case(Follows, String, Vec<(Vec<String>, Vec<Node>)>),
    /// `NAME() { …; }`, which runs nothing yet.
    Function(Follows, String, Rc<Node>),
}

impl Node {
    /// Returns how it follows the one before it.
    pub(super) fn follows(&self) -> Follows {
        match self {
            Node::Command(follows, ..)
            | Node::Group(follows, ..)
            | Node::Loop(follows, ..)
            | Node::If(follows, ..)
            | Node::While(follows, ..)
            | Node::Case(follows, ..)
            | Node::Function(follows, ..) => *follows,
        }
    }

    /// Returns the parts that it is made of: none of a simple command.
    pub(super) fn parts(&self) -> Vec<&Node> {
        match self {
            Node::Command(..) => Vec::new(),
            Node::Function(_, _, body) => vec![&**body],
            Node::Group(_, _, body) | Node::Loop(_, _, _, body) => body.iter().collect(),
            Node::While(_, _, tested, body, _) => tested.iter().chain(body).collect(),
            Node::Case(_, _, arms) => arms.iter().flat_map(|(_, body)| body).collect(),
            Node::If(_, branches, otherwise) => {
                let inside = branches.iter().flat_map(|(tested, body)| tested.iter().chain(body));
                inside.chain(otherwise).collect()
            }
        }
    }
}

/// Returns the structure of a line: `None` if it has none that is understood.
pub(super) fn parse(commands: Vec<Simple>) -> Option<Vec<Node>> {
    let mut parser = Parser { commands: apart(cases::apart(commands)), next: 0 };
    let nodes = parser.list(&[])?;
    (parser.next == parser.commands.len()).then_some(nodes)
}

/// Sets the words that open and close a structure apart from the commands beside them.
fn apart(commands: Vec<Simple>) -> Vec<Simple> {
    let mut all = Vec::new();
    for Simple { follows, words } in commands {
        let count = |bracket: &str| words.iter().filter(|word| *word == bracket).count();
        let closing = count(")").saturating_sub(count("("));
        let closing = closing.min(words.iter().rev().take_while(|word| *word == ")").count());
        let (command, brackets) = words.split_at(words.len() - closing);
        if !command.is_empty() {
            all.push(Simple { follows, words: command.to_vec() });
        }
        all.extend(
            brackets.iter().map(|bracket| Simple { follows: Follows::Always, words: vec![bracket.clone()] }),
        );
    }
    all
}

struct Parser {
    commands: Vec<Simple>,
    next: usize,
}

impl Parser {
    fn keyword(&self) -> &str {
        self.commands.get(self.next).and_then(|simple| simple.words.first()).map_or("", String::as_str)
    }

    fn follows(&self) -> Follows {
        self.commands.get(self.next).map_or(Follows::Always, |simple| simple.follows)
    }

    fn take(&mut self, keyword: &str) -> Option<()> {
        let found = self.keyword() == keyword;
        self.next += usize::from(found);
        found.then_some(())
    }

    /// The commands up to one of these words, or to the end.
    fn list(&mut self, until: &[&str]) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        while self.next < self.commands.len() && !until.contains(&self.keyword()) {
            nodes.push(self.node()?);
        }
        Some(nodes)
    }

    fn node(&mut self) -> Option<Node> {
        let follows = self.follows();
        match self.keyword() {
            "(" | "{" => {
                let is_subshell = self.keyword() == "(";
                let end = if is_subshell { ")" } else { "}" };
                self.next += 1;
                let body = self.list(&[end])?;
                self.take(end)?;
                Some(Node::Group(follows, is_subshell, body))
            }
            "for" => self.for_loop(follows),
            "if" => self.condition(follows),
            "while" | "until" => self.while_loop(follows),
            "case" => self.case(follows),
            cases::FUNCTION => self.function(follows),
            ";;" | "do" | "done" | "then" | "fi" | ")" | "}" | "else" | "elif" => None,
            _ => {
                let words = self.commands.get(self.next)?.words.clone();
                self.next += 1;
                Some(Node::Command(follows, self.next, words))
            }
        }
    }

    fn for_loop(&mut self, follows: Follows) -> Option<Node> {
        let words = self.commands.get(self.next)?.words.clone();
        let (name, items) = match words.as_slice() {
            [_, name, keyword, items @ ..] if keyword == "in" => (name, items.to_vec()),
            [_, name] => (name, vec!["$@".to_owned()]),
            _ => return None,
        };
        self.next += 1;
        self.take("do")?;
        let body = self.list(&["done"])?;
        self.take("done")?;
        Some(Node::Loop(follows, name.clone(), items, body))
    }

    /// Parses the definition of a function: its body is a command that has parts.
    fn function(&mut self, follows: Follows) -> Option<Node> {
        let name = self.commands.get(self.next)?.words.get(1)?.clone();
        self.next += 1;
        let body = self.node().filter(|body| !matches!(body, Node::Command(..)))?;
        Some(Node::Function(follows, name, Rc::new(body)))
    }

    /// Parses a `while` or `until`. `None` for a loop that sets variables by more than assignments and one
    /// `read`, because their values in each round are not known.
    fn while_loop(&mut self, follows: Follows) -> Option<Node> {
        let (ends, start) = (self.keyword() == "until", self.next);
        self.next += 1;
        let tested = self.list(&["do"])?;
        self.take("do")?;
        let body = self.list(&["done"])?;
        self.take("done")?;
        let commands = self.commands.get(start..self.next)?;
        let input =
            commands.last()?.words.iter().find_map(|word| word.strip_prefix(INPUT)).map(str::to_owned);
        let is_read = |command: &&Simple| command.words.iter().any(|word| word == "read");
        let others = commands.iter().filter(|it| !assigns(it) && !is_shift(it) && sets_variable(it));
        let reads = commands.iter().filter(is_read).count();
        if others.filter(|command| !is_read(command)).count() > 0 || reads > 1 {
            return None;
        }
        let sets = commands.iter().any(|command| assigns(command) || is_shift(command));
        Some(Node::While(follows, ends, tested, body, Rounds { input, sets }))
    }

    /// Parses a `case` from the commands of [`cases::apart`]: the word, then the patterns of each arm with
    /// its list.
    fn case(&mut self, follows: Follows) -> Option<Node> {
        let word = self.commands.get(self.next)?.words.get(1)?.clone();
        self.next += 1;
        let mut arms = Vec::new();
        while self.take("esac").is_none() {
            let patterns =
                self.commands.get(self.next)?.words.split_first().filter(|(mark, _)| *mark == cases::ARM)?.1;
            let patterns = patterns.to_vec();
            self.next += 1;
            let body = self.list(&[";;", "esac"])?;
            _ = self.take(";;");
            arms.push((patterns, body));
        }
        Some(Node::Case(follows, word, arms))
    }

    fn condition(&mut self, follows: Follows) -> Option<Node> {
        let mut branches = Vec::new();
        self.take("if")?;
        loop {
            let tested = self.list(&["then"])?;
            self.take("then")?;
            branches.push((tested, self.list(&["elif", "else", "fi"])?));
            if self.take("elif").is_none() {
                break;
            }
        }
        let otherwise = if self.take("else").is_some() { self.list(&["fi"])? } else { Vec::new() };
        self.take("fi")?;
        Some(Node::If(follows, branches, otherwise))
    }
}

/// Returns whether a command sets a variable, and does nothing else.
fn assigns(command: &Simple) -> bool {
    let is_assignment = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
        })
    };
    !command.words.is_empty() && command.words.iter().all(is_assignment)
}

/// Returns whether a command sets what the next round of a loop needs, in a way that is known.
fn is_shift(command: &Simple) -> bool {
    let is_let =
        |word: &String| word == "let" && command.words.iter().skip(1).all(|it| assignment(it).is_some());
    command.words.first().is_some_and(|word| word == "shift" || is_let(word))
        || command.words.iter().flat_map(|word| word.split("$((").skip(1)).any(|it| assignment(it).is_some())
}

/// Returns the variable, the operator before the `=` and the value of what stands after `$((`, if that is an
/// assignment, also by `++` or `--`.
pub(super) fn assignment(text: &str) -> Option<(&str, &'static str, &str)> {
    let text = text.split("))").next()?.trim_ascii();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_ascii_start();
    let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let operators = ["+", "-", "*", "/", "%"];
    let by = operators
        .into_iter()
        .find_map(|operator| Some((operator, rest.strip_prefix(operator)?.strip_prefix('=')?)));
    let plain = rest.strip_prefix('=').filter(|value| !value.starts_with('=')).map(|value| ("", value));
    let steps = ["+", "-"].into_iter().find(|step| rest == step.repeat(2)).map(|step| (step, "1"));
    let (operator, value) = by.or(plain).or(steps).filter(|_| is_name)?;
    Some((name, operator, value))
}

/// Returns whether a command may set a variable.
fn sets_variable(command: &Simple) -> bool {
    let sets = ["read", "let", "export", "local", "set", "shift", "getopts", "eval", "mapfile", "readarray"];
    let first = command.words.first().map_or("", String::as_str);
    let assigns = |word: &String| {
        word.ends_with("++")
            || word.ends_with("--")
            || word.starts_with("++")
            || word.contains("+=")
            || word.contains("-=")
    };
    first.contains('=') && !first.starts_with('=')
        || sets.contains(&first)
        || command.words.iter().any(assigns)
}
