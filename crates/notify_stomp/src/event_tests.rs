//! Tests of event.rs: an event against its published schema.

use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;

use std::ffi::OsString;

use super::*;

fn macros() -> Macros {
    let given = |text: &str| Some(OsString::from(text));
    Macros {
        host: given("web1"),
        address: given("192.0.2.1"),
        service: given("HTTP"),
        state: given("critical"),
        state_type: given("HARD"),
        state_time: given("1700000000"),
        attempt: given("3"),
        max_attempts: given("3"),
        event_id: given("12"),
        last_event_id: given("9"),
        problem_id: given("4"),
        last_hard_state: None,
        downtime_depth: given("1"),
        acknowledged: given("0"),
        flapping: None,
        monitor_start: given("1699990000"),
        time_t: given("1700000001"),
        output: given("HTTP CRITICAL - no answer"),
        long_output: given("a\\nb"),
        perfdata: given("time=5s;1;2;0;10 size=U odd"),
        monitor: given("monitor1"),
        from_env: false,
    }
}

#[test]
fn events_follow_the_published_schema_and_fill_all_of_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("event-2.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let index = compiler.compile(path.to_str().unwrap(), &mut schemas).unwrap();
    let bare = Macros { host: Some("web1".into()), state: Some("UP".into()), ..Macros::default() };
    let spooled =
        |macros: &Macros| Event { sequence: Some(1), spool: id::new(), ..Event::new(macros).unwrap() };
    let mut unnumbered = spooled(&bare);
    unnumbered.unnumber();
    for event in [spooled(&macros()), spooled(&bare), unnumbered] {
        let json: Value = serde_json::from_slice(&event.json()).unwrap();
        schemas.validate(&json, index).unwrap_or_else(|error| panic!("{error}"));
        // The schema names each field and says that it is there.
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
        assert_eq!(names(&schema["properties"]), names(&json));
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(names(&json).iter().all(|name| required.contains(&name.as_str())), "{required:?}");
        assert!(
            schema["properties"].as_object().unwrap().values().all(|field| field["description"].is_string())
        );
    }
    let mut wrong: Value = serde_json::from_slice(&spooled(&bare).json()).unwrap();
    wrong["state"] = "FINE".into();
    assert!(schemas.validate(&wrong, index).is_err(), "the schema lets everything pass");
}

#[test]
fn an_events_json_is_as_documented() {
    let event =
        Event { id: Uuid::nil(), sequence: Some(7), spool: Uuid::max(), ..Event::new(&macros()).unwrap() };
    let expected = concat!(
        r#"{"schema_version":2,"id":"00000000-0000-0000-0000-000000000000","sequence":7,"spool":"ffffffff-ffff-ffff-ffff-ffffffffffff","snapshot":null,"#,
        r#""monitor":"monitor1","kind":"service","hostname":"web1","address":"192.0.2.1","service":"HTTP","state":"CRITICAL","#,
        r#""state_type":"HARD","last_hard_state":"CRITICAL","state_time":1700000000,"attempt":3,"max_attempts":3,"#,
        r#""event_id":12,"last_event_id":9,"problem_id":4,"downtime_depth":1,"acknowledged":false,"flapping":null,"monitor_start":1699990000,"#,
        r#""time_t":1700000001,"output":"HTTP CRITICAL - no answer","long_output":"a\nb","perfdata":"time=5s;1;2;0;10 size=U odd","performance_data":["#,
        r#"{"label":"time","value":5,"unit":"s","warn":"1","crit":"2","min":0,"max":10},"#,
        r#"{"label":"size","value":null,"unit":"","warn":null,"crit":null,"min":null,"max":null}],"#,
        r#""performance_data_unparsed":["odd"],"truncated":[],"invalid":[]}"#,
    );
    assert_eq!(String::from_utf8(event.json()).unwrap(), expected);
}

#[test]
fn line_ends_of_nagios_are_line_ends() {
    for (given, expected) in
        [("a\\nb", "a\nb"), ("a\\\\nb", "a\\nb"), ("a\\tb\\", "a\\tb\\"), ("a\nb", "a\nb"), ("", "")]
    {
        assert_eq!(with_line_ends(given), expected);
    }
}

