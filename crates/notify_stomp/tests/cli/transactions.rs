//! ActiveMQ writes each event to its disk before its receipt, and a transaction at once.

use std::collections::BTreeSet;

use suite::stomp::fill;

use super::*;

/// A spool of so many events.
fn full(count: u64) -> Spool {
    let spool = Spool::new();
    ended(spool.command("127.0.0.1:1").args(EVENT));
    let first = spool.path().join("new").join(spool.waiting().remove(0));
    fill(&spool.path(), &fs::read(first).unwrap(), count - 1).unwrap();
    spool
}

fn count(frames: &[Sent], command: &str) -> usize {
    frames.iter().filter(|frame| frame.command == command).count()
}

fn activemq(most: usize) -> Broker {
    Broker::start(Manner::Commits("ActiveMQ/5.17.2", most)).unwrap()
}

#[test]
fn many_events_go_to_activemq_in_few_transactions() {
    let (broker, spool) = (activemq(usize::MAX), full(1000));
    let outcome = spool.flush(&broker);
    let line = format!("STOMP OK - 1000 events confirmed by {}", broker.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    let (frames, events) = (broker.frames(), broker.sent());
    assert_eq!(sequences(&events), (1..=1000).collect::<Vec<u64>>());
    assert_eq!(spool.waiting(), Vec::<String>::new());
    assert_eq!(count(&frames, "BEGIN"), count(&frames, "COMMIT"));
    assert!((5..25).contains(&count(&frames, "COMMIT")), "{}", count(&frames, "COMMIT"));
    for event in events {
        assert_ne!(event.header("receipt").is_some(), event.header("transaction").is_some(), "{event:?}");
    }
}

/// Whether a version before 5.17 takes back a transaction of which it refuses a part was not tried.
#[test]
fn other_brokers_and_events_that_need_not_be_kept_have_no_transactions() {
    let commits = |name| Broker::start(Manner::Commits(name, usize::MAX)).unwrap();
    let rows: [(Broker, &[&str]); 5] = [
        (Broker::start(Manner::Confirms).unwrap(), &[]),
        (commits("ActiveMQ/5.16.1"), &[]),
        (commits("ActiveMQ/x"), &[]),
        (commits("ActiveMQ-Artemis/6.1.0 ActiveMQ Artemis Messaging Engine"), &[]),
        (commits("ActiveMQ/5.17.2"), &["--not-persistent"]),
    ];
    for (broker, more) in rows {
        let outcome = ended(full(50).command(broker.address()).arg("--flush").args(more));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        assert_eq!((broker.sent().len(), count(&broker.frames(), "BEGIN")), (50, 0));
        assert!(broker.sent().iter().all(|event| event.header("receipt").is_some()));
    }
    let newer = commits("ActiveMQ/6.1.0");
    assert_eq!(full(50).flush(&newer).code, Some(0));
    assert!(count(&newer.frames(), "BEGIN") > 0);
}

/// What a broker did not say to have committed is sent again, or waits.
#[test]
fn what_is_not_committed_stays_in_the_spool() {
    let (broker, spool) = (activemq(3), full(300));
    let outcome = spool.flush(&broker);
    let (frames, events) = (broker.frames(), broker.sent());
    let commits: Vec<&str> = frames
        .iter()
        .filter(|frame| frame.command == "COMMIT")
        .map(|frame| frame.header("transaction").unwrap())
        .collect();
    let of = |number: Option<&str>| {
        let part = events.iter().filter(|event| event.header("transaction") == number).cloned();
        sequences(&part.collect::<Vec<Sent>>())
    };
    assert!(commits.len() > 3, "{commits:?} {}", outcome.stdout);
    let lost = of(Some(commits[3]));
    let alone = of(None);
    let waiting: BTreeSet<u64> =
        spool.waiting().iter().map(|name| name.split('-').next().unwrap().parse().unwrap()).collect();
    assert!(lost.len() > 1, "{lost:?}");
    for sequence in lost {
        assert!(alone.contains(&sequence) || waiting.contains(&sequence), "{sequence}: {}", outcome.stdout);
    }
}
