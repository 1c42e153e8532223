//! What one server said of itself: its version, its identity, whether it is writable, its GTIDs and its
//! channels.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::binary_log::BinaryLog;
use crate::channel::Channel;
use crate::existence::Existence;
use crate::filter::MARKED;
use crate::membership::{Membership, is_out};
use crate::row::Row;
use crate::semi_sync::SemiSync;

/// The name of a server that is reached by a socket, in performance data.
pub(crate) const SOCKET: &str = "socket";

/// Whether a server of MariaDB waits for its replicas.
pub(crate) const SEMI_SYNC: &str = "rpl_semi_sync_master_enabled";

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// MySQL, Percona Server and what else speaks like them.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// A version: major, minor, patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

/// A server's GTIDs at one moment. `None`: it did not tell, which is not the same as that there is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gtids {
    /// MySQL's @@gtid_executed.
    pub executed: Option<String>,
    /// MariaDB's @@gtid_current_pos: what it applied or wrote itself.
    pub current: Option<String>,
    /// MariaDB's @@gtid_binlog_pos: what is last in its binary log.
    pub logged: Option<String>,
    /// MariaDB's @@gtid_slave_pos: what it applied.
    pub applied: Option<String>,
    /// MariaDB's @@gtid_binlog_state: the last number of each domain and server in its binary log.
    pub history: Option<String>,
}

/// The channels of a server at a later look.
#[derive(Clone, Debug, PartialEq)]
pub struct LaterChannels {
    /// How long after the first look.
    pub after: Duration,
    /// Every channel, in the server's order.
    pub channels: Vec<Channel>,
}

/// Everything that one server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What it is called in our lines: the --hostname with its port if that was given, or the host's own name
    /// behind a socket.
    pub asked: String,
    /// The address that answered; none for a socket.
    pub address: Option<SocketAddr>,
    /// Its kind.
    pub flavour: Flavour,
    /// Its version.
    pub version: Version,
    /// @@hostname.
    pub hostname: String,
    /// @@port: what it listens on itself.
    pub port: u16,
    /// @@server_id.
    pub server_id: u64,
    /// @@server_uuid: MySQL from 5.6 on.
    pub server_uuid: Option<String>,
    /// @@read_only.
    pub read_only: bool,
    /// @@super_read_only: none where the server has no such thing.
    pub super_read_only: Option<bool>,
    /// @@auto_increment_increment.
    pub auto_increment_increment: u64,
    /// @@auto_increment_offset.
    pub auto_increment_offset: u64,
    /// What it is a member of: `None` if of nothing, or where that was not asked.
    pub membership: Option<Membership>,
    /// Whether it is a member of a group that the account may not see.
    pub hides_group: bool,
    /// Whether it is configured as a node of a Galera cluster, and was started without that.
    pub is_out: bool,
    /// @@aurora_version: `None` where it is not Aurora.
    pub aurora: Option<String>,
    /// @@log_replica_updates, or log_slave_updates: whether what it applies gets into its own binary log.
    /// `None` where it was not asked for.
    pub passes_on: Option<bool>,
    /// @@log_bin: `None` where it was not asked for.
    pub log_bin: Option<bool>,
    /// Its GTIDs at the first look.
    pub gtids: Gtids,
    /// Its GTIDs at a later look, if there was one.
    pub later: Option<Gtids>,
    /// MySQL's @@gtid_purged: what it has executed and its binary log has not. `None` where it was not asked
    /// for.
    pub purged: Option<String>,
    /// Whether what it writes has no GTIDs, by MySQL's @@gtid_mode. Not where it was not asked for.
    pub is_anonymous: bool,
    /// How many commits waited for an acknowledgement by semi-sync: on MySQL at that look, on MariaDB for a
    /// second.
    pub commits_waiting: u64,
    /// @@gtid_domain_id of MariaDB: `None` where it was not asked for.
    pub gtid_domain_id: Option<u64>,
    /// @@slave_skip_errors or replica_skip_errors with its name, as in "slave_skip_errors is 1062": `None` if
    /// it is off.
    pub skip_errors: Option<String>,
    /// How many errors it has skipped by that since its start.
    pub skipped: u64,
    /// The name of slave_exec_mode or replica_exec_mode where that is IDEMPOTENT: `None` if it is not.
    pub idempotent: Option<&'static str>,
    /// MariaDB's replicate_events_marked_for_skip where that is not REPLICATE: `None` if it is, or where it
    /// was not asked for.
    pub marked: Option<String>,
    /// Whether no commit waits for its replicas, by MariaDB's rpl_semi_sync_master_enabled. Not where it was
    /// not asked for.
    pub is_async: bool,
    /// What it says of semi-sync: `None` where that was not asked for.
    pub semi_sync: Option<SemiSync>,
    /// Its own binary log: `None` if it has none, or where that was not asked for.
    pub log: Option<BinaryLog>,
    /// The same at a look after those at the channels of all servers: `None` if there was none.
    pub log_later: Option<BinaryLog>,
    /// Whether its binlog_format is ROW: `None` where that was not asked for.
    pub by_rows: Option<bool>,
    /// Which of the databases that are expected it shows: `None` where that was not asked for, or not told.
    pub existence: Option<Existence>,
    /// Every channel, in the server's order.
    pub channels: Vec<Channel>,
    /// The same at a later look, if there was one.
    pub channels_later: Option<LaterChannels>,
}

