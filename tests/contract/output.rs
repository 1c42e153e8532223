//! The lines and the exit codes.

use super::{line, run};

/// What ends a label early, is an escape, or is stripped by Nagios before a command gets the performance
/// data.
const BAD_IN_LABELS: [char; 15] =
    ['=', '\'', '"', '`', '\\', ';', '|', '~', '$', '&', '<', '>', '.', ':', '\n'];

#[test]
fn the_exit_code_is_that_of_the_state() {
    for (state, code) in [("ok", 0), ("warning", 1), ("critical", 2), ("unknown", 3)] {
        let text = format!("{} - items , single x, flag false, thresholds /", state.to_uppercase());
        assert_eq!(line(&["--state", state, "--single=x"]), (code, text));
        // A fault never stands there without a reason.
        let reason = if code == 0 { "" } else { " - no reason is known" };
        let empty = format!("{}{reason}", state.to_uppercase());
        assert_eq!(line(&["--state", state, "--act=empty"]), (code, empty.clone()));
        assert_eq!(line(&["--state", state, "--act=empty", "--exit-ok"]), (0, empty));
    }
}

#[test]
fn an_error_is_unknown_with_all_its_causes() {
    let text = "UNKNOWN - asking the oracle: connecting to 192.0.2.1: refused";
    assert_eq!(line(&["--act=error"]), (3, text.to_owned()));
    assert_eq!(line(&["--act=error", "--exit-ok"]), (0, text.to_owned()));
    let lines = ["CONTRACT_PLUGIN UNKNOWN - first line", "second line", "third / line"];
    assert_eq!(run(&["--act=error-lines"]), (3, lines.map(str::to_owned).to_vec()));
}

#[test]
fn nothing_from_outside_breaks_the_lines() {
    // A detail is one line whatever it holds; the second one needs -v.
    for (verbose, expected) in [
        (&["--act=hostile"][..], 2),
        (&["--act=hostile", "-v"], 3),
        (&["--act=hostile", "--state=critical", "-vv"], 3),
    ] {
        let (_, lines) = run(verbose);
        assert_eq!(lines.len(), expected, "{lines:#?}");
        let bars: Vec<usize> = lines.iter().map(|line| line.matches('|').count()).collect();
        assert_eq!(bars.iter().sum::<usize>(), 1, "{lines:#?}");
        assert_eq!(bars.first(), Some(&1), "{lines:#?}");
        for line in &lines {
            let bad =
                |c: char| c.is_control() || matches!(c, '<' | '>' | '\u{202e}' | '\u{2028}' | '\u{fffd}');
            assert!(!line.contains(bad), "{line:?}");
        }
        assert!(
            lines.iter().all(|line| line.contains('é') || line.contains("b=1") || line.contains("c=2")),
            "{lines:#?}"
        );
    }
}

#[test]
fn performance_data_can_be_read_back() {
    let (_, lines) = run(&["--act=hostile"]);
    let (_, data) = lines.first().unwrap().split_once(" | ").unwrap();
    let mut values = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('\'').map(|inner| inner.find('\'').unwrap() + 2);
        let end = quoted.unwrap_or_else(|| rest.find('=').unwrap());
        let (label, behind) = rest.split_at(end);
        assert!(
            !label.trim_matches('\'').contains(BAD_IN_LABELS) && !label.is_empty(),
            "{label:?} in {data:?}"
        );
        let (value, further) = behind
            .strip_prefix('=')
            .unwrap()
            .split_once(' ')
            .unwrap_or((behind.strip_prefix('=').unwrap(), ""));
        values.push(value.split(';').next().unwrap().trim_end_matches('B').to_owned());
        rest = further;
    }
    let numbers: Vec<Option<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    let max = Some(f64::MAX);
    assert_eq!(
        numbers,
        [Some(0.0), Some(0.0), None, None, None, max, Some(0.0), Some(0.0), Some(1e21)],
        "{values:#?}"
    );
    assert!(values.iter().all(|value| !value.contains(['e', 'E'])), "{values:#?}");
    assert_eq!(values.iter().filter(|value| *value == "U").count(), 3, "{values:#?}");
}

#[test]
fn the_output_fits_the_buffers_of_nrpe_and_counts_what_is_cut() {
    for size in [0, 1, 100, 980, 1_000, 5_000, 20_000] {
        let argument = format!("--size={size}");
        let (code, lines) = run(&["--act=large", "--state=warning", &argument]);
        assert_eq!(code, 1);
        let whole: usize = lines.iter().map(|line| line.len() + 1).sum();
        let first = lines.first().unwrap();
        assert!(first.len() <= 1_000, "{size}: the first line holds {} octets", first.len());
        assert!(whole <= 60 * 1024, "{size}: the whole holds {whole} octets");
        let shown = |what: &str| {
            lines.iter().flat_map(|line| line.split(' ')).filter(|word| word.starts_with(what)).count()
        };
        let counted = |what: &str| {
            lines.iter().find_map(|line| line.strip_suffix(what)?.rsplit(' ').next()?.parse().ok())
        };
        let details = lines.iter().filter(|line| line.starts_with("detail ")).count();
        assert_eq!(details + counted(" more lines").unwrap_or(0), size, "details of {size}");
        assert_eq!(
            shown("metric_") + counted(" more metrics, which -v shows").unwrap_or(0),
            size,
            "metrics of {size}"
        );
        let summary = first.split(" | ").next().unwrap();
        let cut =
            summary.strip_suffix(" more characters").and_then(|text| text.rsplit(' ').next()?.parse().ok());
        let kept = summary.chars().filter(|&c| c == 's').count() - usize::from(cut.is_some());
        assert!(
            kept + cut.unwrap_or(0) >= size.min(300) && (size < 1_000 || cut.is_some()),
            "{size}: {summary}"
        );
    }
}

#[test]
fn verbose_shows_all() {
    let (code, lines) = run(&["--act=large", "--size=20000", "-v"]);
    assert_eq!(code, 0);
    let first = lines.first().unwrap();
    assert_eq!(first.matches("metric_").count(), 20_000);
    assert!(first.contains(&"s".repeat(20_000)), "the summary is cut");
    assert_eq!(lines.iter().filter(|line| line.starts_with("detail ")).count(), 20_000);
    let (_, brief) = run(&["--act=hostile"]);
    let (_, verbose) = run(&["--act=hostile", "--verbose"]);
    assert_eq!(verbose.len() - 1, 2 * (brief.len() - 1), "the verbose detail shows with --verbose only");
}
