//! A snapshot of all states, and messages in the order of their events.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A status.dat of one host and so many services.
pub(crate) fn status(folder: &Path, services: usize) -> PathBuf {
    let mut text = format!(
        "info {{\n\tcreated={}\n\t}}\nprogramstatus {{\n\tprogram_start=1699990000\n\tactive_service_checks_enabled=1\n\t}}\n",
        since_1970(SystemTime::now())
    );
    text += "hoststatus {\n\thost_name=web1\n\tcurrent_state=1\n\tstate_type=1\n\thas_been_checked=1\n\tplugin_output=PING CRITICAL\n\t}\n";
    for number in 1..=services {
        text += &format!(
            "servicestatus {{\n\thost_name=web1\n\tservice_description=S{number}\n\tcurrent_state=2\n\tlast_hard_state=0\n\t\
             state_type=0\n\thas_been_checked=1\n\tcurrent_attempt=2\n\tmax_attempts=3\n\tcurrent_event_id={number}7\n\t\
             last_event_id=3\n\tcurrent_problem_id=5\n\tplugin_output=no \"answer\"\n\tlong_plugin_output=a\\nb\n\t\
             performance_data=t=1s\n\tproblem_has_been_acknowledged=1\n\tis_flapping=0\n\tscheduled_downtime_depth=2\n\t}}\n"
        );
    }
    let path = folder.join("status.dat");
    fs::write(&path, text).unwrap();
    path
}

pub(crate) fn snapshot(spool: &Spool, broker: &Broker, services: usize, options: &[&str]) -> Outcome {
    let file = format!("--status-file={}", status(spool.0.path(), services).display());
    ended(spool.command(broker.address()).args(["--snapshot", &file]).args(options))
}

#[test]
fn a_snapshot_is_every_host_and_service_marked() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let outcome = snapshot(&spool, &broker, 2500, &["--timeout=30"]);
    let line = format!("STOMP OK - snapshot of 2501 objects confirmed by {}", broker.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    assert!(outcome.stdout.contains(" | objects=2501;;;0 confirmed=2501;;;0"), "{}", outcome.stdout);
    let sent = broker.sent();
    assert_eq!(sequences(&sent), (1..=2501).collect::<Vec<u64>>());
    assert!(!spool.path().join("new").exists(), "it needs no spool");
    assert!(sent.iter().all(|event| event.header("receipt") == Some(&event.value("sequence"))));
    assert!(
        sent[0].value("snapshot").len() == 38 && sent[0].value("snapshot") == sent[2500].value("snapshot")
    );
    let rows = [
        ("kind", "\"service\""),
        ("service", "\"S1\""),
        ("state", "\"CRITICAL\""),
        ("state_type", "\"SOFT\""),
        ("last_hard_state", "\"OK\""),
        ("event_id", "17"),
        ("monitor_start", "1699990000"),
        ("last_event_id", "3"),
        ("problem_id", "5"),
        ("downtime_depth", "2"),
        ("acknowledged", "true"),
        ("flapping", "false"),
        ("attempt", "2"),
        ("long_output", "\"a\\nb\""),
        ("invalid", "[]"),
    ];
    for (key, value) in rows {
        assert_eq!(sent[1].value(key), value, "{key}");
    }
    assert_eq!((sent[0].value("state").as_str(), sent[0].value("event_id").as_str()), ("\"DOWN\"", "null"));
}

