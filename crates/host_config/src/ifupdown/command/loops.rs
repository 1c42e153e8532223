//! Loops over words that are known, loops until a condition holds, and `case`.

use std::collections::HashSet;

use addresses::short;

use super::super::inputs;
use super::super::script::{self, Node};
use super::super::shell::plain;
use super::doubt::{Doubt, after_failure, after_success};
use super::leave::{Leave, perhaps};
use super::test::{Status, lists_addresses};
use super::variables::Variables;
use super::words::bindings;
use super::{Effect, Reader};
use crate::wildcard;

impl Reader<'_> {
    /// Runs a loop once for each of its words.
    pub(super) fn repeat(
        &mut self,
        name: &str,
        items: &[String],
        body: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let words = self.fields(items, set);
        let Some(words) = script::expand(&words) else {
            let binding =
                |node: &Node| matches!(node, Node::Command(_, _, words) if bindings(&words.join(" ")) == 0);
            let list = short(&plain(&words.join(" ")));
            if body.iter().all(binding) {
                self.effects.push(Effect::Unread(list));
                return Ok(Status::Likely);
            }
            return Err(format!("a command that binds addresses is not understood: for {name} in {list}"));
        };
        if !self.is_bash && items.iter().any(|item| script::has_braces(item)) {
            self.effects.push(Effect::Braces(short(&items.join(" "))));
        }
        let rounds = words.into_iter().map(|word| vec![(name.to_owned(), word)]).collect();
        self.rounds(&format!("for {name}"), rounds, body, set, doubt, seen)
    }

    /// Returns the words of a loop: the value of a variable is split into words again, at what IFS has.
    fn fields(&mut self, items: &[String], set: &Variables) -> Vec<String> {
        let separators = set.iter().rev().find(|(name, _)| name == "IFS").map(|(_, value)| value.clone());
        let mut all = Vec::new();
        for item in items {
            let value = self.value(item, set);
            if let Some(paths) = self.inputs.and_then(|inputs| inputs::paths(&value, inputs)) {
                all.extend(paths.map(str::to_owned));
                continue;
            }
            match separators.as_deref().filter(|it| item.contains(['$', '`']) && !it.contains('$')) {
                Some("") => all.push(value),
                Some(separators) => {
                    let fields = value.split(|c| separators.contains(c));
                    all.extend(fields.filter(|field| !field.is_empty()).map(str::to_owned));
                }
                None => all.extend(value.split_ascii_whitespace().map(str::to_owned)),
            }
        }
        all
    }

    /// Runs the condition of a `while` or `until` once, and its body once if it may run. A command that is
    /// tried until it succeeds has succeeded when the loop is over.
    pub(super) fn repeat_while(
        &mut self,
        ends: bool,
        tested: &[Node],
        body: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let holds = self.list(tested, set, doubt, seen)?;
        let Some(runs) = (if ends { after_failure(&holds) } else { after_success(&holds) }) else {
            body.iter().for_each(|node| self.skip(node, seen));
            return Ok(Status::Likely);
        };
        self.loops += 1;
        let (left, around) = (self.left.take(), self.perhaps_left.take());
        self.list(body, set, &doubt.and(&runs), seen)?;
        self.loops -= 1;
        self.left = left.or(self.left.and_then(Leave::outer));
        self.leave_loop(around);
        Ok(Status::Likely)
    }

    /// Runs the first list of a `case` whose pattern the word fits, or in doubt all of them.
    pub(super) fn case(
        &mut self,
        word: &str,
        arms: &[(Vec<String>, Vec<Node>)],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        let word = self.value(word, set);
        let unknown = |text: &str| text.contains(['$', '`']);
        // Of the arms that follow: `None` after one that fits.
        let mut left = Some(doubt.clone());
        for (patterns, body) in arms {
            let patterns = self.values(patterns, set);
            let all = patterns.iter().any(|pattern| pattern == "*");
            let fits = all || patterns.iter().any(|pattern| wildcard::matches(pattern, &word));
            let perhaps = !all && (unknown(&word) || patterns.iter().any(|pattern| unknown(pattern)));
            let Some(reached) = left.clone().filter(|_| fits || perhaps) else {
                body.iter().for_each(|node| self.skip(node, seen));
                continue;
            };
            if !perhaps {
                self.list(body, set, &reached, seen)?;
                left = None;
                continue;
            }
            let found = lists_addresses(&word).then(|| Doubt::IfFound(patterns.join(" ")));
            let here = found.unwrap_or(Doubt::Yes);
            self.list(body, set, &reached.and(&here), seen)?;
            left = Some(reached.and(&here.converse()));
        }
        Ok(Status::Likely)
    }

    /// Goes on after a loop, where `around` perhaps left the ones around it before.
    pub(super) fn leave_loop(&mut self, around: Option<(Leave, Doubt)>) {
        let inner = self.perhaps_left.take().and_then(|(leave, doubt)| Some((leave.outer()?, doubt)));
        self.perhaps_left = around;
        perhaps(&mut self.perhaps_left, inner);
    }
}
