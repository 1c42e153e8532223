//! The shape of a plugin's package, and the house rules for source files that a script can hold.

use std::fs;
use std::path::{Path, PathBuf};

use plugin::Kind;
use suite::blocks::Block;
use suite::plugins::{self, SKELETON};

use super::all;

/// The most columns of a comment, which rustfmt leaves as it is.
const WIDEST_COMMENT: usize = 110;
/// The most lines of a source file, its tests included.
const LONGEST_FILE: usize = 400;
/// The most lines of code of a plugin's lib.rs.
const LONGEST_LIB: usize = 60;
/// So many lines the skeleton must not have, all its files together.
const LARGEST_SKELETON: usize = 150;
/// The plugin of CONTRIBUTING.md, which examples and tests of shared code name too.
const EXAMPLE: &str = "check_x";
/// The most lines of code of a plugin's main.rs.
const LONGEST_MAIN: usize = 5;

pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
}

/// The lines of code in front of the tests: no blank lines, no comments.
fn code(text: &str) -> usize {
    let lines = text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]");
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// All files with this ending below `folder`, hidden ones and what was built left out.
pub(super) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && !name.starts_with('.') && name != "target" => {
                found.extend(files(&path, ending))
            }
            kind if kind.is_file() && name.ends_with(ending) => found.push(path),
            _ => {}
        }
    }
    found
}

#[test]
fn a_plugin_has_its_files() {
    for plugin in all() {
        let folder = plugins::folder(&plugin.name);
        let own: &[&str] = match plugin.kind {
            Kind::Check => &["src/probe.rs", "src/evaluate.rs"],
            _ => &[],
        };
        for file in ["README.md", "src/main.rs", "src/lib.rs", "tests/cli.rs"].iter().chain(own) {
            assert!(folder.join(file).is_file(), "{}: no {file}", plugin.name);
        }
        let main = code(&read(&folder.join("src/main.rs")));
        assert!(
            main <= LONGEST_MAIN,
            "{}: {main} lines of code in main.rs: it is a stub of one expression",
            plugin.name
        );
        let lib = code(&read(&folder.join("src/lib.rs")));
        assert!(
            lib <= LONGEST_LIB,
            "{}: {lib} lines of code in lib.rs: it shows Args, what can be seen, and check",
            plugin.name
        );
    }
}

#[test]
fn the_skeleton_is_small() {
    let folder = plugins::folder(SKELETON);
    let lines = files(&folder, "").iter().map(|path| read(path).lines().count()).sum::<usize>();
    // The Help block is written by UPDATE_DOCS.
    let help = Block::new(&folder.join("README.md"), "help").shown().unwrap().lines().count();
    assert!(lines - help < LARGEST_SKELETON, "{} lines without its Help block", lines - help);
}

#[test]
fn a_readme_has_its_sections_in_their_order() {
    for plugin in all() {
        let path = plugins::folder(&plugin.name).join("README.md");
        let text = read(&path);
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let expected: &[&str] = match plugin.kind {
            Kind::Check => &["Overview", "Help", "States", "Performance data", "Examples", "Security"],
            _ if headings.contains(&"Outcomes") => {
                &["Overview", "Help", "Outcomes", "Configuration", "Examples", "Security"]
            }
            _ => &["Overview", "Help", "States", "Configuration", "Examples", "Security"],
        };
        let found: Vec<&str> = headings.into_iter().filter(|heading| expected.contains(heading)).collect();
        assert_eq!(found, expected, "{}: the sections of its README.md", plugin.name);
    }
}

#[test]
fn a_plugin_is_listed() {
    let top = plugins::workspace();
    let readme = read(&top.join("README.md"));
    let configuration: String =
        files(&top.join("nrpe-config"), ".cfg").iter().map(|path| read(path)).collect();
    for plugin in all().into_iter().filter(|plugin| plugin.name != SKELETON) {
        let row = |line: &str| line.starts_with('|') && line.contains(&plugin.name);
        assert!(readme.lines().any(row), "{}: not in the table of README.md", plugin.name);
        let command =
            |line: &str| !line.trim_start().starts_with('#') && line.contains(&format!("/{}", plugin.name));
        assert!(configuration.lines().any(command), "{}: no command in nrpe-config", plugin.name);
    }
}

/// The commands are made by tests/docs/commands.rs; what uses them is written by hand, and commented lines do
/// not count.
#[test]
fn a_plugin_is_used_on_the_monitor() {
    let top = plugins::workspace().join("nrpe-config");
    let text = |name: &str| {
        let text = read(&top.join(name));
        text.lines().filter(|line| !line.trim_start().starts_with(['#', '/'])).collect::<Vec<_>>().join("\n")
    };
    let nagios = ["plugins", "floating", "passive"]
        .map(|name| text(&format!("nagios/silent-outage-{name}.cfg")))
        .concat();
    let (nagios_commands, icinga_commands) =
        (text("nagios/silent-outage-commands.cfg"), text("icinga2/silent-outage-commands.conf"));
    let (icinga, nrpe) =
        (text("icinga2/silent-outage-services.conf"), text("nrpe.d/silent-outage-plugins.cfg"));
    // Debian's NRPE takes no arguments, so that no more than this can be held of these.
    let with_arguments = text("nrpe-arguments/silent-outage-arguments.cfg") + "\n";
    for name in plugins::names() {
        let object = format!("Command \"{name}\" {{");
        assert!(
            icinga_commands.contains(&object),
            "{name}: no command for Icinga 2; UPDATE_DOCS=1 writes it"
        );
        if plugins::kind(&name) != Kind::Check {
            let all = nagios.clone() + &nagios_commands;
            assert!(all.contains(&name), "{name}: no Nagios command in nrpe-config/nagios");
            continue;
        }
        let command = format!("    command_name        {name}\n");
        assert!(nagios_commands.contains(&command), "{name}: no Nagios command; UPDATE_DOCS=1 writes it");
        assert!(
            nrpe.contains(&format!("command[{name}")),
            "{name}: no command in nrpe.d/silent-outage-plugins.cfg"
        );
        let command = format!("command[{name}_args]=@plugindir@/{name} $ARG1$\n");
        assert!(
            with_arguments.contains(&command),
            "{name}: no {command}in nrpe-arguments/silent-outage-arguments.cfg"
        );
        let service = format!("check_silent_outage!{name}\n");
        assert!(nagios.contains(&service), "{name}: no service in nagios/silent-outage-plugins.cfg");
        let rule = format!("vars.nrpe_command = \"{name}\"");
        assert!(icinga.contains(&rule), "{name}: no rule in icinga2/silent-outage-services.conf");
    }
}

