//! Judges one file: its content, its owner and mode.

use std::collections::BTreeMap;

use plugin::{Finding, State};

use crate::compare::{Expected, HOSTS, RESOLVER, difference};
use crate::facts::{Facts, Owners};
use crate::found::{Found, Status, What, is_private};
use crate::hosts::Hosts;
use crate::lines::changes;
use crate::options::Strictness;
use crate::resolver::Resolver;
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
            _ => self.found.in_place_of_a_file().map(|what| format!("{path} {what}")),
        }
    }

    /// Whether a change or a bit may have to be explained, however strictly it is judged.
    pub(crate) fn is_odd(&self) -> bool {
        self.found.is_locked() || [true, false].iter().any(|exact| self.change(*exact).is_some())
    }

    /// Returns why the content could not be compared.
    pub(crate) fn unknown(&self) -> Option<String> {
        match (&self.expected, &self.found.what) {
            (Err(why), _) => Some(why.clone()),
            (Ok(Expected::Copy(copy)), What::Content(content)) if self.path == RESOLVER => {
                let why = Resolver::new(content).fault_of_the_copy(&Resolver::new(copy))?;
                Some(format!("{}: {why}", self.path))
            }
            (Ok(_), _) => self.found.unread().map(|why| format!("{} {why}", self.path)),
        }
    }

    /// Whether all users may read the content, here and in the reference: else it does not belong into mails
    /// of the monitor.
    fn may_be_shown(&self) -> bool {
        !self.found.is_private() && !self.access.is_some_and(|(mode, ..)| is_private(mode))
    }

    /// Returns what is wrong where only root can read a file that every program needs to look up names,
    /// unlike its copy.
    fn hidden(&self) -> Option<Finding> {
        let is_hidden_copy = self.access.is_some_and(|(mode, ..)| mode != 0 && mode & 0o004 == 0);
        if is_hidden_copy || !self.is_file() {
            return None;
        }
        let (path, mode) = match (&self.found.closed, self.found.status) {
            (Some(folder), _) => (&folder.path, folder.mode),
            (None, Some(status)) if !status.is_public() => (&self.path, status.mode),
            _ => return None,
        };
        let text = |effect: &str| format!("{path} has mode {mode:04o}: {effect}");
        match self.path.as_str() {
            RESOLVER => Some(Finding::critical(text("only root can resolve names"))),
            // Names that DNS has too are still resolved.
            HOSTS if *path == self.path => Some(Finding::warning(text("only root sees the names in it"))),
            HOSTS => Some(Finding::warning(text("only root sees the names in /etc/hosts"))),
            _ => None,
        }
    }

    fn is_file(&self) -> bool {
        matches!(self.found.what, What::Content(_) | What::SameAsCopy | What::TooLarge | What::Unreadable(_))
    }

    /// Returns the findings. `change` is the result of [`Self::change`] and gets `state`. If `state` is
    /// `None`, another finding reports the change, and this one only adds its lines.
    pub(crate) fn judge(
        &self,
        strictness: Strictness,
        change: Option<&str>,
        facts: &Facts,
        state: Option<State>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(hidden) = self.hidden() {
            findings.push(hidden);
        } else if let Some(why) = self.unknown() {
            findings.push(Finding::unknown(why));
        }
        match change {
            Some(change) => findings.push(self.changed(change, facts, state)),
            None => findings.extend(self.ignored_lines()),
        }
        if strictness.mode
            && let Some(text) = self.access_difference(&facts.owners)
        {
            findings.push(Finding::warning(text));
        }
        findings
    }

    fn changed(&self, change: &str, facts: &Facts, state: Option<State>) -> Finding {
        // What the copy has too was not changed since it was made.
        let is_as_copied =
            matches!((self.copy(), &self.found.what), (Some(copy), What::Content(found)) if copy == found);
        let who = || who(&self.path, &self.found, self.copy(), facts);
        let finding = match (state, if is_as_copied { None } else { who() }) {
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

    /// Tells which lines of hosts or resolv.conf do not count and are not in the copy, where nothing differs
    /// by meaning.
    fn ignored_lines(&self) -> Option<Finding> {
        let (What::Content(content), Ok(expected)) = (&self.found.what, &self.expected) else { return None };
        if !self.may_be_shown() {
            return None;
        }
        let ignored = match (self.path.as_str(), expected) {
            (_, Expected::Copy(copy)) if content == copy => None,
            (HOSTS, Expected::Copy(copy)) => Hosts::parse(content).newly_ignored(&Hosts::parse(copy)),
            (RESOLVER, Expected::Copy(copy)) => Resolver::new(content).newly_ignored(&Resolver::new(copy)),
            (RESOLVER, Expected::Resolver(..)) => Resolver::new(content).newly_ignored(&Resolver::default()),
            _ => None,
        };
        Some(Finding::ok("").detail(format!("note: {} {}", self.path, ignored?)))
    }

    fn copy(&self) -> Option<&[u8]> {
        if let Ok(Expected::Copy(copy)) = &self.expected { Some(copy) } else { None }
    }

    /// Returns whether the owner or the group differs from the copy's.
    pub(crate) fn has_other_owner(&self) -> bool {
        let both = self.access.zip(self.found.status);
        both.is_some_and(|((_, uid, gid), found)| (found.uid, found.gid) != (uid, gid))
    }

    fn access_difference(&self, owners: &Owners) -> Option<String> {
        let named = |names: &BTreeMap<u32, String>, number: u32| {
            names.get(&number).cloned().unwrap_or_else(|| number.to_string())
        };
        let (user, group) = (|number| named(&owners.users, number), |number| named(&owners.groups, number));
        let (mode, uid, gid) = self.access.filter(|_| self.expected.is_ok())?;
        let Status { mode: found_mode, uid: found_uid, gid: found_gid, .. } = self.found.status?;
        let parts = [
            (found_mode != mode).then(|| format!("mode {found_mode:04o}, not {mode:04o}")),
            (found_uid != uid).then(|| format!("owner {}, not {}", user(found_uid), user(uid))),
            (found_gid != gid).then(|| format!("group {}, not {}", group(found_gid), group(gid))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} has {}", self.path, parts.join(", ")))
    }
}
