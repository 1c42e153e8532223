//! The default route: one, and through the router that it should be.

use std::net::IpAddr;

use host_net::{Bound, DefaultRoute};
use plugin::{Finding, Metric};

use crate::Observations;

/// Judges the default routes of each family that has an expected gateway.
pub(crate) fn judge(observed: &Observations) -> Vec<Finding> {
    let families = families(&observed.expected.gateways).into_iter();
    families.map(|(ipv6, gateways)| judge_family(observed, ipv6, &gateways)).collect()
}

/// Returns what is wrong with the default `routes`, for each family that has one of these gateways and whose
/// routes are wrong: whether that is IPv6, and the fault in words.
pub fn gateway_faults(bound: &Bound, gateways: &[IpAddr], routes: &[DefaultRoute]) -> Vec<(bool, String)> {
    let families = families(gateways).into_iter();
    let fault = |(ipv6, gateways): (bool, Vec<IpAddr>)| {
        let routes: Vec<&DefaultRoute> = routes.iter().filter(|route| route.ipv6 == ipv6).collect();
        Some((ipv6, fault(bound, &gateways, &routes)?))
    };
    families.filter_map(fault).collect()
}

/// The gateways of each family that has one, and whether that is IPv6.
fn families(gateways: &[IpAddr]) -> Vec<(bool, Vec<IpAddr>)> {
    let of = |ipv6| (ipv6, gateways.iter().copied().filter(|gateway| gateway.is_ipv6() == ipv6).collect());
    [of(false), of(true)]
        .into_iter()
        .filter(|(_, gateways): &(bool, Vec<IpAddr>)| !gateways.is_empty())
        .collect()
}

fn judge_family(observed: &Observations, ipv6: bool, gateways: &[IpAddr]) -> Finding {
    let routes: Vec<&DefaultRoute> = observed.routes.iter().filter(|route| route.ipv6 == ipv6).collect();
    let label = if ipv6 { "default_routes_ipv6" } else { "default_routes_ipv4" };
    let finding = match fault(&observed.bound, gateways, &routes) {
        Some(fault) => Finding::critical(fault),
        None => {
            let described: String = routes.iter().map(|route| describe(&observed.bound, route)).collect();
            Finding::ok("").detail(format!("default route {described}"))
        }
    };
    finding.metric(Metric::count(label, routes.len()))
}

/// Returns what is wrong with the default routes of a family. `None` if there is one, via one of its
/// gateways.
fn fault(bound: &Bound, gateways: &[IpAddr], routes: &[&DefaultRoute]) -> Option<String> {
    let names: Vec<String> = gateways.iter().map(ToString::to_string).collect();
    let expected = names.join(" or ");
    let described: Vec<String> = routes.iter().map(|route| describe(bound, route)).collect();
    match routes {
        [] => Some(format!("no default route, expected via {expected}")),
        [only] if only.kind == 1 && only.gateway.is_some_and(|gateway| gateways.contains(&gateway)) => None,
        [_] => Some(format!("default route {}, not via {expected}", described.concat())),
        _ => Some(format!("{} default routes: {}", routes.len(), described.join(", "))),
    }
}

fn describe(bound: &Bound, route: &DefaultRoute) -> String {
    match route.interface.and_then(|index| bound.interface(index)) {
        Some(interface) => format!("{route} on {}", interface.name),
        None => route.to_string(),
    }
}
