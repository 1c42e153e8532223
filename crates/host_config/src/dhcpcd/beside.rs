//! The leases of dhcpcd beside what other sources say of the same interfaces: its file may be older than
//! theirs.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::dhcpcd_at_boot::is_started;
use crate::leftovers::is_without_program;
use crate::link_type::conditions_fit;
use crate::origin::Origin;
use crate::promise::{Dynamic, Family, Promises};
use crate::selector::{device, selects};
use crate::source::Source;
use crate::tree::Tree;

/// Removes the leases of interfaces that another source gives an IPv4 address: dhcpcd does not start beside
/// ifupdown. Where another source may give it one, by a pattern or by conditions, and nothing starts dhcpcd
/// at boot, or where dhcpcd is not installed, the lease is not required.
pub(crate) fn yield_to_others(from: &[Origin], found: &mut [(Source, Promises)], tree: &Tree<'_>) {
    let (own, others): (Vec<_>, Vec<_>) = found.iter_mut().partition(|(source, _)| *source == Source::Dhcpcd);
    let others: Vec<&Promises> = others.iter().map(|(_, promises)| promises).collect();
    let named: HashSet<&str> = others.iter().flat_map(|promises| named(promises)).collect();
    let by_pattern = |dynamic: &Dynamic| others.iter().any(|promises| may_give(promises, dynamic.device()));
    for (_, own) in own {
        own.dynamic.retain(|dynamic| !named.contains(dynamic.device()));
        if own.dynamic.is_empty() {
            continue;
        }
        let is_absent = is_without_program(Source::Dhcpcd, from, tree);
        for dynamic in &mut own.dynamic {
            let is_started = || is_started(dynamic.device(), tree);
            dynamic.required = dynamic.required && !is_absent && (!by_pattern(dynamic) || is_started());
        }
    }
}

/// What tells the interfaces that a source gives an IPv4 address.
fn named(promises: &Promises) -> impl Iterator<Item = &str> {
    let choices = promises.one_of.iter().flat_map(|one_of| &one_of.profiles);
    let static_ones = choices.flat_map(|choice| &choice.promises).chain(&promises.promises);
    let ipv4 = static_ones.filter(|promise| promise.expected.address.is_ipv4());
    ipv4.filter_map(|promise| promise.interface.as_deref()).map(device).chain(leased(promises))
}

/// What tells the interfaces that a source gives an IPv4 address by DHCP.
fn leased(promises: &Promises) -> impl Iterator<Item = &str> {
    let choices = promises.one_of.iter().flat_map(|one_of| &one_of.profiles);
    let dynamic = choices.flat_map(|choice| &choice.dynamic).chain(&promises.dynamic);
    dynamic.filter(|dynamic| dynamic.family != Family::V6).map(Dynamic::device)
}

/// Whether a source may give this interface an IPv4 address by a pattern or by conditions.
fn may_give(promises: &Promises, name: &str) -> bool {
    let fits = |selector: &str| {
        if selector.contains('=') { conditions_fit(selector, name) } else { selects(selector, name) }
    };
    let ipv4 = promises.unnamed.iter().filter(|unnamed| unnamed.addresses.iter().any(IpAddr::is_ipv4));
    let selectors = ipv4.flat_map(|unnamed| &unnamed.selectors).map(String::as_str);
    selectors.chain(leased(promises)).any(fits)
}
