//! The assignments of a file that the shell would source: `NAME=value` with the shell's quotes, and values of
//! earlier names.

use std::borrow::Cow;
use std::collections::HashMap;

use addresses::short;

use crate::bad_lines::BadLines;
use crate::promise::{ConfigError, Place, Remark};

/// How many octets the values of other names may add to a file.
const GROWTH: usize = 16 << 20;

/// A value, and the line of its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) line: u32,
    /// Whether it holds what only a shell can tell: a command or a name that the file does not give.
    unknown: bool,
}

/// The last value of each name.
#[derive(Debug, Default)]
pub(crate) struct Assignments {
    file: String,
    values: HashMap<String, Value>,
    bad: BadLines,
}

impl Assignments {
    /// Reads the content of `file`. [`Assignments::bad`] returns the lines that are no assignments.
    pub(crate) fn parse(file: &str, content: &[u8]) -> Self {
        let text = str::from_utf8(content).map_or_else(|_| String::from_utf8_lossy(content), Cow::from);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut reader = Reader {
            rest: text,
            line: 1,
            growth: 0,
            before: Vec::new(),
            exports: false,
            depth: 0,
            all: Self { file: file.to_owned(), ..Self::default() },
        };
        while reader.assignment() {}
        reader.all
    }

    /// Returns what is no assignment, and what is not read for it.
    pub(crate) fn bad(&self) -> Vec<Remark> {
        self.bad.remarks()
    }

    /// Returns the value of `name`: `None` if it is not set, or empty.
    ///
    /// # Errors
    /// [`ConfigError::Line`]: the value can only be told by running commands.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&Value>, ConfigError> {
        match self.values.get(name).filter(|value| !value.text.is_empty()) {
            Some(value) if value.unknown => Err(self
                .place(value.line)
                .error(format!("{name}: {} needs a shell to tell", short(&value.text)))),
            value => Ok(value),
        }
    }

    /// Returns what follows `name` in the names that are it or begin with it, in the order of their lines.
    pub(crate) fn suffixes(&self, name: &str) -> Vec<String> {
        let suffix = |known: &str| {
            known
                .strip_prefix(name)
                .filter(|rest| rest.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_'))
                .map(str::to_owned)
        };
        let mut all: Vec<(u32, String)> =
            self.values.iter().filter_map(|(known, value)| Some((value.line, suffix(known)?))).collect();
        all.sort();
        all.into_iter().map(|(_, suffix)| suffix).collect()
    }

    /// Returns the text of the value of `name`, empty if it is not set.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn text(&self, name: &str) -> Result<&str, ConfigError> {
        Ok(self.get(name)?.map_or("", |value| &value.text))
    }

    pub(crate) fn place(&self, line: u32) -> Place {
        Place { file: self.file.clone(), line }
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
    growth: usize,
    /// The names that this command assigns, with what they held before it.
    before: Vec<(String, Option<Value>)>,
    /// Whether this command is `export`.
    exports: bool,
    /// How many conditions, loops and functions are around it.
    depth: usize,
    all: Assignments,
}

