//! Semi-synchronous replication: a commit waits until a replica has it. Where too few replicas are connected,
//! it waits for rpl_semi_sync_master_timeout, and then semi-sync turns itself off without a word to clients.
//!
//! MySQL 8.0.26 renamed master and slave to source and replica; MariaDB keeps the old words.

use plugin::Finding;

use crate::row::Row;

/// What it is configured to do.
pub(crate) const VARIABLES: &str = "SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'";
/// What it does.
pub(crate) const STATUS: &str = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'";

/// What one server says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SemiSync {
    source: Option<AsSource>,
    /// Where it is enabled as replica: whether its source uses it.
    replica: Option<bool>,
    /// Whether commits waited and none was acknowledged between two looks.
    is_stuck: bool,
}

/// Where it is enabled as source.
#[derive(Clone, Debug, PartialEq)]
struct AsSource {
    is_on: bool,
    replicas: u64,
    needed: u64,
    waiting: u64,
    acknowledged: u64,
}

impl SemiSync {
    /// That of a source with a replica.
    #[cfg(test)]
    pub(crate) fn enabled() -> Self {
        let source = AsSource { is_on: true, replicas: 1, needed: 1, waiting: 0, acknowledged: 0 };
        Self { source: Some(source), ..Self::default() }
    }

    /// Reads the answers to [`VARIABLES`] and [`STATUS`].
    pub(crate) fn read(variables: &[Row], status: &[Row]) -> Self {
        let (variables, status) = (Row::of_pairs(variables), Row::of_pairs(status));
        let is_on = |row: &Row, names: [&str; 2]| row.switch(&names).unwrap_or_default();
        let count = |row: &Row, names: [&str; 2]| row.number::<u64>(&names).unwrap_or_default();
        let as_source = AsSource {
            is_on: is_on(&status, ["rpl_semi_sync_source_status", "rpl_semi_sync_master_status"]),
            replicas: count(&status, ["rpl_semi_sync_source_clients", "rpl_semi_sync_master_clients"]),
            // MariaDB waits for one.
            needed: count(
                &variables,
                ["rpl_semi_sync_source_wait_for_replica_count", "rpl_semi_sync_master_wait_for_slave_count"],
            )
            .max(1),
            waiting: count(
                &status,
                ["rpl_semi_sync_source_wait_sessions", "rpl_semi_sync_master_wait_sessions"],
            ),
            acknowledged: count(&status, ["rpl_semi_sync_source_yes_tx", "rpl_semi_sync_master_yes_tx"]),
        };
        let by_replica = is_on(&variables, ["rpl_semi_sync_replica_enabled", "rpl_semi_sync_slave_enabled"]);
        let replica = is_on(&status, ["rpl_semi_sync_replica_status", "rpl_semi_sync_slave_status"]);
        Self {
            source: is_on(&variables, ["rpl_semi_sync_source_enabled", "rpl_semi_sync_master_enabled"])
                .then_some(as_source),
            replica: by_replica.then_some(replica),
            is_stuck: false,
        }
    }

    /// Returns whether a second look tells whether commits are stuck: enough replicas are connected, and
    /// commits wait all the same, as each does for a moment.
    pub(crate) fn needs_second_look(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.waiting > 0 && source.replicas >= source.needed)
    }

    /// Returns whether commits wait for longer than each does.
    pub(crate) fn is_waiting(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.is_waiting(self.is_stuck))
    }

    /// Takes a second look.
    #[must_use]
    pub(crate) fn then(self, later: Self) -> Self {
        let is_stuck = self.source.as_ref().zip(later.source.as_ref()).is_some_and(|(before, after)| {
            before.waiting > 0 && after.waiting > 0 && before.acknowledged == after.acknowledged
        });
        Self { is_stuck, ..later }
    }

    /// Returns what is wrong with it on a server called `name`, one of whose IO threads runs or none, or one
    /// finding that it is on.
    pub(crate) fn judge(&self, name: &str, read_only: bool, runs: bool) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.source.iter().filter_map(|source| source.judge(name, read_only, self.is_stuck)).collect();
        if self.replica == Some(false) && runs {
            let text = format!(
                "{name}: semi-sync is enabled as replica and off: enable it on the source, then restart the IO thread"
            );
            findings.push(Finding::warning(text));
        }
        if self.source.is_none() && self.replica.is_none() {
            findings.push(Finding::warning(format!("{name}: semi-sync is not enabled")));
        }
        if findings.is_empty() {
            findings.push(Finding::ok(format!("{name}: semi-sync is {}", self.fine())));
        }
        findings
    }

    /// Returns what it is where nothing is wrong: a server that is read-only has no clients that commit, and
    /// a replica without its IO thread has a line of its own.
    fn fine(&self) -> &'static str {
        let as_source = self.source.as_ref().map(|source| source.is_on);
        match (as_source, self.replica) {
            (Some(false), Some(false)) => "enabled, and off: read-only, and no IO thread runs",
            (Some(false), _) => "enabled, and off as source: the server is read-only",
            (_, Some(false)) => "enabled, and off as replica: no IO thread runs",
            _ => "on",
        }
    }
}

impl AsSource {
    fn is_waiting(&self, is_stuck: bool) -> bool {
        self.waiting > 0 && (self.replicas < self.needed || is_stuck)
    }

