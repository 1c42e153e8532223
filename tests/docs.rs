//! Holds what the documents say against the plugins: the Help block of each plugin's README.md is what
//! `--help` prints, the tables in the root README.md have each plugin with its description, the monitor's
//! commands have each option, options that are named exist, and examples use no real address.
//!
//! With UPDATE_DOCS=1 it writes all of these anew.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test cannot read fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plugin::Kind;
use suite::blocks::Block;

use suite::{help, plugins, process};

#[path = "docs/addresses.rs"]
mod addresses;
#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/look.rs"]
mod look;
#[path = "docs/options.rs"]
mod options;
#[path = "docs/versions.rs"]
mod versions;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
}

/// What a plugin prints for --help, by the plugin's name. There is at least one, or nothing would be tested
/// here.
fn helps() -> BTreeMap<String, String> {
    let names = plugins::names();
    assert!(!names.is_empty(), "no plugin under crates/");
    names.into_iter().map(|name| (name.clone(), help_of(&name))).collect()
}

fn help_of(name: &str) -> String {
    let text = process::run(plugins::command(name).arg("--help")).stdout;
    assert!(text.contains("--version"), "{name} --help prints {text:?}");
    text
}

/// The documents of the workspace, and the README.md of each plugin with its name.
fn readmes() -> Vec<(Option<String>, PathBuf)> {
    let top = plugins::workspace();
    let skeleton = [plugins::SKELETON.to_owned()];
    let own = plugins::names().into_iter().chain(skeleton).map(|name| {
        let path = plugins::folder(&name).join("README.md");
        (Some(name), path)
    });
    ["README.md", "SECURITY.md", "docs/scale.md"]
        .map(|name| (None, top.join(name)))
        .into_iter()
        .chain(own)
        .collect()
}

#[test]
fn the_help_in_a_readme_is_what_the_plugin_prints() {
    for (name, path) in readmes() {
        let Some(help) = name.map(|name| help_of(&name)) else { continue };
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        Block::new(&path, "help").hold(&format!("```text\n{}\n```\n", lines.join("\n")));
    }
}

#[test]
fn the_tables_have_each_plugin_with_its_description() {
    let mut checks =
        "| plugin | the question that it answers | what it needs first | a command to try |\n| --- | --- | --- | --- |\n"
            .to_owned();
    let mut handlers = "| event handler | what it does |\n| --- | --- |\n".to_owned();
    let mut publishers = "| program | what it writes |\n| --- | --- |\n".to_owned();
    for (name, help) in helps() {
        let description = help::description(&name);
        assert_eq!(
            help.lines().next(),
            Some(description.as_str()),
            "{name}: --help does not start with the description"
        );
        let table = match plugins::kind(&name) {
            Kind::Check => &mut checks,
            Kind::Handle | Kind::Notify => &mut handlers,
            Kind::Publish => &mut publishers,
        };
        *table += &format!("| [{name}](crates/{name}/README.md) | {description} |");
        if plugins::kind(&name) == Kind::Check {
            let (needs, command) = (help::needs(&name), help::first_command(&name));
            assert!(
                !needs.is_empty() && command.starts_with(&name),
                "{name}: metadata.readme of Cargo.toml lacks something"
            );
            *table += &format!(" {needs} | `{command}` |");
        }
        *table += "\n";
    }
    let readme = plugins::workspace().join("README.md");
    Block::new(&readme, "plugins").hold(&checks);
    Block::new(&readme, "handlers").hold(&handlers);
    Block::new(&readme, "publishers").hold(&publishers);
}

#[test]
fn the_kinds_are_those_of_the_code() {
    let row = |kind: Kind| format!("| `{}*` | {} | {} |\n", kind.prefix(), kind.does(), kind.keeps());
    let rows: String = Kind::ALL.into_iter().map(row).collect();
    let table = format!("| name | what it does | what it may keep on disk |\n| --- | --- | --- |\n{rows}");
    Block::new(&plugins::workspace().join("CONTRIBUTING.md"), "kinds").hold(&table);
}

#[test]
fn the_layout_has_each_crate() {
    let top = plugins::workspace();
    let text = read(&top.join("CONTRIBUTING.md"));
    let programs = plugins::names();
    for entry in std::fs::read_dir(top.join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let row = format!("| `crates/{name}` |");
        assert!(programs.contains(&name) || text.contains(&row), "the layout in CONTRIBUTING.md lacks {row}");
    }
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut links = 0;
    for (_, path) in readmes() {
        let text = read(&path);
        for target in
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        {
            if !target.contains("://") && !target.starts_with('#') {
                let file = target.split('#').next().unwrap();
                assert!(
                    path.parent().unwrap().join(file).exists(),
                    "{}: {target} leads nowhere",
                    path.display()
                );
                links += 1;
            }
        }
    }
    assert!(links >= plugins::names().len(), "{links} links, yet the table links each plugin");
}
