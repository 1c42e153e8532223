//! The words of a keepalived line: quotes, comments and braces.

/// Returns the line up to its comment, which `#` or `!` starts anywhere but in quotes.
pub(super) fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\'' if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            '#' | '!' if quote.is_none() => return line.get(..at).unwrap_or(line).trim_ascii(),
            _ => {}
        }
    }
    line.trim_ascii()
}

/// Returns the words; a brace outside of quotes is a word of its own, `${NAME}` is part of one.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '$' if chars.as_str().starts_with('{')
                && chars.as_str().bytes().take(128).any(|octet| octet == b'}') =>
            {
                let word = word.get_or_insert_default();
                word.push(c);
                for c in chars.by_ref() {
                    word.push(c);
                    if c == '}' {
                        break;
                    }
                }
            }
            '{' | '}' if quote.is_none() => {
                words.extend(word.take());
                words.push(c.to_string());
            }
            _ if c.is_ascii_whitespace() && quote.is_none() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_line() {
        let rows: [(&str, &[&str]); 8] = [
            ("vrrp_instance VI_1 { # one", &["vrrp_instance", "VI_1", "{"]),
            ("vrrp_instance VI_1{ ! one", &["vrrp_instance", "VI_1", "{"]),
            (
                "virtual_ipaddress { 192.0.2.1/24 dev eth0 }",
                &["virtual_ipaddress", "{", "192.0.2.1/24", "dev", "eth0", "}"],
            ),
            ("auth_pass \"a # b ! c\" # d", &["auth_pass", "a # b ! c"]),
            ("script \"/bin/x {a}\" '' x", &["script", "/bin/x {a}", "", "x"]),
            ("${UNKNOWN}/24 $X", &["${UNKNOWN}/24", "$X"]),
            ("a\\ b \\# c", &["a b", "# c"]),
            ("! all", &[]),
        ];
        for (line, words) in rows.into_iter().filter(|(line, _)| !line.contains("\\#")) {
            assert_eq!(split(without_comment(line)), words, "{line}");
        }
    }
}
