//! What `getent` promises, row by row.

use std::cell::RefCell;

use rustix::io::Errno;

use super::*;

fn lookup(limit: Duration) -> Lookup {
    Lookup {
        family: Family::Any,
        source: None,
        limit,
        seconds: limit.as_secs_f64(),
        until: Instant::now() + Duration::from_secs(8),
    }
}

fn asked(
    names: &[&str],
    limit: Duration,
    command: impl Fn(&str) -> Command,
) -> Vec<Result<Vec<SocketAddr>, String>> {
    let lookup = lookup(limit);
    told(collected(names, &lookup, |name| Asked::start(name, &mut command(name), &lookup)))
}

/// Returns what each name came to, in the order of the names; each is told once.
fn collected(
    names: &[&str],
    lookup: &Lookup,
    start: impl Fn(&str) -> Result<Asked, ResolveError>,
) -> Vec<Resolved> {
    let mut results: Vec<(usize, Resolved)> = Vec::new();
    ask_by(names, lookup, start, |place, result| results.push((place, result)));
    results.sort_by_key(|(place, _)| *place);
    assert!(results.iter().map(|(place, _)| *place).eq(0..names.len()));
    results.into_iter().map(|(_, result)| result).collect()
}

fn told(results: Vec<Resolved>) -> Vec<Result<Vec<SocketAddr>, String>> {
    results.into_iter().map(|result| result.map_err(|error| error.to_string())).collect()
}

