//! The circles of a directed graph: its strongly connected components of more than one node.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the sets of nodes that reach each other, sorted.
pub(super) fn circles<N: Clone + Ord>(graph: &BTreeMap<N, BTreeSet<N>>) -> Vec<BTreeSet<N>> {
    let reachable: BTreeMap<&N, BTreeSet<&N>> = graph.keys().map(|node| (node, reach(graph, node))).collect();
    let reaches = |from: &N, to: &N| reachable.get(from).is_some_and(|nodes| nodes.contains(to));
    let circle = |node: &N| {
        graph.keys().filter(|other| reaches(node, other) && reaches(other, node)).cloned().collect()
    };
    let circles: BTreeSet<BTreeSet<N>> =
        graph.keys().map(circle).filter(|circle: &BTreeSet<N>| circle.len() > 1).collect();
    circles.into_iter().collect()
}

/// The nodes to which one or more edges lead from a node.
fn reach<'a, N: Ord>(graph: &'a BTreeMap<N, BTreeSet<N>>, start: &N) -> BTreeSet<&'a N> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&N> = graph.get(start).into_iter().flatten().collect();
    while let Some(node) = waiting.pop() {
        if seen.insert(node) {
            waiting.extend(graph.get(node).into_iter().flatten());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_nothing_else() {
        let graph =
            |edges: &[(char, &str)]| edges.iter().map(|(node, to)| (*node, to.chars().collect())).collect();
        let found = |edges: &[(char, &str)]| {
            let circles: Vec<String> =
                circles(&graph(edges)).iter().map(|circle| circle.iter().collect()).collect();
            circles
        };
        assert_eq!(found(&[('a', "b"), ('b', "c"), ('c', "")]), [""; 0]);
        assert_eq!(found(&[('a', "b"), ('b', "c"), ('c', "b")]), ["bc"]);
        assert_eq!(found(&[('a', "b"), ('b', "a"), ('c', "d"), ('d', "e"), ('e', "c")]), ["ab", "cde"]);
        assert_eq!(found(&[('a', "a")]), [""; 0]);
    }
}
