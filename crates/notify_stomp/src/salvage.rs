//! An event whose command line is refused: it goes into the spool all the same, where the options of the
//! event and of the spool are right, since Nagios hands it over only once.

use std::ffi::OsString;

use clap::{Arg, CommandFactory as _, Parser as _};
use plugin::{Deadline, Report};

use crate::Args;
use crate::evaluate::evaluate;
use crate::event::EventError;
use crate::loss::lose;
use crate::publish::{PublishError, read_event, spool_only};
use crate::user::become_user;

/// The headings of the options that an event in the spool needs.
const HEADINGS: [&str; 2] = ["Event", "Spool"];

/// Spools the event of a command line that was `refused`, and reports both; where it is not an event, returns
/// the report as it is. An event that cannot be read is counted as lost.
pub fn salvage(arguments: &[OsString], refused: Report, deadline: &Deadline) -> Report {
    let Some(kept) = event_options(arguments) else { return refused };
    let why = refused.summary();
    let Some(args) = parse(&kept) else { return refused };
    let user = args.spool.user.as_deref().map_or(Ok(()), |user| become_user(user, deadline));
    if user.is_err() {
        return evaluate(&lose(&args.spool, why, deadline));
    }
    match read_event(&args) {
        Ok(mut event) => evaluate(&spool_only(&args, &mut event, why, deadline)),
        Err(PublishError::Event(EventError::Nothing)) => refused,
        Err(_) => evaluate(&lose(&args.spool, why, deadline)),
    }
}

/// The options, without those of the spool that are wrong too.
fn parse(kept: &[OsString]) -> Option<Args> {
    let is_spool = |option: &OsString| option.as_encoded_bytes().starts_with(b"--spool-");
    let fewer = || kept.iter().filter(|option| !is_spool(option)).cloned().collect::<Vec<_>>();
    Args::try_parse_from(kept).or_else(|_| Args::try_parse_from(fewer())).ok()
}

/// The arguments without what concerns the broker, and without what is no option. `None` for a run without an
/// event of its own.
fn event_options(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let command = Args::command();
    let mut kept: Vec<OsString> = arguments.iter().take(1).cloned().collect();
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        let Some(option) = argument.as_encoded_bytes().strip_prefix(b"--") else { continue };
        let name = option.split(|octet| *octet == b'=').next().unwrap_or_default();
        let is_it = |known: &&Arg| known.get_long().is_some_and(|long| long.as_bytes() == name);
        let Some(known) = command.get_arguments().find(is_it) else { continue };
        if matches!(known.get_id().as_str(), "flush" | "acknowledge" | "retry_refused" | "snapshot" | "cat") {
            return None;
        }
        let has_value_behind = known.get_action().takes_values() && name.len() == option.len();
        let value = if has_value_behind { rest.next() } else { None };
        if known.get_help_heading().is_some_and(|heading| HEADINGS.contains(&heading)) {
            kept.extend([argument].into_iter().chain(value).cloned());
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_needs_is_kept() {
        let rows: [(&[&str], Option<&[&str]>); 5] = [
            (
                &["--host=h", "--tls=yes", "--broker", "--host=b", "--state", "OK"],
                Some(&["--host=h", "--state", "OK"]),
            ),
            (
                &["--spool=/s", "--destination", "/topic/x", "-x", "word", "--unknown=1"],
                Some(&["--spool=/s"]),
            ),
            (&["--from-env", "--passcode=secret", "--spool-age"], Some(&["--from-env", "--spool-age"])),
            (&["--host=h", "--flush"], None),
            (&["--cat=/topic/x"], None),
        ];
        for (given, expected) in rows {
            let arguments: Vec<OsString> = ["notify_stomp"].iter().chain(given).map(OsString::from).collect();
            let expected = expected
                .map(|kept| ["notify_stomp"].iter().chain(kept).map(OsString::from).collect::<Vec<_>>());
            assert_eq!(event_options(&arguments), expected, "{given:?}");
        }
    }
}
