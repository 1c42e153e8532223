//! Several brokers: the next one is asked until one confirms an event. And one that takes its time.

use std::process::Command;

use suite::process::in_time;

use super::*;

/// The command with these brokers.
fn command(spool: &Spool, brokers: &[&dyn std::fmt::Display]) -> Command {
    let mut command = Command::new(BINARY);
    command.arg(format!("--spool={}", spool.path().display())).arg("--destination=/topic/nagios");
    command.args(brokers.iter().map(|broker| format!("--broker={broker}"))).args(EVENT);
    command
}

/// Whatever is wrong with the first broker, the second one gets the event.
#[test]
fn every_kind_of_broken_first_broker_leaves_the_event_to_the_second() {
    let error = b"ERROR\nmessage:Bad CONNECT\n\nAccess refused for user x\0".to_vec();
    let rows = [
        Manner::Silent,
        Manner::Forgets,
        Manner::Breaks(0),
        Manner::Refuses,
        Manner::Says(error),
        Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Manner::SaysOfAll("access_refused, ACCESS_REFUSED - write access refused"),
        Manner::SaysOfAll("Unknown destination"),
        Manner::Speaks("3.0"),
    ];
    for manner in rows {
        let (first, second) =
            (Broker::start(manner.clone()).unwrap(), Broker::start(Manner::Confirms).unwrap());
        let spool = Spool::new();
        let mut both = command(&spool, &[&first.address(), &second.address()]);
        let outcome = ended(both.arg("--timeout=2"));
        let line = format!("STOMP OK - event 1 confirmed by {}", second.address());
        assert_eq!(text(&outcome), (0, line.as_str()), "{manner:?}");
        assert_eq!(spool.waiting(), [""; 0], "{manner:?}");
        // The good one is remembered, and asked first.
        let before = first.frames().len();
        let list = format!("failover:(tcp://{},{})", first.address(), second.address());
        let again = || ended(command(&spool, &[&list]).arg("--timeout=2"));
        let outcome = in_time(Duration::from_millis(900), again);
        assert_eq!(text(&outcome).0, 0, "{manner:?}: {}", outcome.stdout);
        assert_eq!(first.frames().len(), before, "{manner:?}");
    }
    // One that is gone, and then the good one is gone and the first is back.
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let outcome = ended(&mut command(&spool, &[&"127.0.0.1:1", &broker.address()]));
    assert_eq!(text(&outcome), (0, format!("STOMP OK - event 1 confirmed by {}", broker.address()).as_str()));
    let gone = broker.address();
    drop(broker);
    let broker = Broker::start(Manner::Confirms).unwrap();
    let outcome = ended(&mut command(&spool, &[&broker.address(), &gone]));
    assert_eq!(text(&outcome), (0, format!("STOMP OK - event 2 confirmed by {}", broker.address()).as_str()));
}

#[test]
fn where_none_takes_it_the_refusal_is_told() {
    let first = Broker::start(Manner::Says(b"ERROR\nmessage:Bad CONNECT\n\n\0".to_vec())).unwrap();
    let spool = Spool::new();
    let outcome = ended(&mut command(&spool, &[&first.address(), &"127.0.0.1:1"]));
    let line = format!("STOMP CRITICAL - 1 event waits: {} refuses the login: Bad CONNECT", first.address());
    assert_eq!(text(&outcome), (2, line.as_str()));
}