#[test]
fn a_wrong_macro_is_null_and_a_note() {
    let given = |text: &str| Some(OsString::from(text));
    let wrong = Macros {
        host: given("web1"),
        state: given("BAD"),
        state_type: given("$SERVICESTATETYPE$"),
        attempt: given("-1"),
        event_id: given("99999999999999999999999"),
        state_time: given("1700000000.25"),
        acknowledged: given("2"),
        flapping: given("perhaps"),
        ..Macros::default()
    };
    let json: Value = serde_json::from_slice(&Event::new(&wrong).unwrap().json()).unwrap();
    for field in ["state", "state_type", "attempt", "event_id", "flapping"] {
        assert_eq!(json[field], Value::Null, "{field}");
    }
    assert_eq!((&json["state_time"], &json["acknowledged"]), (&1_700_000_000.into(), &true.into()));
    let notes = r#"[{"field":"state","value":"BAD"},{"field":"state_type","value":"$SERVICESTATETYPE$"},{"field":"attempt","value":"-1"},
        {"field":"event_id","value":"99999999999999999999999"},{"field":"flapping","value":"perhaps"}]"#;
    assert_eq!(json["invalid"], serde_json::from_str::<Value>(notes).unwrap());
    let bare = Event::new(&Macros { host: given("web1"), ..Macros::default() }).unwrap();
    assert_eq!((bare.state, bare.invalid), (None, vec![Invalid { field: "state", value: String::new() }]));
    let nothing = Macros { monitor: given("m"), monitor_start: given("5"), ..Macros::default() };
    assert!(Event::new(&nothing).unwrap_err().to_string().starts_with("no event: "));
}

/// Only times have a fraction. A state of the other kind is none.
#[test]
fn a_number_with_a_fraction_and_a_state_of_the_other_kind_are_null_and_a_note() {
    let given = |text: &str| Some(OsString::from(text));
    let json = |macros: Macros| -> Value {
        let bare = Macros { host: given("h"), ..macros };
        serde_json::from_slice(&Event::new(&bare).unwrap().json()).unwrap()
    };
    let note = |field: &str, value: &str| serde_json::json!([{"field": field, "value": value}]);
    let ok = || Macros { state: given("UP"), ..Macros::default() };
    let rows = [
        ("problem_id", Macros { problem_id: given("1.5"), ..ok() }),
        ("event_id", Macros { event_id: given("1.5"), ..ok() }),
        ("last_event_id", Macros { last_event_id: given("1.5"), ..ok() }),
        ("attempt", Macros { attempt: given("1.5"), ..ok() }),
        ("max_attempts", Macros { max_attempts: given("1.5"), ..ok() }),
        ("downtime_depth", Macros { downtime_depth: given("1.5"), ..ok() }),
    ];
    for (field, macros) in rows {
        let json = json(macros);
        assert_eq!((&json[field], &json["invalid"]), (&Value::Null, &note(field, "1.5")), "{field}");
    }
    let times = json(Macros { time_t: given("7.5"), monitor_start: given("8.25"), ..ok() });
    assert_eq!((&times["time_t"], &times["monitor_start"]), (&7.into(), &8.into()));
    for (service, kind, states) in [
        (Some("HTTP"), "service", &["UP", "DOWN", "UNREACHABLE"][..]),
        (None, "host", &["OK", "WARNING", "CRITICAL", "UNKNOWN"]),
    ] {
        for state in states {
            let (service, of_kind) = (service.map(OsString::from), if kind == "host" { "UP" } else { "OK" });
            let wrong = Macros { service: service.clone(), state: given(state), ..Macros::default() };
            let json_of = json(wrong);
            assert_eq!((&json_of["kind"], &json_of["state"]), (&kind.into(), &Value::Null), "{state}");
            assert_eq!(json_of["invalid"], note("state", state));
            let hard = Macros { service, state: given(of_kind), last_hard_state: given(state), ..ok() };
            let json_of = json(hard);
            assert_eq!(json_of["last_hard_state"], Value::Null, "{state}");
            assert_eq!(json_of["invalid"], note("last_hard_state", state));
        }
        let pending = Macros { service: service.map(OsString::from), state: given("PENDING"), ..ok() };
        assert_eq!(json(pending)["state"], "PENDING");
    }
}

