//! One replication channel as its replica describes it, read by the names of its columns: the old words
//! (master, slave), which all of MariaDB and MySQL before 8.0.22 use, and the new ones (source, replica).

use crate::filter::Filters;
use crate::row::Row;

/// Whether the thread runs that fetches the source's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoState {
    /// It is connected to the source.
    Yes,
    /// It does not run.
    No,
    /// It tries to connect ("Connecting", and MariaDB's "Preparing").
    Connecting,
    /// A word that is not known.
    Other(String),
}

/// Whether the thread runs that applies the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlState {
    /// It runs.
    Yes,
    /// It does not.
    No,
    /// A word that is not known.
    Other(String),
}

/// One channel (MySQL) or connection (MariaDB): one row of SHOW REPLICA STATUS, SHOW SLAVE STATUS or SHOW ALL
/// SLAVES STATUS.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name; empty for the default channel.
    pub name: String,
    /// Where it gets its events from, as configured: a name or an address.
    pub source_host: String,
    /// The source's TCP port.
    pub source_port: u16,
    /// The source's server_id; 0 before the first connection.
    pub source_server_id: u64,
    /// The source's server_uuid: MySQL only, and none before the first connection.
    pub source_uuid: Option<String>,
    /// The state of the fetching thread.
    pub io: IoState,
    /// What it says of itself, as in "Waiting for master to send event".
    pub io_text: String,
    /// The state of the applying thread.
    pub sql: SqlState,
    /// What it says of itself.
    pub sql_text: String,
    /// Seconds behind the source; none is NULL, which the server says where it does not know.
    pub lag: Option<f64>,
    /// The configured delay in seconds (SQL_Delay).
    pub delay: f64,
    /// Seconds until the next event may be applied (SQL_Remaining_Delay); none if nothing waits.
    pub remaining: Option<f64>,
    /// What its SQL thread stops at (START REPLICA UNTIL), as in "Gtid": none if at nothing.
    pub until: Option<String>,
    /// How many of the next events its SQL thread skips (Skip_Counter).
    pub to_skip: u64,
    /// What it leaves out.
    pub filters: Filters,
    /// Whether it asks its source for TLS (Source_SSL_Allowed).
    pub tls: Option<bool>,
    /// Last_IO_Errno: 0 for no error.
    pub io_errno: u32,
    /// Last_IO_Error, as it is: it may hold anything.
    pub io_error: String,
    /// Last_SQL_Errno: 0 for no error.
    pub sql_errno: u32,
    /// Last_SQL_Error, as it is: it may hold statements, and those passwords.
    pub sql_error: String,
    /// The file of the source and the position in it up to which events were fetched.
    pub read_position: (String, u64),
    /// The same, up to which they were applied.
    pub applied_position: (String, u64),
    /// MariaDB's Using_Gtid: "No", "Slave_Pos" or "Current_Pos".
    pub using_gtid: Option<String>,
    /// MariaDB's Gtid_IO_Pos: up to where events were fetched.
    pub gtid_io_pos: Option<String>,
    /// MariaDB's Gtid_Slave_Pos: up to where events were applied.
    pub gtid_slave_pos: Option<String>,
    /// MySQL's Retrieved_Gtid_Set.
    pub retrieved_gtid_set: Option<String>,
    /// MySQL's Executed_Gtid_Set: of the whole server, not of this channel alone.
    pub executed_gtid_set: Option<String>,
    /// MySQL's Auto_Position.
    pub auto_position: Option<bool>,
    /// MariaDB's Slave_received_heartbeats.
    pub heartbeats: Option<u64>,
    /// MariaDB's Slave_heartbeat_period in seconds; 0 means that none are sent.
    pub heartbeat_period: Option<f64>,
    /// MariaDB's Master_last_event_time (11.6 on): when the source wrote the last event that was fetched.
    pub source_event_time: Option<String>,
    /// MariaDB's Slave_last_event_time: when the source wrote the last event that was applied.
    pub applied_event_time: Option<String>,
    /// How many seconds ago the last transaction that was applied was committed, wherever that was: MySQL's
    /// performance_schema tells it.
    pub applied_age: Option<f64>,
}

