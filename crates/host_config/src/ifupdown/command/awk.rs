//! awk(1), as far as it picks words of lines: `awk '{print $1}'`.

use super::pattern::Pattern;

/// `awk [-F SEPARATOR] 'CONDITION {print EXPRESSION}'`: `None` for any other program, and for one that needs
/// the numbers of lines where their order is not known.
pub(super) fn run(words: &[&str], text: &str, in_order: bool) -> Option<String> {
    let (separator, program) = match words {
        ["-F", separator, program] => (Some(*separator), *program),
        [option, program] => (Some(option.strip_prefix("-F")?), *program),
        [program] => (None, *program),
        _ => return None,
    };
    let separator = match separator {
        None | Some(" ") => None,
        Some("\\t" | "t") => Some('\t'),
        Some(one) => Some(one.chars().next().filter(|c| one.chars().count() == 1 && *c != '\\')?),
    };
    let (condition, action) = parts(program.trim_ascii())?;
    let conditions: Vec<Condition> = match condition.trim_ascii() {
        "" => Vec::new(),
        all => all.split("&&").map(|one| Condition::new(one.trim_ascii())).collect::<Option<_>>()?,
    };
    if !in_order && conditions.iter().any(|it| matches!(it, Condition::After(_) | Condition::At(_))) {
        return None;
    }
    let expression = expression(action)?;
    let mut printed = Vec::new();
    'lines: for (number, line) in (1..).zip(text.lines()) {
        let line = Line { line, fields: fields(line, separator), number };
        for condition in &conditions {
            if !condition.holds(&line)? {
                continue 'lines;
            }
        }
        printed.push(expression.iter().map(|term| line.value(term)).collect::<Option<String>>()?);
    }
    Some(printed.into_iter().map(|line| line + "\n").collect())
}

/// The condition and what is printed: the whole line where there is nothing else.
fn parts(program: &str) -> Option<(&str, &str)> {
    let Some((condition, action)) = program.split_once('{') else { return Some((program, "$0")) };
    let action = action.trim_ascii().strip_suffix('}')?.trim_ascii().trim_end_matches(';').trim_ascii();
    let printed = action.strip_prefix("print").filter(|_| !action.contains(['{', '}', ';']))?.trim_ascii();
    (!action.starts_with("printf")).then_some((condition, if printed.is_empty() { "$0" } else { printed }))
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

/// Parses fields and texts that follow each other, or that commas part.
fn expression(text: &str) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    let mut rest = text.trim_ascii();
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        rest = match c {
            ',' => {
                terms.push(Term::Text(" ".to_owned()));
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
    Some(terms)
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
    fn new(text: &str) -> Option<Self> {
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
                Some(text.trim_ascii().strip_prefix('"')?.strip_suffix('"')?.to_owned())
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
