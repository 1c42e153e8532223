//! Events that are kept whatever is wrong with the command line, and a spool that can keep none.

use std::os::unix::fs::chown;

use rustix::process::{Pid, Signal, kill_process};
use suite::wait::holds_within;

use super::*;

/// A user whom permissions bind, also where root runs the tests.
const USER: &str = "nobody";

/// Makes the spool that of a user whom its permissions bind; returns the options to become that user.
fn bound(spool: &Spool) -> Vec<String> {
    if !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let line = accounts.lines().find(|line| line.starts_with(&format!("{USER}:"))).unwrap();
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
    fs::set_permissions(spool.0.path(), Permissions::from_mode(0o755)).unwrap();
    chown(spool.path(), numbers.next(), numbers.next()).unwrap();
    vec![format!("--user={USER}")]
}

#[test]
fn a_flush_finds_a_spool_that_takes_no_event() {
    let broker = Broker::start(Manner::Confirms).unwrap();
    for part in ["new", "tmp", "last", "counts"] {
        let spool = Spool::new();
        let options = bound(&spool);
        let flush = || ended(spool.command(broker.address()).arg("--flush").args(&options));
        assert_eq!(text(&flush()), (0, "STOMP OK - nothing waits"), "{part}");
        let folder = spool.path().join(part);
        fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
        let line = format!(
            "STOMP UNKNOWN - events cannot be spooled: opening {}/probe: permission denied",
            folder.display()
        );
        assert_eq!(text(&flush()), (3, line.as_str()), "{part}");
        // What is lost meanwhile, and where it cannot be counted.
        let lost = ended(spool.command("127.0.0.1:1").args(EVENT).args(&options));
        if ["new", "tmp"].contains(&part) {
            assert!(lost.stdout.starts_with("STOMP CRITICAL - event lost: "), "{part}: {}", lost.stdout);
        }
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        assert_ne!(flush().code, Some(3), "{part}");
        assert!(names(&folder).iter().all(|name| name != "probe"), "{part}");
    }
}

/// A handler that is stopped in the middle keeps new events out, and not what waits in.
#[test]
fn a_stopped_handler_keeps_no_flush_from_sending() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    ended(spool.command("127.0.0.1:1").args(EVENT));
    let lock = fs::File::options().write(true).open(spool.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let outcome = ended(spool.command(broker.address()).args(["--flush", "--timeout=4"]));
    let line = format!(
        "STOMP UNKNOWN - events cannot be spooled: spool {}: locked by another notify_stomp until the deadline",
        spool.path().display()
    );
    assert_eq!((text(&outcome), sequences(&broker.sent())), ((3, line.as_str()), vec![1]));
    drop(lock);
    assert_eq!(text(&spool.flush(&broker)), (0, "STOMP OK - nothing waits"));
}

#[test]
fn counts_that_cannot_be_read_hide_no_event() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let options = bound(&spool);
    let event = |broker: String| ended(spool.command(broker).args(EVENT).args(&options));
    assert_eq!(event(broker.address().to_string()).code, Some(0));
    let counts = spool.path().join("counts");
    fs::set_permissions(&counts, Permissions::from_mode(0o000)).unwrap();
    let why = format!("reading {}: permission denied", counts.display());
    let line = format!("STOMP WARNING - event 2 confirmed by {}, but {why}", broker.address());
    assert_eq!(text(&event(broker.address().to_string())), (1, line.as_str()));
    let outcome = event("127.0.0.1:1".to_owned());
    let line = "STOMP WARNING - 1 event waits: 127.0.0.1:1: connection refused";
    assert!(outcome.stdout.starts_with(line), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(&format!("event 3 waits in the spool, but {why}")), "{}", outcome.stdout);
    assert_eq!(spool.waiting().len(), 1);
}

/// A handler that is stopped tells where its event is, and each run has its performance data.
#[test]
fn a_stopped_run_says_that_its_event_waits() {
    let (broker, spool) = (Broker::start(Manner::Silent).unwrap(), Spool::new());
    let status = super::snapshot::status(spool.0.path(), 1);
    let snapshot = format!("--status-file={}", status.display());
    let rows: [(&[&str], &str, &str); 3] = [
        (&EVENT, ", partial: event 1 waits in the spool", "sent=U;;;0 waiting=U;;;0 oldest=U;;;0 "),
        (&["--flush"], "", "sent=U;;;0 waiting=U;;;0 oldest=U;60;600;0 "),
        (&["--snapshot", &snapshot], "", "objects=U;;;0 confirmed=U;;;0\n"),
    ];
    for (run, (options, partial, data)) in rows.into_iter().enumerate() {
        let mut command = spool.command(broker.address());
        command.args(options).arg("--timeout=30").stdout(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        assert!(holds_within(Duration::from_secs(10), || broker.frames().len() == run + 1), "{options:?}");
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let output = child.wait_with_output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.code() == Some(3)
                && line.starts_with("STOMP UNKNOWN - stopped by SIGTERM after ")
                && line.contains(&format!(" s{partial} | {data}"))
                && line.lines().count() == 1,
            "{options:?}: {line}"
        );
    }
    assert_eq!(spool.waiting().len(), 1);
}

