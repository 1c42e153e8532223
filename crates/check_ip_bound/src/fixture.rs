//! What the tests of this plugin look at: a host with two interfaces that are up, one that is down, one
//! without carrier, an empty bridge, and loopback.

use addresses::{HostAddress, List};
use clap::Parser as _;
use host_net::{Bound, BoundAddress, Flags, Interface, Kind, Lifetime, Link};
use plugin::Report;

use crate::evaluate::evaluate;
use crate::{Args, Expected, ListSource, Observations};

/// Returns the command line without any option.
pub(crate) fn args() -> Args {
    Args::parse_from(["check_ip_bound"])
}

fn interfaces() -> Vec<Interface> {
    let links = [
        ("lo", Link::Up),
        ("eth0", Link::Up),
        ("eth1", Link::Down),
        ("eth2", Link::NoCarrier),
        ("docker0", Link::NoCarrier),
        ("eth3", Link::Up),
    ];
    let interface = |(index, (name, link)): (u32, (&str, Link))| Interface {
        link,
        loopback: name == "lo",
        empty_bridge: name == "docker0",
        kind: if name == "docker0" { Kind::Bridge } else { Kind::Other },
        promotes_secondaries: Some(false),
        ..Interface::new(index, name)
    };
    (1..).zip(links).map(interface).collect()
}

/// `ADDRESS/PREFIX@INTERFACE` for each, with the flags' bits after a `+`, and `~` with the seconds for one
/// that goes by itself.
pub(crate) fn bound(text: &str) -> Bound {
    let interfaces = interfaces();
    let mut bound = Bound { interfaces, ..Bound::default() };
    for item in text.split_whitespace() {
        let (item, seconds) =
            item.split_once('~').map_or((item, None), |(item, seconds)| (item, Some(seconds)));
        let (expected, place) = item.split_once('@').unwrap();
        let (name, flags) =
            place.split_once('+').unwrap_or((place, if seconds.is_some() { "0" } else { "80" }));
        let HostAddress { address, prefix } = expected.parse().unwrap();
        let interface = bound.interfaces.iter().find(|interface| interface.name == name).unwrap().index;
        let flags = Flags(u16::from_str_radix(flags, 16).unwrap());
        bound.addresses.push(BoundAddress { address, interface, prefix: prefix.unwrap(), flags });
        bound.lifetimes.extend(seconds.map(|seconds| Lifetime {
            address,
            interface,
            seconds: seconds.parse().unwrap(),
        }));
    }
    bound.addresses.sort();
    bound
}

/// Returns what is observed when the addresses of `list` are expected and those of `present` are bound.
pub(crate) fn observed(args: &Args, list: &str, source: ListSource, present: &str) -> Observations {
    let bound = bound(present);
    let list = (!list.is_empty()).then(|| List::parse("ips", 0, list.replace(' ', "\n").as_bytes()).unwrap());
    let mut expected = Expected::new(&args.expectations(), list.into_iter().collect(), Vec::new());
    if source == ListSource::Bound {
        expected.expect_all(&bound);
    }
    expected.complete |= matches!(source, ListSource::Configured(_));
    expected.source = source;
    let conditions = expected.conditions(&bound, &[]);
    Observations {
        expected,
        bound,
        conditions,
        port_faults: Vec::new(),
        routes: Vec::new(),
        promotes_all: Some(false),
        uptime: None,
    }
}

/// Returns the report on it, when the list was named on the command line.
pub(crate) fn report(args: &Args, list: &str, present: &str) -> Report {
    evaluate(&args.limits(), &observed(args, list, ListSource::Named, present))
}

/// Its output.
pub(crate) fn judge(args: &Args, list: &str, present: &str) -> String {
    report(args, list, present).render("IP_BOUND", 0)
}
