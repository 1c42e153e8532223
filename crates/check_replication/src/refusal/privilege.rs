//! What an account lacks to be shown something, with the statement that grants it.

use plugin::Finding;

use crate::answer::Refusal;
use crate::grant::{default_role, grant, parts};
use crate::heartbeat::Table;
use crate::server::{Flavour, Version};

/// The privilege that shows the replication, as this version calls it:
/// <https://mariadb.com/kb/en/grant/#replica-monitor>, and MySQL's manual under SHOW REPLICA STATUS.
fn needed(server: Option<(Flavour, Version)>) -> &'static str {
    match server {
        Some((Flavour::MariaDb, version)) if version >= Version(10, 5, 9) => "SLAVE MONITOR",
        Some((Flavour::MariaDb, version)) if version >= Version(10, 5, 2) => "REPLICATION SLAVE ADMIN",
        _ => "REPLICATION CLIENT",
    }
}

/// The finding that the account lacks a privilege, with the statement that grants it as a detail.
pub(super) fn missing(name: &str, user: &str, table: Option<&Table>, refusal: &Refusal) -> Finding {
    let account = refusal.account.as_deref().unwrap_or(user);
    let (user, _) = parts(account);
    // Only a table has an error of its own for this, and a table that does not exist has the same.
    if let (Some(table), Some(1142 | 1143)) = (table, refusal.failure.errno()) {
        let text = format!("{name}: the table {table} does not exist, or not for {user}");
        return Finding::unknown(text)
            .detail(format!("if it exists: {}", grant("SELECT", &table.to_string(), account)));
    }
    if let Some(role) = &refusal.role {
        let word = match refusal.server {
            Some((Flavour::MySql, _)) => "TO",
            _ => "FOR",
        };
        let statement = format!("SET DEFAULT ROLE {role} {word} {account}");
        return Finding::unknown(format!("{name}: the role {role} of {user} is not active: {statement}"))
            .detail(default_role(role, word, account));
    }
    let needed = needed(refusal.server);
    let version = refusal.server.map(|(flavour, version)| format!("{name} is {flavour} {version}"));
    let text = format!("{name}: {user} may not see the replication: GRANT {needed} ON *.* TO {account}");
    Finding::unknown(text).detail(grant(needed, "*.*", account)).verbose_details(version)
}

/// The finding that the binary log of a server called `name` is not shown, with the statement that mends it.
pub(crate) fn no_log(name: &str, refusal: &Refusal) -> Finding {
    let account = refusal.account.as_deref().unwrap_or("the account");
    let (user, _) = parts(account);
    let needed = match refusal.server {
        Some((Flavour::MariaDb, version)) if version >= Version(10, 5, 2) => "BINLOG MONITOR",
        _ => "REPLICATION CLIENT",
    };
    Finding::unknown(format!("{name}: {user} may not see the binary log: GRANT {needed} ON *.* TO {account}"))
        .detail(grant(needed, "*.*", account))
}

/// The finding that the group of a server called `name` is not shown, with the statement that mends it.
pub(crate) fn no_group(name: &str, refusal: &Refusal) -> Finding {
    let account = refusal.account.as_deref().unwrap_or("the account");
    let (user, _) = parts(account);
    let (privilege, object) = ("SELECT", "performance_schema.*");
    let text = format!("{name}: {user} may not see the group: GRANT {privilege} ON {object} TO {account}");
    Finding::unknown(text).detail(grant(privilege, object, account))
}
