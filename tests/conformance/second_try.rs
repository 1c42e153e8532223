//! What `tests/run` makes of tests that fail: with programs in place of cargo and of the tests.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use suite::plugins;
use suite::process::{Outcome, run};

/// Runs each program of the tests, as cargo does.
const CARGO: &str = r#"#!/bin/bash
[ "$1" = test ] || exit 0
for word; do
    case $word in target.*) mapfile -t runner < <(grep -o '"[^"]*"' <<<"$word" | tr -d '"') ;; esac
done
cd "$(dirname "$0")/../crate" || exit
status=0
for program in ../deps/*; do
    "${runner[@]}" "$PWD/$program" || status=101
done
exit "$status"
"#;

/// Says what a program of tests says whose rows `NAME=COUNT` are tests that fail so many times.
const TESTS: &str = r#"#!/bin/bash
wanted=''
[ "${1:-}" != --include-ignored ] || wanted=$3
passed=0 failed=0 said=''
for row in @rows@; do
    name=${row%=*}
    [ -z "$wanted" ] || [ "$wanted" = "$name" ] || continue
    echo >>"../runs/$name"
    if [ "$(wc -l <"../runs/$name")" -le "${row#*=}" ]; then
        [[ $name != panics* ]] && echo "test $name ... FAILED" || echo "test $name - should panic ... FAILED"
        said+=$(printf '\n---- %s stdout ----\n\npanicked: %s\n\n_' "$name" "$name")
        failed=$((failed + 1))
    else
        echo "test $name ... ok"
        passed=$((passed + 1))
    fi
done
[ "$failed" -eq 0 ] || printf '%s\nfailures:\n    %s\n' "${said//_/}" "$name"
[ "$failed" -eq 0 ] && word=ok || word=FAILED
echo "test result: $word. $passed passed; $failed failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
[ "$failed" -eq 0 ]
"#;

#[test]
fn a_test_that_fails_has_one_more_try_and_is_told() {
    let held = |test: &str, program: &str| {
        format!("held at the second try: {test} of crate, {program}: panicked: {test}")
    };
    // The rows of a program with daemons and of one without; the exit code and the last lines.
    let rows = [
        ("a=0 b=0", "c=0", 0, vec!["4 passed, 0 failed, 0 skipped".to_owned()]),
        ("a=0 b=1", "c=0", 0, vec![held("b", "system"), "4 passed, 0 failed, 0 skipped".to_owned()]),
        ("a=0 b=0", "c=1", 0, vec![held("c", "cli"), "4 passed, 0 failed, 0 skipped".to_owned()]),
        (
            "a=1 b=1",
            "c=1",
            0,
            vec![
                held("c", "cli"),
                held("a", "system"),
                held("b", "system"),
                "4 passed, 0 failed, 0 skipped".to_owned(),
            ],
        ),
        (
            "a=0 panics=1",
            "c=0",
            0,
            vec![held("panics", "system"), "4 passed, 0 failed, 0 skipped".to_owned()],
        ),
        ("a=0 b=2", "c=0", 1, vec!["failed b".to_owned(), "3 passed, 1 failed, 0 skipped".to_owned()]),
        (
            "a=0 b=2",
            "c=1",
            1,
            vec!["failed b".to_owned(), held("c", "cli"), "3 passed, 1 failed, 0 skipped".to_owned()],
        ),
        (
            "a=1 b=1 d=1",
            "c=1",
            1,
            vec![
                "failed a".to_owned(),
                "failed b".to_owned(),
                "failed d".to_owned(),
                "failed c".to_owned(),
                "1 passed, 4 failed, 0 skipped".to_owned(),
            ],
        ),
        // A program that ends without having said which test failed.
        (
            "x=0; do exit 134; done; for row in x=0",
            "c=0",
            1,
            vec!["2 passed, 1 failed, 0 skipped".to_owned()],
        ),
        (
            "a=0 b=0",
            "x=0; do exit 134; done; for row in x=0",
            1,
            vec!["3 passed, 1 failed, 0 skipped".to_owned()],
        ),
    ];
    for (with_daemons, without, code, last) in rows {
        let outcome = tests_run(with_daemons, without);
        let lines: Vec<&str> = outcome.stdout.lines().collect();
        assert_eq!(outcome.code, Some(code), "{with_daemons}, {without}: {outcome:?}");
        assert!(lines.ends_with(&last.iter().map(String::as_str).collect::<Vec<_>>()), "{lines:#?}");
    }
}

/// `tests/run --fast`, which installs nothing, with two programs of these tests and one of the test `e`.
fn tests_run(with_daemons: &str, without: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("bin/cargo", CARGO);
    write("crate/Cargo.toml", "");
    write("runs/none", "");
    for (program, rows) in [("cli-0a", without), ("contract-1b", "e=0"), ("system-2c", with_daemons)] {
        write(&format!("deps/{program}"), &TESTS.replace("@rows@", rows));
    }
    let path = std::env::var("PATH").unwrap();
    run(Command::new(Path::new(&plugins::workspace()).join("tests/run"))
        .arg("--fast")
        .env("PATH", format!("{}:{path}", folder.path().join("bin").display())))
}
