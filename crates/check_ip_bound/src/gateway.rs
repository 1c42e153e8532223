//! The default route: one, and through the router that it should be.

use std::net::IpAddr;

use host_net::DefaultRoute;
use plugin::{Metric, State};

use crate::evaluate::Part;
use crate::{Args, Observations};

/// Judges the default routes of each family that --gateway names.
pub(crate) fn judge(args: &Args, observed: &Observations) -> Vec<Part> {
    let family = |ipv6: bool| {
        let gateways: Vec<IpAddr> = args.gateway.iter().copied().filter(|gateway| gateway.is_ipv6() == ipv6).collect();
        let routes: Vec<&DefaultRoute> = observed.routes.iter().filter(|route| route.ipv6 == ipv6).collect();
        (!gateways.is_empty()).then(|| judge_family(observed, &gateways, &routes))
    };
    [family(false), family(true)].into_iter().flatten().collect()
}

fn judge_family(observed: &Observations, gateways: &[IpAddr], routes: &[&DefaultRoute]) -> Part {
    let names: Vec<String> = gateways.iter().map(ToString::to_string).collect();
    let routers = names.join(" or ");
    let label = if gateways.iter().any(IpAddr::is_ipv6) { "default_routes_ipv6" } else { "default_routes_ipv4" };
    let metric = Metric::count(label, routes.len());
    let said: Vec<String> = routes.iter().map(|route| print(observed, route)).collect();
    let wrong = match routes {
        [] => Some(format!("no default route, it should be via {routers}")),
        [only] if only.kind == 1 && only.gateway.is_some_and(|gateway| gateways.contains(&gateway)) => None,
        [_] => Some(format!("default route {}, not via {routers}", said.concat())),
        _ => Some(format!("{} default routes: {}", routes.len(), said.join(", "))),
    };
    let state = if wrong.is_some() { State::Critical } else { State::Ok };
    let detail = match &wrong {
        Some(wrong) => wrong.clone(),
        None => format!("default route {}", said.concat()),
    };
    Part { state, text: wrong, details: vec![detail], metrics: vec![metric], ..Part::default() }
}

fn print(observed: &Observations, route: &DefaultRoute) -> String {
    match route.interface.and_then(|index| observed.bound.interface(index)) {
        Some(interface) => format!("{route} on {}", interface.name),
        None => route.to_string(),
    }
}
