//! Where a server writes its binary log. The names of the files count up, and start again where it is reset.

use std::fmt;

use crate::binary_log::numbered;
use crate::server::Server;

/// The most octets of the name of a file.
const LONGEST: usize = 255;

/// A file of a binary log, and a position in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    position: u64,
}

impl Place {
    /// Returns where a server writes. `None` if it did not tell.
    pub(super) fn of(server: &Server) -> Option<Self> {
        let (file, position) = server.log.as_ref()?.end();
        Self::new(file, position)
    }

    /// Parses what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (file, position) = text.rsplit_once(':')?;
        Self::new(file, position.parse().ok()?)
    }

    fn new(file: &str, position: u64) -> Option<Self> {
        let is_name = !file.is_empty() && file.len() <= LONGEST && !file.contains(char::is_control);
        is_name.then(|| Self { file: file.to_owned(), position })
    }

    /// Whether a log that was here is `now` at an earlier place, which a purge never does. An administrator
    /// who changes the name of the files begins another log: that tells nothing.
    pub(super) fn went_back(&self, now: &Self) -> bool {
        let (Some((name, number)), Some((new_name, new))) = (numbered(&self.file), numbered(&now.file))
        else {
            return false;
        };
        name == new_name && (new, now.position) < (number, self.position)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_goes_back_where_it_is_reset() {
        let rows = [
            ("bin.000007:812", "bin.000001:900", true),
            ("bin.000001:812", "bin.000001:811", true),
            ("bin.000001:812", "bin.000001:812", false),
            ("bin.000001:812", "bin.000002:4", false),
            ("bin.999999:812", "bin.1000000:4", false),
            ("bin.1000000:4", "bin.999999:812", true),
            // Another name, or none that counts.
            ("bin.000007:812", "log.000001:4", false),
            ("a.b.000007:812", "a.b.000006:4", true),
            ("bin:812", "bin:4", false),
            ("bin.x:812", "bin.x:4", false),
        ];
        for (before, now, back) in rows {
            let place = |text: &str| Place::parse(text).unwrap();
            assert_eq!(
                (place(before).went_back(&place(now)), place(now).to_string()),
                (back, now.to_owned())
            );
        }
        for text in ["", "bin.000001", ":4", "bin.000001:", "bin.000001:x", "a\tb.000001:4"] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        assert_eq!(Place::new(&"x".repeat(LONGEST + 1), 4), None);
    }
}