/// Whatever is wrong with the options, Nagios hands the event over only once.
#[test]
fn no_error_of_the_options_costs_the_event() {
    let (spool, other) = (Spool::new(), Spool::new());
    let named = format!("--spool={}", spool.path().display());
    let earlier = format!("--spool={}", other.path().display());
    let rows: [&[&str]; 18] = [
        &["--attempt=1", "--attempt=2"],
        &["--host=z"],
        &["--retry=-1"],
        &["--spool-size=-1"],
        &["--spool-size=0", "--spool-age=x"],
        &["--from-env=1"],
        &["--spool="],
        &["--output"],
        &["--output", "--state"],
        &["--output", "-x"],
        &["--timeout=x"],
        &["--warning=x"],
        &["--from-env", "--flush"],
        &["--snapshot", "--flush"],
        &["--count=1"],
        &["--user=no such user"],
        &["--broker"],
        &["word", "--", "--state-type"],
    ];
    for (count, options) in (1..).zip(rows) {
        let mut command = Command::new(BINARY);
        let outcome = ended(command.args(EVENT).arg(&named).args(options));
        assert!(
            outcome.code == Some(3)
                && outcome.stdout.contains(&format!(", event {count} waits in the spool")),
            "{options:?}: {}",
            outcome.stdout
        );
        assert_eq!(spool.waiting().len(), count, "{options:?}");
    }
    let waiting = rows.len();
    // Of two spools the last one counts.
    let outcome = ended(Command::new(BINARY).args(EVENT).args([&earlier, &named]));
    assert!(outcome.stdout.contains("--spool is given twice"), "{}", outcome.stdout);
    assert_eq!((spool.waiting().len(), names(&other.path()).len()), (waiting + 1, 0));
    // In the file of options too, and beside lines that are no options.
    let file = spool.0.path().join("options.ini");
    for (count, line) in
        (waiting + 2..).zip(["retry=5\nretry=6", "two words", "spool=", "[x\n[y", "host=a\nhost=b"])
    {
        let text = format!("above=1\n[notify_stomp]\nspool={}\n{line}\n", spool.path().display());
        fs::write(&file, text).unwrap();
        let outcome =
            ended(Command::new(BINARY).args(EVENT).arg(format!("--extra-opts=@{}", file.display())));
        let end = format!(", event {count} waits in the spool");
        assert!(outcome.code == Some(3) && outcome.stdout.contains(&end), "{line}: {}", outcome.stdout);
    }
}

/// An event beside an action that publishes none was confirmed as OK and forgotten.
#[test]
fn an_event_beside_another_action_waits() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let actions = ["--flush", "--acknowledge", "--retry-refused", "--snapshot", "--cat=/topic/x"];
    for (count, action) in (1..).zip(actions) {
        let outcome = spool.event(&broker, &[action]);
        let name = action.split('=').next().unwrap();
        let line = format!(
            "STOMP UNKNOWN - {name} publishes no event and goes without its options, event {count} waits in the spool"
        );
        assert_eq!((text(&outcome), spool.waiting().len()), ((3, line.as_str()), count));
    }
    let file = spool.0.path().join("options.ini");
    fs::write(&file, "[notify_stomp]\nflush\nmonitor=m\n").unwrap();
    let shared = format!("--extra-opts=@{}", file.display());
    let outcome = spool.event(&broker, &[&shared]);
    assert!(outcome.stdout.contains("event 6 waits in the spool"), "{}", outcome.stdout);
    // The name of the monitor is no event. The time is none either, and would do nothing.
    assert_eq!(ended(spool.command(broker.address()).arg(&shared)).code, Some(0));
    let outcome = ended(spool.command(broker.address()).args([&shared, "--time-t=5"]));
    let line = "STOMP UNKNOWN - --flush and --time-t cannot be used together, see --help";
    assert_eq!(text(&outcome), (3, line));
    assert_eq!(sequences(&broker.sent()), [1, 2, 3, 4, 5, 6]);
}
