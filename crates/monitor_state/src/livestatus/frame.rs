//! An answer of Livestatus as a whole: its head, and the rows or the refusal behind it.

use std::io::{self, Read};

use plugin::reason;
use serde::Deserialize;
use serde::de::DeserializeSeed as _;

use crate::answer::Failure;
use crate::results::Results;

/// How many octets the head of an answer has.
const HEAD: usize = 16;
/// The code of an answer that has what was asked.
const FOUND: u16 = 200;
/// The most of a refusal that is read, in octets.
const LONGEST_REFUSAL: u64 = 200;

/// Why an answer is not used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It does not begin as an answer of Livestatus does.
    #[error("not what Livestatus answers")]
    Head,
    /// The monitor refuses the query, with its code and its words.
    #[error("it refuses the query: {0} {1}")]
    Refused(u16, String),
    /// Reading it failed.
    #[error("{}", reason(.0))]
    Broken(io::Error),
    /// It ends before it is whole.
    #[error("closed in the middle of its answer")]
    Cut,
    /// Its rows are not those of the query.
    #[error("not what Livestatus answers: {0}")]
    Rows(String),
}

impl From<Failure> for AnswerError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(error) => Self::Broken(error),
            Failure::Cut => Self::Cut,
            Failure::Other(what) => Self::Rows(what),
        }
    }
}

/// Gives `take` each row of an answer.
pub(super) fn rows<T: for<'de> Deserialize<'de>>(
    mut answer: impl Read,
    take: impl FnMut(T),
) -> Result<(), AnswerError> {
    let mut head = [0; HEAD];
    answer.read_exact(&mut head).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => AnswerError::Head,
        _ => AnswerError::Broken(error),
    })?;
    let (code, length) = parse_head(&head).ok_or(AnswerError::Head)?;
    let mut body = answer.take(length);
    if code != FOUND {
        let mut words = Vec::new();
        // What could be read of it says why.
        let _ = body.take(LONGEST_REFUSAL).read_to_end(&mut words);
        return Err(AnswerError::Refused(code, whole_words(&words, length)));
    }
    let mut json = serde_json::Deserializer::from_reader(&mut body);
    let read = (&mut Results::new(take)).deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| Failure::from(error).into())
}

/// Returns the words of a refusal of `length` octets, as far as they were read, without a word that is cut.
fn whole_words(read: &[u8], length: u64) -> String {
    let text = String::from_utf8_lossy(read);
    if length <= LONGEST_REFUSAL {
        return text.trim().to_owned();
    }
    let words = text.trim_end_matches(|c: char| !c.is_whitespace()).trim();
    format!("{words} ...")
}

/// Reads `200           1234\n`: the code, and the length of what follows, set to the right.
fn parse_head(head: &[u8; HEAD]) -> Option<(u16, u64)> {
    let text = str::from_utf8(head).ok()?.strip_suffix('\n')?;
    let (code, length) = text.split_once(' ')?;
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let length = length.trim_start_matches(' ');
    if code.len() == 3 && is_plain(code) && is_plain(length) {
        Some((code.parse().ok()?, length.parse().ok()?))
    } else {
        None
    }
}
