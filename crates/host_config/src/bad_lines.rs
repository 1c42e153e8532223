//! The lines of a file that are not understood.

use std::fmt;

use crate::promise::{ConfigError, Place, Remark};

/// The lines of a file that are not understood: the first of them, and how many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct BadLines {
    first: Vec<Remark>,
    count: usize,
}

impl BadLines {
    /// The most that are kept: a file of another kind has a million of them.
    const MOST: usize = 16;

    /// Adds a line.
    pub(crate) fn push(&mut self, place: &Place, what: impl fmt::Display) {
        self.count += 1;
        if self.first.len() < Self::MOST {
            self.first.push(place.remark(what.to_string()));
        }
    }

    /// Takes over an error of one line, and returns any other.
    pub(crate) fn survive(&mut self, result: Result<(), ConfigError>) -> Result<(), ConfigError> {
        match result {
            Err(ConfigError::Line { place, what }) => self.push(&place, what),
            other => return other,
        }
        Ok(())
    }

    /// Returns the remarks on them, of which the last names how many more there are.
    pub(crate) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = self.first.clone();
        let unnamed = self.count.saturating_sub(remarks.len());
        if let Some(last) = remarks.last_mut().filter(|_| unnamed > 0) {
            last.what = format!("{} (and {unnamed} more bad lines)", last.what);
        }
        remarks
    }
}
