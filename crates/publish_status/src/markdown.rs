//! A safe subset of Markdown: paragraphs, lists of lines that begin with `- `, `**strong**`, `` `code` `` and
//! `[text](https://...)`. Everything else is text, HTML too.

/// Renders a text as HTML in which nothing of the text is markup.
pub fn html(text: &str) -> String {
    let mut html = String::new();
    let mut open = None;
    for line in text.lines().map(str::trim) {
        let item = line.strip_prefix("- ");
        let wanted = match (line, item) {
            ("", _) => None,
            (_, Some(_)) => Some("ul"),
            _ => Some("p"),
        };
        if open != wanted {
            html += &open.map_or(String::new(), |tag| format!("</{tag}>\n"));
            html += &wanted.map_or(String::new(), |tag| format!("<{tag}>"));
        } else if wanted == Some("p") {
            html.push(' ');
        }
        open = wanted;
        match item {
            Some(item) => html += &format!("<li>{}</li>", inline(item)),
            None => html += &inline(line),
        }
    }
    html + &open.map_or(String::new(), |tag| format!("</{tag}>\n"))
}

/// A line, whose marks count only in pairs.
fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`', '[']) {
        let (before, marked) = rest.split_at_checked(at).unwrap_or((rest, ""));
        html += &escaped(before);
        let (piece, after) =
            strong(marked).or_else(|| code(marked)).or_else(|| link(marked)).unwrap_or_else(|| {
                let (mark, after) = marked.split_at_checked(1).unwrap_or((marked, ""));
                (mark.to_owned(), after)
            });
        html += &piece;
        rest = after;
    }
    html + &escaped(rest)
}

fn strong(text: &str) -> Option<(String, &str)> {
    let (inner, after) = text.strip_prefix("**")?.split_once("**")?;
    (!inner.is_empty()).then(|| (format!("<strong>{}</strong>", escaped(inner)), after))
}

fn code(text: &str) -> Option<(String, &str)> {
    let (inner, after) = text.strip_prefix('`')?.split_once('`')?;
    (!inner.is_empty()).then(|| (format!("<code>{}</code>", escaped(inner)), after))
}

/// A link to another page: no script, no picture, nothing that a browser loads by itself.
fn link(text: &str) -> Option<(String, &str)> {
    let (name, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = rest.split_once(')')?;
    let is_page = address.starts_with("https://") || address.starts_with("http://");
    let is_plain = !address.contains(|c: char| c.is_whitespace() || c.is_control());
    (is_page && is_plain && !name.is_empty())
        .then(|| (format!("<a href=\"{}\" rel=\"noopener\">{}</a>", escaped(address), escaped(name)), after))
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_safe_is_markup() {
        let rows = [
            ("", ""),
            ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>\n"),
            ("x\n- a\n- b\ny", "<p>x</p>\n<ul><li>a</li><li>b</li></ul>\n<p>y</p>\n"),
            ("**a < b** `c & d`", "<p><strong>a &lt; b</strong> <code>c &amp; d</code></p>\n"),
            (
                "[news](https://example.com/?a=b&c)",
                "<p><a href=\"https://example.com/?a=b&amp;c\" rel=\"noopener\">news</a></p>\n",
            ),
            ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
            ("[x](https://a b)", "<p>[x](https://a b)</p>\n"),
            (
                "[x](https://a\"onclick=\"y)",
                "<p><a href=\"https://a&quot;onclick=&quot;y\" rel=\"noopener\">x</a></p>\n",
            ),
            ("<script>alert('x')</script>", "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>\n"),
            ("![x](https://a/b.png)", "<p>!<a href=\"https://a/b.png\" rel=\"noopener\">x</a></p>\n"),
            ("* ** ` [ x", "<p>* ** ` [ x</p>\n"),
            ("[<b>](https://a)", "<p><a href=\"https://a\" rel=\"noopener\">&lt;b&gt;</a></p>\n"),
            ("# heading", "<p># heading</p>\n"),
        ];
        for (text, expected) in rows {
            assert_eq!(html(text), expected, "{text}");
        }
    }
}
