//! Reports: whatever texts and numbers a check reports, the output keeps its shape and its size, and what is
//! cut is counted.

use plugin::{Labels, Metric, Report, State, Thresholds, Unit};

/// How many octets a long text has, and how many of them a report: together more than fits.
const LONG: usize = 20_000;
const LONG_TEXTS: usize = 4;

pub(crate) fn run(input: &[u8]) {
    // The first record chooses state, verbosity and whether there are long texts; each further one begins
    // with what it is.
    let input = String::from_utf8_lossy(input);
    let mut records = input.split('\u{1e}');
    let choice = records.next().and_then(|first| first.bytes().next()).unwrap_or_default();
    let state = [State::Ok, State::Warning, State::Critical, State::Unknown][usize::from(choice & 3)];
    let verbosity = choice >> 2 & 3;
    let mut metrics: Vec<Metric> = Vec::new();
    let (mut summary, mut details) = (String::new(), Vec::new());
    // Few inputs are long: they take a hundred times longer.
    let mut long_texts = if choice & 0x40 == 0 { 0 } else { LONG_TEXTS };
    for record in records {
        let mut chars = record.chars();
        let kind = chars.next().unwrap_or_default();
        let mut text = chars.as_str().to_owned();
        if kind.is_ascii_uppercase() && long_texts > 0 {
            text = text.repeat(LONG / text.len().max(1));
            long_texts -= 1;
        }
        match kind.to_ascii_lowercase() {
            's' => summary += &text,
            'd' => details.push((false, text)),
            'v' => details.push((true, text)),
            'm' => metrics.push(metric(&text)),
            _ => {}
        }
    }
    let mut report = Report::new(state, summary);
    for (verbose, text) in details {
        report = if verbose { report.verbose_detail(text) } else { report.detail(text) };
    }
    report = metrics.iter().cloned().fold(report, Report::metric);
    let output = report.render("NAME", verbosity);

    let first = output.lines().next().unwrap_or_default();
    assert!(first.starts_with(&format!("NAME {state}")), "{first:?}");
    assert!(output.ends_with('\n') && !output.contains("\n\n"), "{output:?}");
    let harmful = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '<' | '>' | '\u{fffd}' | '\u{202e}' | '\u{2028}')
    };
    assert!(!output.contains(harmful), "{output:?}");
    let (bars, all_bars) = (first.matches('|').count(), output.matches('|').count());
    assert!(bars == all_bars && bars <= 1, "{bars} and {all_bars} bars: {output:?}");
    if verbosity == 0 {
        assert!(first.len() <= 1_000, "the first line holds {} octets", first.len());
        assert!(output.len() <= 60 * 1024, "the whole holds {} octets", output.len());
    }
    let data = first.split_once(" | ").map_or("", |(_, data)| data);
    let shown = tokens(data);
    let left_out = output
        .lines()
        .find_map(|line| line.strip_prefix("and ")?.strip_suffix(" more metrics, which -v shows"));
    let left_out: usize = left_out.and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(
        shown.len() + left_out >= metrics.len() && shown.len() <= metrics.len(),
        "{} metrics: {output:?}",
        metrics.len()
    );
    assert!(verbosity == 0 || shown.len() == metrics.len(), "-v leaves out metrics: {output:?}");
    let mut labels = Labels::default();
    for (token, metric) in shown.iter().zip(metrics) {
        assert_eq!(*token, labels.distinct(metric).to_string());
    }
}

/// A metric of these fields: label, value, unit, range, least and greatest.
fn metric(text: &str) -> Metric {
    let mut fields = text.split('\u{1f}');
    let mut field = || fields.next().unwrap_or_default();
    let metric = Metric::new(field(), field().parse().unwrap_or(f64::NAN));
    let metric = metric.unit(match field() {
        "s" => Unit::Seconds,
        "B" => Unit::Bytes,
        "%" => Unit::Percent,
        "c" => Unit::Counter,
        _ => Unit::None,
    });
    let range = field().parse().ok();
    let metric = metric.thresholds(Thresholds { warning: range.clone(), critical: range });
    let metric = field().parse().into_iter().fold(metric, Metric::min);
    field().parse().into_iter().fold(metric, Metric::max)
}

/// Splits performance data as its readers do, each token checked: `label=value[unit];warn;crit;min;max`.
fn tokens(data: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('\'').map(|inner| inner.find('\'').expect("the quote ends") + 2);
        let equals = quoted.unwrap_or_else(|| rest.find('=').expect("a value follows"));
        let label = rest[..equals].trim_matches('\'');
        assert!(!label.is_empty() && !label.contains(['\'', '=', '|', '\n']), "{label:?} in {data:?}");
        assert!(quoted.is_some() || !label.contains(' '), "{label:?} in {data:?}");
        let end = rest[equals..].find(' ').map_or(rest.len(), |end| equals + end);
        value(rest[equals..end].strip_prefix('=').expect("a value follows"));
        tokens.push(&rest[..end]);
        rest = rest[end..].strip_prefix(' ').unwrap_or_default();
    }
    tokens
}

/// Checks `value[unit];warn;crit;min;max`: plain decimals, with no exponent.
fn value(fields: &str) {
    let fields: Vec<&str> = fields.split(';').collect();
    assert!((1..=5).contains(&fields.len()), "{fields:?}");
    assert!(fields.len() == 1 || fields.last() != Some(&""), "an empty field at the end: {fields:?}");
    let plain = |text: &str| {
        text.bytes().all(|octet| octet.is_ascii_digit() || b"-.".contains(&octet))
            && text.parse::<f64>().is_ok()
    };
    let number = fields[0].trim_end_matches(['s', 'B', '%', 'c']);
    assert!(fields[0] == "U" || (plain(number) && fields[0].len() - number.len() <= 1), "{fields:?}");
    for range in fields.iter().skip(1).take(2).filter(|range| !range.is_empty()) {
        assert!(range.parse::<plugin::Range>().is_ok(), "{fields:?}");
    }
    assert!(fields.iter().skip(3).all(|bound| bound.is_empty() || plain(bound)), "{fields:?}");
}
