//! Holds what the documents say against the plugins: the Help block of each plugin's README.md is what `--help` prints, the tables
//! in the root README.md have each plugin with its description, the monitor's commands have each option, options that are named
//! exist, and examples use no real address.
//!
//! With UPDATE_DOCS=1 it writes the Help blocks, the table and the commands anew.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test cannot read fails the test")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use suite::plugins::Kind;
use suite::{help, plugins, process};

#[path = "docs/addresses.rs"]
mod addresses;
#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/look.rs"]
mod look;
#[path = "docs/options.rs"]
mod options;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
}

/// What a plugin prints for --help, by the plugin's name. There is at least one, or nothing would be tested here.
fn helps() -> BTreeMap<String, String> {
    let names = plugins::names();
    assert!(!names.is_empty(), "no plugin under crates/");
    let help = |name: String| {
        let text = process::run(plugins::command(&name).arg("--help")).stdout;
        assert!(text.contains("--version"), "{name} --help prints {text:?}");
        (name, text)
    };
    names.into_iter().map(help).collect()
}

/// The README.md of the workspace, and those of the plugins with their names.
fn readmes() -> Vec<(Option<String>, PathBuf)> {
    let top = plugins::workspace();
    let own = plugins::names().into_iter().map(|name| {
        let path = top.join("crates").join(&name).join("README.md");
        (Some(name), path)
    });
    [(None, top.join("README.md"))].into_iter().chain(own).collect()
}

/// Asserts that in the file `path` just `expected` stands between `<!-- block -->` and `<!-- /block -->`, or writes it there.
fn hold(path: &Path, block: &str, expected: &str) {
    hold_between(path, &format!("<!-- {block} -->\n"), &format!("<!-- /{block} -->"), expected);
}

/// The same between other words than those of Markdown; `start` is a whole line.
fn hold_between(path: &Path, start: &str, end: &str, expected: &str) {
    let text = read(path);
    let parts = text.split_once(start).and_then(|(before, rest)| Some((before, rest.split_once(end)?)));
    let Some((before, (seen, after))) = parts else { panic!("{}: no {} ... {end}", path.display(), start.trim_end()) };
    assert!(!after.contains(start), "{}: twice {start}", path.display());
    if env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") && seen != expected {
        fs::write(path, format!("{before}{start}{expected}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(seen, expected, "{}: what follows {start} is out of date; UPDATE_DOCS=1 writes it anew", path.display());
}

#[test]
fn the_help_in_a_readme_is_what_the_plugin_prints() {
    let helps = helps();
    for (name, path) in readmes() {
        let Some(help) = name.and_then(|name| helps.get(&name)) else { continue };
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        hold(&path, "help", &format!("```text\n{}\n```\n", lines.join("\n")));
    }
}

#[test]
fn the_tables_have_each_plugin_with_its_description() {
    let mut checks = "| plugin | the question that it answers |\n| --- | --- |\n".to_owned();
    let mut handlers = "| event handler | what it does |\n| --- | --- |\n".to_owned();
    for (name, help) in helps() {
        let description = help::description(&name);
        assert_eq!(help.lines().next(), Some(description.as_str()), "{name}: --help does not start with the description");
        let table = if plugins::kind(&name) == Kind::Check { &mut checks } else { &mut handlers };
        *table += &format!("| [{name}](crates/{name}/README.md) | {description} |\n");
    }
    let readme = plugins::workspace().join("README.md");
    hold(&readme, "plugins", &checks);
    hold(&readme, "handlers", &handlers);
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut links = 0;
    for (_, path) in readmes() {
        let text = read(&path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target)) {
            if !target.contains("://") && !target.starts_with('#') {
                let file = target.split('#').next().unwrap();
                assert!(path.parent().unwrap().join(file).exists(), "{}: {target} leads nowhere", path.display());
                links += 1;
            }
        }
    }
    assert!(links >= plugins::names().len(), "{links} links, yet the table links each plugin");
}
