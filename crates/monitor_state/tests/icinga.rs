//! Icinga 2's answers, as they are and as they come when something goes wrong.

use monitor_state::{Collect, Downtime, Object, icinga};

#[derive(Default)]
struct Lines(Vec<String>);

impl Collect for Lines {
    fn wants(&mut self, host: &str, _: Option<&str>) -> bool {
        host != "other"
    }

    fn object(&mut self, object: &Object<'_>) {
        let service = object.service.as_deref().unwrap_or("-");
        let kind = if object.is_hard { "HARD" } else { "SOFT" };
        let marks = (
            object.is_checked,
            object.downtime_depth,
            object.is_acknowledged,
            object.check_interval,
            object.last_check,
        );
        self.0.push(format!(
            "{} {service} {} {kind} hard {} {marks:?}",
            object.host,
            object.state.word(),
            object.hard_state().word()
        ));
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        let Downtime { host, service, start, end, is_fixed, is_running } = downtime;
        self.0.push(format!(
            "{host} {} {start} {end} {is_fixed} {is_running}",
            service.as_deref().unwrap_or("-")
        ));
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

fn checked(name: &str, host: Option<&str>, more: &str) -> String {
    let host = host.map_or(String::new(), |host| format!("\"host_name\":\"{host}\","));
    format!(
        "{{\"attrs\":{{\"name\":\"{name}\",{host}\"check_interval\":60,\"enable_active_checks\":true,\"enable_passive_checks\":true,\
         \"max_check_attempts\":3,\"unknown\":[{{}}],{more}}},\"joins\":{{}},\"meta\":{{}},\"type\":\"x\"}}"
    )
}

fn objects(results: &[String]) -> Result<Vec<String>, String> {
    let mut lines = Lines::default();
    let answer = format!("{{\"more\":{{\"results\":1}},\"results\":[{}]}}\n", results.join(","));
    icinga::objects(answer.as_bytes(), &mut lines).map(|()| lines.0).map_err(|error| error.to_string())
}

#[test]
fn an_invalid_state_is_neither_ok_nor_up() {
    let with = |state: &str| {
        format!(
            "\"state\":{state},\"last_hard_state\":{state},\"state_type\":1,\"last_check\":1000,\"downtime_depth\":0,\
             \"acknowledgement\":0,\"flapping\":false,\"last_reachable\":true"
        )
    };
    for state in ["-1", "-0.5", "0.5", "4", "99", "1e300"] {
        for (name, host) in [("a", None), ("b", Some("a"))] {
            let seen = objects(&[checked(name, host, &with(state))]).unwrap();
            assert!(seen[0].contains(" UNKNOWN HARD hard UNKNOWN "), "{state}: {seen:?}");
        }
    }
    // A service without its host would count as a host.
    let service = checked("b", Some("a"), &with("2")).replace("\"host_name\":\"a\"", "\"host_name\":null");
    let error = objects(&[service]).unwrap_err();
    assert!(error.starts_with("not what Icinga answers: invalid type: null, expected a string"), "{error}");
}

#[test]
fn hosts_and_services_are_read() {
    let state = |state, hard, kind, reachable| {
        format!(
            "\"state\":{state},\"last_hard_state\":{hard}.0,\"state_type\":{kind},\"last_check\":1000.75,\"downtime_depth\":0,\
             \"acknowledgement\":0,\"flapping\":false,\"last_reachable\":{reachable}"
        )
    };
    let pending = "\"state\":0,\"last_hard_state\":0,\"state_type\":0,\"last_check\":-1,\"downtime_depth\":1,\"acknowledgement\":2,\"flapping\":true";
    let results = [
        checked("a", None, &state(0, 0, 1, true)),
        checked("a", None, &state(1, 1, 1, true)),
        checked("a", None, &state(1, 1, 1, false)),
        checked("a", None, &state(1, 0, 0, true)),
        checked("b \\\"x\\u00e9", Some("a"), &state(2, 0, 0, true)),
        checked("b", Some("a"), &state(3, 3, 1, false)),
        checked("b", Some("other"), &state(3, 3, 1, true)),
        checked("c", Some("a"), pending),
    ];
    let fine = "(true, 0, false, 60.0, 1000)";
    let expected = [
        format!("a - UP HARD hard UP {fine}"),
        format!("a - DOWN HARD hard DOWN {fine}"),
        format!("a - UNREACHABLE HARD hard UNREACHABLE {fine}"),
        format!("a - DOWN SOFT hard UP {fine}"),
        format!("a b \"xé CRITICAL SOFT hard OK {fine}"),
        format!("a b UNKNOWN HARD hard UNKNOWN {fine}"),
        "a c OK SOFT hard OK (false, 1, true, 60.0, 0)".to_owned(),
    ];
    assert_eq!(objects(&results), Ok(expected.to_vec()));
    assert_eq!(objects(&[]), Ok(vec![]));
}

#[test]
fn a_service_without_a_host_is_no_host() {
    let more = "\"state\":0,\"last_hard_state\":0,\"state_type\":1,\"last_check\":9,\"downtime_depth\":0,\"acknowledgement\":0,\"flapping\":false";
    let answer = |host| format!("{{\"results\":[{}]}}", checked("wire", host, more));
    let read = |host| {
        let mut lines = Lines::default();
        let read = icinga::services(answer(host).as_bytes(), &mut lines);
        (read.map_err(|error| error.to_string()), lines.0.len())
    };
    assert_eq!(read(Some("a")), (Ok(()), 1));
    assert_eq!(read(None), (Err("not what Icinga answers: service wire has no host_name".to_owned()), 0));
}

#[test]
fn downtimes_are_read() {
    let downtime = |service: &str, fixed: bool, trigger: u32| {
        format!(
            "{{\"attrs\":{{\"host_name\":\"a\",\"service_name\":\"{service}\",\"start_time\":100.5,\"end_time\":200,\"fixed\":{fixed},\
             \"duration\":30,\"trigger_time\":{trigger}}}}}"
        )
    };
    let rows = [
        (downtime("", true, 0), 150, "a - 100 200 true true"),
        (downtime("b", true, 0), 99, "a b 100 200 true false"),
        (downtime("b", true, 0), 200, "a b 100 200 true false"),
        (downtime("b", false, 0), 150, "a b 100 200 false false"),
        (downtime("b", false, 140), 150, "a b 140 170 false true"),
        (downtime("b", false, 110), 150, "a b 110 140 false false"),
    ];
    for (downtime, now, line) in rows {
        let mut lines = Lines::default();
        icinga::downtimes(format!("{{\"results\":[{downtime}]}}").as_bytes(), now, &mut lines).unwrap();
        assert_eq!(lines.0, [line]);
    }
}

#[test]
fn the_state_of_icinga_itself_is_read() {
    let answer = |checks: bool| {
        format!(
            "{{\"results\":[{{\"name\":\"IcingaApplication\",\"perfdata\":[],\"status\":{{\"icingaapplication\":{{\"app\":{{\
             \"enable_service_checks\":{checks},\"enable_host_checks\":{},\"program_start\":77.5}}}}}}}}]}}",
            !checks
        )
    };
    for checks in [true, false] {
        let monitor = icinga::application(answer(checks).as_bytes(), 99).unwrap();
        assert_eq!((monitor.created, monitor.started), (99, 77));
        assert_eq!((monitor.active_service_checks, monitor.active_host_checks), (checks, !checks));
        assert!(monitor.passive_service_checks && monitor.passive_host_checks, "as each object says");
    }
    assert!(icinga::application(&b"{\"results\":[]}"[..], 99).is_err());
}

#[test]
fn what_is_no_answer_is_refused() {
    let rows: [&[u8]; 8] = [
        b"<html>",
        b"[]",
        b"{}",
        b"{\"error\":404,\"status\":\"No objects found.\"}",
        b"{\"results\":{}}",
        b"{\"results\":[{\"attrs\":{\"name\":\"a\"}}]}",
        b"{\"results\":[]} x",
        b"{\"results\":[\xff]}",
    ];
    for answer in rows {
        let error = icinga::objects(answer, &mut Lines::default()).unwrap_err().to_string();
        assert!(error.starts_with("not what Icinga answers: "), "{error}");
    }
    let whole = format!("{{\"results\":[{}]}}", "{\"attrs\":{}},".repeat(3));
    for cut in 0..whole.len() {
        assert!(icinga::downtimes(&whole.as_bytes()[..cut], 0, &mut Lines::default()).is_err(), "{cut}");
    }
    for cut in ["", "{\"results\":[", "{\"results\":[{\"attrs\":{\"name\":\"a"] {
        let error = icinga::objects(cut.as_bytes(), &mut Lines::default()).unwrap_err().to_string();
        assert_eq!(error, "closed in the middle of its answer", "{cut}");
    }
}
