//! Tabs, which libyaml, by which netplan reads its files, does not take everywhere: not before the first
//! token of a line, and not after the dash of a list. YAML 1.2 lets many of these pass, and the other way
//! round.

use super::flow::{self, In};

/// Returns the first line with a tab where libyaml takes none. A line of blanks and a comment are no
/// exception. `None` also of a text with a block scalar, whose lines may begin as they like.
pub(super) fn misplaced(text: &str) -> Option<u32> {
    if !text.contains('\t') || has_block_scalar(text) {
        return None;
    }
    let (mut depth, mut within) = (0, In::Plain);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_content = depth == 0 && within == In::Plain;
        if is_content && before_token(line).contains('\t') || depth > 0 && closes_after_tab(line) {
            return Some(number);
        }
        (depth, within) = flow::end_of(line, depth, within);
    }
    None
}

/// Returns the text with a blank for each tab, where none of them stands before the first token of a line, or
/// all stand where libyaml takes them.
pub(super) fn blanked(text: &str) -> Option<String> {
    let leads = |line: &str| line.trim_start_matches(' ').starts_with('\t') && !line.trim_ascii().is_empty();
    let is_known = !text.lines().any(leads) || !has_block_scalar(text) && misplaced(text).is_none();
    (text.contains('\t') && is_known).then(|| text.replace('\t', " "))
}

/// What is before the first token of a line that is neither a blank nor a dash.
fn before_token(line: &str) -> &str {
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        match rest
            .strip_prefix('-')
            .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
        {
            Some(after) => rest = after,
            None => return line.get(..line.len() - rest.len()).unwrap_or_default(),
        }
    }
}

fn closes_after_tab(line: &str) -> bool {
    let rest = line.trim_start_matches(' ');
    rest.starts_with('\t') && rest.trim_ascii().starts_with([']', '}'])
}

fn has_block_scalar(text: &str) -> bool {
    text.lines().any(|line| {
        let end = line.split(" #").next().unwrap_or_default().trim_ascii_end();
        end.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')).ends_with(['|', '>'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the generators of netplan 0.106 and 1.1.2 refuse them.
    #[test]
    fn finds_the_tab_that_libyaml_refuses() {
        let rows = [
            ("a:\n- b\n", None),
            ("a:\n-\tb\n", Some(2)),
            ("a:\n- \tb\n", Some(2)),
            ("a:\n-\t\n  b\n", Some(2)),
            ("a:\n-\t# c\n  b\n", Some(2)),
            ("a:\n- - \tb\n", Some(2)),
            ("a:\t[b]\n", None),
            ("a: [\tb,\tc]\n", None),
            ("a: [\n\tb\n]\n", None),
            ("a: {\n\tb: c\n\t}\n", Some(3)),
            ("a: [b,\n # [\n\tc]\n", None),
            ("a:\tb\nc : \td\t\n", None),
            ("a: [b] \t# c\n", None),
            ("a: b\n\t# c\n", Some(2)),
            ("a: b\n \t\nc: d\n", Some(2)),
            ("a: b\n\t", Some(2)),
            ("\t\n", Some(1)),
            ("a: 'b\n\tc'\n", None),
            ("a: \"b\n\tc\"\n", None),
            ("a: |\n\tb\n", None),
        ];
        for (text, expected) in rows {
            assert_eq!(misplaced(text), expected, "{text:?}");
        }
        assert_eq!(blanked("a:\tb\n- \tc\n").as_deref(), Some("a: b\n-  c\n"));
        assert_eq!((blanked("a:\n \tb\n"), blanked("a: b\n")), (None, None));
    }
}
