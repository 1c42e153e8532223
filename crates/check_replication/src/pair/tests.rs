//! Rows: servers as they answer, and every finding about them together.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin::Findings;

use super::*;
use crate::channel::Channel;
use crate::row::Row;
use crate::server::Gtids;

/// A MySQL server at 192.0.2.ID, writable as far as its numbers go.
pub(crate) fn server(asked: &str, id: u64) -> Server {
    let columns = [
        ("version", "9.7.4".to_owned()),
        ("hostname", format!("{asked}.example.com")),
        ("port", "3306".to_owned()),
        ("server_id", id.to_string()),
        ("server_uuid", uuid(id)),
        ("read_only", "0".to_owned()),
        ("super_read_only", "0".to_owned()),
        ("auto_increment_increment", "9".to_owned()),
        ("auto_increment_offset", id.to_string()),
        ("gtid_executed", String::new()),
    ];
    let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value))));
    Server::read(asked, Some(format!("192.0.2.{id}:3306").parse().unwrap()), "", &row, &[])
}

pub(crate) fn uuid(id: u64) -> String {
    format!("00000000-0000-0000-0000-{id:012}")
}

/// The same as MariaDB, which has no uuid.
pub(crate) fn mariadb(asked: &str, id: u64) -> Server {
    let mysql = server(asked, id);
    let position = Some(String::new());
    Server {
        flavour: crate::server::Flavour::MariaDb,
        server_uuid: None,
        super_read_only: None,
        gtids: Gtids { current: position.clone(), logged: position, ..Gtids::default() },
        ..mysql
    }
}

/// A channel to port 3306 of a host that was found to be the server of this id; 0 for one that was never
/// connected.
fn channel(host: &str, id: u64) -> Channel {
    let mut channel = Channel::read(&Row::default());
    (channel.source_host, channel.source_port, channel.source_server_id) = (host.to_owned(), 3306, id);
    channel
}

/// A server with the channels.
fn with(mut server: Server, channels: &[(&str, u64)]) -> Server {
    server.channels = channels.iter().map(|(host, id)| channel(host, *id)).collect();
    server
}

/// Those called a, b, c and so on with the ids 1, 2, 3, of which each replicates from those named, by
/// address.
pub(crate) fn linked(make: fn(&str, u64) -> Server, sources: &[&str]) -> Vec<Server> {
    let of = |(place, sources): (usize, &&str)| {
        let name = char::from(b'a' + u8::try_from(place).unwrap()).to_string();
        let mut server = make(&name, place as u64 + 1);
        let id = |source: char| u64::from(u32::from(source) - u32::from('a') + 1);
        server.channels =
            sources.chars().map(|source| channel(&format!("192.0.2.{}", id(source)), id(source))).collect();
        server
    };
    sources.iter().enumerate().map(of).collect()
}

pub(crate) fn texts(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| format!("{} {}", finding.state, finding.text)).collect()
}

fn found(servers: &[Server], shape: Shape, writable: Option<Writable>) -> Vec<String> {
    texts(judge(servers, &Links::find(servers), true, shape, writable))
}

#[test]
fn a_server_of_a_ring_passes_on_what_it_replicates() {
    let broken = "CRITICAL ring broken: b does not pass on what it replicates, log_slave_updates is off";
    for (sources, expected) in [
        (&["b", "a"][..], None),
        (&["c", "a", "b"], Some(broken)),
        (&["bc", "ac", "ab"], None),
        (&["b", "ac", "b"], Some(broken)),
        (&["bc", "a", "a"], None),
    ] {
        let mut servers = linked(server, sources);
        servers[1].passes_on = Some(false);
        let said = found(&servers, Shape::Ring, None);
        assert_eq!(said, Vec::from_iter(expected.map(str::to_owned)), "{sources:?}");
    }
}

#[test]
fn a_server_of_a_tree_passes_on_what_it_replicates() {
    let broken = "CRITICAL b does not pass on what it replicates, log_slave_updates is off";
    for (sources, expected) in [
        (&["", "a", "b"][..], Some(broken)),
        (&["", "a", "b", "b"], Some(broken)),
        // It has no replica, or one that has all from the source as well.
        (&["", "a", "a"], None),
        (&["", "a", "ab"], None),
    ] {
        for make in [server, mariadb] {
            let mut servers = linked(make, sources);
            servers[1].passes_on = Some(false);
            let said = found(&servers, Shape::Tree, None);
            assert_eq!(said, Vec::from_iter(expected.map(str::to_owned)), "{sources:?}");
        }
    }
}

