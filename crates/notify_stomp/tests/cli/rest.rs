//! What one of several brokers refuses while it confirms the others goes to the next one in the same run.

use suite::wait::holds_within;

use super::refused::refused;
use super::*;

/// A flush with these brokers.
fn flush(spool: &Spool, destination: &str, brokers: &[String]) -> Outcome {
    let mut command = Command::new(BINARY);
    command.arg(format!("--spool={}", spool.path().display())).arg(format!("--destination={destination}"));
    command.args(brokers.iter().map(|broker| format!("--broker={broker}")));
    ended(command.args(["--flush", "--timeout=3", "--retry=0"]))
}

fn filled(outputs: &[&str]) -> Spool {
    let spool = Spool::new();
    for output in outputs {
        ended(spool.command("127.0.0.1:1").args(EVENT).arg(format!("--output={output}")));
    }
    spool
}

const OUTPUTS: [&str; 5] = ["good", "poison", "good", "poison", "poison"];
const NOWHERE: &str = "127.0.0.1:1";

#[test]
fn the_next_broker_gets_what_the_first_refuses_of_a_place() {
    for words in ["access refused", "no such destination", "could not write to disk, size unknown"] {
        let spool = filled(&OUTPUTS);
        let first = Broker::start(Manner::SaysOf("poison", words)).unwrap();
        let second = Broker::start(Manner::Confirms).unwrap();
        let brokers = [NOWHERE, &first.address().to_string(), &second.address().to_string()];
        let outcome = flush(&spool, "/topic/nagios", &brokers.map(str::to_owned));
        let line = format!("STOMP OK - 5 events confirmed by {}", second.address());
        assert_eq!(text(&outcome), (0, line.as_str()), "{words}");
        assert_eq!((spool.waiting().len(), refused(&spool).len()), (0, 0), "{words}");
        assert_eq!(sequences(&second.sent()), [2, 4, 5], "{words}: in their order, and no other");
    }
}

/// The first broker takes all but one destination, and the next one takes that.
#[test]
fn the_next_broker_gets_a_destination_that_the_first_holds() {
    let spool = Spool::new();
    for state in ["OK", "CRITICAL", "OK", "WARNING", "OK"] {
        let mut command = spool.command_to(NOWHERE, "/exchange/{state}");
        ended(command.args(["--host=h", "--service=s"]).arg(format!("--state={state}")));
    }
    let first = Broker::start(Manner::RefusesTo("/exchange/OK")).unwrap();
    // Held by an earlier run too.
    let address = first.address().to_string();
    let outcome = flush(&spool, "/exchange/{state}", &[address.clone(), NOWHERE.to_owned()]);
    let why = format!("{address} refuses: no, no exchange of this name, destination /exchange/OK");
    assert_eq!(text(&outcome), (2, format!("STOMP CRITICAL - 3 events wait: {why}").as_str()));
    let second = Broker::start(Manner::Confirms).unwrap();
    let outcome = flush(&spool, "/exchange/{state}", &[address, second.address().to_string()]);
    let line = format!("STOMP OK - 3 events confirmed by {}", second.address());
    assert_eq!((text(&outcome), spool.waiting().len()), ((0, line.as_str()), 0));
    assert_eq!(sequences(&second.sent()), [1, 3, 5]);
    assert!(!spool.path().join("held").exists());
}

/// Where each broker refuses it, one event is set aside in a run, and the others wait, as with one broker.
#[test]
fn what_each_broker_refuses_is_set_aside_or_waits_with_the_words() {
    let says = || Broker::start(Manner::SaysOf("poison", "access refused")).unwrap();
    let (first, second, spool) = (says(), says(), filled(&OUTPUTS));
    for aside in 1..=3 {
        let brokers = [&first, &second].map(|broker| broker.address().to_string());
        let outcome = flush(&spool, "/topic/nagios", &brokers);
        let words = format!("{} refuses: no, access refused", first.address());
        assert!(outcome.code == Some(2) && outcome.stdout.contains(&words), "{}", outcome.stdout);
        let seen = (spool.waiting().len(), refused(&spool).len() / 2);
        assert_eq!(seen, (3 - aside, aside), "{}", outcome.stdout);
        // A good one is the proof of the next run.
        ended(spool.command(NOWHERE).args(EVENT).arg("--output=good"));
        assert_eq!(spool.waiting().len(), 4 - aside);
    }
}

