//! What a run does, in place of publishing one event.

use std::path::PathBuf;

use plugin::{Range, Thresholds, whole};

use crate::macros::Macros;

/// The options that each kind of run refuses, since they would do nothing there. [`Action::check`] adds the
/// options that are no event by themselves. Clap demands no option, as `requires` does, that conflicts with a
/// given one. Two kinds of options are not in these lists: the other parts of an event, which must not get
/// lost, and those that one file may hold for all kinds of runs, which are the options of the broker and the
/// spool, the limits, and --monitor.
const NOT_FLUSH: [&str; 5] = ["cat", "count", "in_order", "status_file", "from_env"];
const NOT_CAT: [&str; 6] = ["flush", "acknowledge", "retry_refused", "snapshot", "status_file", "from_env"];
const NOT_SNAPSHOT: [&str; 7] =
    ["flush", "acknowledge", "retry_refused", "cat", "count", "in_order", "from_env"];

/// An option that does nothing in a run that publishes no event.
#[derive(Debug, thiserror::Error)]
#[error("{run} and {option} cannot be used together, see --help")]
pub struct Idle {
    run: &'static str,
    option: &'static str,
}

/// The options that say what to do.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Action {
    /// Send the events that wait in the spool and publish no new one: for a timer
    #[arg(long, conflicts_with_all = NOT_FLUSH)]
    pub flush: bool,
    /// Acknowledge the lost, dropped and refused events that --flush reports, and flush
    #[arg(long, conflicts_with_all = NOT_FLUSH)]
    pub acknowledge: bool,
    /// Put back the events that a broker refused and that were set aside, and flush
    #[arg(long, conflicts_with_all = NOT_FLUSH)]
    pub retry_refused: bool,
    /// Subscribe to this destination and print one message per line, until SIGTERM, SIGINT or the broker ends
    /// the subscription
    #[arg(long, value_name = "DESTINATION", conflicts_with_all = NOT_CAT)]
    pub cat: Option<String>,
    /// End --cat after this many messages. Default: never
    #[arg(long, value_name = "MESSAGES", requires = "cat", value_parser = whole::<u64>(1..=4_294_967_295))]
    pub count: Option<u64>,
    /// With --cat and --count: hold the messages until all are there, and print them in the order of their
    /// events
    #[arg(long, requires = "count")]
    pub in_order: bool,
    /// Publish the state of every host and service that status.dat holds, marked as a snapshot and not
    /// spooled: after a start of Nagios, or from a timer
    #[arg(long, conflicts_with_all = NOT_SNAPSHOT)]
    pub snapshot: bool,
    /// File of --snapshot. Default: the first of the usual places, such as /var/lib/nagios4/status.dat
    #[arg(long, value_name = "FILE", requires = "snapshot")]
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

    /// Checks the parts of an event that a run has which is given no event.
    ///
    /// # Errors
    /// [`Idle`]: the run publishes none.
    pub(crate) fn check(&self, event: &Macros) -> Result<(), Idle> {
        let times = [(&event.time_t, "--time-t"), (&event.monitor_start, "--monitor-start")];
        let given = times.into_iter().find_map(|(time, option)| time.is_some().then_some(option));
        match (self.other_than_an_event(), given) {
            (Some(run), Some(option)) => Err(Idle { run, option }),
            _ => Ok(()),
        }
    }

    /// Whether the run publishes no new event and sends what waits.
    pub(crate) fn is_flush(&self) -> bool {
        self.flush || self.acknowledge || self.retry_refused
    }

    /// Returns how long the oldest event may wait. `None` if the run is not a flush.
    pub(crate) fn limits(&self) -> Option<Thresholds> {
        let range = |seconds: &str| seconds.parse::<Range>().ok();
        let default = Thresholds { warning: range("60"), critical: range("600") };
        self.is_flush().then(|| self.thresholds.or_each(default, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use crate::Args;

    /// Those that may stand in one file for all kinds of runs.
    const OF_ALL: [&str; 3] = ["monitor", "warning", "critical"];

    /// An option that does nothing is refused, or is an event that is kept: also one that is new.
    #[test]
    fn no_option_does_nothing_unless_a_file_may_have_it_for_all_runs() {
        let own: [(&str, &[&str]); 6] = [
            ("--flush", &["flush", "acknowledge", "retry_refused"]),
            ("--acknowledge", &["flush", "acknowledge", "retry_refused"]),
            ("--retry-refused", &["flush", "acknowledge", "retry_refused"]),
            ("--snapshot", &["snapshot", "status_file"]),
            ("--cat=/topic/x", &["cat", "count", "in_order"]),
            ("--host=h", &[]),
        ];
        let command = Args::command();
        let of_one_run = |option: &&clap::Arg| {
            matches!(option.get_help_heading(), None | Some("Event"))
                && !OF_ALL.contains(&option.get_id().as_str())
        };
        for (run, own) in own {
            let is_own = |option: &clap::Arg| match run {
                "--host=h" => option.get_help_heading().is_some(),
                _ => own.contains(&option.get_id().as_str()),
            };
            for option in command.get_arguments().filter(of_one_run).filter(|option| !is_own(option)) {
                let value = if option.get_action().takes_values() { "=1" } else { "" };
                let option = format!("--{}{value}", option.get_long().unwrap());
                let is_kept =
                    |args: &Args| !args.event.is_empty() && args.action.other_than_an_event().is_some();
                let given = Args::try_parse_from(["", run, &option]).ok();
                let given = given.filter(|args| args.action.check(&args.event).is_ok());
                assert!(given.is_none_or(|args| is_kept(&args)), "{run} {option}");
            }
        }
    }
}
