//! Events that are lost: counted in the spool, so that `--flush` tells it, or in the system's log where the
//! spool cannot be used. Nagios discards what an event handler says.

use plugin::Deadline;

use crate::harm::{Harm, journal};
use crate::observations::{Fate, Observations};
use crate::spool::Spool;
use crate::spool_options::SpoolOptions;

/// Notes that an event was lost before it could be read: `why`.
pub(crate) fn lose(options: &SpoolOptions, why: &str, deadline: &Deadline) -> Observations {
    let mut seen =
        Observations { fate: Fate::Lost, refused: Some(why.to_owned()), ..Observations::default() };
    seen.note_loss(options, why, deadline);
    seen
}

impl Observations {
    /// Counts one more lost event, `what`.
    pub(crate) fn note_loss(&mut self, options: &SpoolOptions, what: &str, deadline: &Deadline) {
        let spool = Spool::open(options, deadline);
        let counted = spool.and_then(|spool| {
            let added = spool.add(Harm::Lost, 1);
            self.count_or_note(&spool);
            added
        });
        if let Err(error) = counted {
            let why =
                self.failure.as_ref().map(|failure| format!(", and {}", failure.text)).unwrap_or_default();
            journal::critical(&format!("event lost: {what}: {error}{why}"));
        }
    }
}