/// A broker that is down or full may take it later: it waits, and the line names both brokers.
#[test]
fn nothing_is_set_aside_where_another_broker_could_not_be_asked() {
    let login = b"ERROR\nmessage:Bad CONNECT\n\n\0".to_vec();
    let rows = [
        (None, ": connection refused"),
        (Some(Manner::Silent), ": no answer while logging in"),
        (Some(Manner::Says(login)), " refuses the login: Bad CONNECT"),
        (Some(Manner::SaysOfAll("Queue is full")), " refuses: no, Queue is full"),
        (Some(Manner::Breaks(0)), ": it closed the connection while waiting for a receipt"),
        (Some(Manner::Forgets), ": no answer while waiting for a receipt"),
    ];
    for (manner, why) in rows {
        let first = Broker::start(Manner::SaysOf("poison", "access refused")).unwrap();
        let second = manner.clone().map(|manner| Broker::start(manner).unwrap());
        let address = second.as_ref().map_or(NOWHERE.to_owned(), |broker| broker.address().to_string());
        for is_first in [false, true] {
            let spool = filled(&OUTPUTS);
            let mut brokers = [first.address().to_string(), address.clone()];
            if is_first {
                brokers.reverse();
            }
            let outcome = flush(&spool, "/topic/nagios", &brokers);
            let seen = (outcome.code, spool.waiting().len(), refused(&spool).len());
            assert_eq!(seen, (Some(2), 3, 0), "{manner:?}: {}", outcome.stdout);
            let words =
                format!("3 events wait: {} refuses: no, access refused, {address}{why}", first.address());
            assert!(outcome.stdout.contains(&words), "{manner:?}: {}", outcome.stdout);
        }
    }
}

/// An event that comes while another broker is asked for the rest leaves its run at once. The flush sends it,
/// and asks no broker again for what that has refused.
#[test]
fn what_comes_while_a_silent_broker_is_asked_is_sent_by_the_same_run() {
    let rows = [
        ("/topic/nagios", Manner::SaysOf("poison", "access refused"), 3),
        ("/exchange/{service}", Manner::SaysTo("/exchange/HTTP", "access refused"), 5),
    ];
    for (destination, manner, waiting) in rows {
        let spool = filled(&OUTPUTS);
        let start = |manner: &Manner| Broker::start(manner.clone()).unwrap();
        let [first, second, silent] = [start(&manner), start(&manner), start(&Manner::Silent)];
        let mut flush = spool.command_to(first.address(), destination);
        flush.args([&second, &silent].map(|broker| format!("--broker={}", broker.address())));
        flush.args(["--flush", "--timeout=6"]);
        let (flush, before) = std::thread::scope(|scope| {
            let flush = scope.spawn(|| ended(&mut flush));
            assert!(holds_within(Duration::from_secs(3), || !silent.frames().is_empty()), "{destination}");
            let before = (first.sent().len(), second.frames());
            let mut event = spool.command_to(first.address(), destination);
            let outcome = ended(event.args(["--host=web1", "--service=new", "--state=OK"]));
            let line = format!("STOMP OK - {} events wait: another notify_stomp is sending", waiting + 1);
            assert_eq!(text(&outcome), (0, line.as_str()), "{destination}");
            (flush.join().unwrap(), before)
        });
        assert_eq!(spool.waiting().len(), waiting, "{destination}: {}", flush.stdout);
        let words =
            [format!("STOMP CRITICAL - {waiting} events wait: "), " refuses: no, access refused".into()];
        let is_told = words.iter().all(|words| flush.stdout.contains(words.as_str()));
        assert!(flush.code == Some(2) && is_told, "{destination}: {}", flush.stdout);
        let names_silent = flush.stdout.matches("no answer while logging in").count();
        assert_eq!(names_silent, usize::from(waiting == 3), "{destination}: {}", flush.stdout);
        assert_eq!(sequences(&first.sent()).split_off(before.0), [6], "{destination}");
        assert_eq!((second.frames(), silent.frames().len()), (before.1, 1), "{destination}");
    }
}

/// The second broker refuses all, and its attempt ends before it was asked for each event that the first
/// refused. Only one that both refused is set aside.
#[test]
fn nothing_is_set_aside_that_another_broker_was_not_asked_for() {
    let words = "access refused";
    let first = Broker::start(Manner::SaysOwn("poison", words)).unwrap();
    let second = Broker::start(Manner::SaysOfAll(words)).unwrap();
    let brokers = [&first, &second].map(|broker| broker.address().to_string());
    let spool = filled(&["good", "poison a", "poison a", "poison b", "good", "poison b", "good"]);
    let outcome = flush(&spool, "/topic/nagios", &brokers);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    let asked = sequences(&second.sent());
    let aside: Vec<u64> =
        refused(&spool).iter().filter_map(|name| name.split('-').next()?.parse().ok()).collect();
    assert!(aside.iter().all(|sequence| asked.contains(sequence)), "{aside:?} of {asked:?}");
    assert!(!aside.is_empty(), "{}", outcome.stdout);
}

