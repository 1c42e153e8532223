//! Galera, by the status variables of its provider:
//! <https://galeracluster.com/library/documentation/galera-status-variables.html>.

use std::time::Duration;

use plugin::{Finding, State};

use super::group::too_few;
use super::judged::Judged;
use crate::row::Row;

/// What a node says of itself and its cluster.
pub(crate) const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', \
     'wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_cluster_size', 'wsrep_cluster_state_uuid', \
     'wsrep_cluster_conf_id', 'wsrep_flow_control_paused', 'wsrep_flow_control_paused_ns', \
     'wsrep_flow_control_active', 'wsrep_flow_control_requested', 'wsrep_incoming_addresses', \
     'wsrep_gcomm_uuid', 'wsrep_local_index', 'wsrep_provider_name')";
/// The share of time that flow control may hold writes back.
const PAUSED: f64 = 0.1;
/// How long it is watched: twice, one after the other, or less where the deadline comes sooner.
const WATCHED: Duration = Duration::from_secs(1);
/// The least time that tells anything.
const LEAST: Duration = Duration::from_millis(50);
/// How long all writes must have been held in both times together: less may be a burst.
const CERTAIN: Duration = Duration::from_millis(1200);
/// How long before that, where it held writes at some time since the start: where it goes to and fro within a
/// second, and holds most writes now, it does so in this time too.
const GLANCE: Duration = Duration::from_millis(500);
/// The share of the time between two looks from which on it is all of it.
const HELD: f64 = 0.9;
/// The share of these times that flow control may hold writes back, and that of each which may be a burst.
const SLOW: f64 = 0.5;
const BURST: f64 = 0.3;

/// What one node says.
#[derive(Clone, Debug, PartialEq)]
pub struct Galera {
    ready: bool,
    status: String,
    state: u32,
    comment: String,
    pub(super) size: usize,
    cluster: String,
    /// The number of the view. Two halves of a cluster that were both made primary by hand count alike.
    view: String,
    /// The addresses of the members of the view, in an order of their own.
    members: Vec<String>,
    /// Its own id, and its place in the view, which no other member has.
    own: Option<(String, u64)>,
    paused: f64,
    flow: Flow,
    /// Whether flow control held all writes in all of the times watched so far.
    is_held: bool,
    /// Whether it held any between the first look and a glance after that.
    glance: Option<bool>,
    /// The times watched.
    watched: Vec<Watched>,
    /// What it takes no queries from: wsrep_reject_queries, ALL or ALL_KILL.
    rejects: Option<String>,
    /// Whether what is written here goes to the others: wsrep_on.
    replicates: bool,
}

/// A time in which flow control was watched.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Watched {
    time: Duration,
    /// The share of it for which writes were held.
    share: f64,
}

/// What a node says of flow control, by which a node that cannot follow holds the writes of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flow {
    /// Whether writes are held now: `None` in releases that do not tell.
    is_active: Option<bool>,
    /// Whether this node asks for it.
    is_asked_here: bool,
    /// For how many nanoseconds writes were held since its start.
    paused: Option<u64>,
}

impl Flow {
    fn read(status: &Row) -> Self {
        Self {
            is_active: status.switch(&["wsrep_flow_control_active"]),
            is_asked_here: status.switch(&["wsrep_flow_control_requested"]).unwrap_or_default(),
            paused: status.number(&["wsrep_flow_control_paused_ns"]),
        }
    }

    /// Whether writes may be held just now.
    fn may_hold(self) -> bool {
        self.is_active.unwrap_or_else(|| self.has_held())
    }

    /// Whether writes were held at some time since the start.
    fn has_held(self) -> bool {
        self.paused.is_some_and(|paused| paused > 0)
    }

    /// Whether writes were held all the time until this look, `between` after the look `before`.
    fn held_since(self, before: Self, between: Duration) -> bool {
        let held = self.share_since(before, between).map(|share| share >= HELD);
        self.may_hold() && before.may_hold() && held.or(self.is_active).unwrap_or_default()
    }

