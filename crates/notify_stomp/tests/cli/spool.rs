//! The spool: its bounds, and what becomes of files and folders that cannot be used.

use super::*;

#[test]
fn the_spool_is_bounded_and_says_what_it_dropped() {
    let spool = Spool::new();
    let output = format!("--output={}", "x".repeat(60_000));
    let event = || ended(spool.command("127.0.0.1:1").args(EVENT).args(["--spool-size=1", &output]));
    let outcomes: Vec<Outcome> = (0..20).map(|_| event()).collect();
    assert_eq!(outcomes[0].code, Some(1));
    let waiting = spool.waiting();
    assert!(
        (16..18).contains(&waiting.len()) && waiting.last().unwrap().starts_with("00000000000000000020-"),
        "{waiting:?}"
    );
    let line = format!(
        "STOMP CRITICAL - 1 event dropped, too many or too old, {} events wait: 127.0.0.1:1: connection refused | ",
        waiting.len()
    );
    assert!(
        outcomes[19].stdout.starts_with(&line) && outcomes[19].stdout.contains(" dropped=3;;;0 "),
        "{}",
        outcomes[19].stdout
    );
    let old = fs::File::open(spool.path().join("new").join(&waiting[0])).unwrap();
    old.set_modified(std::time::SystemTime::now() - Duration::from_secs(8 * 86_400)).unwrap();
    let outcome = ended(spool.command("127.0.0.1:1").arg("--flush"));
    assert!(outcome.stdout.starts_with("STOMP CRITICAL - 1 event dropped"), "{}", outcome.stdout);
    // An alarm until somebody has seen it: dropped before and now.
    let counts = |outcome: &Outcome| {
        outcome.stdout.contains("3 events dropped earlier: --acknowledge ends this")
            && outcome.stdout.contains(" dropped=4;;;0 ")
    };
    assert!(counts(&outcome), "{}", outcome.stdout);
    assert_eq!(spool.waiting(), waiting[1..]);
}

#[test]
fn a_spool_that_cannot_be_used_is_reported_and_the_event_sent_all_the_same() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    fs::remove_dir(spool.path()).unwrap();
    fs::write(spool.path(), "").unwrap();
    let path = spool.path();
    let why = format!("{}: not a folder", path.display());
    let outcome = spool.event(&broker, &[]);
    let line = format!("STOMP WARNING - confirmed by {}, but not spooled: {why}", broker.address());
    assert_eq!(text(&outcome), (1, line.as_str()));
    let outcome = ended(spool.command("127.0.0.1:1").args(EVENT));
    assert_eq!(
        text(&outcome),
        (2, format!("STOMP CRITICAL - event lost: {why}, and 127.0.0.1:1: connection refused").as_str())
    );
    assert_eq!(text(&spool.flush(&broker)), (3, format!("STOMP UNKNOWN - {why}").as_str()));
    fs::remove_file(&path).unwrap();
    make_spool(spool.0.path());
    assert_eq!(spool.event(&broker, &[]).code, Some(0));
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let why = format!("chmod 0700 {}: others have access to it", path.display());
    assert_eq!(text(&spool.flush(&broker)), (3, format!("STOMP UNKNOWN - {why}").as_str()));
}

#[test]
fn what_is_no_event_is_set_aside_and_holds_nobody_up() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    ended(spool.command("127.0.0.1:1").args(EVENT));
    ended(spool.command("127.0.0.1:1").args(EVENT));
    let name = spool.waiting().remove(0);
    fs::write(spool.path().join("new").join(&name), "{\"half\":").unwrap();
    let outcome = spool.flush(&broker);
    let broken = spool.path().join("broken");
    let line =
        format!("STOMP WARNING - 1 file in {} is no event: look at it and remove it", broken.display());
    assert_eq!(text(&outcome), (1, line.as_str()));
    assert_eq!(sequences(&broker.sent()), [2]);
    assert_eq!(names(&broken), [name]);
}

