//! The simple commands of a shell command line, as far as configurations need it: words, quotes, `;`, `&&`,
//! `||`, pipes and redirections (POSIX.1-2024, XCU 2). What is left of the language shows as words that name
//! no known program.

use super::parameter;

/// The longest name of a variable in braces, in octets.
const LONGEST: usize = 128;

/// What stands in a word for a dollar sign and a backquote that the shell takes as they are, since they are
/// quoted: nothing is put in their place.
const LITERAL: [(char, char); 2] = [('$', '\u{1}'), ('`', '\u{2}')];

/// Returns a text whose dollar signs and backquotes mean nothing.
pub(super) fn literal(text: &str) -> String {
    LITERAL.iter().fold(text.to_owned(), |text, (c, mark)| match text.contains(*c) {
        true => text.replace(*c, mark.encode_utf8(&mut [0; 4])),
        false => text,
    })
}

/// Returns the text that a word is, after [`literal`].
pub(super) fn plain(word: &str) -> String {
    LITERAL.iter().fold(word.to_owned(), |text, (c, mark)| match text.contains(*mark) {
        true => text.replace(*mark, c.encode_utf8(&mut [0; 4])),
        false => text,
    })
}

/// The command that stands for an expression of bash.
pub(super) const EXPRESSION: &str = "((";

/// What begins the word for the file that a loop or a command reads.
pub(super) const INPUT: char = '<';

/// Loops and programs whose input counts.
const READERS: [&str; 15] = [
    "awk", "cat", "cut", "done", "egrep", "fgrep", "grep", "head", "read", "sed", "sort", "tac", "tail",
    "tr", "xargs",
];

/// How a simple command follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// It runs in any case.
    Always,
    /// `&&`
    Success,
    /// `||`
    Failure,
    /// `|`
    Pipe,
}

/// A simple command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) follows: Follows,
    pub(super) words: Vec<String>,
}

/// Splits a command line; `expand` gives the values of the variables that are known, others stay as they are
/// written.
pub(super) fn simple_commands(line: &str, expand: impl Fn(&str) -> Option<String>) -> Vec<Simple> {
    let mut splitter = Splitter::new(line, expand);
    splitter.run();
    splitter.all
}

/// Returns a command line without the comment at its end.
pub(super) fn without_comment(line: &str) -> &str {
    let mut splitter = Splitter::new(line, |_| None);
    splitter.run();
    line.get(..line.len() - splitter.comment).unwrap_or(line)
}

struct Splitter<'a, F> {
    rest: &'a str,
    expand: F,
    words: Vec<String>,
    word: Option<String>,
    all: Vec<Simple>,
    follows: Follows,
    /// The number of octets of the line that are a comment.
    comment: usize,
}

impl<'a, F: Fn(&str) -> Option<String>> Splitter<'a, F> {
    fn new(line: &'a str, expand: F) -> Self {
        let (words, all) = (Vec::new(), Vec::new());
        Self { rest: line, expand, words, word: None, all, follows: Follows::Always, comment: 0 }
    }

