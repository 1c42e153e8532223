//! A server with the server id of another one above it, which was not asked: it takes what that one writes
//! for its own, and drops it. Both threads run meanwhile, and the lag is 0.

use plugin::Finding;

use super::Shape;
use super::ahead;
use super::links::Links;
use super::list::name;
use crate::channel::IoState;
use crate::gtid::Accepted;
use crate::server::Server;

/// Finds such servers after the second look, and returns the links without those that are by such an id. In a
/// ring that server may as well be the source itself, which was reset: [`ahead::judge`] says both.
pub(crate) fn apart(
    servers: &[Server],
    mut links: Links,
    shape: Shape,
    accepted: &[Accepted],
) -> (Links, Vec<Finding>) {
    let mut found = by_uuid(servers, &links);
    let below = if shape == Shape::Tree { by_id(servers, &links, accepted) } else { Vec::new() };
    for (replica, namesake) in below {
        for source in links.cut(replica, namesake) {
            found.push((replica, namesake, source));
        }
    }
    found.sort();
    found.dedup();
    let findings = found.into_iter().filter_map(|(replica, namesake, source)| {
        let server = servers.get(namesake)?;
        let (own, replica, id) = (&server.asked, name(servers, replica), server.server_id);
        let text =
            format!("{own} has the server id {id} of {source}, source of {replica}: drops all it writes");
        let finding = Finding::critical(text);
        Some(match server.server_uuid {
            Some(_) => finding,
            None => finding.detail(format!("{own}: if it is that source itself, it was reset or restored")),
        })
    });
    let findings = findings.collect();
    (links, findings)
}

/// Those of MySQL, with the replica of the other server and where that is: uuids tell the two apart.
fn by_uuid(servers: &[Server], links: &Links) -> Vec<(usize, usize, String)> {
    let pair = |replica: usize, namesake: usize| {
        let server = servers.get(namesake)?;
        let mut channels = servers.get(replica)?.channels.iter().enumerate();
        let is_other = channels.find(|(place, channel)| {
            let differs = channel.source_uuid.is_some() && channel.source_uuid != server.server_uuid;
            let is_stranger = links.stranger(replica, *place).is_some();
            // One that is not connected has the uuid of before.
            let is_now = channel.io == IoState::Yes;
            is_now && channel.source_server_id == server.server_id && differs && is_stranger
        });
        let (place, _) = is_other.filter(|_| server.server_uuid.is_some() && server.membership.is_none())?;
        Some((replica, namesake, links.stranger(replica, place)?.to_owned()))
    };
    let below = |namesake: usize| links.upstream(namesake).into_iter().map(move |above| (above, namesake));
    (0..servers.len()).flat_map(below).filter_map(|(replica, namesake)| pair(replica, namesake)).collect()
}