/// A plugin is one folder: what all plugins share, the tests of all, the packages and CI find it by looking
/// into `crates/`.
#[test]
fn what_all_plugins_share_names_none() {
    let top = plugins::workspace();
    let names = plugins::names();
    let is_plugin = |path: &Path| names.iter().any(|name| path.starts_with(top.join("crates").join(name)));
    let shared = files(&top.join("crates"), ".rs").into_iter().chain(files(&top.join("crates"), ".toml"));
    let shared =
        shared.filter(|path| !is_plugin(path) && path.components().all(|part| part.as_os_str() != "tests"));
    // What takes several programs at once, and the installed packages, are tried with programs by their
    // names.
    let suite =
        files(&top.join("tests"), ".rs").into_iter().filter(|path| !path.starts_with(top.join("tests/site")));
    let packaging =
        files(&top.join("packaging"), "").into_iter().filter(|path| !path.ends_with("packaging/test"));
    let linking = ["config.toml", "ordering-cc", "hot-functions"].map(|name| top.join(".cargo").join(name));
    let more =
        ["Cargo.toml", "tests/run", "tests/Cargo.toml", ".ci/run", ".ci/tool"].map(|name| top.join(name));
    let all: Vec<PathBuf> = shared.chain(suite).chain(packaging).chain(linking).chain(more).collect();
    assert!(all.len() > 100, "only {} files were read", all.len());
    for path in all {
        // What an error advises to run next is named.
        let text = names.iter().fold(read(&path), |text, name| text.replace(&format!("see {name}"), ""));
        let named = names.iter().find(|name| *name != EXAMPLE && text.contains(name.as_str()));
        assert_eq!(named, None, "{} names a plugin", path.display());
    }
}

/// A table is one line a row, and the comments of commands.rs are those of the file that it writes.
#[test]
fn comments_are_as_narrow_as_code() {
    let top = plugins::workspace();
    let sources = ["crates", "tests", "fuzz"].map(|folder| files(&top.join(folder), ".rs")).concat();
    let is_wide = |line: &str| {
        let text = line.trim_start();
        let is_table = ["//! |", "/// |"].iter().any(|start| text.starts_with(start));
        text.starts_with("//") && !is_table && line.chars().count() > WIDEST_COMMENT
    };
    for path in sources.iter().filter(|path| !path.ends_with("tests/docs/commands.rs")) {
        let text = read(path);
        let wide: Vec<_> = (1..).zip(text.lines()).filter(|(_, line)| is_wide(line)).collect();
        assert!(wide.is_empty(), "{}: wider than {WIDEST_COMMENT} columns: {wide:?}", path.display());
    }
}

#[test]
fn source_files_are_short_and_say_what_they_are() {
    let top = plugins::workspace();
    let sources = ["crates", "tests", "fuzz"].map(|folder| files(&top.join(folder), ".rs")).concat();
    assert!(sources.len() > 20, "only {} source files found", sources.len());
    for path in sources {
        let text = read(&path);
        let name = path.strip_prefix(&top).unwrap().display();
        assert!(
            text.starts_with("//! ") && text.lines().next().unwrap().len() > 20,
            "{name}: does not start with what it is"
        );
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{name}: {lines} lines");
    }
}

/// SECURITY.md names the only exception.
#[test]
fn no_code_is_unsafe_but_one_attribute() {
    let top = plugins::workspace();
    let sources = files(&top.join("crates"), ".rs");
    let found: Vec<PathBuf> = sources.into_iter().filter(|path| read(path).contains("unsafe_code")).collect();
    assert_eq!(found, [top.join("crates/plugin/src/output.rs")]);
    assert!(read(&top.join("SECURITY.md")).contains("`crates/plugin/src/output.rs`"));
}

#[test]
fn only_the_crate_plugin_prints_exits_and_reads_the_command_line() {
    let own = plugins::workspace().join("crates/plugin");
    let banned =
        ["println!", "print!(", "process::exit", "process::abort", "catch_unwind", "set_hook", "env::args"];
    for path in
        files(&plugins::workspace().join("crates"), ".rs").iter().filter(|path| !path.starts_with(&own))
    {
        // What ships: tests and benchmarks are programs of their own.
        let in_tests = |path: &Path| {
            let names = ["tests", "tests.rs", "benches"];
            path.components().any(|part| names.iter().any(|name| part.as_os_str() == *name))
        };
        if in_tests(path.strip_prefix(plugins::workspace()).unwrap()) {
            continue;
        }
        let text = read(path);
        let lines = text.split("#[cfg(test)]").next().unwrap().lines();
        let code: String = lines.filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in banned {
            assert!(!code.contains(word), "{}: {word}", path.display());
        }
    }
}
