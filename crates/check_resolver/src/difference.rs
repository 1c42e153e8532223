//! Where this system and the nameservers give other addresses for a name while both are well.

use std::net::IpAddr;

use crate::library::search_list;
use crate::question::Expect;
use crate::{Observations, Server};

/// Returns the addresses of this system, of the types that are asked for, that no nameserver gives.
fn foreign(observed: &Observations) -> Vec<IpAddr> {
    let (own, others) = both(observed).unwrap_or_default();
    own.into_iter().filter(|own| !others.contains(own)).collect()
}

/// Returns a remark on an address that programs here get from elsewhere than the nameservers. A name with
/// other addresses in each answer is none: the hosts file is known, and any other source is guessed only
/// where nothing agrees.
pub(crate) fn note(observed: &Observations) -> Option<String> {
    let (place, system) = observed.system.as_ref()?;
    let foreign = foreign(observed);
    let (own, _) = both(observed).filter(|(_, others)| !others.is_empty())?;
    if let Some(address) = foreign.iter().find(|address| system.hosts.contains(address)) {
        return Some(format!("this system has {address} from /etc/hosts"));
    }
    let address = foreign.first().filter(|_| foreign.len() == own.len())?;
    let question = observed.questions.get(*place)?;
    let Expect::Resolves(expected) = &question.expect else { return None };
    let is_expected = expected.iter().any(|prefix| prefix.contains(*address));
    if is_expected || varies(observed, *place) {
        return None;
    }
    let source = search_list(observed).or_else(|| system.others(&question.name.to_string()))?;
    Some(format!("this system has {address}, perhaps from {source}"))
}

/// Whether the servers give different addresses: then a further answer may have others again.
fn varies(observed: &Observations, place: usize) -> bool {
    let of_type = |server: &Server, kind: usize| {
        let answered = server.outcomes.get(place)?.get(kind)?.answer.as_ref().ok()?;
        let mut addresses = answered.reply.found().to_vec();
        addresses.sort();
        (!addresses.is_empty()).then_some(addresses)
    };
    let types = observed.questions.get(place).map_or(0, |question| question.types.len());
    (0..types).any(|kind| {
        let mut all = observed.servers.iter().filter_map(|server| of_type(server, kind));
        all.next().is_some_and(|first| all.any(|other| other != first))
    })
}

/// The addresses that this system has of the types asked for, and those of all nameservers.
fn both(observed: &Observations) -> Option<(Vec<IpAddr>, Vec<IpAddr>)> {
    let (place, system) = observed.system.as_ref()?;
    let question = observed.questions.get(*place)?;
    let own = system.result.as_ref().ok()?.iter().copied();
    let own = own.filter(|address| question.asks(address));
    Some((own.collect(), observed.addresses(*place).copied().collect()))
}
