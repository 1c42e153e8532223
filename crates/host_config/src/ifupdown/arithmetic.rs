//! Arithmetic expansion: `$((EXPRESSION))` (POSIX.1-2024, XCU 2.6.4), as far as numbers of addresses need it.

/// How deep brackets may be.
const DEPTH: usize = 32;

/// Returns a word with the values of its expressions: the word itself where one is not known. `of` gives the
/// value of a variable.
pub(super) fn expanded(word: &str, of: impl Fn(&str) -> Option<String>) -> String {
    let mut result = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("$((") {
        let Some((inside, after)) = after.split_once("))") else { return word.to_owned() };
        // The brackets at the end may belong to the expression.
        let more = inside.matches('(').count().saturating_sub(inside.matches(')').count());
        let Some((brackets, after)) =
            after.split_at_checked(more).filter(|(all, _)| all.bytes().all(|it| it == b')'))
        else {
            return word.to_owned();
        };
        let Some(value) = value(&format!("{inside}{brackets}"), &of) else { return word.to_owned() };
        result.push_str(before);
        result.push_str(&value.to_string());
        rest = after;
    }
    result + rest
}

/// Returns the value of an expression: `None` if it is not known, or has what is not read here.
pub(super) fn value(text: &str, of: &dyn Fn(&str) -> Option<String>) -> Option<i64> {
    let mut parser = Parser { rest: text.trim_ascii(), of, depth: 0 };
    let value = parser.choice()?;
    parser.rest.trim_ascii_start().is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
    of: &'a dyn Fn(&str) -> Option<String>,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, operators: &[char]) -> Option<char> {
        let rest = self.rest.trim_ascii_start();
        let operator = operators.iter().copied().find(|operator| rest.starts_with(*operator))?;
        self.rest = rest.get(1..)?;
        Some(operator)
    }

    /// `CONDITION ? VALUE : VALUE`, or a value.
    fn choice(&mut self) -> Option<i64> {
        let condition = self.comparison()?;
        if self.take(&['?']).is_none() {
            return Some(condition);
        }
        self.depth += 1;
        let value = if self.depth > DEPTH { None } else { self.choice() }?;
        self.take(&[':'])?;
        let other = self.choice()?;
        self.depth -= 1;
        Some(if condition != 0 { value } else { other })
    }

    fn comparison(&mut self) -> Option<i64> {
        let one = self.sum()?;
        let rest = self.rest.trim_ascii_start();
        let operator = ["<=", ">=", "==", "!=", "<", ">"].into_iter().find(|it| rest.starts_with(*it));
        // Shifts are not read.
        let Some(operator) = operator.filter(|_| !rest.starts_with("<<") && !rest.starts_with(">>")) else {
            return Some(one);
        };
        self.rest = rest.get(operator.len()..)?;
        let other = self.sum()?;
        Some(i64::from(match operator {
            "<=" => one <= other,
            ">=" => one >= other,
            "==" => one == other,
            "!=" => one != other,
            "<" => one < other,
            _ => one > other,
        }))
    }

    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        while let Some(operator) = self.take(&['+', '-']) {
            let next = self.product()?;
            value = if operator == '+' { value.checked_add(next)? } else { value.checked_sub(next)? };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.atom()?;
        while let Some(operator) = self.take(&['*', '/', '%']) {
            let next = self.atom()?;
            value = match operator {
                '*' => value.checked_mul(next)?,
                '/' => value.checked_div(next)?,
                _ => value.checked_rem(next)?,
            };
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i64> {
        if self.take(&['(']).is_some() {
            self.depth += 1;
            let value = if self.depth > DEPTH { None } else { self.choice() }?;
            self.depth -= 1;
            return self.take(&[')']).map(|_| value);
        }
        let rest = self.rest.trim_ascii_start();
        let (sign, rest) = rest.strip_prefix('-').map_or((1, rest), |rest| (-1, rest.trim_ascii_start()));
        let rest = rest.strip_prefix('$').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let number = if is_number(word) { word.to_owned() } else { (self.of)(word)? };
        number_of(number.trim_ascii())?.checked_mul(sign)
    }
}

/// A number as C writes it: octal after a zero.
pub(super) fn number_of(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (base, digits) = match digits.strip_prefix("0x") {
        Some(digits) => (16, digits),
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let is_plain = digits.bytes().all(|octet| octet.is_ascii_alphanumeric());
    i64::from_str_radix(digits, base).ok().filter(|_| is_plain).map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As dash 0.5.12 and bash 5.2 compute them.
    #[test]
    fn computes_as_sh_does() {
        let rows = [
            ("192.0.2.$((i+1))/24", "192.0.2.8/24"),
            ("$((1+2*3)) $((7/2)) $((-7/2)) $((-7%3))", "7 3 -3 -1"),
            ("$((010+1)) $((0x10)) $(( (1+2)*3 )) $((10-2-3))", "9 16 9 5"),
            ("$((2*(1+(2))))", "6"),
            ("$((i>2?7:8)) $((i == 7)) $(( i < 7 ? 1 : i > 8 ? 2 : 3 )) $((3>=4))", "7 1 3 0"),
            ("$((1>>2))", "$((1>>2))"),
            ("$(( $i + 1 ))", "8"),
            ("$((- i))", "-7"),
            ("$((j+1))", "$((j+1))"),
            ("$((1/0))", "$((1/0))"),
            ("$((1<<4))", "$((1<<4))"),
            ("$((i++))", "$((i++))"),
            ("$((i=1))", "$((i=1))"),
            ("$((9223372036854775807+1))", "$((9223372036854775807+1))"),
            ("$((09))", "$((09))"),
            ("$((1", "$((1"),
            ("$(())", "$(())"),
            ("$((1+))", "$((1+))"),
            ("plain", "plain"),
        ];
        for (word, expected) in rows {
            assert_eq!(expanded(word, |name| (name == "i").then(|| "7".to_owned())), expected, "{word}");
        }
        let deep = format!("$(({}1{}))", "(".repeat(40_000), ")".repeat(40_000));
        assert_eq!(expanded(&deep, |_| None), deep);
    }
}
