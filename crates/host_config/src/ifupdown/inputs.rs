//! The files that the commands of stanzas read: lists of addresses, and batches of ip(8).

use std::collections::BTreeMap;

use crate::glob;
use crate::promise::Place;
use crate::tree::Tree;
use crate::wildcard::is_pattern;

/// The content of each such file, by its path; by [`of_pattern`], the paths that a pattern fits.
pub(super) type Inputs = BTreeMap<String, String>;

/// A larger file is not read, in octets, and the most files that are.
const LARGEST: u64 = 1 << 16;
const MOST: usize = 64;

/// Where files are that may have had something else when the command ran.
const CHANGING: [&str; 7] = ["/dev/", "/proc/", "/run/", "/sys/", "/tmp/", "/var/run/", "/var/tmp/"];
/// What a command has that reads a file.
const READERS: [&str; 17] = [
    "cat ", "grep ", "sort ", "awk ", "cut ", "head ", "sed ", "tac ", "tail ", "uniq ", ". ", "source ",
    "xargs -a", "<", " -b", "for ", "ls ",
];

/// Returns the files that may be read by these commands.
pub(super) fn read<'a>(tree: &Tree<'_>, commands: impl Iterator<Item = &'a str>) -> Inputs {
    let mut inputs = Inputs::new();
    let reads = |command: &&str| READERS.iter().any(|how| command.contains(how));
    for command in commands.filter(reads) {
        let words = command.split(|c: char| c.is_ascii_whitespace() || "'\"`;&|()<>".contains(c));
        let lasts = |word: &&str| !CHANGING.iter().any(|folder| word.starts_with(folder));
        for path in words.filter(|word| word.starts_with('/')).filter(lasts) {
            if command.contains("ls ") {
                add_names(tree, path, &mut inputs);
            }
            if is_pattern(path) {
                add_pattern(tree, command, path, &mut inputs);
            } else {
                add(tree, path, &mut inputs);
            }
        }
    }
    inputs
}

/// Adds the content of a file: whether it is there and can be read.
fn add(tree: &Tree<'_>, path: &str, to: &mut Inputs) -> bool {
    if to.contains_key(path) {
        return true;
    }
    if to.len() >= MOST || tree.is_plain(path, LARGEST) != Some(true) {
        return false;
    }
    let text = tree.read(path).ok().flatten().and_then(|content| String::from_utf8(content).ok());
    text.is_some_and(|text| to.insert(path.to_owned(), text).is_none())
}

/// Adds the files that a pattern of the shell fits, if all of them can be read.
fn add_pattern(tree: &Tree<'_>, command: &str, pattern: &str, to: &mut Inputs) {
    // In quotes, it is not a pattern.
    let is_quoted = |(at, _): (usize, &str)| {
        let around = [command.get(..at), command.get(at + pattern.len()..)];
        let [before, after] = around.map(Option::unwrap_or_default);
        before.ends_with(['\'', '"', '\\']) || after.starts_with(['\'', '"', '$'])
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-*?".contains(c);
    if !pattern.chars().all(is_plain) || command.match_indices(pattern).any(is_quoted) {
        return;
    }
    let paths = glob::expand(tree, pattern, &Place::new(pattern, 1)).unwrap_or_default();
    let are_plain = paths.iter().all(|path| path.chars().all(is_plain) && !is_pattern(path));
    if !paths.is_empty() && are_plain && paths.iter().all(|path| add(tree, path, to)) {
        to.insert(of_pattern(pattern), paths.join("\n"));
    }
}

/// Adds the names of the files in a folder, as ls(1) prints them.
fn add_names(tree: &Tree<'_>, folder: &str, to: &mut Inputs) {
    let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c));
    let names = tree.names(folder).unwrap_or_default().into_iter();
    let Ok(names) = names.map(std::ffi::OsString::into_string).collect::<Result<Vec<String>, _>>() else {
        return;
    };
    let mut names: Vec<String> = names.into_iter().filter(|name| !name.starts_with('.')).collect();
    if !names.is_empty() && names.iter().all(is_plain) {
        names.sort();
        to.insert(of_folder(folder), names.join("\n"));
    }
}

/// What has the names in a folder among the inputs.
fn of_folder(folder: &str) -> String {
    format!("names {}", folder.trim_end_matches('/'))
}

