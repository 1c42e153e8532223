//! A file of records, one a line, to which each run appends durably.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, ftruncate};

use crate::error::StateError;
use crate::lock::{try_flock, try_until};
use crate::read::open_as;
use crate::trust::Trust;

/// How long another process may hold the lock: it writes one record.
const PATIENCE: Duration = Duration::from_secs(1);

/// An open file of records.
#[derive(Debug)]
pub struct Records {
    file: File,
    path: PathBuf,
    most: u64,
}

impl Records {
    /// Opens the file, and makes it with mode 0600 where it does not exist. It may hold `most` octets.
    ///
    /// # Errors
    /// [`StateError`]: it cannot be opened for writing, or is not as `trust` wants it.
    pub fn open(path: &Path, trust: &Trust, most: u64) -> Result<Self, StateError> {
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
        let file = open_as(path, trust, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Self { file: file.into(), path: path.to_owned(), most })
    }

    /// Appends a record and writes it through to the disk. A record that does not fit is taken back, so that
    /// the file never ends in half of one; what a killed process left without an end is ended first.
    ///
    /// # Errors
    /// [`StateError`]: the record is not in the file, or not certainly on the disk.
    pub fn append(&mut self, record: &[u8]) -> Result<(), StateError> {
        self.lock()?;
        let appended = self.write(record);
        // The lock ends with the descriptor at the latest.
        let _ = flock(&self.file, FlockOperation::Unlock);
        appended
    }

    /// Returns how many octets the file holds.
    ///
    /// # Errors
    /// [`StateError`]: the file cannot be read.
    pub fn size(&self) -> Result<u64, StateError> {
        self.file.metadata().map(|status| status.len()).map_err(StateError::failed("reading", &self.path))
    }

    /// Returns the last record. `None` if there is none, or if it is longer than `most` octets.
    ///
    /// # Errors
    /// [`StateError`]: the file cannot be read.
    pub fn last(&self, most: usize) -> Result<Option<Vec<u8>>, StateError> {
        let length = self.size()?;
        // With the end of the record before it, and its own.
        let room = (most as u64).saturating_add(2).min(length);
        let mut end = vec![0; usize::try_from(room).unwrap_or_default()];
        let read = self.file.read_exact_at(&mut end, length - room);
        read.map_err(StateError::failed("reading", &self.path))?;
        let end = end.strip_suffix(b"\n").unwrap_or(&end);
        let start = end.iter().rposition(|octet| *octet == b'\n').map(|place| place + 1);
        let is_whole = start.is_some() || room == length;
        Ok(end.get(start.unwrap_or(0)..).filter(|last| is_whole && !last.is_empty()).map(<[u8]>::to_vec))
    }

    fn write(&mut self, record: &[u8]) -> Result<(), StateError> {
        let failed = || StateError::failed("appending to", &self.path);
        let length = self.file.metadata().map_err(failed())?.len();
        let mut last = [b'\n'];
        if let Some(place) = length.checked_sub(1) {
            self.file.read_exact_at(&mut last, place).map_err(failed())?;
        }
        let line = [if last == *b"\n" { &b""[..] } else { b"\n" }, record, b"\n"].concat();
        if length.saturating_add(line.len() as u64) > self.most {
            return Err(StateError::Full { path: self.path.clone(), limit: self.most });
        }
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            // Where even this fails, the next record begins a line of its own.
            let _ = ftruncate(&self.file, length);
            failed()(error)
        })
    }

    fn lock(&self) -> Result<(), StateError> {
        let locked = try_until(Instant::now() + PATIENCE, || try_flock(&self.file, &self.path))?;
        locked.ok_or_else(|| StateError::Locked(self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_record_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut records = Records::open(&path, &Trust::LOG, 1_000).unwrap();
        assert_eq!(records.last(10).unwrap(), None);
        records.append(b"one").unwrap();
        assert_eq!(records.last(10).unwrap().as_deref(), Some(&b"one"[..]));
        records.append(b"another").unwrap();
        assert_eq!(records.last(10).unwrap().as_deref(), Some(&b"another"[..]));
        assert_eq!(records.last(7).unwrap().as_deref(), Some(&b"another"[..]));
        assert_eq!(records.last(6).unwrap(), None);
        assert_eq!(records.size().unwrap(), 12);
        // What a killed process left without an end.
        std::fs::write(&path, "one\nhal").unwrap();
        assert_eq!(records.last(10).unwrap().as_deref(), Some(&b"hal"[..]));
    }
}
