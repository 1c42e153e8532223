//! MySQL's Group Replication, by performance_schema.replication_group_members:
//! <https://dev.mysql.com/doc/refman/9.0/en/group-replication-server-states.html>.

use plugin::{Finding, State};

use super::applier;
use super::judged::{Demands, Judged};
use crate::cause::sql_cause;
use crate::redact::place;
use crate::row::Row;

/// The members that a server sees. The columns of 8.0 and later are read where they are.
pub(crate) const MEMBERS: &str = "SELECT m.*, @@global.server_uuid AS own_id, \
     @@global.read_only AS read_only, @@global.super_read_only AS super_read_only, \
     @@global.offline_mode AS offline_mode, \
     (SELECT MAX(w.LAST_ERROR_NUMBER) FROM performance_schema.replication_applier_status_by_worker w \
     WHERE w.CHANNEL_NAME LIKE 'group_replication%') AS error_number, \
     (SELECT MAX(w.LAST_ERROR_MESSAGE) FROM performance_schema.replication_applier_status_by_worker w \
     WHERE w.CHANNEL_NAME LIKE 'group_replication%') AS error_text \
     FROM performance_schema.replication_group_members m";

/// Returns [`MEMBERS`] with what the applier and the recovery channel say.
pub(crate) fn members_and_applier() -> String {
    match MEMBERS.rsplit_once(" FROM ") {
        Some((columns, table)) => format!("{columns}{} FROM {table}", applier::columns()),
        None => MEMBERS.to_owned(),
    }
}

/// What one server sees of its group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    members: Vec<Member>,
    /// The number and the text of the error that its applier stopped with.
    error: Option<(u32, String)>,
    /// Whether it lets no ordinary account in.
    is_offline: bool,
    /// The setting by which it takes no writes.
    read_only: Option<&'static str>,
    /// Whether it says that neither setting keeps writes off.
    is_writable: bool,
    /// Why it does not catch up, as far as its recovery channel tells.
    recovery: Option<String>,
    /// How many seconds its applier is behind the group, where the release and the account let it tell.
    pub(super) lag: Option<f64>,
    /// Whether a channel from outside writes to the group.
    is_fed: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Member {
    id: String,
    name: String,
    state: String,
    is_primary: bool,
    is_own: bool,
}

impl Group {
    /// Reads the answer to [`MEMBERS`]; `is_fed` is whether a channel from outside writes to the group.
    /// `None` without a row: the plugin is not loaded.
    pub(crate) fn read(rows: &[Row], is_fed: bool) -> Option<Self> {
        let member = |row: &Row| {
            let (id, own) = (row.owned(&["MEMBER_ID"]), row.owned(&["own_id"]));
            let (host, port) = (row.owned(&["MEMBER_HOST"]), row.owned(&["MEMBER_PORT"]));
            Member {
                // A server that never joined has a row without an id.
                is_own: id.is_empty() || id.eq_ignore_ascii_case(&own),
                name: if port == "3306" { host } else { format!("{host}:{port}") },
                state: row.owned(&["MEMBER_STATE"]).to_ascii_uppercase(),
                is_primary: row.owned(&["MEMBER_ROLE"]) == "PRIMARY",
                id,
            }
        };
        let first = rows.first()?;
        let number = first.number(&["error_number"]).filter(|number| *number != 0);
        let error = number.map(|number| (number, first.owned(&["error_text"])));
        let settings = ["super_read_only", "read_only"];
        Some(Self {
            members: rows.iter().map(member).collect(),
            error,
            is_offline: first.switch(&["offline_mode"]) == Some(true),
            read_only: settings.into_iter().find(|name| first.switch(&[name]) == Some(true)),
            is_writable: settings.iter().all(|name| first.switch(&[name]) == Some(false)),
            recovery: applier::recovery(first),
            lag: applier::lag(first),
            is_fed,
        })
    }

    /// Returns whether its settings are not those of its role. An election sets them for a moment.
    pub(crate) fn is_set_wrong(&self) -> bool {
        self.members.iter().any(|own| own.is_own && (self.refuses(own).is_some() || self.takes_writes(own)))
    }

    /// Returns whether it is not the primary, and another one is.
    pub(super) fn is_secondary(&self) -> bool {
        let is_primary = |own: bool| self.members.iter().any(|one| one.is_own == own && one.is_primary);
        !is_primary(true) && is_primary(false)
    }

    /// Returns whether a member that is ONLINE takes writes that only the primary should take.
    fn takes_writes(&self, own: &Member) -> bool {
        own.state == "ONLINE" && self.is_secondary() && self.is_writable && !self.is_offline
    }