/// Returns the names of the files in a folder: `None` where they are not known, or it has none.
pub(super) fn names<'a>(folder: &str, inputs: &'a Inputs) -> Option<std::str::Lines<'a>> {
    inputs.get(&of_folder(folder)).map(|names| names.lines())
}

/// What has the paths of a pattern among the inputs: not the path of a file, which begins with a slash.
pub(super) fn of_pattern(pattern: &str) -> String {
    format!("pattern {pattern}")
}

/// Returns the paths that a word stands for, which is a pattern: none of any other, and of one that fits no
/// file here.
pub(super) fn paths<'a>(word: &str, inputs: &'a Inputs) -> Option<std::str::Lines<'a>> {
    if !word.starts_with('/') || !is_pattern(word) {
        return None;
    }
    inputs.get(&of_pattern(word)).map(|paths| paths.lines())
}

/// Returns the lines that a command prints, if that is what is in one of the files: `cat FILE`, or all but
/// its comments by `grep -v ^# FILE`.
pub(super) fn printed<'a>(command: &[&str], inputs: &'a Inputs) -> Option<Vec<&'a str>> {
    let (path, without_comments) = match command {
        // The order tells nothing.
        ["sort", path] | ["sort", "-u" | "-n" | "-V", path] => (path, false),
        ["cat" | "/bin/cat" | "/usr/bin/cat" | "<", path] => (path, false),
        ["grep" | "/bin/grep" | "/usr/bin/grep" | "egrep", "-v", "^#", path] => (path, true),
        _ => return None,
    };
    let lines = inputs.get(*path)?.lines();
    Some(lines.filter(|line| !(without_comments && line.starts_with('#'))).collect())
}

/// Returns the lines that `read` takes of what a command prints: none that does not end.
pub(super) fn taken<'a>(command: &[&str], inputs: &'a Inputs) -> Option<Vec<&'a str>> {
    let mut lines = printed(command, inputs)?;
    let [program, .., path] = command else { return None };
    // grep(1) and sort(1) end each line.
    if !program.contains("grep") && *program != "sort" && !inputs.get(*path)?.ends_with('\n') {
        lines.pop();
    }
    Some(lines)
}

