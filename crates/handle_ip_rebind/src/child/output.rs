//! What a program prints: read all the time, and only its end kept.

use std::io;
use std::io::Read as _;
use std::io::{PipeReader, PipeWriter};
use std::process::Stdio;
use std::time::Instant;

use plugin::{clean, wait_until};
use rustix::event::{PollFd, PollFlags};
use rustix::io::ioctl_fionbio;

/// How much is kept, in octets.
const KEPT: usize = 400;
/// How much is read at once, and how often before the program itself is looked at again.
const CHUNK: usize = 1 << 16;
const READS: usize = 16;

/// The reading end of a program's output.
pub(crate) struct Output {
    reader: PipeReader,
    end: Vec<u8>,
    /// Whether a process can still write to it.
    is_open: bool,
}

impl Output {
    /// Makes a pipe, and returns its writing end too.
    ///
    /// # Errors
    /// The system's: there are no descriptors left.
    pub(crate) fn open() -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        ioctl_fionbio(&reader, true)?;
        Ok((Self { reader, end: Vec::new(), is_open: true }, writer))
    }

    /// Returns what to wait for. `None` if nothing more can come.
    pub(crate) fn waiting(&self) -> Option<PollFd<'_>> {
        self.is_open.then(|| PollFd::new(&self.reader, PollFlags::IN))
    }

    /// Reads what is there, without waiting, and keeps the end of it.
    pub(crate) fn read(&mut self) {
        let mut room = [0; CHUNK];
        for _ in 0..READS {
            match self.reader.read(&mut room) {
                Ok(0) => {
                    self.is_open = false;
                    return;
                }
                Ok(length) => {
                    self.end.extend_from_slice(room.get(..length).unwrap_or_default());
                    let surplus = self.end.len().saturating_sub(KEPT);
                    self.end.drain(..surplus);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Returns the end of what was printed, as one line.
    pub(crate) fn end(&mut self) -> String {
        self.read();
        clean(&String::from_utf8_lossy(&self.end))
    }

    /// Returns whether a process has it open for writing.
    pub(crate) fn is_open(&self) -> bool {
        let mut waiting = [PollFd::new(&self.reader, PollFlags::IN)];
        let found = wait_until(&mut waiting, Instant::now());
        self.is_open && !(found.is_ok() && waiting.iter().any(|end| end.revents().contains(PollFlags::HUP)))
    }

    /// Gives the reading end to another process.
    pub(crate) fn into_reader(self) -> Stdio {
        // What reads on waits for more.
        let _ = ioctl_fionbio(&self.reader, false);
        self.reader.into()
    }
}