/// With placeholders a lack of room or a hang-up holds the destination at the second broker, which has
/// refused no event for itself.
#[test]
fn nothing_is_set_aside_that_another_broker_only_held() {
    for manner in [Manner::SaysOfAll("Queue is full"), Manner::Breaks(0)] {
        let first = Broker::start(Manner::SaysOf("poison", "access refused")).unwrap();
        let second = Broker::start(manner.clone()).unwrap();
        let brokers = [&first, &second].map(|broker| broker.address().to_string());
        let spool = filled(&OUTPUTS);
        let outcome = flush(&spool, "/exchange/{service}", &brokers);
        let seen = (outcome.code, spool.waiting().len(), refused(&spool).len());
        assert_eq!(seen, (Some(2), 3, 0), "{manner:?}: {}", outcome.stdout);
        let words = format!("{} refuses: no, access refused", first.address());
        assert!(outcome.stdout.contains(&words), "{manner:?}: {}", outcome.stdout);
    }
}

/// The first broker refuses the destination, and the second one takes all of it but one event, which both
/// refused then. Neither is asked for that again and again.
#[test]
fn what_one_broker_refuses_as_a_destination_and_another_alone_is_set_aside() {
    let first = Broker::start(Manner::RefusesTo("/exchange/HTTP")).unwrap();
    let second = Broker::start(Manner::SaysOf("poison", "access refused")).unwrap();
    let brokers = [&first, &second].map(|broker| broker.address().to_string());
    let spool = filled(&["good", "poison", "good"]);
    let mut other = spool.command_to(NOWHERE, "/exchange/{service}");
    ended(other.args(["--host=h", "--service=other", "--state=OK"]));
    let outcome = flush(&spool, "/exchange/{service}", &brokers);
    let seen = (outcome.code, spool.waiting().len(), refused(&spool).len());
    assert_eq!(seen, (Some(2), 0, 2), "{}", outcome.stdout);
    let asked = [&first, &second].map(|broker| broker.sent().len());
    assert!(asked.iter().all(|asked| *asked < 12), "{asked:?}: {}", outcome.stdout);
}

/// What cannot be taken out of the spool is no broker's fault: the next one would only get it too, and what
/// the first broker refuses is told all the same.
#[test]
fn an_error_of_the_spool_ends_the_run_and_is_told() {
    for (outputs, number, code) in [(&["good"][..], 1, 1), (&["good", "poison", "good"], 2, 2)] {
        for destination in ["/topic/nagios", "/exchange/{service}"] {
            let spool = filled(outputs);
            let first = Broker::start(Manner::SaysOf("poison", "access refused")).unwrap();
            let spoils = Broker::start(Manner::Spoils(spool.path().join("new"))).unwrap();
            let last = Broker::start(Manner::Confirms).unwrap();
            let both = [&spoils, &last].map(|broker| broker.address().to_string());
            let all = [&first, &spoils, &last].map(|broker| broker.address().to_string());
            let outcome = flush(&spool, destination, if number == 1 { &both } else { &all });
            let path = fs::read_dir(spool.path().join("new")).unwrap().next().unwrap().unwrap().path();
            let words = format!("1 event waits: removing {}: is a directory", path.display());
            assert!(outcome.stdout.contains(&words), "{destination}: {}", outcome.stdout);
            let is_told = outcome.stdout.contains(&format!("{} refuses: no, access", first.address()));
            assert_eq!(
                (outcome.code, is_told),
                (Some(code), number == 2),
                "{destination}: {}",
                outcome.stdout
            );
            assert_eq!((sequences(&spoils.sent()), last.frames().len()), (vec![number], 0), "{destination}");
        }
    }
}

/// The time was up before the second broker could answer: the next events do not pass it over.
#[test]
fn a_broker_that_had_no_time_to_answer_is_not_silent() {
    let first = Broker::start(Manner::SaysOfOrNothing("poison", "access refused")).unwrap();
    let silent = Broker::start(Manner::Silent).unwrap();
    let brokers = [&first, &silent].map(|broker| broker.address().to_string());
    let marked = |spool: &Spool| spool.path().join(format!("silent-{}", silent.address())).exists();
    for (outputs, is_marked) in [(["good", "mute"], false), (["mute", "mute"], true)] {
        let spool = filled(&outputs);
        let outcome = flush(&spool, "/topic/nagios", &brokers);
        assert_eq!(
            (outcome.code, marked(&spool)),
            (Some(i32::from(is_marked)), is_marked),
            "{outputs:?}: {}",
            outcome.stdout
        );
    }
}
