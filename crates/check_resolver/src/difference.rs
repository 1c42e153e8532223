//! Where this system and the nameservers give other addresses for a name while both are well.

use std::net::IpAddr;

use domain::base::Rtype;

use crate::Observations;

/// The sources of nsswitch.conf that are told apart otherwise, or ask the nameservers.
const PLAIN: [&str; 2] = ["files", "dns"];

/// Returns the addresses of this system, of the types that are asked for, that no nameserver gives.
pub(crate) fn foreign(observed: &Observations) -> Vec<IpAddr> {
    let (own, others) = both(observed).unwrap_or_default();
    own.into_iter().filter(|own| !others.contains(own)).collect()
}

/// Returns a remark on an address that programs here get from elsewhere than the nameservers. A name with other
/// addresses in each answer is none: the hosts file is known, and any other source is guessed only where
/// nothing agrees.
pub(crate) fn note(observed: &Observations) -> Option<String> {
    let (_, system) = observed.system.as_ref()?;
    let foreign = foreign(observed);
    let (own, _) = both(observed).filter(|(_, others)| !others.is_empty())?;
    if let Some(address) = foreign.iter().find(|address| system.hosts.contains(address)) {
        return Some(format!("this system has {address} from /etc/hosts"));
    }
    let address = foreign.first().filter(|_| foreign.len() == own.len())?;
    let sources = system.sources.as_deref()?.split(' ');
    let is_name = |source: &&str| !source.contains(['[', ']', '=']) && !PLAIN.contains(source);
    let others: Vec<&str> = sources.filter(is_name).collect();
    (!others.is_empty()).then(|| format!("this system has {address}, perhaps from {}", others.join(" or ")))
}

/// The addresses that this system has of the types asked for, and those of all nameservers.
fn both(observed: &Observations) -> Option<(Vec<IpAddr>, Vec<IpAddr>)> {
    let (place, system) = observed.system.as_ref()?;
    let question = observed.questions.get(*place)?;
    let kind = |address: &IpAddr| if address.is_ipv4() { Rtype::A } else { Rtype::AAAA };
    let own = system.result.as_ref().ok()?.iter().copied();
    let own = own.filter(|address| question.types.contains(&kind(address)));
    let outcomes = observed.servers.iter().filter_map(|server| server.outcomes.get(*place)).flatten();
    let answered = outcomes.filter_map(|outcome| outcome.answer.as_ref().ok());
    let others = answered.flat_map(|answered| answered.reply.addresses.iter().copied());
    Some((own.collect(), others.collect()))
}
