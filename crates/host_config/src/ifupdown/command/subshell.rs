//! Subshells: `( … )`, and each command of a pipe (POSIX.1-2024, XCU 2.9.2 and 2.9.4).

use std::mem::{replace, take};

use super::Reader;
use super::doubt::Doubt;
use super::test::Status;
use super::variables::Variables;

impl Reader<'_> {
    /// Runs what a subshell runs, and returns its status: `exit` ends the
    /// subshell alone, its variables are its own, and `continue` and `break` leave no loop around it.
    pub(super) fn in_subshell(
        &mut self,
        set: &mut Variables,
        run: impl FnOnce(&mut Self, &mut Variables) -> Result<Status, String>,
    ) -> Result<Status, String> {
        let (known, exports) = (set.len(), self.exports.len());
        // What it says is in doubt in any case where the shell around it has perhaps ended.
        let (perhaps_exited, perhaps_left) = (take(&mut self.perhaps_exited), self.perhaps_left.take());
        let ran = run(self, set)?;
        set.truncate(known);
        self.exports.truncate(exports);
        (self.left, self.perhaps_left) = (None, perhaps_left);
        let perhaps_ended = replace(&mut self.perhaps_exited, perhaps_exited);
        let ran = if take(&mut self.exited) { take(&mut self.exit_status) } else { ran };
        Ok(if perhaps_ended.any() { Status::Unknown } else { ran })
    }

    /// Ends the shell where the command is `exit [STATUS]`.
    pub(super) fn exit(&mut self, words: &[String], doubt: &Doubt) {
        let Some((_, status)) = words.split_first().filter(|(word, _)| *word == "exit") else { return };
        let number = status.first().and_then(|status| status.parse::<u8>().ok());
        self.end(number.map_or(Status::Unknown, |status| Status::Known(status == 0)), doubt);
    }

    /// Ends the shell with this status.
    pub(super) fn end(&mut self, status: Status, doubt: &Doubt) {
        self.exit_status = status;
        match doubt.any() {
            true => self.perhaps_exited = self.perhaps_exited.and(&doubt.converse()),
            false => self.exited = true,
        }
    }
}
