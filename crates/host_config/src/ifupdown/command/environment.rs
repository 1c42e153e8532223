//! The variables that a shell hands to the programs that it starts, and commands that set variables otherwise
//! than by assignments (POSIX.1-2024, XCU 2.9.1 and 2.15).

use std::collections::HashSet;

use addresses::short;

use super::super::script::{self, Node};
use super::super::shell::simple_commands;
use super::arguments::is_positional;
use super::doubt::Doubt;
use super::variables::{Variables, computed, forget, is_variable};
use super::words::{bindings, program};
use super::{Effect, NESTED, NOT_UNDERSTOOD, Reader};

impl Reader<'_> {
    /// Takes `export` and `set -a` over. One that may not run leaves the variable as it is: what another
    /// program gets is not known then.
    pub(super) fn export(&mut self, words: &[String], doubt: &Doubt) {
        let Some((first, rest)) = words.split_first().filter(|_| !doubt.any()) else { return };
        match first.as_str() {
            "export" => {
                let names = rest.iter().filter_map(|word| word.split('=').next());
                self.exports.extend(names.filter(|name| is_variable(name)).map(str::to_owned));
            }
            "set" if rest.first().is_some_and(|option| option == "-a") => self.exports_all = true,
            _ => {}
        }
    }

    /// Returns the variables that a program gets whose words are the last of these: those that are exported,
    /// and those that stand before it.
    pub(super) fn given(&self, all: &[&str], words: usize, set: &Variables) -> Variables {
        let before = all.get(..all.len().saturating_sub(words)).unwrap_or_default();
        let is_cleared =
            before.iter().any(|word| matches!(program(word), "sudo" | "systemd-run" | "-i" | "-"));
        let is_given = |name: &str| {
            self.exports_all && !is_positional(name)
                || self.exports.iter().any(|known| known == name)
                || matches!(name, "IFACE" | "LOGICAL")
                || self.environment.iter().any(|(known, _)| known == name)
        };
        let mut given: Variables =
            set.iter().filter(|(name, _)| !is_cleared && is_given(name)).cloned().collect();
        for (name, value) in before.iter().filter_map(|word| word.split_once('=')) {
            match is_variable(name) {
                true if value.contains(['$', '`']) => forget(&mut given, name),
                true => given.push((name.to_owned(), value.to_owned())),
                false => {}
            }
        }
        given
    }

    /// Takes over what other commands than assignments set: what that is, is mostly not known.
    pub(super) fn sets(&self, words: &[String], set: &mut Variables, doubt: &Doubt) {
        let Some((first, rest)) = words.split_first() else { return };
        let names = rest.iter().filter_map(|word| word.split(['=', '+', '[']).next());
        let names = names.filter(|name| is_variable(name));
        match first.as_str() {
            "unset" if !doubt.any() => names.for_each(|name| set.push((name.to_owned(), String::new()))),
            "unset" | "read" | "mapfile" | "readarray" | "getopts" | "declare" | "typeset" | "local"
            | "export" => {
                let assigned = |name: &&str| {
                    first != "export" && first != "local"
                        || rest.iter().any(|it| {
                            it.strip_prefix(*name).is_some_and(|value| value.starts_with(['=', '+']))
                        })
                };
                names.filter(assigned).for_each(|name| forget(set, name));
            }
            "printf" if rest.first().is_some_and(|option| option == "-v") => {
                rest.get(1).into_iter().for_each(|name| forget(set, name));
            }
            // sh does not know it.
            "let" if self.is_bash => {
                let expressions: Vec<String> = rest.iter().map(|word| format!("$(({word}))")).collect();
                computed(&expressions, set, doubt.any());
            }
            // `A+=B` of bash
            other if other.split_once("+=").is_some_and(|(name, _)| is_variable(name)) => {
                other.split_once("+=").into_iter().for_each(|(name, _)| forget(set, name));
            }
            _ => {}
        }
    }

    /// Whether a test of a file that is read here finds it: `None` if it is another test or another file.
    pub(super) fn finds_file(&self, words: &[&str]) -> Option<bool> {
        let (["[", test @ .., "]"] | ["test", test @ ..]) = words else { return None };
        let (negates, test) = test.strip_prefix(&["!"]).map_or((false, test), |rest| (true, rest));
        let ["-e" | "-f" | "-r", path] = test else { return None };
        self.inputs?.contains_key(*path).then_some(!negates)
    }

    /// Runs a command line in the shell that reads it: `eval`.
    pub(super) fn evaluate(&mut self, line: &str, set: &mut Variables, doubt: &Doubt) -> Result<(), String> {
        let not_understood = || format!("a command that binds addresses is not understood: {}", short(line));
        let nodes = script::parse(simple_commands(line, |_| None)).filter(|_| self.depth < NESTED);
        let Some(nodes) = nodes else {
            if bindings(line) > 0 || self.depth >= NESTED {
                return Err(not_understood());
            }
            forget_variables(set, |_| true);
            self.effects.push(Effect::Unread(short(line)));
            return Ok(());
        };
        self.depth += 1;
        let ran = self.list(&nodes, set, doubt, &mut HashSet::new());
        self.depth -= 1;
        match ran {
            Err(what) if what == NOT_UNDERSTOOD => Err(not_understood()),
            other => other.map(drop),
        }
    }

    /// Takes over the variables that a file sets which does nothing else: `. FILE`. Whether that is so; what
    /// another one may set is not known after it.
    pub(super) fn takes_variables(
        &mut self,
        arguments: &[&str],
        set: &mut Variables,
        doubt: &Doubt,
    ) -> Result<bool, String> {
        let text = arguments.first().and_then(|path| self.inputs?.get(*path)).filter(|it| !it.contains('\r'));
        let nodes = text.and_then(|text| script::parse(simple_commands(text, |_| None)));
        let Some(nodes) = nodes.filter(|nodes| nodes.iter().all(is_assignment)) else {
            let text = arguments.first().and_then(|path| self.inputs?.get(*path));
            forget_variables(set, |name| text.is_some_and(|text| text.contains(name)));
            return Ok(false);
        };
        self.list(&nodes, set, doubt, &mut HashSet::new())?;
        Ok(true)
    }
}

fn is_assignment(node: &Node) -> bool {
    let Node::Command(_, _, words) = node else { return false };
    let words = words.strip_prefix(&["export".to_owned()]).unwrap_or(words);
    let assigns = |word: &String| is_variable(word.split('=').next().unwrap_or_default());
    let sets = |word: &String| word.contains('=') && assigns(word);
    words.iter().all(sets) || words.len() > 1 && words.iter().all(assigns)
}

fn forget_variables(set: &mut Variables, is_meant: impl Fn(&str) -> bool) {
    let names = set.iter().map(|(name, _)| name).filter(|name| !is_positional(name) && is_meant(name));
    let names: HashSet<String> = names.cloned().collect();
    names.iter().for_each(|name| forget(set, name));
}
