//! `--format`: the same report as JSON, by docs/output.schema.json, and for Prometheus.

use std::collections::BTreeMap;
use std::fs;

use boon::{Compiler, Schemas};
use serde_json::Value;
use suite::plugins::workspace;

use super::{outcome, plugin};

/// What the plugin is made to do, and the exit code: each kind of report.
const CALLS: [(&[&str], i32); 14] = [
    (&[], 0),
    (&["--state=warning", "--single=x; 'y' \"z\" \\"], 1),
    (&["--act=hostile", "--state=critical"], 2),
    (&["--act=hostile", "-vv"], 0),
    (&["--act=large", "--size=3000"], 0),
    (&["--act=empty"], 0),
    (&["--act=error"], 3),
    (&["--act=error-lines"], 3),
    (&["--act=panic"], 3),
    (&["--act=panic-elsewhere"], 3),
    (&["--act=hang", "--timeout=0.2:critical"], 2),
    (&["--act=partial", "--timeout=0.2", "--state=warning"], 1),
    (&["--bogus"], 3),
    (&["--extra-opts=@/nonexistent/x.ini"], 3),
];

fn printed(format: &str, arguments: &[&str], code: i32) -> String {
    let outcome = outcome(plugin(arguments).arg(format!("--format={format}")));
    assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:?}");
    outcome.stdout
}

/// The text output's state and summary.
fn text(arguments: &[&str], code: i32) -> (String, String) {
    let text = printed("text", arguments, code);
    let line = text.lines().next().unwrap().strip_prefix("CONTRACT_PLUGIN ").unwrap();
    let (head, _) = line.split_once(" | ").unwrap_or((line, ""));
    let (state, summary) = head.split_once(" - ").unwrap_or((head, ""));
    (state.to_owned(), summary.to_owned())
}

#[test]
fn json_is_one_line_by_the_schema() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(workspace().join("docs/output.schema.json")).unwrap())
            .unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("output.json", schema).unwrap();
    let index = compiler.compile("output.json", &mut schemas).unwrap();
    for (arguments, code) in CALLS {
        let output = printed("json", arguments, code);
        assert_eq!((output.lines().count(), output.ends_with('\n')), (1, true), "{arguments:?}: {output}");
        let value: Value = serde_json::from_str(&output).unwrap();
        schemas.validate(&value, index).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output}"));
        let (state, summary) = text(arguments, code);
        assert_eq!(
            (value["plugin"].as_str(), value["name"].as_str()),
            (Some("contract_plugin"), Some("CONTRACT_PLUGIN"))
        );
        assert_eq!(
            (value["state"].as_str(), value["code"].as_i64()),
            (Some(state.as_str()), Some(i64::from(code))),
            "{output}"
        );
        // Threads and places of a panic differ from run to run, and text is cut where JSON is not.
        if !summary.contains("internal error") && !summary.ends_with("more characters") {
            assert_eq!(value["summary"].as_str(), Some(summary.as_str()));
        }
    }
    let broken = serde_json::json!({"plugin": "x", "state": "FINE"});
    assert!(schemas.validate(&broken, index).is_err(), "the schema refuses nothing");
}

/// The samples of a text in Prometheus' exposition format: name and labels, and the value. What breaks its
/// rules fails the test.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut family) = (BTreeMap::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert!(
                [format!("{family} gauge"), format!("{family} counter")].contains(&kind.to_owned()),
                "{line}"
            );
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap();
        assert_eq!(name, family, "a sample stands below its family");
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        assert!(
            !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_'),
            "{line}"
        );
        let quotes = labels.replace("\\\\", "").replace("\\\"", "");
        assert!(
            quotes.matches('"').count() % 2 == 0 && quotes.starts_with("plugin=\"contract_plugin\""),
            "{line}"
        );
        let value = if value == "NaN" { f64::NAN } else { value.parse().unwrap() };
        assert!(samples.insert(format!("{name}{{{labels}}}"), value).is_none(), "twice: {line}");
    }
    samples
}

#[test]
fn prometheus_gets_families_with_the_state_and_the_values() {
    for (arguments, code) in CALLS {
        let output = printed("prometheus", arguments, code);
        let samples = samples(&output);
        let state = samples.get("silent_outage_state{plugin=\"contract_plugin\"}");
        assert_eq!(state, Some(&f64::from(code)), "{arguments:?}: {output}");
        assert!(output.ends_with('\n') && output.starts_with("# CONTRACT_PLUGIN "), "{output}");
    }
    let large = samples(&printed("prometheus", &["--act=large", "--size=50"], 0));
    assert_eq!(large.get("silent_outage_value{plugin=\"contract_plugin\",label=\"metric_7\"}"), Some(&7.0));
    assert_eq!(large.len(), 51);
    let named = printed("prometheus:a \"b\" \\c", &[], 0);
    assert!(
        named.contains("\nsilent_outage_state{plugin=\"contract_plugin\",service=\"a \\\"b\\\" \\\\c\"} 0\n"),
        "{named}"
    );
}

#[test]
fn a_format_that_is_none_is_refused_and_one_of_a_file_is_used() {
    let refused = outcome(&mut plugin(&["--format=xml"]));
    let line = "CONTRACT_PLUGIN UNKNOWN - --format=xml: not text, json, prometheus or prometheus:SERVICE, see --help";
    assert_eq!((refused.code, refused.first_line()), (Some(3), line));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.ini");
    fs::write(&file, "[x]\nformat=json\n").unwrap();
    let outcome = outcome(plugin(&[]).arg(format!("--extra-opts=x@{}", file.display())));
    assert!(outcome.stdout.starts_with("{\"plugin\":"), "{outcome:?}");
}

#[test]
fn an_error_is_in_the_format_of_the_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.ini");
    let said = |content: &str, arguments: &[&str]| {
        fs::write(&file, content).unwrap();
        outcome(plugin(&[]).arg(format!("--extra-opts=x@{}", file.display())).args(arguments)).stdout
    };
    for content in ["[x]\nbogus=1\nformat=json\n", "[x]\nformat=json\nwarning=20:10\n"] {
        let text = said(content, &[]);
        assert!(text.starts_with("{\"plugin\":"), "{content}: {text}");
        assert!(said(content, &["--format=text"]).starts_with("CONTRACT_PLUGIN UNKNOWN - "), "{content}");
    }
    let wrong = said("[x]\nformat=json\n", &["--bogus"]);
    assert!(wrong.starts_with("{\"plugin\":"), "{wrong}");
    assert!(said("[x]\nformat=xml\n", &[]).starts_with("CONTRACT_PLUGIN UNKNOWN - "));
}

#[test]
fn help_and_version_are_text_in_every_format() {
    for format in ["json", "prometheus"] {
        assert!(printed(format, &["--help"], 3).starts_with("Misbehaves on demand\n"));
        assert!(printed(format, &["--version"], 3).starts_with("contract_plugin "));
    }
}
