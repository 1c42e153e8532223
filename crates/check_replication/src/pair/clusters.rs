//! Groups and Galera clusters among the servers: what one member writes reaches the others without a channel,
//! so that for the shape of the replication each group and each cluster is one server.

use super::links::Links;
use crate::membership::Membership;
use crate::server::Server;

/// Returns whether two servers are nodes of one Galera cluster, which may share what others may not.
pub(super) fn are_nodes_of_one(one: &Server, other: &Server) -> bool {
    let is_node = |server: &Server| server.membership.as_ref().is_some_and(Membership::is_galera);
    is_node(one) && share_writes(one, other)
}

/// Returns whether two servers are members of one group or cluster, or may be.
fn share_writes(one: &Server, other: &Server) -> bool {
    let is_group = |server: &Server| {
        server.hides_group || server.membership.as_ref().is_some_and(|member| !member.is_galera())
    };
    if (one.hides_group || other.hides_group) && is_group(one) && is_group(other) {
        return true;
    }
    let memberships = one.membership.as_ref().zip(other.membership.as_ref());
    memberships.is_some_and(|(one, other)| one.shares_writes(other))
}

/// Returns the servers with the first member of each group or cluster for all of it, and the channels between
/// these.
pub(super) fn one_for_each(servers: &[Server], links: &Links) -> (Vec<Server>, Links) {
    let mut nodes: Vec<Server> = Vec::new();
    let mut places = Vec::new();
    for server in servers {
        let known = nodes.iter().position(|node| share_writes(node, server));
        places.push(known.unwrap_or(nodes.len()));
        nodes.extend(known.is_none().then(|| server.clone()));
    }
    (nodes, links.moved(&places))
}

#[cfg(test)]
mod tests {
    use crate::membership::tests::group;
    use crate::membership::{Galera, Membership};
    use crate::pair::tests::{linked, mariadb, server, texts};
    use crate::pair::{Links, Shape, Writable, judge};
    use crate::row::Row;
    use crate::server::Server;

    /// Servers of which those at these places are nodes of one cluster.
    fn clustered(sources: &[&str], nodes: &[usize]) -> Vec<Server> {
        let status = [
            ("wsrep_provider_name", "Galera"),
            ("wsrep_cluster_status", "Primary"),
            ("wsrep_cluster_state_uuid", "u"),
            ("wsrep_cluster_size", "3"),
        ];
        let row = |(name, value): (&str, &str)| {
            let columns = [("Variable_name", name), ("Value", value)];
            Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
        };
        let galera = Galera::read(&status.map(row), &Row::default()).map(Membership::Galera);
        let mut servers = linked(mariadb, sources);
        nodes.iter().for_each(|place| servers[*place].membership = galera.clone());
        servers
    }

    #[test]
    fn a_group_is_one_server_of_a_tree() {
        let member = |own: &str| Some(group("1 ONLINE PRIMARY, 2 ONLINE", own, ("0", "")));
        let rows: [(&[&str], &[&str]); 3] = [
            (&["c", "", ""], &[]),
            (&["", "", "a"], &[]),
            (
                &["", "", ""],
                &["CRITICAL a does not replicate from c", "CRITICAL c does not replicate from a"],
            ),
        ];
        for (sources, expected) in rows {
            let mut servers = linked(server, sources);
            (servers[0].membership, servers[1].membership) = (member("1"), member("2"));
            let found = judge(&servers, &Links::find(&servers), true, Shape::Tree, None);
            assert_eq!(texts(found), expected, "{sources:?}");
            // Unlike the nodes of a cluster, its members have ids of their own.
            servers[1].server_id = 1;
            let found = texts(judge(&servers, &Links::find(&servers), true, Shape::Tree, None));
            assert!(found.contains(&"CRITICAL a and b have the same server id 1".to_owned()), "{found:?}");
        }
    }

    /// The account may not see the group.
    #[test]
    fn a_group_that_is_hidden_is_one_server() {
        let hidden = |sources: &[&str], places: &[usize]| {
            let mut servers = linked(server, sources);
            places.iter().for_each(|place| servers[*place].hides_group = true);
            servers
        };
        let apart = ["CRITICAL a does not replicate from b", "CRITICAL b does not replicate from a"];
        let rows: [(Vec<Server>, &[&str]); 3] = [
            (hidden(&["", "", ""], &[0, 1, 2]), &[]),
            (hidden(&["c", "", ""], &[0, 1]), &[]),
            (hidden(&["", ""], &[1]), &apart),
        ];
        for (servers, expected) in rows {
            let found = judge(&servers, &Links::find(&servers), true, Shape::Tree, None);
            assert_eq!(texts(found), expected);
        }
        // One of them lets the account see it.
        let mut seen = hidden(&["", ""], &[1]);
        seen[0].membership = Some(group("1 ONLINE PRIMARY, 2 ONLINE", "1", ("0", "")));
        assert_eq!(judge(&seen, &Links::find(&seen), true, Shape::Ring, None), []);
    }