#[test]
fn rings_are_complete_or_not() {
    let rows: &[(&[&str], &[&str])] = &[
        (&["b", "a"], &[]),
        (&["c", "a", "b"], &[]),
        (&["bc", "ac", "ab"], &[]),
        (&["b", "ac", "b"], &[]),
        (&["d", "a", "b", "c"], &[]),
        (&["", "a"], &["CRITICAL a does not replicate from b"]),
        (&["b", ""], &["CRITICAL b does not replicate from a"]),
        (&["", ""], &["CRITICAL a does not replicate from b", "CRITICAL b does not replicate from a"]),
        (&["z", "a"], &["CRITICAL a does not replicate from b but from 192.0.2.26:3306"]),
        (&["bz", "a"], &[]),
        (&["", "a", "b"], &["CRITICAL a replicates from no other server"]),
        (&["b", "a", "b"], &["CRITICAL ring broken: no other server replicates from c"]),
        (&["b", "a", "d", "c"], &["CRITICAL ring broken: writes of a do not reach c"]),
        (&["b", "a", "db", "c"], &["CRITICAL ring broken: writes of c do not reach a"]),
        (
            &["a", "a"],
            &["CRITICAL a is configured to replicate from itself", "CRITICAL a does not replicate from b"],
        ),
    ];
    for (sources, expected) in rows {
        for make in [server, mariadb] {
            assert_eq!(found(&linked(make, sources), Shape::Ring, None), *expected, "{sources:?}");
        }
    }
}

/// What is a whole tree may be one on purpose.
#[test]
fn a_tree_that_is_no_ring_names_the_option() {
    for (sources, is_tree) in
        [(&["", "a"][..], true), (&["", "a", "b"], true), (&["", ""], false), (&["", "a", ""], false)]
    {
        let servers = linked(mariadb, sources);
        let findings = judge(&servers, &Links::find(&servers), true, Shape::Ring, None);
        let said = Findings::from_iter(findings).report("").render("REPLICATION", 0);
        let hint = "\na: if it is the only source on purpose, as of a chain: --expect-shape=tree\n";
        assert_eq!(said.contains(hint), is_tree, "{sources:?}: {said}");
    }
}

#[test]
fn trees_have_one_source_and_reach_everybody() {
    let rows: &[(&[&str], &[&str])] = &[
        (&["", "a"], &[]),
        (&["", "a", "a"], &[]),
        (&["", "a", "b"], &[]),
        (&["z", "a"], &[]),
        (&["b", "a"], &["CRITICAL no source: every server is a replica"]),
        (&["", ""], &["CRITICAL a does not replicate from b", "CRITICAL b does not replicate from a"]),
        (&["", "a", ""], &["CRITICAL c replicates from no other server"]),
        (&["", "a", "z"], &["CRITICAL c replicates from no other server but from 192.0.2.26:3306"]),
        (&["", "c", "b"], &["CRITICAL writes of a do not reach b", "CRITICAL writes of a do not reach c"]),
    ];
    for (sources, expected) in rows {
        assert_eq!(found(&linked(server, sources), Shape::Tree, None), *expected, "{sources:?}");
    }
}

#[test]
fn who_is_missing_is_not_told_to_be_out_of_the_ring() {
    let servers = linked(server, &["c", "a"]);
    let links = Links::find(&servers);
    assert_eq!(judge(&servers, &links, false, Shape::Ring, None), []);
    assert_eq!(judge(&servers, &links, false, Shape::Tree, Some(Writable::All)), []);
    let writable = texts(judge(&servers, &links, false, Shape::Ring, Some(Writable::One)));
    assert_eq!(writable, ["CRITICAL a and b are writable, one expected"]);
    let closed: Vec<Server> =
        servers.into_iter().map(|server| Server { read_only: true, ..server }).collect();
    assert_eq!(judge(&closed, &links, false, Shape::Ring, Some(Writable::One)), []);
}

