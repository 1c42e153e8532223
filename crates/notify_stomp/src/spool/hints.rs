//! What the spool remembers of the brokers. It only saves time: that it cannot be written does no harm.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use plugin::Deadline;

use super::{Spool, age};
use crate::observations::Failure;

/// The most octets of the name of a broker.
const NAME: u64 = 512;
/// The most octets of a broker's words.
const WORDS: u64 = 4096;
/// The largest file of refused destinations, in octets.
const DESTINATIONS: usize = 256 << 10;
/// The file of the refused destinations: `refusal` or `hang-up`, destination and words in each line.
const HELD: &str = "held";

/// The file whose time is when a broker did not answer. The name of a broker has no slash.
fn silent(broker: &str) -> String {
    format!("silent-{broker}")
}

impl Spool {
    /// Returns how long ago this broker did not answer. `None` if it has since.
    pub(crate) fn silent_for(&self, broker: &str) -> Option<Duration> {
        age(&self.path_of(&silent(broker)))
    }

    /// Notes that a broker did not answer, or that it did.
    pub(crate) fn set_silent(&self, broker: &str, is_silent: bool) {
        let name = silent(broker);
        if is_silent {
            let _ = self.folder.create(&name).map(|file| file.set_modified(SystemTime::now()));
        } else {
            let _ = fs::remove_file(self.path_of(&name));
        }
    }

    /// Returns the words with which an event was last set aside, unless one was confirmed since.
    pub(crate) fn doubted(&self, deadline: &Deadline) -> Option<String> {
        String::from_utf8(self.folder.read("doubt", WORDS, deadline).ok()??).ok()
    }

    /// Notes words with which an event was set aside while no other was confirmed.
    pub(crate) fn doubt(&self, words: &str) {
        let _ = self.folder.create("doubt").map(|mut file| file.write_all(words.as_bytes()));
    }

    /// Notes that an event was confirmed.
    pub(crate) fn trust(&self) {
        let _ = fs::remove_file(self.path_of("doubt"));
    }

    /// Returns the destinations that were refused, with the reason. Those that wait longest for another try
    /// come first.
    pub(crate) fn refused_destinations(&self, deadline: &Deadline) -> Vec<(String, Failure)> {
        let read = || String::from_utf8(self.folder.read(HELD, DESTINATIONS as u64, deadline).ok()??).ok();
        let parse = |line: &str| {
            let mut fields = line.splitn(3, '\t');
            let (kind, destination, text) = (fields.next()?, fields.next()?, fields.next()?);
            let failure = Failure { text: text.to_owned(), is_refusal: kind == "refusal", is_late: false };
            Some((destination.to_owned(), failure))
        };
        read().unwrap_or_default().lines().filter_map(parse).collect()
    }

    /// Notes the destinations that were refused, as far as there is room.
    pub(crate) fn set_refused_destinations(&self, held: &[(&String, &Failure)]) {
        let mut text = String::new();
        for (destination, failure) in held {
            let kind = if failure.is_refusal { "refusal" } else { "hang-up" };
            let line = format!("{kind}\t{destination}\t{}", failure.text.replace(['\n', '\r'], " "));
            let is_line = !destination.contains(['\n', '\r', '\t']);
            if is_line && text.len() + line.len() < DESTINATIONS {
                text.push_str(&line);
                text.push('\n');
            }
        }
        if text.is_empty() {
            let _ = fs::remove_file(self.path_of(HELD));
        } else {
            let _ = self.folder.create(HELD).map(|mut file| file.write_all(text.as_bytes()));
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
