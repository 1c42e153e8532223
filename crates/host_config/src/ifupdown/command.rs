//! The commands of a stanza that bind addresses: `ip address add` (ip-address(8)) and `ifconfig` (ifconfig(8)
//! of net-tools).

use std::collections::HashSet;

use super::inputs::{self, Inputs};
use super::ledger::Taken;
use super::parameter::ALL;
use super::script::{self, Node};
use super::shell::{EXPRESSION, plain, simple_commands, without_comment};
use addresses::{HostAddress, short};

mod arguments;
mod awk;
mod batch;
mod branches;
mod doubt;
mod environment;
mod filters;
mod floating;
mod functions;
mod ip_address;
mod leave;
mod list;
mod local_route;
mod loops;
mod output;
mod pattern;
mod pipes;
mod programs;
mod rounds;
mod scripts;
mod subshell;
mod substitution;
mod test;
mod variables;
mod words;
mod wrappers;

pub(crate) use scripts::adds_address;

use arguments::Function;
use doubt::Doubt;
use leave::{Leave, leave, perhaps, replaces_shell};
use test::Status;
use variables::{Variables, assign};
use words::{HARMLESS, bindings, program};
use wrappers::unwrapped;

/// What a command does to addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Binds an address to an interface, which may not be known.
    Bind(HostAddress, Option<String>),
    /// Binds an address under a condition that cannot be known.
    May(HostAddress),
    /// Would bind an address, and is never run: with the reason.
    Never(HostAddress, String),
    /// Binds an address for a while.
    Expires(HostAddress),
    /// Binds an address on one of several hosts.
    Float(HostAddress),
    /// Answers for the addresses of a network that it does not bind.
    Local(String),
    /// Moves an interface to another network namespace, perhaps under a condition that cannot be known.
    Away(String),
    MayAway(String),
    /// Takes addresses away.
    TakeBack(Taken),
    /// Removes addresses under a condition that cannot be known.
    MayTakeBack,
    /// Makes an interface a port of another: first the bridge or the like, then its port.
    Port(String, String),
    /// Brings up another interface.
    BringUp(String),
    /// Brings up another interface under a condition that cannot be known.
    MayBringUp(String),
    /// Starts a program that is not known here.
    Unread(String),
    /// Runs a file that may add addresses.
    Runs(String),
    /// Expands the braces of a list, which not every shell does.
    Braces(String),
}

/// The shell that reads a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// Debian's is dash.
    Sh,
    Bash,
}

/// The longest command that is read, in octets.
const LONGEST: usize = 16 << 10;
/// The most commands that the loops of a line may run, and how deep a shell may start another.
const STEPS: usize = 1 << 16;
const NESTED: usize = 8;

/// The message of a command line that is not understood as a whole.
const NOT_UNDERSTOOD: &str = "";

/// Returns what the command `line` of the stanza `logical` does when `physical` comes up; `environment` has
/// the variables that are set for it, and `inputs` the files that it reads.
///
/// # Errors
/// What is wrong with a command that binds addresses, or may do so.
pub(super) fn effects(
    line: &str,
    physical: Option<&str>,
    logical: &str,
    environment: &[(String, String)],
    inputs: &Inputs,
    shell: Shell,
) -> Result<Vec<Effect>, String> {
    if line.len() > LONGEST {
        return Err(format!("a command of more than {LONGEST} octets: {}", short(line)));
    }
    let mut reader = Reader { physical, logical, environment, inputs: Some(inputs), ..Reader::default() };
    reader.is_bash = shell == Shell::Bash;
    let line = &inputs::substituted(line, inputs);
    reader.line(line, &Doubt::None).map_err(|what| plain(&what))?;
    // Whatever the shell would do with the rest of the line: it must not bind more than was understood.
    if bindings(without_comment(line)) > reader.understood {
        return Err(format!("a command that binds addresses is not understood: {}", short(line)));
    }
    // A loop may give this note thousands of times.
    let mut said = false;
    reader.effects.retain(|effect| *effect != Effect::MayTakeBack || !std::mem::replace(&mut said, true));
    Ok(reader.effects)
}

#[derive(Default)]
struct Reader<'a> {
    physical: Option<&'a str>,
    logical: &'a str,
    environment: &'a [(String, String)],
    inputs: Option<&'a Inputs>,
    effects: Vec<Effect>,
    /// How many binding commands were read.
    understood: usize,
    /// How many commands were run, those of loops each time.
    steps: usize,
    depth: usize,
    /// Whether the shell has ended: for certain, and perhaps.
    exited: bool,
    perhaps_exited: Doubt,
    /// The status with which it has ended.
    exit_status: Status,
    /// What `continue` or `break` leaves: for certain, and perhaps.
    left: Option<Leave>,
    perhaps_left: Option<(Leave, Doubt)>,
    /// The status of the command before: `$?`.
    status: Status,
    /// How many loops are around the command.
    loops: usize,
    /// Whether another command reads what this one prints.
    piped: bool,
    /// Whether bash reads the line, and not sh.
    is_bash: bool,
    /// The functions that are defined, the latest last, and how many are being run.
    functions: Vec<Function>,
    calls: usize,
    /// The arguments of the shell that reads the next line, and the variables that it is given.
    arguments: Vec<String>,
    inherited: Variables,
    /// The names of the variables that other programs get, and whether they get all.
    exports: Vec<String>,
    exports_all: bool,
    /// What the next command reads that another one prints, where that is known.
    standard_input: Option<String>,
}

