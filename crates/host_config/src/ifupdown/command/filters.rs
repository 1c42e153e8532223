//! Programs that print a part of what they read: cut(1), head(1), grep(1), sed(1), tr(1) and the like.

use super::super::shell::INPUT;
use super::awk;
use super::pattern::Pattern;
use super::words::program;

/// What a program prints.
pub(super) struct Text {
    pub(super) text: String,
    /// Whether the order of its lines is known.
    pub(super) in_order: bool,
}

/// Programs that read a file, or what another program prints.
pub(in super::super) const FILTERS: [&str; 14] = [
    "awk", "cat", "cut", "egrep", "fgrep", "grep", "head", "mawk", "sed", "sort", "tac", "tail", "tr", "uniq",
];

/// Returns the command without the file that it reads at its end, and that file: `tr` reads none.
pub(super) fn of_file<'a>(words: &'a [&'a str]) -> Option<(&'a [&'a str], &'a str)> {
    let (last, rest) = words.split_last()?;
    let name = program(rest.first()?);
    let path = last.strip_prefix(INPUT).unwrap_or(last);
    let is_file = path.starts_with('/') && (name != "tr" || path != *last);
    (FILTERS.contains(&name) && is_file).then_some((rest, path))
}

/// Returns what a program prints of a text: `None` if that is not known.
pub(super) fn filtered(words: &[&str], input: Text) -> Option<Text> {
    let (head, rest) = words.split_first()?;
    let Text { text, in_order } = input;
    let kept = |text: Option<String>| text.map(|text| Text { text, in_order });
    match (program(head), rest) {
        ("cat", [] | ["-"]) => Some(Text { text, in_order }),
        ("uniq", []) => kept(Some(text)),
        ("tee", [path]) if *path == "/dev/null" => kept(Some(text)),
        ("tac", []) => kept(Some(lines(text.lines().rev()))),
        ("sort", options) if options.iter().all(|it| it.starts_with('-') && !it.starts_with("-o")) => {
            Some(Text { text: lines(text.lines()), in_order: false })
        }
        ("grep" | "egrep" | "fgrep", _) => kept(grep(program(head), rest, &text)),
        ("sed", _) => kept(sed(rest, &text, in_order)),
        ("awk" | "mawk", _) => kept(awk::run(rest, &text, in_order)),
        ("cut", _) => kept(cut(rest, &text)),
        ("tr", _) => kept(tr(rest, &text)),
        ("head" | "tail", _) if in_order => kept(ends(program(head), rest, &text)),
        _ => None,
    }
}

/// Joins lines, each with its end.
pub(super) fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// `grep [-v] [-i] [-o] [-E] [-F] [-h] [-e PATTERN]... [PATTERN]`.
fn grep(name: &str, words: &[&str], text: &str) -> Option<String> {
    let (mut inverts, mut extended, mut patterns) = (false, name == "egrep", Vec::new());
    let (mut any_case, mut parts, mut fixed) = (false, false, name == "fgrep");
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        match *word {
            "--extended-regexp" => extended = true,
            "--invert-match" => inverts = true,
            "-e" => {
                patterns.push(*rest.first()?);
                rest = rest.get(1..)?;
            }
            options if options.starts_with('-') && options.len() > 1 => {
                for option in options.chars().skip(1) {
                    match option {
                        'v' => inverts = true,
                        'E' => extended = true,
                        'F' => fixed = true,
                        'i' => any_case = true,
                        'o' => parts = true,
                        'h' => {}
                        _ => return None,
                    }
                }
            }
            pattern if patterns.is_empty() => patterns.push(pattern),
            _ => return None,
        }
    }
    if patterns.is_empty()
        || fixed && (extended || patterns.iter().any(|it| it.contains(['.', '*', '[', '^', '$', '\\'])))
        || any_case && patterns.iter().any(|it| it.contains('\\'))
        || parts && (inverts || patterns.len() > 1)
    {
        return None;
    }
    let cased = |text: &str| if any_case { text.to_ascii_lowercase() } else { text.to_owned() };
    let patterns: Vec<Pattern> =
        patterns.into_iter().map(|it| Pattern::new(&cased(it), extended)).collect::<Option<_>>()?;
    let mut kept = Vec::new();
    for line in text.lines() {
        let compared = cased(line);
        if parts {
            let found = patterns.first()?.find_each(&compared)?;
            kept.extend(
                found.into_iter().map(|(start, end)| line.get(start..end)).collect::<Option<Vec<_>>>()?,
            );
            continue;
        }
        let mut found = false;
        for pattern in &patterns {
            found |= pattern.find(&compared)?.is_some();
        }
        kept.extend((found != inverts).then_some(line));
    }
    Some(lines(kept.into_iter()))
}

