//! What stands in one place for all programs, so that no second copy begins to differ.

use suite::plugins;

use super::files::{files, read};

/// A call that only one file makes, and that file below `crates/`.
const ONCE: [(&str, &str); 4] = [
    (" poll(", "plugin/src/wait.rs"),
    ("NonBlockingLockExclusive", "state/src/lock.rs"),
    (" renameat(", "state/src/replace.rs"),
    ("ClientConfig::builder", "net/src/tls.rs"),
];

/// Comments and tests left out, and what only tests are.
#[test]
fn what_all_programs_share_stands_once() {
    let crates = plugins::workspace().join("crates");
    let sources = files(&crates, ".rs").into_iter().filter(|path| {
        let mut parts = path.strip_prefix(&crates).unwrap().components().skip(1);
        parts.next().is_some_and(|part| part.as_os_str() == "src") && !path.ends_with("tests.rs")
    });
    let sources: Vec<_> = sources.map(|path| (read(&path), path)).collect();
    for (call, place) in ONCE {
        let found = sources.iter().filter(|(text, _)| {
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").map(str::trim);
            lines.filter(|line| !line.starts_with("//")).any(|line| format!(" {line}").contains(call))
        });
        let found: Vec<_> = found.map(|(_, path)| path.strip_prefix(&crates).unwrap().display()).collect();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, [place], "{call} belongs into {place} alone");
    }
}
