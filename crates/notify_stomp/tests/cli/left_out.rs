//! Objects of a snapshot that a broker refuses: they are left out and named, and the others go, whatever the
//! words.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// A status.dat of one host and so many services, of which these say `poison`.
fn status(spool: &Spool, services: usize, is_bad: impl Fn(&str) -> bool) -> String {
    let path = snapshot::status(spool.0.path(), services);
    let text = fs::read_to_string(&path).unwrap();
    let blocks = text.split("servicestatus").map(|block| {
        let name = block.lines().find_map(|line| line.strip_prefix("\tservice_description="));
        let output = if name.is_some_and(&is_bad) { "plugin_output=poison" } else { "plugin_output=no" };
        block.replace("plugin_output=no", output)
    });
    fs::write(&path, blocks.collect::<Vec<_>>().join("servicestatus")).unwrap();
    format!("--status-file={}", path.display())
}

fn snapshot_of(
    broker: &Broker,
    destination: &str,
    services: usize,
    is_bad: impl Fn(&str) -> bool,
) -> Outcome {
    let spool = Spool::new();
    let file = status(&spool, services, is_bad);
    ended(spool.command_to(broker.address(), destination).args(["--snapshot", "--timeout=30", &file]))
}

/// How often the good objects arrived whose numbers are in the snapshot.
fn good(broker: &Broker) -> usize {
    let sent = broker.sent().into_iter().filter(|event| !event.says("poison"));
    let mut numbers = sequences(&sent.collect::<Vec<_>>());
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

#[test]
fn a_refused_object_of_a_large_snapshot_is_named_whatever_the_words() {
    for words in ["Processing error", "", "no destination header in this message", "content refused"] {
        for destination in ["/queue/nagios", "/queue/{host}"] {
            for bad in ["S1", "S777", "S1100"] {
                let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
                let outcome = snapshot_of(&broker, destination, 1100, |name| name == bad);
                let why = match words {
                    "" => ": it closed the connection while waiting for a receipt".to_owned(),
                    words => format!(" refuses: no, {words}"),
                };
                let line =
                    format!("STOMP WARNING - 1 object left out, web1 {bad}: {}{why}", broker.address());
                assert_eq!(text(&outcome), (1, line.as_str()), "{destination}");
                assert!(
                    outcome.stdout.contains(" objects=1101;;;0 confirmed=1100;;;0"),
                    "{}",
                    outcome.stdout
                );
                assert_eq!(good(&broker), 1100, "{words} {destination} {bad}");
            }
        }
    }
}

/// The first object has no confirmed one before it: the next ones are the proof.
#[test]
fn the_first_objects_may_be_the_refused_ones() {
    for (words, bad) in [("Processing error", 3), ("access refused", 2)] {
        let spool = Spool::new();
        let file = status(&spool, 50, |name| name == "S1" || bad == 3 && name == "S2");
        let path = spool.0.path().join("status.dat");
        let all = fs::read_to_string(&path).unwrap().replace("PING CRITICAL", "poison");
        fs::write(&path, all).unwrap();
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let outcome = ended(spool.command(broker.address()).args(["--snapshot", "--timeout=30", &file]));
        let last = if bad == 3 { "S2" } else { "S1" };
        let line = format!(
            "STOMP WARNING - {bad} objects left out, the last web1 {last}: {} refuses: no, {words}",
            broker.address()
        );
        assert_eq!(text(&outcome), (1, line.as_str()));
        assert!(outcome.stdout.contains("\nleft out: web1\n"), "{}", outcome.stdout);
        assert_eq!(good(&broker), 51 - bad, "{words}");
    }
}

/// Most of them refused is no small fault, and no more than a hundred are tried.
#[test]
fn many_refused_objects_are_critical() {
    let broker = Broker::start(Manner::SaysOf("poison", "Processing error")).unwrap();
    let outcome = snapshot_of(&broker, "/queue/nagios", 4, |name| name != "S4");
    let line = format!(
        "STOMP CRITICAL - 3 objects left out, the last web1 S3: {} refuses: no, Processing error",
        broker.address()
    );
    assert_eq!(text(&outcome), (2, line.as_str()));
    for words in ["Processing error", "content refused"] {
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let outcome =
            snapshot_of(&broker, "/queue/nagios", 500, |name| name.ends_with('5') || name.len() < 4);
        let line = "STOMP CRITICAL - snapshot unfinished, ";
        assert!(
            outcome.code == Some(2)
                && outcome.stdout.starts_with(line)
                && outcome.stdout.contains("100 objects left out, the last web1 S"),
            "{}",
            outcome.stdout
        );
    }
}

/// How many log-ins there were, and how many objects came.
fn cost(broker: &Broker) -> (usize, usize) {
    let logins = broker.frames().iter().filter(|frame| frame.command == "CONNECT").count();
    (logins, broker.sent().len())
}

/// A snapshot of 3,000 objects of which these are refused: what it came to, and its broker.
fn snapshot_of_3000(words: &'static str, is_bad: impl Fn(usize) -> bool) -> (Outcome, Broker) {
    let spool = Spool::new();
    let is_bad_service = |name: &str| is_bad(name.trim_start_matches('S').parse().unwrap());
    let file = status(&spool, 2999, is_bad_service);
    if is_bad(0) {
        let path = spool.0.path().join("status.dat");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("PING CRITICAL", "poison")).unwrap();
    }
    let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
    let mut command = spool.command(broker.address());
    let outcome = ended(command.args(["--snapshot", "--timeout=60", &file]));
    (outcome, broker)
}

