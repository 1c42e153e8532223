//! Incidents that an administrator writes: `incidents/*.md` beside the configuration, read in every run.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use plugin::{Deadline, clean, read_file, reason};

use crate::config::identifier;
use crate::status::Status;

/// The most that a note may hold, in octets.
const LARGEST: u64 = 64 << 10;
/// The most notes.
const MOST: usize = 500;

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

    /// Returns when it last changed: written, begun or ended.
    pub fn updated(&self, now: u64) -> u64 {
        let moments = [Some(self.start), self.end].into_iter().flatten().filter(|moment| *moment <= now);
        moments.max().unwrap_or(0).max(self.changed)
    }

    /// Returns the state of what it is about while it lasts: planned work is what it is, and else the worse
    /// of both counts.
    pub(crate) fn applied_to(&self, status: Status) -> Status {
        let weight = |status: Status| match status {
            Status::Operational => 0,
            Status::Maintenance => 1,
            Status::Unknown => 2,
            Status::Degraded => 3,
            Status::Partial => 4,
            Status::Major => 5,
        };
        if self.status == Status::Maintenance || weight(self.status) > weight(status) {
            self.status
        } else {
            status
        }
    }
}

/// Reads all notes in the folder, those that end last first, and says what is wrong with those that are left
/// out. `names` are the public names that there are. A folder that does not exist has none.
pub(crate) fn read(folder: &Path, names: &[&str], deadline: &Deadline) -> (Vec<Note>, Vec<String>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(error) => return (Vec::new(), vec![format!("reading {}: {}", folder.display(), reason(&error))]),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    paths.sort();
    let (mut notes, mut faults) = (Vec::new(), Vec::new());
    for path in paths.iter().take(MOST) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let changed = fs::metadata(path).and_then(|status| status.modified()).ok();
        let changed =
            changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |time| time.as_secs());
        let parsed = read_file(path, LARGEST, deadline).map_err(|error| error.to_string());
        match parsed.and_then(|content| {
            parse(&name, &content, names).map_err(|what| format!("incident {name}.md: {what}"))
        }) {
            Ok(note) => notes.push(Note { changed, ..note }),
            Err(fault) => faults.push(fault),
        }
    }
    if paths.len() > MOST {
        faults.push(format!("{} incidents, only {MOST} are read", paths.len()));
    }
    notes.sort_by(|a, b| {
        (b.end.unwrap_or(u64::MAX), b.start, &b.id).cmp(&(a.end.unwrap_or(u64::MAX), a.start, &a.id))
    });
    (notes, faults)
}

/// Parses a note: settings between two lines `---`, and the text after them.
fn parse(name: &str, content: &[u8], names: &[&str]) -> Result<Note, String> {
    let text = str::from_utf8(content).map_err(|_| "not UTF-8".to_owned())?;
    let rest = text.strip_prefix("---\n").ok_or("the first line is not ---")?;
    let (head, text) = rest
        .split_once("\n---\n")
        .or_else(|| Some((rest.strip_suffix("\n---")?, "")))
        .ok_or("no second line ---")?;
    let (mut title, mut on, mut status, mut start, mut end) = (None, None, None, None, None);
    for (line, setting) in (2..).zip(head.lines()).filter(|(_, setting)| !setting.trim().is_empty()) {
        let (key, value) = setting.split_once(':').ok_or_else(|| format!("line {line}: not key: value"))?;
        let value = value.trim();
        let moment =
            || moment(value).ok_or_else(|| format!("line {line}: write a time as 2026-11-25T21:00Z"));
        match key.trim() {
            "title" => title = Some(value.to_owned()),
            "component" => {
                on = Some(components(value, names).map_err(|what| format!("line {line}: {what}"))?)
            }
            "state" => {
                status = Some(
                    state(value)
                        .ok_or_else(|| format!("line {line}: no state is called {}", clean(value)))?,
                )
            }
            "start" => start = Some(moment()?),
            "end" if value.is_empty() => {}
            "end" => end = Some(moment()?),
            key => return Err(format!("line {line}: no setting is called {}", clean(key))),
        }
    }
    let on = on.ok_or("no component")?;
    let status = status.ok_or("no state")?;
    let start = start.ok_or("no start")?;
    if end.is_some_and(|end| end <= start) {
        return Err("it ends before it begins".to_owned());
    }
    let title = title.filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| format!("{}: {}", on.join(", "), status.text().to_lowercase()));
    Ok(Note {
        id: identifier(&["note", name]),
        title,
        on,
        status,
        start,
        end,
        changed: 0,
        text: text.trim().to_owned(),
    })
}

