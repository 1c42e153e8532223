//! The words of a list that a loop goes through, where they can be known: written plainly, by braces, or
//! printed by seq(1), echo(1) or printf(1).

use super::super::arithmetic;
use super::super::shell::{Simple, simple_commands};
use super::printf::by_format;

/// The most words that a list of a loop may have.
const WORDS: usize = 1 << 16;
/// The most characters of a number with leading zeros: as many as the longest number has with its sign.
const WIDEST: usize = 20;

/// Returns the words of a loop's list: `None` if they cannot be known.
pub(in super::super) fn expand(items: &[String]) -> Option<Vec<String>> {
    let text = items.join(" ");
    let mut words = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let (command, after) = match (rest.strip_prefix("$("), rest.strip_prefix('`')) {
            (Some(inside), _) => inside.split_once(')').map(|(command, after)| (Some(command), after))?,
            (_, Some(inside)) => inside.split_once('`').map(|(command, after)| (Some(command), after))?,
            _ => (None, rest),
        };
        if let Some(command) = command {
            words.extend(seq(command).or_else(|| printed(command))?);
            if !(after.is_empty() || after.starts_with(|c: char| c.is_ascii_whitespace())) {
                return None;
            }
            rest = after.trim_ascii_start();
        } else {
            let (word, after) = after.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((after, ""));
            if word.contains(['$', '`', '*', '?', '(', ')']) {
                return None;
            }
            words.extend(braces(word)?);
            rest = after.trim_ascii_start();
        }
        if words.len() > WORDS {
            return None;
        }
    }
    Some(words)
}

/// The words that `echo WORD...`, `printf 'WORD ...'` or `printf '%s ' WORD...` prints: `None` of any other
/// command, and of what a shell expands.
pub(in super::super) fn printed(command: &str) -> Option<Vec<String>> {
    if command.contains(['$', '`', '*', '?', '|', ';', '&', '<', '>', '(', ')', '{', '[']) {
        return None;
    }
    if let [Simple { words, .. }] = simple_commands(command, |_| None).as_slice()
        && let [program, format, rest @ ..] = words.as_slice()
        && program == "printf"
    {
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let text = by_format(format, &rest)?;
        return Some(text.split_ascii_whitespace().map(str::to_owned).collect());
    }
    let (program, rest) = command.trim_ascii().split_once(|c: char| c.is_ascii_whitespace())?;
    let rest = match program {
        "expr" => return Some(vec![arithmetic::value(rest, &|_| None)?.to_string()]),
        "echo" => rest.trim_ascii_start().strip_prefix("-n ").unwrap_or(rest),
        _ => return None,
    };
    if rest.contains(['\\', '%']) || rest.trim_ascii_start().starts_with('-') {
        return None;
    }
    Some(rest.replace(['"', '\''], " ").split_ascii_whitespace().map(str::to_owned).collect())
}

/// `seq [-w] [-s SEPARATOR] [-f FORMAT] [FIRST [STEP]] LAST` (seq(1)).
pub(in super::super) fn seq(command: &str) -> Option<Vec<String>> {
    let rest = command.trim_ascii().strip_prefix("seq")?.strip_prefix(|c: char| c.is_ascii_whitespace())?;
    // Between words, white space is any other.
    let spaces = ["-s ' '", "-s \" \"", "-s' '", "-s\" \""];
    let rest = spaces.iter().fold(rest.to_owned(), |rest, option| rest.replace(option, ""));
    let mut words: Vec<&str> =
        rest.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let (mut wide, mut format) = (false, None);
    loop {
        match *words.as_slice() {
            ["-w" | "--equal-width", ..] => {
                wide = true;
                words.remove(0);
            }
            ["-f", given, ..] => {
                format = Some(given);
                words.drain(..2);
            }
            _ => break,
        }
    }
    let numbers: Vec<i64> = words.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let counted = match numbers.as_slice() {
        [last] => count(1, 1, *last),
        [first, last] => count(*first, 1, *last),
        [first, step, last] => count(*first, *step, *last),
        _ => None,
    }?;
    // The last one counts also where it is not reached.
    let ends = numbers.first().into_iter().chain(numbers.last()).map(|number| number.to_string());
    let width = if wide { counted.iter().cloned().chain(ends).map(|number| number.len()).max()? } else { 0 };
    counted.into_iter().map(|number| formatted(&format!("{number:0>width$}"), format)).collect()
}

/// A number in a format of seq(1) with `%g`, `%.0f` or `%02g`.
fn formatted(number: &str, format: Option<&str>) -> Option<String> {
    let Some(format) = format else { return Some(number.to_owned()) };
    let (before, rest) = format.split_once('%')?;
    let (width, after) = rest.split_once(['g', 'f'])?;
    let width = width.trim_end_matches(".0");
    let is_width = width.is_empty() || width.starts_with('0') && width.len() < 3;
    let wide: usize = if width.is_empty() { 0 } else { width.parse().ok()? };
    (is_width && !after.contains('%')).then(|| format!("{before}{number:0>wide$}{after}"))
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
pub(in super::super) fn has_braces(word: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_lists_that_are_known() {
        let rows: [(&str, Option<&[&str]>); 36] = [
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
            ("$(echo 11 '12' \"13 14\")", Some(&["11", "12", "13", "14"])),
            ("$(echo -n 11)", Some(&["11"])),
            ("`printf '11 12'`", Some(&["11", "12"])),
            (r"$(printf '%s\n' 11 12)", Some(&["11", "12"])),
            ("9 $(seq 11 12) {14..15} `echo 20`", Some(&["9", "11", "12", "14", "15", "20"])),
            ("$(seq -f 192.0.2.%g 11 12)", Some(&["192.0.2.11", "192.0.2.12"])),
            ("$(seq -f \"%02g\" 9 10)", Some(&["09", "10"])),
            ("$(seq -s ' ' 11 12)", Some(&["11", "12"])),
            ("$(seq -w 8 3 10)", Some(&["08"])),
            ("$(seq \"11\" '12')", Some(&["11", "12"])),
            ("$(seq -s, 11 12)", None),
            ("$(seq -f %e 11 12)", None),
            ("$(echo $LIST)", None),
            ("$(echo 1 | cat)", None),
            (r"$(echo -e 1\n2)", None),
            ("$(echo 1)2", None),
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
    }
}
