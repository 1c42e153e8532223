//! Events that a broker refuses: what is wrong with one holds up no other, and what is wrong with the
//! destination holds them.

use super::*;

/// An event with an output of so many characters.
fn waits(spool: &Spool, length: usize, more: &[&str]) {
    let output = format!("--output={}", "x".repeat(length));
    let outcome = ended(spool.command("127.0.0.1:1").args(EVENT).arg(output).args(more));
    assert!(outcome.stdout.contains("connection refused"), "{}", outcome.stdout);
}

pub(crate) fn refused(spool: &Spool) -> Vec<String> {
    names(&spool.path().join("refused"))
}

/// The sequences that the broker confirmed for good: the last copy of each.
fn confirmed(broker: &Broker, most: usize) -> Vec<u64> {
    let mut taken: Vec<u64> =
        sequences(&broker.sent().into_iter().filter(|event| event.body.len() <= most).collect::<Vec<_>>());
    taken.sort_unstable();
    taken.dedup();
    taken
}

#[test]
fn an_event_that_is_too_large_is_set_aside_and_the_others_go() {
    for manner in [Manner::RefusesLarger(3000), Manner::ClosesOnLarger(3000)] {
        let spool = Spool::new();
        // More than are on their way at once, and the second but last and the middle are poison.
        for (number, length) in [10, 10, 5000, 10, 6000, 10].into_iter().enumerate() {
            waits(&spool, length + number, &[]);
        }
        let broker = Broker::start(manner.clone()).unwrap();
        let outcome = spool.flush(&broker);
        let words = if manner == Manner::RefusesLarger(3000) {
            format!("{} refuses: no, message size ", broker.address())
        } else {
            format!("{}: it closed the connection while waiting for a receipt", broker.address())
        };
        let line = format!("STOMP CRITICAL - 2 events set aside, the last: {words}");
        assert!(
            outcome.code == Some(2) && outcome.stdout.starts_with(&line),
            "{manner:?}: {}",
            outcome.stdout
        );
        assert_eq!((spool.waiting().len(), confirmed(&broker, 3000)), (0, vec![1, 2, 4, 6]), "{manner:?}");
        let aside = refused(&spool);
        assert!(
            aside.len() == 4 && aside[0].starts_with("00000000000000000003-") && aside[3].ends_with(".why"),
            "{aside:?}"
        );
        let why = fs::read_to_string(spool.path().join("refused").join(&aside[1])).unwrap();
        assert!(why.starts_with(&words), "{why}");
        drop(broker);
        // Told until it is acknowledged; tried again when an administrator says so.
        let broker = Broker::start(Manner::Confirms).unwrap();
        let outcome = spool.flush(&broker);
        assert!(
            outcome.stdout.starts_with("STOMP CRITICAL - 2 events refused, last 0 s ago: "),
            "{}",
            outcome.stdout
        );
        // Acknowledged, they are no loss, and no event that has arrived either.
        let outcome = ended(spool.command(broker.address()).arg("--acknowledge"));
        let line = "STOMP WARNING - 2 refused events are kept: ";
        assert!(outcome.stdout.starts_with(line) && outcome.stdout.contains(&words), "{}", outcome.stdout);
        let outcome = ended(spool.command(broker.address()).arg("--retry-refused"));
        assert_eq!(
            text(&outcome),
            (0, format!("STOMP OK - 2 events confirmed by {}", broker.address()).as_str())
        );
        assert_eq!((sequences(&broker.sent()), refused(&spool)), (vec![3, 5], Vec::new()));
    }
}

