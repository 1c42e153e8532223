//! Incidents that an administrator writes: `incidents/*.md` beside the configuration, read in every run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use monitor_state::written::ahead;
use plugin::{Deadline, clean, read_file, reason};

use crate::characters::is_writable;
use crate::config::identifier;
use crate::moment::length;
use crate::names::Names;
use crate::status::Status;

/// The most that a note may hold, in octets.
const LARGEST: u64 = 64 << 10;
/// The most notes.
const MOST: usize = 500;
/// The most files that are read to find the notes that still last.
const MOST_FILES: usize = 10_000;
/// The most files of which it is told that they are no notes.
const MOST_REMARKS: usize = 5;

/// An incident written by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its stable identifier, by the name of its file.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The public names of what it is about.
    pub on: Vec<String>,
    /// The state of these while it lasts.
    pub status: Status,
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// When it ends; `None` while that is open.
    pub end: Option<u64>,
    /// When its file was written, in seconds since 1970.
    pub changed: u64,
    /// The text.
    pub text: String,
}

impl Note {
    /// Returns whether it lasts now.
    pub fn is_running(&self, now: u64) -> bool {
        self.start <= now && self.end.is_none_or(|end| now < end)
    }

    /// Returns whether it is over.
    pub fn is_over(&self, now: u64) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// Returns whether it tells of a trouble that begins after now: only work is planned.
    fn is_early(&self, now: u64) -> bool {
        !matches!(self.status, Status::Operational | Status::Maintenance) && self.start > now
    }

    /// Returns when it last changed: written, begun or ended.
    pub fn updated(&self, now: u64) -> u64 {
        let moments = [Some(self.start), self.end].into_iter().flatten().filter(|moment| *moment <= now);
        moments.max().unwrap_or(0).max(self.changed)
    }
}

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

/// Parses a note: settings between two lines `---`, and the text after them. The ends of lines, and a byte
/// order mark, may be those of Windows.
fn parse(name: &str, content: &[u8], names: &Names<'_>) -> Result<Note, String> {
    let text = str::from_utf8(content).map_err(|_| "not UTF-8".to_owned())?;
    // A feed reader refuses the whole feed if one character is not valid in XML.
    let text = &text.replace(|c| !is_writable(c), "\u{fffd}");
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    let is_mark = |line: &str| line.trim_end() == "---";
    if !lines.next().is_some_and(is_mark) {
        return Err("the first line is not ---".to_owned());
    }
    let mut head = Vec::new();
    loop {
        match lines.next() {
            None => return Err("no second line ---".to_owned()),
            Some(line) if is_mark(line) => break,
            Some(line) => head.push(line),
        }
    }
    let Settings { title, on, status, start, end } = Settings::parse(&head, names)?;
    let on = on.ok_or("no component")?;
    let status = status.ok_or("no state")?;
    let start = start.ok_or("no start")?;
    if end.is_some_and(|end| end <= start) {
        return Err("it ends before it begins".to_owned());
    }
    let title = title.filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| format!("{}: {}", on.join(", "), status.text().to_lowercase()));
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    Ok(Note { id: identifier(&["note", name]), title, on, status, start, end, changed: 0, text })
}

/// The settings of a note, as far as they are given.
#[derive(Default)]
struct Settings {
    title: Option<String>,
    on: Option<Vec<String>>,
    status: Option<Status>,
    start: Option<u64>,
    end: Option<u64>,
}

impl Settings {
    fn parse(head: &[&str], names: &Names<'_>) -> Result<Self, String> {
        let (mut settings, mut given) = (Self::default(), BTreeSet::new());
        for (line, setting) in (2..).zip(head).filter(|(_, setting)| !setting.trim().is_empty()) {
            let wrong = |what: String| format!("line {line}: {what}");
            let (key, value) = setting.split_once(':').ok_or_else(|| wrong("not key: value".to_owned()))?;
            if !given.insert(key.trim()) {
                return Err(wrong(format!("{} is given twice", clean(key.trim()))));
            }
            settings.add(key.trim(), unquoted(value.trim()), names).map_err(wrong)?;
        }
        Ok(settings)
    }

    fn add(&mut self, key: &str, value: &str, names: &Names<'_>) -> Result<(), String> {
        let moment = || moment(value).ok_or("write a time as 2026-11-25T21:00Z");
        match key {
            "title" => self.title = Some(value.to_owned()),
            "component" => self.on = Some(components(value, names)?),
            "state" => self.status = Some(state(value)?),
            "start" => self.start = Some(moment()?),
            "end" if value.is_empty() => {}
            "end" => self.end = Some(moment()?),
            key => return Err(format!("no setting is called {}", clean(key))),
        }
        Ok(())
    }
}

/// Returns what stands between quotation marks, as YAML has them.
fn unquoted(value: &str) -> &str {
    let inside = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// Public names, set apart by commas.
fn components(value: &str, names: &Names<'_>) -> Result<Vec<String>, String> {
    if names.has(value) {
        return Ok(vec![value.to_owned()]);
    }
    let mut on = Vec::new();
    for name in value.split(',').map(str::trim) {
        if name.is_empty() {
            return Err("the name of a component is missing".to_owned());
        }
        names.check(name)?;
        if on.iter().any(|known| known == name) {
            return Err(format!("{name} is given twice"));
        }
        on.push(name.to_owned());
    }
    Ok(on)
}

fn state(value: &str) -> Result<Status, String> {
    let told = || Status::ALL.into_iter().filter(|status| *status != Status::Unknown);
    let is_called = |status: &Status| value == status.word() || value.eq_ignore_ascii_case(status.text());
    told().find(is_called).ok_or_else(|| {
        let states: Vec<String> = told().map(|status| status.text().to_lowercase()).collect();
        format!("state {} is not one of {}", clean(value), states.join(", "))
    })
}

fn moment(value: &str) -> Option<u64> {
    value.parse::<Timestamp>().ok().and_then(|moment| u64::try_from(moment.as_second()).ok())
}

#[cfg(test)]
mod tests;
