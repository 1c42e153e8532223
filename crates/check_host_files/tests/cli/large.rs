//! Files of a megabyte.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::process::Outcome;

use crate::{BINARY, BOTH, answer, trees};

/// Runs it with ten seconds of a processor, which a busy machine does not shorten: a run that needs more is
/// killed.
fn check_in_short(trees: &Path, options: &[&str]) -> Outcome {
    let mut command = Command::new("prlimit");
    let outcome = answer(command.args(["--cpu=10", BINARY]), trees, &[&BOTH, options].concat());
    assert!(outcome.code.is_some(), "it took too long");
    outcome
}

#[test]
fn thousands_of_lines_are_answered_at_once() {
    let trees = trees();
    let lines = |reversed: bool| {
        let line =
            |number: usize| format!("10.0.{}.{} same h{}\n", number / 250, number % 250 + 1, number % 40_000);
        let numbers: Vec<usize> = if reversed { (0..37_000).rev().collect() } else { (0..37_000).collect() };
        numbers.into_iter().map(line).collect::<String>()
    };
    for (tree, is_reversed) in [("host", true), ("reference", false)] {
        fs::write(trees.path().join(tree).join("etc/hosts"), lines(is_reversed)).unwrap();
    }
    let outcome = check_in_short(trees.path(), &["--name=proxy7", "--timeout=30"]);
    let text =
        "HOST_FILES CRITICAL - /etc/hosts: another order of lines: same is 10.0.147.250 before 10.0.0.1: ";
    assert!(outcome.stdout.starts_with(text), "{}", outcome.stdout);
}

/// Each name and each address is compared once, also if thousands of lines share it.
#[test]
fn a_name_on_thousands_of_lines_is_compared_once() {
    let trees = trees();
    let host = |number: usize| format!("10.0.{}.{}", number / 250, number % 250 + 1);
    let same_name = (0..12_000).map(|number| format!("{} same h{number}\n", host(number)));
    let many: String = (0..30_000).map(|number| format!(" n{number}")).collect();
    let same_address = (0..15_000).map(|number| format!("192.0.2.1 m{number}\n"));
    let long = "x".repeat(200_000);
    let same_alias = (0..30_000).map(|number| format!("{} a\n", host(number)));
    let rows: [String; 3] = [
        same_name.collect(),
        format!("192.0.2.1{many}\n{}", same_address.collect::<String>()),
        format!("192.0.2.1 {long} a\n{}", same_alias.collect::<String>()),
    ];
    for lines in rows {
        for (tree, other) in [("host", "::1 a6\n::2 b6\n"), ("reference", "::2 b6\n::1 a6\n")] {
            fs::write(trees.path().join(tree).join("etc/hosts"), format!("{lines}{other}")).unwrap();
        }
        let outcome = check_in_short(trees.path(), &["--file=/etc/hosts", "--timeout=60"]);
        let first = outcome.first_line();
        assert!(first.starts_with("HOST_FILES OK - /etc/hosts as in TOP/reference | "), "{first}");
    }
}