/// A broker does not say which object it refuses. Halves of what is on its way find it.
#[test]
fn a_refused_object_of_a_large_snapshot_costs_few_round_trips() {
    let each = |every: usize| (0..3000).filter(|number| number % every == 0).collect::<Vec<usize>>();
    for words in ["Processing error", ""] {
        for bad in [vec![0], vec![1500], vec![2999], vec![1500, 1501, 1502], each(500)] {
            let (outcome, broker) = snapshot_of_3000(words, |number| bad.contains(&number));
            let confirmed = format!(" objects=3000;;;0 confirmed={};;;0", 3000 - bad.len());
            assert!(
                outcome.code == Some(1) && outcome.stdout.contains(&confirmed),
                "{bad:?}: {}",
                outcome.stdout
            );
            assert_eq!(good(&broker), 3000 - bad.len(), "{bad:?}");
            let (logins, came) = cost(&broker);
            assert!(logins <= 4 + 12 * bad.len() && came < 6000, "{bad:?}: {logins} {came}");
        }
    }
}

/// A broker that hangs up while more is sent to it has said why. It is silent when it is asked again.
#[test]
fn the_words_are_told_where_the_broker_hangs_up_in_the_middle() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let log_in = || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut room = [0; 4096];
            assert!(stream.read(&mut room).unwrap() > 0);
            stream.write_all(b"CONNECTED\nversion:1.2\n\n\0").unwrap();
            stream
        };
        let mut first = log_in();
        first.read_exact(&mut [0]).unwrap();
        first.write_all(b"ERROR\nmessage:no\n\nProcessing error\0").unwrap();
        // What came was not read: the connection is reset.
        drop(first);
        std::io::copy(&mut log_in(), &mut std::io::sink())
    });
    let spool = Spool::new();
    let file = status(&spool, 2999, |_| false);
    let outcome = ended(spool.command(address).args(["--snapshot", "--timeout=3", &file]));
    let what = "snapshot unfinished: the time was up after 0 objects confirmed by";
    let line =
        format!("STOMP WARNING - {what} {address}, before that {address} refuses: no, Processing error");
    // On a busy machine the time is up before the rest of the file was read and counted.
    let (code, seen) = text(&outcome);
    assert_eq!((code, seen.replace("0 of 3000 objects", "0 objects")), (1, line));
    serving.join().unwrap().unwrap();
}

/// No more than a hundred are left out of a large snapshot. Finding them takes no receipt for each object.
#[test]
fn a_hundred_objects_are_left_out_of_a_large_snapshot() {
    let (outcome, broker) = snapshot_of_3000("Processing error", |number| number % 25 == 7);
    let line = "STOMP CRITICAL - snapshot unfinished, 2407 objects confirmed: ";
    assert!(outcome.code == Some(2) && outcome.stdout.starts_with(line), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("100 objects left out, the last web1 S2482"), "{}", outcome.stdout);
    let (logins, came) = cost(&broker);
    assert!(logins < 800 && came < 9000, "{logins} {came}");
}

/// A broker without room, or that refuses everything from now on, says nothing of one object.
#[test]
fn no_object_is_left_out_where_the_broker_is_at_fault() {
    let line = |words: &str, broker: &Broker| {
        format!(" objects confirmed: {} refuses: no, {words}", broker.address())
    };
    for words in ["Queue is full", "no disk space"] {
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let outcome = snapshot_of(&broker, "/queue/nagios", 50, |name| name == "S7");
        let seen = text(&outcome);
        assert!(seen.0 == 2 && seen.1.ends_with(&line(words, &broker)), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains("left out"), "{}", outcome.stdout);
    }
    for words in ["access refused", "Processing error"] {
        let broker = Broker::start(Manner::SaysOfAll(words)).unwrap();
        let outcome = snapshot_of(&broker, "/queue/nagios", 50, |_| false);
        let seen = text(&outcome);
        assert!(seen.0 == 2 && seen.1.ends_with(&line(words, &broker)), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains("left out"), "{}", outcome.stdout);
    }
}
