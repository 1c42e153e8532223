//! How many events were lost, dropped and refused since an administrator last acknowledged it: counted so
//! that neither a crash nor a full disk forgets it.
//!
//! Each count is the name of an empty file, `counts/lost-N`, whose time is that of the last one. A rename
//! changes it, which needs no room on the disk and is done whole or not at all; of two processes that rename
//! the same file one tries again.

use std::fs::{self, File};
use std::io;
use std::time::SystemTime;

use super::{Spool, SpoolError, age, refusal};
use crate::harm::{Counts, Harm, journal};

impl Spool {
    /// Makes the files that are renamed later.
    pub(super) fn prepare_counts(&self) -> Result<(), SpoolError> {
        let folder = self.folder.subfolder("counts")?;
        for harm in Harm::ALL {
            if self.count_of(harm)?.is_none() {
                folder.create(&harm.name(0))?;
            }
        }
        Ok(())
    }

    /// Counts so many more, durably.
    pub(crate) fn add(&self, harm: Harm, more: usize) -> Result<(), SpoolError> {
        if more == 0 {
            return Ok(());
        }
        self.change(harm, |number| number.saturating_add(more as u64))?;
        Ok(self.folder.subfolder("counts")?.sync()?)
    }

    /// Counts so many less.
    pub(super) fn subtract(&self, harm: Harm, less: usize) -> Result<(), SpoolError> {
        if less > 0 {
            self.change(harm, |number| number.saturating_sub(less as u64))?;
        }
        Ok(())
    }

    /// Adds to the count of an event that is done with; logs what cannot be counted.
    pub(super) fn tally(&self, harm: Harm, more: usize) {
        if let Err(error) = self.add(harm, more) {
            journal::critical(&format!("{more} {}: {error}", harm.word()));
        }
    }

    /// Returns the counts.
    pub(crate) fn counts(&self) -> Result<Counts, SpoolError> {
        let count = |harm| Ok::<_, SpoolError>(self.count_of(harm)?.unwrap_or(0));
        let counts = Counts {
            lost: count(Harm::Lost)?,
            dropped: count(Harm::Dropped)?,
            refused: count(Harm::Refused)?,
            last: None,
        };
        let numbers = [counts.lost, counts.dropped, counts.refused];
        let folder = self.path_of("counts");
        let ages = Harm::ALL.into_iter().zip(numbers).filter(|(_, number)| *number > 0);
        let last = ages.filter_map(|(harm, number)| age(&folder.join(harm.name(number)))).min();
        Ok(Counts { last, ..counts })
    }

    /// Starts all counts again.
    pub(crate) fn acknowledge(&self) -> Result<(), SpoolError> {
        for harm in Harm::ALL {
            self.change(harm, |_| 0)?;
        }
        Ok(self.folder.subfolder("counts")?.sync()?)
    }

    fn change(&self, harm: Harm, change: impl Fn(u64) -> u64) -> Result<(), SpoolError> {
        let folder = self.path_of("counts");
        loop {
            let Some(number) = self.count_of(harm)? else {
                self.prepare_counts()?;
                continue;
            };
            let (from, to) = (folder.join(harm.name(number)), folder.join(harm.name(change(number))));
            if from == to {
                return Ok(());
            }
            match fs::rename(&from, &to) {
                // Another process has just changed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => {
                    // Without its time it still counts.
                    let _ = File::open(&to).and_then(|file| file.set_modified(SystemTime::now()));
                    return renamed.map_err(refusal("writing", &to));
                }
            }
        }
    }

    /// The count: `None` where its file is not there yet.
    fn count_of(&self, harm: Harm) -> Result<Option<u64>, SpoolError> {
        let folder = self.path_of("counts");
        let names = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            names => names.map_err(refusal("reading", &folder))?.flatten(),
        };
        Ok(names.filter_map(|entry| harm.number(entry.file_name().to_str()?)).max())
    }
}
