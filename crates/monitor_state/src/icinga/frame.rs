//! An answer of Icinga's API as a whole: an object with the results in it.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use plugin::reason;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::answer::Failure;
use crate::results::Results;

/// Why an answer is not used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Reading it failed.
    #[error("{}", reason(.0))]
    Broken(io::Error),
    /// It ends before it is whole.
    #[error("closed in the middle of its answer")]
    Cut,
    /// It is no JSON, or not that of the query.
    #[error("not what Icinga answers: {0}")]
    Other(String),
}

impl From<Failure> for AnswerError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(error) => Self::Broken(error),
            Failure::Cut => Self::Cut,
            Failure::Other(what) => Self::Other(what),
        }
    }
}

/// Gives `take` each of the results of an answer.
pub(super) fn each<T: for<'de> Deserialize<'de>>(
    answer: impl Read,
    take: impl FnMut(T),
) -> Result<(), AnswerError> {
    let mut json = serde_json::Deserializer::from_reader(answer);
    let read = Answer(Results::new(take)).deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| Failure::from(error).into())
}

/// `{"results": [...]}`, whatever else stands in it.
struct Answer<T, F>(Results<T, F>);

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Answer<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Answer<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with results")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut is_found = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "results" {
                map.next_value_seed(&mut self.0)?;
                is_found = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if is_found { Ok(()) } else { Err(serde::de::Error::missing_field("results")) }
    }
}
