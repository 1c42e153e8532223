//! What netplan, systemd and NetworkManager themselves make of the trees: they and this crate agree.

#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use addresses::HostAddress;
use host_config::{Promises, Source, Tree};
use plugin::Deadline;
use suite::needs::{Need, missing, program};
use tempfile::TempDir;

type Addresses = BTreeSet<HostAddress>;

/// The cases of a source, each with its tree, and whether it is one that is refused.
fn cases(source: Source) -> Vec<(PathBuf, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees").join(source.name());
    let cases = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    cases
        .map(|case| (case.join("root"), case.file_name().unwrap().to_str().unwrap().starts_with("bad-")))
        .collect()
}

fn read(source: Source, root: &Path) -> Result<Addresses, String> {
    promised(source, root).map(|promises| addresses(&promises))
}

fn promised(source: Source, root: &Path) -> Result<Promises, String> {
    let deadline = Deadline::after(Duration::from_secs(60));
    let promises = source
        .read(&Tree::new(root, &deadline))
        .and_then(|promises| promises.unwrap_or_default().understood());
    let promises = promises.map_err(|error| error.to_string())?;
    match promises.refused.first() {
        Some(refused) => Err(refused.what.clone()),
        None => Ok(promises),
    }
}

fn addresses(promises: &Promises) -> Addresses {
    promises.promises.iter().map(|promise| promise.expected).collect()
}

fn run(name: &str, command: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    command(&mut Command::new(program(name).unwrap())).output().unwrap()
}

fn copied(root: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    assert!(Command::new("cp").arg("-aT").arg(root).arg(copy.path()).status().unwrap().success());
    copy
}

/// Puts the library of the netplan that is here into a tree.
fn install_library(root: &Path) {
    for machine in fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(entries) = fs::read_dir(&machine) else { continue };
        for library in entries.map(|entry| entry.unwrap().path()) {
            if library.file_name().unwrap().to_string_lossy().starts_with("libnetplan.so") {
                let to = root.join(library.strip_prefix("/").unwrap());
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(&library, to).unwrap();
            }
        }
    }
}

fn contents(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok()).collect()
}

#[test]
fn netplan_generates_what_its_files_promise() {
    if missing(&[Need::Program("netplan")]) {
        return;
    }
    for (root, refused) in cases(Source::Netplan) {
        let copy = copied(&root);
        let output = run("netplan", |netplan| netplan.args(["generate", "--root-dir"]).arg(copy.path()));
        let said = format!("{}: {}", root.display(), String::from_utf8_lossy(&output.stderr));
        install_library(copy.path());
        let ours = read(Source::Netplan, copy.path());
        // What one version takes another may refuse: the library in the tree tells which is here.
        assert_eq!(output.status.success(), ours.is_ok(), "{said} {ours:?}");
        assert!(!refused || ours.is_err(), "{said} {ours:?}");
        let Ok(ours) = ours else { continue };
        let mut theirs = Addresses::new();
        for network in contents(&copy.path().join("run/systemd/network")) {
            if !network.contains("ActivationPolicy=") {
                let written = network.lines().filter_map(|line| line.strip_prefix("Address="));
                theirs.extend(bound(written.map(|it| it.replace(' ', "").parse().unwrap())));
            }
        }
        let profiles = contents(&copy.path().join("run/NetworkManager/system-connections"));
        let starts = |profile: &&String| {
            let name =
                profile.lines().find_map(|line| line.strip_prefix("interface-name=")).unwrap_or_default();
            // A port activates what it is a port of.
            let port = format!("\nmaster={name}\n");
            !profile.contains("\nautoconnect=false\n") || profiles.iter().any(|other| other.contains(&port))
        };
        theirs.extend(profiles.iter().filter(starts).flat_map(|profile| keyfile_addresses(profile)));
        assert_eq!(ours, theirs, "{said}");
        let generated =
            [Source::Networkd, Source::NetworkManager].map(|source| read(source, copy.path()).unwrap());
        let generated: Addresses = generated.into_iter().flatten().collect();
        assert_eq!(generated, ours, "what was generated, read again: {said}");
    }
}

/// What networkd and NetworkManager bind of the addresses of one file: of an IPv6 address with several prefix
/// lengths, the last.
fn bound(written: impl Iterator<Item = HostAddress>) -> Addresses {
    let mut kept: Vec<HostAddress> = Vec::new();
    for address in written {
        kept.retain(|known| known.address != address.address || address.address.is_ipv4());
        kept.push(address);
    }
    kept.into_iter().collect()
}

