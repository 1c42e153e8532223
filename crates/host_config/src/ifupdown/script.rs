//! The structure of a shell command line: lists, groups, `for` and `if`, made of simple commands
//! (POSIX.1-2024, XCU 2.9.4). Loops over words that are known are expanded, those over `seq` and braces too;
//! anything else is left to the caller as not understood.

use super::shell::{Follows, Simple};

mod cases;

/// The most words that a list of a loop may have.
const WORDS: usize = 1 << 16;
/// The most characters of a number with leading zeros: as many as the longest number has with its sign.
const WIDEST: usize = 20;

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
    /// and the body.
    While(Follows, bool, Vec<Node>, Vec<Node>),
    /// `case WORD in PATTERN) …;; esac`: each list with its patterns.
    Case(Follows, String, Vec<(Vec<String>, Vec<Node>)>),
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
            | Node::Case(follows, ..) => *follows,
        }
    }

    /// Returns the parts that it is made of: none of a simple command.
    pub(super) fn parts(&self) -> Vec<&Node> {
        match self {
            Node::Command(..) => Vec::new(),
            Node::Group(_, _, body) | Node::Loop(_, _, _, body) => body.iter().collect(),
            Node::While(_, _, tested, body) => tested.iter().chain(body).collect(),
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
            ";;" | "function" | "do" | "done" | "then" | "fi" | ")" | "}" | "else" | "elif" => None,
            _ => {
                let words = self.commands.get(self.next)?.words.clone();
                self.next += 1;
                Some(Node::Command(follows, self.next, words))
            }
        }
    }

    fn for_loop(&mut self, follows: Follows) -> Option<Node> {
        let words = self.commands.get(self.next)?.words.clone();
        let [_, name, keyword, items @ ..] = words.as_slice() else { return None };
        let items = if keyword == "in" { items.to_vec() } else { return None };
        self.next += 1;
        self.take("do")?;
        let body = self.list(&["done"])?;
        self.take("done")?;
        Some(Node::Loop(follows, name.clone(), items, body))
    }

    /// Parses a `while` or `until`. `None` for a loop that sets variables, because their values in each round
    /// are not known.
    fn while_loop(&mut self, follows: Follows) -> Option<Node> {
        let (ends, start) = (self.keyword() == "until", self.next);
        self.next += 1;
        let tested = self.list(&["do"])?;
        self.take("do")?;
        let body = self.list(&["done"])?;
        self.take("done")?;
        if self.commands.get(start..self.next)?.iter().any(sets_variable) {
            return None;
        }
        Some(Node::While(follows, ends, tested, body))
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

/// Returns the words of a loop's list: `None` if they cannot be known.
pub(super) fn expand(items: &[String]) -> Option<Vec<String>> {
    let text = items.join(" ");
    let command = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    let command = command.or_else(|| text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')));
    if let Some(command) = command {
        return seq(command);
    }
    let mut words = Vec::new();
    for item in items {
        words.extend(braces(item)?);
        if words.len() > WORDS || item.contains(['$', '`', '*', '?', '(', ')']) {
            return None;
        }
    }
    Some(words)
}

/// `seq [FIRST [STEP]] LAST` (seq(1)).
pub(super) fn seq(command: &str) -> Option<Vec<String>> {
    let mut words = command.split_ascii_whitespace();
    if words.next() != Some("seq") {
        return None;
    }
    let mut words: Vec<&str> = words.collect();
    let wide = words.first() == Some(&"-w");
    if wide {
        words.remove(0);
    }
    let numbers: Vec<i64> = words.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let counted = match numbers.as_slice() {
        [last] => count(1, 1, *last),
        [first, last] => count(*first, 1, *last),
        [first, step, last] => count(*first, *step, *last),
        _ => None,
    }?;
    let width = if wide { counted.iter().map(String::len).max().unwrap_or(0) } else { 0 };
    Some(counted.into_iter().map(|number| format!("{number:0>width$}")).collect())
}

fn count(first: i64, step: i64, last: i64) -> Option<Vec<String>> {
    let ahead = |number: &i64| if step > 0 { *number <= last } else { *number >= last };
    let numbers = std::iter::successors(Some(first), |number| number.checked_add(step))
        .take_while(ahead)
        .take(WORDS + 1);
    let numbers: Vec<String> =
        if step == 0 { return None } else { numbers.map(|number| number.to_string()).collect() };
    (numbers.len() <= WORDS).then_some(numbers)
}

/// Whether a word has braces that are expanded.
pub(super) fn has_braces(word: &str) -> bool {
    braces(word).is_some_and(|words| words.first().is_none_or(|first| first != word))
}

/// Expands the first pair of braces of a word, and those behind it: `{1..3}` or `{1,5}`.
fn braces(word: &str) -> Option<Vec<String>> {
    let parts = word.split_once('{').filter(|(before, _)| !before.ends_with('$'));
    let Some((before, (inside, after))) =
        parts.and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return Some(vec![word.to_owned()]);
    };
    let items = match inside.split_once("..") {
        Some((first, rest)) => sequence(first, rest)?,
        None if inside.contains(',') => inside.split(',').map(str::to_owned).collect(),
        None => return Some(vec![word.to_owned()]),
    };
    let rest = braces(after)?;
    if items.len().saturating_mul(rest.len()) > WORDS {
        return None;
    }
    Some(items.iter().flat_map(|item| rest.iter().map(move |rest| format!("{before}{item}{rest}"))).collect())
}

/// `{FIRST..LAST[..STEP]}` as bash expands it: numbers, as wide as the wider of both where one begins with a
/// zero, or letters.
fn sequence(first: &str, rest: &str) -> Option<Vec<String>> {
    let (last, step) = rest.split_once("..").map_or((rest, None), |(last, step)| (last, Some(step)));
    let step = step.map_or(Some(1), |step| step.parse::<i64>().ok())?.checked_abs()?.max(1);
    let letter = |text: &str| {
        let mut chars = text.chars();
        let only = chars.next().filter(char::is_ascii_alphabetic);
        only.filter(|_| chars.next().is_none()).map(|c| i64::from(u32::from(c)))
    };
    let letters = letter(first).zip(letter(last));
    let (from, to) = match letters {
        Some(ends) => ends,
        None => (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?),
    };
    let counted = count(from, if from <= to { step } else { -step }, to)?;
    if letters.is_some() {
        let letter = |number: &String| Some(char::from(number.parse::<u8>().ok()?).to_string());
        return counted.iter().map(letter).collect();
    }
    let padded = |text: &str| {
        let digits = text.trim_start_matches(['-', '+']);
        digits.len() > 1 && digits.starts_with('0')
    };
    let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
    if width > WIDEST {
        return None;
    }
    let wide =
        |number: String| number.parse::<i64>().map_or(number.clone(), |number| format!("{number:0width$}"));
    Some(counted.into_iter().map(wide).collect())
}

/// Puts the value of a loop's variable into a word.
pub(super) fn substitute(word: &str, name: &str, value: &str) -> String {
    let word = word.replace(&format!("${{{name}}}"), value);
    let mut result = String::new();
    let mut rest = word.as_str();
    while let Some((before, after)) = rest.split_once(&format!("${name}")) {
        result.push_str(before);
        let longer = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        result.push_str(&if longer { format!("${name}") } else { value.to_owned() });
        rest = after;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_lists_that_are_known() {
        let rows: [(&str, Option<&[&str]>); 20] = [
            ("11 12", Some(&["11", "12"])),
            ("$(seq 3)", Some(&["1", "2", "3"])),
            ("`seq 9 -2 5`", Some(&["9", "7", "5"])),
            ("$( seq -w 9 11 )", Some(&["09", "10", "11"])),
            ("{11..13} 20", Some(&["11", "12", "13", "20"])),
            ("192.0.2.{1,5}/24", Some(&["192.0.2.1/24", "192.0.2.5/24"])),
            ("{01..03}", Some(&["01", "02", "03"])),
            ("{8..010}", Some(&["008", "009", "010"])),
            ("{3..1}", Some(&["3", "2", "1"])),
            ("{1..10..4}", Some(&["1", "5", "9"])),
            ("{10..1..4}", Some(&["10", "6", "2"])),
            ("{-1..01}", Some(&["-1", "00", "01"])),
            ("{a..c}", Some(&["a", "b", "c"])),
            ("192.0.2.{1..2}{0,5}", Some(&["192.0.2.10", "192.0.2.15", "192.0.2.20", "192.0.2.25"])),
            ("{a..3}", None),
            ("{0000000000000000000000001..2}", None),
            ("{1..2..x}", None),
            ("$(cat /etc/ips)", None),
            ("$LIST", None),
            ("$(seq 1 99999999)", None),
        ];
        for (text, expected) in rows {
            let items: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let expected =
                expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(expand(&items), expected, "{text}");
        }
        let wide = format!("{{{}1..2}}", "0".repeat(70_000));
        assert_eq!(expand(&[wide]), None);
        assert_eq!(substitute("192.0.2.$i/${i} $in $i", "i", "7"), "192.0.2.7/7 $in 7");
    }
}
