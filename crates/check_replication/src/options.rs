//! Options that go together: how to connect, and what is expected.

use std::path::PathBuf;

use crate::heartbeat::Table;
use crate::pair::{Shape, Writable};
use crate::tls_level::TlsLevel;
use net::HostPort;

/// How to connect and log in.
#[derive(Clone, Debug, clap::Args)]
pub struct Connecting {
    /// A server to ask. Repeatable: several are judged together too. Default: that of --defaults-file, else the local socket
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    pub hostname: Vec<HostPort>,
    /// The port where --hostname gives none. Default: that of --defaults-file, else 3306
    #[arg(short = 'P', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// A server to ask, by its Unix socket
    #[arg(short = 's', long, value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// The account to log in with. Default: that of --defaults-file, else nagios
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// User and password, in MySQL's own format: the group client, with !include and !includedir
    #[arg(short = 'f', long, value_name = "FILE")]
    pub defaults_file: Option<PathBuf>,
    /// Another group of that file, which wins over its group client
    #[arg(short = 'g', long, value_name = "NAME", requires = "defaults_file")]
    pub defaults_group: Option<String>,
    /// TLS of TCP connections
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t)]
    pub tls: TlsLevel,
    /// PEM file of the authorities that may have signed the server certificate. Default: ssl-ca of --defaults-file, else those of the system
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
}

/// What a server is expected to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// It replicates from at least one source
    #[default]
    Replica,
    /// It replicates from none
    None,
}

/// What is expected.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Expected {
    /// What a server must be
    #[arg(long = "expect", value_name = "ROLE", value_enum, default_value_t)]
    pub role: Role,
    /// How many channels it must have
    #[arg(long = "expect-channels", value_name = "N")]
    pub channels: Option<usize>,
    /// A source that it must replicate from, as its configuration names it. Repeatable
    #[arg(long = "expect-source", value_name = "HOST[:PORT]")]
    pub sources: Vec<HostPort>,
    /// Which of several servers must take writes (not read_only)
    #[arg(long = "expect-writable", value_name = "WHICH", value_enum)]
    pub writable: Option<Writable>,
    /// How several servers must replicate to each other
    #[arg(long = "expect-shape", value_name = "SHAPE", value_enum, default_value_t)]
    pub shape: Shape,
}

/// A table of heartbeats.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Heartbeat {
    /// Measure the lag by this table, which pt-heartbeat keeps: that shows a frozen source too
    #[arg(long = "heartbeat-table", value_name = "DB.TABLE")]
    pub table: Option<Table>,
    /// Its times are in UTC (pt-heartbeat --utc), not in the zone of the server
    #[arg(long = "heartbeat-utc", requires = "table")]
    pub utc: bool,
}
