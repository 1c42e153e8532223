//! No modules of a crate use each other in a circle.

use std::fs;

use suite::modules::{Circle, Modules};
use suite::plugins::workspace;

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let mut seen = Vec::new();
    let mut crates = 0;
    for entry in fs::read_dir(workspace().join("crates")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        crates += 1;
        let circles = Modules::read(&entry.path().join("src")).circles();
        seen.extend(circles.into_iter().map(|circle| (name.clone(), circle)));
    }
    seen.extend(
        Modules::read(&workspace().join("tests/src"))
            .circles()
            .into_iter()
            .map(|circle| ("suite".to_owned(), circle)),
    );
    assert!(crates > 8, "only {crates} crates were read");
    let tell = |(name, circle): &(String, Circle)| format!("{name}:\n    {}\n", circle.edges.join("\n    "));
    assert!(seen.is_empty(), "circles of modules:\n{}", seen.iter().map(tell).collect::<String>());
}

/// The circles of a crate of these files.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Modules::read(folder.path()).circles().iter().map(|circle| circle.edges.join("; ")).collect()
}

#[test]
fn a_circle_that_is_put_in_is_found() {
    let lib = "mod a; mod b; pub use b::B; pub struct Args;";
    let (uses_b, uses_a) = ("use crate::B; pub struct A;", "pub struct B; fn f() { crate::a::A; }");
    // Through the re-export of lib.rs, and by an inline path.
    let circle = "a -> b (B); b -> a (A)";
    assert_eq!(circles(&[("lib.rs", lib), ("a.rs", uses_b), ("b.rs", uses_a)]), [circle]);
    // Only one way, or only in tests, or through what lib.rs itself defines.
    assert_eq!(circles(&[("lib.rs", lib), ("a.rs", uses_b), ("b.rs", "pub struct B;")]), [""; 0]);
    let in_tests = "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }";
    assert_eq!(circles(&[("lib.rs", lib), ("a.rs", uses_b), ("b.rs", in_tests)]), [""; 0]);
    assert_eq!(
        circles(&[("lib.rs", lib), ("a.rs", "use crate::Args;"), ("b.rs", "use crate::Args; pub struct B;")]),
        [""; 0]
    );
}

#[test]
fn a_child_and_its_parent_are_a_circle_if_each_uses_the_other() {
    let lib = "mod parent;";
    let parent = "mod child; pub struct Shared; fn f() { child::g() }";
    let edges = "parent -> parent::child (g); parent::child -> parent (Shared)";
    assert_eq!(
        circles(&[
            ("lib.rs", lib),
            ("parent.rs", parent),
            ("parent/child.rs", "use super::Shared; pub fn g() {}")
        ]),
        [edges]
    );
    assert_eq!(
        circles(&[("lib.rs", lib), ("parent.rs", parent), ("parent/child.rs", "pub fn g() {}")]),
        [""; 0]
    );
    let only_declares = "mod child; pub struct Shared;";
    assert_eq!(
        circles(&[("lib.rs", lib), ("parent.rs", only_declares), ("parent/child.rs", "use super::Shared;")]),
        [""; 0]
    );
}

#[test]
fn a_circle_goes_over_several_modules_and_their_names() {
    let lib = "mod a; mod b; mod c;";
    let files = [
        ("lib.rs", lib),
        ("a.rs", "use crate::b; fn f() { b::deep::F; }"),
        ("b.rs", "pub mod deep;"),
        ("b/deep.rs", "use super::super::c::C as D; pub struct F;"),
        ("c.rs", "pub struct C; fn f(x: crate::a::A) {}"),
    ];
    assert_eq!(circles(&files), ["a -> b::deep (F); b::deep -> c (C); c -> a (A)"]);
}
