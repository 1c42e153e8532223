//! The command `check_latency` as a user runs it, against loopback: OK, alarms, bad input, the state file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::getent::{self, Getent};
use suite::process::{Outcome, run};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_check_latency");
/// A run of a moment.
const QUICK: [&str; 4] = ["--pings=5", "--interval=0.02", "--wait=0.5", "--gateway=none"];

/// A folder of this user's alone.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("paths.json")
    }

    fn check(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(BINARY);
        command.args(QUICK).arg(format!("--state-file={}", self.file().display())).args(arguments);
        let outcome = run(&mut command);
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        outcome
    }
}

/// Writes a file that only this user may read.
fn write_private(file: &Path, content: &str) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The exit code, and the line without its performance data.
fn text(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

#[test]
fn loopback_answers_and_is_learned() {
    let place = Place::new();
    let outcome = place.check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--learn-every=0", "--learn-runs=1"]);
    assert_eq!(text(&outcome), (0, "LATENCY OK - 2 targets answer, still learning"));
    let data = " | abnormal=0;;;0;2 silent=0;;;0 learning=2;;;0 lost=0%;;;0;100 worst_rise=U;;;0 worst_slower=U;;;0 late=0;;;0 duplicates=0;;;0";
    assert!(outcome.first_line().ends_with(data), "{}", outcome.stdout);
    let outcome = place.check(&["--ip=127.0.0.1", "--ip=127.0.0.3", "--learn-every=0", "--learn-runs=1"]);
    assert_eq!(text(&outcome), (0, "LATENCY OK - 2 targets as usual, 1 still learning"));
    let written = fs::read_to_string(place.file()).unwrap();
    assert!(
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"].iter().all(|key| written.contains(&format!("\"{key}\":"))),
        "{written}"
    );
    assert_eq!(fs::metadata(place.file()).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn a_run_that_comes_soon_is_not_stored() {
    let place = Place::new();
    place.check(&["--ip=127.0.0.1"]);
    let before = fs::read_to_string(place.file()).unwrap();
    assert_eq!(place.check(&["--ip=127.0.0.1"]).code, Some(0));
    assert_eq!(fs::read_to_string(place.file()).unwrap(), before);
    place.check(&["--ip=127.0.0.1", "--learn-every=0"]);
    assert_ne!(fs::read_to_string(place.file()).unwrap(), before);
}

#[test]
fn without_learning_nothing_is_written() {
    let place = Place::new();
    assert_eq!(
        text(&place.check(&["--ip=127.0.0.1", "--no-learn"])),
        (0, "LATENCY OK - 1 target answers, still learning")
    );
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0);
    // No folder is made either, by default or where a file is named.
    let file = format!("--state-file={}/deep/paths.json", place.0.path().display());
    for more in [None, Some(&*file)] {
        let mut command = Command::new(BINARY);
        command.args(QUICK).args(["--ip=127.0.0.1", "--no-learn"]).args(more);
        let outcome = run(command.env("MP_STATE_PATH", place.0.path()));
        assert_eq!(text(&outcome), (0, "LATENCY OK - 1 target answers, still learning"));
        assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0, "{more:?}");
    }
}

/// Moves all times of the file back by so many days, as if it had not been used since.
fn age(file: &Path, days: u64) {
    fn back(value: &mut serde_json::Value, seconds: u64) {
        match value {
            serde_json::Value::Array(all) => all.iter_mut().for_each(|value| back(value, seconds)),
            serde_json::Value::Object(all) => all.values_mut().for_each(|value| back(value, seconds)),
            _ => {
                if let Some(at) = value.as_u64().filter(|at| *at > 1_000_000_000) {
                    *value = (at - seconds).into();
                }
            }
        }
    }
    let mut content = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    back(&mut content, days * 86_400);
    write_private(file, &content.to_string());
}

