//! Why it is not known what to try.

use host_config::ConfigError;
use host_net::ReadBoundError;
use net::Unusable;

use super::expand::NotAHost;
use super::names::NotAName;
use crate::memory::NoMemory;

/// Why it is not known what to try. Each message names what is missing.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A name has no addresses that can be tried.
    #[error(transparent)]
    Name(#[from] Unusable),
    /// The bound addresses cannot be read.
    #[error(transparent)]
    Bound(#[from] ReadBoundError),
    /// A list or the configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration promises nothing.
    #[error("no static address in the configuration of {0}: nothing to check by --from")]
    NothingPromised(String),
    /// Only loopback and link-local addresses are bound here.
    #[error("only loopback and link-local addresses are bound here: nothing to check by --bound")]
    NothingBound,
    /// No source of addresses is given.
    #[error("no address to check: give --ip, --file, --from, --hostname or --bound, see --help")]
    NoAddress,
    /// What is given is not the address of a host.
    #[error("{place}{why}")]
    NotAHost {
        /// Where it stands, with a space, if it is in a list.
        place: String,
        /// Why.
        why: NotAHost,
    },
    /// A line of a list gives something that is not a name.
    #[error("{place}{why}")]
    Label {
        /// Where it stands, with a space.
        place: String,
        /// Why.
        why: NotAName,
    },
    /// There is not enough memory.
    #[error(transparent)]
    Memory(#[from] NoMemory),
    /// None of the addresses is of the family that is asked for.
    #[error("{}: nothing to check by -{_2}", none_of_family(*_0, _1))]
    Family(usize, &'static str, u8),
    /// An address without a port.
    #[error("no port for {0}: give --port, see --help")]
    NoPort(String),
}

/// Says that not one of so many addresses is of a family.
fn none_of_family(count: usize, family: &str) -> String {
    match count {
        1 => format!("the only address is not an {family} address"),
        count => format!("none of the {count} addresses is an {family} address"),
    }
}
