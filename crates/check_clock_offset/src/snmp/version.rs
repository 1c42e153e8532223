//! The versions of SNMP.

use std::fmt;

/// A version of SNMP, as messages number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SNMPv1 (RFC 1157).
    V1 = 0,
    /// Community-based SNMPv2 (RFC 1901).
    V2c = 1,
    /// SNMPv3 (RFC 3412).
    V3 = 3,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2c => "v2c",
            Self::V3 => "v3",
        })
    }
}
