//! The addresses that can be asked for the time: those of other machines. This machine is not a reference for
//! itself.

use std::net::SocketAddr;

use net::{Host, HostPort, ResolveError, Unusable, divided, is_written_as_loopback, without_own};

use crate::ntp::{self, Server};
use crate::own::is_own;

/// Returns the addresses of the agent, without those of a name that resolves to this machine by a blocklist
/// or a hosts file.
///
/// # Errors
/// [`Unusable`] if no address is left, with the reason.
pub(crate) fn of_others(host: &Host, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unusable> {
    let (usable, unusable) = divided(host, found);
    match unusable.into_iter().next() {
        Some(why) if usable.is_empty() => Err(why),
        _ => Ok(usable),
    }
}

/// Returns the servers to ask, and those that cannot be asked. A name without an address is that server's
/// fault. An address of this machine has no vote, and is not counted as one that is missing; nor is a name
/// that resolves to loopback, which is this machine by its hosts file. Several such names are rather of a
/// blocklist: the vote of each is missing. A single server that is written as loopback is asked, because the
/// question is about that daemon.
pub(crate) fn reference_servers(
    given: &[HostPort],
    found: Vec<Result<Vec<SocketAddr>, ResolveError>>,
) -> Vec<Server> {
    let is_only = given.len() == 1;
    let parts =
        given.iter().zip(found).map(|(server, found)| (server, found.map(|all| divided(&server.host, all))));
    let parts: Vec<_> = parts.collect();
    let leads_here = |divided: &Divided| divided.1.first().is_some_and(is_here);
    let here = parts.iter().filter(|(_, found)| found.as_ref().is_ok_and(leads_here));
    let mut names = here.map(|(server, _)| &server.host);
    let is_own_name = names.next().is_none_or(|first| names.all(|other| other == first));
    parts.into_iter().flat_map(|(server, found)| asked(server, found, is_only, is_own_name)).collect()
}

/// The addresses of a host that can be asked, and why the others cannot.
type Divided = (Vec<SocketAddr>, Vec<Unusable>);

/// Returns what one of the given servers is asked at, and after it why another of its addresses cannot be
/// asked. `is_own_name`: a name that resolves to loopback is that of this machine by its hosts file, and not
/// one of a blocklist.
fn asked(
    server: &HostPort,
    found: Result<Divided, ResolveError>,
    is_only: bool,
    is_own_name: bool,
) -> Vec<Server> {
    let server_of = |is_own, addresses| Server { name: server.shown(ntp::PORT), is_own, addresses };
    let (usable, mut unusable) = match found {
        Ok(divided) => divided,
        Err(why) => return vec![server_of(false, Err(why.into()))],
    };
    let (others, own) = without_own(&server.host, usable.clone(), ntp::PORT, is_own);
    if is_only && others.is_empty() && !own.is_empty() && is_written_as_loopback(&server.host) {
        return vec![server_of(true, Ok(usable))];
    }
    let is_own = unusable.first().is_none_or(|why| is_own_name && is_loopback(why));
    unusable.extend(own);
    let others = (!others.is_empty()).then(|| server_of(false, Ok(others)));
    // One address shows the fault of the name.
    let unusable = unusable.into_iter().take(1).map(|why| server_of(is_own, Err(why)));
    others.into_iter().chain(unusable).collect()
}

/// Returns whether a name resolves to loopback, as that of a host does by its own hosts file. 0.0.0.0 and ::
/// are rather of a blocklist: the vote of that server is missing.
fn is_loopback(why: &Unusable) -> bool {
    matches!(why, Unusable::NoHost { address, .. } if address.is_loopback())
}

/// Returns whether a name resolves to this machine, by its hosts file or a blocklist.
fn is_here(why: &Unusable) -> bool {
    is_loopback(why) || matches!(why, Unusable::NoHost { address, .. } if address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the addresses of servers that are asked, and the faults of the others.
    fn told(given: &[(&str, &[&str])]) -> Vec<String> {
        let servers: Vec<HostPort> = given.iter().map(|(server, _)| server.parse().unwrap()).collect();
        let found = servers.iter().zip(given).map(|(server, (_, addresses))| {
            let port = server.port_or(ntp::PORT);
            Ok(addresses.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
        });
        let servers = reference_servers(&servers, found.collect());
        let told = servers.into_iter().map(|server| match server.addresses {
            Ok(addresses) => format!("{} own={} {addresses:?}", server.name, server.is_own),
            Err(why) => format!("{}{why}", if server.is_own { "own: " } else { "" }),
        });
        told.collect()
    }

    #[test]
    fn this_machine_is_no_reference_for_itself() {
        let good: (&str, &[&str]) = ("192.0.2.1", &["192.0.2.1"]);
        let asked = "192.0.2.1 own=false [192.0.2.1:123]";
        let by = "which is this machine: a blocklist or a hosts file?";
        assert_eq!(told(&[("blocked", &["0.0.0.0", "::"])]), [format!("blocked resolves to 0.0.0.0, {by}")]);
        assert_eq!(told(&[("0.0.0.0", &["0.0.0.0"])]), ["0.0.0.0 is not an address that a host can have"]);
        assert_eq!(told(&[("::", &["::"])]), [":: is not an address that a host can have"]);
        let hosts = "own: ntp1 resolves to 127.0.1.1, which is this machine: a hosts file?";
        assert_eq!(told(&[("ntp1", &["127.0.1.1"]), good]), [hosts, asked]);
        assert_eq!(told(&[("ntp1:1123", &["127.0.1.1"])]), [hosts]);
        // Beside another server it has no vote, whatever its name is.
        assert_eq!(told(&[good, ("127.0.0.1", &["127.0.0.1"])]), [asked, "own: 127.0.0.1 is this machine"]);
        // This machine is one server, whatever list names it; a blocklist has more names.
        let ntp1: (&str, &[&str]) = ("ntp1", &["127.0.1.1"]);
        assert_eq!(told(&[ntp1, good, ntp1]), [hosts, asked, hosts]);
        let missing = "ntp1 resolves to 127.0.1.1, which is this machine: a hosts file?";
        let blocked = "ntp2 resolves to 127.0.0.1, which is this machine: a hosts file?";
        assert_eq!(told(&[ntp1, ("ntp2", &["127.0.0.1"]), good]), [missing, blocked, asked]);
        let zero = format!("ntp2 resolves to 0.0.0.0, {by}");
        assert_eq!(told(&[ntp1, ("ntp2", &["0.0.0.0"]), good]), [missing, &zero, asked]);
        let named = "own: localhost resolves to ::1, which is this machine";
        assert_eq!(told(&[("localhost", &["::1", "127.0.0.1"]), good]), [named, asked]);
        assert_eq!(
            told(&[("127.0.0.1", &["127.0.0.1"]), ("::1", &["::1"])]),
            ["own: 127.0.0.1 is this machine", "own: ::1 is this machine"]
        );
    }

    #[test]
    fn the_own_daemon_is_asked_alone_and_a_forwarded_port_always() {
        assert_eq!(told(&[("127.0.0.1", &["127.0.0.1"])]), ["127.0.0.1 own=true [127.0.0.1:123]"]);
        assert_eq!(
            told(&[("localhost", &["::1", "127.0.0.1"])]),
            ["localhost own=true [[::1]:123, 127.0.0.1:123]"]
        );
        let forwarded = "127.0.0.1:1123 own=false [127.0.0.1:1123]";
        assert_eq!(told(&[("127.0.0.1:1123", &["127.0.0.1"])]), [forwarded]);
    }

    #[test]
    fn a_good_address_of_a_name_is_asked_beside_a_bad_one() {
        let told = told(&[("pool", &["0.0.0.0", "192.0.2.1"])]);
        let why = "pool resolves to 0.0.0.0, which is this machine: a blocklist or a hosts file?";
        assert_eq!(told, ["pool own=false [192.0.2.1:123]", why]);
    }

    #[test]
    fn an_agent_is_another_machine() {
        let asked = |host: &str, address: &str| {
            let addresses = vec![SocketAddr::new(address.parse().unwrap(), 161)];
            of_others(&host.parse().unwrap(), addresses).map_err(|why| why.to_string())
        };
        let why = "proxy7 resolves to 127.0.1.1, which is this machine: a hosts file?";
        assert_eq!(asked("proxy7", "127.0.1.1").unwrap_err(), why);
        assert!(asked("0.0.0.0", "0.0.0.0").is_err());
        assert!(asked("127.0.0.1", "127.0.0.1").is_ok());
    }
}
