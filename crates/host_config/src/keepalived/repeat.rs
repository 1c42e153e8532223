//! The blocks that repeat the rest of their line with other values: `~SEQ` and `~LST` of keepalived.conf(5),
//! in the spellings that version 2.2 takes.

/// The most values of one block.
const VALUES: usize = 1 << 16;

/// A line that is repeated.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repeated<'a> {
    /// The parameters that are set.
    pub(super) names: Vec<&'a str>,
    /// Their values, once for each time.
    pub(super) values: Vec<Vec<String>>,
    /// What is repeated.
    pub(super) rest: &'a str,
}

/// Returns what a line repeats: `None` if it begins with no such block, an error if keepalived would refuse
/// the block or takes it in a way of its own.
pub(super) fn repeated(line: &str) -> Option<Result<Repeated<'_>, &'static str>> {
    let (keyword, specification) = line.split_once('(')?;
    let parse: fn(&str) -> Option<Values<'_>> = match keyword.trim_ascii_end() {
        "~SEQ" => |text| sequence(text, false),
        "~SEQx" => |text| sequence(text, true),
        "~LST" => list,
        word if word.starts_with("~SEQ") || word.starts_with("~LST") => |_| None,
        _ => return None,
    };
    let split = specification.split_once(')');
    let read = split.and_then(|(inside, rest)| Some((parse(inside)?, rest.trim_ascii())));
    let repeated = read.map(|((names, values), rest)| Repeated { names, values, rest });
    Some(repeated.ok_or("a block that repeats a line (~SEQ, ~LST) is not understood"))
}

/// The names of parameters, and their values.
type Values<'a> = (Vec<&'a str>, Vec<Vec<String>>);

/// `NAME[, START[, STEP]], END`: numbers as C writes them, hexadecimal in the result where `hexadecimal` is
/// set.
fn sequence(text: &str, hexadecimal: bool) -> Option<Values<'_>> {
    let mut words = text.split(',').map(str::trim_ascii);
    let name = words.next().filter(|name| is_name(name))?;
    let numbers: Vec<i64> = words.map(number).collect::<Option<_>>()?;
    let (start, step, end) = match *numbers.as_slice() {
        [end] => (if end < 0 { -1 } else { 1 }, None, end),
        [start, end] => (start, None, end),
        [start, step, end] => (start, Some(step), end),
        _ => return None,
    };
    let step = step.unwrap_or(if start <= end { 1 } else { -1 });
    if step == 0 || start != end && (start < end) != (step > 0) {
        return None;
    }
    let within = |number: &i64| if step > 0 { *number <= end } else { *number >= end };
    let all = std::iter::successors(Some(start), |number| number.checked_add(step)).take_while(within);
    let shown = |number: i64| if hexadecimal { format!("{number:x}") } else { number.to_string() };
    let values: Vec<Vec<String>> = all.take(VALUES + 1).map(|number| vec![shown(number)]).collect();
    Some((vec![name], values)).filter(|(_, values)| values.len() <= VALUES)
}

/// `NAME, VALUE...` or `{NAME, NAME...}, {VALUE, VALUE...}...`: a value that is left out is empty.
fn list(text: &str) -> Option<Values<'_>> {
    if text.contains(['"', '\'']) {
        return None;
    }
    let mut items = items(text)?.into_iter();
    let names = items.next()?;
    let values: Vec<Vec<&str>> = items.collect();
    let fits = |values: &Vec<&str>| values.len() <= names.len();
    if values.is_empty() || values.len() > VALUES || !names.iter().all(|name| is_name(name)) {
        return None;
    }
    let filled = |values: Vec<&str>| {
        let given = values.into_iter().map(str::to_owned);
        given.chain(std::iter::repeat(String::new())).take(names.len()).collect()
    };
    let values = values.iter().all(fits).then(|| values.into_iter().map(filled).collect())?;
    Some((names, values))
}

