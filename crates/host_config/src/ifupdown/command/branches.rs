//! `if …; then …; elif …; else …; fi`.

use std::collections::HashSet;

use super::super::script::Node;
use super::Reader;
use super::doubt::{Doubt, after_failure, after_success};
use super::test::Status;
use super::variables::Variables;

impl Reader<'_> {
    /// Runs the list of the first condition that holds, or in doubt all of them.
    pub(super) fn branches(
        &mut self,
        branches: &[(Vec<Node>, Vec<Node>)],
        otherwise: &[Node],
        set: &mut Variables,
        doubt: &Doubt,
        seen: &mut HashSet<usize>,
    ) -> Result<Status, String> {
        // Of what comes after conditions that did not hold: `None` after one that holds.
        let mut left = Some(doubt.clone());
        for (tested, body) in branches {
            let Some(reached) = left else {
                tested.iter().chain(body).for_each(|node| self.skip(node, seen));
                continue;
            };
            let holds = self.list(tested, set, &reached, seen)?;
            match after_success(&holds) {
                Some(runs) => drop(self.list(body, set, &reached.and(&runs), seen)?),
                None => body.iter().for_each(|node| self.skip(node, seen)),
            }
            left = after_failure(&holds).map(|runs| reached.and(&runs));
        }
        match left {
            Some(doubt) => drop(self.list(otherwise, set, &doubt, seen)?),
            None => otherwise.iter().for_each(|node| self.skip(node, seen)),
        }
        Ok(Status::Likely)
    }
}
