//! Judges one file: its content, its owner and mode.

use plugin::{Finding, State};

use crate::compare::{Expected, RESOLVER, difference};
use crate::facts::Facts;
use crate::found::{Found, Status, What};
use crate::lines::changes;
use crate::options::Strictness;
use crate::writer::who;

/// A file to check: as it should be, and as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its path.
    pub path: String,
    /// What it should hold, or why that is not known.
    pub expected: Result<Expected, String>,
    /// Mode, owner and group in the reference: `None` without a copy there.
    pub access: Option<(u32, u32, u32)>,
    /// What is there.
    pub found: Found,
}

impl Checked {
    /// Returns what is wrong with the content, or with what is there in place of it; `None` if it is as it
    /// should be, or not known.
    pub(crate) fn change(&self, exact: bool) -> Option<String> {
        let (path, expected) = (&self.path, self.expected.as_ref().ok()?);
        match &self.found.what {
            What::Content(content) => {
                let text = difference(path, expected, content, exact)?;
                Some(if self.may_be_shown() { text } else { format!("{path} differs") })
            }
            What::Missing => Some(format!("{path} is missing")),
            What::Dangling => Some(format!(
                "{path} is a dangling link to {}",
                self.found.link.as_deref().unwrap_or("nothing")
            )),
            What::Loop => Some(format!("{path} is a loop of links")),
            What::Special(kind) => Some(format!("{path} is {kind}")),
            What::SameAsCopy | What::TooLarge | What::Unreadable(_) => None,
        }
    }

    /// Whether a change or a bit may have to be explained, however strictly it is judged.
    pub(crate) fn is_odd(&self) -> bool {
        self.found.is_locked() || [false, true].iter().any(|exact| self.change(*exact).is_some())
    }

    /// Returns why the content could not be compared.
    pub(crate) fn unknown(&self) -> Option<String> {
        match (&self.expected, &self.found.what) {
            (Err(why), _) => Some(why.clone()),
            (Ok(_), What::TooLarge) => Some(format!("{} is larger than 1 MiB", self.path)),
            (Ok(_), What::Unreadable(why)) => Some(format!("{} is not readable: {why}", self.path)),
            (Ok(_), _) => None,
        }
    }

    /// Whether all users may read the content, here and in the reference: else it does not belong into mails
    /// of the monitor.
    fn may_be_shown(&self) -> bool {
        let is_public = |mode: u32| mode & 0o004 != 0;
        self.found.status.is_some_and(|status| status.is_public())
            && self.access.is_none_or(|(mode, ..)| is_public(mode))
    }

    /// Whether it is a resolv.conf that only root can read, unlike its copy: then no other user resolves a
    /// name.
    fn hides_resolver(&self) -> bool {
        let is_meant = self.access.is_some_and(|(mode, ..)| mode != 0 && mode & 0o004 == 0);
        self.path == RESOLVER
            && !is_meant
            && self.found.status.is_some_and(|status| !status.is_public() && self.is_file())
    }

    fn is_file(&self) -> bool {
        matches!(self.found.what, What::Content(_) | What::SameAsCopy | What::TooLarge | What::Unreadable(_))
    }

    /// Makes the findings. A changed content has `state`; with `None` another finding says it, and only its
    /// lines stay.
    pub(crate) fn judge(&self, strictness: Strictness, facts: &Facts, state: Option<State>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.hides_resolver() {
            let mode = self.found.status.map_or(0, |status| status.mode);
            findings.push(Finding::critical(format!(
                "{RESOLVER} has mode {mode:04o}: only root can resolve names"
            )));
        } else if let Some(why) = self.unknown() {
            findings.push(Finding::unknown(why));
        }
        if let Some(change) = self.change(strictness.exact) {
            findings.push(self.changed(change, facts, state));
        }
        if strictness.mode
            && let Some(text) = self.access_difference()
        {
            findings.push(Finding::warning(text));
        }
        findings
    }

    fn changed(&self, change: String, facts: &Facts, state: Option<State>) -> Finding {
        let finding = match (state, who(&self.path, &self.found, self.copy(), facts)) {
            (None, _) => Finding::ok(""),
            (Some(state), Some(who)) => Finding::new(state, format!("{change}: {who}")),
            (Some(state), None) => Finding::new(state, change),
        };
        match (self.copy(), &self.found.what) {
            (Some(copy), What::Content(content)) if self.may_be_shown() => finding
                .details(changes(copy, content).into_iter().map(|line| format!("{}: {line}", self.path))),
            _ => finding,
        }
    }

    fn copy(&self) -> Option<&[u8]> {
        if let Ok(Expected::Copy(copy)) = &self.expected { Some(copy) } else { None }
    }

    fn access_difference(&self) -> Option<String> {
        let (mode, uid, gid) = self.access.filter(|_| self.expected.is_ok())?;
        let Status { mode: found_mode, uid: found_uid, gid: found_gid, .. } = self.found.status?;
        let parts = [
            (found_mode != mode).then(|| format!("mode {found_mode:04o}, not {mode:04o}")),
            (found_uid != uid).then(|| format!("owner {found_uid}, not {uid}")),
            (found_gid != gid).then(|| format!("group {found_gid}, not {gid}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} has {}", self.path, parts.join(", ")))
    }
}
