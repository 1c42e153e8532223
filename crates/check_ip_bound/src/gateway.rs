//! The default route: one, and through the router that it should be.

use std::net::IpAddr;

use host_net::DefaultRoute;
use plugin::{Finding, Metric};

use crate::Observations;

/// Judges the default routes of each family that has an expected gateway.
pub(crate) fn judge(observed: &Observations) -> Vec<Finding> {
    let family = |ipv6: bool| {
        let gateways = observed.expected.gateways.iter().copied();
        let gateways: Vec<IpAddr> = gateways.filter(|gateway| gateway.is_ipv6() == ipv6).collect();
        let routes: Vec<&DefaultRoute> = observed.routes.iter().filter(|route| route.ipv6 == ipv6).collect();
        (!gateways.is_empty()).then(|| judge_family(observed, &gateways, &routes))
    };
    [family(false), family(true)].into_iter().flatten().collect()
}

fn judge_family(observed: &Observations, gateways: &[IpAddr], routes: &[&DefaultRoute]) -> Finding {
    let names: Vec<String> = gateways.iter().map(ToString::to_string).collect();
    let expected = names.join(" or ");
    let label =
        if gateways.iter().any(IpAddr::is_ipv6) { "default_routes_ipv6" } else { "default_routes_ipv4" };
    let described: Vec<String> = routes.iter().map(|route| describe(observed, route)).collect();
    let finding = match routes {
        [] => Finding::critical(format!("no default route, expected via {expected}")),
        [only] if only.kind == 1 && only.gateway.is_some_and(|gateway| gateways.contains(&gateway)) => {
            Finding::ok("").detail(format!("default route {}", described.concat()))
        }
        [_] => Finding::critical(format!("default route {}, not via {expected}", described.concat())),
        _ => Finding::critical(format!("{} default routes: {}", routes.len(), described.join(", "))),
    };
    finding.metric(Metric::count(label, routes.len()))
}

fn describe(observed: &Observations, route: &DefaultRoute) -> String {
    match route.interface.and_then(|index| observed.bound.interface(index)) {
        Some(interface) => format!("{route} on {}", interface.name),
        None => route.to_string(),
    }
}