    /// Returns what a member that is ONLINE refuses by its settings. A primary that replicates from outside
    /// is read-only on purpose, as that of a replica cluster of an InnoDB ClusterSet.
    fn refuses(&self, own: &Member) -> Option<String> {
        if own.state != "ONLINE" {
            return None;
        }
        if self.is_offline {
            return Some("lets no ordinary account in, offline_mode is ON".to_owned());
        }
        let setting = self.read_only.filter(|_| own.is_primary && !self.is_fed)?;
        Some(format!("primary of its group takes no writes, {setting} is ON"))
    }

    pub(super) fn size(&self) -> usize {
        self.members.iter().filter(|member| member.state != "OFFLINE").count()
    }

    /// Returns whether the server itself is in the group.
    pub(super) fn is_in(&self) -> bool {
        let own = self.members.iter().find(|member| member.is_own);
        own.is_some_and(|own| matches!(own.state.as_str(), "ONLINE" | "RECOVERING"))
    }

    pub(super) fn see(&mut self, later: Self) {
        self.members = later.members;
    }

    pub(super) fn sees_the_same(&self, other: &Self) -> bool {
        let ids = |group: &Self| {
            let mut ids: Vec<String> =
                group.members.iter().map(|member| member.id.to_ascii_lowercase()).collect();
            ids.sort_unstable();
            ids
        };
        ids(self) == ids(other)
    }

    pub(super) fn judge(&self, name: &str, demands: &Demands<'_>) -> Judged {
        let total = self.members.len();
        let s = if total == 1 { "" } else { "s" };
        let Some(own) = self.members.iter().find(|member| member.is_own) else {
            let text = format!("{name}: not among the {total} member{s} of its own group");
            return Finding::critical(text).into();
        };
        match own.state.as_str() {
            "ONLINE" => {}
            "RECOVERING" => {
                return Finding::warning(format!("{name}: RECOVERING{}", self.recovers())).into();
            }
            state => {
                return Finding::critical(format!("{name}: {state} in its group{}", self.reason())).into();
            }
        }
        let reached = self.members.iter().filter(|member| member.state != "UNREACHABLE").count();
        if reached * 2 <= total {
            let text = format!("{name}: no majority, reaches {reached} of {total} members: writes block");
            return Finding::critical(text).into();
        }
        let other = |member: &Member| {
            let state = match member.state.as_str() {
                "ONLINE" => return None,
                "RECOVERING" => State::Warning,
                _ => State::Critical,
            };
            Some(Finding::new(state, format!("{name}: member {} is {}", member.name, member.state)))
        };
        let may_refuse = demands.may_be_read_only && !self.is_offline;
        let refused = self.refuses(own).filter(|_| !may_refuse).map(|what| {
            let accept = format!("{name}: if that is on purpose: --expect-writable=none");
            Finding::critical(format!("{name}: {what}")).details((!self.is_offline).then_some(accept))
        });
        let taken = self.takes_writes(own).then(|| {
            Finding::warning(format!("{name}: secondary of its group takes writes, super_read_only is OFF"))
        });
        let behind = self.lag.and_then(|seconds| applier::judge(name, seconds, demands.lag));
        let of_others =
            self.members.iter().filter_map(other).chain(too_few(name, total, demands.members)).collect();
        Judged { own: [refused, behind, taken].into_iter().flatten().collect(), of_others }.or_well(|| {
            let role = match (own.is_primary, self.read_only) {
                (false, _) => "secondary",
                (true, None) => "primary",
                (true, Some(_)) => "read-only primary",
            };
            format!("{name}: ONLINE as {role}, group of {total} member{s}")
        })
    }

    /// How it catches up, or why it does not.
    fn recovers(&self) -> String {
        match (&self.recovery, self.reason()) {
            (Some(why), _) => format!(", its recovery channel has {why}"),
            (None, why) if why.is_empty() => ", catching up with its group".to_owned(),
            (None, why) => why,
        }
    }

    /// Why it left the group, as far as it tells.
    fn reason(&self) -> String {
        let Some((number, text)) = &self.error else { return String::new() };
        let cause = sql_cause(*number).map(|cause| format!(" {cause}")).unwrap_or_default();
        format!(", applier error {number}{cause}{}", place(text))
    }
}

/// Returns the finding that there are fewer members than expected.
pub(super) fn too_few(name: &str, found: usize, expected: Option<usize>) -> Option<Finding> {
    let expected = expected.filter(|expected| found < *expected)?;
    Some(Finding::critical(format!("{name}: {found} of {expected} expected members")))
}
