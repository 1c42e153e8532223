//! Incidents written by hand, right and wrong.

use super::*;
use crate::status::Status;
use crate::view::{Unit, apply_incidents, apply_work};

fn names() -> Names<'static> {
    Names::shown(&["London", "Paris", "A, B"])
}

fn read_one(text: &str) -> Result<Note, String> {
    parse("x", text.as_bytes(), &names())
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
fn the_ends_of_lines_and_quotation_marks_may_be_others() {
    let text = "---\ncomponent: London, Paris\nstate: degraded\nstart: 2026-11-25T21:00Z\ntitle: It\n---\nOne\n\nTwo\n";
    let note = read_one(text).unwrap();
    assert_eq!((note.text.as_str(), note.title.as_str()), ("One\n\nTwo", "It"));
    let quoted = text.replace("London, Paris", "\"London, Paris\"").replace("degraded", "'degraded'");
    let others = [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        text.replace("---", "--- \t"),
        quoted,
        text.trim_end().to_owned(),
    ];
    for other in others {
        assert_eq!(read_one(&other).as_ref(), Ok(&note), "{other:?}");
    }
}

#[test]
fn what_is_no_note_is_told_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let good = "---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\n---\n";
    let others = [(".hidden.md", "x"), ("old.md~", "x"), ("#x.md#", "x"), ("x.txt", "x"), ("README", "x")];
    for (name, text) in [[("good.md", good)].as_slice(), &others].concat() {
        fs::write(at(name), text).unwrap();
    }
    fs::create_dir(at("folder.md")).unwrap();
    std::os::unix::fs::symlink("/nowhere", at("link.md")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("fifo.md"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let deadline = Deadline::after(std::time::Duration::from_secs(8));
    let Notes { notes, mut faults, remarks } = read(folder.path(), &names(), u64::MAX, &deadline);
    faults.sort();
    assert_eq!(notes.len(), 1);
    let ignored =
        ["README", "x.txt"].map(|name| format!("incidents/{name} is ignored, its name does not end in .md"));
    assert_eq!(remarks, ignored);
    let not_files = ["fifo", "folder", "link"].map(|name| format!("incident {name}.md: not a file"));
    assert_eq!(faults, not_files);
    assert!(!deadline.is_over());
}

#[test]
fn what_no_page_can_show_is_replaced() {
    let head =
        "---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\ntitle: a\u{1b}b\u{fffe}\n---\n";
    let note = read_one(&format!("{head}c\u{0}d\u{b}e\u{ffff}\tf\u{a0}")).unwrap();
    assert_eq!(note.title, "a\u{fffd}b\u{fffd}");
    assert_eq!(note.text, "c\u{fffd}d\u{fffd}e\u{fffd}\tf");
}

#[test]
fn of_too_many_those_that_still_last_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let note = |start: &str, end: &str| {
        format!("---\ncomponent: London\nstate: degraded\nstart: {start}T00:00Z\n{end}\n---\n")
    };
    let written = |name: &str, text: String, days: u64| {
        fs::write(at(name), text).unwrap();
        let file = fs::File::options().write(true).open(at(name)).unwrap();
        file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400)).unwrap();
    };
    // The notes that still last have the oldest files.
    written("lasts.md", note("2026-01-01", ""), 1);
    written("ends-late.md", note("2026-01-01", "end: 2099-01-01T00:00Z"), 2);
    for number in 0..2 * MOST {
        let ended = format!("end: 2026-02-{:02}T00:00Z", if number < 400 { 20 } else { 10 });
        written(&format!("{number}.md"), note("2026-02-01", &ended), 20_000);
    }
    let soon = Deadline::after(std::time::Duration::from_secs(60));
    let Notes { notes, faults, .. } = read(folder.path(), &names(), u64::MAX, &soon);
    assert_eq!(faults, ["incidents: the 502 oldest of 1002"]);
    let lasting: Vec<_> = notes.iter().take(2).map(|note| note.changed / 86_400).collect();
    assert_eq!((notes.len(), lasting), (MOST, vec![1, 2]));
    let late = |note: &&Note| note.end.is_some_and(|end| end >= 1_771_545_600);
    assert_eq!(notes.iter().filter(late).count(), 401, "the earliest end first");
}