/// Many receipts, and then the deadline: that is no silence, and the next event is sent at once.
#[test]
fn progress_is_not_silence() {
    let (broker, spool) = (Broker::start(Manner::Stalls(2)).unwrap(), Spool::new());
    for _ in 0..4 {
        ended(spool.command("127.0.0.1:1").args(EVENT));
    }
    let outcome = ended(spool.command(broker.address()).args(["--flush", "--timeout=1"]));
    let line = format!("STOMP OK - 2 events wait, 2 events confirmed by {}", broker.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    let outcome = spool.event(&broker, &["--timeout=1"]);
    let who = broker.address();
    let line = format!("STOMP WARNING - 1 event waits: the time was up after 2 events confirmed by {who}");
    assert_eq!(text(&outcome), (1, line.as_str()));
    assert_eq!(sequences(&broker.sent()), [1, 2, 3, 4, 3, 4, 5]);
}

/// The words of the broker stand beside it: an administrator mends what they name.
#[test]
fn the_time_that_was_up_hides_no_words_of_the_broker() {
    let broker = Broker::start(Manner::SaysOfOrNothing("poison", "Processing error")).unwrap();
    let who = broker.address();
    let words = format!("before that {who} refuses: no, Processing error");
    let spool = Spool::new();
    for output in ["good", "good", "poison", "mute"] {
        ended(spool.command("127.0.0.1:1").args(EVENT).arg(format!("--output={output}")));
    }
    let outcome = ended(spool.command(broker.address()).args(["--flush", "--timeout=2"]));
    let up = "the time was up after 2 events confirmed by";
    let line = format!("STOMP WARNING - 2 events wait: {up} {who}, {words}");
    assert_eq!(text(&outcome), (1, line.as_str()));
    // The host is not answered, and the service is refused.
    let path = snapshot::status(spool.0.path(), 1);
    let all = fs::read_to_string(&path).unwrap();
    fs::write(&path, all.replace("PING CRITICAL", "mute").replace("=no", "=poison")).unwrap();
    let file = format!("--status-file={}", path.display());
    let outcome = ended(spool.command(broker.address()).args(["--snapshot", "--timeout=2", &file]));
    let what = "snapshot unfinished: the time was up after 0 of 2 objects confirmed by";
    let line = format!("STOMP WARNING - {what} {}, {words}", broker.address());
    assert_eq!(text(&outcome), (1, line.as_str()));
}

#[test]
fn a_backslash_in_a_passcode_is_named_where_the_broker_hangs_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut &stream, &mut [0; 4096]);
        }
    });
    let spool = Spool::new();
    let file = spool.0.path().join("notify_stomp.ini");
    fs::write(&file, "[notify_stomp]\nlogin=lab\npasscode=a\\b\n").unwrap();
    let outcome = ended(spool.command(address).args(EVENT).arg(format!("--extra-opts=@{}", file.display())));
    let line = format!(
        "STOMP WARNING - 1 event waits: {address}: it closed the connection while logging in, perhaps because of the backslash \
         in login or passcode, which RabbitMQ takes as an escape"
    );
    assert_eq!(text(&outcome), (1, line.as_str()));
}

#[test]
fn a_text_message_has_no_length() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    assert_eq!(spool.event(&broker, &["--text-message", "--output=a\u{1}b"]).code, Some(0));
    let sent = broker.sent().remove(0);
    assert_eq!((sent.header("content-length"), sent.value("output").as_str()), (None, "\"a\\u0001b\""));
}

