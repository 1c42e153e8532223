//! Functions of the shell and its arguments: `f() { …; }`, `set`, `shift` and `return` (POSIX.1-2024, XCU
//! 2.9.5 and 2.15).

use std::collections::HashSet;
use std::rc::Rc;

use super::super::script::{self, Node};
use super::arguments::{Function, forget_all, is_positional, positional};
use super::doubt::Doubt;
use super::leave::{Leave, perhaps};
use super::test::Status;
use super::variables::Variables;
use super::{NESTED, NOT_UNDERSTOOD, Reader, STEPS};

/// How many commands it counts as to set the arguments: the values of all are kept.
const COST: usize = 16;
/// `return` leaves all loops of a function.
const RETURN: Leave = Leave { levels: usize::MAX, ends: true };

impl Reader<'_> {
    /// Takes over that a function is defined. What is in it counts as understood, also if nothing runs it.
    pub(super) fn define(&mut self, name: &str, body: &Rc<Node>, seen: &mut HashSet<usize>) -> Status {
        self.skip(body, seen);
        let mut locals = Vec::new();
        names_of_locals(body, &mut locals);
        self.functions.push(Function { name: name.to_owned(), body: Rc::clone(body), locals: locals.into() });
        Status::Known(true)
    }

    /// Runs a function, or `set`, `shift` or `return`: `None` if the command is another one.
    pub(super) fn of_functions(
        &mut self,
        words: &[String],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Option<Result<Status, String>> {
        let (first, rest) = words.split_first()?;
        match first.as_str() {
            name if let Some(function) = self.functions.iter().rev().find(|known| known.name == name) => {
                let function = function.clone();
                Some(self.call(&function, words, set, doubt, seen))
            }
            "set" => Some(self.set_arguments(rest, set, doubt)),
            "shift" => {
                let number = rest.first().map_or(Some(1), |number| number.parse::<usize>().ok());
                let all = set.iter().rev().find(|(name, _)| name == "@").map(|(_, all)| all.clone())?;
                let left: Option<Vec<String>> = number
                    .map(|number| all.split_ascii_whitespace().skip(number).map(str::to_owned).collect());
                Some(self.take_arguments(left.filter(|_| !all.contains('$')), set, doubt))
            }
            "return" if self.calls > 0 => {
                let number = rest.first().and_then(|status| status.parse::<u8>().ok());
                let last = self.status.clone();
                self.exit_status = number.map_or(last, |status| Status::Known(status == 0));
                match doubt.any() {
                    true => perhaps(&mut self.perhaps_left, Some((RETURN, doubt.converse()))),
                    false => self.left = self.left.or(Some(RETURN)),
                }
                Some(Ok(Status::Likely))
            }
            _ => None,
        }
    }

    /// `set [OPTIONS] [--] [ARGUMENT...]`.
    fn set_arguments(
        &mut self,
        rest: &[String],
        set: &mut Variables,
        doubt: &Doubt,
    ) -> Result<Status, String> {
        let options = rest.iter().take_while(|word| word.starts_with(['-', '+']) && *word != "--").count();
        match rest.get(options..).unwrap_or_default() {
            // `set -o pipefail`
            [] => Ok(Status::Known(true)),
            [_] if rest.get(options.wrapping_sub(1)).is_some_and(|option| option.ends_with('o')) => {
                Ok(Status::Known(true))
            }
            [first, arguments @ ..] if first == "--" => {
                self.take_arguments(script::expand(arguments), set, doubt)
            }
            arguments => self.take_arguments(script::expand(arguments), set, doubt),
        }
    }

    /// Makes these the arguments: `None` if they are not known.
    fn take_arguments(
        &mut self,
        arguments: Option<Vec<String>>,
        set: &mut Variables,
        doubt: &Doubt,
    ) -> Result<Status, String> {
        self.steps += COST;
        if self.steps > STEPS {
            return Err(format!("loops that run more than {STEPS} commands: set"));
        }
        let known = arguments.filter(|_| !doubt.any());
        match known {
            Some(arguments) => {
                let all: Vec<String> = std::iter::once(String::new()).chain(arguments).collect();
                set.extend(positional(&all).into_iter().filter(|(name, _)| name != "0"));
            }
            None => forget_all(set),
        }
        Ok(Status::Known(true))
    }

    /// Whether a command is the call of a function.
    pub(super) fn is_function(&self, words: &[String]) -> bool {
        words.first().is_some_and(|first| self.functions.iter().any(|known| known.name == *first))
    }

    /// Runs the body of a function with the arguments after its name.
    fn call(
        &mut self,
        function: &Function,
        words: &[String],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        if self.depth >= NESTED {
            return Err(NOT_UNDERSTOOD.to_owned());
        }
        let known = set.len();
        set.extend(positional(words).into_iter().filter(|(name, _)| name != "0"));
        // A loop around the call is not left by the function's commands.
        let (loops, around) = (std::mem::take(&mut self.loops), self.perhaps_left.take());
        self.depth += 1;
        self.calls += 1;
        let ran = self.node(&function.body, set, doubt, seen)?;
        self.calls -= 1;
        self.depth -= 1;
        self.loops = loops;
        let perhaps_returned = std::mem::replace(&mut self.perhaps_left, around).is_some();
        let returned = self.left.take().is_some();
        let new = set.split_off(known.min(set.len()));
        set.extend(
            new.into_iter().filter(|(name, _)| !is_positional(name) && !function.locals.contains(name)),
        );
        Ok(match returned {
            _ if perhaps_returned => Status::Unknown,
            true => self.exit_status.clone(),
            false => ran,
        })
    }
}

/// Adds the names of the variables that a function keeps for itself.
fn names_of_locals(node: &Node, names: &mut Vec<String>) {
    if let Node::Command(_, _, words) = node
        && words.first().is_some_and(|word| word == "local")
    {
        names.extend(words.iter().skip(1).filter_map(|word| word.split('=').next()).map(str::to_owned));
    }
    node.parts().into_iter().for_each(|part| names_of_locals(part, names));
}
