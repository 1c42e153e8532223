//! What the tests of this plugin look at: a host with two interfaces that are up, one that is down, one without carrier, an empty
//! bridge, and loopback.

use addresses::{Expected, List};
use clap::Parser as _;
use host_net::{Bound, BoundAddress, Flags, Interface, Lifetime, Link};
use plugin::Report;

use crate::evaluate::evaluate;
use crate::finding::findings;
use crate::{Args, Chosen, Seen, Wanted};

/// The command line without any option.
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
        index,
        name: name.to_owned(),
        link,
        loopback: name == "lo",
        empty_bridge: name == "docker0",
        promotes_secondaries: Some(false),
    };
    (1..).zip(links).map(interface).collect()
}

/// `ADDRESS/PREFIX@INTERFACE` for each, with the flags' bits after a `+`, and `~` with the seconds for one that goes by itself.
pub(crate) fn bound(text: &str) -> Bound {
    let interfaces = interfaces();
    let mut bound = Bound { interfaces, ..Bound::default() };
    for item in text.split_whitespace() {
        let (item, seconds) = item.split_once('~').map_or((item, None), |(item, seconds)| (item, Some(seconds)));
        let (expected, place) = item.split_once('@').unwrap();
        let (name, flags) = place.split_once('+').unwrap_or((place, if seconds.is_some() { "0" } else { "80" }));
        let Expected { address, prefix } = expected.parse().unwrap();
        let interface = bound.interfaces.iter().find(|interface| interface.name == name).unwrap().index;
        let flags = Flags(u8::from_str_radix(flags, 16).unwrap());
        bound.addresses.push(BoundAddress { address, interface, prefix: prefix.unwrap(), flags });
        bound.lifetimes.extend(seconds.map(|seconds| Lifetime { address, interface, seconds: seconds.parse().unwrap() }));
    }
    bound.addresses.sort();
    bound
}

/// What is seen when the addresses of `list` are wanted and those of `present` are bound.
pub(crate) fn seen(args: &Args, list: &str, chosen: Chosen, present: &str) -> Seen {
    let bound = bound(present);
    let list = (!list.is_empty()).then(|| List::parse("ips", 0, list.replace(' ', "\n").as_bytes()).unwrap());
    let mut wanted = Wanted::new(args, list.into_iter().collect(), Vec::new());
    if chosen == Chosen::Bound {
        wanted.want_all(&bound);
    }
    wanted.chosen = chosen;
    let findings = findings(&wanted, &bound, &args.interface);
    Seen { wanted, bound, findings, routes: Vec::new(), promotes_all: Some(false), uptime: None }
}

/// The report on it, when the list was named on the command line.
pub(crate) fn report(args: &Args, list: &str, present: &str) -> Report {
    evaluate(args, &seen(args, list, Chosen::Named, present))
}

/// Its output.
pub(crate) fn judge(args: &Args, list: &str, present: &str) -> String {
    report(args, list, present).render("IP_BOUND", 0)
}