    /// What is wrong where clients write. A server that is read-only may be enabled for the day that it is
    /// the source, without a replica of its own.
    fn judge(&self, name: &str, read_only: bool, is_stuck: bool) -> Option<Finding> {
        let Self { replicas, needed, waiting, .. } = self;
        let few = replicas < needed;
        let s = |count: u64| if count == 1 { "" } else { "s" };
        let connected = format!("{replicas} of {needed} semi-sync replica{} connected", s(*needed));
        if self.is_waiting(is_stuck) {
            let verb = if *waiting == 1 { "s" } else { "" };
            return Some(Finding::critical(format!(
                "{name}: {waiting} commit{} wait{verb} for an acknowledgement, {connected}",
                s(*waiting)
            )));
        }
        if read_only {
            return None;
        }
        match self.is_on {
            false => Some(Finding::warning(format!(
                "{name}: semi-sync is enabled and off: commits wait for no replica, {connected}"
            ))),
            true => few.then(|| Finding::warning(format!("{name}: {connected}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::tests::texts;

    fn rows(text: &str) -> Vec<Row> {
        let row = |(name, value): (&str, &str)| {
            let columns = [("Variable_name", name), ("Value", value)];
            Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
        };
        text.split_whitespace().filter_map(|pair| pair.split_once('=')).map(row).collect()
    }

    /// As MariaDB or MySQL calls it: `S` is master or source, `R` slave or replica.
    fn read(is_mysql: bool, variables: &str, status: &str) -> SemiSync {
        let (source, replica) = if is_mysql { ("source", "replica") } else { ("master", "slave") };
        let named = |text: &str| {
            let long =
                |pair: &str| format!("Rpl_semi_sync_{}", pair.replace('S', source).replace('R', replica));
            rows(&text.split_whitespace().map(long).collect::<Vec<_>>().join(" "))
        };
        SemiSync::read(&named(variables), &named(status))
    }

    #[test]
    fn what_is_enabled_must_be_on_with_enough_replicas() {
        let none = "WARNING a: semi-sync is not enabled";
        let off = "WARNING a: semi-sync is enabled and off: commits wait for no replica, 0 of 1 semi-sync replica connected";
        let replica = "WARNING a: semi-sync is enabled as replica and off: enable it on the source, then restart the IO thread";
        let rows = [
            ("", "", false, none),
            ("S_enabled=OFF R_enabled=OFF", "S_status=OFF R_status=OFF", false, none),
            ("S_enabled=ON", "S_status=ON S_clients=1", false, "OK a: semi-sync is on"),
            ("S_enabled=ON", "S_status=OFF S_clients=0", false, off),
            (
                "S_enabled=ON",
                "S_status=OFF S_clients=0",
                true,
                "OK a: semi-sync is enabled, and off as source: the server is read-only",
            ),
            (
                "S_enabled=ON R_enabled=ON",
                "S_status=OFF S_clients=0 R_status=ON",
                true,
                "OK a: semi-sync is enabled, and off as source: the server is read-only",
            ),
            (
                "S_enabled=ON",
                "S_status=ON S_clients=0",
                false,
                "WARNING a: 0 of 1 semi-sync replica connected",
            ),
            (
                "S_enabled=ON S_wait_for_R_count=2",
                "S_status=ON S_clients=1",
                false,
                "WARNING a: 1 of 2 semi-sync replicas connected",
            ),
            (
                "S_enabled=ON",
                "S_status=ON S_clients=0 S_wait_sessions=1",
                true,
                "CRITICAL a: 1 commit waits for an acknowledgement, 0 of 1 semi-sync replica connected",
            ),
            (
                "S_enabled=ON",
                "S_status=ON S_clients=0 S_wait_sessions=3",
                false,
                "CRITICAL a: 3 commits wait for an acknowledgement, 0 of 1 semi-sync replica connected",
            ),
            ("S_enabled=ON", "S_status=ON S_clients=1 S_wait_sessions=3", false, "OK a: semi-sync is on"),
            ("R_enabled=ON", "R_status=ON", false, "OK a: semi-sync is on"),
            ("R_enabled=ON", "R_status=OFF", false, replica),
        ];
        for (variables, status, read_only, expected) in rows {
            for is_mysql in [false, true] {
                let said = texts(read(is_mysql, variables, status).judge("a", read_only, true));
                assert_eq!(said, [expected], "{variables} {status}");
            }
        }
        // Without a running IO thread the channel has its own line.
        assert_eq!(
            texts(read(false, "R_enabled=ON", "R_status=OFF").judge("a", false, false)),
            ["OK a: semi-sync is enabled, and off as replica: no IO thread runs"]
        );
    }

    #[test]
    fn commits_that_none_acknowledges_are_stuck() {
        let look = |waiting: u64, acknowledged: u64| {
            read(
                false,
                "S_enabled=ON",
                &format!("S_status=ON S_clients=1 S_wait_sessions={waiting} S_yes_tx={acknowledged}"),
            )
        };
        let stuck = "CRITICAL a: 2 commits wait for an acknowledgement, 1 of 1 semi-sync replica connected";
        for (before, after, expected) in [
            (look(2, 7), look(2, 7), stuck),
            (look(2, 7), look(2, 8), "OK a: semi-sync is on"),
            (look(2, 7), look(0, 7), "OK a: semi-sync is on"),
        ] {
            assert!(before.needs_second_look() && !look(0, 7).needs_second_look());
            assert_eq!(texts(before.then(after).judge("a", false, true)), [expected]);
        }
    }
}
