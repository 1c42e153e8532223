//! The default route: one, and through the router that it should be.

use std::net::IpAddr;

use host_net::DefaultRoute;
use plugin::{Metric, State};

use crate::evaluate::Part;
use crate::{Args, Seen};

/// Judges the default routes of each family that --gateway names.
pub(crate) fn judge(args: &Args, seen: &Seen) -> Vec<Part> {
    let family = |ipv6: bool| {
        let wanted: Vec<IpAddr> = args.gateway.iter().copied().filter(|gateway| gateway.is_ipv6() == ipv6).collect();
        let routes: Vec<&DefaultRoute> = seen.routes.iter().filter(|route| route.ipv6 == ipv6).collect();
        (!wanted.is_empty()).then(|| judge_family(seen, &wanted, &routes))
    };
    [family(false), family(true)].into_iter().flatten().collect()
}

fn judge_family(seen: &Seen, wanted: &[IpAddr], routes: &[&DefaultRoute]) -> Part {
    let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let expected = names.join(" or ");
    let label = if wanted.iter().any(IpAddr::is_ipv6) { "default_routes_ipv6" } else { "default_routes_ipv4" };
    let metric = Metric::count(label, routes.len());
    let said: Vec<String> = routes.iter().map(|route| print(seen, route)).collect();
    let wrong = match routes {
        [] => Some(format!("no default route, it should be via {expected}")),
        [only] if only.kind == 1 && only.gateway.is_some_and(|gateway| wanted.contains(&gateway)) => None,
        [_] => Some(format!("default route {}, not via {expected}", said.concat())),
        _ => Some(format!("{} default routes: {}", routes.len(), said.join(", "))),
    };
    let state = if wrong.is_some() { State::Critical } else { State::Ok };
    let detail = match &wrong {
        Some(wrong) => wrong.clone(),
        None => format!("default route {}", said.concat()),
    };
    Part { state, text: wrong, details: vec![detail], metrics: vec![metric], ..Part::default() }
}

fn print(seen: &Seen, route: &DefaultRoute) -> String {
    match route.interface.and_then(|index| seen.bound.interface(index)) {
        Some(interface) => format!("{route} on {}", interface.name),
        None => route.to_string(),
    }
}
