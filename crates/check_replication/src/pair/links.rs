//! Which of the servers each channel points at: by uuid, by address, by server id, in this order.

use std::net::IpAddr;

use net::HostPort;

use crate::channel::Channel;
use crate::server::Server;

/// Who replicates from whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links(Vec<Link>);

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    replica: usize,
    channel: usize,
    /// Which of the servers, or the host and port of one that is none of them.
    source: Result<usize, String>,
    /// Whether it finds its place in the source's log by GTID; of MySQL's every server numbers its own.
    by_gtid: bool,
}

impl Links {
    /// Those of all channels, but for group replication's own.
    pub(crate) fn find(servers: &[Server]) -> Self {
        let of_server = |(replica, server): (usize, &Server)| -> Vec<Link> {
            let channels =
                server.channels.iter().enumerate().filter(|(_, channel)| !channel.is_group_replication());
            let link = |(place, channel): (usize, &Channel)| {
                let stranger = || format!("{}:{}", channel.source_host, channel.source_port);
                let source = source(servers, replica, channel).ok_or_else(stranger);
                Link { replica, channel: place, source, by_gtid: channel.using_gtid.as_deref() != Some("No") }
            };
            channels.map(link).collect()
        };
        Self(servers.iter().enumerate().flat_map(of_server).collect())
    }

    /// Those of the same channels where each server is known by another place: `places` has it.
    pub(super) fn moved(&self, places: &[usize]) -> Self {
        let place = |old: usize| places.get(old).copied().unwrap_or(old);
        let link = |link: &Link| Link {
            replica: place(link.replica),
            source: link.source.clone().map(place),
            ..link.clone()
        };
        Self(self.0.iter().map(link).collect())
    }

    /// Which of the others a server replicates from.
    pub(crate) fn sources(&self, replica: usize) -> impl Iterator<Item = usize> {
        let of_replica = self.0.iter().filter(move |link| link.replica == replica);
        of_replica
            .filter_map(|link| link.source.as_ref().ok().copied())
            .filter(move |source| *source != replica)
    }

    /// Which other server a channel points at, by its place: none if it is none of these.
    pub(crate) fn source(&self, replica: usize, channel: usize) -> Option<usize> {
        let link = self.0.iter().find(|link| (link.replica, link.channel) == (replica, channel));
        link.and_then(|link| link.source.as_ref().ok().copied()).filter(|source| *source != replica)
    }

    /// The hosts and ports that a server replicates from and that are none of these.
    pub(crate) fn strangers(&self, replica: usize) -> impl Iterator<Item = &str> {
        let of_replica = self.0.iter().filter(move |link| link.replica == replica);
        of_replica.filter_map(|link| link.source.as_ref().err().map(String::as_str))
    }

    /// Whether the numbers of a replica's transactions mean something: those of MariaDB do not where its
    /// channels go by positions in files, since sources that write in one domain then may give a number
    /// twice, and nobody minds.
    pub(crate) fn by_gtid(&self, replica: usize) -> bool {
        self.0.iter().filter(|link| link.replica == replica).all(|link| link.by_gtid)
    }

    /// Servers with a channel that points back at them.
    pub(crate) fn to_themselves(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter(|link| link.source == Ok(link.replica)).map(|link| link.replica)
    }

    /// Whether what one server writes gets to another, directly or by others.
    pub(crate) fn reaches(&self, from: usize, to: usize) -> bool {
        self.upstream(to).contains(&from)
    }

    /// All servers whose changes get to this one, itself among them only where it is part of a ring.
    pub(crate) fn upstream(&self, place: usize) -> Vec<usize> {
        let mut found: Vec<usize> = self.sources(place).collect();
        let mut next = 0;
        while let Some(&server) = found.get(next) {
            for source in self.sources(server) {
                if !found.contains(&source) {
                    found.push(source);
                }
            }
            next += 1;
        }
        found
    }
}

/// Which of the servers a channel points at.
fn source(servers: &[Server], replica: usize, channel: &Channel) -> Option<usize> {
    let only = |is_source: &dyn Fn(&Server) -> bool, but: Option<usize>| {
        let mut places = (0..servers.len())
            .filter(|place| Some(*place) != but && servers.get(*place).is_some_and(is_source));
        places.next().filter(|_| places.next().is_none())
    };
    let own = servers.get(replica)?;
    let by_uuid =
        || only(&|server| channel.source_uuid.is_some() && server.server_uuid == channel.source_uuid, None);
    // A server behind another loopback address, or one that had a floating address, is not the replica
    // itself.
    let by_address = || {
        let found = only(&|server| is_at(server, own, channel), None);
        found.filter(|place| *place != replica || !is_of_another(channel, own))
    };
    // An id is no more than a number that others may have as well: a source whose uuid is known to be
    // another's is not meant.
    let is_numbered = |server: &Server| {
        let other_uuid = channel.source_uuid.is_some() && server.server_uuid.is_some();
        channel.source_server_id != 0 && server.server_id == channel.source_server_id && !other_uuid
    };
    by_uuid().or_else(by_address).or_else(|| only(&is_numbered, Some(replica)))
}

/// Whether a channel has been connected, and to another server than this one.
fn is_of_another(channel: &Channel, server: &Server) -> bool {
    match (&channel.source_uuid, &server.server_uuid) {
        (Some(theirs), Some(own)) => theirs != own,
        _ => channel.source_server_id != 0 && channel.source_server_id != server.server_id,
    }
}

/// Whether a channel of `replica` is configured with the address of this server.
fn is_at(server: &Server, replica: &Server, channel: &Channel) -> bool {
    let has_port = channel.source_port == server.port
        || server.address.is_some_and(|address| address.port() == channel.source_port);
    let host = channel.source_host.trim_end_matches('.');
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    // Loopback is another host for each host: it means this server only if both were asked by it.
    if host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback()) {
        return has_port && is_local(server) && is_local(replica);
    }
    let has_name = match address {
        Some(address) => server.address.is_some_and(|own| own.ip().to_canonical() == address),
        None => [&asked_host(server), &server.hostname]
            .iter()
            .any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host)),
    };
    !host.is_empty() && has_port && has_name
}

/// Whether a server was asked by its socket or by loopback.
fn is_local(server: &Server) -> bool {
    server.address.is_none_or(|address| address.ip().to_canonical().is_loopback())
}

/// The host that was asked, without the port.
fn asked_host(server: &Server) -> String {
    let asked = server.asked.parse::<HostPort>();
    asked.map_or_else(|_| server.asked.clone(), |asked| asked.host.bare().to_string())
}
