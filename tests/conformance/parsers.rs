//! What parses text or octets from outside has a fuzz target, or a reason why not: fuzz/parsers.txt says
//! which.

use std::collections::BTreeMap;
use std::fs;

use suite::plugins::workspace;

use super::files::{files, read};

/// Crates whose parsers read what this workspace wrote itself.
const OWN: [&str; 1] = ["manual"];

/// The parsers that a source file defines outside of its tests: `FromStr` of a type, a function `parse` or
/// `parse_...`, and one named `read` or `decode` that is given octets.
fn parsers(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let parser = |line: &str| {
        let line = line.trim_start();
        if let Some(name) = line.strip_prefix("impl FromStr for ") {
            return Some(name.trim_end_matches(" {").to_owned());
        }
        let (before, rest) = line.split_once("fn ")?;
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let octets = line.contains(": &[u8]") || line.contains(": &'a [u8]");
        let kind = |start: &str| name == start || name.starts_with(&format!("{start}_"));
        let is_function = before.is_empty() || before.starts_with("pub") || before.starts_with("const");
        (is_function && (kind("parse") || octets && (kind("read") || kind("decode")))).then_some(name)
    };
    code.lines().filter_map(parser).collect()
}

#[test]
fn parsers_are_found() {
    let text = "impl FromStr for Host {\n    fn from_str(\n}\npub(crate) fn parse_port(x: &str) {}\nfn read(octets: &[u8]) {}\nfn read(path: &Path)\n\
                fn parser()\n// fn parse()\n#[cfg(test)]\nfn parse()";
    assert_eq!(parsers(text), ["Host", "parse_port", "read"]);
}

#[test]
fn each_parser_has_a_fuzz_target_or_a_reason() {
    let top = workspace();
    let list = read(&top.join("fuzz/parsers.txt"));
    let targets: Vec<String> = ["answers", "configurations", "texts"]
        .iter()
        .flat_map(|folder| files(&top.join("fuzz/targets").join(folder), ".rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let mut listed = BTreeMap::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (parser, how) = line.split_once(": ").unwrap_or_else(|| panic!("fuzz/parsers.txt: {line}"));
        let is_reason = how.split(' ').count() > 2;
        assert!(
            is_reason || how != "main" && targets.iter().any(|target| target == how),
            "no target and no reason: {line}"
        );
        assert!(listed.insert(parser.to_owned(), how).is_none(), "twice: {line}");
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(top.join("crates")).unwrap().flatten() {
        if OWN.iter().any(|own| entry.file_name() == *own) {
            continue;
        }
        for path in files(&entry.path().join("src"), ".rs") {
            let place = path.strip_prefix(top.join("crates")).unwrap().display().to_string();
            if !place.ends_with("tests.rs") {
                found.extend(parsers(&read(&path)).into_iter().map(|name| format!("{place} {name}")));
            }
        }
    }
    found.sort();
    found.dedup();
    let missing: Vec<&String> = found.iter().filter(|parser| !listed.contains_key(*parser)).collect();
    assert!(missing.is_empty(), "not in fuzz/parsers.txt:\n{missing:#?}");
    let gone: Vec<&String> = listed.keys().filter(|parser| !found.contains(parser)).collect();
    assert!(gone.is_empty(), "in fuzz/parsers.txt and nowhere else:\n{gone:#?}");
}

/// fuzz/run builds with `--locked`: what a crate depends on must be in the lock file of the fuzz targets too.
#[test]
fn the_lock_of_the_fuzz_targets_has_what_the_crates_need() {
    let lock = read(&workspace().join("fuzz/Cargo.lock"));
    let mut checked = 0;
    for package in lock.split("[[package]]").filter(|package| !package.contains("\nsource = ")) {
        let name = package.split('"').nth(1).unwrap_or_default();
        let manifest = workspace().join(format!("crates/{name}/Cargo.toml"));
        if !manifest.is_file() {
            continue;
        }
        let text = read(&manifest);
        let needs = text.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next());
        let needs = needs.unwrap_or_default().lines().filter(|line| !line.contains("optional = true"));
        for need in needs.filter_map(|line| line.split(['.', ' ', '=']).next()) {
            let is_there = need.is_empty() || need.starts_with('#') || package.contains(&format!("\"{need}"));
            assert!(is_there, "fuzz/Cargo.lock: {name} needs {need}: run cargo metadata in fuzz/");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}