/// Returns a command line with the words of the files in the place of the commands that print them:
/// `$(cat FILE)`.
pub(super) fn substituted(line: &str, inputs: &Inputs) -> String {
    if inputs.is_empty() {
        return line.to_owned();
    }
    let (mut result, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(['$', '`']) {
        let (before, after) = rest.split_at(at);
        let inside = match after.strip_prefix("$(") {
            Some(inside) => inside.split_once(')'),
            None => after.strip_prefix('`').and_then(|inside| inside.split_once('`')),
        };
        let words = inside.and_then(|(command, after)| Some((words_of(command, inputs)?, after)));
        result.push_str(before);
        rest = match words {
            Some((words, after)) => {
                result.push_str(&words);
                after
            }
            None => {
                result.push_str(after.get(..1).unwrap_or_default());
                after.get(1..).unwrap_or_default()
            }
        };
    }
    result + rest
}

/// The words that a command prints, if the shell does nothing more with them.
fn words_of(command: &str, inputs: &Inputs) -> Option<String> {
    let spaced = command.replace('<', "< ");
    let words: Vec<&str> =
        spaced.split_ascii_whitespace().map(|word| word.trim_matches(['\'', '"'])).collect();
    let text = printed(&words, inputs)?.join(" ");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "./:_-".contains(c);
    text.chars().all(is_plain).then(|| text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tells the state of the host is not what it was when the command ran.
    #[test]
    fn only_what_lasts_is_read() {
        let deadline = plugin::Deadline::after(std::time::Duration::from_secs(60));
        let files = ["/etc/ips", "/sys/class/net/eth0/carrier", "/run/ips", "/proc/ips", "/var/run/ips"];
        let tree = Tree::in_memory(files.map(|path| (path, "1\n")), &deadline);
        let command = files.map(|path| format!("cat {path}")).join("; ");
        let read: Vec<String> = read(&tree, std::iter::once(&*command)).into_keys().collect();
        assert_eq!(read, ["/etc/ips"]);
    }

    /// A shorter list than that of the shell would hide an address.
    #[test]
    fn a_pattern_is_read_as_a_whole_or_not_at_all() {
        let deadline = plugin::Deadline::after(std::time::Duration::from_secs(60));
        let long = "x".repeat(usize::try_from(LARGEST).unwrap() + 1);
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("a", "1\n"),
            ("b.conf", "2\n"),
            (".c", "3\n"),
            ("d/e", "4\n"),
            ("f/long", &*long),
            ("g/a b", "5\n"),
        ];
        for (name, text) in files {
            let path = folder.path().join("etc").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let tree = Tree::new(folder.path(), &deadline);
        let rows = [
            ("for f in /etc/?; do :; done", None),
            ("for f in /etc/[a]; do :; done", None),
            ("for f in /etc/*.conf; do :; done", Some("/etc/b.conf")),
            ("cat /etc/d/*", Some("/etc/d/e")),
            // The shell leaves out those without such a file.
            ("cat /etc/*/e", None),
            ("cat /etc/a*", Some("/etc/a")),
            ("cat '/etc/a*'", None),
            ("cat /etc/a*; cat \"/etc/a*\"", None),
            ("cat /etc/f/*", None),
            ("cat /etc/g/*", None),
            ("cat /etc/none/*", None),
        ];
        for (command, expected) in rows {
            let read = read(&tree, std::iter::once(command));
            let found =
                read.iter().find(|(name, _)| name.starts_with("pattern ")).map(|(_, paths)| paths.as_str());
            assert_eq!(found, expected, "{command}");
        }
    }

    #[test]
    fn ls_prints_the_names_in_a_folder() {
        let deadline = plugin::Deadline::after(std::time::Duration::from_secs(60));
        let files =
            [("/etc/a/2", ""), ("/etc/a/1", "x"), ("/etc/a/.3", ""), ("/etc/b/a b", ""), ("/run/c/4", "")];
        let tree = Tree::in_memory(files, &deadline);
        let rows = [
            ("ls /etc/a", "/etc/a", Some("1 2")),
            ("ls -1 /etc/a/ | sort", "/etc/a/", Some("1 2")),
            ("cat /etc/a", "/etc/a", None),
            ("ls /etc/b", "/etc/b", None),
            ("ls /run/c", "/run/c", None),
            ("ls /etc/none", "/etc/none", None),
        ];
        for (command, folder, expected) in rows {
            let read = read(&tree, std::iter::once(command));
            let found = names(folder, &read).map(|names| names.collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{command}");
        }
    }

    #[test]
    fn the_words_of_a_file_take_the_place_of_what_prints_it() {
        let of = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let inputs = Inputs::from([
            of("/ips", "# a\n192.0.2.1\n192.0.2.2\n"),
            of("/plain", "1 2\n\n3\n"),
            of("/bad", "$X\n"),
        ]);
        let rows = [
            ("for i in $(cat /plain); do :; done", "for i in 1 2 3; do :; done"),
            ("a `cat /plain` b $(</plain) $(< '/plain') $A", "a 1 2 3 b 1 2 3 1 2 3 $A"),
            ("a $(grep -v '^#' /ips)", "a 192.0.2.1 192.0.2.2"),
            ("a $(grep -v ^# /ips | sort)", "a $(grep -v ^# /ips | sort)"),
            ("a $(cat /ips)", "a $(cat /ips)"),
            ("a $(cat /bad) `cat /none`", "a $(cat /bad) `cat /none`"),
            ("a `cat", "a `cat"),
        ];
        for (line, expected) in rows {
            assert_eq!(substituted(line, &inputs), expected, "{line}");
        }
        assert_eq!(substituted("$(cat /plain)", &Inputs::new()), "$(cat /plain)");
    }

    /// As dash 0.5.12 and bash 5.2 do.
    #[test]
    fn a_line_without_an_end_is_not_taken() {
        let inputs = Inputs::from([("/ips".to_owned(), "1\n2".to_owned())]);
        let rows: [(&[&str], &[&str]); 4] = [
            (&["<", "/ips"], &["1"]),
            (&["cat", "/ips"], &["1"]),
            (&["grep", "-v", "^#", "/ips"], &["1", "2"]),
            (&["sort", "/ips"], &["1", "2"]),
        ];
        for (command, expected) in rows {
            assert_eq!(taken(command, &inputs).unwrap(), expected, "{command:?}");
        }
        assert_eq!(taken(&["rev", "/ips"], &inputs), None);
    }
}
