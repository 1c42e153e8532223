//! An event whose command line is refused: it goes into the spool all the same, since Nagios hands it over
//! only once. The arguments are read a second time, and what is wrong with them is passed over.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use clap::{Arg, Command, CommandFactory as _, Parser as _};
use plugin::{Deadline, Report};

use crate::evaluate::{evaluate, with_unknown_metrics};
use crate::event::EventError;
use crate::loss::lose;
use crate::publish::{PublishError, keep, read_event};
use crate::{Action, Args, snapshot};

/// The headings of the options that an event in the spool needs.
const HEADINGS: [&str; 2] = ["Event", "Spool"];
/// The options of runs that publish no event.
const OTHERS: [&str; 5] = ["flush", "acknowledge", "retry_refused", "snapshot", "cat"];

/// Spools the event of a command line that was `refused`, and reports both; where it is not an event, returns
/// the report with all performance data as not known. An event that cannot be read is counted as lost.
pub fn salvage(arguments: &[OsString], refused: Report, deadline: &Deadline) -> Report {
    let command = Args::command();
    let Options { kept, publishes } = Options::read(&command, arguments);
    let Ok(args) = Args::try_parse_from(kept) else { return refused };
    let why = refused.summary();
    match read_event(&args) {
        Ok(mut event) => evaluate(&keep(&args, &mut event, why, deadline)),
        // The environment of a timer has no event.
        Err(error) if !publishes || matches!(error, PublishError::Event(EventError::Nothing)) => {
            let given = |id: &str| {
                arguments
                    .iter()
                    .filter_map(|argument| find(&command, argument))
                    .any(|(_, known)| known.get_id() == id)
            };
            with_metrics(refused, given)
        }
        Err(_) => evaluate(&lose(&args.spool, why, deadline)),
    }
}

/// Adds the performance data of the run that the options name. The limits of a flush are the default ones.
fn with_metrics(refused: Report, given: impl Fn(&str) -> bool) -> Report {
    if given("cat") {
        return refused;
    }
    if given("snapshot") {
        return snapshot::with_unknown_metrics(refused);
    }
    let [flush, acknowledge, retry_refused] = ["flush", "acknowledge", "retry_refused"].map(given);
    let action = Action { flush, acknowledge, retry_refused, ..Action::default() };
    with_unknown_metrics(refused, action.limits())
}

/// The options that an event in the spool needs.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// A command line in which each is right and stands once: the last counts.
    kept: Vec<OsString>,
    /// Whether the run was to publish an event.
    publishes: bool,
}

impl Options {
    fn read(command: &Command, arguments: &[OsString]) -> Self {
        let mut kept: Vec<(&str, OsString)> = Vec::new();
        let mut publishes = true;
        let mut rest = arguments.iter().skip(1).peekable();
        while let Some(argument) = rest.next() {
            let Some((name, known)) = find(command, argument) else { continue };
            // --from-env=no may mean anything.
            let is_unsure = known.get_id() == "from_env" && value(argument).is_some();
            publishes &= !is_unsure && !OTHERS.contains(&known.get_id().as_str());
            let mut option = OsString::from(format!("--{name}"));
            if known.get_action().takes_values() {
                let follows = || rest.next_if(|next| find(command, next).is_none()).map(OsString::as_os_str);
                let Some(value) = value(argument).or_else(follows) else { continue };
                option.push("=");
                option.push(value);
            }
            let is_needed = known.get_help_heading().is_some_and(|heading| HEADINGS.contains(&heading));
            if is_needed && Args::try_parse_from([OsStr::new(""), &option]).is_ok() {
                kept.retain(|(earlier, _)| *earlier != name);
                kept.push((name, option));
            }
        }
        let program = arguments.iter().take(1).cloned();
        Self { kept: program.chain(kept.into_iter().map(|(_, option)| option)).collect(), publishes }
    }
}

/// The option that an argument names.
fn find<'a>(command: &'a Command, argument: &OsStr) -> Option<(&'a str, &'a Arg)> {
    let option = argument.as_bytes().strip_prefix(b"--")?;
    let name = option.split(|octet| *octet == b'=').next()?;
    let mut known = command.get_arguments().filter_map(|known| Some((known.get_long()?, known)));
    known.find(|(long, _)| long.as_bytes() == name)
}

/// What stands after the equals sign.
fn value(argument: &OsStr) -> Option<&OsStr> {
    let octets = argument.as_bytes();
    let equals = octets.iter().position(|octet| *octet == b'=')?;
    octets.get(equals + 1..).map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_needs_is_kept() {
        type Expected<'a> = (&'a [&'a str], bool);
        let rows: [(&[&str], Expected<'_>); 10] = [
            (
                &["--host=h", "--tls=yes", "--broker", "--host=b", "--state", "OK"],
                (&["--host=b", "--state=OK"], true),
            ),
            (
                &["--spool=/s", "--destination", "/topic/x", "-x", "word", "--unknown=1"],
                (&["--spool=/s"], true),
            ),
            (&["--from-env=1", "--passcode=secret", "--spool-age"], (&["--from-env"], false)),
            (&["--from-env", "--passcode=secret", "--spool-age"], (&["--from-env"], true)),
            (&["--host=h", "--flush"], (&["--host=h"], false)),
            (&["--cat=/topic/x"], (&[], false)),
            (
                &["--attempt=1", "--attempt=2", "--spool=/a", "--spool=/b", "--spool="],
                (&["--attempt=2", "--spool=/b"], true),
            ),
            (&["--retry=-1", "--spool-size=x", "--retry=5", "--retry=y"], (&["--retry=5"], true)),
            (&["--output", "-x", "--perfdata", "--state"], (&["--output=-x"], true)),
            (&["--output=a=b", "--long-output="], (&["--output=a=b", "--long-output="], true)),
        ];
        for (given, (kept, publishes)) in rows {
            let with = |options: &[&str]| ["x"].iter().chain(options).map(OsString::from).collect::<Vec<_>>();
            let expected = Options { kept: with(kept), publishes };
            assert_eq!(Options::read(&Args::command(), &with(given)), expected, "{given:?}");
        }
    }
}
