//! Patterns of sources against names, line by line: a pattern reads back from what it prints, and matches
//! what a slow and simple matcher does.

use publish_status::pattern::Pattern;

/// The definition, without the short cuts.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for c in pattern {
        let before = reached.clone();
        for place in 0..=text.len() {
            let after_one = place > 0 && before[place - 1] && (*c == '?' || *c == text[place - 1]);
            reached[place] =
                if *c == '*' { before[place] || place > 0 && reached[place - 1] } else { after_one };
        }
    }
    reached[text.len()]
}

pub(crate) fn run(input: &str) {
    let Some((pattern, text)) = input.split_once('\n') else { return };
    let Ok(pattern) = pattern.parse::<Pattern>() else { return };
    let written = pattern.to_string();
    assert_eq!(written.parse(), Ok(pattern.clone()));
    let characters: Vec<char> = written.split('!').next().unwrap_or_default().chars().collect();
    let text_characters: Vec<char> = text.chars().collect();
    // A star of ours would be a star of the slow one too.
    assert_eq!(pattern.host.matches(text), matches(&characters, &text_characters), "{written} {text}");
}
