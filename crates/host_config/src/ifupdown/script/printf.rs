//! What printf(1) prints.

use super::super::arithmetic;

/// The most octets that are kept.
const MOST: usize = 1 << 20;

/// What printf(1) prints: `None` for what is rare in its format.
pub(in super::super) fn by_format(format: &str, mut arguments: &[&str]) -> Option<String> {
    let mut text = String::new();
    let format = unescaped(format)?;
    loop {
        let before = arguments.len();
        let mut parts = format.split('%');
        text.push_str(parts.next()?);
        while let Some(part) = parts.next() {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (width, conversion) = part.split_at(digits);
            match conversion.chars().next() {
                Some(kind @ ('s' | 'd' | 'i' | 'u' | 'x' | 'X' | 'o')) => {
                    let argument = arguments.split_first().map_or("", |(first, rest)| {
                        arguments = rest;
                        first
                    });
                    text.push_str(&converted(argument, kind, width)?);
                    text.push_str(conversion.get(1..)?);
                }
                None => {
                    text.push('%');
                    text.push_str(parts.next()?);
                }
                _ => return None,
            }
        }
        if arguments.is_empty() || arguments.len() == before || text.len() > MOST {
            return Some(text);
        }
    }
}

/// An argument as `%s`, `%d`, `%x` and the like print it, with a width.
fn converted(argument: &str, kind: char, width: &str) -> Option<String> {
    if kind == 's' {
        return width.is_empty().then(|| argument.to_owned());
    }
    let number = if argument.is_empty() { 0 } else { arithmetic::number_of(argument)? };
    let digits = match kind {
        'x' if number >= 0 => format!("{number:x}"),
        'X' if number >= 0 => format!("{number:X}"),
        'o' if number >= 0 => format!("{number:o}"),
        'd' | 'i' | 'u' if number >= 0 => number.to_string(),
        _ => return None,
    };
    let wide = if width.is_empty() { 0 } else { width.parse::<usize>().ok().filter(|wide| *wide < 100)? };
    Some(if width.starts_with('0') { format!("{digits:0>wide$}") } else { format!("{digits:>wide$}") })
}

/// A text with what stands behind its backslashes: `None` for what is rare.
pub(in super::super) fn unescaped(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        result.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(result)
}
