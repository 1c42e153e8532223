//! On a terminal: the state in colour, and help as wide as the terminal or as COLUMNS.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Stdio;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::plugin;

/// A terminal of so many columns: its own end and that of the program.
fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&own).unwrap();
    unlockpt(&own).unwrap();
    let name = ptsname(&own, Vec::new()).unwrap();
    let program = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    tcsetwinsize(program.as_fd(), Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
        .unwrap();
    (own, program)
}

/// What the plugin prints on a terminal.
fn shown(columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let (own, program) = terminal(columns);
    let mut command = plugin(arguments);
    command.env("TERM", "xterm").env_remove("NO_COLOR").envs(environment.iter().copied());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::from(program)).stderr(Stdio::null()).spawn().unwrap();
    // The command holds the program's end, and the reader would wait for it.
    drop(command);
    let (mut own, mut text, mut part) = (File::from(own), Vec::new(), [0; 4096]);
    // Linux reports an error once the other end is closed.
    while let Ok(length @ 1..) = own.read(&mut part) {
        text.extend(part.iter().take(length));
    }
    child.wait().unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

#[test]
fn a_state_has_its_colour_unless_colours_are_not_wanted() {
    for (state, name, colour) in [
        ("ok", "OK", 32),
        ("warning", "WARNING", 33),
        ("critical", "CRITICAL", 31),
        ("unknown", "UNKNOWN", 35),
    ] {
        let arguments = ["--act=large", "--size=1", "--state", state];
        let line = shown(80, &arguments, &[]);
        assert!(
            line.starts_with(&format!("CONTRACT_PLUGIN \u{1b}[1;{colour}m{name}\u{1b}[0m - s | ")),
            "{line:?}"
        );
        for plain in [&[("NO_COLOR", "1")][..], &[("TERM", "dumb")]] {
            assert!(!shown(80, &arguments, plain).contains('\u{1b}'), "{plain:?}");
        }
        assert!(
            shown(80, &arguments, &[("NO_COLOR", "")]).contains('\u{1b}'),
            "an empty NO_COLOR is as none"
        );
    }
    for format in ["--format=json", "--format=prometheus"] {
        assert!(!shown(80, &[format], &[]).contains('\u{1b}'), "{format}");
    }
    assert!(
        !super::outcome(plugin(&[]).env("TERM", "xterm").env_remove("NO_COLOR")).stdout.contains('\u{1b}'),
        "a pipe"
    );
}

#[test]
fn help_is_as_wide_as_the_terminal_and_at_most_100() {
    for (columns, least, most) in [(60, 40, 60), (80, 60, 80), (100, 80, 100), (250, 80, 100)] {
        for help in ["-h", "--help"] {
            let text = shown(columns, &[help], &[]);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!((least..=most).contains(&widest), "{help} in {columns} columns: {widest}\n{text}");
        }
    }
    for (columns, least, most) in [(None, 80, 100), (Some("80"), 60, 80), (Some("0"), 80, 100)] {
        let mut command = plugin(&["--help"]);
        columns.map(|columns| command.env("COLUMNS", columns));
        let piped = super::outcome(&mut command).stdout;
        let widest = piped.lines().map(str::len).max().unwrap();
        assert!((least..=most).contains(&widest), "COLUMNS={columns:?}: {widest}\n{piped}");
    }
}
