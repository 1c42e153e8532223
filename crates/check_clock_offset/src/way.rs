//! The way to hosts and servers: families of addresses, the address that questions come from, and what this
//! machine itself is to blame for.

pub(crate) mod monitor;
mod source;

use std::net::IpAddr;

use net::{Family, Host, Source};
use plugin::Deadline;

pub(crate) use source::SourceError;

/// The options on the way to hosts and servers.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// Ask from this address. Repeatable: one for IPv4, one for IPv6; the family of a single one is used
    /// alone. Default: the address that the routes choose
    #[arg(long, value_name = "ADDRESS")]
    pub source: Vec<IpAddr>,
}

impl Options {
    /// The addresses that may be asked: where only sources of one family are given, those of that family.
    pub(crate) fn family(&self) -> Family {
        let only = |v6: bool| {
            !self.source.is_empty() && self.source.iter().all(|ip| ip.to_canonical().is_ipv6() == v6)
        };
        match (self.ipv4, self.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ if only(false) => Family::V4,
            _ if only(true) => Family::V6,
            _ => Family::Any,
        }
    }

    /// Where questions to these hosts come from.
    ///
    /// # Errors
    /// [`SourceError`]: no question can come from there.
    pub(crate) fn source(&self, hosts: &[&Host], deadline: &Deadline) -> Result<Source, SourceError> {
        let addresses: Vec<IpAddr> = self.source.iter().map(IpAddr::to_canonical).collect();
        source::usable(&addresses, hosts, self.family(), deadline)?;
        Ok(Source { addresses, interface: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_its_family() {
        let family = |ipv4, ipv6, source: &[&str]| {
            let source = source.iter().map(|ip| ip.parse().unwrap()).collect();
            Options { ipv4, ipv6, source }.family()
        };
        assert_eq!(family(false, false, &[]), Family::Any);
        assert_eq!(family(true, false, &[]), Family::V4);
        assert_eq!(family(false, true, &[]), Family::V6);
        assert_eq!(family(false, false, &["192.0.2.1"]), Family::V4);
        assert_eq!(family(false, false, &["::ffff:192.0.2.1"]), Family::V4);
        assert_eq!(family(false, false, &["2001:db8::1"]), Family::V6);
        assert_eq!(family(false, false, &["192.0.2.1", "2001:db8::1"]), Family::Any);
        assert_eq!(family(false, true, &["192.0.2.1", "2001:db8::1"]), Family::V6);
    }
}
