//! A plugin of many modules maps them at the head of its lib.rs: which module does what, in the order of a
//! run.

use std::collections::BTreeSet;

use suite::plugins;

use super::files::read;

/// The heading of a map, which goes to the end of the comment.
const HEADING: &str = "\n//! # Modules, in the order of a run\n";
/// A reader finds the way through so many modules by their own comments.
const WITHOUT_MAP: usize = 12;

/// The modules that a lib.rs declares, those for tests alone left out.
fn declared(lib: &str) -> BTreeSet<&str> {
    let before = std::iter::once("").chain(lib.lines());
    let modules = before.zip(lib.lines()).filter(|(before, _)| *before != "#[cfg(test)]");
    modules
        .filter_map(|(_, line)| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect()
}

/// The names that the map of a lib.rs has as code. `None` if there is no map.
fn mapped(lib: &str) -> Option<BTreeSet<&str>> {
    let (_, map) = lib.split_once(HEADING)?;
    let end = map.find("\n\n").unwrap_or(map.len());
    Some(map.get(..end)?.split('`').skip(1).step_by(2).collect())
}

/// What is wrong with the map of a lib.rs.
fn fault(lib: &str) -> Option<String> {
    let declared = declared(lib);
    let Some(mapped) = mapped(lib) else {
        return (declared.len() > WITHOUT_MAP).then(|| format!("{} modules and no{HEADING}", declared.len()));
    };
    let missing: Vec<_> = declared.difference(&mapped).collect();
    let gone: Vec<_> = mapped.difference(&declared).collect();
    (declared != mapped).then(|| format!("not in the map: {missing:?}, in the map and no module: {gone:?}"))
}

#[test]
fn a_map_names_each_module_and_nothing_else() {
    let faults = |map: &str, modules: &str| fault(&format!("//! Is it so?\n//!{map}\n{modules}"));
    let map = format!("{HEADING}//!\n//! - Options: `a`.\n//! - Probe: `b` by\n//!   `c`.\n");
    assert_eq!(faults(&map, "mod a;\npub mod b;\nmod c;\n#[cfg(test)]\nmod tests;\n/// See `d`.\n"), None);
    let (more, less) = (faults(&map, "mod a;\nmod b;\nmod c;\nmod d;\n"), faults(&map, "mod a;\nmod b;\n"));
    assert_eq!(more.unwrap(), "not in the map: [\"d\"], in the map and no module: []");
    assert_eq!(less.unwrap(), "not in the map: [], in the map and no module: [\"c\"]");
    let many: String = (0..=WITHOUT_MAP).map(|number| format!("mod m{number};\n")).collect();
    assert_eq!(faults("\n", many.trim_start_matches("mod m0;\n")), None);
    assert!(faults("\n", &many).unwrap().starts_with("13 modules and no"));
}

#[test]
fn plugins_of_many_modules_have_a_map() {
    for name in plugins::names() {
        let lib = read(&plugins::workspace().join("crates").join(&name).join("src/lib.rs"));
        assert_eq!(fault(&lib), None, "crates/{name}/src/lib.rs");
    }
}
