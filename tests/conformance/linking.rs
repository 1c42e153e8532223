//! What a check runs is linked side by side, whatever hashes the compiler gave its functions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::plugins::workspace;
use suite::process::run;

use super::all;

/// Three functions, the middle one of them as of a crate of Rust.
const SOURCE: &str = "int cold(int x) { return x + 1; }
int hot(int) __asm__(\"_ZN7program3hot17h0123456789abcdefE\");
int hot(int x) { return x + 2; }
int main(int argc, char **argv) { return argv ? cold(hot(argc)) : 0; }
";

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn what_a_check_runs_is_linked_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("hot")).unwrap();
    fs::write(path("hot/program"), "_ZN7program3hot\nmain\n_ZN7program5other\n").unwrap();
    fs::copy(workspace().join(".cargo/ordering-cc"), path("ordering-cc")).unwrap();
    fs::write(path("source.c"), SOURCE).unwrap();
    let compile = ["-c", "-O1", "-fno-inline", "-ffunction-sections", "-o"];
    done(Command::new("cc").args(compile).arg(path("source.o")).arg(path("source.c")));
    let lld = ["-fuse-ld=lld".to_owned(), format!("-B{}", folder_of_lld().display())];
    for (options, expected) in [
        (&["-Wl,-O1"][..], ["hot", "main", "cold"]),
        // A program that is not for release, and one without a list.
        (&[], ["cold", "hot", "main"]),
        (&["-Wl,-O1", "-Wl,--gc-sections"], ["hot", "main", "cold"]),
    ] {
        let program = path("program-0123abcd");
        let mut link = Command::new(path("ordering-cc"));
        done(link.arg(path("source.o")).arg("-o").arg(&program).args(&lld).args(options));
        assert_eq!(order(&program), expected, "{options:?}");
    }
    let program = path("another-0123abcd");
    let mut link = Command::new(path("ordering-cc"));
    done(link.arg(path("source.o")).arg("-o").arg(&program).args(&lld).arg("-Wl,-O1"));
    assert_eq!(order(&program), ["cold", "hot", "main"], "without a list");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 6, "the linker leaves nothing beside the programs");
}

/// A list of a program that is gone would be kept for ever.
#[test]
fn each_list_of_functions_is_of_a_program() {
    let plugins = all();
    for entry in fs::read_dir(workspace().join(".cargo/hot")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(plugins.iter().any(|plugin| plugin.name == name), ".cargo/hot/{name}");
    }
}

/// The linker that rustc brings, by the name that cc looks for.
fn folder_of_lld() -> PathBuf {
    let outcome = done(Command::new("rustc").args(["--print", "target-libdir"]));
    Path::new(outcome.trim_end()).parent().unwrap().join("bin/gcc-ld")
}

/// The functions of a program as they lie in it.
fn order(program: &Path) -> Vec<String> {
    let names = done(Command::new("nm").args(["--numeric-sort", "--format=just-symbols"]).arg(program));
    let own = names.lines().filter_map(|name| match name {
        "cold" | "main" => Some(name),
        _ => name.starts_with("_ZN7program3hot").then_some("hot"),
    });
    own.map(str::to_owned).collect()
}

fn done(command: &mut Command) -> String {
    let outcome = run(command);
    assert_eq!(outcome.code, Some(0), "{command:?}: {outcome:?}");
    outcome.stdout
}