#[test]
fn a_problem_of_naemon_has_no_number() {
    let given = |text: &str| Some(OsString::from(text));
    let rows = [
        ("4", Some(4), None),
        ("", None, None),
        ("0b5a3c5e-2f7a-4a52-9d0e-6a1f6c2b7e11", None, None),
        ("0b5a3c5e", None, Some("0b5a3c5e")),
        ("$HOSTPROBLEMID$", None, Some("$HOSTPROBLEMID$")),
    ];
    for (id, problem, note) in rows {
        let macros =
            Macros { host: given("h"), state: given("UP"), problem_id: given(id), ..Macros::default() };
        let event = Event::new(&macros).unwrap();
        let note = note.map(|value| Invalid { field: "problem_id", value: value.to_owned() });
        assert_eq!((event.problem_id, event.invalid), (problem, Vec::from_iter(note)), "{id}");
    }
}

/// Performance data is cut wherever 64 KiB end; a part of a value is none.
#[test]
fn a_value_that_was_cut_is_left_out() {
    for shift in 0..15 {
        let values: String = (0..6000).map(|number| format!("l{number}=123456789 ")).collect();
        let text = format!("{}=1 {values}", "p".repeat(shift + 1));
        let event = Event::new(&Macros { perfdata: Some(text.clone().into()), ..macros() }).unwrap();
        assert_eq!((event.truncated, event.perfdata.len()), (vec!["perfdata"], 65_536));
        let mut data = event.performance_data.iter().skip(1);
        assert!(data.all(|datum| datum.value == Some(123_456_789.into())), "{shift}");
        let whole = text[..65_536].matches(' ').count();
        assert_eq!(event.performance_data.len(), whole);
        assert!(text.starts_with(&event.perfdata));
    }
}

/// What the monitor did not expand is no name, and no name costs the event.
#[test]
fn a_wrong_name_is_null_and_a_note() {
    let given = |text: &str| Some(OsString::from(text));
    let event = |macros: Macros| Event::new(&macros).unwrap();
    let note = |field: &'static str, value: &str| Invalid { field, value: value.to_owned() };
    for host in [None, given(""), given("$HOSTNAME$")] {
        let found = event(Macros { host: host.clone(), state: given("DOWN"), ..Macros::default() });
        let value = host.unwrap_or_default();
        let expected = vec![note("hostname", value.to_str().unwrap())];
        assert_eq!((found.hostname, found.invalid, found.kind), (None, expected, "host"));
    }
    let bare = || Macros { host: given("h"), state: given("UP"), ..Macros::default() };
    let found = event(Macros { address: given("$HOSTADDRESS$"), ..bare() });
    assert_eq!((found.address, found.invalid), (None, vec![note("address", "$HOSTADDRESS$")]));
    // The machine's name is better than none, since the order depends on it.
    for name in ["", "$_HOSTMONITOR$"] {
        let found = event(Macros { monitor: given(name), ..bare() });
        assert_eq!((found.monitor, found.invalid), (monitor_name(), vec![note("monitor", name)]));
    }
    for (state, kind) in [("OK", "service"), ("UP", "host")] {
        let found = event(Macros { service: given("$SERVICEDESC$"), state: given(state), ..bare() });
        let notes = vec![note("service", "$SERVICEDESC$")];
        assert_eq!((found.service, found.kind, found.invalid), (None, kind, notes));
    }
    let found = event(Macros { output: given("$SERVICEOUTPUT$"), ..bare() });
    assert_eq!((found.output.as_str(), found.invalid), ("", vec![note("output", "$SERVICEOUTPUT$")]));
    // Money and shell are no macros.
    for text in ["$5 and $6$", "$", "$$", "$(date)$", "costs $A$ B", "$a$"] {
        assert_eq!(event(Macros { output: given(text), ..bare() }).output, text);
    }
}

#[test]
fn an_output_of_several_lines_is_taken_apart() {
    let given = |text: &str| Some(OsString::from(text));
    let event = |output: &str, long: &str| {
        let macros =
            Macros { host: given("h"), output: given(output), long_output: given(long), ..Macros::default() };
        let event = Event::new(&macros).unwrap();
        (event.output, event.long_output)
    };
    assert_eq!(event("a\nb\nc", ""), ("a".to_owned(), "b\nc".to_owned()));
    assert_eq!(event("a\nb", "c"), ("a\nb".to_owned(), "c".to_owned()));
}

#[test]
fn each_event_has_an_id_of_its_own() {
    assert_ne!(Event::new(&macros()).unwrap().id, Event::new(&macros()).unwrap().id);
}