#[test]
fn a_snapshot_that_is_not_confirmed_is_a_warning() {
    for (manner, confirmed) in [(Manner::Breaks(0), 0), (Manner::Silent, 0), (Manner::Forgets, 0)] {
        let (broker, spool) = (Broker::start(manner.clone()).unwrap(), Spool::new());
        let outcome = snapshot(&spool, &broker, 1500, &["--timeout=2"]);
        let line = format!("STOMP WARNING - snapshot unfinished, {confirmed} objects confirmed: ");
        assert!(
            outcome.code == Some(1) && outcome.stdout.starts_with(&line),
            "{manner:?}: {}",
            outcome.stdout
        );
    }
    // A broker that hangs up now and then gets all of it.
    let (broker, spool) = (Broker::start(Manner::Breaks(10)).unwrap(), Spool::new());
    let outcome = snapshot(&spool, &broker, 200, &["--timeout=30"]);
    let line = format!("STOMP OK - snapshot of 201 objects confirmed by {}", broker.address());
    assert_eq!(text(&outcome), (0, line.as_str()));
    // What the broker has confirmed is no silence, and not the fault of the file.
    for (option, state) in [("5", "WARNING"), ("5:critical", "CRITICAL")] {
        let (broker, spool) = (Broker::start(Manner::Stalls(1200)).unwrap(), Spool::new());
        let outcome = snapshot(&spool, &broker, 1500, &[&format!("--timeout={option}")]);
        let line = format!(
            "STOMP {state} - snapshot unfinished: the time was up after 1200 of 1501 objects confirmed by {}",
            broker.address()
        );
        assert_eq!(text(&outcome).1, line);
    }
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let outcome = ended(spool.command(broker.address()).args(["--snapshot", "--status-file=/nonexistent"]));
    let (code, line) = text(&outcome);
    let waited = line
        .strip_prefix(
            "STOMP UNKNOWN - reading /nonexistent: no such file or directory, and none came within ",
        )
        .and_then(|rest| rest.strip_suffix(" s: does the monitor run"))
        .and_then(|seconds| seconds.parse::<f64>().ok());
    // A quarter of the time, less what it took to begin.
    assert!(code == 3 && waited.is_some_and(|seconds| (1.0..2.5).contains(&seconds)), "{line}");
    assert!(outcome.stdout.contains(" | objects=U;;;0 confirmed=U;;;0"), "{}", outcome.stdout);
    // The broker is at fault first, and how many objects there are is not known.
    let outcome = ended(spool.command("127.0.0.1:1").args(["--snapshot", "--status-file=/nonexistent"]));
    assert!(outcome.stdout.contains(" | objects=U;;;0 confirmed=0;;;0"), "{}", outcome.stdout);
}

#[test]
fn one_object_is_in_the_singular() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let line = format!("STOMP OK - snapshot of 1 object confirmed by {}", broker.address());
    assert_eq!(text(&snapshot(&spool, &broker, 0, &[])), (0, line.as_str()));
    // The words of a broker may begin after a line end.
    let (broker, spool) =
        (Broker::start(Manner::SaysOfAll("\n \r\nUnknown destination")).unwrap(), Spool::new());
    let line = format!(
        "STOMP CRITICAL - snapshot unfinished, 0 objects confirmed: {} refuses: no, Unknown destination",
        broker.address()
    );
    assert_eq!(text(&snapshot(&spool, &broker, 0, &[])), (2, line.as_str()));
}

/// A file without objects publishes nothing, which is no success.
#[test]
fn a_file_without_objects_is_no_snapshot() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let path = spool.0.path().join("status.dat");
    fs::write(&path, "info {\n\tcreated=1\n\t}\nprogramstatus {\n\tactive_service_checks_enabled=1\n\t}\n")
        .unwrap();
    let file = format!("--status-file={}", path.display());
    let outcome = ended(spool.command(broker.address()).args(["--snapshot", &file]));
    let line = format!("STOMP UNKNOWN - {}: no host and no service in it", path.display());
    assert_eq!((text(&outcome), broker.sent().len()), ((3, line.as_str()), 0));
}

/// What a broker refuses stays so until an administrator mends it.
#[test]
fn a_snapshot_that_is_refused_is_critical() {
    let login = Manner::Says(b"ERROR\nmessage:Bad CONNECT\n\nAccess refused\0".to_vec());
    for (manner, words) in [
        (login, " refuses the login: Bad CONNECT, Access refused"),
        (Manner::SaysOfAll("Unknown destination"), " refuses: no, Unknown destination"),
    ] {
        let (broker, spool) = (Broker::start(manner).unwrap(), Spool::new());
        let line =
            format!("STOMP CRITICAL - snapshot unfinished, 0 objects confirmed: {}{words}", broker.address());
        assert_eq!(text(&snapshot(&spool, &broker, 5, &[])), (2, line.as_str()));
    }
}

/// A destination that is refused keeps none of the others.
#[test]
fn a_refused_destination_of_a_snapshot_is_counted_and_the_others_go() {
    let (broker, spool) = (Broker::start(Manner::RefusesTo("/exchange/S7/x")).unwrap(), Spool::new());
    let file = format!("--status-file={}", status(spool.0.path(), 2500).display());
    let mut command = spool.command_to(broker.address(), "/exchange/{service}/x");
    let outcome = ended(command.args(["--snapshot", "--timeout=30", &file]));
    let line = format!(
        "STOMP CRITICAL - 1 object not sent: {} refuses: no, no exchange of this name, destination /exchange/S7/x",
        broker.address()
    );
    assert_eq!(text(&outcome), (2, line.as_str()));
    assert!(outcome.stdout.contains(" objects=2501;;;0 confirmed=2500;;;0"), "{}", outcome.stdout);
    let others = |broker: &Broker| {
        let mut sent = sequences(&broker.sent());
        sent.sort_unstable();
        sent.dedup();
        sent.len()
    };
    assert_eq!(others(&broker), 2501);
}

