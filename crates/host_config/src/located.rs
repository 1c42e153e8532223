//! What is written on a line of a configuration file: an address, something to remark on, or something that
//! is not understood.

use addresses::{HostAddress, InvalidAddress, short};

use crate::promise::{ConfigError, Family, Place, Promise, Remark};

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located<T = String> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// This address.
    Address(HostAddress),
    /// One of a pool, of the family of `0.0.0.0` or `::`, with this prefix length where one is written.
    Pool(Family, Option<u8>),
}

impl Asked {
    /// Returns the address: `None` where one of a pool is asked for.
    pub(crate) fn address(self) -> Option<HostAddress> {
        match self {
            Asked::Address(address) => Some(address),
            Asked::Pool(..) => None,
        }
    }
}

impl Place {
    pub(crate) fn new(file: &str, line: u32) -> Self {
        Self { file: file.to_owned(), line }
    }

    /// Returns the remark that what is written here gives no static address.
    pub(crate) fn remark(&self, what: impl Into<String>) -> Remark {
        Remark { what: what.into(), place: self.clone() }
    }

    /// Returns the address `text` that is written here, without the brackets that a list may have: `0.0.0.0`
    /// and `::` have a meaning of their own.
    pub(crate) fn address_or_pool(&self, text: &str) -> Result<Asked, ConfigError> {
        let refuse = |error: InvalidAddress| self.error(error.to_string());
        if text.starts_with('[') {
            return Err(refuse(InvalidAddress::Syntax(short(text))));
        }
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, length.parse().ok()));
        match (text.parse(), address) {
            (Ok(expected), _) => Ok(Asked::Address(expected)),
            (Err(InvalidAddress::NoHost(_)), "0.0.0.0") => Ok(Asked::Pool(Family::V4, length)),
            (Err(InvalidAddress::NoHost(_)), "::") => Ok(Asked::Pool(Family::V6, length)),
            (Err(error), _) => Err(refuse(error)),
        }
    }
}

impl Located<HostAddress> {
    /// Returns the promise of this address on `interface`.
    pub(crate) fn promise(self, interface: Option<&str>) -> Promise {
        Promise {
            expected: self.value,
            interface: interface.map(str::to_owned),
            floating: false,
            place: self.place,
        }
    }
}
