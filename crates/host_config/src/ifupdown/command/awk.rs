//! awk(1), as far as it picks words of lines: `awk '{print $1}'`.

use super::super::script;
use super::pattern::Pattern;

/// Variables with the values that `-v` gives them.
type Given<'a> = Vec<(&'a str, &'a str)>;

/// The separator, the variables and the program of a command line.
fn arguments<'a>(words: &[&'a str]) -> Option<(Option<&'a str>, Given<'a>, &'a str)> {
    let (mut separator, mut given, mut rest) = (None, Given::new(), words);
    while let [option, after @ ..] = rest
        && !after.is_empty()
    {
        let (name, attached) = option.split_at_checked(2)?;
        let (value, after) = if attached.is_empty() { after.split_first()? } else { (&attached, after) };
        match name {
            "-F" => separator = Some(*value),
            "-v" => given.push(value.split_once('=').filter(|(_, value)| !value.contains('\\'))?),
            _ => return None,
        }
        rest = after;
    }
    let [program] = rest else { return None };
    // What awk itself has in variables.
    let is_own = |(name, _): &(&str, &str)| name.bytes().all(|octet| octet.is_ascii_uppercase());
    (!given.iter().any(is_own)).then_some((separator, given, program))
}

/// `awk [-F SEPARATOR] [-v NAME=VALUE]... 'CONDITION {print EXPRESSION}'`, or `printf` in the place of
/// `print`: `None` for any other program, and for one that needs the numbers of lines where their order is
/// not known.
pub(super) fn run(words: &[&str], text: &str, in_order: bool) -> Option<String> {
    let (separator, given, program) = arguments(words)?;
    let separator = match separator {
        None | Some(" ") => None,
        Some("\\t" | "t") => Some('\t'),
        Some(one) => Some(one.chars().next().filter(|c| one.chars().count() == 1 && *c != '\\')?),
    };
    let (condition, action) = parts(program.trim_ascii())?;
    let conditions: Vec<Condition> = match condition.trim_ascii() {
        "" => Vec::new(),
        all => all.split("&&").map(|one| Condition::new(one.trim_ascii(), &given)).collect::<Option<_>>()?,
    };
    if !in_order && conditions.iter().any(|it| matches!(it, Condition::After(_) | Condition::At(_))) {
        return None;
    }
    let (format, expressions) = printed_by(action, &given)?;
    let mut printed = String::new();
    'lines: for (number, line) in (1..).zip(text.lines()) {
        let line = Line { line, fields: fields(line, separator), number };
        for condition in &conditions {
            if !condition.holds(&line)? {
                continue 'lines;
            }
        }
        let value = |expression: &Vec<Term>| expression.iter().map(|term| line.value(term)).collect();
        let values: Vec<String> = expressions.iter().map(value).collect::<Option<_>>()?;
        match &format {
            Some(format) => printed.push_str(&by_format(format, &values)?),
            None => printed.push_str(&(values.join(" ") + "\n")),
        }
    }
    Some(printed)
}

/// The format of `printf`, and what `print` or it prints.
fn printed_by(action: &str, given: &Given<'_>) -> Option<(Option<String>, Vec<Vec<Term>>)> {
    let Some(rest) = action.strip_prefix("printf") else {
        return Some((None, expressions(action, given)?));
    };
    let (format, rest) = rest.trim_ascii().strip_prefix('"')?.split_once('"')?;
    let values = match rest.trim_ascii().strip_prefix(',') {
        Some(values) => expressions(values, given)?,
        None => return None,
    };
    Some((Some(format.to_owned()), values))
}

/// What `printf` prints, if its format has a place for each of the values.
fn by_format(format: &str, values: &[String]) -> Option<String> {
    let places = format.replace("%%", "").matches('%').count();
    let is_plain =
        |value: &String| value.bytes().all(|octet| octet.is_ascii_digit()) && !value.starts_with('0');
    let are_texts = format.matches("%s").count() == places;
    if places != values.len() || !are_texts && !values.iter().all(is_plain) {
        return None;
    }
    script::by_format(format, &values.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The condition and what is printed: the whole line where there is nothing else.
fn parts(program: &str) -> Option<(&str, &str)> {
    let Some((condition, action)) = program.split_once('{') else { return Some((program, "$0")) };
    let action = action.trim_ascii().strip_suffix('}')?.trim_ascii().trim_end_matches(';').trim_ascii();
    let printed = action.strip_prefix("print").filter(|_| !action.contains(['{', '}', ';']))?;
    let printed = if printed.starts_with('f') { action } else { printed.trim_ascii() };
    Some((condition, if printed.is_empty() { "$0" } else { printed }))
}

fn fields(line: &str, separator: Option<char>) -> Vec<&str> {
    match separator {
        None => line.split_ascii_whitespace().collect(),
        Some(separator) => line.split(separator).collect(),
    }
}

struct Line<'a> {
    line: &'a str,
    fields: Vec<&'a str>,
    number: usize,
}

enum Term {
    Text(String),
    Field(usize),
    Last,
}

impl Line<'_> {
    fn value(&self, term: &Term) -> Option<String> {
        Some(match term {
            Term::Text(text) => text.clone(),
            Term::Field(0) => self.line.to_owned(),
            Term::Field(number) => self.fields.get(number - 1).copied().unwrap_or_default().to_owned(),
            Term::Last => self.fields.last().copied().unwrap_or(self.line).to_owned(),
        })
    }
}