#[test]
fn a_target_that_was_not_pinged_for_30_days_is_learned_anew() {
    let place = Place::new();
    let check = |more: &[&str]| {
        place.check(&[&["--ip=127.0.0.1", "--learn-every=0", "--learn-runs=1"], more].concat())
    };
    let (known, anew) = ("LATENCY OK - 1 target as usual", "LATENCY OK - 1 target answers, still learning");
    check(&[]);
    for (days, more, expected) in
        [(29, &[][..], known), (31, &["--no-learn"], anew), (0, &[], anew), (0, &[], known), (400, &[], anew)]
    {
        age(&place.file(), days);
        assert_eq!(text(&check(more)), (0, expected), "{days} days, {more:?}");
    }
}

#[test]
fn a_target_is_forgotten() {
    let place = Place::new();
    place.check(&["--ip=127.0.0.1", "--ip=127.0.0.2"]);
    let forgotten = place.check(&["--forget=127.0.0.1"]);
    assert_eq!(text(&forgotten), (0, "LATENCY OK - forgotten, learned anew from the next run on: 127.0.0.1"));
    let written = fs::read_to_string(place.file()).unwrap();
    assert!(written.contains("\"127.0.0.2\":") && !written.contains("\"127.0.0.1\":"), "{written}");
    let again = place.check(&["--forget=127.0.0.1"]);
    assert_eq!(
        text(&again),
        (3, &*format!("LATENCY UNKNOWN - --forget 127.0.0.1: no such target in {}", place.file().display()))
    );
}