impl Server {
    /// Reads the row of variables, each under its own name, and the channels.
    pub fn read(
        asked: &str,
        address: Option<SocketAddr>,
        greeting: &str,
        variables: &Row,
        channels: &[Row],
    ) -> Self {
        let (flavour, version) = known(greeting, variables);
        let hostname = variables.owned(&["hostname"]);
        let is_named = address.is_some() || hostname.is_empty();
        Self {
            asked: if is_named { asked.to_owned() } else { hostname.clone() },
            address,
            flavour,
            version,
            hostname,
            port: variables.number(&["port"]).unwrap_or_default(),
            server_id: variables.number(&["server_id"]).unwrap_or_default(),
            server_uuid: variables.filled(&["server_uuid"]),
            read_only: variables.switch(&["read_only"]).unwrap_or_default(),
            super_read_only: variables.switch(&["super_read_only"]),
            auto_increment_increment: variables.number(&["auto_increment_increment"]).unwrap_or(1),
            auto_increment_offset: variables.number(&["auto_increment_offset"]).unwrap_or(1),
            membership: None,
            hides_group: false,
            is_out: is_out(variables),
            aurora: None,
            passes_on: variables.switch(&["log_replica_updates", "log_slave_updates"]),
            log_bin: variables.switch(&["log_bin"]),
            gtids: Gtids::read(variables),
            later: None,
            purged: variables.text(&["gtid_purged"]).map(str::to_owned),
            is_anonymous: variables
                .text(&["gtid_mode"])
                .is_some_and(|mode| mode.to_ascii_uppercase().starts_with("OFF")),
            commits_waiting: 0,
            gtid_domain_id: variables.number(&["gtid_domain_id"]),
            skip_errors: ["slave_skip_errors", "replica_skip_errors"].iter().find_map(|name| {
                let errors = variables.filled(&[name])?;
                (!errors.eq_ignore_ascii_case("off")).then(|| format!("{name} is {errors}"))
            }),
            skipped: 0,
            idempotent: idempotent(variables),
            marked: variables.filled(&[MARKED]).filter(|value| !value.eq_ignore_ascii_case("replicate")),
            is_async: variables.switch(&[SEMI_SYNC]) == Some(false),
            semi_sync: None,
            log: None,
            log_later: None,
            by_rows: variables.filled(&["binlog_format"]).map(|format| format.eq_ignore_ascii_case("row")),
            existence: None,
            channels: channels.iter().map(Channel::read).collect(),
            channels_later: None,
        }
    }

