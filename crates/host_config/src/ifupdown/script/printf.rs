//! What printf(1) prints.

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
            match part.chars().next() {
                Some('s' | 'd' | 'i') => {
                    let argument = arguments.split_first().map_or("", |(first, rest)| {
                        arguments = rest;
                        first
                    });
                    text.push_str(argument);
                    text.push_str(part.get(1..)?);
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
