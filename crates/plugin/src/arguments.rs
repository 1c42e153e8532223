//! The command line: what files add to it, what it may not hold, and what it comes to.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches as _};

use crate::exposed::note_exposed;
use crate::extra_opts::{self, ExtraOptsError, Setting};
use crate::failure::{WHERE_HELP_IS, failed, unknown};
use crate::options::Common;
use crate::usage::{self, Given, near};
use crate::{Deadline, Report, clean, help, output};

/// Returns the command line of a program with the options of every program: for parsing, help and manuals.
pub fn command<A: clap::Parser>() -> Command {
    // Clap's own would say "see more with '--help'" in what --help prints.
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Print help");
    let command = A::command().disable_help_flag(true).arg(help.help_heading(None));
    Common::augment_args(command).mut_args(repeatable_flag)
}

/// A flag that is given twice says the same as once; a value that is given twice may contradict itself, which
/// clap refuses.
fn repeatable_flag(argument: Arg) -> Arg {
    if !matches!(argument.get_action(), ArgAction::SetTrue) {
        return argument;
    }
    let id = argument.get_id().clone();
    argument.overrides_with(id)
}

/// Parses the arguments as `A`, the options of `--extra-opts` among them. `settle` gets the common options as
/// soon as they are known. Help, version and errors come back as the report to end with, or end the process
/// themselves.
pub(crate) fn parse<A: clap::Parser>(
    mut command: Command,
    mut arguments: Vec<OsString>,
    plugin: &str,
    deadline: &Deadline,
    settle: impl Fn(&Common),
) -> Result<A, Report> {
    refuse_secrets(&command, &arguments)?;
    let mut given = Vec::new();
    if arguments.iter().any(|argument| argument.as_encoded_bytes().starts_with(b"--extra-opts")) {
        given = from_files(&command, &arguments, plugin, deadline, &settle)?;
        let start = 1.min(arguments.len());
        arguments.splice(start..start, given.iter().map(|given| given.argument.clone()));
    }
    let parsed = command.try_get_matches_from_mut(&arguments);
    if parsed.is_err()
        && let Some(common) =
            lenient(&command, &arguments).and_then(|matches| Common::from_arg_matches(&matches).ok())
    {
        // A command line that is refused is refused in the time that it gives.
        settle(&common);
    }
    let refused = |error: clap::Error| {
        help::print_if_asked_for(&error, &command, &arguments);
        usage::report(&error, &command, &arguments, &given)
    };
    let mut matches = parsed.map_err(refused)?;
    refuse_line_ends(&command, &matches)?;
    let common = Common::from_arg_matches_mut(&mut matches).map_err(refused)?;
    output::set_verbosity(common.verbose);
    output::set_format(common.format.clone());
    if common.exit_ok {
        output::set_exit_ok();
    }
    settle(&common);
    A::from_arg_matches_mut(&mut matches).map_err(refused)
}

/// Refuses a secret on the command line, where every account of the machine could read it in the list of
/// processes: an option whose value is called SECRET comes by `--extra-opts` alone.
fn refuse_secrets(command: &Command, arguments: &[OsString]) -> Result<(), Report> {
    for long in command.get_arguments().filter(|known| is_secret(known)).filter_map(Arg::get_long) {
        let option = format!("--{long}");
        let given = |argument: &&OsString| {
            let rest = argument.as_encoded_bytes().strip_prefix(option.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
        };
        if arguments.iter().any(|argument| given(&argument)) {
            return Err(unknown(&format!(
                "{option} on the command line is no secret: give it by --extra-opts, {WHERE_HELP_IS}"
            )));
        }
    }
    Ok(())
}

/// Refuses a path with a line end in it: the first line of a message about it would end in the path.
fn refuse_line_ends(command: &Command, matches: &ArgMatches) -> Result<(), Report> {
    for known in command.get_arguments().filter(|known| is_path(known)) {
        let values = matches.try_get_raw(known.get_id().as_str()).ok().flatten();
        let broken = |value: &&OsStr| value.as_encoded_bytes().contains(&b'\n');
        if let Some(value) = values.into_iter().flatten().find(broken) {
            let (option, value) = (known.get_long().unwrap_or_default(), clean(&value.to_string_lossy()));
            return Err(unknown(&format!(
                "--{option}={value}: a path has no line end here, {WHERE_HELP_IS}"
            )));
        }
    }
    Ok(())
}

/// Whether an option's value is a path or has one in it, by what the value is called.
fn is_path(known: &Arg) -> bool {
    let kinds = ["FILE", "DIR", "FOLDER", "PATH", "SOCKET"];
    known.get_value_names().into_iter().flatten().any(|name| kinds.iter().any(|kind| name.contains(kind)))
}

/// Whether an option's value is a secret that no command line may hold, by what the value is called.
fn is_secret(known: &Arg) -> bool {
    value_names(known).any(|name| name == "SECRET")
}

/// Whether a setting is nothing for all accounts of the machine: passwords that a command line may hold are
/// among these, and each community but the one that everybody knows.
fn is_confidential(known: &Arg, setting: &Setting) -> bool {
    value_names(known).any(|name| match name {
        "SECRET" | "PASSWORD" => true,
        "COMMUNITY" => setting.value.as_deref() != Some("public"),
        _ => false,
    })
}

fn value_names(known: &Arg) -> impl Iterator<Item = &str> {
    known.get_value_names().into_iter().flatten().map(|name| name.as_str())
}

/// Whether quotes stand around a value of an ini file, which has no use for them: they belong to the value.
fn is_quoted(value: &str) -> bool {
    ['"', '\''].iter().any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote))
}

/// As much of the arguments as can be understood.
fn lenient(command: &Command, arguments: &[OsString]) -> Option<ArgMatches> {
    command.clone().args_override_self(true).ignore_errors(true).try_get_matches_from(arguments).ok()
}

