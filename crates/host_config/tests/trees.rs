//! Trees of configuration files as they are found on hosts, each with what it promises:
//! `tests/trees/SOURCE/CASE/root` is the tree, `expected` beside it has a line for each promise, each remark,
//! or the error. `UPDATE=1` writes what is read instead.

#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use host_config::{ConfigError, Promises, Source, Tree};
use plugin::Deadline;

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The files below `folder`, by their paths in it.
fn collect(folder: &Path, inside: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for path in folders(folder) {
        let inside = format!("{inside}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &inside, files);
        } else {
            files.push((inside, fs::read(path).unwrap()));
        }
    }
}

fn shown(read: Result<Option<Promises>, ConfigError>) -> String {
    let promises = match read {
        Ok(Some(promises)) => promises,
        Ok(None) => return "nothing\n".to_owned(),
        Err(error) => return format!("error: {error}\n"),
    };
    let mut lines = String::new();
    for one_of in promises.one_of {
        lines += &format!("{} of {}, {}:\n", one_of.active, one_of.profiles.len(), one_of.why);
        for profile in one_of.profiles {
            let static_ones = profile.promises.iter().map(|it| format!("{} ({})", it.expected, it.place));
            let dynamic = profile.dynamic.iter().map(|it| format!("dynamic {} ({})", it.interface, it.place));
            let port =
                profile.port.iter().map(|(port, controller)| format!("{port} is a port of {controller}"));
            lines +=
                &format!("- {}\n", static_ones.chain(dynamic).chain(port).collect::<Vec<_>>().join(", "));
        }
    }
    for promise in promises.promises {
        let on = promise.interface.map(|name| format!(" on {name}")).unwrap_or_default();
        let floating = if promise.floating { ", floating" } else { "" };
        lines += &format!("{}{on}{floating}: {}\n", promise.expected, promise.place);
    }
    for dynamic in promises.dynamic {
        let required = if dynamic.required { "" } else { ", not required" };
        let by = dynamic.giver.word().map(|word| format!(" ({word})")).unwrap_or_default();
        lines +=
            &format!("dynamic {} {:?}{by}{required}: {}\n", dynamic.interface, dynamic.family, dynamic.place);
    }
    for ports in promises.ports {
        lines += &format!("ports of {}: [{}]: {}\n", ports.interface, ports.ports.join(" "), ports.place);
    }
    for vlan in promises.vlans {
        lines += &format!("vlan {} on {}\n", vlan.interface, vlan.parent);
    }
    for shadowed in promises.shadowed {
        lines += &format!("shadowed {}, {}: {}\n", shadowed.expected, shadowed.why, shadowed.place);
    }
    for refused in promises.refused {
        lines += &format!("refused: {}: {}\n", refused.what, refused.place);
    }
    for unknown in promises.unknown {
        lines += &format!("not understood: {}: {}\n", unknown.what, unknown.place);
    }
    for note in promises.notes {
        lines += &format!("{note}\n");
    }
    for remark in promises.remarks {
        lines += &format!("({}): {}\n", remark.what, remark.place);
    }
    lines
}

#[test]
fn every_tree_promises_what_it_should() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let (mut cases, mut wrong) = (0, Vec::new());
    for source in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees")) {
        let kind: Source = source.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for case in folders(&source) {
            cases += 1;
            let read = shown(kind.read(&Tree::new(case.join("root"), &deadline)));
            let mut files = Vec::new();
            collect(&case.join("root"), "", &mut files);
            let in_memory = shown(kind.read(&Tree::in_memory(files, &deadline)));
            assert_eq!(in_memory, read, "{}: in memory, and on disk", case.display());
            if std::env::var_os("UPDATE").is_some() {
                fs::write(case.join("expected"), &read).unwrap();
            }
            let expected = fs::read_to_string(case.join("expected")).unwrap_or_default();
            if read != expected {
                wrong.push(format!("{}\nread:\n{read}expected:\n{expected}", case.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 23, "{cases} cases");
}
