//! Galera, by the status variables of its provider:
//! <https://galeracluster.com/library/documentation/galera-status-variables.html>.

use plugin::{Finding, State};

use super::group::too_few;
use crate::row::Row;

/// What a node says of itself and its cluster.
pub(crate) const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', \
     'wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_cluster_size', 'wsrep_cluster_state_uuid', \
     'wsrep_cluster_conf_id', 'wsrep_flow_control_paused', 'wsrep_provider_name')";
/// The share of time that flow control may hold writes back.
const PAUSED: f64 = 0.1;

/// What one node says.
#[derive(Clone, Debug, PartialEq)]
pub struct Galera {
    ready: bool,
    status: String,
    state: u32,
    comment: String,
    pub(super) size: usize,
    cluster: String,
    view: String,
    paused: f64,
    /// What it takes no queries from: wsrep_reject_queries, ALL or ALL_KILL.
    rejects: Option<String>,
    /// Whether what is written here goes to the others: wsrep_on.
    replicates: bool,
}

/// Returns whether the variables of a server name a provider.
pub(crate) fn is_node(variables: &Row) -> bool {
    variables.text(&["wsrep_provider"]).is_some_and(|provider| !matches!(provider, "" | "none"))
}

impl Galera {
    /// Reads the answer to [`STATUS`], and what the variables say beside it. `None` where no provider is
    /// loaded.
    pub(crate) fn read(rows: &[Row], variables: &Row) -> Option<Self> {
        let status = Row::of_pairs(rows);
        status.filled(&["wsrep_provider_name"])?;
        Some(Self {
            ready: status.switch(&["wsrep_ready"]).unwrap_or_default(),
            status: status.owned(&["wsrep_cluster_status"]),
            state: status.number(&["wsrep_local_state"]).unwrap_or_default(),
            comment: status.owned(&["wsrep_local_state_comment"]),
            size: status.number(&["wsrep_cluster_size"]).unwrap_or_default(),
            cluster: status.owned(&["wsrep_cluster_state_uuid"]),
            view: status.owned(&["wsrep_cluster_conf_id"]),
            paused: status.number(&["wsrep_flow_control_paused"]).unwrap_or_default(),
            rejects: variables.filled(&["wsrep_reject_queries"]).filter(|from| from != "NONE"),
            replicates: variables.switch(&["wsrep_on"]).unwrap_or(true),
        })
    }

    pub(super) fn is_in(&self) -> bool {
        self.status.eq_ignore_ascii_case("primary")
    }

    pub(super) fn sees_the_same(&self, other: &Self) -> bool {
        (&self.cluster, &self.view, self.size) == (&other.cluster, &other.view, other.size)
    }

    pub(super) fn judge(&self, name: &str, expected: Option<usize>) -> Vec<Finding> {
        let Self { status, size, comment, .. } = self;
        // The server then tells nothing of its state.
        if !self.replicates {
            let text = format!("{name}: writes do not reach the other members, wsrep_on is OFF");
            return vec![Finding::critical(text)];
        }
        if !self.is_in() {
            let s = if *size == 1 { "" } else { "s" };
            let text = format!(
                "{name}: Galera node is {status} ({comment}), sees {size} member{s}: writes are refused"
            );
            return vec![Finding::critical(text)];
        }
        // The numbers of wsrep_local_state: 1 joining, 2 donor, 3 joined, 4 synced.
        let state = match self.state {
            4 if !self.ready => State::Critical,
            4 => State::Ok,
            1..=3 => State::Warning,
            _ => State::Critical,
        };
        let mut findings = Vec::new();
        if state != State::Ok {
            let ready = if self.ready { "" } else { ", not ready for queries" };
            findings.push(Finding::new(state, format!("{name}: Galera node is {comment}{ready}")));
        }
        findings.extend(self.rejects.as_ref().map(|from| {
            Finding::critical(format!("{name}: Galera node rejects queries, wsrep_reject_queries is {from}"))
        }));
        findings.extend(too_few(name, *size, expected));
        if self.paused > PAUSED {
            let text =
                format!("{name}: flow control held writes back {:.0}% of the time", self.paused * 100.0);
            findings.push(Finding::warning(text));
        }
        if findings.is_empty() {
            findings.push(Finding::ok(format!(
                "{name}: {comment}, Galera cluster of {size} member{}",
                if *size == 1 { "" } else { "s" }
            )));
        }
        findings
    }
}
