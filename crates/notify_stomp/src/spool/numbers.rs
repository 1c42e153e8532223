//! The numbers of events: which ones there are, and the number of an event that cannot be spooled.

use std::fs;
use std::path::PathBuf;

use state::Lock;

use super::error::MOST;
use super::{Spool, SpoolError, refusal};
use crate::event::Event;

impl Spool {
    /// Numbers an event that cannot be spooled. The number is noted as used before the event is sent: if the
    /// event is lost, the gap tells a reader.
    pub(crate) fn number(&self, event: &mut Event, _lock: &Lock) -> Result<(), SpoolError> {
        let sequence = self.next(&self.entries()?)?;
        self.advance(sequence)?;
        (event.spool, event.sequence) = (self.id, Some(sequence));
        Ok(())
    }

    /// Returns a file of `new` or `last` whose number this program never gives. Such files are passed over.
    pub(crate) fn alien(&self) -> Result<Option<PathBuf>, SpoolError> {
        for part in ["new", "last"] {
            let folder = self.path_of(part);
            for found in fs::read_dir(&folder).map_err(refusal("reading", &folder))?.flatten() {
                let name = found.file_name();
                let number = name.to_str().and_then(|name| name.split('-').next()?.parse::<u64>().ok());
                if number.is_some_and(|number| number > MOST) {
                    return Ok(Some(found.path()));
                }
            }
        }
        Ok(None)
    }
}