#[test]
fn a_channel_is_matched_by_uuid_then_address_then_id() {
    let (a, b) = (server("db-01", 1), server("db-02:3306", 2));
    let (ma, mb) = (mariadb("db-01", 1), mariadb("db-02:3306", 2));
    let local = |server: &Server, port: u16| Server {
        address: Some(([127, 0, 0, 1], port).into()),
        port,
        hostname: "localhost".into(),
        ..server.clone()
    };
    let behind_socket = Server { address: None, ..mb.clone() };
    let to = |host: &str, port: u16, id: u64| Channel { source_port: port, ..channel(host, id) };
    let by_uuid = |host: &str, id: u64| Channel { source_uuid: Some(uuid(id)), ..channel(host, id) };
    let rows = [
        ("its uuid, whatever the address", &a, &b, by_uuid("203.0.113.9", 2), true),
        ("another's uuid, but the address", &a, &b, by_uuid("192.0.2.2", 9), true),
        ("another's uuid and address", &a, &b, by_uuid("203.0.113.9", 9), false),
        (
            "another's uuid and the same id",
            &a,
            &b,
            Channel { source_server_id: 2, ..by_uuid("203.0.113.9", 9) },
            false,
        ),
        ("the address", &ma, &mb, to("192.0.2.2", 3306, 0), true),
        ("another port", &ma, &mb, to("192.0.2.2", 3307, 0), false),
        ("the name asked for", &ma, &mb, to("DB-02.", 3306, 0), true),
        ("its own name", &ma, &mb, to("db-02:3306.example.com", 3306, 0), true),
        ("no name", &ma, &mb, to("", 3306, 0), false),
        ("its id by a relay", &ma, &mb, to("203.0.113.9", 3310, 2), true),
        ("no id", &ma, &Server { server_id: 0, ..mb.clone() }, to("203.0.113.9", 3306, 0), false),
        ("loopback, not asked by it", &ma, &mb, to("127.0.0.1", 3306, 0), false),
        ("loopback, one asked by it", &ma, &local(&mb, 3306), to("127.0.0.1", 3306, 0), false),
        ("loopback, both asked by it", &local(&ma, 3307), &local(&mb, 3306), to("127.0.0.1", 3306, 0), true),
        ("loopback and a socket", &local(&ma, 3307), &behind_socket, to("localhost", 3306, 0), true),
        ("its IPv4 address written as IPv6", &ma, &mb, to("::ffff:192.0.2.2", 3306, 0), true),
    ];
    for (what, replica, source, channel, is_found) in rows {
        let servers = [Server { channels: vec![channel], ..replica.clone() }, source.clone()];
        assert_eq!(Links::find(&servers).source(0, 0), is_found.then_some(1), "{what}");
    }
    // Its own address, by which it once reached another server.
    for (what, replica, channel, is_itself) in [
        ("never connected", local(&ma, 3306), to("127.0.0.4", 3306, 0), true),
        ("with its own id", local(&ma, 3306), to("127.0.0.4", 3306, 1), true),
        ("with another's id", local(&ma, 3306), to("127.0.0.4", 3306, 4), false),
        ("with its own uuid", local(&a, 3306), by_uuid("127.0.0.4", 1), true),
        ("with another's uuid", local(&a, 3306), by_uuid("127.0.0.4", 4), false),
    ] {
        let servers = [Server { channels: vec![channel], ..replica }];
        assert_eq!(Links::find(&servers).to_themselves().count(), usize::from(is_itself), "{what}");
    }
}

#[test]
fn an_id_that_two_have_names_nobody() {
    let servers = [with(mariadb("a", 1), &[("203.0.113.9", 7)]), mariadb("b", 7), mariadb("c", 7)];
    assert_eq!(Links::find(&servers).source(0, 0), None);
    // By its uuid it is the one, and the address has been given to another since.
    let moved = Channel { source_uuid: Some(uuid(3)), ..channel("192.0.2.2", 3) };
    let servers = [Server { channels: vec![moved], ..server("a", 1) }, server("b", 2), server("c", 3)];
    assert_eq!(Links::find(&servers).source(0, 0), Some(2));
    // By the address it is the one, and the replica's own id is not the source.
    let servers = [with(mariadb("a", 7), &[("192.0.2.2", 7)]), with(mariadb("b", 2), &[("203.0.113.9", 7)])];
    let links = Links::find(&servers);
    assert_eq!((links.source(0, 0), links.source(1, 0)), (Some(1), Some(0)));
    let links = Links::find(&[with(mariadb("a", 7), &[("203.0.113.9", 7)]), mariadb("b", 2)]);
    assert_eq!((links.source(0, 0), links.to_themselves().count()), (None, 0));
}

