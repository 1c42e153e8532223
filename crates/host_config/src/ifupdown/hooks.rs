//! The commands that other programs run by bash when an interface comes up, read as those of a stanza.

use super::command::{Shell, effects};
use super::inputs;
use super::ledger::Ledger;
use super::stanza::Outcome;
use crate::located::Located;
use crate::promise::{ConfigError, Promise, Promises};
use crate::tree::Tree;

/// The steps when an interface comes up, in this order.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// The commands before its addresses are bound.
    pub(crate) before: Vec<Hook>,
    /// Its own addresses.
    pub(crate) addresses: Vec<Promise>,
    /// The commands after its addresses are bound.
    pub(crate) after: Vec<Hook>,
}

/// A command, and the key that it is the value of: "PostUp".
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) key: &'static str,
    pub(crate) command: Located,
}

/// Adds the addresses that are bound once `interface` is up. `variable` holds its name in the commands.
///
/// # Errors
/// [`ConfigError`] but of a line: what is not understood there is told in `to`.
pub(crate) fn bring_up(
    tree: &Tree<'_>,
    interface: &str,
    variable: &str,
    steps: Steps,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    let mut outcome = Outcome::default();
    let commands = steps.before.iter().chain(&steps.after).map(|hook| hook.command.value.as_str());
    let inputs = inputs::read(tree, commands);
    let environment = [(variable.to_owned(), interface.to_owned())];
    let run = |hooks: &[Hook], outcome: &mut Outcome| {
        hooks.iter().try_for_each(|Hook { key, command: Located { value, place } }| {
            let title = format!("{interface}: {key}");
            match effects(value, Some(interface), interface, &environment, &inputs, Shell::Bash) {
                Ok(effects) => effects.into_iter().for_each(|effect| outcome.take(effect, place, &title)),
                Err(what) => outcome.not_understood(place.error(what))?,
            }
            // Its stanza is of another source, which may not be read.
            for name in std::mem::take(&mut outcome.brings_up) {
                let what = "its addresses are expected only where it comes up at boot by itself";
                outcome.notes.push(format!("note: {name} is brought up by {place}: {what}"));
            }
            Ok::<_, ConfigError>(())
        })
    };
    run(&steps.before, &mut outcome)?;
    steps.addresses.into_iter().for_each(|promise| outcome.bind(promise, None));
    run(&steps.after, &mut outcome)?;
    let mut ledger = Ledger::default();
    std::mem::take(&mut outcome.changes)
        .into_iter()
        .try_for_each(|change| ledger.apply(0, change).or_else(|error| outcome.not_understood(error)))?;
    to.promises.extend(ledger.bound().into_iter().map(|(_, promise)| promise));
    outcome.ports.iter().for_each(|(controller, port, place)| to.add_port(controller, Some(port), place));
    to.remarks.append(&mut outcome.remarks);
    to.unread.extend(outcome.runs);
    to.unknown.append(&mut outcome.unknown);
    to.notes.append(&mut outcome.notes);
    to.possible.append(&mut outcome.possible);
    Ok(())
}