impl Reader<'_> {
    /// A command line; in doubt, what it binds may be bound or not.
    fn line(&mut self, line: &str, doubt: &Doubt) -> Result<(), String> {
        let (physical, logical) = (self.physical, self.logical);
        let unset = self.environment.iter().any(|(name, _)| name == ALL);
        let is_unset = |name: &str| {
            name.starts_with(ALL)
                && !self.environment.iter().any(|(other, _)| other == name)
                && !line.contains(&format!("{name}="))
                && !line.contains(&format!(" {name} "))
        };
        let all = simple_commands(line, |name| match name {
            "IFACE" | "LOGICAL"
                if line.contains(&format!("{name}=")) || line.contains(&format!(" {name} ")) =>
            {
                None
            }
            "IFACE" => physical.map(str::to_owned),
            "LOGICAL" => Some(logical.to_owned()),
            _ => unset.then_some(name).filter(|name| is_unset(name)).map(|_| String::new()),
        });
        self.depth += 1;
        let not_understood = || format!("a command that binds addresses is not understood: {}", short(line));
        match script::parse(all).filter(|_| self.depth <= NESTED) {
            Some(nodes) => {
                let mut set = self.environment.to_vec();
                set.extend(physical.map(|name| ("IFACE".to_owned(), name.to_owned())));
                set.push(("LOGICAL".to_owned(), logical.to_owned()));
                set.append(&mut self.inherited);
                let arguments = std::mem::take(&mut self.arguments);
                set.extend(
                    (!arguments.is_empty()).then(|| arguments::positional(&arguments)).into_iter().flatten(),
                );
                let functions = std::mem::take(&mut self.functions);
                let calls = std::mem::take(&mut self.calls);
                let depth = self.depth;
                let (perhaps_exited, loops) = (self.perhaps_exited.clone(), std::mem::take(&mut self.loops));
                let exports = self.exports.len();
                let ran = self.list(&nodes, &mut set, doubt, &mut HashSet::new()).map(drop);
                match ran {
                    Err(what) if what == NOT_UNDERSTOOD && bindings(without_comment(line)) == 0 => {
                        self.effects.push(Effect::Unread(short(line)));
                    }
                    Err(what) if what == NOT_UNDERSTOOD => return Err(not_understood()),
                    other => other?,
                }
                (self.exited, self.perhaps_exited, self.loops) = (false, perhaps_exited, loops);
                (self.functions, self.calls, self.depth) = (functions, calls, depth);
                self.exports.truncate(exports);
            }
            None if bindings(without_comment(line)) > 0 || self.depth > NESTED => {
                return Err(not_understood());
            }
            // Nothing that binds addresses is in it.
            None => self.effects.push(Effect::Unread(short(line))),
        }
        self.depth -= 1;
        Ok(())
    }

    /// Counts what is not run as understood.
    fn skip(&mut self, node: &Node, seen: &mut HashSet<usize>) {
        match node {
            Node::Command(_, number, words) if seen.insert(*number) => {
                self.understood += bindings(&words.join(" "))
            }
            _ => node.parts().into_iter().for_each(|part| self.skip(part, seen)),
        }
    }

    /// Runs a simple command, with the values of the loops' variables.
    fn simple(
        &mut self,
        words: &[String],
        number: usize,
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(format!("loops that run more than {STEPS} commands: {}", short(&words.join(" "))));
        }
        // sh takes an expression of bash for subshells.
        if self.is_bash || words.first().is_none_or(|first| first != EXPRESSION) {
            variables::computed(words, set, doubt.any());
        }
        let raw = words;
        let words = self.words(raw, set);
        if let Some((_, rest)) = words.split_first().filter(|(first, _)| *first == "!") {
            return Ok(self.simple(rest, number, set, doubt, seen)?.negated());
        }
        self.export(&words, doubt);
        if assign(&words, set, doubt.any()) {
            return Ok(test::assigned(raw, &words));
        }
        if !doubt.any() && self.read_once(&words, set) {
            return Ok(Status::Known(true));
        }
        self.sets(&words, set, doubt);
        if let Some(ran) = self.of_functions(&words, set, doubt, seen) {
            // What a function runs that its arguments name: `run() { "$@"; }`.
            if self.is_function(&words) && seen.insert(number) {
                self.understood += words::bindings(&raw.join(" "));
            }
            return ran;
        }
        self.exit(&words, doubt);
        if let Some(leave) = leave(&words, self.loops) {
            match doubt.any() {
                true => perhaps(&mut self.perhaps_left, Some((leave, doubt.converse()))),
                false => self.left = self.left.or(Some(leave)),
            }
        }
        let (counted, before) = (self.understood, self.effects.len());
        self.command(&words, set, doubt)?;
        if !seen.insert(number) {
            self.understood = counted;
        }
        let bound = self
            .effects
            .get(before..)
            .is_some_and(|new| new.iter().any(|effect| matches!(effect, Effect::Bind(..))));
        self.doubt(before, doubt);
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let plain = unwrapped(&plain);
        let status = match self.finds_file(plain) {
            _ if bound => Status::Likely,
            Some(found) => Status::Known(found),
            None => test::status(plain, &self.status),
        };
        if replaces_shell(&words) {
            self.end(status.clone(), doubt);
        }
        Ok(status)
    }

    /// Makes the effects from this number on as uncertain as the command: a port is not demanded then.
    fn doubt(&mut self, from: usize, doubt: &Doubt) {
        if !doubt.any() {
            return;
        }
        let certain = self.effects.split_off(from);
        let is_kept = |effect: &Effect| !matches!(effect, Effect::Port(..));
        let doubtful = certain.into_iter().filter(is_kept);
        self.effects.extend(doubtful.map(|effect| match effect {
            Effect::Bind(expected, _) if !doubt.leaves(expected.address) => Effect::May(expected),
            Effect::TakeBack(_) => Effect::MayTakeBack,
            Effect::BringUp(name) => Effect::MayBringUp(name),
            Effect::Away(name) => Effect::MayAway(name),
            other => other,
        }));
    }

    fn command(&mut self, words: &[String], set: &mut Variables, doubt: &Doubt) -> Result<(), String> {
        let words: Vec<String> = words.iter().map(|word| plain(word)).collect();
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = unwrapped(&all);
        let Some((head, arguments)) = words.split_first() else { return Ok(()) };
        match program(head) {
            "sh" | "bash" | "dash" | "ash" => match arguments {
                [option, line, rest @ ..] if option.starts_with('-') && option.ends_with('c') => {
                    let outer = std::mem::replace(&mut self.is_bash, program(head) == "bash");
                    self.arguments = rest.iter().map(|word| (*word).to_owned()).collect();
                    self.inherited = self.given(&all, words.len(), set);
                    self.line(line, doubt)?;
                    self.is_bash = outer;
                    Ok(())
                }
                _ => {
                    self.effects.push(Effect::Unread(short(arguments.first().unwrap_or(head))));
                    self.effects.extend(scripts::started(head, arguments).map(Effect::Runs));
                    Ok(())
                }
            },
            EXPRESSION if self.is_bash => Ok(()),
            "let" if self.is_bash => Ok(()),
            "eval" => self.evaluate(&arguments.join(" "), set, doubt),
            "." if self.takes_variables(arguments, set, doubt)? => Ok(()),
            "source" if self.is_bash && self.takes_variables(arguments, set, doubt)? => Ok(()),
            // flock FILE -c LINE
            "-c" => {
                self.inherited = self.given(&all, words.len(), set);
                self.line(arguments.first().unwrap_or(&""), doubt)
            }
            "ip" => self.ip(arguments),
            "ifconfig" => self.ifconfig(arguments),
            "ifup" => {
                let names = arguments.iter().filter(|word| !word.starts_with('-'));
                self.effects.extend(names.map(|name| Effect::BringUp((*name).to_owned())));
                Ok(())
            }
            name @ ("brctl" | "ifenslave") => {
                self.ports(name, arguments);
                Ok(())
            }
            name @ ("ucarp" | "vrrpd") => {
                self.effects.extend(floating::addresses(name, arguments).into_iter().map(Effect::Float));
                Ok(())
            }
            // What they print is for the command behind them.
            "awk" | "mawk" | "sed" | "tee"
                if !arguments.iter().any(|it| it.contains("system") || it.contains('|')) =>
            {
                Ok(())
            }
            name if HARMLESS.contains(&name) => {
                // No shell runs the text that this command prints or searches, except a shell that it is
                // piped to or that is around it.
                let substituted = words.iter().any(|word| word.contains(['(', '`']));
                if !self.piped && !substituted {
                    self.understood += bindings(&arguments.join(" "));
                }
                Ok(())
            }
            _ => {
                self.effects.push(Effect::Unread(short(head)));
                self.effects.extend(scripts::started(head, arguments).map(Effect::Runs));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
