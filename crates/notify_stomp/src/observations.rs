//! What a run did and what it did not, for the line about it.

use std::path::PathBuf;

use plugin::{Deadline, State, Thresholds};

use crate::brokers::Telling;
use crate::harm::Counts;
use crate::spool::{Spool, SpoolError};

/// What became of the event of this run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There was none: `--flush`.
    #[default]
    None,
    /// The broker has it. 0 is no number.
    Confirmed(u64),
    /// It is in the spool.
    Waits(u64),
    /// The broker refuses it, and it is set aside.
    Refused(u64),
    /// None of these.
    Lost,
}

/// Why what waits was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Broker and cause.
    pub text: String,
    /// Whether a broker refuses login, virtual host, permission or destination: it will again.
    pub is_refusal: bool,
    /// Whether the time was up while a broker was silent.
    pub is_late: bool,
}

impl<E: Telling> From<&E> for Failure {
    fn from(error: &E) -> Self {
        Self { text: error.to_string(), is_refusal: error.is_refusal(), is_late: error.is_silence() }
    }
}

/// What was done, and what was not.
#[derive(Debug, Default)]
pub struct Observations {
    /// What became of the event of this run.
    pub fate: Fate,
    /// How long the oldest event may wait. `None` for a run that publishes an event: Nagios discards its
    /// state.
    pub limits: Option<Thresholds>,
    /// The broker, or all of them.
    pub broker: String,
    /// How many the broker confirmed.
    pub sent: usize,
    /// Whether the events of the spool were counted: else the numbers of them below are not known.
    pub is_counted: bool,
    /// How many wait now, and how long the first of them has, in seconds.
    pub waiting: usize,
    /// See `waiting`.
    pub oldest: f64,
    /// How many this run dropped because they were too many or too old.
    pub dropped: usize,
    /// How many this run set aside because a broker refused them, and its words about the last one.
    pub aside: usize,
    /// See `aside`.
    pub words: String,
    /// How many were lost, dropped and refused since the last `--acknowledge`.
    pub counts: Counts,
    /// How many refused events are kept, and what the broker said of the last one.
    pub kept_refused: usize,
    /// See `kept_refused`.
    pub refused_words: Option<String>,
    /// How many files are set aside in the spool that are not events.
    pub broken: usize,
    /// The folder of these files.
    pub broken_folder: PathBuf,
    /// A file that can neither be read nor set aside.
    pub unreadable: Option<PathBuf>,
    /// Files in the folders of the spool that this program never makes.
    pub aliens: Vec<PathBuf>,
    /// The command that makes that file readable, if only this user may not read it. The event waits.
    pub denied: Option<String>,
    /// What is wrong with the options of the broker: then nothing was sent.
    pub refused: Option<String>,
    /// Why what waits was not sent.
    pub failure: Option<Failure>,
    /// Why the event could not be spooled, or not durably.
    pub spool_failure: Option<String>,
    /// Why the events of the spool cannot be counted.
    pub count_failure: Option<String>,
    /// Whether another process is sending.
    pub is_busy: bool,
    /// The state of a run whose time was up, where `--timeout` names one that is worse than UNKNOWN.
    pub late: Option<State>,
    /// Whether the time was up while the broker confirmed one event after the other.
    pub is_unfinished: bool,
    /// What that broker answered in place of a receipt, if nothing else tells it.
    pub said: Option<String>,
}

/// Returns what `--timeout` says of a missed deadline. UNKNOWN is its default, and no more than what is known
/// of events that wait.
pub(crate) fn late(deadline: &Deadline) -> Option<State> {
    Some(deadline.state()).filter(|state| *state > State::Unknown)
}

impl Observations {
    /// Counts what waits, or notes why that cannot be done: the event of this run is what matters.
    pub(crate) fn count_or_note(&mut self, spool: &Spool) {
        if let Err(error) = self.count(spool) {
            self.count_failure.get_or_insert(error.to_string());
            self.waiting = self.waiting.max(usize::from(matches!(self.fate, Fate::Waits(_))));
        }
    }

    /// Counts what waits.
    pub(crate) fn count(&mut self, spool: &Spool) -> Result<(), SpoolError> {
        self.is_counted = false;
        let waiting = spool.entries()?;
        self.waiting = waiting.len();
        self.oldest = waiting.first().map_or(0.0, |entry| spool.age(*entry).as_secs_f64());
        (self.broken, self.broken_folder) = (spool.broken(), spool.broken_folder());
        // Opening each is for the run whose state is read.
        self.unreadable = if self.limits.is_some() { spool.unreadable(&waiting) } else { None };
        self.denied = self.unreadable.as_deref().and_then(Spool::denied);
        self.counts = spool.counts()?;
        if self.limits.is_some() {
            self.aliens = spool.aliens()?;
            (self.kept_refused, self.refused_words) = spool.kept_refused()?;
        }
        self.is_counted = true;
        Ok(())
    }
}
