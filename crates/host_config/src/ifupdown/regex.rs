//! Regular expressions for the ports of bridges, as shell patterns.

/// Returns shell patterns that match every name that the expression matches, and perhaps more. `None` if
/// there are no such patterns.
pub(super) fn patterns(expression: &str) -> Option<Vec<String>> {
    let inside = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let inside = inside.filter(|inside| !inside.contains(['(', ')'])).unwrap_or(expression);
    inside.split('|').map(pattern).collect()
}

fn pattern(alternative: &str) -> Option<String> {
    let text = alternative.strip_prefix('^').unwrap_or(alternative);
    let mut rest = text.strip_suffix('$').unwrap_or(text);
    let mut pattern = String::new();
    while let Some(c) = rest.chars().next() {
        let (one, after) = match c {
            '.' => ("?", rest.get(1..)?),
            '[' => {
                let end = rest.get(2..)?.find(']')? + 3;
                // A comma sets patterns apart.
                let set = rest.get(..end).filter(|set| !set.contains([',', ' ']))?;
                (set, rest.get(end..)?)
            }
            '\\' => {
                let escaped = rest.chars().nth(1).filter(|c| matches!(c, '.' | '-' | ':' | '@'))?;
                let end = 1 + escaped.len_utf8();
                (rest.get(1..end)?, rest.get(end..)?)
            }
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '@') => {
                (rest.get(..1)?, rest.get(1..)?)
            }
            _ => return None,
        };
        // Of a repeated set or character, what may follow is no longer told.
        let (many, after) = match after.chars().next() {
            Some('*') => (Some(""), after.get(1..)?),
            Some('+') => (Some(one), after.get(1..)?),
            Some('?' | '{') => return None,
            _ => (None, after),
        };
        pattern += many.unwrap_or(one);
        if many.is_some() {
            pattern.push('*');
        }
        rest = after;
    }
    Some(pattern).filter(|pattern| !pattern.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_names_are_patterns() {
        let rows = [
            ("eth.*", Some("eth*")),
            ("eth[0-9]+", Some("eth[0-9]*")),
            ("eth[0-9]*", Some("eth*")),
            ("^en.+$", Some("en?*")),
            ("(eth0|vif0\\.0)", Some("eth0,vif0.0")),
            ("vif0.0", Some("vif0?0")),
            ("p[0-9].*", Some("p[0-9]*")),
            ("eth0|eth1", Some("eth0,eth1")),
            ("(a)(b)", None),
            ("eth?", None),
            ("eth{1}", None),
            ("\\d", None),
            ("[", None),
            ("eth[0,1]", None),
            ("*", None),
            ("", None),
        ];
        for (expression, expected) in rows {
            let found = patterns(expression).map(|patterns| patterns.join(","));
            assert_eq!(found.as_deref(), expected, "{expression}");
        }
    }
}
