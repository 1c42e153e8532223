//! Flow collections, as `[a, b]`, whose lines stand as far left as they like. libyaml, by which netplan reads
//! its files, takes them so; YAML 1.2 asks that they stand to the right of the block that they are in.

/// What a character of a flow collection or of a block is in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum In {
    Plain,
    Quotes(char),
    Comment,
}

/// The most that moved lines may add to a text, in octets.
const GROWTH: usize = 1 << 24;

/// Returns the text with the lines within flow collections moved to the right of all others: the same lines
/// with the same numbers. A text that would grow too much stays as it is.
pub(super) fn moved_right(text: &str) -> String {
    let indent = text.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).max().unwrap_or(0);
    if text.lines().count().saturating_mul(indent + 1) > GROWTH {
        return text.to_owned();
    }
    let margin = " ".repeat(indent + 1);
    let mut moved = String::with_capacity(text.len());
    let (mut depth, mut within) = (0_usize, In::Plain);
    for line in text.split_inclusive('\n') {
        let content = if depth > 0 { line.trim_start_matches(' ') } else { line };
        // libyaml takes no tab before a bracket that closes.
        let closes_after_tab = content.starts_with('\t') && content.trim_ascii().starts_with([']', '}']);
        if depth > 0 && !content.trim_ascii().is_empty() && !closes_after_tab {
            moved += &margin;
        }
        moved += content;
        (depth, within) = end_of(content, depth, within);
    }
    moved
}

/// Returns how many flow collections are open at the end of a line, and what the end is in.
pub(super) fn end_of(line: &str, mut depth: usize, mut within: In) -> (usize, In) {
    // A token begins after white space, and in a flow collection after a mark too.
    let (mut starts, mut escaped) = (true, false);
    for each in line.chars() {
        match (within, each) {
            (In::Comment, _) => {}
            (In::Quotes('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (In::Quotes(quote), _) if each == quote && !escaped => within = In::Plain,
            (In::Quotes(_), _) => {}
            (In::Plain, '"' | '\'') if starts => within = In::Quotes(each),
            (In::Plain, '#') if starts => within = In::Comment,
            (In::Plain, '[' | '{') if starts || depth > 0 => depth += 1,
            (In::Plain, ']' | '}') => depth = depth.saturating_sub(1),
            (In::Plain, _) => {}
        }
        escaped = false;
        starts = each.is_ascii_whitespace() || depth > 0 && matches!(each, '[' | '{' | ',' | ':');
    }
    (depth, if within == In::Comment { In::Plain } else { within })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lines_grow_by_is_bounded() {
        let of = |lines: usize| format!("{}a: [\n{}]\n", " ".repeat(1_023), "b,\n".repeat(lines));
        assert_eq!(moved_right(&of(16_382)).len(), of(16_382).len() + 16_383 * 1_024);
        assert_eq!(moved_right(&of(16_383)), of(16_383));
        let large = " ".repeat(1 << 20) + "[" + &"\n,".repeat(1 << 20);
        assert_eq!(moved_right(&large).len(), large.len());
    }

    #[test]
    fn lines_of_flow_collections_are_moved() {
        let rows = [
            ("a: [b,\nc\n]\nd: e\n", "a: [b,\n c\n ]\nd: e\n"),
            ("  a: {b: [c\n ],\n d: e}\n  f: g\n", "  a: {b: [c\n   ],\n   d: e}\n  f: g\n"),
            ("a: ['[', \"\\\"[\", b # [\n]\nc: d\n", "a: ['[', \"\\\"[\", b # [\n ]\nc: d\n"),
            ("a: [b#c]\nd: e\n", "a: [b#c]\nd: e\n"),
            ("a: b[c\nd: 'e [\n  f'\n", "a: b[c\nd: 'e [\n  f'\n"),
            ("# [\na: b\n", "# [\na: b\n"),
            ("{a:[b\n]}\n", "{a:[b\n ]}\n"),
            ("a: [b,\n\nc]\n", "a: [b,\n\n c]\n"),
            ("a: [\n\tb]\n", "a: [\n \tb]\n"),
            ("a: [b\n\t]\n", "a: [b\n\t]\n"),
            ("", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(moved_right(text), expected, "{text:?}");
        }
    }
}