/// Public names, set apart by commas.
fn components(value: &str, names: &[&str]) -> Result<Vec<String>, String> {
    let known = |name: &str| match names.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("no component is called {}", clean(name))),
    };
    if names.contains(&value) {
        Ok(vec![value.to_owned()])
    } else {
        value.split(',').map(str::trim).map(known).collect()
    }
}

fn state(value: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| {
        let is_told = !matches!(status, Status::Unknown);
        is_told && (value == status.word() || value.eq_ignore_ascii_case(status.text()))
    })
}

fn moment(value: &str) -> Option<u64> {
    value.parse::<Timestamp>().ok().and_then(|moment| u64::try_from(moment.as_second()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["London", "Paris", "A, B"];

    fn read_one(text: &str) -> Result<Note, String> {
        parse("x", text.as_bytes(), &NAMES)
    }

    #[test]
    fn a_note_is_its_settings_and_its_text() {
        let text = "---\ncomponent: London, Paris\nstate: Major outage\nstart: 2026-11-25T21:00Z\nend: 2026-11-25T22:30:00+01:00\n---\nFibre **cut**.\n";
        let note = read_one(text).unwrap();
        assert_eq!((note.title.as_str(), note.status), ("London, Paris: major outage", Status::Major));
        assert_eq!((note.start, note.end), (1_795_640_400, Some(1_795_642_200)));
        assert_eq!((note.on.len(), note.text.as_str()), (2, "Fibre **cut**."));
        let note = read_one(
            "---\ntitle: Work: new fibre\ncomponent: A, B\nstate: under_maintenance\nstart: 2026-11-25T21:00:00Z\nend:\n---",
        )
        .unwrap();
        assert_eq!((note.title.as_str(), note.end, note.text.as_str()), ("Work: new fibre", None, ""));
        let lasts = [note.is_running(note.start - 1), note.is_running(note.start), note.is_over(u64::MAX)];
        assert_eq!((note.on.as_slice(), lasts), (&["A, B".to_owned()][..], [false, true, false]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let rows = [
            ("", "the first line is not ---"),
            ("---\ncomponent: London\n", "no second line ---"),
            ("---\ncomponent: Rome\n---\n", "line 2: no component is called Rome"),
            ("---\ncomponent: London\nstate: sad\n---\n", "line 3: no state is called sad"),
            ("---\ncomponent: London\nstate: unknown\n---\n", "line 3: no state is called unknown"),
            (
                "---\ncomponent: London\n\nstart: yesterday\n---\n",
                "line 4: write a time as 2026-11-25T21:00Z",
            ),
            ("---\ncolour: red\n---\n", "line 2: no setting is called colour"),
            ("---\nred\n---\n", "line 2: not key: value"),
            ("---\ncomponent: London\nstart: 2026-11-25T21:00Z\n---\n", "no state"),
            (
                "---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\nend: 2026-11-25T21:00Z\n---\n",
                "it ends before it begins",
            ),
        ];
        for (text, error) in rows {
            assert_eq!(read_one(text), Err(error.to_owned()), "{text}");
        }
        assert_eq!(parse("x", b"---\n\xff", &NAMES), Err("not UTF-8".to_owned()));
    }

    #[test]
    fn the_worse_of_both_counts_and_planned_work_is_planned() {
        let note = |letter| Note {
            status: Status::of_letter(letter).unwrap(),
            ..read_one("---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\n---\n").unwrap()
        };
        let rows = [('d', "ddpmdd"), ('p', "pppmpp"), ('m', "mmmmmm"), ('w', "wwwwww"), ('o', "odpmwu")];
        for (letter, expected) in rows {
            let applied: String =
                Status::ALL.map(|status| note(letter).applied_to(status).letter()).iter().collect();
            assert_eq!(applied, expected, "{letter}");
        }
    }
}
