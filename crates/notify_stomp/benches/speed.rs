//! The rows of notify_stomp: one event against a Ruby script that sends the same, and a spool of many.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use suite::bench::{self, Bench, Subject, again, enter};
use suite::brokers::{ACTIVEMQ, Broker as Real, LOGIN, PORT, RABBITMQ};
use suite::host::Host;
use suite::needs::{Need, missing};
use suite::stomp::{Broker, fill};
use tempfile::TempDir;

/// The greatest ratio of one event to the Ruby script's.
const RATIO: f64 = 0.1;
/// How many spooled events go out in a second at least.
const RATE: f64 = 2000.0;
/// The most memory resident while they do, in MiB.
const MEMORY: f64 = 8.0;

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    let is_quick = bench.is_quick();
    if bench.wants("an event to a broker") {
        let broker = Broker::counting().unwrap();
        event("a broker in this process", broker.address().port(), bench);
        if !is_quick {
            real(&ACTIVEMQ, |host| inside(host, &Real::activemq(host), bench, "ActiveMQ"));
            real(&RABBITMQ, |host| inside(host, &Real::rabbitmq(host), bench, "RabbitMQ"));
        }
    }
    let count = if is_quick { 1_000 } else { 10_000 };
    if bench.wants("spooled events") {
        spooled(count, bench);
    }
}

/// Starts a host for a real broker, if there is one.
fn real(needs: &[Need], measure: impl FnOnce(&Host)) {
    if !missing(needs) {
        measure(&Host::create());
    }
}

fn inside(host: &Host, _broker: &Real<'_>, bench: &Bench<'_>, name: &str) {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(host);
            event(name, PORT, bench);
        });
        inside.join().unwrap();
    });
}

/// One event to the broker on this port of 127.0.0.1.
fn event(broker: &str, port: u16, bench: &Bench<'_>) {
    let Some(ruby) = bench::other("ruby") else { return };
    let folder = tempfile::tempdir().unwrap();
    let own = || {
        let mut command = notify(&folder, port, bench);
        command.args([
            "--host=web1",
            "--service=HTTP",
            "--state=CRITICAL",
            "--state-type=HARD",
            "--state-time=1700000000",
        ]);
        command.args(["--attempt=3", "--max-attempts=3", "--output=no answer"]);
        command
    };
    let mut script = Command::new(ruby);
    script
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/publish.rb"))
        .arg(port.to_string())
        .arg("no answer");
    let mut subjects = [
        Subject::new("notify_stomp", own()),
        Subject::new("itself", own()),
        Subject::new("ruby", again(&script)),
    ];
    let times = bench.in_turn(&mut subjects);
    let what = format!("an event to {broker}");
    bench.ratio(&times, (&what, 0), ("itself (noise)", 1), None);
    bench.ratio(&times, (&what, 0), ("ruby, socket and json", 2), Some(RATIO));
}

/// The command with a spool of its own and a file with the login.
fn notify(folder: &TempDir, port: u16, bench: &Bench<'_>) -> Command {
    let file = folder.path().join("notify_stomp.ini");
    std::fs::write(&file, format!("[notify_stomp]\nlogin={}\npasscode={}\n", LOGIN.0, LOGIN.1)).unwrap();
    let mut command = Command::new(bench.own("notify_stomp"));
    command.arg(format!("--extra-opts=@{}", file.display())).arg(format!("--broker=127.0.0.1:{port}"));
    command
        .arg("--destination=/queue/bench")
        .arg(format!("--spool={}", folder.path().join("spool").display()));
    command
}

/// A spool of so many events, sent with a receipt each; and the memory that it takes, against a spool of a
/// hundredth.
fn spooled(count: u64, bench: &Bench<'_>) {
    let broker = Broker::counting().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flush = |launcher: Option<&Path>, count: u64| {
        let mut event = notify(&folder, 1, bench);
        // One real event, which no broker takes, is what the others are copies of.
        let output = event
            .args(["--host=web1", "--service=HTTP", "--state=CRITICAL", "--output=no answer"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let new = folder.path().join("spool/new");
        let template =
            std::fs::read(std::fs::read_dir(&new).unwrap().next().unwrap().unwrap().path()).unwrap();
        fill(&folder.path().join("spool"), &template, count - 1).unwrap();
        // What was just written is not on the disk yet, and would be removed too easily.
        rustix::fs::sync();
        let before = broker.events();
        let own = notify(&folder, broker.address().port(), bench);
        let mut command = launcher.map_or_else(
            || Command::new(own.get_program()),
            |launcher| {
                let mut command = Command::new(launcher);
                command.arg(own.get_program());
                command
            },
        );
        command.args(own.get_args()).args(["--flush", "--timeout=60"]);
        let start = Instant::now();
        let output = command.output().unwrap();
        let elapsed = start.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!((broker.events() - before) as u64, count);
        (elapsed, String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap_or_default() / 1024.0)
    };
    let (elapsed, _) = flush(None, count);
    bench.seconds((&format!("{count} spooled events"), elapsed), ("2,000 a second", count as f64 / RATE));
    let most_of_five = |count| (0..5).map(|_| flush(Some(&bench.own("peak")), count).1).fold(0.0, f64::max);
    let (most, less) = (most_of_five(count), most_of_five(count / 100));
    bench.memory(
        (&format!("peak resident, {count} spooled events"), most),
        ("a hundredth of them", less),
        Some(MEMORY),
    );
}
