//! The values of options: absolute limits, numbers within bounds, the control.

use std::str::FromStr;

use addresses::ZonedAddress;

/// The target by which a run sees whether the network of the monitor itself fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// The default gateway of each family of the targets.
    Auto,
    /// None but those that are named.
    None,
    /// This address.
    Address(ZonedAddress),
}

/// Explains why a text is not a value of an option.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum InvalidValue {
    /// Neither a word nor an address.
    #[error("not auto, none or an address")]
    Control,
    /// Not a time in milliseconds and a loss.
    #[error("not a latency in milliseconds and a loss, as in 200,20%")]
    Absolute,
    /// Not a number, or outside of the bounds.
    #[error("not a number from {0} to {1}")]
    Number(f64, f64),
}

impl FromStr for Control {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            text => text.parse().map(Self::Address).map_err(|_| InvalidValue::Control),
        }
    }
}

impl Control {
    /// Returns the address that is named, if it is of IPv6, or of IPv4 unless `v6`.
    pub(crate) fn address(&self, v6: bool) -> Option<&ZonedAddress> {
        match self {
            Self::Address(address) if address.host.address.is_ipv6() == v6 => Some(address),
            _ => None,
        }
    }
}

/// An absolute limit, as check_icmp and check_ping take it. Reaching it alerts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Absolute {
    /// The latency in milliseconds.
    pub rtt: f64,
    /// The loss in per cent.
    pub loss: f64,
}

impl FromStr for Absolute {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (rtt, loss) = text.split_once(',').ok_or(InvalidValue::Absolute)?;
        let rtt = decimal(rtt.strip_suffix("ms").unwrap_or(rtt)).ok_or(InvalidValue::Absolute)?;
        let loss = loss
            .strip_suffix('%')
            .and_then(decimal)
            .filter(|loss| *loss <= 100.0)
            .ok_or(InvalidValue::Absolute)?;
        Ok(Self { rtt, loss })
    }
}

/// A number of digits with an optional point.
fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    if digits(whole) && digits(fraction) { text.parse().ok() } else { None }
}

/// Reads a number from `low` to `high`.
pub(super) fn number_within(
    low: f64,
    high: f64,
) -> impl Fn(&str) -> Result<f64, InvalidValue> + Clone + Send + Sync + 'static {
    move |text| {
        decimal(text).filter(|number| (low..=high).contains(number)).ok_or(InvalidValue::Number(low, high))
    }
}