impl Channel {
    /// Reads a row: columns that are not known are no error, and one that is missing reads as empty, 0 or
    /// none.
    pub fn read(row: &Row) -> Self {
        let position =
            |file: &[&str], position: &[&str]| (row.owned(file), row.number(position).unwrap_or_default());
        Self {
            name: row.owned(&["Channel_Name", "Connection_name"]),
            source_host: row.owned(&["Source_Host", "Master_Host"]),
            source_port: row.number(&["Source_Port", "Master_Port"]).unwrap_or_default(),
            source_server_id: row.number(&["Source_Server_Id", "Master_Server_Id"]).unwrap_or_default(),
            source_uuid: row.filled(&["Source_UUID", "Master_UUID"]),
            io: io_state(&row.owned(&["Replica_IO_Running", "Slave_IO_Running"])),
            io_text: row.owned(&["Replica_IO_State", "Slave_IO_State"]),
            sql: sql_state(&row.owned(&["Replica_SQL_Running", "Slave_SQL_Running"])),
            sql_text: row.owned(&["Replica_SQL_Running_State", "Slave_SQL_Running_State"]),
            lag: row.number(&["Seconds_Behind_Source", "Seconds_Behind_Master"]),
            delay: row.number(&["SQL_Delay"]).unwrap_or_default(),
            remaining: row.number(&["SQL_Remaining_Delay"]),
            until: row.filled(&["Until_Condition"]).filter(|condition| condition != "None"),
            to_skip: row.number(&["Skip_Counter"]).unwrap_or_default(),
            filters: Filters::read(row),
            tls: row.switch(&["Source_SSL_Allowed", "Master_SSL_Allowed"]),
            io_errno: row.number(&["Last_IO_Errno"]).unwrap_or_default(),
            io_error: row.owned(&["Last_IO_Error"]),
            sql_errno: row.number(&["Last_SQL_Errno", "Last_Errno"]).unwrap_or_default(),
            sql_error: row.owned(&["Last_SQL_Error", "Last_Error"]),
            read_position: position(
                &["Source_Log_File", "Master_Log_File"],
                &["Read_Source_Log_Pos", "Read_Master_Log_Pos"],
            ),
            applied_position: position(
                &["Relay_Source_Log_File", "Relay_Master_Log_File"],
                &["Exec_Source_Log_Pos", "Exec_Master_Log_Pos"],
            ),
            using_gtid: row.filled(&["Using_Gtid"]),
            gtid_io_pos: row.filled(&["Gtid_IO_Pos"]),
            gtid_slave_pos: row.filled(&["Gtid_Slave_Pos"]),
            retrieved_gtid_set: row.filled(&["Retrieved_Gtid_Set"]),
            executed_gtid_set: row.filled(&["Executed_Gtid_Set"]),
            auto_position: row.switch(&["Auto_Position"]),
            heartbeats: row.number(&["Slave_received_heartbeats"]),
            heartbeat_period: row.number(&["Slave_heartbeat_period"]),
            source_event_time: row.filled(&["Master_last_event_time"]),
            applied_event_time: row.filled(&["Slave_last_event_time"]),
            applied_age: None,
        }
    }

    /// Whether this is one of group replication's own channels, which run by other rules.
    pub fn is_group_replication(&self) -> bool {
        matches!(self.name.as_str(), "group_replication_applier" | "group_replication_recovery")
    }
}

fn io_state(word: &str) -> IoState {
    match word {
        "Yes" => IoState::Yes,
        "No" => IoState::No,
        "Connecting" | "Preparing" => IoState::Connecting,
        other => IoState::Other(other.to_owned()),
    }
}

fn sql_state(word: &str) -> SqlState {
    match word {
        "Yes" => SqlState::Yes,
        "No" => SqlState::No,
        other => SqlState::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn both_vocabularies_read_the_same() {
        for (name, statement) in
            [("mariadb1011-healthy", "SHOW ALL SLAVES STATUS"), ("mysql97-healthy", "SHOW REPLICA STATUS")]
        {
            let rows = fixture::rows(name, statement);
            let channel = Channel::read(rows.first().unwrap());
            assert_eq!(
                (channel.io, channel.sql, channel.lag),
                (IoState::Yes, SqlState::Yes, Some(0.0)),
                "{name}"
            );
            assert_eq!((channel.source_host.as_str(), channel.source_server_id), ("127.0.0.1", 1), "{name}");
            assert!(channel.source_port > 13_000 && channel.read_position.1 > 0, "{name}");
        }
    }

    #[test]
    fn a_missing_or_strange_column_is_no_error() {
        let channel = Channel::read(&Row::default());
        assert_eq!((channel.io, channel.lag), (IoState::Other(String::new()), None));
        let columns = [
            ("SLAVE_IO_RUNNING", Some("Perhaps")),
            ("Seconds_Behind_Master", None),
            ("Brand_New", Some("1")),
        ];
        let row = Row::new(columns.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))));
        assert_eq!(Channel::read(&row).io, IoState::Other("Perhaps".to_owned()));
        assert_eq!(Channel::read(&row).lag, None);
    }
}
