//! One version: a command that an administrator copies names a package that this source makes.

use super::{plugins, read};

/// The version of the workspace, which this package has from there.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The versions in the names of packages in a text: the digits and points after the suite's name.
fn in_package_names(text: &str) -> Vec<&str> {
    text.split("silent-outage")
        .skip(1)
        .map(|rest| rest.trim_start_matches("-plugins").trim_start_matches(['-', '_']))
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or(""))
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

#[test]
fn versions_in_the_names_of_packages_are_found() {
    let text = "apt install ./monitoring-plugins-silent-outage_0.1.0-1_amd64.deb\n\
                tar -xzf silent-outage-plugins-10.2.3-x86_64-linux.tar.gz && silent-outage-plugins.cfg\n";
    assert_eq!(in_package_names(text), ["0.1.0", "10.2.3"]);
}

#[test]
fn the_documents_name_the_packages_of_this_version() {
    let top = plugins::workspace();
    for (file, least) in [("README.md", 7), ("packaging/README.md", 1)] {
        let text = read(&top.join(file));
        let versions = in_package_names(&text);
        assert!(versions.len() >= least, "{file} names {} packages", versions.len());
        for version in versions {
            assert_eq!(version, VERSION, "a package in {file}");
        }
    }
}

#[test]
fn the_changelog_starts_with_this_version() {
    let text = read(&plugins::workspace().join("CHANGELOG.md"));
    let head = text.lines().find_map(|line| line.strip_prefix("## ")).unwrap_or("");
    assert_eq!(head.split(' ').next(), Some(VERSION), "CHANGELOG.md starts with {head:?}");
}

#[test]
fn the_fuzz_targets_have_this_version() {
    let manifest = read(&plugins::workspace().join("fuzz/Cargo.toml"));
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    assert_eq!(version, Some(format!("{VERSION:?}").as_str()), "fuzz/Cargo.toml");
}