/// The items between commas, each with what its braces hold.
fn items(text: &str) -> Option<Vec<Vec<&str>>> {
    let mut all = Vec::new();
    let mut rest = text.trim_ascii();
    loop {
        let after = match rest.strip_prefix('{') {
            Some(inside) => {
                let (inside, after) = inside.split_once('}')?;
                all.push(inside.split(',').map(str::trim_ascii).collect());
                after.trim_ascii()
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (item, after) = rest.split_at(end);
                all.push(vec![item.trim_ascii()]);
                after
            }
        };
        match after.strip_prefix(',') {
            Some(after) => rest = after.trim_ascii_start(),
            None => return after.is_empty().then_some(all),
        }
    }
}

/// A number in C's notation: decimal, octal or hexadecimal.
fn number(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, base) = match hexadecimal {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    let plain = digits.bytes().all(|octet| octet.is_ascii_alphanumeric());
    i64::from_str_radix(digits, base).ok().filter(|_| plain).map(|number| sign * number)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_as_keepalived_does() {
        let rows = [
            ("~SEQ(N, 4) x", Some("N=1 N=2 N=3 N=4: x")),
            ("~SEQ(N, -3) x", Some("N=-1 N=-2 N=-3: x")),
            ("~SEQ(N, 4, 1) x", Some("N=4 N=3 N=2 N=1: x")),
            ("~SEQ(N, 1, 2, 6) x", Some("N=1 N=3 N=5: x")),
            ("~SEQ(N, 6, -2, 1) x", Some("N=6 N=4 N=2: x")),
            ("~SEQ(N, 5, 5) x", Some("N=5: x")),
            ("~SEQ(N,0x0a,0x0c) x", Some("N=10 N=11 N=12: x")),
            ("~SEQ(N,010,012) x", Some("N=8 N=9 N=10: x")),
            ("~SEQx(N,8,2,0x0c) x", Some("N=8 N=a N=c: x")),
            ("~SEQ (N,1,2)x", Some("N=1 N=2: x")),
            ("~SEQ(A,1,2) ~SEQ(B,3,4) x", Some("A=1 A=2: ~SEQ(B,3,4) x")),
            ("~LST(N, 1, 5,9) x", Some("N=1 N=5 N=9: x")),
            ("~LST(N,) x", Some("N=: x")),
            ("~LST({A, B}, {1,2},{3, 4}) x", Some("A=1,B=2 A=3,B=4: x")),
            ("~LST({A,B}, {1,2},{3}) x", Some("A=1,B=2 A=3,B=: x")),
            ("~SEQ(N, 1, -1, 5) x", None),
            ("~SEQ(N, 1, 0, 5) x", None),
            ("~SEQ(N,1,x) x", None),
            ("~SEQ(N) x", None),
            ("~SEQ(N,1,2,3,4) x", None),
            ("~SEQ(N,1,2 x", None),
            ("~SEQ(,1,2) x", None),
            ("~SEQ(N,1,70000) x", None),
            ("~SEQ(N,-9223372036854775808,9223372036854775807) x", None),
            ("~SEQX(N,8,12) x", None),
            ("~LST(N) x", None),
            ("~LST({A,B}, {1,2},{3,4,5}) x", None),
            ("~LST(N, \"1\", 2) x", None),
            ("~LST({A, 1) x", None),
        ];
        for (line, expected) in rows {
            let found = repeated(line).unwrap().ok().map(|Repeated { names, values, rest }| {
                let set = |values: &Vec<String>| {
                    let pairs = names.iter().zip(values).map(|(name, value)| format!("{name}={value}"));
                    pairs.collect::<Vec<_>>().join(",")
                };
                format!("{}: {rest}", values.iter().map(set).collect::<Vec<_>>().join(" "))
            });
            assert_eq!(found.as_deref(), expected, "{line}");
        }
        assert_eq!(repeated("192.0.2.1 (x)"), None);
    }
}