    /// The share of the time `between` for which writes were held, where the release tells it.
    fn share_since(self, before: Self, between: Duration) -> Option<f64> {
        let held = Duration::from_nanos(self.paused?.saturating_sub(before.paused?));
        Some(held.div_duration_f64(between).min(1.0)).filter(|share| share.is_finite())
    }
}

/// Returns whether the variables of a server name a provider.
pub(crate) fn is_node(variables: &Row) -> bool {
    variables.text(&["wsrep_provider"]).is_some_and(|provider| !matches!(provider, "" | "none"))
}

/// Returns whether a server that is no node is configured as one of a cluster: it was started with
/// wsrep_on=OFF.
pub(crate) fn is_out(variables: &Row) -> bool {
    let address = variables.text(&["wsrep_cluster_address"]).unwrap_or_default();
    is_node(variables) && address.starts_with("gcomm://") && variables.switch(&["wsrep_on"]) == Some(false)
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
            members: {
                let all = status.owned(&["wsrep_incoming_addresses"]);
                let mut members: Vec<String> = all.split(',').map(|one| one.trim().to_owned()).collect();
                members.sort_unstable();
                members
            },
            own: status.filled(&["wsrep_gcomm_uuid"]).zip(status.number(&["wsrep_local_index"])),
            paused: status.number(&["wsrep_flow_control_paused"]).unwrap_or_default(),
            flow: Flow::read(&status),
            is_held: false,
            glance: None,
            watched: Vec::new(),
            rejects: variables.filled(&["wsrep_reject_queries"]).filter(|from| from != "NONE"),
            replicates: variables.switch(&["wsrep_on"]).unwrap_or(true),
        })
    }

    /// Returns how long after this look another one tells whether flow control holds writes, which it does
    /// for a moment in each busy cluster. `None` if that is known, or where the time `left` is too short.
    pub(crate) fn until_next_look(&self, left: Duration) -> Option<Duration> {
        let pause = match (self.watched.as_slice(), self.glance) {
            ([], _) if self.flow.is_active == Some(true) => Some(WATCHED.min(left / 2)),
            // What comes after it needs four times as much.
            ([], None) => self.flow.has_held().then_some(GLANCE.min(left / 5)),
            ([], Some(has_held)) => has_held.then_some(WATCHED.min(left / 2)),
            ([Watched { share, .. }], _) => (self.is_held || *share > BURST).then_some(WATCHED.min(left)),
            _ => None,
        };
        pause.filter(|pause| *pause >= LEAST)
    }

    /// Whether the next look is a glance: flow control does not hold writes now.
    fn glances(&self) -> bool {
        self.watched.is_empty() && self.glance.is_none() && self.flow.is_active != Some(true)
    }

    /// Takes this later look, `between` after the one before.
    #[must_use]
    pub(crate) fn after(self, before: &Self, between: Duration) -> Self {
        let (mut glance, mut watched) = (before.glance, before.watched.clone());
        if before.glances() {
            glance = Some(self.flow.paused != before.flow.paused);
        } else {
            let share = self.flow.share_since(before.flow, between).unwrap_or_default();
            watched.push(Watched { time: between, share });
        }
        let was_held = before.is_held || before.watched.is_empty();
        let is_held = was_held && !watched.is_empty() && self.flow.held_since(before.flow, between);
        Self { is_held, glance, watched, ..self }
    }

    pub(super) fn is_in(&self) -> bool {
        self.status.eq_ignore_ascii_case("primary")
    }

    pub(super) fn see(&mut self, later: Self) {
        let Self { ready, status, state, comment, size, cluster, view, members, own, .. } = later;
        (self.ready, self.status, self.state, self.comment) = (ready, status, state, comment);
        (self.size, self.cluster, self.view) = (size, cluster, view);
        (self.members, self.own) = (members, own);
    }

    pub(super) fn sees_the_same(&self, other: &Self) -> bool {
        let in_one_place = self.own.as_ref().zip(other.own.as_ref()).is_some_and(|(own, theirs)| {
            let ((id, place), (other_id, other_place)) = (own, theirs);
            id != other_id && place == other_place
        });
        let view = |node: &Self| (node.cluster.clone(), node.view.clone(), node.size, node.members.clone());
        view(self) == view(other) && !in_one_place
    }

    pub(super) fn judge(&self, name: &str, expected: Option<usize>) -> Judged {
        let Self { status, size, comment, .. } = self;
        // The server then tells nothing of its state.
        if !self.replicates {
            let text = format!("{name}: writes do not reach the other members, wsrep_on is OFF");
            return Finding::critical(text).into();
        }
        let s = if *size == 1 { "" } else { "s" };
        if !self.is_in() {
            let text = format!(
                "{name}: Galera node is {status} ({comment}), sees {size} member{s}: writes are refused"
            );
            return Finding::critical(text).into();
        }
        // The numbers of wsrep_local_state: 1 joining, 2 donor, 3 joined, 4 synced.
        let state = match self.state {
            4 if !self.ready => State::Critical,
            4 => State::Ok,
            1..=3 => State::Warning,
            _ => State::Critical,
        };
        let node = (state != State::Ok).then(|| {
            let ready = if self.ready { "" } else { ", not ready for queries" };
            Finding::new(state, format!("{name}: Galera node is {comment}{ready}"))
        });
        let rejects = self.rejects.as_ref().map(|from| {
            Finding::critical(format!("{name}: Galera node rejects queries, wsrep_reject_queries is {from}"))
        });
        let (by_own, by_other) = self.held_back(name);
        Judged {
            own: [node, rejects, by_own].into_iter().flatten().collect(),
            of_others: [too_few(name, *size, expected), by_other].into_iter().flatten().collect(),
        }
        .or_well(|| format!("{name}: {comment}, Galera cluster of {size} member{s}{}", self.unwatched()))
    }

    /// Returns the share of the times watched for which writes were held, where that was no single burst.
    /// The deadline may have left one alone.
    fn share_watched(&self) -> Option<f64> {
        if self.time_watched() < WATCHED {
            return None;
        }
        match self.watched.as_slice() {
            [only] => Some(only.share),
            [first, second] if first.share.min(second.share) > BURST => {
                Some((first.share + second.share) / 2.0)
            }
            _ => None,
        }
    }

    fn time_watched(&self) -> Duration {
        self.watched.iter().map(|watched| watched.time).sum()
    }

    /// What flow control holds back because of this node, or perhaps of another one.
    fn held_back(&self, name: &str) -> (Option<Finding>, Option<Finding>) {
        let held = |who| {
            let text = format!("{name}: flow control holds all writes of the cluster, asked for by {who}");
            Some(Finding::critical(text))
        };
        // In halves of a second, since a pause takes a little longer.
        let seconds = (self.time_watched().as_secs_f64() * 2.0).round() / 2.0;
        let undecided = || {
            let text = format!(
                "{name}: flow control held all writes for the {seconds} s watched, --timeout=3 tells whether it stays"
            );
            self.is_held.then(|| Finding::warning(text))
        };
        let slow = || {
            let percent = self.share_watched().filter(|share| *share > SLOW)? * 100.0;
            let time = if seconds > 1.0 { format!("{seconds} seconds") } else { "second".to_owned() };
            let text = format!("{name}: flow control held writes back {percent:.0}% of the last {time}");
            Some(Finding::warning(text))
        };
        let mean = || {
            let percent = self.paused * 100.0;
            let text = format!("{name}: flow control held writes back {percent:.0}% of the time");
            (self.paused > PAUSED).then(|| Finding::warning(text))
        };
        match (self.is_held && self.time_watched() >= CERTAIN, self.flow.is_asked_here) {
            (true, true) => (held("this node"), None),
            (true, false) => (None, held("another node")),
            (false, _) => (None, undecided().or_else(slow).or_else(mean)),
        }
    }

    /// What is not known of flow control where the deadline left no time to watch it.
    fn unwatched(&self) -> &'static str {
        match self.flow.is_active == Some(true) && self.watched.is_empty() {
            true => ", undecided: flow control is on, --timeout=3 tells whether it stays",
            false => "",
        }
    }
}
