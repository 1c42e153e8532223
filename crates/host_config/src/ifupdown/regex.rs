//! Regular expressions for the ports of bridges, as shell patterns.

/// The most patterns of an expression.
const MOST: usize = 64;

/// Returns shell patterns that match every name that the expression matches, and perhaps more. `None` if
/// there are no such patterns.
pub(super) fn patterns(expression: &str) -> Option<Vec<String>> {
    expanded(expression)?.iter().map(|alternative| pattern(alternative)).collect()
}

/// Whether an expression has alternatives outside of groups.
pub(super) fn has_bare_alternatives(expression: &str) -> bool {
    alternatives(expression).is_none_or(|all| all.len() > 1)
}

/// The alternatives of an expression, without groups.
pub(super) fn expanded(expression: &str) -> Option<Vec<String>> {
    let mut done = Vec::new();
    let mut rest: Vec<String> = alternatives(expression)?.into_iter().rev().map(str::to_owned).collect();
    while let Some(text) = rest.pop() {
        if done.len() + rest.len() >= MOST {
            return None;
        }
        let Some((before, group)) = text.split_once('(') else {
            done.push(text);
            continue;
        };
        let (inside, after) = group.split_once(')')?;
        // A group within a group, and one that is repeated or may be missing.
        if inside.contains('(') || after.starts_with(['*', '+', '?', '{']) {
            return None;
        }
        rest.extend(inside.split('|').rev().map(|each| format!("{before}{each}{after}")));
    }
    Some(done)
}

/// The alternatives outside of groups: `None` where brackets or backslashes hide what parts them.
fn alternatives(expression: &str) -> Option<Vec<&str>> {
    let (mut depth, mut bracket, mut start) = (0_u32, false, 0);
    let mut all = Vec::new();
    for (position, c) in expression.char_indices() {
        match c {
            '(' | ')' | '|' if bracket || expression.get(..position)?.ends_with('\\') => return None,
            '[' => bracket = true,
            ']' => bracket = false,
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '|' if depth == 0 => {
                all.push(expression.get(start..position)?);
                start = position + 1;
            }
            _ => {}
        }
    }
    all.push(expression.get(start..)?);
    (depth == 0).then_some(all)
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
            ("(eth|en).*", Some("eth*,en*")),
            ("(eth|en)[0-9](.1)", Some("eth[0-9]?1,en[0-9]?1")),
            ("^(eth|en)0$|br1", Some("eth0,en0,br1")),
            ("(a(b|c))", None),
            ("(eth|en)+", None),
            ("(eth|en", None),
            ("eth)", None),
            ("a\\(b", None),
            ("[(]a)", None),
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