#[test]
fn a_status_file_that_is_old_or_from_the_future_is_told() {
    let now = since_1970(SystemTime::now());
    let old = "is 121 min old: does the monitor run";
    let ahead = "is dated 2 d in the future: set the clock";
    // The time in the file and the file's own, the time of its objects, and what is told of it.
    for (created, modified, time, told) in [
        (now - 7300, now, now - 7300, old),
        (now, now - 7300, now - 7300, old),
        (now + 180_000, now - 10, now - 10, ahead),
        (now, now + 180_000, now, ahead),
    ] {
        let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
        let path = status(spool.0.path(), 1);
        let content = fs::read_to_string(&path).unwrap();
        let (_, rest) = content.split_once("\n\t}").unwrap();
        fs::write(&path, format!("info {{\n\tcreated={created}\n\t}}{rest}")).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(modified)).unwrap();
        let option = format!("--status-file={}", path.display());
        let outcome = ended(spool.command(broker.address()).args(["--snapshot", &option]));
        let line = format!("STOMP WARNING - {} {told}", path.display());
        assert_eq!((text(&outcome), broker.sent().len()), ((1, line.as_str()), 2));
        let sent: u64 = broker.sent()[1].value("time_t").parse().unwrap();
        assert!(sent.abs_diff(time) <= if time == now { 60 } else { 0 }, "{created} {modified}: {sent}");
    }
}

/// Runs a snapshot of a file, and does this after a second.
fn meanwhile(spool: &Spool, broker: &Broker, path: &Path, act: impl FnOnce() + Send) -> Outcome {
    let option = format!("--status-file={}", path.display());
    let mut command = spool.command(broker.address());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(1));
            act();
        });
        ended(command.args(["--snapshot", &option, "--timeout=20"]))
    })
}

