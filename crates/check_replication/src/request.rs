//! What one server is asked.

use plugin::Deadline;

use crate::heartbeat::{Table, Zone};

/// What one server is asked.
pub(crate) struct Request<'a> {
    /// The name that the user gave it.
    pub(crate) asked: String,
    /// Whether several are asked: then the connection stays for more.
    pub(crate) several: bool,
    /// Whether its GTIDs are compared with those of others, or with earlier ones.
    pub(crate) gtids: bool,
    /// Whether they are compared with earlier ones.
    pub(crate) state: bool,
    /// Whether it must be a member of a group.
    pub(crate) group: bool,
    /// Whether its semi-sync is judged.
    pub(crate) semi_sync: bool,
    /// The databases that are expected to be replicated.
    pub(crate) databases: &'a [String],
    /// Whether its binary log is told of, which an account may not be allowed to see.
    pub(crate) log: bool,
    /// The table of heartbeats, and what its times are in.
    pub(crate) heartbeats: Option<(&'a Table, Zone)>,
    /// The end of the whole conversation.
    pub(crate) deadline: Deadline,
}
