//! Roles that are granted to the account and not active, since none is its default: their
//! privileges count for nothing.

use crate::connection::Packets;
use crate::row::Row;

/// The most roles whose privileges are asked for.
const MOST: usize = 5;
/// What lets an account see the replication, as SHOW GRANTS has it.
const ENOUGH: [&str; 5] =
    ["SLAVE MONITOR", "REPLICA MONITOR", "REPLICATION CLIENT", "SUPER", "ALL PRIVILEGES"];

/// Returns a role that would let the account see the replication and is not active. `None` too where the
/// server has no roles.
pub(crate) fn idle(packets: &mut Packets) -> Option<String> {
    const ROLES: &str = "SELECT ROLE_NAME FROM information_schema.APPLICABLE_ROLES WHERE IS_DEFAULT = 'NO'";
    let roles = packets.query(ROLES).ok()?;
    let names = roles.iter().filter_map(|row| row.filled(&["ROLE_NAME"])).take(MOST);
    let mut names: Vec<String> = names.filter(|name| !name.contains(['\'', '\\', '`'])).collect();
    // The grants of a role are shown to who has it active. The connection ends after this.
    let mut shown = |name: &str| {
        packets.query(&format!("SET ROLE '{name}'")).ok()?;
        packets.query("SHOW GRANTS").ok()
    };
    names.retain(|name| shown(name).is_some_and(|rows| is_enough(&rows)));
    names.into_iter().next()
}

fn is_enough(rows: &[Row]) -> bool {
    let grants = rows.iter().flat_map(Row::values).map(str::to_ascii_uppercase);
    grants.into_iter().any(|grant| ENOUGH.iter().any(|privilege| grant.contains(privilege)))
}
