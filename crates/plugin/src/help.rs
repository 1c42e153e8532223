//! `--help`, `-h` and `--version`: printed as they are, wrapped at the terminal's width or at COLUMNS.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::error::{Error, ErrorKind};
use clap::{Arg, Command};

use crate::{State, output};

/// The most columns of a help text, and its columns if standard output is not a terminal.
const WIDEST: u16 = 100;
/// The fewest columns: narrower terminals get lines that they wrap themselves.
const NARROWEST: u16 = 40;
/// The end of the help of a program that does not explain its exit codes itself.
const EXIT_CODES: &str = "Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also --help and --version).";

/// Prints help or version and exits, if that is what the arguments ask for.
pub(crate) fn print_if_asked_for(error: &Error, command: &Command, arguments: &[OsString]) {
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let is_long = arguments.iter().any(|argument| argument == "--help");
            output::finish_with(&text(command, is_long, columns()), State::Unknown)
        }
        ErrorKind::DisplayVersion => output::finish_with(&error.render().to_string(), State::Unknown),
        _ => {}
    }
}

/// The help text: whole, or the first sentence of each option alone.
fn text(command: &Command, is_long: bool, columns: u16) -> String {
    let command = command.clone().term_width(usize::from(columns));
    let mut command = if is_long {
        let explains = command.get_after_help().is_some();
        if explains { command } else { command.after_help(EXIT_CODES) }
    } else {
        command.mut_args(first_sentence).after_help("--help shows more").after_long_help("")
    };
    command.render_help().to_string()
}

/// An option with the first sentence of its text.
fn first_sentence(argument: Arg) -> Arg {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    match help.split_once(". ") {
        Some((first, _)) => argument.help(first.to_owned()),
        None => argument,
    }
}

/// Returns the columns of a help text.
fn columns() -> u16 {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout());
    columns_of(env::var_os("COLUMNS").as_deref(), size.ok().map(|size| size.ws_col))
}

/// Returns the columns within bounds: those that COLUMNS asks for, else those of the terminal. POSIX gives
/// COLUMNS this precedence. A value that is not a number above 0 does not count.
fn columns_of(preferred: Option<&OsStr>, terminal: Option<u16>) -> u16 {
    let preferred = preferred.and_then(OsStr::to_str).and_then(|text| text.trim().parse::<u32>().ok());
    let preferred = preferred.map(|columns| u16::try_from(columns).unwrap_or(WIDEST));
    let columns = [preferred, terminal].into_iter().flatten().find(|columns| *columns > 0);
    columns.unwrap_or(WIDEST).clamp(NARROWEST, WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let long = "A long text on what this option is for and what it does. Then what else it does, in many more words than a line holds";
        Command::new("check_x").after_help("Exit codes").arg(Arg::new("ip").long("ip").help(long))
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        for columns in [40, 80, 100] {
            for is_long in [false, true] {
                let text = text(&command(), is_long, columns);
                assert!(text.lines().all(|line| line.len() <= usize::from(columns)), "{columns}: {text}");
            }
        }
    }

    #[test]
    fn the_columns_are_those_asked_for_or_those_of_the_terminal() {
        let rows = [
            (None, None, 100),
            (None, Some(0), 100),
            (None, Some(80), 80),
            (None, Some(250), 100),
            (None, Some(20), 40),
            (Some("80"), None, 80),
            (Some("72"), Some(90), 72),
            (Some("7"), None, 40),
            (Some("100000"), Some(80), 100),
            (Some("0"), Some(80), 80),
            (Some(""), Some(80), 80),
            (Some("wide"), None, 100),
            (Some("-5"), Some(80), 80),
        ];
        for (preferred, terminal, columns) in rows {
            let found = columns_of(preferred.map(OsStr::new), terminal);
            assert_eq!(found, columns, "COLUMNS={preferred:?}, terminal {terminal:?}");
        }
    }

    #[test]
    fn the_short_help_has_first_sentences_and_says_where_the_rest_is() {
        let (short, long) = (text(&command(), false, 100), text(&command(), true, 100));
        assert!(long.contains("Then what else") && long.contains("Exit codes"), "{long}");
        assert!(!short.contains("Then what else") && !short.contains("Exit codes"), "{short}");
        assert!(short.ends_with("--help shows more\n"), "{short}");
    }

    #[test]
    fn every_help_explains_the_exit_codes() {
        let own = text(&command(), true, 100);
        assert!(own.ends_with("Exit codes\n"), "{own}");
        let usual = text(&Command::new("check_x"), true, 100);
        assert!(usual.ends_with(&format!("\n{EXIT_CODES}\n")), "{usual}");
    }
}
