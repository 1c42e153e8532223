//! Ports as a person or a list writes them: `80` or `80,443`.

use crate::address::short;

/// Why a text is not a list of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPort {
    /// Not a number from 1 to 65535 in plain digits.
    #[error("{0} is not a port of 1 to 65535")]
    Number(String),
}

/// Returns the ports of `80` or `80,443`, in the order given.
///
/// # Errors
/// [`InvalidPort`] where one of them is not a number from 1 to 65535.
pub fn parse_ports(text: &str) -> Result<Vec<u16>, InvalidPort> {
    text.split(',').map(|part| parse_port(part).ok_or_else(|| InvalidPort::Number(short(part)))).collect()
}

/// A port in plain digits: no sign, no leading zero.
fn parse_port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_or_several() {
        assert_eq!(parse_ports("80"), Ok(vec![80]));
        assert_eq!(parse_ports("80,443,65535"), Ok(vec![80, 443, 65535]));
        let rows = [
            ("", "an empty field"),
            ("0", "0"),
            ("65536", "65536"),
            ("+80", "+80"),
            ("080", "080"),
            ("80,", "an empty field"),
            ("80, 443", " 443"),
            ("http", "http"),
        ];
        for (text, named) in rows {
            assert_eq!(
                parse_ports(text).unwrap_err().to_string(),
                format!("{named} is not a port of 1 to 65535")
            );
        }
    }
}
