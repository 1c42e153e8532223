//! Performance data taken apart, as the Monitoring Plugins Development Guidelines write it:
//! `'label'=value[unit];[warn];[crit];[min];[max]`, apart by blanks.

use serde::Serialize;
use serde_json::Number;

/// One value of the performance data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Datum {
    /// What it is the value of, without its quotes.
    pub label: String,
    /// The value: none where the plugin says `U`, that it does not know.
    pub value: Option<Number>,
    /// The unit as it stands there, as in `s` or `%`: may be empty.
    pub unit: String,
    /// The range outside of which is a warning.
    pub warn: Option<String>,
    /// The range outside of which is critical.
    pub crit: Option<String>,
    /// The least possible value.
    pub min: Option<Number>,
    /// The greatest possible value.
    pub max: Option<Number>,
}

/// What could be read, and the pieces that could not, both in their order.
pub fn parse(text: &str) -> (Vec<Datum>, Vec<String>) {
    pieces(text, false)
}

/// The same of a text whose end was cut off. The piece at its end could not be read: the rest of a label, a
/// value or a limit may be missing.
pub fn parse_cut(text: &str) -> (Vec<Datum>, Vec<String>) {
    pieces(text, true)
}

fn pieces(text: &str, is_cut: bool) -> (Vec<Datum>, Vec<String>) {
    let (mut data, mut unparsed) = (Vec::new(), Vec::new());
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (piece, behind) = split(rest);
        if is_cut && (behind.is_empty() || is_open(rest)) {
            unparsed.push(rest.to_owned());
            break;
        }
        match datum(piece) {
            Some(datum) => data.push(datum),
            None => unparsed.push(piece.to_owned()),
        }
        rest = behind.trim_start();
    }
    (data, unparsed)
}

/// The first piece and what follows it: it ends at the first blank that is not in a quoted label.
fn split(text: &str) -> (&str, &str) {
    let label = quoted(text).map_or(0, |(_, behind)| text.len() - behind.len());
    let end = text
        .get(label..)
        .and_then(|rest| rest.find(char::is_whitespace))
        .map_or(text.len(), |end| label + end);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A label in quotes, its doubled quotes made single, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut label = String::new();
    loop {
        let (part, behind) = rest.split_once('\'')?;
        label += part;
        match behind.strip_prefix('\'') {
            Some(behind) => {
                label.push('\'');
                rest = behind;
            }
            None => return behind.starts_with('=').then_some((label, behind)),
        }
    }
}

/// Whether a text ends in a quoted label, or right behind a quote that may be its last.
fn is_open(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix('\'') else { return false };
    loop {
        match rest.split_once('\'').map(|(_, behind)| behind) {
            None | Some("") => return true,
            Some(behind) => match behind.strip_prefix('\'') {
                Some(behind) => rest = behind,
                None => return false,
            },
        }
    }
}

fn datum(piece: &str) -> Option<Datum> {
    let (label, values) = match quoted(piece) {
        Some((label, behind)) => (label, behind.strip_prefix('=')?),
        None => piece.split_once('=').map(|(label, values)| (label.to_owned(), values))?,
    };
    let mut fields = values.split(';');
    let (value, unit) = value(fields.next()?)?;
    let range = |field: Option<&str>| field.filter(|field| !field.is_empty()).map(str::to_owned);
    let (warn, crit) = (range(fields.next()), range(fields.next()));
    let (min, max) = (bound(fields.next())?, bound(fields.next())?);
    let is_whole = !label.is_empty() && fields.all(str::is_empty);
    is_whole.then_some(Datum { label, value, unit, warn, crit, min, max })
}

/// A number with its unit, or `U`.
fn value(field: &str) -> Option<(Option<Number>, String)> {
    if field == "U" {
        return Some((None, String::new()));
    }
    let end =
        field.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(field.len());
    let (digits, unit) = field.split_at_checked(end)?;
    // What looks like an exponent is one: 1e-05 of Python, but not 1e, whatever that unit is.
    if let Some(exponent) = unit
        .strip_prefix(['e', 'E'])
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+'))
    {
        let end = exponent.find(|c: char| c.is_alphabetic() || c == '%').unwrap_or(exponent.len());
        let (exponent, unit) = exponent.split_at_checked(end)?;
        return Some((Some(number(&format!("{digits}e{exponent}"))?), unit.to_owned()));
    }
    let is_unit =
        unit.chars().all(|c| !c.is_ascii_digit() && !c.is_control() && !matches!(c, ',' | '\'' | '"' | '='));
    Some((Some(number(digits)?), is_unit.then(|| unit.to_owned())?))
}

