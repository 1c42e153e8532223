//! Whether NetworkManager reads a file at all, and which of two files with one UUID it takes.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use rustix::fs::OFlags;

use crate::promise::Place;
use crate::tree::Tree;

/// What it looks at of a file besides the content. Of a copy of a host's files this is not known: a copy has
/// other owners and times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Why it ignores the file, to follow a colon.
    pub(super) refused: Option<String>,
    /// When the content was last written.
    pub(super) written: Option<SystemTime>,
}

impl Kept {
    /// Returns what is known of a file.
    pub(super) fn of(tree: &Tree<'_>, path: &str) -> Self {
        let opened = tree.is_own().then(|| tree.open(path, OFlags::PATH | OFlags::CLOEXEC));
        let found = opened.and_then(Result::ok).and_then(|file| File::from(file).metadata().ok());
        let Some(found) = found else { return Self::default() };
        Self { refused: refused(found.uid(), found.mode()), written: found.modified().ok() }
    }

    /// Adds why it ignores the file for its content, where it takes it for the rest.
    pub(super) fn or_refused(self, by_content: Option<(String, Place)>) -> Self {
        let in_words = |(what, place): (String, Place)| match place.line {
            1 => what,
            line => format!("line {line}: {what}"),
        };
        Self { refused: self.refused.or_else(|| by_content.map(in_words)), ..self }
    }
}

/// A file may belong to root alone, and nobody else may do anything with it.
fn refused(owner: u32, mode: u32) -> Option<String> {
    match (owner, mode & 0o7777) {
        (0, mode) if mode & 0o077 == 0 => None,
        (0, mode) => Some(format!("its mode is {mode:04o}, not 0600")),
        (owner, _) => Some(format!("its owner is user {owner}, not root")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NetworkManager 1.42.4 loads profiles or says that they are insecure.
    #[test]
    fn takes_the_files_that_networkmanager_takes() {
        let rows = [
            (0, 0o100_600, None),
            (0, 0o100_400, None),
            (0, 0o100_700, None),
            (0, 0o100_644, Some("its mode is 0644, not 0600")),
            (0, 0o100_640, Some("its mode is 0640, not 0600")),
            (0, 0o100_604, Some("its mode is 0604, not 0600")),
            (0, 0o100_620, Some("its mode is 0620, not 0600")),
            (0, 0o100_601, Some("its mode is 0601, not 0600")),
            (1000, 0o100_600, Some("its owner is user 1000, not root")),
        ];
        for (owner, mode, expected) in rows {
            assert_eq!(refused(owner, mode).as_deref(), expected, "{owner} {mode:o}");
        }
    }
}