#[test]
fn servers_that_cannot_be_told_apart_are_critical() {
    let ring = || linked(server, &["b", "a"]);
    let changed = |change: fn(&mut Server)| {
        let mut servers = ring();
        servers.iter_mut().for_each(change);
        found(&servers, Shape::Ring, None)
    };
    assert_eq!(changed(|server| server.server_id = 4), ["CRITICAL a and b have the same server id 4"]);
    assert_eq!(
        changed(|server| server.server_uuid = Some(uuid(1))),
        ["CRITICAL a and b have the same server uuid"]
    );
    let same = changed(|server| {
        server.server_uuid = Some(uuid(1));
        server.hostname = "db-01".to_owned();
    });
    assert_eq!(same, ["CRITICAL a and b have the same server uuid, perhaps one server by two names"]);
}

#[test]
fn who_may_be_written_to() {
    let (open, closed) = (Some(false), Some(true));
    type Row<'a> = (&'a [(bool, Option<bool>)], Option<Writable>, &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (&[(false, open), (true, closed)], Some(Writable::One), &[]),
        (&[(false, None), (true, None)], Some(Writable::One), &[]),
        (&[(false, open), (true, open)], Some(Writable::One), &[]),
        (&[(false, open), (false, closed)], Some(Writable::One), &[]),
        (&[(true, open), (true, closed)], Some(Writable::One), &["CRITICAL no server is writable"]),
        (
            &[(false, open), (false, open)],
            Some(Writable::One),
            &["CRITICAL a and b are writable, one expected"],
        ),
        (
            &[(false, None), (false, None), (false, None)],
            Some(Writable::One),
            &["CRITICAL a, b and c are writable, one expected"],
        ),
        (&[(false, open), (false, open)], Some(Writable::All), &[]),
        (&[(false, open), (true, open)], Some(Writable::All), &["CRITICAL b is read-only"]),
        (&[(true, None), (true, None)], Some(Writable::All), &["CRITICAL a and b are read-only"]),
        (&[(true, open), (true, closed)], None, &[]),
    ];
    for (switches, expected, lines) in rows {
        let sources: &[&str] = if switches.len() == 2 { &["b", "a"] } else { &["c", "a", "b"] };
        let mut servers = linked(server, sources);
        for (server, (read_only, super_read_only)) in servers.iter_mut().zip(*switches) {
            (server.read_only, server.super_read_only) = (*read_only, *super_read_only);
        }
        assert_eq!(found(&servers, Shape::Ring, *expected), *lines, "{switches:?} {expected:?}");
    }
}

#[test]
fn numbers_given_out_twice_are_a_warning_where_both_are_written_to() {
    let rows = [
        ((2, 1), (2, 2), None),
        ((2, 1), (2, 1), Some("both step 2".to_owned())),
        ((1, 1), (1, 1), Some("both step 1".to_owned())),
        ((4, 1), (2, 2), None),
        ((4, 1), (2, 1), Some("steps 4 and 2".to_owned())),
        ((3, 1), (2, 2), Some("steps 3 and 2".to_owned())),
        // An offset above the increment is ignored.
        ((2, 5), (2, 2), Some("both step 2".to_owned())),
        ((2, 5), (2, 1), None),
        ((0, 0), (0, 0), Some("both step 1".to_owned())),
        ((u64::MAX, 1), (u64::MAX - 1, 2), Some(format!("steps {} and {}", u64::MAX, u64::MAX - 1))),
    ];
    for (one, other, steps) in rows {
        let expected = steps.map(|steps| format!("WARNING a and b: auto_increment collides, {steps}"));
        let mut servers = linked(server, &["b", "a"]);
        for (server, (increment, offset)) in servers.iter_mut().zip([one, other]) {
            (server.auto_increment_increment, server.auto_increment_offset) = (increment, offset);
        }
        assert_eq!(found(&servers, Shape::Ring, None), Vec::from_iter(expected), "{one:?} {other:?}");
        servers.last_mut().unwrap().read_only = true;
        assert_eq!(found(&servers, Shape::Ring, None), Vec::<String>::new(), "{one:?} {other:?}");
    }
    let mut tree = linked(server, &["", "a"]);
    tree.iter_mut().for_each(|server| server.auto_increment_increment = 1);
    assert_eq!(found(&tree, Shape::Tree, None), Vec::<String>::new());
    let mut three = linked(server, &["c", "a", "b"]);
    three.iter_mut().for_each(|server| server.auto_increment_increment = 1);
    let line = "WARNING a and b: auto_increment collides, both step 1, 2 more pairs".to_owned();
    assert_eq!(found(&three, Shape::Ring, None), [line]);
}
