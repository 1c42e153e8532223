//! The rows of notify_stomp: one event against a Ruby script that sends the same, and a spool of many.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use suite::bench::{self, Bench, Subject, again, enter};
use suite::brokers::{ACTIVEMQ, Broker as Real, LOGIN, PORT, RABBITMQ};
use suite::host::Host;
use suite::needs::{Need, missing};
use suite::stomp::{Broker, fill, make_spool};
use tempfile::TempDir;

/// The greatest ratio of one event to the Ruby script's.
const RATIO: f64 = 0.1;
/// How many spooled events go out in a second at least.
const RATE: f64 = 2000.0;
/// How many services a snapshot has.
const SERVICES: usize = 50_000;
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
        let broker = Broker::counting().unwrap();
        let port = broker.address().port();
        spooled("", port, count, bench);
        resident(port, count, bench);
        if !is_quick {
            real(&ACTIVEMQ, |host| all_inside(host, &Real::activemq(host), bench, "ActiveMQ"));
            real(&RABBITMQ, |host| all_inside(host, &Real::rabbitmq(host), bench, "RabbitMQ"));
        }
    }
}

/// Starts a host for a real broker, if there is one.
fn real(needs: &[Need], measure: impl FnOnce(&Host)) {
    if !missing(needs) {
        measure(&Host::create());
    }
}

fn inside(host: &Host, _broker: &Real<'_>, bench: &Bench<'_>, name: &str) {
    within(host, || event(name, PORT, bench));
}

fn all_inside(host: &Host, _broker: &Real<'_>, bench: &Bench<'_>, name: &str) {
    within(host, || {
        spooled(&format!(" to {name}"), PORT, 10_000, bench);
        snapshot(name, PORT, bench);
    });
}

fn within(host: &Host, measure: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(host);
            measure();
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
    let spool = folder.path().join("spool");
    if !spool.exists() {
        make_spool(folder.path());
    }
    let mut command = Command::new(bench.own("notify_stomp"));
    command.arg(format!("--extra-opts=@{}", file.display())).arg(format!("--broker=127.0.0.1:{port}"));
    command.arg("--destination=/queue/bench").arg(format!("--spool={}", spool.display()));
    command
}

/// A spool of so many events, sent with a receipt each.
fn spooled(to: &str, port: u16, count: u64, bench: &Bench<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let (elapsed, _) = flush(&folder, port, count, bench);
    bench.seconds((&format!("{count} spooled events{to}"), elapsed), ("2,000 a second", count as f64 / RATE));
}

/// The memory that it takes, against a spool of a hundredth.
fn resident(port: u16, count: u64, bench: &Bench<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let rounds = if bench.is_quick() { 2 } else { 5 };
    let most = |count| (0..rounds).map(|_| flush(&folder, port, count, bench).1).fold(0.0, f64::max);
    let (most, less) = (most(count), most(count / 100));
    bench.memory(
        (&format!("peak resident, {count} spooled events"), most),
        ("a hundredth of them", less),
        Some(MEMORY),
    );
}

/// Fills a spool and sends it. Returns the time, and the most memory resident, in MiB.
fn flush(folder: &TempDir, port: u16, count: u64, bench: &Bench<'_>) -> (Duration, f64) {
    let mut event = notify(folder, 1, bench);
    // One real event, which no broker takes, is what the others are copies of.
    let output = event
        .args(["--host=web1", "--service=HTTP", "--state=CRITICAL", "--output=no answer"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let new = folder.path().join("spool/new");
    let template = std::fs::read(std::fs::read_dir(&new).unwrap().next().unwrap().unwrap().path()).unwrap();
    fill(&folder.path().join("spool"), &template, count - 1).unwrap();
    // What was just written is not on the disk yet, and would be removed too easily.
    rustix::fs::sync();
    let own = notify(folder, port, bench);
    let mut command = peak(&own, bench);
    command.args(["--flush", "--timeout=60"]);
    let measured = measure(command);
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0, "all of them are confirmed");
    measured
}

/// The same command in a launcher that prints the most memory that it had resident.
fn peak(own: &Command, bench: &Bench<'_>) -> Command {
    let mut command = Command::new(bench.own("peak"));
    command.arg(own.get_program()).args(own.get_args());
    command
}

fn measure(mut command: Command) -> (Duration, f64) {
    let start = Instant::now();
    let output = command.output().unwrap();
    let elapsed = start.elapsed();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // In KiB, and after it the time of the processor.
    let kibibytes: f64 = text.split_whitespace().next().unwrap().parse().unwrap();
    (elapsed, kibibytes / 1024.0)
}

/// The states of 50,000 services.
fn snapshot(name: &str, port: u16, bench: &Bench<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let created = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut text = format!(
        "info {{\n\tcreated={created}\n\t}}\nprogramstatus {{\n\tactive_service_checks_enabled=1\n\t}}\n"
    );
    for number in 0..SERVICES {
        text += &format!(
            "servicestatus {{\n\thost_name=web{}\n\tservice_description=S{number}\n\tcurrent_state=0\n\tstate_type=1\n\t\
             has_been_checked=1\n\tcurrent_event_id=7\n\tplugin_output=HTTP OK - 200 in 0.1 s\n\tperformance_data=time=0.1s;1;2;0;10\n\t}}\n",
            number / 10
        );
    }
    let file = folder.path().join("status.dat");
    std::fs::write(&file, text).unwrap();
    let mut command = peak(&notify(&folder, port, bench), bench);
    command.args(["--snapshot", "--timeout=60"]).arg(format!("--status-file={}", file.display()));
    let (elapsed, resident) = measure(command);
    bench.seconds((&format!("a snapshot of {SERVICES} services to {name}"), elapsed), ("10 s", 10.0));
    bench.memory(
        (&format!("peak resident, that snapshot to {name}"), resident),
        ("its limit", 32.0),
        Some(32.0),
    );
}
