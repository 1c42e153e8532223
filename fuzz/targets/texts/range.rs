//! Ranges: what parses prints as it was given and reads back the same; every number alerts or does not, and
//! never both.

use plugin::{Range, State, Thresholds};

pub(crate) fn run(text: &str) {
    // A range, and on the next line a number to judge.
    let (text, value) = text.split_once('\n').unwrap_or((text, "0"));
    let value: f64 = value.parse().unwrap_or_default();
    if let Ok(range) = text.parse::<Range>() {
        for value in [
            value,
            value.next_up(),
            -value,
            0.0,
            -0.0,
            f64::MAX,
            f64::MIN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ] {
            holds(&range, text, value);
        }
        assert!(range.alerts(f64::NAN), "{text:?} does not alert on NaN");
    }
    if value.is_finite() {
        for other in [0.0, -value, value / 3.0, value.next_up()].into_iter().filter(|other| other.is_finite())
        {
            let range = Range::between(value, other);
            assert!(!range.alerts(value) && !range.alerts(other), "{range} alerts on one of its ends");
            assert_eq!(range.to_string().parse().as_ref(), Ok(&range), "{range} does not read back");
        }
        let up_to = Range::up_to(value);
        assert_eq!(
            up_to.to_string().parse::<Range>().is_ok(),
            value >= 0.0,
            "{up_to} reads back from zero on"
        );
    }
}

fn holds(range: &Range, text: &str, value: f64) {
    // A start that is left out is 0.
    let whole = match text.strip_prefix("@:") {
        Some(rest) => format!("@0:{rest}"),
        None => text.strip_prefix(':').map_or_else(|| text.to_owned(), |rest| format!("0:{rest}")),
    };
    assert_eq!(range.to_string(), whole, "prints otherwise than it was given");
    assert_eq!(text.parse().as_ref(), Ok(range), "{text:?} does not read back");
    assert!(
        text.bytes().all(|octet| octet.is_ascii_digit() || b"@~:.-".contains(&octet)),
        "{text:?} is a range"
    );
    let opposite = text.strip_prefix('@').map_or_else(|| format!("@{text}"), str::to_owned);
    let opposite: Range =
        opposite.parse().unwrap_or_else(|error| panic!("{text:?} is a range, but not {opposite:?}: {error}"));
    if !value.is_nan() {
        assert_ne!(range.alerts(value), opposite.alerts(value), "{text:?} and {opposite} agree on {value}");
    }
    let thresholds = Thresholds { warning: Some(opposite), critical: Some(range.clone()) };
    let expected = match (value.is_nan(), range.alerts(value)) {
        (true, _) => State::Unknown,
        (false, true) => State::Critical,
        (false, false) => State::Warning,
    };
    assert_eq!(thresholds.state(value), expected, "{value} against {thresholds:?}");
}