/// `sed [-E] [-e] COMMAND...` with `/PATTERN/d`, `N,Md`, `Nq` and `s/PATTERN/TEXT/[g]`, or `sed -n` with one
/// of `/PATTERN/p` and `N,Mp`.
fn sed(words: &[&str], text: &str, in_order: bool) -> Option<String> {
    let (mut extended, mut quiet, mut commands) = (false, false, Vec::new());
    for word in words {
        match *word {
            "-E" | "-r" => extended = true,
            "-n" => quiet = true,
            "-e" => {}
            option if option.starts_with('-') => return None,
            script => commands.extend(script.split(';').map(str::trim_ascii).filter(|it| !it.is_empty())),
        }
    }
    // A line that is deleted before it does not end the text, and what follows it is not done to its line.
    let ends = commands.iter().position(|command| command.ends_with('q') && !command.starts_with('s'));
    if ends
        .is_some_and(|at| at + 1 != commands.len() || !commands.iter().take(at).all(|it| it.starts_with('s')))
    {
        return None;
    }
    let commands: Vec<Edit> =
        commands.into_iter().map(|it| Edit::new(it, extended)).collect::<Option<_>>()?;
    let is_print = |edit: &Edit| matches!(edit, Edit::Print(_) | Edit::Lines { prints: true, .. });
    if commands.is_empty()
        || commands.iter().any(is_print) != quiet
        || quiet && commands.len() > 1
        || !in_order && commands.iter().any(|edit| matches!(edit, Edit::Lines { .. }))
    {
        return None;
    }
    let mut kept = String::new();
    let last = text.lines().count();
    for (number, line) in (1..).zip(text.lines()) {
        let edited = commands.iter().try_fold(Some(line.to_owned()), |line, edit| match line {
            Some(line) => edit.apply(line, number, last),
            None => Some(None),
        });
        kept.extend(edited?.map(|line| line + "\n"));
    }
    Some(kept)
}

enum Edit {
    Delete(Pattern),
    Print(Pattern),
    /// The lines with these numbers, of which `None` is the last one.
    Lines {
        from: Option<usize>,
        to: Option<usize>,
        prints: bool,
    },
    Replace {
        pattern: Pattern,
        by: String,
        all: bool,
    },
}

impl Edit {
    fn new(command: &str, extended: bool) -> Option<Self> {
        if let Some(rest) = command.strip_prefix('/') {
            let (pattern, verb) = rest.rsplit_once('/')?;
            let pattern = Pattern::new(pattern, extended).filter(|_| !pattern.contains('/'))?;
            return match verb.trim_ascii() {
                "d" => Some(Self::Delete(pattern)),
                "p" => Some(Self::Print(pattern)),
                _ => None,
            };
        }
        if command.starts_with(|c: char| c == '$' || c.is_ascii_digit()) {
            return Self::of_lines(command);
        }
        let rest = command.strip_prefix('s')?;
        let mark = rest.chars().next().filter(|c| matches!(c, '/' | '|' | ',' | '#' | '@' | '!'))?;
        let parts: Vec<&str> = rest.split(mark).collect();
        let ["", pattern, by, flags @ ("" | "g")] = parts.as_slice() else { return None };
        // A part of the text in the place of a sign.
        if by.contains('\\') || pattern.ends_with('\\') {
            return None;
        }
        let pattern = Pattern::new(pattern, extended)?;
        Some(Self::Replace { pattern, by: (*by).to_owned(), all: *flags == "g" })
    }

    /// `N`, `$` or `N,M` with `d` or `p`, and `Nq`.
    fn of_lines(command: &str) -> Option<Self> {
        let (lines, verb) = command.split_at_checked(command.len().checked_sub(1)?)?;
        let prints = match verb {
            // All lines after it are gone.
            "q" => {
                let first = lines.parse::<usize>().ok().filter(|number| *number > 0)?.checked_add(1);
                return Some(Self::Lines { from: Some(first?), to: None, prints: false });
            }
            "p" => true,
            "d" => false,
            _ => return None,
        };
        let (from, to) = lines.split_once(',').unwrap_or((lines, lines));
        let number = |text: &str| match text.trim_ascii() {
            "$" => Some(None),
            digits => digits.parse().ok().filter(|number| *number > 0).map(Some),
        };
        Some(Self::Lines { from: number(from)?, to: number(to)?, prints })
    }