/// Replicas that seem to have a server below them as their source, by its id alone, and have what that server
/// lacks of itself: it has the id and did not write that. What is `accepted` is known.
fn by_id(servers: &[Server], links: &Links, accepted: &[Accepted]) -> Vec<(usize, usize)> {
    let lost = ahead::find(servers, links).into_iter().filter(|ahead| ahead.is_lost(accepted));
    let pairs = lost.map(|ahead| (ahead.replica, ahead.source));
    let is_below = |(replica, namesake): &(usize, usize)| {
        let mut without = links.clone();
        let is_plain = servers.get(*namesake).is_some_and(|server| server.membership.is_none());
        is_plain && !without.cut(*replica, *namesake).is_empty() && without.reaches(*replica, *namesake)
    };
    pairs.filter(is_below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::tests::{linked, mariadb, server, texts, uuid};

    /// The first replicates from a stranger with the id of the second, and that from the first.
    fn chain(make: fn(&str, u64) -> Server, gtids: [&str; 2]) -> Vec<Server> {
        let mut servers = linked(make, &["b", "a"]);
        servers[0].channels[0].source_host = "192.0.2.99".to_owned();
        for (server, gtids) in servers.iter_mut().zip(gtids) {
            server.gtids.current = Some(gtids.to_owned());
            server.gtids.history = Some(gtids.to_owned());
        }
        servers
    }

    fn found(servers: &[Server]) -> (Vec<String>, bool) {
        let (links, findings) = apart(servers, Links::find(servers), Shape::Tree, &[]);
        (texts(findings), links.reaches(1, 0))
    }

    #[test]
    fn a_server_that_drops_what_another_with_its_id_wrote() {
        let line =
            "CRITICAL b has the server id 2 of 192.0.2.99:3306, source of a: drops all it writes".to_owned();
        let mut servers = chain(mariadb, ["0-2-9", ""]);
        // Its position goes past what it drops.
        servers[1].gtids = crate::server::Gtids {
            current: Some("0-2-9".to_owned()),
            applied: Some("0-2-9".to_owned()),
            history: Some(String::new()),
            ..servers[1].gtids.clone()
        };
        assert_eq!(found(&servers), (vec![line.clone()], false));
        assert_eq!(found(&chain(mariadb, ["0-2-9", "0-2-3"])), (vec![line.clone()], false));
        // A ring by an address that was not asked, and one whose second look shows what it wrote since.
        assert_eq!(found(&chain(mariadb, ["0-2-9", "0-2-9"])), (vec![], true));
        let mut servers = chain(mariadb, ["0-2-9", "0-2-8"]);
        let later = chain(mariadb, ["", "0-2-9"]);
        servers[1].later = Some(later[1].gtids.clone());
        assert_eq!(found(&servers), (vec![], true));
        // By its address it is the source, and was reset.
        let mut servers = chain(mariadb, ["0-2-9", ""]);
        servers[0].channels[0].source_host = "192.0.2.2".to_owned();
        assert_eq!(found(&servers), (vec![], true));
        // It replicates from elsewhere.
        let mut servers = chain(mariadb, ["0-2-9", ""]);
        servers[1].channels.clear();
        assert_eq!(found(&servers), (vec![], true));
    }

    /// The second was reset, or another server has its id: neither is said to be so.
    #[test]
    fn a_ring_tells_no_reset_from_a_second_server_with_the_id() {
        let said = |shape, errant: &[&str]| {
            let servers = chain(mariadb, ["0-2-9", ""]);
            let accepted: Vec<Accepted> = errant.iter().map(|errant| errant.parse().unwrap()).collect();
            let (links, mut found) = apart(&servers, Links::find(&servers), shape, &accepted);
            found.extend(super::super::judge(&servers, &links, true, shape, None));
            found.extend(ahead::judge(&servers, &links, &accepted));
            texts(found)
        };
        let both = "CRITICAL a is ahead of its source b (0-2-9 past none): reset, restored, or 192.0.2.99:3306 has its id";
        assert_eq!(said(Shape::Ring, &[]), [both]);
        assert_eq!(said(Shape::Ring, &["0-2-8"]), [both]);
        assert_eq!(said(Shape::Ring, &["0-2-9"]), [""; 0]);
        let drops = "CRITICAL b has the server id 2 of 192.0.2.99:3306, source of a: drops all it writes";
        assert_eq!(said(Shape::Tree, &["0-2-8"]), [drops]);
        assert_eq!(said(Shape::Tree, &["0-2-9"]), ["CRITICAL no source: every server is a replica"]);
    }

    #[test]
    fn uuids_tell_servers_with_one_id_apart() {
        let line =
            "CRITICAL b has the server id 2 of 192.0.2.99:3306, source of a: drops all it writes".to_owned();
        let with = |of_channel: Option<String>| {
            let mut servers = chain(server, ["", ""]);
            servers[0].channels[0].source_uuid = of_channel;
            servers[0].channels[0].io = IoState::Yes;
            servers
        };
        assert_eq!(found(&with(Some(uuid(9)))), (vec![line], false));
        assert_eq!(found(&with(Some(uuid(2)))), (vec![], true));
        assert_eq!(found(&with(None)), (vec![], true));
        let mut servers = with(Some(uuid(9)));
        servers[0].channels[0].io = IoState::Connecting;
        assert_eq!(found(&servers), (vec![], false));
        let mut servers = with(Some(uuid(9)));
        servers[0].channels[0].source_server_id = 7;
        assert_eq!(found(&servers), (vec![], false));
        let mut servers = with(Some(uuid(9)));
        servers[1].channels.clear();
        assert_eq!(found(&servers), (vec![], false));
    }
}
