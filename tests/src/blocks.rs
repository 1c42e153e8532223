//! What the documents quote: the text between two marks, or a whole file, is what the programs print. It is
//! compared with what they print now; with UPDATE_DOCS=1 it is written anew instead, whatever block it is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Held while a document is read and written: the tests of one program run side by side.
static WRITING: Mutex<()> = Mutex::new(());

/// Whether documents are to be written anew.
pub fn is_update() -> bool {
    env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1")
}

/// A part of a document between two marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    path: PathBuf,
    start: String,
    end: String,
}

impl Block {
    /// The part of a Markdown document between `<!-- name -->` and `<!-- /name -->`, each on a line of its
    /// own.
    pub fn new(path: &Path, name: &str) -> Self {
        Self::between(path, &format!("<!-- {name} -->"), &format!("<!-- /{name} -->"))
    }

    /// The part between two other lines.
    pub fn between(path: &Path, start: &str, end: &str) -> Self {
        Self { path: path.to_owned(), start: format!("{start}\n"), end: end.to_owned() }
    }

    /// What stands there: empty where only the marks do, and `None` without marks.
    pub fn shown(&self) -> Option<String> {
        let text = fs::read_to_string(&self.path).ok()?;
        self.split(&text).map(|(_, shown, _)| shown.to_owned())
    }

    /// Asserts that `expected` stands there, or writes it there.
    ///
    /// # Panics
    /// If the marks are missing, stand there twice, or something else stands between them.
    pub fn hold(&self, expected: &str) {
        self.hold_alike(expected, str::to_owned);
    }

    /// The same for a text whose measured parts `mask` makes equal.
    ///
    /// # Panics
    /// If the marks are missing, stand there twice, or something else stands between them.
    pub fn hold_alike(&self, expected: &str, mask: impl Fn(&str) -> String) {
        self.hold_made(|_| expected.to_owned(), mask);
    }

    /// Asserts that there stands what `expected` makes of what stands there, or writes it there.
    ///
    /// # Panics
    /// If the marks are missing, stand there twice, or something else stands between them.
    pub fn hold_changed(&self, expected: impl Fn(&str) -> String) {
        self.hold_made(expected, str::to_owned);
    }

    fn hold_made(&self, expected: impl Fn(&str) -> String, mask: impl Fn(&str) -> String) {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, start) = (self.path.display(), self.start.trim_end());
        let text = read(&self.path);
        let parts = self.split(&text);
        assert!(parts.is_some(), "{path}: no {start} ... {}", self.end);
        let Some((before, shown, after)) = parts else { return };
        assert!(!after.contains(&self.start), "{path}: {start} stands there twice");
        let expected = expected(shown);
        if mask(shown) == mask(&expected) {
            return;
        }
        assert!(
            is_update(),
            "{path} shows after {start}:\n{shown}\nand it is now:\n{expected}\nUPDATE_DOCS=1 writes it anew"
        );
        write(&self.path, &[before, &self.start, &expected, &self.end, after].concat());
    }

    fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
        let (before, rest) = text.split_once(&self.start)?;
        rest.split_once(&self.end).map(|(shown, after)| (before, shown, after))
    }
}

/// Asserts that a file holds just `expected`, or writes it.
///
/// # Panics
/// If it holds something else.
pub fn hold_file(path: &Path, expected: &str) {
    let seen = fs::read_to_string(path).unwrap_or_default();
    if seen != expected && is_update() {
        write(path, expected);
        return;
    }
    assert!(
        seen == expected,
        "{} is out of date: UPDATE_DOCS=1 writes it anew. It should be:\n{expected}",
        path.display()
    );
}

fn read(path: &Path) -> String {
    let text = fs::read_to_string(path);
    assert!(text.is_ok(), "reading {}: {text:?}", path.display());
    text.unwrap_or_default()
}

/// Replaces a file at once: other tests may read it meanwhile.
fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    assert!(written.is_ok(), "writing {}: {written:?}", path.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_stands_between_its_marks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        fs::write(&path, "a\n<!-- x -->\n<!-- /x -->\n<!-- y -->\nold\n<!-- /y -->\nb\n").unwrap();
        assert_eq!(Block::new(&path, "x").shown().as_deref(), Some(""));
        assert_eq!(Block::new(&path, "y").shown().as_deref(), Some("old\n"));
        assert_eq!(Block::new(&path, "z").shown(), None);
        Block::new(&path, "y").hold("old\n");
        Block::new(&path, "y").hold_alike("OLD\n", str::to_lowercase);
    }

    #[test]
    #[should_panic(expected = "no <!-- z --> ... <!-- /z -->")]
    fn marks_that_are_missing_fail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        fs::write(&path, "a\n").unwrap();
        Block::new(&path, "z").hold("");
    }
}
