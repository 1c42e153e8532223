//! What the spool remembers of the brokers. It only saves time: that it cannot be written does no harm.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use plugin::Deadline;

use super::{Spool, age};

/// The most octets of the name of a broker.
const NAME: u64 = 512;

impl Spool {
    /// Returns how long ago no broker answered. `None` if one has since.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        age(&self.path_of("silent"))
    }

    /// Notes that no broker answered, or that one did.
    pub(crate) fn set_silent(&self, is_silent: bool) {
        let path = self.path_of("silent");
        if is_silent {
            let _ = self.folder.create("silent").map(|file| file.set_modified(SystemTime::now()));
        } else if path.exists() {
            let _ = fs::remove_file(path);
        }
    }

    /// Returns the broker that last confirmed an event.
    pub(crate) fn good(&self, deadline: &Deadline) -> Option<String> {
        String::from_utf8(self.folder.read("good", NAME, deadline).ok()??).ok()
    }

    /// Notes the broker that confirmed an event.
    pub(crate) fn set_good(&self, broker: &str) {
        let _ = self.folder.create("good").map(|mut file| file.write_all(broker.as_bytes()));
    }
}
