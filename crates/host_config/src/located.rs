//! What is written on a line of a configuration file: an address, something to remark on, or something that
//! is not understood.

use addresses::{HostAddress, InvalidAddress, short};

use crate::promise::{ConfigError, Place, Promise, Remark};

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located<T = String> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// An address, or none where one of a pool is asked for.
pub(crate) type Asked = Option<HostAddress>;

impl Place {
    pub(crate) fn new(file: &str, line: u32) -> Self {
        Self { file: file.to_owned(), line }
    }

    /// Returns the remark that what is written here gives no static address.
    pub(crate) fn remark(&self, what: impl Into<String>) -> Remark {
        Remark { what: what.into(), place: self.clone() }
    }

    /// Returns the address `text` that is written here, without the brackets that a list may have.
    pub(crate) fn address(&self, text: &str) -> Result<HostAddress, ConfigError> {
        self.address_or_pool(text)?.ok_or_else(|| self.error(InvalidAddress::NoHost(short(text))))
    }

    /// Returns the same, where `0.0.0.0` and `::` have a meaning of their own.
    pub(crate) fn address_or_pool(&self, text: &str) -> Result<Asked, ConfigError> {
        let refuse = |error: InvalidAddress| self.error(error.to_string());
        if text.starts_with('[') {
            return Err(refuse(InvalidAddress::Syntax(short(text))));
        }
        let unspecified = text.split('/').next().is_some_and(|address| matches!(address, "0.0.0.0" | "::"));
        match text.parse() {
            Ok(expected) => Ok(Some(expected)),
            Err(InvalidAddress::NoHost(_)) if unspecified => Ok(None),
            Err(error) => Err(refuse(error)),
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
