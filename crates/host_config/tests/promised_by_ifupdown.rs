//! ifupdown itself reads the trees of `trees/ifupdown`: what `ifup --no-act` would bind at boot is what is
//! promised.

#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use addresses::HostAddress;
use host_config::{Source, Tree};
use plugin::Deadline;

/// What `ifup` computes as it would at boot, and what is not its own: other programs' files, interfaces that
/// the kernel must know. What its commands do to its shell, its variables and its interfaces shows only where
/// they run.
const ELSEWHERE: [&str; 7] =
    ["refused", "patterns", "ranges", "by_hardware_address", "exported", "ended_by_exec", "other_namespace"];

/// An address as it is bound, and the interface.
type Bound = (HostAddress, String);

/// The command line of each interface that `ifup` with these arguments would configure, with `$IFACE`
/// replaced.
fn commands(file: &Path, state: &Path, arguments: &[&str]) -> Vec<String> {
    let mut ifup = Command::new("ifup");
    ifup.args(["--no-act", "--verbose", "--force"])
        .arg("--interfaces")
        .arg(file)
        .arg("--state-dir")
        .arg(state)
        .args(arguments);
    let output = ifup.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let mut interface = String::new();
    let mut lines = Vec::new();
    for line in String::from_utf8(text).unwrap().lines() {
        if let Some(name) =
            line.strip_prefix("ifup: configuring interface ").and_then(|rest| rest.split_once('='))
        {
            interface = name.0.to_owned();
        }
        lines.push(line.replace("$IFACE", &interface));
    }
    lines
}

/// The commands that a line runs by a real shell, where it is a loop, a condition or a group: a function
/// stands for ip(8), and prints what it is called with.
fn by_shell(line: &str) -> Vec<String> {
    if !["for ", "if ", "(", "A="].iter().any(|start| line.starts_with(start)) {
        return vec![line.to_owned()];
    }
    let script = format!("ip() {{ echo \"ip $*\"; }}; sleep() {{ :; }}; {line}\nwait");
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The address that a line binds.
fn bound(line: &str) -> Option<Bound> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let program = words.first()?.rsplit('/').next()?;
    let add = words.windows(2).any(|pair| pair == ["addr", "add"]);
    let device = match program {
        "ip" if add => words.windows(2).find(|pair| pair.first() == Some(&"dev"))?.get(1)?,
        "ifconfig" => words.get(1)?,
        _ => return None,
    };
    // Dotted masks are left to the tests beside the parser.
    let parse = |word: &&str| {
        word.parse().or_else(|_| word.split('/').next().unwrap_or_default().parse::<HostAddress>()).ok()
    };
    let expected = words.iter().skip(2).find_map(parse)?;
    Some((expected, device.split(':').next()?.to_owned()))
}

/// A copy of the tree whose absolute includes stay inside of it.
fn copy(from: &Path, to: &Path, root: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, root);
        } else {
            let text = fs::read_to_string(entry.path()).unwrap();
            fs::write(target, text.replace("source /etc", &format!("source {}/etc", root.display())))
                .unwrap();
        }
    }
}

#[test]
fn ifup_would_bind_what_is_promised() {
    if Command::new("ifup").arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "ifup is missing: install the package ifupdown"
        );
        eprintln!("skipped: ifup is missing (package ifupdown)");
        return;
    }
    let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees/ifupdown");
    let deadline = Deadline::after(Duration::from_secs(60));
    let (mut compared, mut refused) = (0, 0);
    for case in fs::read_dir(trees).unwrap() {
        let case = case.unwrap();
        let name = case.file_name().into_string().unwrap();
        let Ok(Some(promises)) = Source::Ifupdown.read(&Tree::new(case.path().join("root"), &deadline))
        else {
            continue;
        };
        if ELSEWHERE.contains(&name.as_str()) || name.starts_with("ifupdown") {
            continue;
        }
        let scratch = tempfile::tempdir().unwrap();
        copy(&case.path().join("root"), &scratch.path().join("root"), &scratch.path().join("root"));
        let file = scratch.path().join("root/etc/network/interfaces");
        let state = scratch.path().join("state");
        fs::create_dir(&state).unwrap();
        let mut lines = commands(&file, &state, &["--all"]);
        lines.extend(commands(&file, &state, &["--all", "--allow=hotplug"]));
        let others: Vec<String> =
            lines.iter().filter_map(|line| line.strip_prefix("ifup ").map(str::to_owned)).collect();
        lines.extend(others.iter().flat_map(|other| commands(&file, &state, &[other])));
        let wanted: BTreeSet<Bound> =
            lines.iter().flat_map(|line| by_shell(line)).filter_map(|line| bound(&line)).collect();
        let addresses = |all: &BTreeSet<Bound>| {
            all.iter().map(|(it, on)| format!("{} on {on}", it.address)).collect::<BTreeSet<_>>()
        };
        let ours: BTreeSet<Bound> = promises
            .promises
            .iter()
            .map(|promise| (promise.expected, promise.interface.clone().unwrap_or_default()))
            .collect();
        if promises.unknown.iter().any(|unknown| unknown.what.ends_with("ifup refuses the whole file")) {
            let refuses = lines.iter().any(|line| line.starts_with("ifup: couldn't read interfaces file"));
            assert!(refuses, "{name}: ifup does not refuse it\n{lines:#?}");
            refused += 1;
            continue;
        }
        assert_eq!(addresses(&ours), addresses(&wanted), "{name}: promised, and bound by ifup\n{lines:#?}");
        for (expected, interface) in &wanted {
            let same = |(own, on): &&Bound| own.address == expected.address && on == interface;
            let own = ours.iter().find(same).unwrap_or_else(|| panic!("{name}: {expected}")).0.prefix;
            assert!(
                own.is_none() || expected.prefix.is_none() || own == expected.prefix,
                "{name}: {expected}, promised as {own:?}"
            );
        }
        compared += wanted.len();
    }
    assert!(compared >= 25, "{compared} addresses compared");
    assert!(refused >= 4, "{refused} files that ifup refuses");
}