/// Replaces a file by another one.
fn replace(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

/// A Nagios that starts has not written its status.dat yet, and after a crash the old one is still there.
#[test]
fn a_snapshot_waits_for_the_file_of_the_monitor_that_runs() {
    let gone = std::process::Command::new("true").spawn().unwrap();
    let pid = gone.id();
    drop(gone.wait_with_output());
    let by = |content: &str, pid: u32| {
        content.replace("programstatus {\n", &format!("programstatus {{\n\tnagios_pid={pid}\n"))
    };
    let (old, crashed) = (Some((400, std::process::id())), Some((5, pid)));
    for before in [None, old, crashed] {
        let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
        let path = status(spool.0.path(), 1);
        let content = fs::read_to_string(&path).unwrap();
        match before {
            None => fs::remove_file(&path).unwrap(),
            Some((age, pid)) => {
                fs::write(&path, by(&content, pid).replace("current_state=2", "current_state=0")).unwrap();
                let file = fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
            }
        }
        let outcome = meanwhile(&spool, &broker, &path, || replace(&path, &by(&content, std::process::id())));
        let line = format!("STOMP OK - snapshot of 2 objects confirmed by {}", broker.address());
        assert_eq!(text(&outcome), (0, line.as_str()), "{before:?}");
        assert_eq!(broker.sent()[1].value("state"), "\"CRITICAL\"", "{before:?}");
    }
    // Nobody writes a new one: it is published with its own time, and that is told.
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let path = status(spool.0.path(), 1);
    replace(&path, &by(&fs::read_to_string(&path).unwrap(), pid));
    let option = format!("--status-file={}", path.display());
    let outcome = ended(spool.command(broker.address()).args(["--snapshot", &option, "--timeout=2"]));
    let why = format!("is of process {pid}, which does not run here: does the monitor run");
    let line = format!("STOMP WARNING - {} {why}", path.display());
    assert_eq!((text(&outcome), broker.sent().len()), ((1, line.as_str()), 2));
}

/// What no monitor writes is no state and no number of a reader.
#[test]
fn values_that_cannot_be_are_null_and_noted() {
    let block = |kind: &str, lines: &str| {
        format!("{kind} {{\n\thost_name=web1\n{lines}\thas_been_checked=1\n\tplugin_output=x\n\t}}\n")
    };
    let noted = |field: &str, value: &str| format!(r#"[{{"field":"{field}","value":"{value}"}}]"#);
    let service = |lines: &str| block("servicestatus", &format!("\tservice_description=S\n{lines}"));
    let of_problem = |id: &str| {
        block("hoststatus", &format!("\tcurrent_state=1\n\tcurrent_event_id=7\n\tcurrent_problem_id={id}\n"))
    };
    let rows = [
        (service("\tcurrent_state=9\n\tstate_type=1\n"), "state", "null", noted("state", "9")),
        (service("\tcurrent_state=9\n\tstate_type=1\n"), "last_hard_state", "null", noted("state", "9")),
        (service("\tcurrent_state=3\n"), "state", "\"UNKNOWN\"", "[]".to_owned()),
        (block("hoststatus", "\tcurrent_state=3\n"), "state", "null", noted("state", "3")),
        (block("hoststatus", "\tcurrent_state=1\n"), "attempt", "null", "[]".to_owned()),
        (
            block("hoststatus", "\tcurrent_state=1\n\tcurrent_attempt=-1\n"),
            "attempt",
            "null",
            noted("attempt", "-1"),
        ),
        (
            block("hoststatus", "\tcurrent_state=1\n\tstate_type=7\n"),
            "state_type",
            "null",
            noted("state_type", "7"),
        ),
        (
            block("hoststatus", "\tcurrent_state=1\n\tis_flapping=x\n"),
            "flapping",
            "null",
            noted("flapping", "x"),
        ),
        // Naemon gives a problem a UUID, and writes nothing where there is none.
        (of_problem("5"), "problem_id", "5", "[]".to_owned()),
        (of_problem(""), "problem_id", "null", "[]".to_owned()),
        (of_problem("0b5a3c5e-2f7a-4a52-9d0e-6a1f6c2b7e11"), "problem_id", "null", "[]".to_owned()),
    ];
    for (block, field, value, invalid) in rows {
        let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
        let path = status(spool.0.path(), 0);
        let content = fs::read_to_string(&path).unwrap();
        let (head, _) = content.split_once("hoststatus").unwrap();
        fs::write(&path, format!("{head}{block}")).unwrap();
        let option = format!("--status-file={}", path.display());
        assert_eq!(ended(spool.command(broker.address()).args(["--snapshot", &option])).code, Some(0));
        let sent = broker.sent();
        assert_eq!((sent[0].value(field), sent[0].value("invalid")), (value.to_owned(), invalid), "{block}");
    }
}

/// Three events that came swapped, from a broker that has no others.
#[test]
fn messages_can_be_shown_in_the_order_of_their_events() {
    let event = |id: u64, last: u64| {
        format!(
            r#"{{"monitor":"m","hostname":"h","service":"s","state_type":"HARD","attempt":1,"event_id":{id},"last_event_id":{last}}}"#
        )
    };
    let message =
        |event: String| format!("MESSAGE\nack:{0}\nmessage-id:{0}\nsubscription:0\n\n{event}\0", event.len());
    let messages = [(3, 2), (1, 0), (2, 1)].map(|(id, last)| message(event(id, last))).concat();
    let answer = format!("CONNECTED\nversion:1.2\n\n\0RECEIPT\nreceipt-id:subscribed\n\n\0{messages}");
    let (broker, spool) = (Broker::start(Manner::Says(answer.into_bytes())).unwrap(), Spool::new());
    for (options, expected) in [(&["--in-order"][..], [1, 2, 3]), (&[], [3, 1, 2])] {
        let mut command = spool.command(broker.address());
        let outcome = ended(command.args(["--cat=/queue/x", "--count=3"]).args(options));
        let ids: Vec<u64> = outcome
            .stdout
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["event_id"].as_u64().unwrap()
            })
            .collect();
        assert_eq!(ids, expected, "{}", outcome.stdout);
    }
}

/// What was printed before a signal has been consumed, as if it had been printed at once.
#[test]
fn a_signal_consumes_what_it_makes_in_order_print() {
    let event = |id: u64| {
        format!(
            r#"{{"monitor":"m","hostname":"h","service":"s","state_type":"HARD","event_id":{id},"last_event_id":1}}"#
        )
    };
    let message = |id: u64| format!("MESSAGE\nack:{id}\nmessage-id:{id}\nsubscription:0\n\n{}\0", event(id));
    // All of it is there with the answer to the log-in, and so before the subscription is sent.
    let answer = format!(
        "CONNECTED\nversion:1.2\n\n\0RECEIPT\nreceipt-id:subscribed\n\n\0{}{}",
        message(9),
        message(8)
    );
    let (broker, spool) = (Broker::start(Manner::Says(answer.into_bytes())).unwrap(), Spool::new());
    let mut command = spool.command(broker.address());
    command.args(["--cat=/queue/x", "--count=3", "--in-order"]).stdout(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    assert!(suite::wait::holds_within(Duration::from_secs(10), || broker.frames().len() == 2));
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let ids: Vec<&str> =
        lines.lines().filter_map(|line| line.split("event_id\":").nth(1)?.get(..1)).collect();
    assert_eq!(ids, ["8", "9"], "{lines}");
    let acknowledged: Vec<String> = broker
        .frames()
        .iter()
        .filter(|frame| frame.command == "ACK")
        .map(|frame| frame.header("id").unwrap().to_owned())
        .collect();
    assert_eq!(acknowledged, ["8", "9"]);
}