impl Reader<'_> {
    /// Skips blanks, comments and `export`: whether anything follows.
    fn skip_to_word(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            match self.rest.chars().next() {
                None => return false,
                Some('\n' | ';') => {
                    self.before.clear();
                    self.exports = false;
                    self.next();
                }
                Some('#') => self.skip_line(),
                Some(_) => match self.rest.strip_prefix("export ") {
                    Some(rest) => (self.rest, self.exports) = (rest, true),
                    None => return true,
                },
            }
        }
    }

    /// The next assignment: whether there is one.
    fn assignment(&mut self) -> bool {
        if !self.skip_to_word() {
            return false;
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        let (append, rest) = match (rest.strip_prefix("+="), rest.strip_prefix('=')) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            // `DOMAIN=a b` runs b with DOMAIN set, so the scripts go on without DOMAIN; NetworkManager takes
            // the line for none either.
            (None, None) if self.exports && !name.is_empty() => {
                self.rest = rest;
                return true;
            }
            (None, None) if !self.before.is_empty() && !name.is_empty() && is_rest_of_line(rest) => {
                self.no_effect();
                return true;
            }
            (None, None) => {
                self.no_assignment();
                return true;
            }
        };
        self.rest = rest;
        let mut value = Value { line: self.line, unknown: self.depth > 0, ..Value::default() };
        if let Some(quote) = self.value(&mut value) {
            // The shell has run all that is above it.
            let place = self.all.place(value.line);
            self.all.bad.push(&place, format!("a quote ({quote}) that is not closed"));
            return false;
        }
        if append && let Some(before) = self.all.values.get(name) {
            self.growth += before.text.len();
            value.text.insert_str(0, &before.text);
            value.unknown |= before.unknown;
        }
        if self.growth > GROWTH {
            let place = self.all.place(value.line);
            self.all.bad.push(&place, format!("{}: values grow too long", short(name)));
            self.all.values.remove(name);
            return false;
        }
        let before = self.all.values.insert(name.to_owned(), value);
        self.before.push((name.to_owned(), before));
        true
    }

    /// Takes back what the command assigns, and passes over the rest of it.
    fn no_effect(&mut self) {
        for (name, before) in self.before.drain(..).rev() {
            match before {
                Some(value) => _ = self.all.values.insert(name, value),
                None => _ = self.all.values.remove(&name),
            }
        }
        self.skip_line();
    }

    /// Passes over a line that is no assignment. What it assigns, and what a condition, a loop or a function
    /// encloses, only a shell can tell.
    fn no_assignment(&mut self) {
        let text = self.rest.lines().next().unwrap_or_default();
        let place = self.all.place(self.line);
        self.all.bad.push(&place, format!("{} is no assignment", short(text)));
        for word in text.split([' ', '\t', '\r', ';']) {
            match word {
                "if" | "case" | "for" | "while" | "until" | "{" => self.depth += 1,
                "fi" | "esac" | "done" | "}" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            let is_name =
                |name: &str| name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
            if let Some((name, text)) = word.split_once('=').filter(|(name, _)| is_name(name)) {
                let value = Value { text: text.to_owned(), line: self.line, unknown: true };
                self.all.values.insert(name.to_owned(), value);
            }
        }
        self.skip_line();
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or("");
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        self.line += u32::from(c == '\n');
        Some(c)
    }

    /// Reads a word of the shell, and returns the quote in it that is not closed.
    fn value(&mut self, value: &mut Value) -> Option<char> {
        let mut quote = None;
        while let Some(c) = self.rest.chars().next() {
            if quote.is_none() && matches!(c, ' ' | '\t' | '\r' | '\n' | ';') {
                return None;
            }
            self.next();
            match c {
                '\'' | '"' if quote == Some(c) => quote = None,
                '\'' | '"' if quote.is_none() => quote = Some(c),
                '\\' if quote != Some('\'') => self.escaped(quote, value),
                '$' if quote != Some('\'') => self.variable(value),
                '`' if quote != Some('\'') => self.substitution(c, value),
                '(' if quote.is_none() => self.substitution(c, value),
                '&' | '|' | '<' | '>' | ')' if quote.is_none() => {
                    value.unknown = true;
                    value.text.push(c);
                }
                _ => value.text.push(c),
            }
        }
        quote
    }

    /// In double quotes a backslash escapes only some characters; at the end of a line it joins two.
    fn escaped(&mut self, quote: Option<char>, value: &mut Value) {
        match self.next() {
            Some('\n') => {}
            Some(c) if quote.is_some() && !matches!(c, '$' | '`' | '"' | '\\') => {
                value.text.extend(['\\', c])
            }
            c => value.text.extend(c),
        }
    }

    /// A command, or the elements of an array: up to the bracket or the backtick that ends it.
    fn substitution(&mut self, open: char, value: &mut Value) {
        value.unknown = true;
        value.text.push(open);
        let mut depth = 1_usize;
        while depth > 0
            && let Some(c) = self.next()
        {
            value.text.push(c);
            match c {
                '`' if open == '`' => depth = 0,
                '(' if open == '(' => depth += 1,
                ')' if open == '(' => depth -= 1,
                _ => {}
            }
        }
    }

    /// `$NAME` and `${NAME}` of this file.
    fn variable(&mut self, value: &mut Value) {
        if self.rest.starts_with('(') {
            value.text.push('$');
            self.next();
            return self.substitution('(', value);
        }
        let braced = self.rest.starts_with('{');
        let inside = self.rest.strip_prefix('{').unwrap_or(self.rest);
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
        let (name, after) = inside.split_at_checked(end).unwrap_or((inside, ""));
        let after = if braced { after.strip_prefix('}') } else { Some(after) };
        match (after, self.all.values.get(name)) {
            (Some(after), Some(known)) => {
                self.rest = after;
                self.growth += known.text.len();
                // What would grow too long is not put together: the assignment is refused.
                if self.growth <= GROWTH {
                    value.text.push_str(&known.text);
                }
                value.unknown |= known.unknown;
            }
            _ => {
                value.text.push('$');
                value.unknown = true;
            }
        }
    }
}

/// Whether plain words are all that is left of the line: a command that an assignment stands before.
fn is_rest_of_line(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '\t' | '.' | '_' | '-' | ':' | '/'))
}

pub(super) fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

pub(super) fn is_true(text: &str) -> bool {
    matches!(lower(text).as_str(), "t" | "y" | "yes" | "on" | "true" | "1")
}

pub(super) fn is_false(text: &str) -> bool {
    matches!(lower(text).as_str(), "f" | "n" | "no" | "off" | "false" | "0")
}

#[cfg(test)]
mod tests;
