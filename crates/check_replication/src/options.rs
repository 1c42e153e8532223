//! Options that go together: how to connect, and what is expected.

use std::path::PathBuf;

use crate::filter::FilterName;
use crate::gtid::Accepted;
use crate::heartbeat::Table;
use crate::pair::{Shape, Writable};
use crate::tls_level::TlsLevel;
use net::HostPort;
use plugin::whole;

/// How to connect and log in.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Connecting {
    /// Server to ask. Repeatable: several servers are also judged together. Default: host of --defaults-file,
    /// else the local socket
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    pub hostname: Vec<HostPort>,
    /// Port where --hostname gives none. Default: port of --defaults-file, else 3306
    #[arg(short = 'P', long, value_name = "PORT", value_parser = whole::<u16>(1..=65_535))]
    pub port: Option<u16>,
    /// Unix socket of a server to ask
    #[arg(short = 's', long, value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// Account to log in with. Default: user of --defaults-file, else nagios
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// Read user and password from this option file of MySQL: its group client, with !include and !includedir
    #[arg(short = 'f', long, value_name = "FILE")]
    pub defaults_file: Option<PathBuf>,
    /// Read this group of the file too; it overrides the group client
    #[arg(short = 'g', long, value_name = "NAME", requires = "defaults_file")]
    pub defaults_group: Option<String>,
    /// TLS on TCP connections. Default: as the ssl options of --defaults-file, verify-ca with --tls-ca, else
    /// prefer
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub tls: Option<TlsLevel>,
    /// PEM file of the authorities that may have signed the server certificate. Default: ssl-ca of
    /// --defaults-file, else those of the system
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
}

/// What a server is expected to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// The server replicates from at least one source
    #[default]
    Replica,
    /// The server replicates from no source
    None,
    /// The server is a member of a group (MySQL) or a Galera cluster
    Group,
}

/// The most characters of a database's name.
const LONGEST: usize = 64;

/// A text that cannot be the name of a database, or is several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give the name of one database, as in shop, and repeat the option for more")]
pub(crate) struct InvalidDatabase;

/// Takes the name of a database. A list would be a name that no filter has, and so never be left out.
fn one_database(text: &str) -> Result<String, InvalidDatabase> {
    let fits = (1..=LONGEST).contains(&text.chars().count());
    let is_one = fits && !text.contains([',', ' ', '/', '`']) && !text.chars().any(char::is_control);
    if is_one { Ok(text.to_owned()) } else { Err(InvalidDatabase) }
}

/// What is expected.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ExpectOptions {
    /// Expected role of a server. Default: replica, but an Aurora without a channel is UNKNOWN
    #[arg(long = "expect", value_name = "ROLE", value_enum)]
    pub role: Option<Role>,
    /// Expected number of channels of a server. Default: any from 1 on
    #[arg(long = "expect-channels", value_name = "N", value_parser = whole::<u16>(1..=65_535))]
    pub channels: Option<u16>,
    /// Expected number of members of a group or a Galera cluster. Default: any
    #[arg(long = "expect-members", value_name = "N", value_parser = whole::<u16>(1..=65_535))]
    pub members: Option<u16>,
    /// Expected source of a server, as its configuration names it. Repeatable
    #[arg(long = "expect-source", value_name = "HOST[:PORT]")]
    pub sources: Vec<HostPort>,
    /// Database that must be replicated: by the filters of channels, and by those of the server's own binary
    /// log. Repeatable
    #[arg(long = "expect-database", value_name = "NAME", value_parser = one_database)]
    pub databases: Vec<String>,
    /// Accept this filter, as in binlog_do_db, where it leaves out a part of such a database or of a source's
    /// GTID domains; a filter that leaves out all of it stays CRITICAL. Or accept this setting by which a
    /// replica may skip errors, as in slave_exec_mode. Repeatable
    #[arg(long = "accept-filter", value_name = "FILTER")]
    pub filters: Vec<FilterName>,
    /// Which of several servers must be writable (not read_only). Default: any
    #[arg(long = "expect-writable", value_name = "WHICH", value_enum)]
    pub writable: Option<Writable>,
    /// Expected shape of the replication between several servers
    #[arg(long = "expect-shape", value_name = "SHAPE", value_enum, default_value_t)]
    pub shape: Shape,
    /// Accept a stopped SQL thread on a delayed channel, as before a restore, if it stopped without an error
    #[arg(long = "allow-stopped-sql")]
    pub stopped_sql: bool,
    /// Judge semi-synchronous replication: where it is enabled it must be on, with enough replicas, and no
    /// commit may be stuck
    #[arg(long = "semi-sync")]
    pub semi_sync: bool,
    /// Accept these errant transactions: all of one server, named by its id (MariaDB) or uuid (MySQL), or
    /// single ones, as in 0-2-7 or UUID:1-5. Repeatable
    #[arg(long = "accept-errant", value_name = "GTIDS")]
    pub errant: Vec<Accepted>,
}

/// A table of heartbeats.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Heartbeat {
    /// Measure the lag by this table of pt-heartbeat, which shows a frozen source too. Default: the lag that
    /// the server reports
    #[arg(long = "heartbeat-table", value_name = "DB.TABLE")]
    pub table: Option<Table>,
    /// Read the times of that table as UTC (pt-heartbeat --utc), not in the time zone of the server
    #[arg(long = "heartbeat-utc", requires = "table")]
    pub utc: bool,
}
