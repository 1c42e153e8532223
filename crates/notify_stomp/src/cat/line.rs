//! A message on the terminal.

/// A message as one line that no terminal obeys: control characters, and what cannot be seen or turns the
/// direction of writing, as JSON escapes them; line ends, which in JSON stand only between values, as blanks.
pub(super) fn line(body: &[u8]) -> String {
    let mut line = String::with_capacity(body.len() + 1);
    for c in String::from_utf8_lossy(body).trim_end().chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if c.is_control() || is_invisible(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| line += &format!("\\u{unit:04x}"));
            }
            c => line.push(c),
        }
    }
    line.push('\n');
    line
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_that_no_terminal_obeys() {
        let rows: [(&[u8], &str); 6] = [
            (b"{\"a\":1}", "{\"a\":1}\n"),
            (b"{\n\t\"a\": 1\r\n}\n", "{  \"a\": 1  }\n"),
            (b"\x1b[31mred\x07\0", "\\u001b[31mred\\u0007\\u0000\n"),
            ("a\u{202e}b\u{85}\u{e0001}".as_bytes(), "a\\u202eb\\u0085\\udb40\\udc01\n"),
            (b"\xff", "\u{fffd}\n"),
            (b"", "\n"),
        ];
        for (body, expected) in rows {
            assert_eq!(line(body), expected, "{body:?}");
        }
    }
}
