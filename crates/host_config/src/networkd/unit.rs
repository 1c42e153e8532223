//! The syntax of systemd's configuration files, by systemd.syntax(7): sections, assignments, comments and
//! continued lines.

use std::mem::take;

use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};

/// The longest line that systemd reads, in octets: of a file with a longer one, it ignores all.
const LONGEST_LINE: usize = 1 << 20;

/// An assignment, with the section that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) key: String,
    pub(super) value: Located,
}

/// A section as it is written: the same header may come again, and is another section then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: Located,
    pub(super) assignments: Vec<Assignment>,
}

/// Returns the sections of the file `path`, in its order. Lines that systemd ignores are remarked on.
pub(super) fn sections(path: &str, content: &[u8], to: &mut Promises) -> Result<Vec<Section>, ConfigError> {
    let text = String::from_utf8_lossy(content);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut sections: Vec<Section> = Vec::new();
    let mut continued: Option<(u32, String)> = None;
    for (number, line) in lines(text) {
        if line.len() > LONGEST_LINE {
            let what = "a line of more than 1 MiB: networkd ignores the whole file";
            return Err(Place::new(path, number).error(what));
        }
        let line = line.trim_ascii_start();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let (number, mut whole) = match continued.take() {
            Some((first, mut start)) => {
                start.push_str(line);
                (first, start)
            }
            None => (number, line.to_owned()),
        };
        if goes_on(line) {
            whole.pop();
            whole.push(' ');
            continued = Some((number, whole));
        } else {
            add(&mut sections, &Place::new(path, number), whole.trim_ascii(), to)?;
        }
    }
    if let Some((number, whole)) = take(&mut continued) {
        add(&mut sections, &Place::new(path, number), whole.trim_ascii(), to)?;
    }
    Ok(sections)
}

/// The lines, each with its number. systemd ends one at a carriage return or a NUL too.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..)
        .zip(text.lines())
        .flat_map(|(number, line)| line.split(['\r', '\0']).map(move |part| (number, part)))
}

/// An odd number of backslashes at the end continues the line.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|&octet| octet == b'\\').count() % 2 == 1
}

fn add(sections: &mut Vec<Section>, place: &Place, line: &str, to: &mut Promises) -> Result<(), ConfigError> {
    if line.is_empty() {
        return Ok(());
    }
    if line.contains(char::REPLACEMENT_CHARACTER) {
        return Err(place.error("not UTF-8: networkd ignores the whole file"));
    }
    let written = |value: &str| Located { value: value.trim_ascii().to_owned(), place: place.clone() };
    if let Some(rest) = line.strip_prefix('[') {
        let name = rest.strip_suffix(']').ok_or_else(|| {
            place.error("a section without its closing bracket: networkd ignores the whole file")
        })?;
        // [Network ] is another name.
        let name = Located { value: name.to_owned(), place: place.clone() };
        sections.push(Section { name, assignments: Vec::new() });
        return Ok(());
    }
    let Some((key, value)) = line.split_once('=') else {
        to.remarks.push(place.remark("neither a section nor an assignment: networkd ignores it"));
        return Ok(());
    };
    let Some(section) = sections.last_mut() else {
        to.remarks.push(place.remark("an assignment before the first section: networkd ignores it"));
        return Ok(());
    };
    section.assignments.push(Assignment { key: key.trim_ascii().to_owned(), value: written(value) });
    Ok(())
}

/// A boolean as systemd reads it: `None` where it is none.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match () {
        () if is(&["1", "yes", "y", "true", "t", "on"]) => Some(true),
        () if is(&["0", "no", "n", "false", "f", "off"]) => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<String>, String> {
        let mut to = Promises::default();
        let sections = sections("f", text.as_bytes(), &mut to).map_err(|error| error.to_string())?;
        if let [remark, ..] = to.remarks.as_slice() {
            return Err(format!("{}: {}", remark.place, remark.what));
        }
        let line = |section: &Section, each: &Assignment| {
            format!("{}: [{}] {}={}", each.value.place.line, section.name.value, each.key, each.value.value)
        };
        Ok(sections
            .iter()
            .flat_map(|section| section.assignments.iter().map(move |each| line(section, each)))
            .collect())
    }

    #[test]
    fn reads_as_systemd_does() {
        let rows: [(&str, &[&str]); 10] = [
            ("[A]\nk=v\n", &["2: [A] k=v"]),
            ("\u{feff}[A]\r\n  k = v w \r\n", &["2: [A] k=v w"]),
            ("# c\n; c\n\n[A]\nk=v # no comment\n", &["5: [A] k=v # no comment"]),
            ("[A]\nk=a\\\n   b\\\nc\nl=m", &["2: [A] k=a b c", "5: [A] l=m"]),
            ("[A]\nk=a\\\n# c\n;c\n  b\n", &["2: [A] k=a b"]),
            ("[A]\nk=a\\\\\nl=b\\", &["2: [A] k=a\\\\", "3: [A] l=b"]),
            ("[A]\nk=\n[A]\nk=x=y", &["2: [A] k=", "4: [A] k=x=y"]),
            ("[A]\nk=a\\\n\nl=b", &["2: [A] k=a", "4: [A] l=b"]),
            ("[A]\rk=a\0l=b\r", &["1: [A] k=a", "1: [A] l=b"]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(parsed(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn names_what_is_not_understood() {
        let rows = [
            ("[A]\nk\n", "f line 2: neither a section nor an assignment: networkd ignores it"),
            ("\nk=v\n", "f line 2: an assignment before the first section: networkd ignores it"),
            (
                &format!("[A]\n# {}\nk=v\n", "x".repeat(LONGEST_LINE)),
                "f line 2: a line of more than 1 MiB: networkd ignores the whole file",
            ),
            ("[A\nk=v\n", "f line 1: a section without its closing bracket: networkd ignores the whole file"),
        ];
        for (text, message) in rows {
            assert_eq!(parsed(text), Err(message.to_owned()), "{text:?}");
        }
    }
}
