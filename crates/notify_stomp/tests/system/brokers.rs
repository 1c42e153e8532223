//! Real brokers: what they refuse, what they show by `--cat`, and that they may be stopped in the middle of
//! 1,000 events.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::brokers::{ACTIVEMQ, Broker, PORT, RABBITMQ, TLS_PORT};
use suite::host::{Host, public_folder, write};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::stomp::fill;
use suite::wait::holds_within;

use super::{complete, configuration, events, notify};

const EVENT: [&str; 4] = ["--host=web1", "--service=HTTP", "--state=CRITICAL", "--state-type=HARD"];
/// How many events there are when the broker is stopped, how many come until it is started again, and how
/// many after that.
const PHASES: [u64; 3] = [400, 300, 300];

fn event(host: &Host, configuration: &Path, more: &[&str]) -> (i32, String) {
    let outcome = notify(host, configuration, &[&EVENT, more].concat());
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

#[test]
fn rabbitmq() {
    if missing(&RABBITMQ) || missing(&[Need::Program("openssl")]) {
        return;
    }
    let host = Host::create();
    let mut broker = Broker::rabbitmq(&host);
    let login = format!("127.0.0.1:{PORT} refuses the login: Bad CONNECT, Access refused for user lab");
    let destination =
        format!("127.0.0.1:{PORT} refuses: Unknown destination, /nosuch/x is not a valid destination.");
    refused(&host, "/nosuch/x", &[("wrong", &login), ("not-so-secret", &destination)]);
    let folder = public_folder();
    let bare = configuration(folder.path(), "alerts");
    assert_eq!(event(&host, &bare, &[]).0, 0);
    assert_eq!(seen(&host, &bare, "alerts", 1).len(), 1, "a name without a slash is a queue");
    let too_large = "refuses: precondition_failed, PRECONDITION_FAILED - message size";
    poison(&host, too_large);
    poison_in_a_snapshot(&host, too_large);
    held(&host);
    held_in_a_snapshot(&host);
    tls(&host, &broker);
    followed(&host);
    stopped_in_the_middle(&host, &mut broker);
}

#[test]
fn activemq() {
    if missing(&ACTIVEMQ) {
        return;
    }
    let host = Host::create();
    let mut broker = Broker::activemq(&host);
    let login = format!("127.0.0.1:{PORT} refuses the login: User name [lab] or password is invalid.");
    refused(&host, "/queue/refused", &[("wrong", &login)]);
    poison(&host, "refuses: The maximum data length was exceeded");
    poison_in_a_snapshot(&host, "refuses: The maximum data length was exceeded");
    denied_in_a_snapshot(&host);
    followed(&host);
    stopped_in_the_middle(&host, &mut broker);
    stopped_in_transactions(&host, &mut broker);
}

/// What a broker refuses waits, and goes as soon as it does not refuse it any more.
fn refused(host: &Host, destination: &str, rows: &[(&str, &str)]) {
    let folder = public_folder();
    let file = configuration(folder.path(), destination);
    for (number, (passcode, why)) in (1..).zip(rows) {
        let text = std::fs::read_to_string(&file)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with("passcode"))
            .collect::<Vec<_>>()
            .join("\n");
        std::fs::write(&file, format!("{text}\npasscode={passcode}\n")).unwrap();
        let events = if number == 1 { "1 event waits".to_owned() } else { format!("{number} events wait") };
        let line = format!("STOMP CRITICAL - {events}: {why}");
        assert_eq!(event(host, &file, &[]), (2, line));
    }
    let file = configuration(folder.path(), "/queue/refused");
    let count = rows.len();
    assert!(notify(host, &file, &["--flush"]).stdout.starts_with("STOMP OK - "));
    assert_eq!(complete(&seen(host, &file, "/queue/refused", count), count as u64), 0);
}

