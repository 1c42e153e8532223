//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use net::{HostPort, InvalidHost};
use plugin::{Limit, Range, Seconds, whole};

use crate::question::{Asked, NameOption, ZoneOption};

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Name that must resolve, asked as a full name for A and AAAA; *.ZONE asks a random name below it; after
    /// = the only addresses that are right: www.example.com=192.0.2.80,2001:db8::/32. Repeatable
    #[arg(long, value_name = "NAME[/TYPE][=ADDRESS[/LEN],..]")]
    pub name: Vec<NameOption>,
    /// Zone below which a random name must not exist (NXDOMAIN). Repeatable
    #[arg(long, value_name = "ZONE")]
    pub absent: Vec<ZoneOption>,
    /// Name whose answer must come validated by DNSSEC (AD=1). Repeatable
    #[arg(long, value_name = "NAME")]
    pub secure: Vec<Asked>,
    /// Name with a broken signature, which must fail (SERVFAIL). Repeatable
    #[arg(long, value_name = "NAME")]
    pub bogus: Vec<Asked>,
    /// Nameserver to ask in place of those of resolv.conf. Repeatable
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub server: Vec<ServerOption>,
    /// File that lists the nameservers, read as the C library reads it
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf", conflicts_with = "server")]
    pub resolv_conf: PathBuf,
    /// Do not resolve by the machine's own way (getent) beside asking the nameservers
    #[arg(long)]
    pub no_system: bool,
    /// Require that every server refuses: for resolvers that only serve their own host or network
    #[arg(long)]
    pub closed: bool,
    /// WARNING if the number of failing nameservers, or with % their share, is outside this range: 0,
    /// 50%. Default without --warning and --critical: 0 for resolv.conf, none for --server
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub warning: Option<Limit>,
    /// CRITICAL if the number or share of failing nameservers is outside this range. Default without
    /// --warning and --critical: CRITICAL if all of resolv.conf fail, or one of --server
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub critical: Option<Limit>,
    /// WARNING if the time of the slowest answer, in seconds, is outside this range: 0.5. Default: WARNING
    /// from 3 s on, unless --critical-time is given
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning_time: Option<Range>,
    /// CRITICAL if the time of the slowest answer, in seconds, is outside this range: 2. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical_time: Option<Range>,
    /// Send a question this many times before the server counts as silent
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = whole::<u8>(1..=5))]
    pub tries: u8,
    /// Send a question again after this time without an answer
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = Seconds::within(0.05..=5.0))]
    pub try_timeout: Seconds,
}

/// The value of `--server`: an address, with a port where it is not 53.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOption(pub(crate) HostPort);

/// Explains why a text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServer {
    /// Neither an address nor a name, in words whose examples have the port of a nameserver.
    #[error("{0}")]
    Host(String),
    /// A name: it would take a nameserver to resolve it.
    #[error("a nameserver is named by its address, as in 192.0.2.53")]
    Name,
}

impl FromStr for ServerOption {
    type Err = InvalidServer;

    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let words = |why: InvalidHost| InvalidServer::Host(why.with_port(53));
        let server: HostPort = text.parse().map_err(words)?;
        if server.host.name().is_some() { Err(InvalidServer::Name) } else { Ok(Self(server)) }
    }
}
