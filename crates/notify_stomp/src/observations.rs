//! What a run did and what it did not, for the line about it.

use crate::spool::{Spool, SpoolError};

/// What became of the event of this run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There was none: `--flush`.
    #[default]
    None,
    /// The broker has it.
    Confirmed(u64),
    /// It is in the spool.
    Waits(u64),
    /// Neither.
    Lost,
}

/// What was done, and what was not.
#[derive(Debug, Default)]
pub struct Observations {
    /// What became of the event of this run.
    pub fate: Fate,
    /// The broker, or all of them.
    pub broker: String,
    /// How many the broker confirmed.
    pub sent: usize,
    /// How many wait now, and how long the first of them has, in seconds.
    pub waiting: usize,
    /// See `waiting`.
    pub oldest: f64,
    /// How many were dropped because they were too many or too old.
    pub dropped: usize,
    /// How many files are set aside in the spool that are no events.
    pub broken: usize,
    /// What is wrong with the options of the broker: then nothing was sent.
    pub refused: Option<String>,
    /// Why what waits was not sent.
    pub failure: Option<String>,
    /// Why the event could not be spooled, or not durably.
    pub spool_failure: Option<String>,
    /// Whether another process is sending.
    pub is_busy: bool,
}

impl Observations {
    /// Counts what waits.
    pub(crate) fn count(&mut self, spool: &Spool) -> Result<(), SpoolError> {
        let waiting = spool.entries()?;
        self.waiting = waiting.len();
        self.oldest =
            waiting.first().and_then(|entry| spool.age(*entry)).map_or(0.0, |age| age.as_secs_f64());
        self.broken = spool.broken();
        Ok(())
    }
}
