//! Loops over words that are known.

use std::collections::HashSet;

use addresses::short;

use super::super::script::{self, Node};
use super::leave::Leave;
use super::variables::{Variables, with};
use super::words::bindings;
use super::{Effect, Reader};

impl Reader<'_> {
    /// Runs a loop once for each of its words.
    pub(super) fn repeat(
        &mut self,
        name: &str,
        items: &[String],
        body: &[Node],
        set: &mut Variables,
        doubt: bool,
        seen: &mut HashSet<usize>,
    ) -> Result<Option<bool>, String> {
        let words: Vec<String> = items.iter().map(|item| with(item, set)).collect();
        // The value of a variable is split into words again.
        let words: Vec<String> = words.join(" ").split_ascii_whitespace().map(str::to_owned).collect();
        let Some(words) = script::expand(&words) else {
            let binding =
                |node: &Node| matches!(node, Node::Command(_, _, words) if bindings(&words.join(" ")) == 0);
            let list = short(&words.join(" "));
            if body.iter().all(binding) {
                self.effects.push(Effect::Unread(list));
                return Ok(None);
            }
            return Err(format!("a command that binds addresses is not understood: for {name} in {list}"));
        };
        let known = set.len();
        self.loops += 1;
        for word in words {
            set.push((name.to_owned(), word));
            self.list(body, set, doubt, seen)?;
            set.truncate(known);
            self.perhaps_left = self.perhaps_left.filter(|leave| leave.ends || leave.levels > 1);
            match self.left {
                Some(Leave { levels: 1, ends: false }) => self.left = None,
                Some(_) => break,
                None => {}
            }
        }
        self.loops -= 1;
        // What left more than this loop leaves the one around it.
        let outer = |leave: Leave| Leave { levels: leave.levels - 1, ..leave };
        let around = |leave: &Leave| leave.levels > 1;
        self.left = self.left.filter(around).map(outer);
        self.perhaps_left = self.perhaps_left.filter(around).map(outer);
        Ok(None)
    }
}