    #[test]
    fn a_cluster_that_takes_no_writes() {
        let closed = |sources: &[&str], nodes: &[usize], read_only: &[usize]| {
            let mut servers = clustered(sources, nodes);
            read_only.iter().for_each(|place| servers[*place].read_only = true);
            servers
        };
        let text = "CRITICAL a: all 3 nodes of its Galera cluster are read-only: applications cannot write";
        let all = &[0, 1, 2];
        let rows: [(Vec<Server>, Option<Writable>, &[&str]); 7] = [
            (closed(&["", "", ""], all, all), None, &[text]),
            (closed(&["", "", ""], all, all), Some(Writable::Nowhere), &[]),
            (closed(&["", "", ""], all, all), Some(Writable::One), &["CRITICAL no server is writable"]),
            (closed(&["", "", ""], all, &[0, 1]), None, &[]),
            (
                closed(&["", "", ""], all, &[0, 1]),
                Some(Writable::Nowhere),
                &["CRITICAL c is writable, none expected"],
            ),
            // Not all nodes of three were asked.
            (closed(&["", ""], &[0, 1], &[0, 1]), None, &[]),
            // One replicates from another cluster.
            (closed(&["z", "", ""], all, all), None, &[]),
        ];
        for (servers, expected, found) in rows {
            let said = judge(&servers, &Links::find(&servers), true, Shape::Ring, expected);
            assert_eq!(texts(said), found, "{expected:?}");
        }
        // One that is out sees none, and its group has no nodes of Galera.
        let mut out = closed(&[""], &[], &[0]);
        out[0].membership = Some(group("- OFFLINE", "1", ("0", "")));
        assert_eq!(judge(&out, &Links::find(&out), true, Shape::Ring, None), []);
    }

    type Case<'a> = (&'a [&'a str], &'a [usize], Shape, &'a [&'a str]);

    #[test]
    fn a_cluster_is_one_server_of_a_ring_or_a_tree() {
        let rows: [Case<'_>; 7] = [
            // One node replicates from a server that was not asked.
            (&["z", "", ""], &[0, 1, 2], Shape::Ring, &[]),
            // A source, and a cluster below it.
            (&["", "a", "", ""], &[1, 2, 3], Shape::Tree, &[]),
            (
                &["", "", "", ""],
                &[1, 2, 3],
                Shape::Tree,
                &["CRITICAL a does not replicate from b", "CRITICAL b does not replicate from a"],
            ),
            // A ring of a cluster and a server.
            (&["b", "", "a"], &[1, 2], Shape::Ring, &[]),
            (&["b", "", ""], &[1, 2], Shape::Ring, &["CRITICAL b does not replicate from a"]),
            (&["", "", ""], &[0, 1, 2], Shape::Ring, &[]),
            (&["", "a"], &[], Shape::Tree, &[]),
        ];
        for (sources, nodes, shape, expected) in rows {
            let servers = clustered(sources, nodes);
            let found = judge(&servers, &Links::find(&servers), true, shape, None);
            assert_eq!(texts(found), expected, "{sources:?} {nodes:?}");
        }
        // One that yet joins is not told to be out of the tree as well, nor to give out numbers twice.
        let mut joining = clustered(&["", "a", ""], &[1, 2]);
        let row = |(name, value): (&str, &str)| {
            let columns = [("Variable_name", name), ("Value", value)];
            Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
        };
        let status = [("wsrep_provider_name", "Galera"), ("wsrep_cluster_status", "non-Primary")];
        joining[2].membership = Galera::read(&status.map(row), &Row::default()).map(Membership::Galera);
        joining.iter_mut().for_each(|server| server.auto_increment_increment = 1);
        joining[0].read_only = true;
        assert_eq!(judge(&joining, &Links::find(&joining), true, Shape::Tree, None), []);
        let nodes = [joining[1].clone(), joining[2].clone()];
        assert_eq!(judge(&nodes, &Links::find(&nodes), true, Shape::Ring, None), []);
        let mut same = clustered(&["", ""], &[0, 1]);
        same[1].server_id = 1;
        assert_eq!(judge(&same, &Links::find(&same), true, Shape::Ring, None), []);
        same[1].membership = None;
        let found = texts(judge(&same, &Links::find(&same), true, Shape::Tree, None));
        assert!(found.contains(&"CRITICAL a and b have the same server id 1".to_owned()), "{found:?}");
    }
}