/// Of a profile in the form that NetworkManager and netplan write.
fn keyfile_addresses(profile: &str) -> Addresses {
    let numbered = |line: &str| {
        line.strip_prefix("address").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let value = |line: &str| line.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    bound(profile.lines().filter(|line| numbered(line)).map(value))
}

#[test]
fn systemd_reads_files_and_drop_ins_in_the_same_order() {
    if missing(&[Need::Program("systemd-analyze")]) {
        return;
    }
    for case in ["static-server", "overrides"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees/networkd").join(case).join("root");
        let mut names = BTreeSet::new();
        for folder in ["etc", "run", "usr/lib", "usr/local/lib"] {
            let Ok(entries) = fs::read_dir(root.join(folder).join("systemd/network")) else { continue };
            names.extend(
                entries
                    .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                    .filter(|it| it.ends_with(".network")),
            );
        }
        let theirs: Addresses = names.iter().flat_map(|name| cat_config(&root, name)).collect();
        let mut ours = read(Source::Networkd, &root).unwrap();
        // With a peer, the prefix length that is written is not the one that the kernel shows.
        if ours.remove(&"198.51.100.1".parse().unwrap()) {
            ours.insert("198.51.100.1/32".parse().unwrap());
        }
        assert!(!ours.is_empty());
        assert_eq!(ours, theirs, "{case}");
    }
}

/// The addresses of a file and its drop-ins as `systemd-analyze` puts them together.
fn cat_config(root: &Path, name: &str) -> Vec<HostAddress> {
    let mut root_option = std::ffi::OsString::from("--root=");
    root_option.push(root);
    let output = run("systemd-analyze", |it| {
        it.arg(root_option).arg("cat-config").arg(format!("systemd/network/{name}"))
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let path = |line: &&str| line.starts_with("# /");
    let main = text
        .lines()
        .skip_while(|line| !path(line))
        .skip(1)
        .take_while(|line| !path(line))
        .collect::<String>();
    let mut addresses = Vec::new();
    if main.is_empty() {
        return addresses;
    }
    // The one continued line of the trees.
    let text = text.replace("Address=\\\n# the continued line goes on below\n", "Address=");
    for value in text.lines().filter_map(|line| line.strip_prefix("Address=")) {
        match value.trim() {
            "" => addresses.clear(),
            value => addresses.push(value.parse().unwrap()),
        }
    }
    addresses
}

#[test]
fn networkmanager_reads_the_same_addresses() {
    if missing(&[Need::Program("nmcli")]) {
        return;
    }
    let mut compared = 0;
    for (root, _) in cases(Source::NetworkManager) {
        for folder in ["etc", "run", "usr/lib"] {
            for profile in contents(&root.join(folder).join("NetworkManager/system-connections")) {
                // Files that are no profiles NetworkManager does not read at all.
                if !profile.contains("[connection]") {
                    continue;
                }
                compared += 1;
                let idle = ["autoconnect=false", "master=", "slave-type=", "permissions="];
                let active: String = profile
                    .lines()
                    .filter(|line| !idle.iter().any(|it| line.starts_with(it)))
                    .fold(String::new(), |all, line| all + line + "\n");
                let tree = tempfile::tempdir().unwrap();
                let connections = tree.path().join("etc/NetworkManager/system-connections");
                fs::create_dir_all(&connections).unwrap();
                fs::write(connections.join("one.nmconnection"), &active).unwrap();
                // The addresses of a profile that is ignored stay expected, and the cause is noted.
                let is_ignored = |note: &String| note.contains("NetworkManager ignores this profile");
                let ours = promised(Source::NetworkManager, tree.path()).ok();
                let ours = ours.filter(|ours| !ours.notes.iter().any(is_ignored));
                let ours = ours.map(|ours| addresses(&ours));
                assert_eq!(ours, nmcli(&active), "{}: {active}", root.display());
            }
        }
    }
    assert!(compared >= 14, "{compared} profiles");
}

/// The addresses of a profile as NetworkManager writes it again: none where it refuses it.
fn nmcli(profile: &str) -> Option<Addresses> {
    let mut nmcli = Command::new(program("nmcli").unwrap());
    nmcli.args(["--offline", "connection", "modify", "connection.autoconnect-retries", "1"]);
    let mut child = nmcli.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(profile.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let written = String::from_utf8(output.stdout).unwrap();
    (output.status.success() && !written.is_empty()).then(|| keyfile_addresses(&written))
}