#[test]
fn a_link_stays_in_the_folder() {
    use std::os::unix::fs::symlink;
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("incidents");
    fs::create_dir_all(folder.join("..data")).unwrap();
    let good = "---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\n---\n";
    fs::write(folder.join("..data/in.md"), good).unwrap();
    fs::write(top.path().join("secret"), good).unwrap();
    symlink("..data/in.md", folder.join("in.MD")).unwrap();
    symlink("../secret", folder.join("out.md")).unwrap();
    symlink(top.path(), folder.join("top")).unwrap();
    symlink("top/secret", folder.join("way.md")).unwrap();
    let soon = Deadline::after(std::time::Duration::from_secs(8));
    // The folder itself may be one.
    symlink(&folder, top.path().join("link")).unwrap();
    for folder in [folder.clone(), top.path().join("link")] {
        let Notes { notes, mut faults, remarks } = read(&folder, &names(), u64::MAX, &soon);
        faults.sort();
        let out = ["out", "way"].map(|name| format!("incident {name}.md: a link out of the folder"));
        assert_eq!((notes.len(), faults.as_slice(), remarks.len()), (1, &out[..], 0));
    }
}

#[test]
fn a_wrong_note_is_named() {
    let rows = [
        ("", "the first line is not ---"),
        ("---\ncomponent: London\n", "no second line ---"),
        ("---\ncomponent: Rome\n---\n", "line 2: no component is called Rome"),
        (
            "---\ncomponent: London\nstate: sad\n---\n",
            "line 3: state sad is not one of operational, degraded, partial outage, major outage, maintenance",
        ),
        (
            "---\ncomponent: London\nstate: unknown\n---\n",
            "line 3: state unknown is not one of operational, degraded, partial outage, major outage, maintenance",
        ),
        ("---\ncomponent: London\ncomponent: Paris\n---\n", "line 3: component is given twice"),
        ("---\ncomponent: London, London\n---\n", "line 2: London is given twice"),
        ("---\ncomponent:\n---\n", "line 2: the name of a component is missing"),
        ("---\ncomponent: London,\n---\n", "line 2: the name of a component is missing"),
        (" ---\ncomponent: London\n---\n", "the first line is not ---"),
        ("---\ncomponent: London\n\nstart: yesterday\n---\n", "line 4: write a time as 2026-11-25T21:00Z"),
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
    assert_eq!(parse("x", b"---\n\xff", &names()), Err("not UTF-8".to_owned()));
}

#[test]
fn the_worse_of_both_counts_and_planned_work_is_planned() {
    let note = |letter| Note {
        status: Status::of_letter(letter).unwrap(),
        ..read_one("---\ncomponent: London\nstate: degraded\nstart: 2026-11-25T21:00Z\n---\n").unwrap()
    };
    let applied = |notes: &[Note], status: Status| {
        let unit = Unit { id: "l".to_owned(), name: "London".to_owned(), status, by_hand: None };
        let mut units = vec![unit];
        apply_work(notes, &mut units, u64::MAX);
        let measured = units[0].status;
        apply_incidents(notes, &mut units, u64::MAX);
        (measured, units[0].status)
    };
    // What is shown, by what the monitor sees.
    let rows = [('d', "ddpmdd"), ('p', "pppmpp"), ('m', "mmmmmm"), ('w', "wwwwww"), ('o', "odpmwu")];
    for (letter, expected) in rows {
        let shown: String =
            Status::ALL.map(|status| applied(&[note(letter)], status).1.letter()).iter().collect();
        assert_eq!(shown, expected, "{letter}");
        let is_measured = |status| applied(&[note(letter)], status).0 == status;
        assert_eq!(Status::ALL.into_iter().all(is_measured), letter != 'w', "{letter}: only planned work is");
    }
    for notes in [[note('w'), note('p')], [note('p'), note('w')]] {
        assert_eq!(applied(&notes, Status::Major), (Status::Maintenance, Status::Partial), "in any order");
    }
}
