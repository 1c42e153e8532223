//! Files that hold a secret and that every account of the machine can read.

use std::fs;
use std::path::Path;

use rustix::fs::{Mode, stat};

use crate::output;

/// Adds a detail to the report if every account of this machine may read `file`, which holds `what`: by its
/// mode, and by those of the folders above. The state stays as it is.
pub fn note_exposed(file: &Path, what: &str) {
    if gives(file, Mode::ROTH) && is_reachable(file) {
        let file = file.display();
        output::note(format!("{file} holds {what} and every account here can read it: chmod o= {file}"));
    }
}

/// Whether every account gets through the folders above a file.
fn is_reachable(file: &Path) -> bool {
    fs::canonicalize(file).is_ok_and(|file| file.ancestors().skip(1).all(|folder| gives(folder, Mode::XOTH)))
}

fn gives(path: &Path, right: Mode) -> bool {
    stat(path).is_ok_and(|status| Mode::from_raw_mode(status.st_mode).contains(right))
}
