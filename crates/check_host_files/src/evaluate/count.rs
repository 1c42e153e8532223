//! Counts the changes, and the files and names that were not checked.

use crate::Observations;
use crate::compare::{Expected, HOSTNAME, RESOLVER, host_name};
use crate::file::Checked;
use crate::found::What;

/// Counts the files and the name that are checked.
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

/// Returns whether this file differs from its copy by the host's name, which is judged separately.
pub(super) fn is_told_by_the_name(observed: &Observations, file: &Checked) -> bool {
    let Some(seen) = observed.name.as_ref().filter(|_| file.path == HOSTNAME) else { return false };
    let copy = match &file.expected {
        Ok(Expected::Copy(copy)) => host_name(copy),
        _ => None,
    };
    seen.file_differs() && copy.as_ref() == Some(&seen.expected)
}

/// The name that was not checked, because there is no /etc/hostname.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unchecked {
    /// The name after the next boot.
    NextBoot,
    /// All names: the kernel's name is not that of this tree.
    All,
}

/// Returns the name that was not checked. `None` if the file exists, or if it is one of the checked files:
/// then it is reported as missing.
pub(super) fn without_file(observed: &Observations) -> Option<Unchecked> {
    let seen = observed.name.as_ref().filter(|seen| seen.is_without_file())?;
    let is_told = observed.files.iter().any(|file| file.path == HOSTNAME);
    let unchecked = if seen.kernel.is_none() { Unchecked::All } else { Unchecked::NextBoot };
    (!is_told).then_some(unchecked)
}

/// Sorts the files by the harm of their change: the resolver first, then entries that are no files, then
/// files with another content. Files of one rank keep the order of their paths.
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
