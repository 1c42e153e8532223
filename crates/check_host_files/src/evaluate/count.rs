//! What counts as a change, and what was not checked.

use crate::Observations;
use crate::compare::{Expected, HOSTNAME, RESOLVER, host_name};
use crate::file::Checked;
use crate::found::What;

/// Counts what is checked: the files, and the name.
pub(super) fn total(observed: &Observations) -> usize {
    observed.files.len() + usize::from(observed.name.is_some())
}

/// Counts the name, and the files with another content or without one.
pub(super) fn changed(observed: &Observations, changes: &[Option<String>]) -> usize {
    let name = observed.name.as_ref().is_some_and(|seen| seen.is_changed());
    let files = observed.files.iter().zip(changes);
    let files = files.filter(|(file, change)| change.is_some() && !is_told_by_the_name(observed, file));
    usize::from(name) + files.count()
}

/// Counts the files that are changed for certain although they could not be compared in full.
pub(super) fn in_both(files: &[Checked], changes: &[Option<String>]) -> usize {
    files.iter().zip(changes).filter(|(file, change)| change.is_some() && file.unknown().is_some()).count()
}

/// Whether what differs in this file is the host's name, which is judged by itself.
pub(super) fn is_told_by_the_name(observed: &Observations, file: &Checked) -> bool {
    let Some(seen) = observed.name.as_ref().filter(|_| file.path == HOSTNAME) else { return false };
    let copy = match &file.expected {
        Ok(Expected::Copy(copy)) => host_name(copy),
        _ => None,
    };
    seen.file_differs() && copy.as_ref() == Some(&seen.expected)
}

/// Which name was not checked, because there is no /etc/hostname.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unchecked {
    /// The one after the next boot.
    NextBoot,
    /// Each: the kernel's is not that of this tree.
    All,
}

/// Returns which name was not checked: `None` if the file is there, or if it is missing and should not be.
pub(super) fn without_file(observed: &Observations) -> Option<Unchecked> {
    let seen = observed.name.as_ref().filter(|seen| seen.is_without_file())?;
    let is_told = observed.files.iter().any(|file| file.path == HOSTNAME);
    let unchecked = if seen.kernel.is_none() { Unchecked::All } else { Unchecked::NextBoot };
    (!is_told).then_some(unchecked)
}

/// Returns the files, those whose change does most harm first: the resolver, then what is not there as a file,
/// then what has another content. Others keep the order of their paths.
pub(super) fn worst_first<'a>(
    files: &'a [Checked],
    changes: &'a [Option<String>],
) -> Vec<(&'a Checked, &'a Option<String>)> {
    let mut files: Vec<_> = files.iter().zip(changes).collect();
    files.sort_by_key(|(file, change)| match file.found.what {
        _ if file.path == RESOLVER => 0,
        What::Content(_) | What::SameAsCopy | What::TooLarge | What::Unreadable(_) => 2,
        _ if change.is_some() => 1,
        _ => 2,
    });
    files
}
