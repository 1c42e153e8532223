//! What a proxy offers for the login: the schemes of `Proxy-Authenticate` (RFC 9110, section 11.6.1), several
//! of which may stand in one line or in several.

/// One scheme and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The name of the scheme, as the proxy writes it.
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Returns a parameter: `None` if it is missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the proxy says that the login was right and only its nonce too old.
    pub(crate) fn is_stale(&self) -> bool {
        self.get("stale").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Reads the schemes of these lines. What is not understood is left out.
pub(crate) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<Challenge> {
    let mut all = Vec::new();
    for line in lines {
        let text = String::from_utf8_lossy(line);
        let mut cursor = Cursor(&text);
        while let Some(name) = cursor.word() {
            if cursor.takes('=') {
                let value = cursor.value();
                let last: Option<&mut Challenge> = all.last_mut();
                last.into_iter()
                    .for_each(|challenge| challenge.parameters.push((name.to_owned(), value.clone())));
            } else {
                all.push(Challenge { scheme: name.to_owned(), parameters: Vec::new() });
                cursor.skip_token68();
            }
        }
    }
    all
}

/// What is left of a line.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// Takes the next word, whatever separates it from what was before.
    fn word(&mut self) -> Option<&'a str> {
        self.0 = self.0.trim_start_matches(|c| !is_token(c));
        let word = self.take(is_token);
        (!word.is_empty()).then_some(word)
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !belongs(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }

    fn takes(&mut self, expected: char) -> bool {
        match self.0.trim_start().strip_prefix(expected) {
            Some(rest) => {
                self.0 = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> String {
        if !self.takes_quote() {
            return self.take(|c| c != ',' && !c.is_ascii_whitespace()).to_owned();
        }
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.0 = self.0.get(at + 1..).unwrap_or_default();
                    return value;
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                c => value.push(c),
            }
        }
        self.0 = "";
        value
    }

    fn takes_quote(&mut self) -> bool {
        let rest = self.0.strip_prefix('"');
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Skips what NTLM and Negotiate carry in place of parameters: `token68` of RFC 9110, alone up to a comma
    /// or the end.
    fn skip_token68(&mut self) {
        let mut ahead = Cursor(self.0.trim_start_matches([' ', '\t']));
        let blob = ahead.take(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        ahead.take(|c| c == '=');
        let rest = ahead.0.trim_start();
        if !blob.is_empty() && (rest.is_empty() || rest.starts_with(',')) {
            self.0 = rest;
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_stand_in_one_line_or_in_several() {
        let read = |lines: &[&str]| {
            let shown = |challenge: &Challenge| {
                let parameters = challenge.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
                challenge.scheme.clone() + &parameters.collect::<String>()
            };
            parse(lines.iter().map(|line| line.as_bytes())).iter().map(shown).collect::<Vec<_>>().join(" / ")
        };
        let rows: [(&[&str], &str); 11] = [
            (&[r#"Basic realm="a, b""#], "Basic realm=a, b"),
            (&["NTLM", "Negotiate", r#"Basic realm="x""#], "NTLM / Negotiate / Basic realm=x"),
            (
                &[r#"Basic realm="x", Digest realm="y", nonce="n==", qop="auth,auth-int""#],
                "Basic realm=x / Digest realm=y nonce=n== qop=auth,auth-int",
            ),
            (&["NTLM TlRMTVNTUAAC==, Basic realm=x"], "NTLM / Basic realm=x"),
            (&["Negotiate YII, NTLM"], "Negotiate / NTLM"),
            (&[r#"Digest realm = "q\"\\" , stale=TRUE"#], r#"Digest realm=q"\ stale=TRUE"#),
            (&[r#"Digest realm="never closed, nonce=x"#], "Digest realm=never closed, nonce=x"),
            (&[",,, ;;"], ""),
            (&["="], ""),
            (&["=x, Basic"], "x / Basic"),
            (&[""], ""),
        ];
        for (lines, expected) in rows {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
        let stale = parse([r#"Digest nonce=x, stale=TRUE"#.as_bytes()].into_iter());
        assert!(stale[0].is_stale());
        assert_eq!(stale[0].get("NONCE"), Some("x"));
    }
}