    /// Returns the line after it: `None` inside if it is taken out, and outside if that is not known.
    fn apply(&self, line: String, number: usize, last: usize) -> Option<Option<String>> {
        match self {
            Self::Lines { from, to, prints } => {
                let (from, to) = (from.unwrap_or(last), to.unwrap_or(last));
                // A range that ends before it begins is its first line.
                Some(Some(line).filter(|_| (from..=to.max(from)).contains(&number) == *prints))
            }
            Self::Delete(pattern) => Some(pattern.find(&line)?.is_none().then_some(line)),
            Self::Print(pattern) => Some(pattern.find(&line)?.is_some().then_some(line)),
            Self::Replace { pattern, by, all } => {
                let (mut result, mut rest) = (String::new(), line.as_str());
                while let Some((start, end)) = pattern.find(rest)? {
                    // What fits nothing would fit everywhere.
                    if start == end && *all && !pattern.is_at_start() {
                        return None;
                    }
                    result.push_str(rest.get(..start)?);
                    result.push_str(&by.replace('&', rest.get(start..end)?));
                    rest = rest.get(end..)?;
                    if !all || pattern.is_at_start() {
                        break;
                    }
                }
                Some(Some(result + rest))
            }
        }
    }
}

/// `cut -d DELIMITER -f LIST`, or `cut -f LIST` with tabs.
fn cut(words: &[&str], text: &str) -> Option<String> {
    let (mut delimiter, mut list, mut rest) = ("\t", None, words);
    while let Some((word, after)) = rest.split_first() {
        let (name, attached) = word.split_at_checked(2)?;
        rest = if attached.is_empty() { after.get(1..)? } else { after };
        let value = if attached.is_empty() { *after.first()? } else { attached };
        match name {
            "-d" => delimiter = value,
            "-f" => list = Some(value),
            _ => return None,
        }
    }
    let ranges: Vec<(usize, usize)> = list?.split(',').map(range).collect::<Option<_>>()?;
    (delimiter.chars().count() == 1).then_some(())?;
    let cut = |line: &str| {
        if !line.contains(delimiter) {
            return line.to_owned();
        }
        let fields = (1..).zip(line.split(delimiter));
        let is_kept = |at: usize| ranges.iter().any(|(first, last)| (*first..=*last).contains(&at));
        fields.filter(|(at, _)| is_kept(*at)).map(|(_, field)| field).collect::<Vec<_>>().join(delimiter)
    };
    Some(text.lines().map(|line| cut(line) + "\n").collect())
}

/// `N`, `N-M`, `N-` or `-M`.
fn range(text: &str) -> Option<(usize, usize)> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    match text.split_once('-') {
        None => number(text).map(|only| (only, only)),
        Some(("", last)) => Some((1, number(last)?)),
        Some((first, "")) => Some((number(first)?, usize::MAX)),
        Some((first, last)) => Some((number(first)?, number(last)?)),
    }
}

/// `tr SET1 SET2` with one character each, `tr -d SET` and `tr -s ' '`.
fn tr(words: &[&str], text: &str) -> Option<String> {
    let chars = |set: &str| -> Option<Vec<char>> {
        let known = match set {
            "\\n" => "\n",
            "\\t" => "\t",
            "\\r" => "\r",
            "[:space:]" => " \t\n\r",
            "a-z" | "[:lower:]" => "abcdefghijklmnopqrstuvwxyz",
            "A-Z" | "[:upper:]" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            set if set.contains(['\\', '[', '-']) && set.len() > 1 => return None,
            set => set,
        };
        Some(known.chars().collect())
    };
    match words {
        ["-d", set] => {
            let set = chars(set)?;
            Some(text.chars().filter(|c| !set.contains(c)).collect())
        }
        ["-s", set] => {
            let set = chars(set)?;
            let mut last = None;
            let is_kept = |c: &char| last.replace(*c) != Some(*c) || !set.contains(c);
            Some(text.chars().filter(is_kept).collect())
        }
        [from, to] => {
            let (from, to) = (chars(from)?, chars(to)?);
            // The last one of the second set stands for those of the first that have no other.
            let put = |c: char| match from.iter().position(|it| *it == c) {
                Some(at) => to.get(at).or(to.last()).copied(),
                None => Some(c),
            };
            text.chars().map(put).collect()
        }
        _ => None,
    }
}

/// `head` and `tail` by lines.
fn ends(name: &str, words: &[&str], text: &str) -> Option<String> {
    let count = match words {
        [] => "10",
        ["-n", count] => count,
        [count] => count
            .strip_prefix("-n")
            .or(count.strip_prefix('-'))
            .or(count.strip_prefix("+").map(|_| *count))?,
        _ => return None,
    };
    let all: Vec<&str> = text.lines().collect();
    let from_start = count.strip_prefix('+');
    let number = from_start.or(count.strip_prefix('-')).unwrap_or(count).parse::<usize>().ok()?;
    let kept = match (name, from_start, count.starts_with('-')) {
        ("tail", Some(_), _) => all.get(number.saturating_sub(1)..),
        ("tail", None, _) => all.get(all.len().saturating_sub(number)..),
        ("head", None, false) => all.get(..number.min(all.len())),
        ("head", None, true) => all.get(..all.len().saturating_sub(number)),
        _ => return None,
    };
    Some(lines(kept.unwrap_or_default().iter().copied()))
}