/// A folder, a link or a file of root among the events keeps none of the others.
#[test]
fn what_cannot_be_read_holds_nobody_up() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let waits = || drop(ended(spool.command("127.0.0.1:1").args(EVENT)));
    (0..3).for_each(|_| waits());
    let new = spool.path().join("new");
    for (name, make) in spool
        .waiting()
        .iter()
        .zip([(|path: &Path| fs::create_dir(path).unwrap()) as fn(&Path), |path: &Path| {
            std::os::unix::fs::symlink("/etc/passwd", path).unwrap()
        }])
    {
        fs::remove_file(new.join(name)).unwrap();
        make(&new.join(name));
    }
    let outcome = spool.event(&broker, &[]);
    assert_eq!((outcome.code, sequences(&broker.sent())), (Some(1), vec![3, 4]), "{}", outcome.stdout);
    assert_eq!((spool.waiting().len(), names(&spool.path().join("broken")).len()), (0, 2));
    // One that cannot be moved either is named.
    waits();
    let path = new.join(spool.waiting().remove(0));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let broken = spool.path().join("broken");
    fs::remove_dir_all(&broken).unwrap();
    fs::write(&broken, "").unwrap();
    assert_eq!(text(&spool.event(&broker, &[])).0, 0);
    let line = format!("STOMP WARNING - {} cannot be read or set aside: remove it", path.display());
    assert_eq!(text(&spool.flush(&broker)), (1, line.as_str()));
}

/// An event that only this user may not read is not a broken file. It waits, the others are sent, and the
/// line names the remedy.
#[test]
fn an_event_of_another_user_is_left_in_the_spool() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    fs::set_permissions(spool.0.path(), Permissions::from_mode(0o755)).unwrap();
    let uid = 65_534;
    std::os::unix::fs::chown(spool.path(), Some(uid), Some(uid)).unwrap();
    let user = format!("--user={uid}");
    for _ in 0..2 {
        ended(spool.command("127.0.0.1:1").args(EVENT).arg(&user));
    }
    let path = spool.path().join("new").join(spool.waiting().remove(0));
    let flush = || ended(spool.command(broker.address()).args(["--flush", &user]));
    for (owner, mode, remedy) in [(0, 0o600, "chown 65534"), (uid, 0, "chmod 0600")] {
        std::os::unix::fs::chown(&path, Some(owner), None).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let line =
            format!("STOMP WARNING - {0} cannot be read: permission denied: {remedy} {0}", path.display());
        let outcome = flush();
        assert_eq!(text(&outcome), (1, line.as_str()));
        assert!(outcome.stdout.contains(" waiting=1;;;0 "), "{}", outcome.stdout);
        assert_eq!((sequences(&broker.sent()), names(&spool.path().join("broken")).len()), (vec![2], 0));
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!((flush().code, sequences(&broker.sent())), (Some(0), vec![2, 1]));
}

#[test]
fn the_environment_of_nagios_is_an_event() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let environment = [
        ("HOSTNAME", "web1"),
        ("HOSTADDRESS", "192.0.2.1"),
        ("SERVICEDESC", ""),
        ("HOSTSTATE", "DOWN"),
        ("HOSTSTATETYPE", "SOFT"),
        ("LASTHOSTSTATECHANGE", "12"),
        ("HOSTATTEMPT", "1"),
        ("MAXHOSTATTEMPTS", "10"),
        ("TIMET", "13"),
        ("HOSTOUTPUT", "dead"),
        ("LONGHOSTOUTPUT", "a\\nb\\\\n"),
        ("HOSTPERFDATA", "rta=1ms"),
        ("SERVICEOUTPUT", "not this"),
    ];
    let environment = environment.map(|(name, value)| (format!("NAGIOS_{name}"), value));
    let outcome = ended(spool.command(broker.address()).arg("--from-env").envs(environment));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let sent = broker.sent().remove(0);
    let rows = [
        ("kind", "\"host\""),
        ("hostname", "\"web1\""),
        ("address", "\"192.0.2.1\""),
        ("service", "null"),
        ("state", "\"DOWN\""),
        ("state_type", "\"SOFT\""),
        ("state_time", "12"),
        ("attempt", "1"),
        ("max_attempts", "10"),
        ("time_t", "13"),
        ("output", "\"dead\""),
        ("long_output", "\"a\\nb\\\\n\""),
        ("perfdata", "\"rta=1ms\""),
    ];
    for (key, value) in rows {
        assert_eq!(sent.value(key), value, "{key}");
    }
}

