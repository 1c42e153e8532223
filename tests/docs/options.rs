//! The options that documents and configurations name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use suite::{help, plugins};

use super::{helps, read, readmes};

/// What stands in code: the text between backquotes and the lines of fenced blocks, without the block of
/// --help itself.
pub(crate) fn code(markdown: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut fence: Option<String> = None;
    let without_help = |text: &str| match text.split_once("<!-- help -->") {
        Some((before, rest)) => {
            before.to_owned() + rest.split_once("<!-- /help -->").map_or("", |(_, after)| after)
        }
        None => text.to_owned(),
    };
    for line in without_help(markdown).lines() {
        match (&fence, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language.to_owned()),
            (Some(_), Some(_)) => fence = None,
            (Some(_), None) => pieces.push(line.to_owned()),
            (None, None) => pieces.extend(line.split('`').skip(1).step_by(2).map(str::to_owned)),
        }
    }
    // A command that goes on on the next line is one command.
    pieces.join("\n").replace("\\\n", " ").lines().map(str::to_owned).collect()
}

/// The options in one piece of code, each with the plugin that they are given to: the last one named before
/// them on the line, or `owner` where the piece starts with an option.
fn named<'a>(piece: &'a str, plugins: &BTreeSet<String>, owner: Option<&str>) -> Vec<(String, &'a str)> {
    let mut plugin = piece.trim_start().starts_with('-').then_some(owner).flatten().map(str::to_owned);
    let mut found = Vec::new();
    for word in piece.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '`' | ',')) {
        let program = word.rsplit('/').next().unwrap_or_default();
        if plugins.contains(program) {
            plugin = Some(program.to_owned());
        } else if let (Some(plugin), Some(start)) = (
            &plugin,
            word.strip_prefix("--").filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())),
        ) {
            let end = start.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(start.len());
            found.push((plugin.clone(), &word[..end + 2]));
        }
        if matches!(word, "|" | "||" | "&&") || word.ends_with(';') {
            plugin = None;
        }
    }
    found
}

/// The files below `folder`.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn options_are_found_with_their_plugins() {
    let plugins = BTreeSet::from(["check_a".to_owned(), "check_b".to_owned()]);
    let find = |piece: &'static str, owner| {
        let found = named(piece, &plugins, owner);
        found.into_iter().map(|(plugin, option)| format!("{plugin}{option}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        find("cargo run --release --bin check_a -- --ip 192.0.2.1 --x=1", None),
        "check_a--ip check_a--x"
    );
    assert_eq!(
        find("command[a]=/usr/lib/plugins/check_a --warning=~:5 | check_b -w 5 --y; ip --z", None),
        "check_a--warning check_b--y"
    );
    assert_eq!(find("--file FILE", Some("check_b")), "check_b--file");
    assert_eq!(find("grep --word", Some("check_b")), "");
    let markdown =
        "a `--one` b\n```sh\ncheck_a \\\n  --two\n```\n<!-- help -->\n`--no`\n<!-- /help -->\n`--three`";
    assert_eq!(code(markdown), ["--one", "check_a    --two", "--three"]);
}

#[test]
fn options_that_are_named_exist() {
    let helps = helps();
    let names: BTreeSet<String> = helps.keys().cloned().collect();
    let mut seen = BTreeSet::new();
    let mut check = |piece: &str, owner: Option<&str>, path: &Path| {
        for (plugin, option) in named(piece, &names, owner) {
            let known = help::options(helps.get(&plugin).map_or("", String::as_str));
            let exists = known.iter().any(|known| known.long == option);
            assert!(exists, "{}: {plugin} has no {option}: {piece}", path.display());
            seen.insert((plugin, option.to_owned()));
        }
    };
    for (name, path) in readmes() {
        for piece in code(&read(&path)) {
            check(&piece, name.as_deref(), &path);
        }
    }
    for path in files(&plugins::workspace().join("nrpe-config")) {
        // The commands behind a # are examples to start from: they must be right too.
        for line in read(&path).lines() {
            check(line, None, &path);
        }
    }
    for name in names {
        assert!(seen.iter().any(|(plugin, _)| *plugin == name), "{name}: no document names an option of it");
    }
}
