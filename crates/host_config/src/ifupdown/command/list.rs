//! Lists: pipelines that follow each other, and which of them run (POSIX.1-2024, XCU 2.9.2 and 2.9.3).

use std::collections::HashSet;

use super::super::script::{Node, Rounds};
use super::super::shell::Follows;
use super::doubt::{Doubt, after_failure, after_success, both, either};
use super::ip_address::is_known;
use super::test::{Status, exits, prints_addresses, searches_elsewhere};
use super::variables::{Variables, with};
use super::words::{bindings, is_batch, program};
use super::wrappers::unwrapped;
use super::{Effect, Reader};

impl Reader<'_> {
    /// Runs a list, and returns the status of its last command. `seen` has the commands that were counted.
    pub(super) fn list(
        &mut self,
        nodes: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let mut status = Status::Known(true);
        let mut rest = nodes;
        while let Some((first, others)) = rest.split_first() {
            let more = others.iter().take_while(|node| node.follows() == Follows::Pipe).count();
            let (pipeline, after) = rest.split_at_checked(more + 1).unwrap_or((rest, &[]));
            rest = after;
            let runs = match first.follows() {
                _ if self.exited || self.left.is_some() => None,
                Follows::Always | Follows::Pipe => Some(Doubt::None),
                // What tests nothing mostly succeeds.
                Follows::Success if status == Status::Likely => Some(Doubt::None),
                Follows::Success => after_success(&status),
                Follows::Failure => after_failure(&status),
            };
            let Some(runs) = runs else {
                pipeline.iter().for_each(|node| self.skip(node, seen));
                continue;
            };
            let before = self.effects.len();
            let ran = self.pipeline(pipeline, set, &doubt.and(&runs), seen)?;
            status = match first.follows() {
                Follows::Always | Follows::Pipe => ran,
                Follows::Success => both(status, ran),
                Follows::Failure => {
                    self.second_try(before, &devices(pipeline, set));
                    either(status, ran)
                }
            };
            self.status = status.clone();
        }
        Ok(status)
    }

    /// Runs the commands of a pipeline, and returns the status of the last one: the opposite after `!`.
    fn pipeline(
        &mut self,
        nodes: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let piped = self.piped;
        let mut status = Status::Unknown;
        for (at, node) in nodes.iter().enumerate() {
            let left = self.perhaps_left.as_ref().map_or(Doubt::None, |(_, doubt)| doubt.clone());
            let doubt = doubt.and(&self.perhaps_exited).and(&left);
            self.piped = piped || at + 1 < nodes.len();
            let producers = nodes.get(..at).unwrap_or_default();
            let mut run = |it: &mut Self, set: &mut _| it.behind(producers, node, set, &doubt, seen);
            let ran = if nodes.len() > 1 { self.in_subshell(set, run) } else { run(self, set) };
            self.piped = piped;
            status = ran?;
        }
        if let [Node::Command(_, _, words), ..] = nodes
            && matches!(status, Status::Found(_) | Status::Lacking(_))
            && searches_elsewhere(&words.iter().map(|word| with(word, set)).collect::<Vec<_>>())
        {
            status = Status::Unknown;
        }
        let [first, .., _] = nodes else { return Ok(status) };
        if let (Status::Found(text), Node::Command(_, _, words)) = (&mut status, first) {
            let words: Vec<String> = words.iter().map(|word| with(word, set)).collect();
            if prints_addresses(&words) {
                *text = format!("{} {text}", words.join(" "));
            }
        }
        let negated =
            matches!(first, Node::Command(_, _, words) if words.first().is_some_and(|word| word == "!"));
        Ok(if negated { status.negated() } else { status })
    }

    /// After a failure, the same address again adds nothing: it is on one of these interfaces, or on the
    /// first one.
    fn second_try(&mut self, before: usize, devices: &[String]) {
        let new = self.effects.split_off(before);
        for effect in new {
            let tried = |earlier: &&mut Effect| match (earlier, &effect) {
                (Effect::Bind(first, _), Effect::May(second)) => first == second,
                _ => false,
            };
            match self.effects.iter_mut().find(tried) {
                Some(Effect::Bind(_, device)) => {
                    device.take_if(|device| devices.iter().any(|other| other != device));
                }
                _ => self.effects.push(effect),
            }
        }
    }

    pub(super) fn node(
        &mut self,
        node: &Node,
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        match node {
            Node::Command(_, number, words) => self.simple(words, *number, set, doubt, seen),
            Node::Group(_, true, body) => {
                let ran = self.in_subshell(set, |it, set| it.list(body, set, doubt, seen))?;
                Ok(if ran == Status::Likely && exits(node) { Status::Unknown } else { ran })
            }
            Node::Group(_, false, body) => self.list(body, set, doubt, seen),
            Node::Loop(_, name, items, body) => self.repeat(name, items, body, set, doubt, seen),
            Node::While(..) if let Some(ran) = self.read_lines(&[], node, set, doubt, seen) => ran,
            Node::While(_, ends, tested, body, Rounds { sets: true, .. }) => {
                self.count(*ends, tested, body, set, doubt, seen)
            }
            Node::While(_, ends, tested, body, _) => self.repeat_while(*ends, tested, body, set, doubt, seen),
            Node::Case(_, word, arms) => self.case(word, arms, set, doubt, seen),
            Node::Function(_, name, body) => Ok(self.define(name, body, seen)),
            Node::If(_, branches, otherwise) => self.branches(branches, otherwise, set, doubt, seen),
        }
    }

    /// Runs the command after `producers`, whose output it reads: xargs(1) once for each of its words.
    fn behind(
        &mut self,
        producers: &[Node],
        node: &Node,
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        if !producers.is_empty() {
            let ran = self.read_lines(producers, node, set, doubt, seen);
            if let Some(ran) = ran.or_else(|| self.by_input(producers, node, set, doubt, seen)) {
                return ran;
            }
        }
        let Some((number, all)) = self.by_xargs(producers, node, set) else {
            return self.node(node, set, doubt, seen);
        };
        all.iter().try_for_each(|words| self.simple(words, number, set, doubt, seen).map(drop))?;
        Ok(Status::Likely)
    }

    /// Runs a command that does what it reads: `ip -batch -`, or a shell. `None` if it is another one, or if
    /// it is not known what it reads.
    fn by_input(
        &mut self,
        producers: &[Node],
        node: &Node,
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Option<Result<Status, String>> {
        let Node::Command(_, number, words) = node else { return None };
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let plain = unwrapped(&plain);
        let (head, rest) = plain.split_first()?;
        match (program(head), rest) {
            ("ip", [.., option, "-" | "/dev/stdin"]) if is_batch(option) => {
                self.standard_input = self.output(producers, set);
                let ran = self.simple(words, *number, set, doubt, seen);
                self.standard_input = None;
                Some(ran)
            }
            (name @ ("sh" | "bash" | "dash"), [] | ["-" | "-s" | "-e" | "-x" | "-ex" | "-xe" | "-eu"]) => {
                let text = self.output(producers, set)?;
                let (counted, outer) = (self.understood, self.is_bash);
                self.is_bash = name == "bash";
                self.inherited = self.given(&[], 0, set);
                let ran = self.line(&text, doubt);
                self.understood = counted + producers.iter().map(bindings_in).sum::<usize>();
                self.is_bash = outer;
                Some(ran.map(|()| Status::Likely))
            }
            _ => None,
        }
    }
}

/// The interfaces that commands name.
fn devices(commands: &[Node], set: &Variables) -> Vec<String> {
    let device = |node: &Node| {
        let Node::Command(_, _, words) = node else { return None };
        let named = words.iter().skip_while(|word| *word != "dev").nth(1)?;
        Some(with(named, set)).filter(|name| is_known(name))
    };
    commands.iter().filter_map(device).collect()
}

/// How many commands of a part bind addresses.
fn bindings_in(node: &Node) -> usize {
    match node {
        Node::Command(_, _, words) => bindings(&words.join(" ")),
        _ => node.parts().into_iter().map(bindings_in).sum(),
    }
}