/// What root makes by hand, the event handlers of Nagios could not use.
#[test]
fn root_makes_and_uses_no_spool_of_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let path = spool.path();
    fs::set_permissions(spool.0.path(), Permissions::from_mode(0o777)).unwrap();
    fs::remove_dir(&path).unwrap();
    let none = format!(
        "{} does not exist, and root makes none: add --user=nagios, or who runs the event handlers",
        path.display()
    );
    assert_eq!(text(&spool.flush(&broker)), (3, format!("STOMP UNKNOWN - {none}").as_str()));
    let outcome = spool.event(&broker, &[]);
    let line = format!("STOMP WARNING - confirmed by {}, but not spooled: {none}", broker.address());
    assert_eq!(text(&outcome), (1, line.as_str()));
    assert!(!path.exists());
    // As the user who runs the handlers, it makes and uses the spool of that user.
    let flush = |user: &str| {
        let outcome = ended(spool.command(broker.address()).args(["--flush", &format!("--user={user}")]));
        let (code, text) = text(&outcome);
        (code, text.to_owned())
    };
    assert_eq!(flush("nobody"), (0, "STOMP OK - nothing waits".to_owned()));
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path).unwrap());
    assert_ne!(owner, 0);
    let other =
        format!("{} belongs to uid {owner}, and this runs as root: add --user={owner}", path.display());
    assert_eq!(text(&spool.flush(&broker)), (3, format!("STOMP UNKNOWN - {other}").as_str()));
    assert_eq!(flush(&owner.to_string()).0, 0);
    assert_eq!(
        flush("nosuch"),
        (3, "STOMP UNKNOWN - --user=nosuch: /etc/passwd has no such user".to_owned())
    );
    // A run without the spool is that user too: it reads nothing that only root may.
    let secret = spool.0.path().join("secret");
    fs::write(&secret, "x").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let options = [
        ["--snapshot".to_owned(), format!("--status-file={}", secret.display())],
        ["--cat=/queue/x".to_owned(), format!("--tls-ca={}", secret.display())],
    ];
    for (options, tls) in options.into_iter().zip([None, Some("--tls")]) {
        let outcome = ended(spool.command(broker.address()).args(options).args(tls).arg("--user=nobody"));
        let expected = format!("{}: permission denied", secret.display());
        assert!(outcome.code == Some(3) && outcome.first_line().contains(&expected), "{}", outcome.stdout);
    }
    let outcome = ended(spool.command("127.0.0.1:1").args(EVENT).arg("--user=nobody"));
    assert_eq!((outcome.code, spool.waiting().len()), (Some(1), 1), "{}", outcome.stdout);
}

/// A flush tells that no event can be numbered any more, and sends what waits.
#[test]
fn a_flush_finds_that_all_numbers_are_used() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    ended(spool.command("127.0.0.1:1").args(EVENT));
    let last = spool.path().join("last");
    fs::rename(last.join(format!("{:020}", 0)), last.join(format!("{:020}", (1_u64 << 53) - 1))).unwrap();
    let line = format!(
        "STOMP UNKNOWN - events cannot be spooled: spool {}: all 9007199254740991 numbers are used, move it away",
        spool.path().display()
    );
    assert_eq!(text(&spool.flush(&broker)), (3, line.as_str()));
    assert_eq!((sequences(&broker.sent()), spool.waiting().len()), (vec![1], 0));
    // An event still arrives, without a number.
    let outcome = spool.event(&broker, &[]);
    assert!(outcome.code == Some(1) && outcome.stdout.contains("numbers are used"), "{}", outcome.stdout);
    assert_eq!(broker.sent().last().unwrap().value("sequence"), "null");
}