    fn run(&mut self) {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' | '\r' => self.end_word(),
                '#' if self.word.is_none() => {
                    let Some(end) = self.rest.find('\n') else {
                        self.comment = self.rest.len() + 1;
                        break;
                    };
                    self.rest = self.rest.get(end..).unwrap_or_default();
                }
                '&' if self.skip('&') => self.end_command(Follows::Success),
                '|' if self.skip('|') => self.end_command(Follows::Failure),
                '&' if self.rest.starts_with('>') => {}
                '|' => {
                    self.skip('&');
                    self.end_command(Follows::Pipe);
                }
                ';' if self.skip(';') => {
                    self.end_command(Follows::Always);
                    self.words.push(";;".to_owned());
                    self.end_command(Follows::Always);
                }
                ';' | '&' | '\n' => self.end_command(Follows::Always),
                '(' if self.words.is_empty() && self.word.is_none() && self.expression() => {}
                '(' | ')' => {
                    self.end_word();
                    self.words.push(c.to_string());
                }
                '<' | '>' => self.redirection(c),
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => {
                    // The end of a line is none after it.
                    let escaped = self.next().filter(|c| *c != '\n').map(String::from).unwrap_or_default();
                    self.word.get_or_insert_default().push_str(&literal(&escaped));
                }
                '$' => self.variable(),
                '`' => self.backquoted(),
                _ => self.word.get_or_insert_default().push(c),
            }
        }
        self.end_command(Follows::Always);
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn skip(&mut self, c: char) -> bool {
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self, next: Follows) {
        self.end_word();
        if !self.words.is_empty() {
            self.all.push(Simple { follows: self.follows, words: std::mem::take(&mut self.words) });
        }
        self.follows = next;
    }

    /// Neither the file that a redirection names nor the number before it is an argument. The file that a
    /// loop reads is kept, and one that takes the place of standard input.
    fn redirection(&mut self, sign: char) {
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|octet| octet.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.skip('>') || self.skip('&') || self.skip('<') {}
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let end = self.rest.find([' ', '\t', ';', '&', '|', '>', '<', ')']).unwrap_or(self.rest.len());
        let (file, rest) = self.rest.split_at(end);
        let reads = |word: &String| matches!(&**word, "-" | "/dev/stdin");
        let is_kept = self.words.first().is_some_and(|word| READERS.contains(&&**word))
            || self.words.last().is_some_and(reads);
        if sign == '<' && is_kept {
            self.words.push(format!("{INPUT}{}", file.trim_matches(['"', '\''])));
        }
        self.rest = rest;
    }

    /// `((EXPRESSION))` of bash, as a command and its word. Another bracket may be a subshell in a subshell.
    fn expression(&mut self) -> bool {
        let Some((inside, rest)) = self.rest.strip_prefix('(').and_then(|rest| rest.split_once("))")) else {
            return false;
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_ +-*/%=<>!$".contains(c);
        if !inside.contains(['+', '=', '-', '<', '>']) || !inside.chars().all(is_plain) {
            return false;
        }
        self.words.extend([EXPRESSION.to_owned(), format!("$(({inside}))")]);
        self.rest = rest;
        true
    }

    fn single(&mut self) {
        let (quoted, rest) = self.rest.split_once('\'').unwrap_or((self.rest, ""));
        self.word.get_or_insert_default().push_str(&literal(quoted));
        self.rest = rest;
    }

    fn double(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.next().filter(|c| *c != '"') {
            match c {
                '$' => self.variable(),
                '`' => self.backquoted(),
                // Within double quotes, a backslash is one before anything else than these.
                '\\' => {
                    let escaped = self.next();
                    let is_kept = !escaped.is_some_and(|c| matches!(c, '$' | '`' | '"' | '\\' | '\n'));
                    let kept = is_kept.then_some('\\');
                    let text: String = kept.into_iter().chain(escaped).collect();
                    self.word.get_or_insert_default().push_str(&literal(&text));
                }
                _ => self.word.get_or_insert_default().push(c),
            }
        }
    }

    /// `` `COMMAND` ``, which is kept as it is written but for the variables that are known.
    fn backquoted(&mut self) {
        self.word.get_or_insert_default().push('`');
        while let Some(c) = self.next() {
            match c {
                '$' if !self.rest.starts_with('(') => self.variable(),
                '\\' => {
                    let escaped = self.next();
                    self.word.get_or_insert_default().extend([c].into_iter().chain(escaped));
                }
                _ => self.word.get_or_insert_default().push(c),
            }
            if c == '`' {
                break;
            }
        }
    }

    /// `(COMMAND)` after a `$`, kept in the same way.
    fn substitution(&mut self) {
        let (mut depth, mut quote) = (0_u32, None);
        while let Some(c) = self.next() {
            match c {
                '$' if quote != Some('\'') && !self.rest.starts_with('(') => {
                    self.variable();
                    continue;
                }
                '\'' | '"' if quote.is_none() => quote = Some(c),
                _ if quote == Some(c) => quote = None,
                '(' if quote.is_none() => depth += 1,
                ')' if quote.is_none() => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.word.get_or_insert_default().push(c);
            if c == '\\' {
                let escaped = self.next();
                self.word.get_or_insert_default().extend(escaped);
            }
            if depth == 0 {
                break;
            }
        }
    }

    /// `$NAME` or `${NAME}`, whose value is taken for one word, or `$(COMMAND)`.
    fn variable(&mut self) {
        if self.rest.starts_with('(') {
            self.word.get_or_insert_default().push('$');
            return self.substitution();
        }
        let end = self.rest.bytes().take(LONGEST).position(|octet| octet == b'}');
        let braced =
            end.and_then(|end| Some((self.rest.get(..end)?.strip_prefix('{')?, self.rest.get(end + 1..)?)));
        let (name, after) = braced.unwrap_or_else(|| {
            let end =
                self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
            self.rest.split_at(end)
        });
        let value = match braced {
            Some(_) => parameter::value(name, &self.expand),
            None => (self.expand)(name),
        };
        match value {
            // Outside of quotes, this makes no word.
            Some(value) if value.is_empty() && self.word.is_none() => self.rest = after,
            Some(value) => {
                self.word.get_or_insert_default().push_str(&value);
                self.rest = after;
            }
            None => self.word.get_or_insert_default().push('$'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_no_command() {
        let rows = [("# a", ""), ("a # b", "a "), ("a#b '# c' \\# d", "a#b '# c' \\# d"), ("a;#b", "a;")];
        for (line, code) in rows {
            assert_eq!(without_comment(line), code, "{line}");
        }
    }

    #[test]
    fn splits_as_the_shell_does() {
        let rows: [(&str, &[&[&str]]); 15] = [
            ("", &[]),
            ("# only a comment", &[]),
            ("a b  c", &[&["a", "b", "c"]]),
            ("a;b && c||d|e & f", &[&["a"], &["b"], &["c"], &["d"], &["e"], &["f"]]),
            ("a 'b c' \"d $IFACE\" e\\ f", &[&["a", "b c", "d eth0", "e f"]]),
            ("a $IFACE:1 ${IFACE}.5 $OTHER ${OTHER}", &[&["a", "eth0:1", "eth0.5", "$OTHER", "${OTHER}"]]),
            ("a >/dev/null 2>&1 b", &[&["a", "b"]]),
            ("a &>/dev/null; b", &[&["a"], &["b"]]),
            ("a 2> /dev/null || true", &[&["a"], &["true"]]),
            ("(a; b)", &[&["(", "a"], &["b", ")"]]),
            ("a 'unclosed", &[&["a", "unclosed"]]),
            ("a $(b | c \"$IFACE)\" (d) ) e", &[&["a", "$(b | c \"eth0)\" (d) )", "e"]]),
            (
                "a x\"$(b \"c\"; d)\" `e | f $IFACE` \"`g h`\"",
                &[&["a", "x$(b \"c\"; d)", "`e | f eth0`", "`g h`"]],
            ),
            ("a $((1+(2))) $(b $(c ')') d", &[&["a", "$((1+(2)))", "$(b $(c ')') d"]]),
            ("a b#c # d", &[&["a", "b#c"]]),
        ];
        for (line, expected) in rows {
            let all = simple_commands(line, |name| (name == "IFACE").then(|| "eth0".to_owned()));
            let words: Vec<_> = all
                .iter()
                .map(|simple| simple.words.iter().map(String::as_str).collect::<Vec<_>>())
                .collect();
            assert_eq!(words, expected, "{line}");
        }
        let follows: Vec<_> =
            simple_commands("a && b || c; d", |_| None).iter().map(|simple| simple.follows).collect();
        assert_eq!(follows, [Follows::Always, Follows::Success, Follows::Failure, Follows::Always]);
    }
}