#[test]
fn a_state_file_that_cannot_be_used_is_unknown() {
    let place = Place::new();
    let file = place.file().display().to_string();
    write_private(&place.file(), r#"{"version":2}"#);
    let newer = format!(
        "LATENCY UNKNOWN - {file}: written by a newer version of check_latency, version 2 of the file"
    );
    assert_eq!(text(&place.check(&["--ip=127.0.0.1"])), (3, &*newer));
    assert_eq!(fs::read_to_string(place.file()).unwrap(), r#"{"version":2}"#);
    write_private(&place.file(), "not JSON");
    let broken = place.check(&["--ip=127.0.0.1"]);
    assert_eq!(
        text(&broken),
        (0, "LATENCY OK - 1 target answers, still learning (paths.json was broken: learning anew)")
    );
    assert_eq!(fs::read_to_string(place.file().with_extension("json.broken")).unwrap(), "not JSON");
    fs::remove_file(place.file()).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.file()).unwrap();
    let link = format!("LATENCY UNKNOWN - {file}: a symbolic link, name the file itself");
    assert_eq!(text(&place.check(&["--ip=127.0.0.1"])), (3, &*link));
    fs::set_permissions(&place.0, fs::Permissions::from_mode(0o755)).unwrap();
    let open =
        format!("LATENCY UNKNOWN - --state-file {file} needs a folder of its own: install -d -m 0700 -o ");
    let shared = place.check(&["--ip=127.0.0.1"]);
    assert!(shared.code == Some(3) && shared.first_line().starts_with(&open), "{}", shared.stdout);
}

#[test]
fn without_the_shared_folder_the_line_says_how_to_make_it() {
    let mut command = Command::new(BINARY);
    command.args(QUICK).arg("--ip=127.0.0.1").env("MP_STATE_PATH", "/nonexistent/states");
    let outcome = run(&mut command);
    let line = "LATENCY UNKNOWN - /nonexistent/states does not exist: install -d -m 1777 /nonexistent/states";
    assert_eq!(text(&outcome), (3, line));
}

#[test]
fn bad_input_is_refused() {
    let place = Place::new();
    let rows: [(&[&str], &str); 8] = [
        (&[], "no target to ping: give --ip, --file or --hostname, see --help"),
        (&["--ip=0.0.0.0"], "0.0.0.0 is not an address that a host can have"),
        (&["--ip=224.0.0.1"], "224.0.0.1 is not an address that a host can have"),
        (&["--ip=255.255.255.255"], "255.255.255.255 is not an address that a host can have"),
        (
            &["--ip=127.0.0.1", "--limit-warning=200,20%", "--limit-critical=100,60%"],
            "--limit-critical is below --limit-warning, see --help",
        ),
        (
            &["--ip=127.0.0.1", "--timeout=0.5"],
            "needs 1 s, --timeout is 0.5: lower --pings, --interval or --wait, or raise --timeout",
        ),
        (
            &["--ip=127.0.0.1", "--rate=1", "--timeout=5"],
            "needs 6 s, --timeout is 5: raise --rate or --timeout, or lower --pings",
        ),
        (&["--hostname=no-such-name.invalid"], "resolving no-such-name.invalid: "),
    ];
    for (arguments, expected) in rows {
        let outcome = place.check(arguments);
        let (code, line) = text(&outcome);
        assert!(code == 3 && line.contains(expected), "{arguments:?}: {line}");
    }
    for option in [
        "--pings=0",
        "--pings=1001",
        "--interval=0.019",
        "--rate=50001",
        "--rate=0",
        "--loss-rise=0",
        "--limit-warning=5",
        "--gateway=x",
        "--forget=",
    ] {
        let mut command = Command::new(BINARY);
        let outcome = run(command.args(["--ip=127.0.0.1", option]));
        assert_eq!(outcome.code, Some(3), "{option}");
        assert!(
            outcome.first_line().contains(option.split('=').next().unwrap()),
            "{option}: {}",
            outcome.first_line()
        );
    }
}

#[test]
fn an_unusable_name_leaves_the_others_judged() {
    let outcome =
        Place::new().check(&["--ip=127.0.0.1", "--hostname=no-such-name.invalid", "--limit-warning=0,100%"]);
    let (code, line) = text(&outcome);
    assert!(code == 1 && line.starts_with("LATENCY WARNING - 2 of 2 targets: 127.0.0.1 takes 0."), "{line}");
    assert!(outcome.stdout.contains("\nUNKNOWN: resolving no-such-name.invalid: "), "{}", outcome.stdout);
}

/// A run with these names.
fn check_with(names: &Getent, place: &Place, arguments: &[&str]) -> Outcome {
    let mut command = names.command(BINARY);
    command.arg("--gateway=none");
    run(command.arg(format!("--state-file={}", place.file().display())).args(arguments))
}

#[test]
fn a_name_of_several_addresses_is_told_with_the_address() {
    let names = getent::fake("a.test) printf '127.0.0.1 STREAM a\\n127.0.0.2 STREAM\\n' ;;");
    let options = ["--hostname=a.test", "--limit-critical=0,100%", "--each", "--pings=5", "--wait=0.5"];
    let outcome = check_with(&names, &Place::new(), &options);
    let line = outcome.first_line();
    assert!(line.starts_with("LATENCY CRITICAL - 2 of 2 targets: a.test 127.0.0.1 takes 0."), "{line}");
    assert!(
        line.contains(" a_test_127_0_0_1_loss=0%") && line.contains(" a_test_127_0_0_2_loss=0%"),
        "{line}"
    );
}

/// The time of the names is none of the pings'.
#[test]
fn a_silent_nameserver_hides_no_target() {
    let (place, names) = (Place::new(), getent::fake("a.test) exec sleep 30 ;;"));
    let check = |arguments: &[&str]| {
        check_with(&names, &place, &[&["--ip=127.0.0.1", "--hostname=a.test"], arguments].concat())
    };
    let dead = ["--limit-critical=0,100%", "--pings=5", "--wait=0.5", "--timeout=3"];
    let outcome = check(&dead);
    let (code, line) = text(&outcome);
    assert!(code == 2 && line.starts_with("LATENCY CRITICAL - 2 of 2 targets: 127.0.0.1 takes 0."), "{line}");
    assert!(outcome.first_line().contains(" lost=0%"), "all 5 were sent: {}", outcome.stdout);
    let name = "\nUNKNOWN: resolving a.test: no answer within 0.";
    assert!(outcome.stdout.contains(name), "{}", outcome.stdout);
    let late = check(&["--pings=1", "--wait=0.5", "--timeout=1.5:warning"]);
    let (code, line) = text(&late);
    assert!(
        code == 1 && line.starts_with("LATENCY WARNING - resolving a.test: no answer within 0."),
        "{line}"
    );
    let short = check(&["--timeout=7.35"]);
    let needs = "LATENCY UNKNOWN - needs 8 s, --timeout is 7.35: lower --pings, --interval or --wait, or raise --timeout";
    assert_eq!(text(&short), (3, needs));
}

#[test]
fn limits_and_counts_decide() {
    let place = Place::new();
    let critical = place.check(&["--ip=127.0.0.1", "--limit-critical=0,100%"]);
    let (code, line) = text(&critical);
    assert!(
        code == 2
            && line.starts_with("LATENCY CRITICAL - 127.0.0.1 takes 0.")
            && line.ends_with(" ms, limit 0"),
        "{line}"
    );
    let few = place.check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--limit-critical=0,100%", "--warning=2"]);
    let (code, line) = text(&few);
    assert!(
        code == 0
            && line.starts_with("LATENCY OK - 2 of 2 targets abnormal, allowed up to 2: 127.0.0.1 takes 0."),
        "{line}"
    );
    assert!(few.first_line().contains(" | abnormal=2;2;;0;2 "), "{}", few.stdout);
    let many = place.check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--limit-critical=0,100%", "--warning=50%"]);
    assert!(
        many.code == Some(1) && many.first_line().contains(" abnormal_share=100%;50;;0;100 "),
        "{}",
        many.stdout
    );
}

#[test]
fn each_target_has_its_data() {
    let outcome = Place::new().check(&["--ip=127.0.0.1", "--each"]);
    let line = outcome.first_line();
    assert!(
        line.contains(" 127_0_0_1_loss=0%;;;0;100 127_0_0_1_usual_rtt=U;;;0 127_0_0_1_usual_loss=U;;;0;100"),
        "{line}"
    );
    let place = Place::new();
    let list = place.0.path().join("list");
    fs::write(&list, "127.0.0.1 a\"b`c\\d=e;f\n").unwrap();
    let outcome = place.check(&[&format!("--file={}", list.display()), "--each"]);
    assert!(outcome.first_line().contains(" a_b_c_d_e_f_loss=0%;;;0;100 "), "{}", outcome.stdout);
    let many: Vec<String> = (1..=200).map(|number| format!("--ip=127.0.1.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["--each"]).collect();
    let outcome = Place::new().check(&many);
    assert!((6_000..=8_000).contains(&outcome.first_line().len()), "{}", outcome.first_line().len());
    assert!(
        outcome.stdout.lines().nth(1).unwrap().ends_with(" more metrics, which -v shows"),
        "{}",
        outcome.stdout
    );
}

/// However few descriptors there are: the permission is there.
#[test]
fn too_few_descriptors_are_no_missing_permission() {
    let place = Place::new();
    if place.check(&["--ip=127.0.0.1"]).first_line().contains("no permission") {
        return;
    }
    let of = |most: u32| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\""), BINARY]);
        // A socket for each family, so that a descriptor that another thread closes sooner makes no
        // difference.
        run(shell.args(QUICK).args(["--ip=127.0.0.1", "--ip=::1", "--no-learn"]))
    };
    let all: Vec<Outcome> = (6..=16).map(of).collect();
    assert!(all.iter().all(|outcome| !outcome.stdout.contains("permission")), "{all:?}");
    let named = |outcome: &Outcome| {
        // What opens it depends on which of its own the watchdog has closed by then.
        let line = outcome.first_line();
        line.contains("opening a socket: too many open files")
            || line.contains("not pinged: too many open files")
    };
    assert!(all.iter().any(named), "{all:?}");
}