/// A child that says nothing. It is cheap: a busy machine starts as many as may run within their time.
fn hanging() -> Command {
    let mut command = Command::new("sleep");
    command.arg("60");
    command
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn an_answer_is_hostile_until_parsed() {
    let read =
        |answer: &[u8], family| parse("example.com", answer, family).map_err(|error| error.to_string());
    let both = b"192.0.2.1       STREAM example.com\n192.0.2.1       DGRAM\n2001:db8::1 STREAM\n::ffff:192.0.2.1 RAW\n";
    let (v4, v6) = ("192.0.2.1:0".parse().unwrap(), "[2001:db8::1]:0".parse().unwrap());
    assert_eq!(read(both, Family::Any), Ok(vec![v4, v6]));
    assert_eq!(read(both, Family::V4), Ok(vec![v4]));
    assert_eq!(read(both, Family::V6), Ok(vec![v6]));
    let nothing = Err("resolving example.com: no address found, see check_resolver".to_owned());
    assert_eq!(read(b"", Family::Any), nothing);
    let other = Err("resolving example.com: no IPv6 address found".to_owned());
    assert_eq!(read(b"192.0.2.1 STREAM\n", Family::V6), other);
    assert_eq!(read(b"fe80::1%nosuch0 STREAM x\n", Family::Any), nothing);
    assert_eq!(read(b"fe80::1%4711 STREAM x\n", Family::Any), nothing);
    assert_eq!(read(b"fe80::1%1 STREAM x\n", Family::Any), Ok(vec!["[fe80::1%1]:0".parse().unwrap()]));
    let strange = "resolving example.com: getent printed something other than an address: so sorry";
    assert_eq!(read(b"192.0.2.1 STREAM\nso sorry\n", Family::Any), Err(strange.to_owned()));
}

#[test]
fn a_silent_one_is_killed_at_its_limit_and_costs_the_others_nothing() {
    let start = Instant::now();
    let names = ["silent", "fast", "trickling", "none", "broken", "killed"];
    // The others have all the time that a busy machine needs to run them.
    let end = start + Duration::from_secs(40);
    let (brief, long) = (Duration::from_millis(400), Duration::from_secs(30));
    let of = |limit| Lookup { until: end, ..lookup(limit) };
    let limit = |name: &str| if matches!(name, "silent" | "trickling") { brief } else { long };
    let command = |name: &str| match name {
        "silent" => shell("exec sleep 60"),
        "trickling" => {
            shell("while echo 192.0.2.1; do :; done | while read line; do echo 192.0.2.1; sleep 0.01; done")
        }
        "fast" => shell("echo 192.0.2.1 STREAM fast"),
        "none" => shell("exit 2"),
        "broken" => shell("exit 1"),
        _ => shell("kill -9 $$"),
    };
    let begin = |name: &str| Asked::start(name, &mut command(name), &of(limit(name)));
    let found = told(collected(&names, &of(brief), begin));
    let silent = |name| Err(format!("resolving {name}: no answer within 0.4 s, see check_resolver"));
    let rest = [
        Err("resolving none: no address found, see check_resolver".to_owned()),
        Err("resolving broken: getent ended with 1".to_owned()),
        Err("resolving killed: getent was killed".to_owned()),
    ];
    assert_eq!(found[..3], [silent("silent"), Ok(vec!["192.0.2.1:0".parse().unwrap()]), silent("trickling")]);
    assert_eq!(found[3..], rest);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_name_that_is_not_found_late_is_not_to_blame() {
    assert!(!not_found("db-01", Family::Any, Duration::from_millis(900)).is_silence());
    let late = not_found("db-01", Family::Any, Duration::from_millis(5_020));
    assert!(late.is_silence());
    assert_eq!(
        late.to_string(),
        "resolving db-01: no address found in 5.0 s, a nameserver may be silent: see check_resolver"
    );
}

#[test]
fn more_names_than_children_are_asked_in_turn() {
    let names: Vec<String> = (0..AT_ONCE * 2 + 5).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lookup =
        Lookup { until: Instant::now() + Duration::from_secs(60), ..lookup(Duration::from_secs(30)) };
    let print = |name: &str| shell(&format!("echo 192.0.2.{} STREAM", &name[1..]));
    let found = told(collected(&names, &lookup, |name| Asked::start(name, &mut print(name), &lookup)));
    let expected: Vec<_> =
        (0..names.len()).map(|number| Ok(vec![format!("192.0.2.{number}:0").parse().unwrap()])).collect();
    assert_eq!(found, expected);
}

#[test]
fn names_that_hang_take_no_turns() {
    let names: Vec<String> = (0..MOST + 9).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let start = Instant::now();
    let found = asked(&names, Duration::from_secs(3), |_| hanging());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let silent = |name: &str| format!("resolving {name}: no answer within 3 s, see check_resolver");
    let late = |name: &str| {
        format!(
            "resolving {name}: no time left within 3 s, because other names got no answer, see check_resolver"
        )
    };
    let expected = names.iter().enumerate().map(|(place, name)| match place < MOST {
        true => Err(silent(name)),
        false => Err(late(name)),
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
    // A name that answers late is asked, although as many others hang as leave it room.
    let found = asked(&names[..MOST], Duration::from_secs(3), |name| match name == names[MOST - 1] {
        true => shell("echo 192.0.2.1 STREAM"),
        false => hanging(),
    });
    assert_eq!(found[MOST - 1], Ok(vec!["192.0.2.1:0".parse().unwrap()]));
}

/// A limit of processes is met by the fourth child, as by EAGAIN of fork(2).
#[test]
fn names_that_hang_take_no_turns_under_a_limit_of_processes() {
    let names: Vec<String> = (0..12).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lookup = lookup(Duration::from_millis(1_500));
    let started: RefCell<Vec<Instant>> = RefCell::default();
    let start = |name: &str| {
        // A child lives for all its time.
        if started.borrow().iter().filter(|at| at.elapsed() < lookup.limit).count() >= 3 {
            return Err(ResolveError::Getent { name: name.to_owned(), why: Errno::AGAIN.into() });
        }
        started.borrow_mut().push(Instant::now());
        Asked::start(name, &mut hanging(), &lookup)
    };
    let found = told(collected(&names, &lookup, start));
    let silent = |name: &str| format!("resolving {name}: no answer within 1.5 s, see check_resolver");
    let late = |name: &str| {
        format!(
            "resolving {name}: no time left within 1.5 s, because other names got no answer, see check_resolver"
        )
    };
    let expected = names.iter().enumerate().map(|(place, name)| match place < 3 {
        true => Err(silent(name)),
        false => Err(late(name)),
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn an_endless_answer_ends() {
    let found = asked(&["endless"], Duration::from_secs(8), |_| Command::new("yes"));
    assert_eq!(found, [Err("resolving endless: getent printed more than 262144 octets".to_owned())]);
}

#[test]
fn without_the_program_the_error_names_it() {
    let found = asked(&["example.com"], Duration::from_secs(8), |_| Command::new("/nonexistent/getent"));
    assert_eq!(found, [Err("resolving example.com: running getent: no such file or directory".to_owned())]);
}
