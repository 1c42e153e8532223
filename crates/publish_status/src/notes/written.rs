//! A note as it is written: settings, and the text after them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use plugin::clean;

use super::note::Note;
use crate::characters::is_writable;
use crate::config::identifier;
use crate::names::Names;
use crate::status::Status;

/// Parses a note: settings between two lines `---`, and the text after them. The ends of lines, and a byte
/// order mark, may be those of Windows.
pub(super) fn parse(name: &str, content: &[u8], names: &Names<'_>) -> Result<Note, String> {
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
