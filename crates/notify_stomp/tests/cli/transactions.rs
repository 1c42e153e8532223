//! ActiveMQ writes each event to its disk before its receipt, and a transaction at once.

use std::collections::BTreeSet;

use suite::stomp::fill;

use super::snapshot::{snapshot, status};
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

#[test]
fn a_snapshot_goes_to_activemq_in_transactions() {
    let (broker, spool) = (activemq(usize::MAX), Spool::new());
    let outcome = snapshot(&spool, &broker, 2500, &["--timeout=30"]);
    let line = format!("STOMP OK - snapshot of 2501 objects confirmed by {}", broker.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    let (frames, events) = (broker.frames(), broker.sent());
    assert_eq!(sequences(&events), (1..=2501).collect::<Vec<u64>>());
    let receipts: Vec<&str> = frames.iter().filter_map(|frame| frame.header("receipt")).collect();
    assert_eq!(receipts, ["1000", "2000", "2501"]);
    assert!(events.iter().all(|event| event.header("transaction").is_some()));
}

/// A receipt says nothing of the frames before its own: ActiveMQ reports one that it refuses after it.
#[test]
fn an_object_whose_refusal_comes_after_a_later_receipt_is_not_confirmed() {
    for name in ["ActiveMQ/5.17.2", "ActiveMQ/5.16.1"] {
        for (services, bad) in [(1, 1), (2, 1), (300, 7), (1500, 998), (1500, 1499), (1500, 1500)] {
            let (broker, spool) = (Broker::start(Manner::ErrsLate(name, "poison")).unwrap(), Spool::new());
            let path = status(spool.0.path(), services);
            let content = fs::read_to_string(&path).unwrap();
            let service = format!("service_description=S{bad}\n");
            let (before, after) = content.split_once(&service).unwrap();
            let after = after.replacen("plugin_output=no", "plugin_output=poison", 1);
            fs::write(&path, format!("{before}{service}{after}")).unwrap();
            let file = format!("--status-file={}", path.display());
            let mut command = spool.command(broker.address());
            let outcome = ended(command.args(["--snapshot", "--timeout=30", &file]));
            let seen = text(&outcome);
            assert!(seen.0 > 0 && seen.1.contains("1 object left out"), "{name} {bad}: {}", outcome.stdout);
            let numbers = format!(" objects={};;;0 confirmed={services};;;0", services + 1);
            assert!(outcome.stdout.contains(&numbers), "{name} {bad}: {}", outcome.stdout);
        }
    }
}
