//! Incidents that an administrator writes: `incidents/*.md` beside the configuration, read in every run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use monitor_state::written::ahead;
use plugin::{Deadline, clean, read_file, reason};

use crate::moment::length;
use crate::names::Names;

mod note;
mod written;

use written::parse;

pub use note::Note;

/// The most that a note may hold, in octets.
const LARGEST: u64 = 64 << 10;
/// The most notes.
const MOST: usize = 500;
/// The most files that are read to find the notes that still last.
const MOST_FILES: usize = 10_000;
/// The most files of which it is told that they are no notes.
const MOST_REMARKS: usize = 5;

/// What the folder of notes has.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The notes, those that end last first.
    pub(crate) notes: Vec<Note>,
    /// What is wrong with those that are left out.
    pub(crate) faults: Vec<String>,
    /// What is told of other files, which may have been meant as notes.
    pub(crate) remarks: Vec<String>,
}

/// Reads all notes in the folder; a folder that does not exist contains none. `names` are the public names
/// that a note may give. Leaves out an outage that begins after `now`.
pub(crate) fn read(folder: &Path, names: &Names<'_>, now: u64, deadline: &Deadline) -> Notes {
    let listed = fs::canonicalize(folder).and_then(|folder| Ok((files(&folder)?, folder)));
    let ((mut files, others), folder) = match listed {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Notes::default(),
        Err(error) => {
            let faults = vec![format!("reading {}: {}", folder.display(), reason(&error))];
            return Notes { faults, ..Notes::default() };
        }
    };
    let mut faults = Vec::new();
    // What is written last tells of the present.
    files.sort_by(|a, b| b.cmp(a));
    if files.len() > MOST_FILES {
        faults.push(format!("incidents: the {} oldest of {} files", files.len() - MOST_FILES, files.len()));
    }
    let (mut notes, mut count) = (Vec::new(), 0);
    for (changed, path) in files.iter().take(MOST_FILES) {
        let (stem, name) = [path.file_stem(), path.file_name()]
            .map(|part| part.unwrap_or_default().to_string_lossy())
            .into();
        let note = content(path, &folder, deadline).and_then(|content| parse(&stem, &content, names));
        match note {
            Ok(note) if note.is_early(now) => {
                let early = ahead(note.start, now).map(|ahead| early(&note, ahead));
                faults.extend(early.map(|what| format!("incident {}: {what}", clean(&name))));
            }
            Ok(note) => notes.push(Note { changed: *changed, ..note }),
            Err(what) => faults.push(format!("incident {}: {what}", clean(&name))),
        }
        if notes.len() >= 2 * MOST {
            count += keep(&mut notes);
        }
    }
    count += keep(&mut notes);
    if count > 0 {
        let all = count + notes.len();
        faults.insert(0, format!("incidents: the {count} oldest of {all}"));
    }
    Notes { notes, faults, remarks: remarks(&others) }
}

/// Returns what is wrong with an outage that begins in `ahead` seconds.
fn early(note: &Note, ahead: u64) -> String {
    let state = note.status.text().to_lowercase();
    format!("{state} that begins in {}, planned work is state: maintenance", length(ahead))
}

/// Sorts notes, those that end last first, and drops those that are too many. A note that still lasts counts,
/// however old its file is. Returns the number of dropped notes.
fn keep(notes: &mut Vec<Note>) -> usize {
    notes.sort_by(|a, b| {
        (b.end.unwrap_or(u64::MAX), b.start, &b.id).cmp(&(a.end.unwrap_or(u64::MAX), a.start, &a.id))
    });
    let excess = notes.len().saturating_sub(MOST);
    notes.truncate(MOST);
    excess
}

/// Reads a note. A link must stay in the folder: who may write there must not publish what only the monitor's
/// user can read.
fn content(path: &Path, folder: &Path, deadline: &Deadline) -> Result<Vec<u8>, String> {
    let Some(path) = fs::canonicalize(path).ok().filter(|path| path.is_file()) else {
        // A FIFO would be waited for.
        return Err("not a file".to_owned());
    };
    if !path.starts_with(folder) {
        return Err("a link out of the folder".to_owned());
    }
    read_file(&path, LARGEST, deadline).map_err(|error| error.to_string())
}

/// What is told of files that are no notes by their names.
fn remarks(others: &[String]) -> Vec<String> {
    let ignored =
        |name: &String| format!("incidents/{} is ignored, its name does not end in .md", clean(name));
    let more = others.len().saturating_sub(MOST_REMARKS);
    let rest = (more > 0).then(|| format!("incidents: {more} more ignored"));
    others.iter().take(MOST_REMARKS).map(ignored).chain(rest).collect()
}

type Listed = (Vec<(u64, PathBuf)>, Vec<String>);

/// Lists the notes with the time at which each was written, in seconds since 1970, and the names of other
/// files. Hidden files and copies are an editor's.
fn files(folder: &Path) -> std::io::Result<Listed> {
    let is_editors = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        name.starts_with(b".") || name.starts_with(b"#") || name.ends_with(b"~")
    };
    let is_note = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md"));
    let paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let (notes, others): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.filter(|path| !is_editors(path)).partition(is_note);
    let changed = |path: &Path| {
        let changed = fs::metadata(path).and_then(|status| status.modified()).ok()?;
        Some(changed.duration_since(UNIX_EPOCH).ok()?.as_secs())
    };
    let notes = notes.into_iter().map(|path| (changed(&path).unwrap_or(0), path)).collect();
    let others = others.iter().filter(|path| !path.is_dir()).filter_map(|path| path.file_name());
    let mut others: Vec<String> = others.map(|name| name.to_string_lossy().into_owned()).collect();
    others.sort();
    Ok((notes, others))
}

#[cfg(test)]
mod tests;