/// Returns the settings of all `--extra-opts` as arguments, in their order, without those which the command
/// line gives itself.
fn from_files(
    command: &Command,
    arguments: &[OsString],
    plugin: &str,
    deadline: &Deadline,
    settle: impl Fn(&Common),
) -> Result<Vec<Given>, Report> {
    let refused = |error: ExtraOptsError| failed(&error, deadline);
    refuse_blank(arguments).map_err(refused)?;
    // What else is wrong with the command line is said by the second parse, which knows all of it.
    let Some(matches) = lenient(command, arguments) else { return Ok(Vec::new()) };
    let Ok(common) = Common::from_arg_matches(&matches) else { return Ok(Vec::new()) };
    settle(&common);
    refuse_line_ends(command, &matches)?;
    let mut settings: Vec<Setting> = Vec::new();
    let mut given = Vec::new();
    for specification in &common.extra_opts {
        for setting in extra_opts::load(specification, plugin, deadline).map_err(refused)? {
            let known = known(command, &setting).map_err(refused)?;
            if matches.value_source(known.get_id().as_str()) == Some(ValueSource::CommandLine) {
                continue;
            }
            if is_confidential(known, &setting) {
                note_exposed(&setting.file, &setting.name);
            }
            if let Some(value) = setting.value.as_ref().filter(|value| is_quoted(value)) {
                let place = format!("{} line {}", setting.file.display(), setting.line);
                output::quoted(value.clone(), place);
            }
            let earlier = settings.iter().find(|earlier| earlier.name == setting.name);
            if adds_to(known, earlier, &setting).map_err(refused)? {
                given.push(as_argument(known, &setting));
            }
            settings.push(setting);
        }
    }
    Ok(given)
}

/// Returns the arguments with those settings of `--extra-opts` in front that can be understood.
pub(crate) fn with_readable_files(
    command: &Command,
    arguments: Vec<OsString>,
    plugin: &str,
    deadline: &Deadline,
) -> Vec<OsString> {
    let Some(matches) = lenient(command, &arguments) else { return arguments };
    let files = Common::from_arg_matches(&matches).map(|common| common.extra_opts).unwrap_or_default();
    let settings = files.iter().flat_map(|file| extra_opts::load_readable(file, plugin, deadline));
    let is_given =
        |argument: &Arg| matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
    let argument = |setting: Setting| {
        let known = known(command, &setting).ok().filter(|argument| !is_given(argument))?;
        Some(as_argument(known, &setting).argument)
    };
    let extra: Vec<OsString> = settings.filter_map(argument).collect();
    let mut all = arguments;
    let start = 1.min(all.len());
    all.splice(start..start, extra);
    all
}

/// `--extra-opts SECTION@FILE`: since the value is optional, the word after the blank would be no part of it.
fn refuse_blank(arguments: &[OsString]) -> Result<(), ExtraOptsError> {
    let mut following = arguments.iter().skip_while(|argument| *argument != "--extra-opts").skip(1);
    match following.next().filter(|word| !word.as_encoded_bytes().starts_with(b"-")) {
        Some(word) => Err(ExtraOptsError::Blank(word.to_string_lossy().into_owned())),
        None => Ok(()),
    }
}

/// The option of this name.
fn known<'a>(
    command: &'a Command,
    Setting { file, line, name, .. }: &Setting,
) -> Result<&'a Arg, ExtraOptsError> {
    let known = command.get_arguments().find(|argument| argument.get_long() == Some(name));
    let may_be_in_a_file = |argument: &&Arg| !matches!(argument.get_id().as_str(), "extra_opts" | "help");
    known.filter(may_be_in_a_file).ok_or_else(|| {
        let what = unknown_option(command, name);
        ExtraOptsError::Line { file: file.clone(), line: *line, what }
    })
}

/// What is wrong with a name that no option has. What follows the letters of a name may be a secret, as in
/// `passcode:SECRET`.
fn unknown_option(command: &Command, name: &str) -> String {
    let end = name.find(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '_'));
    match end.map(|end| name.split_at(end).0) {
        None => {
            let option = format!("--{name}");
            // An option that may not be in a file is the nearest to itself.
            let near = near(command, &option).filter(|near| *near != option);
            let near = near.map(|near| near.replacen("--", ", did you mean ", 1)).unwrap_or_default();
            format!("no option is called {name}{near}, {WHERE_HELP_IS}")
        }
        Some("") => "no option before its value, write NAME=VALUE".to_owned(),
        Some(name) => format!("no equals sign after {name}, write {name}=VALUE"),
    }
}

/// Whether a setting adds something to an earlier one of its name: values that may repeat do, a flag does
/// not.
fn adds_to(known: &Arg, earlier: Option<&Setting>, setting: &Setting) -> Result<bool, ExtraOptsError> {
    match (known.get_action(), earlier) {
        (ArgAction::Set, Some(earlier)) => Err(ExtraOptsError::Twice {
            name: setting.name.clone(),
            places: (earlier.file.clone(), earlier.line, setting.file.clone(), setting.line),
        }),
        (ArgAction::SetTrue, Some(_)) => Ok(false),
        _ => Ok(true),
    }
}

/// The setting as an argument. An option that takes a value gets an empty one where there is none, so that it
/// does not take the next argument for it.
fn as_argument(known: &Arg, setting: &Setting) -> Given {
    let value = setting.value.clone().or_else(|| known.get_action().takes_values().then(String::new));
    let option = format!("--{}", setting.name);
    let argument = value.map_or_else(|| option.clone(), |value| format!("{option}={value}"));
    Given {
        argument: argument.into(),
        option,
        place: format!("reading {}: line {}", setting.file.display(), setting.line),
    }
}
