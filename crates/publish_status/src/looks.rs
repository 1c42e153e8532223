//! What a site changes of the page's looks: a style sheet and a logo, which the page carries. Neither can
//! bring another file into the page, run a script, or make a browser ask anyone.

use std::path::{Path, PathBuf};

use base64::Engine as _;

/// Returns the text of a style sheet, as a browser sees it: with the ends of lines of Unix, because the page
/// allows it by a hash of that.
pub(crate) fn style_sheet((name, content): (PathBuf, Vec<u8>)) -> Result<String, String> {
    let wrong = |what: &str| format!("style: {} {what}", name.display());
    if !has_ending(&name, &["css"]) {
        return Err(wrong("does not end in .css"));
    }
    let text = String::from_utf8(content).map_err(|_| wrong("is not UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    if text.contains("</") || text.contains("<!") {
        return Err(wrong("contains a tag, it must be a style sheet alone"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\u{c}')) {
        return Err(wrong("contains a control character"));
    }
    let rules = rules(&text).ok_or_else(|| wrong("is no style sheet, its rules have no end"))?;
    if let Some(what) = loads(&rules) {
        return Err(wrong(&format!("contains {what}, and the page loads nothing")));
    }
    Ok(text)
}

/// Returns a style sheet without comments and texts in quotation marks, in small letters. `None` if anything
/// stands outside of rules, as in a file of another kind.
fn rules(text: &str) -> Option<String> {
    let mut rules = String::with_capacity(text.len());
    let (mut depth, mut is_open, mut rest) = (0_usize, false, text);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("/*") {
            rules.push(' ');
            rest = comment.split_once("*/")?.1;
            continue;
        }
        rest = if matches!(c, '"' | '\'') { after.get(quoted(after, c)?..)? } else { after };
        match c {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let ends_rule = depth == 0 && matches!(c, '}' | ';');
        is_open = !ends_rule && (is_open || !c.is_whitespace());
        rules.extend(c.to_lowercase());
    }
    (depth == 0 && !is_open).then_some(rules)
}

/// Returns how long a text in quotation marks is, with its end. `None` if it has none in its line.
fn quoted(text: &str, mark: char) -> Option<usize> {
    let mut is_escaped = false;
    for (place, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' => return None,
            _ if c == mark => return Some(place + mark.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Returns what of a style sheet would load something, or could hide that it does.
fn loads(rules: &str) -> Option<&'static str> {
    let words =
        ["@import", "@font-face", "@namespace", "url(", "src(", "image(", "image-set(", "expression("];
    if rules.contains('\\') {
        return Some("a backslash");
    }
    words.into_iter().find(|word| rules.contains(word))
}

/// Returns a logo as a `data:` URL.
pub(crate) fn logo((name, content): (PathBuf, Vec<u8>)) -> Result<String, String> {
    let wrong = |what: &str| format!("logo: {} {what}", name.display());
    let is_webp = || content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP");
    let (kind, is_right) = match () {
        () if has_ending(&name, &["svg"]) => ("svg+xml", is_svg(&content)),
        () if has_ending(&name, &["png"]) => ("png", content.starts_with(b"\x89PNG\r\n\x1a\n")),
        () if has_ending(&name, &["webp"]) => ("webp", is_webp()),
        () if has_ending(&name, &["jpg", "jpeg"]) => ("jpeg", content.starts_with(b"\xff\xd8\xff")),
        () => return Err(wrong("ends neither in .svg nor in .png, .webp or .jpg")),
    };
    if !is_right {
        return Err(wrong("is no picture of the kind that its name tells"));
    }
    Ok(format!("data:image/{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(&content)))
}

/// Whether it is SVG without a script and without entities, which could name other files.
fn is_svg(content: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(content) else { return false };
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let is_markup = text.starts_with("<svg") || text.starts_with("<?xml") || text.starts_with("<!--");
    is_markup && text.contains("<svg") && !text.contains("<script") && !text.contains("<!entity")
}

fn has_ending(name: &Path, endings: &[&str]) -> bool {
    let ending = name.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(text: &str) -> Result<String, String> {
        style_sheet(("x.css".into(), text.as_bytes().to_vec()))
    }

    #[test]
    fn a_style_sheet_is_rules_and_loads_nothing() {
        let good = [
            "",
            "p{}",
            "/* a { */ p { color: red } /* it's the end */",
            ":root { --b: #fff }\n@media (max-width: 320px) { .c { padding: 0 } }\n@charset \"utf-8\";\n",
            "a:after { content: \"}\" } a > b { content: '/*' }",
            "p { margin: 0 } ; q { }",
            "p { content: \"\\201c \\\"\" }",
        ];
        for text in good {
            assert_eq!(style(text).as_deref(), Ok(text));
        }
        assert_eq!(style("\u{feff}p {\r\n}\r\n").as_deref(), Ok("p {\n}\n"), "its hash is that of a browser");
        let rules = "is no style sheet, its rules have no end";
        let rows = [
            ("root:x:0:0:root:/root:/bin/bash\n", rules),
            ("p {", rules),
            ("p } {", rules),
            ("p { } secret", rules),
            ("/* p { }", rules),
            ("p { content: \"a\n\" }", rules),
            ("</style><script>", "contains a tag, it must be a style sheet alone"),
            ("p { } <!-- ", "contains a tag, it must be a style sheet alone"),
            ("p { }\u{0}", "contains a control character"),
            ("@import \"x.css\";", "contains @import, and the page loads nothing"),
            ("@IMPORT/**/'//example.com/';", "contains @import, and the page loads nothing"),
            ("p { background: URL(//example.com/x.png) }", "contains url(, and the page loads nothing"),
            ("p { background: u\\72l(x) }", "contains a backslash, and the page loads nothing"),
            (
                "p { background: -webkit-image-set('x' 1x) }",
                "contains image-set(, and the page loads nothing",
            ),
            ("@font-face { src: local(x) }", "contains @font-face, and the page loads nothing"),
        ];
        for (text, error) in rows {
            assert_eq!(style(text), Err(format!("style: x.css {error}")), "{text}");
        }
        let passwords = style_sheet(("/etc/passwd".into(), b"p{}".to_vec()));
        assert_eq!(passwords, Err("style: /etc/passwd does not end in .css".to_owned()));
        assert_eq!(
            style_sheet(("x.css".into(), b"\xff".to_vec())),
            Err("style: x.css is not UTF-8".to_owned())
        );
    }

    #[test]
    fn a_logo_is_a_picture() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        let good: [(&str, &[u8]); 6] = [
            ("x.png", b"\x89PNG\r\n\x1a\nrest"),
            ("x.PNG", b"\x89PNG\r\n\x1a\n"),
            ("x.jpeg", b"\xff\xd8\xff\xe0"),
            ("x.webp", b"RIFF\0\0\0\0WEBPVP8 "),
            ("x.svg", svg.as_bytes()),
            ("x.svg", b"\n<?xml version=\"1.0\"?>\n<svg/>"),
        ];
        for (name, content) in good {
            let logo = logo((name.into(), content.to_vec())).unwrap();
            assert!(logo.starts_with("data:image/") && logo.contains(";base64,"), "{logo}");
        }
        let bad: [(&str, &[u8]); 8] = [
            ("x.png", b"root:x:0:0"),
            ("x.png", b""),
            ("x.jpg", b"\x89PNG\r\n\x1a\n"),
            ("x.webp", b"RIFF"),
            ("x.svg", b"root:x:0:0"),
            ("x.svg", b"<html></html>"),
            ("x.svg", b"<svg><script>alert(1)</script></svg>"),
            (
                "x.svg",
                b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><svg/>",
            ),
        ];
        for (name, content) in bad {
            let error = format!("logo: {name} is no picture of the kind that its name tells");
            assert_eq!(logo((name.into(), content.to_vec())), Err(error));
        }
        for name in ["/etc/passwd", "x.gif", "svg"] {
            let error = format!("logo: {name} ends neither in .svg nor in .png, .webp or .jpg");
            assert_eq!(logo((name.into(), svg.as_bytes().to_vec())), Err(error));
        }
    }
}
