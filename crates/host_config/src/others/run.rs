//! The scripts that a file starts when the host comes up.

use super::content::What::{self, Adds, Cron, Runs, Starts, Unit};
use super::content::{joined, line, lines};
use crate::tree::Tree;

/// A larger file is a program, in octets.
const LARGEST: u64 = 1 << 16;
/// The most files that one file may name.
const MOST: usize = 64;

/// Returns the scripts that add addresses, of those that a file names where it runs commands.
pub(super) fn scripts(tree: &Tree<'_>, text: &str, what: What) -> Vec<String> {
    let text = joined(text);
    let commands = lines(&text).filter_map(|line| match what {
        Runs | Cron | Starts => Some(line),
        Unit => line.split_once('=').filter(|(key, _)| key.starts_with("Exec")).map(|(_, value)| value),
        _ => None,
    });
    let words =
        commands.flat_map(|line| line.split(|c: char| c.is_ascii_whitespace() || "'\"`;&|()<>".contains(c)));
    let paths = words.map(|word| word.trim_start_matches(['-', '@', ':', '+', '!']));
    let mut paths: Vec<&str> = paths
        .filter(|path| path.starts_with('/') && !is_device(path) && !is_of_others(path, what))
        .take(MOST)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter_map(|path| Some(place(path, adding(tree, path)?))).collect()
}

/// Returns the words for a line of a file.
pub(super) fn place(path: &str, line: usize) -> String {
    format!("{path} line {line}")
}

/// Whether a file that a script names is of a package: it may be for anything, as for a bridge of its own.
fn is_of_others(path: &str, what: What) -> bool {
    let folders = ["/usr/", "/lib/", "/sbin/", "/bin/", "/var/", "/run/", "/tmp/"];
    matches!(what, Starts)
        && folders.iter().any(|folder| path.starts_with(folder))
        && !path.starts_with("/usr/local/")
}

fn is_device(path: &str) -> bool {
    ["/dev/", "/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder))
}

/// The line of a script that adds an address.
fn adding(tree: &Tree<'_>, path: &str) -> Option<usize> {
    tree.is_plain(path, LARGEST).filter(|is_script| *is_script)?;
    let content = tree.read(path).ok().flatten().filter(|content| !content.contains(&0))?;
    line(&String::from_utf8_lossy(&content), Adds)
}