/// An empty bound is none; one that is no number makes the whole piece unreadable.
fn bound(field: Option<&str>) -> Option<Option<Number>> {
    match field {
        None | Some("") => Some(None),
        Some(text) => number(text).map(Some),
    }
}

/// Whole numbers keep every digit; others are finite.
fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    let plain = text.bytes().all(|octet| octet.is_ascii_digit() || b".+-eE".contains(&octet));
    Number::from_f64(text.parse().ok().filter(|_| plain)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let (data, unparsed) = parse(text);
        let number = |number: &Option<Number>| number.as_ref().map_or("-".to_owned(), Number::to_string);
        let range = |range: &Option<String>| range.clone().unwrap_or("-".to_owned());
        let data = data.iter().map(|datum| {
            let Datum { label, value, unit, warn, crit, min, max } = datum;
            let fields = [number(value), unit.clone(), range(warn), range(crit), number(min), number(max)];
            format!("{label}|{}", fields.join("|"))
        });
        let unparsed = unparsed.iter().map(|piece| format!("?{piece}"));
        data.chain(unparsed).collect::<Vec<_>>().join(" & ")
    }

    #[test]
    fn values_are_taken_apart_and_the_rest_is_kept() {
        let rows = [
            ("", ""),
            ("   ", ""),
            ("a=1", "a|1||-|-|-|-"),
            ("time=0.002s;;0:5;0;10.5", "time|0.002|s|-|0:5|0|10.5"),
            ("'my label'=5%;80;90;0;100 b=-3", "my label|5|%|80|90|0|100 & b|-3||-|-|-|-"),
            ("'it''s'=1c", "it's|1|c|-|-|-|-"),
            ("''''=1", "'|1||-|-|-|-"),
            ("a=U", "a|-||-|-|-|-"),
            ("a=18446744073709551615B", "a|18446744073709551615|B|-|-|-|-"),
            ("a=1e-05s b=1e3", "a|0.00001|s|-|-|-|- & b|1000.0||-|-|-|-"),
            ("a=@10:20;@1:2", "?a=@10:20;@1:2"),
            ("a=1;~:5;@1:2;;", "a|1||~:5|@1:2|-|-"),
            ("a=.5", "a|0.5||-|-|-|-"),
            ("/home=2643MB;5948;5958;0;5968", "/home|2643|MB|5948|5958|0|5968"),
            ("a=1 junk b=2", "a|1||-|-|-|- & b|2||-|-|-|- & ?junk"),
            ("a=0,5", "?a=0,5"),
            ("a= b=1", "b|1||-|-|-|- & ?a="),
            ("=1", "?=1"),
            ("'a=1", "'a|1||-|-|-|-"),
            ("a=1;2;3;x;5", "?a=1;2;3;x;5"),
            ("a=1;2;3;4;5;6", "?a=1;2;3;4;5;6"),
            ("a=1e999", "?a=1e999"),
            ("a=nan b=inf", "?a=nan & ?b=inf"),
            ("a=1\u{1}", "?a=1\u{1}"),
            ("a=--1", "?a=--1"),
            ("'", "?'"),
            ("'a b'", "?'a & ?b'"),
            ("ä=1µs", "ä|1|µs|-|-|-|-"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    /// Cut anywhere, a text tells what has a blank behind it, and nothing else.
    #[test]
    fn a_piece_that_was_cut_is_not_read() {
        let pieces =
            ["a=123s;5;10;0;99", "'b c=7'=456%;7;8", "'it''s  x'=9", "''''=1", "d=U", "'f=1 g'=22;3"];
        let whole = pieces.join(" ") + " ";
        let (data, _) = parse(&whole);
        assert_eq!(data.len(), pieces.len());
        for end in 0..=whole.len() {
            let ends = (1..=pieces.len()).map(|number| pieces[..number].join(" ").len());
            let read = ends.filter(|length| *length < end).count();
            let begin = pieces[..read].iter().map(|piece| piece.len() + 1).sum();
            let left = whole[begin..end].to_owned();
            let unparsed = if left.is_empty() { Vec::new() } else { vec![left] };
            assert_eq!(parse_cut(&whole[..end]), (data[..read].to_vec(), unparsed), "{}", &whole[..end]);
        }
    }
}
