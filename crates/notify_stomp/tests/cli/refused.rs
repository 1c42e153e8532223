//! Events that a broker refuses: what is wrong with one holds up no other, and what is wrong with the
//! destination holds them.

use super::*;

/// An event with an output of so many characters.
fn waits(spool: &Spool, length: usize, more: &[&str]) {
    let output = format!("--output={}", "x".repeat(length));
    let outcome = ended(spool.command("127.0.0.1:1").args(EVENT).arg(output).args(more));
    assert!(outcome.stdout.contains("connection refused"), "{}", outcome.stdout);
}

fn refused(spool: &Spool) -> Vec<String> {
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
            let outcome = ended(spool.command(broker.address()).args(EVENT).args(["--output=good"]));
            assert_eq!(aside(&outcome), (0, bad), "{words} {bad}");
            let good = broker.sent().iter().filter(|event| event.value("output") == "\"good\"").count();
            assert_eq!(good, 1, "{words} {bad}");
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
