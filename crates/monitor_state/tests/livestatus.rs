//! Livestatus' answers, as Icinga 2's feature gives them, and what is none.

use monitor_state::livestatus::{self, AnswerError};
use monitor_state::{Collect, Downtime, Monitor, Object};

/// Writes down what it receives.
#[derive(Default)]
struct Notes(Vec<String>);

impl Collect for Notes {
    fn wants(&mut self, host: &str, _: Option<&str>) -> bool {
        host != "unwanted"
    }

    fn object(&mut self, object: &Object<'_>) {
        let name = match &object.service {
            Some(service) => format!("{}!{service}", object.host),
            None => object.host.to_string(),
        };
        let Object { is_checked, is_hard, last_check, check_interval, downtime_depth, .. } = object;
        let (state, hard) = (object.state.word(), object.hard_state().word());
        let checks = (object.active_checks, object.passive_checks);
        self.0.push(format!(
            "{name} {state} {hard} checked={is_checked} hard={is_hard} at {last_check} each {check_interval} {checks:?} in \
             {downtime_depth}"
        ));
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        let Downtime { host, service, start, end, is_fixed, is_running } = downtime;
        let service = service.as_deref().unwrap_or("-");
        self.0.push(format!("downtime {host} {service} {start} {end} fixed={is_fixed} running={is_running}"));
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

fn answer(code: u16, body: &str) -> Vec<u8> {
    format!("{code} {:>11}\n{body}", body.len()).into_bytes()
}

fn collected(
    read: impl Fn(&[u8], &mut Notes) -> Result<(), AnswerError>,
    answer: &[u8],
) -> Result<Vec<String>, String> {
    let mut notes = Notes::default();
    read(answer, &mut notes).map(|()| notes.0).map_err(|error| error.to_string())
}

fn hosts(answer: &[u8]) -> Result<Vec<String>, String> {
    collected(|answer, notes| livestatus::hosts(answer, notes), answer)
}

#[test]
fn hosts_services_and_downtimes_are_told() {
    let rows = r#"[["a","a",0,0,1,1,1,3,100,100,200,5,1,1,0,0,0],["unwanted","unwanted",0,0,1,1,1,3,1,1,2,5,1,1,0,0,0],
        ["b","b",1,0,0,1.0,1,3,100,90,200.7,0.5,0,1,2,1,1],["never","never",0,0,1,false,1,3,null,0,-1,5,true,1,0,0,false]]"#;
    let expected = [
        "a UP UP checked=true hard=true at 200 each 5 (true, true) in 0",
        "b DOWN UP checked=true hard=false at 200 each 0.5 (false, true) in 2",
        "never UP UP checked=false hard=true at 0 each 5 (true, true) in 0",
    ];
    assert_eq!(hosts(&answer(200, rows)).unwrap(), expected);
    let services =
        r#"[["a","wire",2,2,1,1,3,3,100,100,200,5,1,0,0,0,0],["a","w;x",3,0,0,1,1,3,1,1,1,1,1,1,0,0,0]]"#;
    let services =
        collected(|answer, notes| livestatus::services(answer, notes), &answer(200, services)).unwrap();
    let expected = [
        "a!wire CRITICAL CRITICAL checked=true hard=true at 200 each 5 (true, false) in 0",
        "a!w;x UNKNOWN OK checked=true hard=false at 1 each 1 (true, true) in 0",
    ];
    assert_eq!(services, expected);
    let downtimes = r#"[["a","",10,30,1],["a","wire",10,30,0],["a","wire",20,21,1],["unwanted","",1,99,1],["a","x",21,30,1]]"#;
    let downtimes =
        collected(|answer, notes| livestatus::downtimes(answer, 20, notes), &answer(200, downtimes)).unwrap();
    let expected = [
        "downtime a - 10 30 fixed=true running=true",
        "downtime a wire 10 30 fixed=false running=false",
        "downtime a wire 20 21 fixed=true running=true",
        "downtime a x 21 30 fixed=true running=false",
    ];
    assert_eq!(downtimes, expected);
    assert_eq!(hosts(&answer(200, "[]\n")), Ok(Vec::new()));
}

#[test]
fn an_invalid_state_is_neither_ok_nor_up() {
    for state in ["null", "-1", "0.5", "4"] {
        let host = format!("[[\"a\",\"a\",{state},{state},1,1,1,3,100,100,200,5,1,1,0,0,0]]");
        let seen = hosts(&answer(200, &host)).unwrap();
        assert_eq!(seen, ["a UNKNOWN UNKNOWN checked=true hard=true at 200 each 5 (true, true) in 0"]);
    }
    // A value that is not known counts as false.
    let seen = hosts(&answer(200, r#"[["a","a",0,0,null,null,1,3,1,1,200,null,null,null,null,null,null]]"#))
        .unwrap();
    assert_eq!(seen, ["a UP UP checked=false hard=false at 200 each 0 (false, false) in 0"]);
}

#[test]
fn the_monitor_tells_of_itself() {
    let monitor = Monitor {
        created: 99,
        started: 7,
        active_service_checks: true,
        passive_service_checks: false,
        active_host_checks: false,
        passive_host_checks: true,
    };
    let status = |body| livestatus::status(answer(200, body).as_slice(), 99);
    assert_eq!(status("[[1,0,0,1,7,60]]").unwrap(), (monitor, 60));
    assert_eq!(
        status("[]").unwrap_err().to_string(),
        "not what Livestatus answers: no state of the monitor itself"
    );
}

#[test]
fn what_is_no_answer_is_refused() {
    let good = r#"[["a","a",0,0,1,1,1,3,100,100,200,5,1,1,0,0,0]]"#;
    let cut = answer(200, good);
    let short: &[u8] = b"200          20\n[[1,2";
    let rows: [(&[u8], &str); 12] = [
        (b"", "not what Livestatus answers"),
        (b"200", "not what Livestatus answers"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not what Livestatus answers"),
        (b"200           -1\n", "not what Livestatus answers"),
        (b"200            \n", "not what Livestatus answers"),
        (b"20          1234\n", "not what Livestatus answers"),
        (b"+20         123\n", "not what Livestatus answers"),
        (
            &answer(404, "Invalid GET request, no such table 'x'\n"),
            "it refuses the query: 404 Invalid GET request, no such table 'x'",
        ),
        (&cut[..30], "closed in the middle of its answer"),
        (short, "not what Livestatus answers: "),
        (&answer(200, "{}"), "not what Livestatus answers: "),
        (&answer(200, "[[\"a\"]]"), "not what Livestatus answers: "),
    ];
    for (answer, error) in rows {
        let seen = hosts(answer).unwrap_err();
        assert!(seen.starts_with(error), "{}: {seen}", answer.escape_ascii());
    }
    let more = answer(200, &format!("{good}x"));
    assert!(hosts(&more).is_err(), "something follows");
}