/// An event that the broker takes from nobody because of its size: the others go on, in order.
fn poison(host: &Host, words: &str) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/queue/poison");
    let large = format!("--output={}", "\u{1}".repeat(60_000));
    // Where nothing listens, all of them wait.
    let nowhere = format!("--broker=127.0.0.1:{}", PORT + 1000);
    let only = std::fs::read_to_string(&file).unwrap();
    let only: Vec<&str> = only.lines().filter(|line| !line.starts_with("broker=")).collect();
    let file_without = folder.path().join("without.ini");
    std::fs::write(&file_without, only.join("\n")).unwrap();
    for output in ["--output=1", "--output=2", &large, "--output=4"] {
        assert_eq!(event(host, &file_without, &[&nowhere, output]).0, 1);
    }
    let outcome = notify(host, &file, &["--flush"]);
    let line = format!("STOMP CRITICAL - 1 event set aside: 127.0.0.1:{PORT} {words}");
    assert!(outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    // What went before the poison in the same breath may come twice.
    let log = folder.path().join("seen");
    let mut cat = follow(host, &file, "/queue/poison", &log);
    let order = || {
        let mut order: Vec<u64> = Vec::new();
        for event in events(&std::fs::read_to_string(&log).unwrap_or_default()) {
            let sequence = event["sequence"].as_u64().unwrap();
            if !order.contains(&sequence) {
                order.push(sequence);
            }
        }
        order
    };
    assert!(holds_within(Duration::from_secs(10), || order() == [1, 2, 4]), "{:?}", order());
    kill_process(Pid::from_raw(cat.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    cat.wait().unwrap();
    assert_eq!(event(host, &file, &[]).0, 0);
    let told = notify(host, &file, &["--flush"]);
    assert!(told.stdout.starts_with("STOMP CRITICAL - 1 event refused, last "), "{}", told.stdout);
    let again = notify(host, &file, &["--retry-refused", "--acknowledge"]);
    assert!(again.stdout.starts_with(&line), "{}", again.stdout);
}

/// A destination that is not there holds its own events, and no others.
fn held(host: &Host) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/exchange/{host}/x");
    let to = |name: &str| {
        let outcome = notify(host, &file, &["--state=DOWN", &format!("--host={name}")]);
        (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
    };
    let (code, line) = to("nosuch");
    let words = format!(
        "STOMP CRITICAL - 1 event waits: 127.0.0.1:{PORT} refuses: not_found, NOT_FOUND - no exchange 'nosuch'"
    );
    assert!(code == 2 && line.replace('\'', "").starts_with(&words.replace('\'', "")), "{line}");
    let (code, line) = to("amq_topic");
    assert!(code == 2 && line.contains("2 events wait"), "{line}");
    let file = configuration(folder.path(), "/queue/held.{host}");
    assert!(notify(host, &file, &["--flush"]).stdout.starts_with("STOMP OK - 2 events confirmed"));
    assert_eq!(seen(host, &file, "/queue/held.nosuch", 1)[0]["hostname"], "nosuch");
}

/// A snapshot of the hosts and outputs of so many services.
fn snapshot(host: &Host, destination: &str, object: impl Fn(usize) -> (&'static str, String)) -> Outcome {
    let folder = public_folder();
    let file = configuration(folder.path(), destination);
    let block = |number: usize| {
        let (name, output) = object(number);
        format!(
            "servicestatus {{\n\thost_name={name}\n\tservice_description=S{number}\n\tcurrent_state=0\n\tplugin_output={output}\n\t}}\n"
        )
    };
    let created = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let status = format!("info {{\n\tcreated={created}\n\t}}\nprogramstatus {{\n\tprogram_start=5\n\t}}\n")
        + &(0..1500).map(block).collect::<String>();
    let path = folder.path().join("status.dat");
    write(&path, &status);
    let options = ["--snapshot", "--timeout=40", &format!("--status-file={}", path.display())];
    notify(host, &file, &options)
}

/// The same in a snapshot, whose objects are confirmed by the thousand.
fn held_in_a_snapshot(host: &Host) {
    let object = |number: usize| (if number % 100 == 50 { "nosuch" } else { "queue" }, String::new());
    let outcome = snapshot(host, "/{host}/snapshot", object);
    let line =
        format!("STOMP CRITICAL - 15 objects not sent: 127.0.0.1:{PORT} refuses: Unknown destination, ");
    assert!(
        outcome.stdout.starts_with(&line) && outcome.stdout.contains(" confirmed=1485;;;0"),
        "{}",
        outcome.stdout
    );
}

/// An object of a snapshot that the broker takes from nobody because of its size.
fn poison_in_a_snapshot(host: &Host, words: &str) {
    for bad in [0, 700, 1499] {
        let large = "\u{1}".repeat(60_000);
        let outcome = snapshot(host, "/queue/snapshot", |number| {
            ("web1", if number == bad { large.clone() } else { "no answer".to_owned() })
        });
        let line = format!("STOMP WARNING - 1 object left out, web1 S{bad}: 127.0.0.1:{PORT} {words}");
        assert!(
            outcome.stdout.starts_with(&line) && outcome.stdout.contains(" confirmed=1499;;;0"),
            "{bad}: {}",
            outcome.stdout
        );
    }
}

/// A destination to which nobody may write: ActiveMQ says so of an event without a receipt at any time, also
/// after a later receipt.
fn denied_in_a_snapshot(host: &Host) {
    let line = format!("STOMP CRITICAL - 1 object not sent: 127.0.0.1:{PORT} refuses: ");
    for bad in [0, 999, 1000, 1498, 1499].repeat(4) {
        let object = |number: usize| (if number == bad { "denied" } else { "open" }, String::new());
        let seen = snapshot(host, "/queue/{host}.x", object).stdout;
        let rest = "destination /queue/denied.x | objects=1500;;;0 confirmed=1499;;;0";
        assert!(seen.starts_with(&line) && seen.contains(rest), "{bad}: {seen}");
    }
}

/// What `--cat` shows of a destination, so many messages.
fn seen(
    host: &Host,
    file: &Path,
    destination: &str,
    count: usize,
) -> Vec<std::collections::BTreeMap<String, serde_json::Value>> {
    let outcome = notify(host, file, &[&format!("--cat={destination}"), &format!("--count={count}")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    events(&outcome.stdout)
}

fn tls(host: &Host, broker: &Broker<'_>) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/queue/tls");
    let (place, authority) =
        (format!("--broker=127.0.0.1:{TLS_PORT}"), format!("--tls-ca={}", broker.authority()));
    let (code, line) = event(host, &file, &["--tls", &place]);
    let unknown = format!(
        "STOMP WARNING - 1 event waits: 127.0.0.1:{TLS_PORT}: the server certificate is not signed by a trusted authority"
    );
    assert_eq!((code, line), (1, unknown));
    // The certificate is not for this name.
    let (code, line) = event(host, &file, &["--tls", &format!("--broker=localhost:{TLS_PORT}"), &authority]);
    assert!(
        code == 1
            && line
                .ends_with("the server certificate is for broker.example.com, 127.0.0.1, not for localhost"),
        "{line}"
    );
    let (code, line) = event(host, &file, &["--tls", &format!("--broker=127.0.0.1:{PORT}"), &authority]);
    assert!(code == 1 && line.ends_with("closed in the TLS handshake, perhaps no TLS there"), "{line}");
    let (code, line) = event(host, &file, &["--tls", &place, &authority]);
    assert_eq!(
        (code, line),
        (0, format!("STOMP OK - event 4 and 3 before it confirmed by 127.0.0.1:{TLS_PORT}"))
    );
    assert_eq!(complete(&seen(host, &file, "/queue/tls", 4), 4), 0);
    own_certificate(host, broker);
}

/// A certificate in place of a login: the broker takes the one that its authority signed, and no other.
fn own_certificate(host: &Host, broker: &Broker<'_>) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/queue/certified");
    let text = std::fs::read_to_string(&file).unwrap();
    let is_login = |line: &&str| line.starts_with("login=") || line.starts_with("passcode=");
    let lines: Vec<&str> = text.lines().filter(|line| !is_login(line)).collect();
    write(&file, &lines.join("\n"));
    let place = format!("--broker=127.0.0.1:{TLS_PORT}");
    let authority = format!("--tls-ca={}", broker.authority());
    let with = |pair: &[String]| {
        let options: Vec<String> =
            ["cert", "key"].iter().zip(pair).map(|(name, file)| format!("--tls-{name}={file}")).collect();
        let mut arguments = vec!["--tls", place.as_str(), authority.as_str()];
        arguments.extend(options.iter().map(String::as_str));
        event(host, &file, &arguments)
    };
    let (code, line) = with(&[]);
    assert!(code == 2 && line.contains("refuses the login"), "{line}");
    let (code, line) = with(&broker.foreign_client());
    assert!(code == 1 && line.contains("the server ended the TLS handshake: "), "{line}");
    let (code, line) = with(&broker.client());
    let expected = format!("STOMP OK - event 3 and 2 before it confirmed by 127.0.0.1:{TLS_PORT}");
    assert_eq!((code, line), (0, expected));
    assert_eq!(
        complete(&seen(host, &configuration(folder.path(), "/queue/certified"), "/queue/certified", 3), 3),
        0
    );
}

/// `--cat` on a topic shows what comes while it is there, and ends by a signal and with the broker's
/// connection.
fn followed(host: &Host) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/topic/nagios");
    for signal in [Signal::TERM, Signal::INT] {
        let log = folder.path().join("seen");
        let child = follow(host, &file, "/topic/nagios", &log);
        let shows = || std::fs::read_to_string(&log).unwrap_or_default();
        // A topic keeps nothing for who is not there yet.
        let arrives =
            || event(host, &file, &["--output=see"]).0 == 0 && shows().contains("\"output\":\"see\"");
        assert!(holds_within(Duration::from_secs(10), arrives), "{}", shows());
        // `ip netns exec` has become the command itself.
        kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
        let outcome = child.wait_with_output().unwrap();
        assert_eq!((outcome.status.code(), events(&shows()).is_empty()), (Some(0), false), "{signal:?}");
    }
}

fn follow(host: &Host, file: &Path, destination: &str, log: &Path) -> Child {
    let mut command = host.command(plugins::binary("notify_stomp"));
    command
        .arg(format!("--extra-opts=@{}", file.display()))
        .arg(format!("--cat={destination}"))
        .stdin(Stdio::null());
    command.stdout(std::fs::File::create(log).unwrap()).spawn().unwrap()
}

fn stopped_in_the_middle(host: &Host, broker: &mut Broker<'_>) {
    let folder = public_folder();
    let file = configuration(folder.path(), "/queue/many");
    let log = folder.path().join("seen");
    let mut cat = follow(host, &file, "/queue/empty", &log);
    // One script in the host, since each `ip netns exec` costs as much as an event.
    let script =
        "for i in $(seq $1); do \"$0\" --extra-opts=@\"$2\" --host=web1 --state=DOWN >>\"$3\" || :; done";
    let send = |count: u64| {
        let said = folder.path().join("said");
        // In parts: on a busy machine an event takes a tenth of a second.
        for part in (0..count).step_by(100).map(|sent| (count - sent).min(100)) {
            let mut command = host.command("sh");
            command.args(["-c", script]).arg(plugins::binary("notify_stomp")).arg(part.to_string());
            run(command.args([&file, &said]));
        }
        let lines = std::fs::read_to_string(&said).unwrap();
        std::fs::remove_file(&said).unwrap();
        lines
    };
    assert_eq!(send(PHASES[0]).matches("STOMP OK").count() as u64, PHASES[0]);
    broker.stop();
    assert!(
        holds_within(Duration::from_secs(5), || cat.try_wait().unwrap().is_some()),
        "--cat goes on without its broker"
    );
    let end = std::fs::read_to_string(&log).unwrap();
    assert!(cat.wait().unwrap().code() == Some(1) && end.starts_with("STOMP WARNING - 127.0.0.1:"), "{end}");
    assert_eq!(send(PHASES[1]).matches("connection refused").count() as u64, PHASES[1]);
    std::thread::scope(|scope| {
        // Events go on while it starts.
        let sender = scope.spawn(|| send(PHASES[2]));
        broker.start_again();
        sender.join().unwrap();
    });
    let flush = notify(host, &file, &["--flush", "--timeout=20"]);
    assert_eq!(flush.code, Some(0), "{}", flush.stdout);
    let all = PHASES.iter().sum::<u64>();
    assert_eq!(complete(&seen(host, &file, "/queue/many", all.try_into().unwrap()), all), 0);
}

/// What waits goes to ActiveMQ in transactions. None is lost where it is stopped between them.
fn stopped_in_transactions(host: &Host, broker: &mut Broker<'_>) {
    const COUNT: usize = 2000;
    let folder = public_folder();
    let file = configuration(folder.path(), "/queue/transactions");
    broker.stop();
    assert_eq!(event(host, &file, &[]).0, 1);
    let new = folder.path().join("spool/new");
    let waiting = || std::fs::read_dir(&new).unwrap().count();
    let first = std::fs::read_dir(&new).unwrap().next().unwrap().unwrap().path();
    fill(&folder.path().join("spool"), &std::fs::read(first).unwrap(), COUNT as u64 - 1).unwrap();
    broker.start_again();
    std::thread::scope(|scope| {
        scope.spawn(|| notify(host, &file, &["--flush", "--timeout=30"]));
        assert!(holds_within(Duration::from_secs(20), || waiting() < COUNT * 3 / 4));
        broker.stop();
    });
    println!("{} of {COUNT} wait when the broker is stopped", waiting());
    broker.start_again();
    let flush = notify(host, &file, &["--flush", "--timeout=30"]);
    assert_eq!((flush.code, waiting()), (Some(0), 0), "{}", flush.stdout);
    let log = folder.path().join("seen");
    let mut cat = follow(host, &file, "/queue/transactions", &log);
    let read = || events(&std::fs::read_to_string(&log).unwrap_or_default());
    let is_there = |number: usize| read().iter().any(|event| event["sequence"] == number);
    assert!(holds_within(Duration::from_secs(20), || is_there(COUNT)));
    kill_process(Pid::from_raw(cat.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    cat.wait().unwrap();
    println!("{} copies", complete(&read(), COUNT as u64));
}
