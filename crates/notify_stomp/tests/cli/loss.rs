//! Events that are lost or cannot be read: counted, and told until an administrator acknowledges it.

use super::*;

/// What `--flush` says without a broker.
fn told(spool: &Spool, options: &[&str]) -> (i32, String) {
    let broker = Broker::start(Manner::Confirms).unwrap();
    let outcome = ended(spool.command(broker.address()).arg("--flush").args(options));
    let (code, text) = text(&outcome);
    (code, text.to_owned())
}

#[test]
fn a_loss_is_told_until_it_is_acknowledged() {
    let spool = Spool::new();
    // What no spool can hold and no broker takes.
    let large = format!("--output={}", "\u{1}".repeat(65_000));
    let (long, data) = (large.replace("output", "long-output"), large.replace("output", "perfdata"));
    let outcome =
        ended(spool.command("127.0.0.1:1").args(EVENT).args(["--spool-size=1", &large, &long, &data]));
    let line = format!("STOMP CRITICAL - event lost: spool {}: an event of ", spool.path().display());
    assert!(outcome.code == Some(2) && outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(" lost=1;;;0 "), "{}", outcome.stdout);
    let lost = "STOMP CRITICAL - 1 event lost, last 0 s ago: --acknowledge ends this".to_owned();
    assert_eq!(told(&spool, &[]), (2, lost.clone()));
    assert_eq!(told(&spool, &[]), (2, lost));
    assert_eq!(told(&spool, &["--acknowledge"]), (0, "STOMP OK - nothing waits".to_owned()));
    assert_eq!(told(&spool, &[]), (0, "STOMP OK - nothing waits".to_owned()));
    // A reader sees the gap.
    let broker = Broker::start(Manner::Confirms).unwrap();
    assert_eq!((spool.event(&broker, &[]).code, sequences(&broker.sent())), (Some(0), vec![2]));
    let outcome = ended(spool.command("b:0").args(EVENT).args(["--spool-size=1", &large, &long, &data]));
    assert!(outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    assert_eq!((spool.event(&broker, &[]).code, sequences(&broker.sent())), (Some(0), vec![2, 4]));
}

#[test]
fn what_is_no_event_is_counted_as_lost() {
    let spool = Spool::new();
    let rows: [(&[&str], &str); 2] = [
        (
            &["--from-env"],
            "event lost: --from-env: no NAGIOS_HOSTNAME in the environment: nagios.cfg needs enable_environment_macros=1",
        ),
        (&["--from-env", "--unknown"], "event lost: "),
    ];
    for (count, (options, words)) in (1..).zip(rows) {
        let outcome = ended(spool.command("127.0.0.1:1").args(options));
        let line = format!("STOMP CRITICAL - {words}");
        assert!(
            outcome.code == Some(2) && outcome.stdout.starts_with(&line),
            "{options:?}: {}",
            outcome.stdout
        );
        assert!(outcome.stdout.contains(&format!(" lost={count};;;0 ")), "{}", outcome.stdout);
    }
    assert_eq!(told(&spool, &[]).0, 2);
}

#[test]
fn a_wrong_macro_costs_no_event() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let outcome = spool.event(&broker, &["--attempt=x", "--event-id=$SERVICEEVENTID$"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let sent = broker.sent().remove(0);
    assert_eq!((sent.value("attempt"), sent.value("event_id")), ("null".to_owned(), "null".to_owned()));
    let notes = r#"[{"field":"attempt","value":"x"},{"field":"event_id","value":"$SERVICEEVENTID$"}]"#;
    assert_eq!(sent.value("invalid"), notes);
    // Neither does a wrong option of the spool.
    let outcome = ended(spool.command("127.0.0.1:1").args(EVENT).arg("--spool-size=x"));
    assert!(outcome.stdout.contains("event 2 waits in the spool"), "{}", outcome.stdout);
}

/// A sender that is stopped, and handlers that leave the sending to it.
#[test]
fn a_stopped_sender_is_told_by_the_age_of_what_waits() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    ended(spool.command("127.0.0.1:1").args(EVENT));
    let sending = fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(spool.path().join("sending"))
        .unwrap();
    sending.lock().unwrap();
    let aged = |age: u64, options: &[&str]| {
        let name = spool.waiting().remove(0);
        let event = fs::File::open(spool.path().join("new").join(name)).unwrap();
        event.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).unwrap();
        let outcome = ended(spool.command(broker.address()).arg("--flush").args(options));
        let (code, text) = text(&outcome);
        (code, text.to_owned())
    };
    let another = ": another notify_stomp is sending";
    assert_eq!(aged(30, &[]), (0, format!("STOMP OK - 1 event waits{another}")));
    assert_eq!(aged(90, &[]), (1, format!("STOMP WARNING - 1 event waits for 90 s{another}")));
    assert_eq!(aged(700, &[]), (2, format!("STOMP CRITICAL - 1 event waits for 12 min{another}")));
    let limits = ["--warning=1000", "--critical=2000"];
    assert_eq!(aged(700, &limits), (0, format!("STOMP OK - 1 event waits{another}")));
}
