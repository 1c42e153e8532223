//! The scripts that a file starts when the host comes up.

use super::content::What::{self, Adds, Cron, Runs, Unit};
use super::content::{joined, lines, says};
use crate::tree::Tree;

/// A larger file is a program, in octets.
const LARGEST: u64 = 1 << 16;
/// The most files that one file may name.
const MOST: usize = 64;

/// Returns the scripts that add addresses, of those that a file names where it runs commands.
pub(super) fn scripts(tree: &Tree<'_>, text: &str, what: What) -> Vec<String> {
    let text = joined(text);
    let commands = lines(&text).filter_map(|line| match what {
        Runs | Cron => Some(line),
        Unit => line.split_once('=').filter(|(key, _)| key.starts_with("Exec")).map(|(_, value)| value),
        _ => None,
    });
    let words =
        commands.flat_map(|line| line.split(|c: char| c.is_ascii_whitespace() || "'\"`;&|()<>".contains(c)));
    let paths = words.map(|word| word.trim_start_matches(['-', '@', ':', '+', '!']));
    let mut paths: Vec<&str> =
        paths.filter(|path| path.starts_with('/') && !is_device(path)).take(MOST).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter(|path| adds(tree, path)).map(str::to_owned).collect()
}

fn is_device(path: &str) -> bool {
    ["/dev/", "/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder))
}

/// Whether a file is a script that adds an address.
fn adds(tree: &Tree<'_>, path: &str) -> bool {
    if tree.is_plain(path, LARGEST) != Some(true) {
        return false;
    }
    let content = tree.read(path).ok().flatten().unwrap_or_default();
    !content.contains(&0) && says(&String::from_utf8_lossy(&content), Adds)
}
