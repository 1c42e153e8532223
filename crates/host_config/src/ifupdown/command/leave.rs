//! `continue`, `break` and `exec` (POSIX.1-2024, XCU 2.15).

use super::doubt::Doubt;

/// How a loop is left. The greater value leaves out more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leave {
    /// How many loops.
    pub(super) levels: usize,
    /// Whether the last of them ends, and does not go on with its next word.
    pub(super) ends: bool,
}

impl Leave {
    /// Returns what leaves the loops around the innermost one: `None` if that is the only one that is left.
    pub(super) fn outer(self) -> Option<Self> {
        (self.levels > 1).then(|| Self { levels: self.levels - 1, ..self })
    }
}

/// Adds what perhaps leaves loops, with the doubt of what comes after it.
pub(super) fn perhaps(all: &mut Option<(Leave, Doubt)>, more: Option<(Leave, Doubt)>) {
    *all = match (all.take(), more) {
        (Some((one, doubt)), Some((other, more))) => Some((one.max(other), doubt.and(&more))),
        (one, other) => one.or(other),
    };
}

/// Returns what `continue [N]` and `break [N]` leave of so many loops.
pub(super) fn leave(words: &[String], loops: usize) -> Option<Leave> {
    let (first, rest) = words.split_first().filter(|_| loops > 0)?;
    let ends = match first.as_str() {
        "continue" => false,
        "break" => true,
        _ => return None,
    };
    let levels = rest.first().and_then(|levels| levels.parse().ok()).unwrap_or(1);
    Some(Leave { levels: levels.clamp(1, loops), ends })
}

/// Returns whether another program takes the place of the shell: `exec PROGRAM ...`. With redirections alone,
/// the shell goes on.
pub(super) fn replaces_shell(words: &[String]) -> bool {
    let is_redirection =
        |word: &String| word.contains(['<', '>', '&']) || word.bytes().all(|octet| octet.is_ascii_digit());
    words.split_first().is_some_and(|(first, rest)| {
        first == "exec" && rest.first().is_some_and(|word| !is_redirection(word))
    })
}
