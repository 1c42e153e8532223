//! `if …; then …; elif …; else …; fi`.

use std::collections::HashSet;

use super::super::script::Node;
use super::Reader;
use super::variables::Variables;

impl Reader<'_> {
    /// Runs the list of the first condition that holds, or in doubt all of them.
    pub(super) fn branches(
        &mut self,
        branches: &[(Vec<Node>, Vec<Node>)],
        otherwise: &[Node],
        set: &mut Variables,
        doubt: bool,
        seen: &mut HashSet<usize>,
    ) -> Result<Option<bool>, String> {
        let mut doubt = doubt;
        let mut decided = false;
        for (tested, body) in branches {
            let holds = if decided { Some(false) } else { self.list(tested, set, doubt, seen)? };
            let before = self.effects.len();
            match holds {
                Some(false) => body.iter().for_each(|node| self.skip(node, seen)),
                _ => drop(self.list(body, set, doubt || holds.is_none(), seen)?),
            }
            // An address that is added where a search does not find it is there in any case.
            if let Some(looked_for) = negated_search(tested).filter(|_| holds.is_none()) {
                self.second_try(before, &looked_for, doubt);
            }
            decided |= holds == Some(true);
            doubt |= holds.is_none();
        }
        if decided {
            otherwise.iter().for_each(|node| self.skip(node, seen));
            return Ok(None);
        }
        self.list(otherwise, set, doubt, seen)?;
        Ok(None)
    }
}

/// Returns what a condition searches for, where it holds if the search fails.
fn negated_search(tested: &[Node]) -> Option<String> {
    let words = |node: &Node| match node {
        Node::Command(_, _, words) => Some(words.clone()),
        _ => None,
    };
    let first = words(tested.first()?)?;
    let last = words(tested.last()?)?;
    let search = if first == last { last.get(1..)?.to_vec() } else { last };
    (first.first()? == "!").then(|| search.join(" "))
}