/// Parses expressions that commas part: of each the fields, texts and variables that follow each other.
fn expressions(text: &str, given: &Given<'_>) -> Option<Vec<Vec<Term>>> {
    let (mut all, mut terms) = (Vec::new(), Vec::new());
    let mut rest = text.trim_ascii();
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        rest = match c {
            ',' => {
                all.push(std::mem::take(&mut terms));
                after
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (value, after) = variable(rest, given)?;
                terms.push(Term::Text(value));
                after
            }
            '"' => {
                let (text, after) = after.split_once('"').filter(|(text, _)| !text.contains('\\'))?;
                terms.push(Term::Text(text.to_owned()));
                after
            }
            '$' => {
                let (term, after) = field(after)?;
                terms.push(term);
                after
            }
            _ => return None,
        }
        .trim_ascii_start();
    }
    all.push(terms);
    all.iter().all(|terms| !terms.is_empty()).then_some(all)
}

/// The value of the variable that a text begins with, and what follows its name.
fn variable<'a>(text: &'a str, given: &Given<'_>) -> Option<(String, &'a str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let value = given.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| *value)?;
    (!after.starts_with(['(', '['])).then(|| (value.to_owned(), after))
}

/// What stands after `$`: a number or `NF`.
fn field(text: &str) -> Option<(Term, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    match name {
        "NF" => Some((Term::Last, after)),
        number => Some((Term::Field(number.parse().ok()?), after)),
    }
}

enum Condition {
    /// A field fits a pattern, or does not.
    Fits(Term, Pattern, bool),
    Equals(Term, String, bool),
    /// A line with words.
    Words,
    /// A line after this one, and this one.
    After(usize),
    At(usize),
}

impl Condition {
    fn new(text: &str, given: &Given<'_>) -> Option<Self> {
        let pattern = |text: &str| {
            let inside = text.trim_ascii().strip_prefix('/')?.strip_suffix('/')?;
            Pattern::new(inside, true).filter(|_| !inside.replace("\\/", "").contains('/'))
        };
        if matches!(text, "NF" | "NF>0" | "NF > 0") {
            return Some(Self::Words);
        }
        if let Some(number) = text.strip_prefix("NR") {
            let number = number.trim_ascii();
            let of = |text: &str| text.trim_ascii().parse().ok();
            return match number.strip_prefix("==") {
                Some(number) => of(number).map(Self::At),
                None => of(number.strip_prefix('>')?).map(Self::After),
            };
        }
        if let Some(rest) = text.strip_prefix('$') {
            let (term, rest) = field(rest)?;
            let rest = rest.trim_ascii();
            let quoted = |text: &str| {
                let text = text.trim_ascii();
                if let Some((value, "")) = variable(text, given) {
                    // Numbers are compared as such.
                    let is_number =
                        |value: &String| value.trim_ascii().starts_with(|c: char| !c.is_ascii_alphabetic());
                    return Some(value).filter(|value| !value.is_empty() && !is_number(value));
                }
                Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned())
                    .filter(|text| !text.contains(['"', '\\']))
            };
            return match rest.get(..2)? {
                "!~" => Some(Self::Fits(term, pattern(rest.get(2..)?)?, false)),
                "==" => Some(Self::Equals(term, quoted(rest.get(2..)?)?, true)),
                "!=" => Some(Self::Equals(term, quoted(rest.get(2..)?)?, false)),
                _ => Some(Self::Fits(term, pattern(rest.strip_prefix('~')?)?, true)),
            };
        }
        match text.strip_prefix('!') {
            Some(rest) => Some(Self::Fits(Term::Field(0), pattern(rest)?, false)),
            None => Some(Self::Fits(Term::Field(0), pattern(text)?, true)),
        }
    }

    /// Whether it holds for a line: `None` if that is not known.
    fn holds(&self, line: &Line<'_>) -> Option<bool> {
        match self {
            Self::Fits(term, pattern, fits) => Some(pattern.find(&line.value(term)?)?.is_some() == *fits),
            Self::Equals(term, text, equals) => Some((line.value(term)? == *text) == *equals),
            Self::Words => Some(!line.fields.is_empty() && !line.line.is_empty()),
            Self::After(number) => Some(line.number > *number),
            Self::At(number) => Some(line.number == *number),
        }
    }
}
