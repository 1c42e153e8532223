//! Cuts a stream into blocks `kind {` ... tab `}`, in one buffer that grows only for a block that is larger.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use crate::error::StatusError;

/// How much is read in one go, in octets.
const CHUNK: usize = 256 << 10;
/// The most that one block may hold, in octets. Nagios keeps 8 KiB of a plugin's output unless it is built
/// otherwise.
const LARGEST: usize = 16 << 20;
/// The end of a block, at the start of a line. A value cannot hold it, since the end of a line inside a value
/// is written as `\n`.
const END: &[u8] = b"\n\t}";

/// One block: what is in it, and its lines without those that open and close it.
pub(crate) struct Block<'a> {
    pub(crate) kind: &'a [u8],
    pub(crate) body: &'a [u8],
    /// Where it ends in the source, in octets from 0.
    pub(crate) end: u64,
}

/// The blocks of a source, one after the other.
pub(crate) struct Blocks<R> {
    source: R,
    buffer: Vec<u8>,
    /// What of the buffer is still to be read.
    start: usize,
    end: usize,
    /// How many octets came before the buffer.
    passed: u64,
    is_at_end: bool,
    finder: memmem::Finder<'static>,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(source: R) -> Self {
        let finder = memmem::Finder::new(END);
        Self { source, buffer: vec![0; CHUNK], start: 0, end: 0, passed: 0, is_at_end: false, finder }
    }

    /// How many octets were read so far.
    fn octets(&self) -> u64 {
        self.passed + self.end as u64
    }

    /// The next block; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Block<'_>>, StatusError> {
        let Some(kind) = self.find_header()? else { return Ok(None) };
        // The end of the line that opens the block may be the start of its end.
        let mut searched = kind + b" {".len();
        let close = loop {
            let rest = self.unread().get(searched..).unwrap_or_default();
            match self.finder.find(rest).map(|found| searched + found) {
                Some(found) if self.is_line_end(found + END.len()) => break found,
                Some(found) if found + END.len() < self.unread().len() => searched = found + 1,
                _ if self.is_at_end => return Err(StatusError::Cut { octet: self.octets() }),
                _ => {
                    searched = searched.max(self.unread().len().saturating_sub(END.len()));
                    self.fill()?;
                }
            }
        };
        let opened = self.start;
        self.start += (close + END.len() + 1).min(self.end - self.start);
        let end = self.passed + self.start as u64;
        let block = self.buffer.get(opened..opened + close).unwrap_or_default();
        let (kind, body) = block.split_at_checked(kind).unwrap_or_default();
        Ok(Some(Block { kind, body: body.get(b" {\n".len()..).unwrap_or_default(), end }))
    }

    /// Skips blank lines and comments up to the line that opens a block, which starts the unread part then:
    /// how long its kind is.
    fn find_header(&mut self) -> Result<Option<usize>, StatusError> {
        loop {
            let Some(end) = memchr(b'\n', self.unread()) else {
                if !self.is_at_end {
                    self.fill()?;
                    continue;
                }
                let rest = self.unread();
                let is_done = rest.first().is_none_or(|octet| *octet == b'#') || rest.trim_ascii().is_empty();
                return if is_done { Ok(None) } else { Err(StatusError::Cut { octet: self.octets() }) };
            };
            let line = self.unread().get(..end).unwrap_or_default();
            if let Some(kind) = line.strip_suffix(b" {")
                && !kind.is_empty()
                && kind.iter().all(u8::is_ascii_lowercase)
            {
                return Ok(Some(kind.len()));
            }
            if !line.trim_ascii().is_empty() && line.first() != Some(&b'#') {
                return Err(StatusError::NotBlock { octet: self.octets() - self.unread().len() as u64 });
            }
            self.start += end + 1;
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the line ends `at` this place of the unread part, or the source does.
    fn is_line_end(&self, at: usize) -> bool {
        self.unread().get(at).map_or(self.is_at_end, |octet| *octet == b'\n')
    }

    /// Reads more, behind what is unread.
    fn fill(&mut self) -> Result<(), StatusError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.passed += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= LARGEST {
                return Err(StatusError::TooLarge { octet: self.passed, limit: LARGEST });
            }
            self.buffer.resize(self.end * 2, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.source.read(room) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StatusError::Read(error)),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few octets at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(room.len());
            self.0.read(room.get_mut(..most).unwrap_or_default())
        }
    }

    fn blocks(source: impl Read) -> Result<Vec<(String, String)>, String> {
        let mut blocks = Blocks::new(source);
        let mut found = Vec::new();
        while let Some(block) = blocks.next().map_err(|error| error.to_string())? {
            let text = |octets| String::from_utf8_lossy(octets).into_owned();
            found.push((text(block.kind), text(block.body)));
        }
        Ok(found)
    }

    #[test]
    fn blocks_are_the_same_however_they_come() {
        let text =
            b"# comment {\n\n  \ninfo {\n\ta=1\n\t}\n\nempty {\n\t}\nhoststatus {\n\tb=} {\n\t}c\n\td=\n\t}";
        let expected = [("info", "\ta=1"), ("empty", ""), ("hoststatus", "\tb=} {\n\t}c\n\td=")];
        let expected: Vec<_> =
            expected.iter().map(|(kind, body)| ((*kind).to_owned(), (*body).to_owned())).collect();
        for size in 1..text.len() + 1 {
            assert_eq!(blocks(Trickle(text, size)).as_ref(), Ok(&expected), "{size} at a time");
        }
        assert_eq!(blocks(b"".as_slice()), Ok(vec![]));
        assert_eq!(blocks(b"\n# end".as_slice()), Ok(vec![]));
    }

    #[test]
    fn a_cut_is_an_error_wherever_it_is() {
        let text = b"info {\n\ta=1\n\t}\nhoststatus {\n\tb=2\n\t}\n";
        let whole: Vec<usize> = (0..=text.len()).filter(|cut| blocks(&text[..*cut]).is_ok()).collect();
        // Between two blocks, nothing of the text itself tells.
        assert_eq!(whole, [0, 14, 15, 35, 36]);
        assert_eq!(
            blocks(b"info {\n\ta=1".as_slice()),
            Err("cut after 11 octets, in the middle of a block".to_owned())
        );
    }

    #[test]
    fn what_is_no_block_is_named_with_its_place() {
        let rows: [(&[u8], &str); 4] = [
            (b"<html>\n</html>\n", "octet 0 starts no block and no comment"),
            (b"info {\n\t}\n\tstray=1\n", "octet 10 starts no block and no comment"),
            (b"a b {\n\t}\n", "octet 0 starts no block and no comment"),
            (b" {\n\t}\n", "octet 0 starts no block and no comment"),
        ];
        for (text, error) in rows {
            assert_eq!(blocks(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn a_block_may_be_large_but_not_endless() {
        let large = [b"info {\n\ta=".as_slice(), &vec![b'x'; 3 << 20], b"\n\t}\n"].concat();
        assert_eq!(blocks(large.as_slice()).map(|blocks| blocks[0].1.len()), Ok((3 << 20) + 3));
        let error = blocks(b"info {\n\t".chain(io::repeat(b'x'))).unwrap_err();
        assert_eq!(error, "the block at octet 0 is larger than 16777216 octets");
        let error = blocks(io::repeat(0)).unwrap_err();
        assert_eq!(error, "the block at octet 0 is larger than 16777216 octets");
    }
}
