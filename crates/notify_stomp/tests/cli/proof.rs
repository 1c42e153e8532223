//! What a broker says may name the destination although it refuses one event: what it does with the others
//! decides.

use super::refused::refused;
use super::*;

/// What brokers may say of an event, although it sounds like something else.
const WORDS: [&str; 6] = [
    "no destination header in this message",
    "could not write the message to disk, it is larger than a page",
    "access to this priority is refused",
    "message rejected by queue policy",
    "Processing error",
    "too large for this resource",
];

#[test]
fn an_event_is_to_blame_where_the_next_one_is_confirmed_whatever_the_words() {
    for destination in ["/queue/nagios", "/queue/{host}"] {
        for words in WORDS {
            let spool = Spool::new();
            for output in ["poison", "good", "good"] {
                let mut command = spool.command_to("127.0.0.1:1", destination);
                ended(command.args(EVENT).arg(format!("--output={output}")));
            }
            let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
            let outcome = ended(spool.command_to(broker.address(), destination).arg("--flush"));
            let line =
                format!("STOMP CRITICAL - 1 event set aside: {} refuses: no, {words}", broker.address());
            assert_eq!(text(&outcome), (2, line.as_str()), "{destination}");
            let aside = refused(&spool).len() / 2;
            assert_eq!((spool.waiting().len(), aside), (0, 1), "{destination} {words}");
        }
    }
}

/// Words that may be about the destination set aside one event in a run: it may be full now and then. The
/// others with these words wait, and hold up no good one.
#[test]
fn no_two_events_are_set_aside_in_one_run_for_the_same_words_of_a_destination() {
    for words in ["access refused", "no such destination"] {
        let (spool, bad) = (Spool::new(), 5);
        let waits = |output: &str| {
            ended(spool.command("127.0.0.1:1").args(EVENT).arg(format!("--output={output}")));
        };
        for output in ["poison", "poison", "good", "poison", "poison", "poison", "good"] {
            waits(output);
        }
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        for aside in 1..=bad {
            let outcome = spool.flush(&broker);
            assert_eq!(outcome.code, Some(2), "{words}: {}", outcome.stdout);
            let found = (spool.waiting().len(), refused(&spool).len() / 2);
            assert_eq!(found, (bad - aside, aside), "{words}: {}", outcome.stdout);
            let left = format!("{} event", bad - aside);
            assert!(aside == bad || outcome.stdout.contains(&left), "{words}: {}", outcome.stdout);
            waits("good");
        }
        let good = broker.sent().iter().filter(|event| event.value("output") == "\"good\"").count();
        assert!(good >= 2 + bad - 1, "{words}: {good}");
        assert_eq!(spool.waiting().len(), 1);
    }
}

/// A bad event shows nothing of a broker that turns bad later, with the same words: the others wait.
#[test]
fn one_bad_event_sets_aside_none_of_those_that_are_refused_later() {
    for words in ["", "Processing error", "body not understood", "access refused"] {
        let spool = Spool::new();
        let outputs = std::iter::once("poison").chain([["good"; 20], ["poison"; 20]].concat());
        for output in outputs {
            ended(spool.command("127.0.0.1:1").args(EVENT).arg(format!("--output={output}")));
        }
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let outcome = ended(spool.command(broker.address()).args(["--flush", "--timeout=20"]));
        let seen = (outcome.code, spool.waiting().len(), refused(&spool).len() / 2);
        assert_eq!(seen, (Some(2), 20, 1), "{words}: {}", outcome.stdout);
        assert!(outcome.stdout.contains("20 events wait"), "{words}: {}", outcome.stdout);
    }
}

/// A destination that takes nothing is asked a few times, and holds all of its events.
#[test]
fn a_destination_that_refuses_all_events_keeps_them_and_is_not_asked_for_each() {
    for words in ["access refused", "Unknown destination"] {
        let spool = Spool::new();
        (0..40).for_each(|_| drop(ended(spool.command("127.0.0.1:1").args(EVENT))));
        let broker = Broker::start(Manner::SaysOfAll(words)).unwrap();
        let outcome = spool.flush(&broker);
        let line = format!("STOMP CRITICAL - 40 events wait: {} refuses: no, {words}", broker.address());
        assert_eq!(text(&outcome), (2, line.as_str()));
        assert_eq!((spool.waiting().len(), refused(&spool).len()), (40, 0));
        let logins = broker.frames().iter().filter(|frame| frame.command == "CONNECT").count();
        assert!(logins <= 6, "{logins}");
    }
}

/// A queue that drains takes one event and not the other: none is to blame, and all wait.
#[test]
fn no_event_is_set_aside_where_there_is_no_room() {
    for words in ["Queue is full", "Usage Manager Memory Limit reached (size exceeded)", "no disk space"] {
        let spool = Spool::new();
        for output in ["poison", "good", "poison", "good"] {
            ended(spool.command("127.0.0.1:1").args(EVENT).arg(format!("--output={output}")));
        }
        let broker = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let outcome = spool.flush(&broker);
        let line = format!("STOMP CRITICAL - 4 events wait: {} refuses: no, {words}", broker.address());
        assert_eq!(text(&outcome), (2, line.as_str()));
        assert_eq!((spool.waiting().len(), refused(&spool).len()), (4, 0), "{words}");
    }
}
