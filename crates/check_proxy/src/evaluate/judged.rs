//! A proxy with its verdict.

use crate::judge::Verdict;
use crate::observation::Observation;
use crate::target::Target;

/// A proxy and what is wrong with it.
pub(super) struct Judged<'a> {
    pub(super) target: &'a Target,
    /// What it answered: `None` if it was not asked.
    pub(super) seen: Option<&'a Observation>,
    pub(super) verdict: Verdict,
}
