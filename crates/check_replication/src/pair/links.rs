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
    /// Which of the servers: none if it is none of them.
    source: Option<usize>,
    /// Whether nothing but its server_id tells which.
    by_id: bool,
    /// The host and port that it points at.
    at: String,
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
                let at = format!("{}:{}", channel.source_host, channel.source_port);
                let surely = by_name(servers, replica, channel);
                let source = surely.or_else(|| by_id(servers, replica, channel));
                let by_gtid = channel.using_gtid.as_deref() != Some("No");
                Link { replica, channel: place, by_id: surely.is_none(), source, at, by_gtid }
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
            source: link.source.map(place),
            ..link.clone()
        };
        Self(self.0.iter().map(link).collect())
    }

    /// Which of the others a server replicates from.
    pub(crate) fn sources(&self, replica: usize) -> impl Iterator<Item = usize> {
        let of_replica = self.0.iter().filter(move |link| link.replica == replica);
        of_replica.filter_map(|link| link.source).filter(move |source| *source != replica)
    }

    /// Which other server a channel points at, by its place: none if it is none of these.
    pub(crate) fn source(&self, replica: usize, channel: usize) -> Option<usize> {
        let link = self.0.iter().find(|link| (link.replica, link.channel) == (replica, channel));
        link.and_then(|link| link.source).filter(|source| *source != replica)
    }

    /// The hosts and ports that a server replicates from and that are none of these.
    pub(crate) fn strangers(&self, replica: usize) -> impl Iterator<Item = &str> {
        let of_replica = self.0.iter().filter(move |link| link.replica == replica);
        of_replica.filter(|link| link.source.is_none()).map(|link| link.at.as_str())
    }

    /// The host and port of a channel whose source is none of these.
    pub(super) fn stranger(&self, replica: usize, channel: usize) -> Option<&str> {
        let link = self.0.iter().find(|link| (link.replica, link.channel) == (replica, channel));
        link.filter(|link| link.source.is_none()).map(|link| link.at.as_str())
    }

    /// The host and port of a replica's source that nothing but its id tells to be this server.
    pub(super) fn by_id_at(&self, replica: usize, source: usize) -> Option<&str> {
        let mut between = self.0.iter().filter(|link| (link.replica, link.source) == (replica, Some(source)));
        let first = between.next()?;
        (first.by_id && between.all(|link| link.by_id)).then_some(first.at.as_str())
    }

    /// Takes away what only an id tells of a replica's source, and returns where that is instead.
    pub(super) fn cut(&mut self, replica: usize, source: usize) -> Vec<String> {
        let is_it = |link: &&mut Link| link.replica == replica && link.source == Some(source) && link.by_id;
        let cut = self.0.iter_mut().filter(is_it).map(|link| {
            link.source = None;
            link.at.clone()
        });
        cut.collect()
    }

    /// Whether the numbers of a replica's transactions mean something: those of MariaDB do not where its
    /// channels go by positions in files, since sources that write in one domain then may give a number
    /// twice without harm.
    pub(crate) fn by_gtid(&self, replica: usize) -> bool {
        self.0.iter().filter(|link| link.replica == replica).all(|link| link.by_gtid)
    }

    /// Servers with a channel that points back at them.
    pub(crate) fn to_themselves(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter(|link| link.source == Some(link.replica)).map(|link| link.replica)
    }

    /// Whether what one server writes gets to another, directly or by others.
    pub(crate) fn reaches(&self, from: usize, to: usize) -> bool {
        self.upstream(to).contains(&from)
    }

    /// All servers whose changes get to this one, itself among them only where it is part of a ring.
    pub(crate) fn upstream(&self, place: usize) -> Vec<usize> {
        self.above(place, None)
    }

    /// The same without those whose changes get there by way of `end` alone, which may be among them.
    pub(super) fn upstream_up_to(&self, place: usize, end: usize) -> Vec<usize> {
        self.above(place, Some(end))
    }

    fn above(&self, place: usize, end: Option<usize>) -> Vec<usize> {
        let mut found: Vec<usize> = self.sources(place).collect();
        let mut next = 0;
        while let Some(&server) = found.get(next) {
            next += 1;
            for source in self.sources(server).filter(|_| Some(server) != end) {
                if !found.contains(&source) {
                    found.push(source);
                }
            }
        }
        found
    }
}

/// The only server that this is true of, but for one of them.
fn only(servers: &[Server], is_source: &dyn Fn(&Server) -> bool, but: Option<usize>) -> Option<usize> {
    let mut places =
        (0..servers.len()).filter(|place| Some(*place) != but && servers.get(*place).is_some_and(is_source));
    places.next().filter(|_| places.next().is_none())
}

/// Which of the servers a channel points at, by its uuid or its address.
fn by_name(servers: &[Server], replica: usize, channel: &Channel) -> Option<usize> {
    let own = servers.get(replica)?;
    let has_uuid =
        |server: &Server| channel.source_uuid.is_some() && server.server_uuid == channel.source_uuid;
    // A server behind another loopback address, or one that had a floating address, is not the replica
    // itself.
    let by_address = || {
        let found = only(servers, &|server| is_at(server, own, channel), None);
        found.filter(|place| *place != replica || !is_of_another(channel, own))
    };
    only(servers, &has_uuid, None).or_else(by_address)
}

/// The same by its id. That is no more than a number that others may have as well: a source whose uuid is
/// known to be another's is not meant.
fn by_id(servers: &[Server], replica: usize, channel: &Channel) -> Option<usize> {
    let is_numbered = |server: &Server| {
        let other_uuid = channel.source_uuid.is_some() && server.server_uuid.is_some();
        channel.source_server_id != 0 && server.server_id == channel.source_server_id && !other_uuid
    };
    only(servers, &is_numbered, Some(replica))
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