#[test]
fn the_handlers_own_event_may_be_the_refused_one() {
    let (broker, spool) = (Broker::start(Manner::RefusesLarger(3000)).unwrap(), Spool::new());
    let outcome = spool.event(&broker, &[&format!("--output={}", "x".repeat(5000))]);
    let line = format!("STOMP CRITICAL - 1 event set aside: {} refuses: no, message size ", broker.address());
    assert!(outcome.code == Some(2) && outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    assert_eq!((spool.waiting().len(), refused(&spool).len()), (0, 2));
    assert_eq!(spool.event(&broker, &[]).code, Some(0));
}

/// The same words about all events are about none of them.
#[test]
fn the_same_words_about_all_events_set_none_aside() {
    for words in ["content refused today", "something went wrong"] {
        let spool = Spool::new();
        (0..5).for_each(|_| waits(&spool, 10, &[]));
        let broker = Broker::start(Manner::SaysOfAll(words)).unwrap();
        let outcome = spool.flush(&broker);
        assert_eq!((outcome.code, refused(&spool).len()), (Some(2), 0), "{}", outcome.stdout);
        assert_eq!(spool.waiting().len(), 5);
    }
}

#[test]
fn a_hang_up_without_a_reason_is_not_held_against_an_event() {
    let (broker, spool) = (Broker::start(Manner::Breaks(0)).unwrap(), Spool::new());
    (0..3).for_each(|_| waits(&spool, 10, &[]));
    let outcome = spool.flush(&broker);
    assert_eq!(
        (outcome.code, spool.waiting().len(), refused(&spool).len()),
        (Some(1), 3, 0),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_refused_destination_is_held_and_the_others_are_not() {
    let spool = Spool::new();
    for state in ["OK", "CRITICAL", "OK", "WARNING"] {
        let mut command = spool.command_to("127.0.0.1:1", "/exchange/{state}");
        ended(command.args(["--host=h", "--service=s"]).arg(format!("--state={state}")));
    }
    let broker = Broker::start(Manner::RefusesTo("/exchange/OK")).unwrap();
    let outcome = ended(spool.command_to(broker.address(), "/exchange/{state}").arg("--flush"));
    let line = format!(
        "STOMP CRITICAL - 2 events wait: {} refuses: no, no exchange of this name, destination /exchange/OK",
        broker.address()
    );
    assert_eq!(text(&outcome), (2, line.as_str()));
    assert_eq!(refused(&spool), [""; 0]);
    let waiting: Vec<String> = spool.waiting().iter().map(|name| name[..20].to_owned()).collect();
    assert_eq!(waiting, ["00000000000000000001", "00000000000000000003"]);
    let taken: Vec<&str> = ["/exchange/CRITICAL", "/exchange/WARNING"].into();
    let sent = broker.sent();
    let to: Vec<&str> = sent
        .iter()
        .filter_map(|event| event.header("destination"))
        .filter(|to| *to != "/exchange/OK")
        .collect();
    assert!(taken.iter().all(|destination| to.contains(destination)), "{to:?}");
}

/// SOFT 1 and SOFT 2 of one output are refused both: neither they nor many of them hold up the others.
#[test]
fn several_bad_events_in_a_row_hold_up_no_good_one() {
    for words in ["", "something went wrong", "content refused"] {
        for bad in [2, 3, 20] {
            let spool = Spool::new();
            for _ in 0..bad {
                ended(spool.command("127.0.0.1:1").args(EVENT).arg("--output=poison"));
            }
            let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
            // Alone they may be good events of a bad broker.
            let aside = |outcome: &Outcome| {
                assert!(outcome.code > Some(0), "{words} {bad}: {}", outcome.stdout);
                (spool.waiting().len(), refused(&spool).len() / 2)
            };
            assert_eq!(aside(&spool.flush(&broker)), (bad, 0), "{words} {bad}");
            assert_eq!(aside(&spool.flush(&broker)), (bad, 0), "{words} {bad}");
            // One good event is the proof for one bad one.
            let outcome = ended(spool.command(broker.address()).args(EVENT).args(["--output=good"]));
            assert_eq!(aside(&outcome), (bad - 1, 1), "{words} {bad}");
            for _ in 1..bad {
                ended(spool.command("127.0.0.1:1").args(EVENT).arg("--output=good"));
            }
            assert_eq!(aside(&spool.flush(&broker)), (0, bad), "{words} {bad}");
            let good = broker.sent().iter().filter(|event| event.value("output") == "\"good\"").count();
            assert_eq!(good, bad, "{words} {bad}");
        }
    }
}

/// One event of the same words each run would be all events in the end.
#[test]
fn the_fault_of_a_broker_sets_aside_no_more_than_one_event() {
    let (broker, spool) = (Broker::start(Manner::SaysOfAll("content refused")).unwrap(), Spool::new());
    (0..4).for_each(|_| drop(spool.event(&broker, &[])));
    assert_eq!((refused(&spool).len() / 2, spool.waiting().len()), (1, 3));
    drop(broker);
    // A good one ends the doubt.
    let broker = Broker::start(Manner::SaysOf("poison", "content refused")).unwrap();
    assert_eq!(spool.flush(&broker).code, Some(2));
    assert_eq!(spool.waiting(), [""; 0]);
    spool.event(&broker, &["--output=poison"]);
    assert_eq!((refused(&spool).len() / 2, spool.waiting().len()), (2, 0));
}

/// A queue that is full says nothing of the event, and another queue that is not proves nothing.
#[test]
fn a_full_destination_is_held_and_keeps_its_events() {
    for words in ["Queue is full", "something went wrong"] {
        let spool = Spool::new();
        for state in ["OK", "CRITICAL", "OK", "WARNING"] {
            let mut command = spool.command_to("127.0.0.1:1", "/queue/{state}");
            ended(command.args(["--host=h", "--service=s"]).arg(format!("--state={state}")));
        }
        let broker = Broker::start(Manner::SaysTo("/queue/OK", words)).unwrap();
        for _ in 0..2 {
            let outcome = ended(spool.command_to(broker.address(), "/queue/{state}").arg("--flush"));
            let line = format!(
                "STOMP CRITICAL - 2 events wait: {} refuses: no, {words}, destination /queue/OK",
                broker.address()
            );
            assert_eq!(text(&outcome), (2, line.as_str()));
            assert_eq!((refused(&spool).len(), spool.waiting().len()), (0, 2), "{words}");
        }
    }
    let spool = Spool::new();
    (0..2).for_each(|_| waits(&spool, 10, &[]));
    let broker = Broker::start(Manner::SaysOfAll("Queue is full")).unwrap();
    assert_eq!(spool.flush(&broker).code, Some(2));
    assert_eq!((refused(&spool).len(), spool.waiting().len()), (0, 2));
}

/// Events of many destinations that a broker refuses, then events that it takes.
fn many_refused(bad: usize) -> Spool {
    let spool = Spool::new();
    ended(spool.command_to("127.0.0.1:1", "/queue/{host}").args(["--host=bad-0", "--state=DOWN"]));
    for number in 1..bad {
        let host = format!("--host=bad-{number}");
        ended(spool.command_to("127.0.0.1:1", "/queue/{host}").args([&host, "--state=DOWN"]));
    }
    ended(spool.command_to("127.0.0.1:1", "/queue/{host}").args(["--host=good", "--state=DOWN"]));
    spool
}

fn logins(broker: &Broker) -> usize {
    broker.frames().iter().filter(|frame| frame.command == "CONNECT").count()
}

/// A refused destination costs a connection. So known ones are tried last, and only a few of them.
#[test]
fn destinations_that_are_known_to_be_refused_are_tried_last() {
    for words in ["no exchange of this name", "something went wrong"] {
        let spool = many_refused(30);
        let flush = |broker: &Broker| {
            ended(spool.command_to(broker.address(), "/queue/{host}").args(["--flush", "--timeout=30"]))
        };
        let broker = Broker::start(Manner::SaysBelow("/queue/bad", words)).unwrap();
        let line = |waiting: usize, first: &str, more: usize| {
            format!(
                "STOMP CRITICAL - {waiting} events wait: {} refuses: no, {words}, destination /queue/{first} and {more} more",
                broker.address()
            )
        };
        assert_eq!(text(&flush(&broker)), (2, line(30, "bad-0", 29).as_str()));
        let before = logins(&broker);
        assert!(before > 30, "{before}");
        // They hold up no new event, and the next run reports the same.
        let mut event = spool.command_to(broker.address(), "/queue/{host}");
        let outcome = ended(event.args(["--host=good", "--state=UP", "--timeout=30"]));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        let good = broker.sent().iter().filter(|event| event.value("hostname") == "\"good\"").count();
        assert!(good >= 2 && spool.waiting().len() == 30, "{:?}", spool.waiting());
        assert_eq!(text(&flush(&broker)), (2, line(30, "bad-0", 29).as_str()));
        let after = logins(&broker) - before;
        assert!(after <= 12, "{words}: {after} connections of two runs");
        drop(broker);
        // Each run tries others: none keeps its place at the head of those that wait for another try.
        let broker = Broker::start(Manner::SaysBelow("/queue/bad-1", words)).unwrap();
        for _ in 0..4 {
            assert_eq!(flush(&broker).code, Some(2), "{words}");
        }
        let numbers: Vec<u64> =
            spool.waiting().iter().map(|name| name[..20].parse::<u64>().unwrap() - 1).collect();
        assert_eq!(
            numbers,
            [vec![1], (10..20).collect()].concat(),
            "{words}: only bad-1 and bad-10 to bad-19"
        );
        drop(broker);
        // They are not forgotten: once the broker takes them, one run sends all of them.
        let broker = Broker::start(Manner::Confirms).unwrap();
        assert_eq!(flush(&broker).code, Some(0));
        assert_eq!((spool.waiting().len(), spool.path().join("held").exists()), (0, false));
    }
}

/// A run that ends because the broker hangs up at every destination forgets none that was held before.
#[test]
fn a_destination_stays_held_where_a_run_gives_up() {
    let spool = Spool::new();
    let waits = |number: usize| {
        let mut command = spool.command_to("127.0.0.1:1", "/queue/{host}");
        ended(command.args([&format!("--host=bad-{number}"), "--state=DOWN", "--output=poison"]));
    };
    let broker = Broker::start(Manner::SaysOf("poison", "")).unwrap();
    let flush = || {
        let mut command = spool.command_to(broker.address(), "/queue/{host}");
        ended(command.args(["--flush", "--timeout=30"]))
    };
    let held = || {
        let text = fs::read_to_string(spool.path().join("held")).unwrap();
        let mut held: Vec<String> =
            text.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect();
        held.sort();
        held
    };
    waits(0);
    flush();
    assert_eq!(held(), ["/queue/bad-0"]);
    // As many as a run holds for this, before the one that was held is tried again.
    (1..=16).for_each(waits);
    let outcome = flush();
    assert!(outcome.stdout.contains("it closed the connection"), "{}", outcome.stdout);
    let mut all: Vec<String> = (0..=16).map(|number| format!("/queue/bad-{number}")).collect();
    all.sort();
    assert_eq!(held(), all);
}

/// A broker that refuses and is then silent has answered, and its words tell more.
#[test]
fn a_broker_that_refused_something_is_not_called_silent() {
    let spool = many_refused(2);
    let broker = Broker::start(Manner::SaysBelowOrNothing("/queue/bad", "no exchange of this name")).unwrap();
    let mut command = spool.command_to(broker.address(), "/queue/{host}");
    let line = format!(
        "STOMP CRITICAL - 3 events wait: {} refuses: no, no exchange of this name, destination /queue/bad-0 and 1 more",
        broker.address()
    );
    assert_eq!(text(&ended(command.args(["--flush", "--timeout=2"]))), (2, line.as_str()));
    assert!(!spool.path().join(format!("silent-{}", broker.address())).exists());
}

/// The same holds for a snapshot.
#[test]
fn a_broker_that_refused_something_of_a_snapshot_is_not_called_silent() {
    let (broker, spool) = (
        Broker::start(Manner::SaysBelowOrNothing("/queue/web1.S1", "no exchange of this name")).unwrap(),
        Spool::new(),
    );
    let file = format!("--status-file={}", snapshot::status(spool.0.path(), 1).display());
    let mut command = spool.command_to(broker.address(), "/queue/{host}.{service}");
    // The first service is refused, and the second is not answered.
    let text_of = fs::read_to_string(spool.0.path().join("status.dat")).unwrap();
    let (head, service) = text_of.split_at(text_of.find("servicestatus").unwrap());
    let second = service.replace("=S1", "=T1");
    fs::write(
        spool.0.path().join("status.dat"),
        format!("{}{service}{second}", &head[..head.find("hoststatus").unwrap()]),
    )
    .unwrap();
    let outcome = ended(command.args(["--snapshot", "--timeout=2", &file]));
    let line = format!(
        "STOMP CRITICAL - 1 object not sent: {} refuses: no, no exchange of this name, destination /queue/web1.S1, 1 more fault",
        broker.address()
    );
    assert_eq!(text(&outcome), (2, line.as_str()));
    assert!(outcome.stdout.contains("the time was up after 0 of 2 objects"), "{}", outcome.stdout);
}