    /// Returns what it is called in performance data. Only one can be asked by its socket.
    pub(crate) fn series(&self) -> &str {
        if self.address.is_some() { &self.asked } else { SOCKET }
    }

    /// Returns its GTIDs at its last look.
    pub(crate) fn latest(&self) -> &Gtids {
        self.later.as_ref().unwrap_or(&self.gtids)
    }
}

impl Gtids {
    /// The variables that have them.
    pub(crate) fn names(flavour: Flavour) -> &'static [&'static str] {
        match flavour {
            Flavour::MariaDb => {
                &["gtid_current_pos", "gtid_binlog_pos", "gtid_slave_pos", "gtid_binlog_state"]
            }
            Flavour::MySql => &["gtid_executed"],
        }
    }

    /// Reads them out of a row of variables.
    pub(crate) fn read(variables: &Row) -> Self {
        let text = |name: &str| variables.text(&[name]).map(str::to_owned);
        Self {
            executed: text("gtid_executed"),
            current: text("gtid_current_pos"),
            logged: text("gtid_binlog_pos"),
            applied: text("gtid_slave_pos"),
            history: text("gtid_binlog_state"),
        }
    }
}

/// What is known after the variables were read: a server may greet with whatever version it was told to, or a
/// proxy speaks for it, but only MariaDB has such positions.
pub(crate) fn known(greeting: &str, variables: &Row) -> (Flavour, Version) {
    let (flavour, version) = identify(variables.text(&["version"]).unwrap_or(greeting));
    let flavour = if variables.has(&["gtid_current_pos"]) { Flavour::MariaDb } else { flavour };
    (flavour, version)
}

/// The kind and version in a greeting or in @@version: "5.5.5-10.11.19-MariaDB-log", "11.8.9-MariaDB-4 from
/// Debian-log", "9.7.4-2". MariaDB up to 10.x greets with 5.5.5 in front, since old replicas would not take a
/// version of two digits.
pub(crate) fn identify(version: &str) -> (Flavour, Version) {
    let flavour =
        if version.to_ascii_lowercase().contains("mariadb") { Flavour::MariaDb } else { Flavour::MySql };
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers =
        own.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    (flavour, Version(next(), next(), next()))
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flavour::MySql => "MySQL",
            Flavour::MariaDb => "MariaDB",
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Returns the name of the setting by which rows that are missing, or there already, are skipped without a
/// word. Of NDB it is the default, which replication of a cluster needs.
fn idempotent(variables: &Row) -> Option<&'static str> {
    let version = variables.owned(&["version"]).to_ascii_lowercase();
    let is_ndb = version.contains("-cluster") || version.contains("-ndb");
    let is_set = |name: &&'static str| {
        variables.text(&[name]).is_some_and(|mode| mode.eq_ignore_ascii_case("idempotent"))
    };
    ["slave_exec_mode", "replica_exec_mode"].into_iter().find(is_set).filter(|_| !is_ndb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_out_of_greetings() {
        let rows = [
            ("5.5.5-10.11.19-MariaDB-0+deb12u1-log", Flavour::MariaDb, Version(10, 11, 19)),
            ("11.8.9-MariaDB-4 from Debian-log", Flavour::MariaDb, Version(11, 8, 9)),
            ("9.7.4-2", Flavour::MySql, Version(9, 7, 4)),
            ("8.0.36-28-log", Flavour::MySql, Version(8, 0, 36)),
            ("5.5.5", Flavour::MySql, Version(5, 5, 5)),
            ("8.4", Flavour::MySql, Version(8, 4, 0)),
            ("", Flavour::MySql, Version(0, 0, 0)),
            ("99999999999.x", Flavour::MySql, Version(0, 0, 0)),
        ];
        for (greeting, flavour, version) in rows {
            assert_eq!(identify(greeting), (flavour, version), "{greeting}");
        }
    }
}