/// A broker that was never asked is neither passed over nor blamed.
#[test]
fn silence_is_that_of_the_broker_that_was_silent() {
    let (silent, good) = (Broker::start(Manner::Silent).unwrap(), Broker::start(Manner::Confirms).unwrap());
    let spool = Spool::new();
    let outcome = spool.event(&silent, &["--timeout=1"]);
    assert!(outcome.stdout.contains("no answer while logging in"), "{}", outcome.stdout);
    let outcome = spool.event(&good, &["--timeout=1"]);
    let line = format!("STOMP OK - event 2 and 1 before it confirmed by {}", good.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    // It is still known of the other one, which alone is passed over.
    let outcome = spool.event(&silent, &["--timeout=1"]);
    assert!(outcome.stdout.contains(" was silent "), "{}", outcome.stdout);
    let before = silent.frames().len();
    let both = || ended(command(&spool, &[&silent.address(), &good.address()]).arg("--timeout=1"));
    let outcome = in_time(Duration::from_millis(500), both);
    assert_eq!((outcome.code, silent.frames().len()), (Some(0), before), "{}", outcome.stdout);
}

/// A snapshot tries the next broker until one confirms something, as an event does, and remembers it.
#[test]
fn every_kind_of_broken_first_broker_leaves_a_large_snapshot_to_the_second() {
    let connected = "CONNECTED\nversion:1.2\n\n\0";
    let rows = [
        Manner::Silent,
        Manner::Forgets,
        Manner::Breaks(0),
        Manner::Refuses,
        Manner::Says(format!("{connected}ERROR\nmessage:go away\n\n\0").into()),
        Manner::Says(format!("{connected}RECEIPT\nreceipt-id:70000\n\n\0").into()),
        Manner::Says(b"ERROR\nmessage:Bad CONNECT\n\nAccess refused for user x\0".to_vec()),
        Manner::SaysOfAll("Unknown destination"),
        Manner::SaysOfAll("content refused"),
        Manner::Speaks("3.0"),
    ];
    let with_placeholder = [Manner::Breaks(0), Manner::Refuses, Manner::SaysOfAll("Unknown destination")];
    let plain = rows.iter().map(|manner| (manner, "/topic/nagios"));
    let rows = plain.chain(with_placeholder.iter().map(|manner| (manner, "/topic/{service}")));
    for (manner, destination) in rows {
        let (first, second) =
            (Broker::start(manner.clone()).unwrap(), Broker::start(Manner::Confirms).unwrap());
        let spool = Spool::new();
        // More than one receipt's worth, and fewer than a broker may refuse.
        for services in [1200, 3] {
            let file = format!("--status-file={}", snapshot::status(spool.0.path(), services).display());
            let before = first.frames().len();
            let outcome = ended(Command::new(BINARY).args([
                "--snapshot",
                "--timeout=5",
                &file,
                &format!("--spool={}", spool.path().display()),
                &format!("--destination={destination}"),
                &format!("--broker=failover:({},{})", first.address(), second.address()),
            ]));
            let line =
                format!("STOMP OK - snapshot of {} objects confirmed by {}", services + 1, second.address());
            assert_eq!(text(&outcome), (0, line.as_str()), "{manner:?} {destination}");
            // The good one is remembered, and asked first.
            assert!(services > 3 || first.frames().len() == before, "{manner:?}");
        }
        let mut sent = sequences(&second.sent());
        sent.truncate(1201);
        sent.sort_unstable();
        assert_eq!(sent, (1..=1201).collect::<Vec<u64>>(), "{manner:?} {destination}");
    }
}

/// The second broker gets a few objects that the first one all refused.
#[test]
fn a_small_snapshot_that_is_refused_goes_to_the_second_broker() {
    for (manner, destination) in [
        (Manner::SaysOfAll("Unknown destination"), "/topic/{service}"),
        (Manner::SaysOfAll("content refused"), "/topic/nagios"),
        (Manner::Breaks(0), "/topic/{service}"),
    ] {
        let (first, second) =
            (Broker::start(manner.clone()).unwrap(), Broker::start(Manner::Confirms).unwrap());
        let spool = Spool::new();
        let file = format!("--status-file={}", snapshot::status(spool.0.path(), 2).display());
        let mut command = spool.command_to(first.address(), destination);
        let outcome = ended(command.args(["--snapshot", &file, &format!("--broker={}", second.address())]));
        let line = format!("STOMP OK - snapshot of 3 objects confirmed by {}", second.address());
        assert_eq!(text(&outcome), (0, line.as_str()), "{manner:?}");
        // If the second broker refuses too, its words are reported.
        let second = Broker::start(manner.clone()).unwrap();
        let mut command = spool.command_to(first.address(), destination);
        let outcome = ended(command.args(["--snapshot", &file, &format!("--broker={}", second.address())]));
        assert_eq!(outcome.code, Some(2), "{manner:?}: {}", outcome.stdout);
    }
}

/// If the second broker is down, the first one gets the rest of the objects after many refusals.
#[test]
fn a_snapshot_goes_on_where_no_other_broker_lets_us_in() {
    let (first, spool) =
        (Broker::start(Manner::SaysOf("PING CRITICAL", "Unknown destination")).unwrap(), Spool::new());
    let path = snapshot::status(spool.0.path(), 3);
    let (text_of, mut hosts) = (fs::read_to_string(&path).unwrap(), String::new());
    let host = text_of.split("hoststatus").nth(1).unwrap().split("servicestatus").next().unwrap();
    for number in 2..=40 {
        hosts += &format!("hoststatus{}", host.replace("web1", &format!("web{number}")));
    }
    fs::write(&path, text_of.replacen("hoststatus", &format!("{hosts}hoststatus"), 1)).unwrap();
    let file = format!("--status-file={}", path.display());
    let mut command = spool.command_to(first.address(), "/topic/{host}.{service}");
    let outcome = ended(command.args(["--snapshot", "--timeout=20", &file, "--broker=127.0.0.1:1"]));
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(" objects=43;;;0 confirmed=3;;;0"), "{}", outcome.stdout);
}

#[test]
fn a_silent_handshake_and_a_trickle_end_with_the_timeout_too() {
    let trickle = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            // A header without an end, a line at a time, until the other side has had enough of it.
            while std::io::Write::write_all(&mut stream, b"ERROR\na:b\n").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        address
    };
    let silent = Broker::start(Manner::Silent).unwrap();
    for (address, tls) in [(silent.address(), "--tls"), (trickle(), "--not-persistent")] {
        let trial = || {
            let spool = Spool::new();
            let outcome = ended(spool.command(address).args(EVENT).args(["--timeout=1", tls]));
            assert_eq!((outcome.code, spool.waiting().len()), (Some(1), 1), "{tls}: {}", outcome.stdout);
            outcome
        };
        in_time(Duration::from_millis(1250), trial);
    }
}
