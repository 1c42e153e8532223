//! The numbers of events: which ones there are, and the number of an event that cannot be spooled.

use std::fs;
use std::io;
use std::path::PathBuf;

use state::Lock;

use super::aside::WORDS;
use super::error::MOST;
use super::probe::PROBE;
use super::remove::is_kept_by_nfs;
use super::{Entry, Spool, SpoolError, refusal};
use crate::event::Event;
use crate::harm::Harm;

impl Spool {
    /// Numbers an event that cannot be spooled. The number is noted as used before the event is sent: if the
    /// event is lost, the gap tells a reader.
    pub(crate) fn number(&self, event: &mut Event, _lock: &Lock) -> Result<(), SpoolError> {
        let sequence = self.next(&self.entries()?)?;
        self.advance(sequence)?;
        (event.spool, event.sequence) = (self.id, Some(sequence));
        Ok(())
    }

    /// The highest sequence that has left the spool.
    pub(super) fn last(&self) -> Result<Option<u64>, SpoolError> {
        let folder = self.path_of("last");
        let names = fs::read_dir(&folder).map_err(refusal("reading", &folder))?.flatten();
        Ok(names.filter_map(|entry| number(entry.file_name().to_str()?)).max())
    }

    /// The sequence of the next event. What waits is read first: what left meanwhile is in `last` by then.
    pub(super) fn next(&self, waiting: &[Entry]) -> Result<u64, SpoolError> {
        let last = match self.last()? {
            Some(last) => last,
            // That file was removed: what was set aside has numbers too.
            None => self.refused()?.last().map_or(0, |entry| entry.sequence),
        };
        match waiting.last().map_or(0, |entry| entry.sequence).max(last) {
            MOST => Err(SpoolError::Used(self.folder.path().to_owned())),
            highest => Ok(highest + 1),
        }
    }

    /// Returns the files in the folders of the spool that this program never makes, such as one with a number
    /// that it never gives. They are passed over.
    pub(crate) fn aliens(&self) -> Result<Vec<PathBuf>, SpoolError> {
        let mut aliens = Vec::new();
        for part in ["new", "last", "counts", "refused"] {
            let folder = self.path_of(part);
            let found = match fs::read_dir(&folder) {
                // It is made when it is needed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                found => found.map_err(refusal("reading", &folder))?,
            };
            for found in found.flatten() {
                let name = found.file_name();
                if name != PROBE
                    && !is_kept_by_nfs(&name)
                    && !name.to_str().is_some_and(|name| is_ours(part, name))
                {
                    aliens.push(found.path());
                }
            }
        }
        aliens.sort_unstable();
        Ok(aliens)
    }
}

/// The number that is the name of a file in `last`, as this program writes it.
fn number(name: &str) -> Option<u64> {
    name.parse().ok().filter(|number| *number <= MOST && format!("{number:020}") == name)
}

/// Returns whether this program makes files with this name in this folder.
fn is_ours(part: &str, name: &str) -> bool {
    match part {
        "last" => number(name).is_some(),
        "counts" => Harm::ALL.iter().any(|harm| harm.number(name).is_some()),
        _ => Entry::parse(name.strip_suffix(WORDS).filter(|_| part == "refused").unwrap_or(name)).is_some(),
    }
}
