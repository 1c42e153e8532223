//! What a run does, in place of publishing one event.

use std::path::PathBuf;

use plugin::{Range, Thresholds};

/// What goes without the options of --cat, and of --snapshot. Clap does not demand an option, as by
/// `requires`, that conflicts with one that is given.
const NOT_CAT: [&str; 4] = ["flush", "acknowledge", "retry_refused", "snapshot"];
const NOT_SNAPSHOT: [&str; 4] = ["flush", "acknowledge", "retry_refused", "cat"];

/// The options that say what to do.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Action {
    /// Send the events that wait in the spool and publish no new one: for a timer
    #[arg(long, conflicts_with_all = ["cat", "from_env"])]
    pub flush: bool,
    /// Acknowledge the lost, dropped and refused events that --flush reports, and flush
    #[arg(long, conflicts_with_all = ["cat", "from_env"])]
    pub acknowledge: bool,
    /// Put back the events that a broker refused and that were set aside, and flush
    #[arg(long, conflicts_with_all = ["cat", "from_env"])]
    pub retry_refused: bool,
    /// Subscribe to this destination and print one message per line, until SIGTERM, SIGINT or the broker ends
    /// the subscription
    #[arg(long, value_name = "DESTINATION", conflicts_with = "from_env")]
    pub cat: Option<String>,
    /// End --cat after this many messages
    #[arg(long, value_name = "MESSAGES", requires = "cat", conflicts_with_all = NOT_CAT, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// With --cat and --count: hold the messages until all are there, and print them in the order of their
    /// events
    #[arg(long, requires = "count", conflicts_with_all = NOT_CAT)]
    pub in_order: bool,
    /// Publish the state of every host and service that status.dat holds, marked as a snapshot and not
    /// spooled: after a start of Nagios, or from a timer
    #[arg(long, conflicts_with_all = ["cat", "flush", "acknowledge", "retry_refused", "from_env"])]
    pub snapshot: bool,
    /// File of --snapshot. Default: the first of the usual places, such as /var/lib/nagios4/status.dat
    #[arg(long, value_name = "FILE", requires = "snapshot", conflicts_with_all = NOT_SNAPSHOT)]
    pub status_file: Option<PathBuf>,
    /// How long an event may wait, for --flush
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// What a run is for.
pub(crate) enum Purpose<'a> {
    /// Showing what comes to a destination.
    Show(&'a str),
    /// Publishing all states.
    Snapshot,
    /// Publishing an event, or what waits.
    Publish,
}

impl Action {
    /// Returns what the run is for. An event is never forgotten for something else.
    pub(crate) fn purpose(&self, has_no_event: bool) -> Purpose<'_> {
        match &self.cat {
            Some(destination) if has_no_event => Purpose::Show(destination),
            None if has_no_event && self.snapshot => Purpose::Snapshot,
            _ => Purpose::Publish,
        }
    }

    /// Names what --warning and --critical judge.
    pub fn judged(argument: clap::Arg) -> clap::Arg {
        Thresholds::judge(
            "the age in seconds of the oldest waiting event, with --flush,",
            "60, also beside --critical",
            "600, also beside --warning",
        )(argument)
    }

    /// Returns the option that asks for something other than to publish an event.
    pub(crate) fn other_than_an_event(&self) -> Option<&'static str> {
        let options = [
            (self.flush, "--flush"),
            (self.acknowledge, "--acknowledge"),
            (self.retry_refused, "--retry-refused"),
            (self.snapshot, "--snapshot"),
            (self.cat.is_some(), "--cat"),
        ];
        options.into_iter().find_map(|(is_given, option)| is_given.then_some(option))
    }

    /// Whether the run publishes no new event and sends what waits.
    pub(crate) fn is_flush(&self) -> bool {
        self.flush || self.acknowledge || self.retry_refused
    }

    /// Returns how long the oldest event may wait. `None` if the run is no flush.
    pub(crate) fn limits(&self) -> Option<Thresholds> {
        let range = |seconds: &str| seconds.parse::<Range>().ok();
        let default = Thresholds { warning: range("60"), critical: range("600") };
        self.is_flush().then(|| self.thresholds.or_each(default, 0.0))
    }
}
