//! Sets aside what would hold up other events: files that are not events, and events that a broker refuses,
//! with its words.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use plugin::reason;
use rustix::process::geteuid;

use super::remove::is_kept_by_nfs;
use super::{Entry, Spool, SpoolError, refusal};
use crate::harm::Harm;

/// What the name of the file with a broker's words ends in.
pub(super) const WORDS: &str = ".why";

impl Spool {
    /// Returns how many files were set aside as broken.
    pub(crate) fn broken(&self) -> usize {
        let is_broken = |entry: &fs::DirEntry| !is_kept_by_nfs(&entry.file_name());
        fs::read_dir(self.broken_folder()).map_or(0, |entries| entries.flatten().filter(is_broken).count())
    }

    /// Returns the folder of these files.
    pub(crate) fn broken_folder(&self) -> PathBuf {
        self.path_of("broken")
    }

    /// Returns the first file that waits and can neither be read nor set aside.
    pub(crate) fn unreadable(&self, waiting: &[Entry]) -> Option<PathBuf> {
        let is_unreadable = |path: &PathBuf| {
            // Only a file is opened: a FIFO would wait for its writer.
            let opened = fs::symlink_metadata(path).and_then(|status| match status.is_file() {
                true => File::open(path).map(|_| true),
                false => Ok(false),
            });
            opened.map_or_else(|error| error.kind() != io::ErrorKind::NotFound, |is_file| !is_file)
        };
        waiting.iter().map(|entry| self.path(*entry)).find(is_unreadable)
    }

    /// Returns the command that makes a file readable for this user. `None` if the user may read it.
    pub(crate) fn denied(path: &Path) -> Option<String> {
        let status = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        let error = File::open(path).err().filter(|error| error.kind() == io::ErrorKind::PermissionDenied)?;
        let (path, user) = (path.display(), geteuid().as_raw());
        let remedy = if status.uid() == user { "chmod 0600".to_owned() } else { format!("chown {user}") };
        Some(format!("{path} cannot be read: {}: {remedy} {path}", reason(&error)))
    }

    /// Sets an event aside that a broker refuses, durably. Where more than `most` octets were set aside, the
    /// oldest are dropped.
    pub(crate) fn refuse(&self, entry: Entry, words: &str, most: u64) -> Result<(), SpoolError> {
        let folder = self.folder.subfolder("refused")?;
        self.advance(entry.sequence)?;
        let path = self.path_of("refused").join(entry.name());
        fs::rename(self.path(entry), &path).map_err(refusal("setting aside", &path))?;
        // On a full disk the event counts more than the words.
        let _ = folder
            .create(&format!("{}{WORDS}", entry.name()))
            .map(|mut file| file.write_all(format!("{words}\n").as_bytes()));
        self.tally(Harm::Refused, 1);
        File::open(&path)
            .and_then(|file| file.sync_all())
            .map_err(refusal("writing through to the disk", &path))?;
        folder.sync()?;
        self.drop_refused(most)
    }

    fn drop_refused(&self, most: u64) -> Result<(), SpoolError> {
        let refused = self.refused()?;
        let mut total: u64 = refused.iter().map(|entry| entry.length).sum();
        for entry in refused {
            if total <= most {
                break;
            }
            total -= entry.length;
            self.forget_words(entry);
            let path = self.path_of("refused").join(entry.name());
            fs::remove_file(&path).map_err(refusal("removing", &path))?;
            self.tally(Harm::Dropped, 1);
        }
        Ok(())
    }

    /// Returns what brokers refused, oldest first.
    pub(crate) fn refused(&self) -> Result<Vec<Entry>, SpoolError> {
        match self.entries_of("refused") {
            Err(SpoolError::Refused { why, .. }) if why.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            entries => entries,
        }
    }

    /// Returns how many events are kept that brokers refused, and what was said of the last one.
    pub(crate) fn kept_refused(&self) -> Result<(usize, Option<String>), SpoolError> {
        let refused = self.refused()?;
        let words = |last: &Entry| {
            let text = fs::read_to_string(self.words_of(*last)).unwrap_or_default();
            text.lines().next().unwrap_or("without a word").to_owned()
        };
        Ok((refused.len(), refused.last().map(words)))
    }

    /// Puts back what brokers refused: it is sent before what came later. Returns how many events that were.
    pub(crate) fn retry_refused(&self) -> Result<usize, SpoolError> {
        let refused = self.refused()?;
        for entry in &refused {
            let path = self.path_of("refused").join(entry.name());
            // It waits from now on, and is not too old at once.
            let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
            fs::rename(&path, self.path(*entry)).map_err(refusal("putting back", &path))?;
            self.forget_words(*entry);
        }
        // What is refused once more would count twice.
        self.subtract(Harm::Refused, refused.len())?;
        Ok(refused.len())
    }

    fn forget_words(&self, entry: Entry) {
        let _ = fs::remove_file(self.words_of(entry));
    }

    fn words_of(&self, entry: Entry) -> PathBuf {
        self.path_of("refused").join(format!("{}{WORDS}", entry.name()))
    }
}
