//! What the generators of netplan 0.106 and 1.1.2 refuse, against what is said here of the same texts.

use std::time::Duration;

use plugin::Deadline;

use crate::tree::Tree;

/// Texts by which the library of 1.1.2 tells what it knows, and that of 0.106.
const LATER: &str = include_str!("../../tests/netplan-1.1.2.txt");
const EARLIER: &str = include_str!("../../tests/netplan-0.106.txt");

/// Returns what is said of a definition, with this library.
fn said(definition: &str, texts: &str) -> Vec<String> {
    let yaml = format!("network:\n  version: 2\n{}", definition.replace("\\n", "\n"));
    let library = texts.replace('\n', "\0").replace("\\n", "\n");
    let files = [
        ("/etc/netplan/a.yaml", yaml.as_str()),
        ("/usr/lib/x86_64-linux-gnu/libnetplan.so.1", library.as_str()),
    ];
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory(files.into_iter().take(if texts.is_empty() { 1 } else { 2 }), &deadline);
    let found = super::read(&tree).unwrap().unwrap();
    found.refused.iter().chain(&found.unknown).map(|remark| remark.what.clone()).collect()
}

#[test]
fn each_version_refuses_what_its_generator_refuses() {
    let rows = include_str!("../../tests/netplan-refused.txt").lines().filter(|line| !line.starts_with('#'));
    let mut wrong = Vec::new();
    for row in rows {
        let (by, definition) = row.split_once(' ').unwrap();
        let versions = [("0.106", EARLIER), ("1.1.2", LATER), ("not known", "")];
        for (version, texts) in versions {
            let (said, expected) = (said(definition, texts), by == "both" || by == version);
            if said.is_empty() == expected {
                wrong.push(format!("{version} {row}: {said:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
