//! What `expected` promises, row by row.

use std::path::PathBuf;
use std::time::Duration;

use addresses::List;
use host_config::{AddressOptions, Choice, Family, Giver, Place, Promises, Remark, Source, Tree};
use plugin::Deadline;

use super::*;
use crate::Args;
use crate::fixture::{args, bound};

fn promise(expected: &str, interface: &str, file: &str, line: u32) -> Promise {
    let interface = (!interface.is_empty()).then(|| interface.to_owned());
    let place = Place { file: file.to_owned(), line };
    Promise { expected: expected.parse().unwrap(), interface, floating: false, place }
}

#[test]
fn takes_each_address_once() {
    let list =
        List::parse("a", 0, b"192.0.2.2\n192.0.2.1\n192.0.2.2/24\n2001:DB8::1\n192.0.2.2/32\n").unwrap();
    let other = List::parse("b", 1, b"2001:db8::1\n192.0.2.3\n").unwrap();
    let ip = ["192.0.2.1", "192.0.2.4/24"].map(|address| address.parse().unwrap()).to_vec();
    let args = Args { addresses: AddressOptions { ip, ..AddressOptions::default() }, ..args() };
    let expected = Expected::new(&args.expectations(), vec![list, other], Vec::new());
    let printed: Vec<String> = expected
        .entries
        .iter()
        .map(|entry| format!("{} {}", entry.expected, expected.origin(entry)))
        .collect();
    let lines = [
        "192.0.2.1 a line 2",
        "192.0.2.2/24 a line 3",
        "192.0.2.2/32 a line 5",
        "192.0.2.3 b line 2",
        "192.0.2.4/24 --ip",
        "2001:db8::1 a line 4",
    ];
    assert_eq!(printed, lines);
    assert_eq!(expected.source, ListSource::Named);
}

#[test]
fn lists_what_would_be_checked() {
    let place = Place { file: "/etc/b".to_owned(), line: 7 };
    let first = Promises {
        promises: vec![
            promise("192.0.2.1/24", "eth0", "/etc/a", 3),
            promise("192.0.2.2/24", "eth0", "/etc/b", 1),
        ],
        remarks: vec![Remark { what: "eth1 by dhcp".to_owned(), place }],
        ..Promises::default()
    };
    let second = Promises {
        promises: vec![
            promise("192.0.2.1/25", "eth0", "/etc/c", 9),
            Promise { floating: true, ..promise("192.0.2.9/32", "", "/etc/k", 4) },
        ],
        ..Promises::default()
    };
    let addresses = AddressOptions { file: vec![PathBuf::from("list")], ..AddressOptions::default() };
    let args = Args { addresses, ..args() };
    let list = List::parse("list", 0, b"198.51.100.1\n192.0.2.9\n").unwrap();
    let expected = Expected::new(
        &args.expectations(),
        vec![list],
        vec![(Source::Hsphere, first), (Source::Cpanel, second)],
    );
    let listing = expected.listing(&host_net::Bound::default()).render("IP_BOUND", 0);
    let lines = "# 3 addresses from hsphere, cpanel, --file\n\
                    192.0.2.1 # on: eth0 # /etc/a line 3\n\
                    192.0.2.2/24 # on: eth0 # /etc/b line 1\n\
                    198.51.100.1 # list line 1\n\
                    # floating: 192.0.2.9 # /etc/k line 4\n\
                    # note: 192.0.2.1 is configured with /24 by hsphere and /25 by cpanel: either is accepted\n\
                    # note: hsphere and cpanel configure different addresses on eth0: all are expected\n\
                    # hsphere: eth1 by dhcp (/etc/b line 7)\n";
    assert_eq!(listing, lines);
    // What is printed is a list again, of the same addresses.
    let again = List::parse("again", 0, listing.as_bytes()).unwrap();
    let addresses = |entries: &[Entry]| entries.iter().map(|entry| entry.expected).collect::<Vec<_>>();
    assert_eq!(addresses(&again.entries), addresses(&expected.entries));
}

#[test]
fn reads_a_tree() {
    let deadline = Deadline::after(Duration::from_secs(8));
    let read = |ips: Option<&str>, from: &[&str]| {
        let from = from.iter().map(|from| from.parse().unwrap()).collect();
        let args = Args { addresses: AddressOptions { from, ..AddressOptions::default() }, ..args() };
        let tree = Tree::in_memory(ips.map(|ips| ("/etc/ips", ips)), &deadline);
        let expected = Expected::read_from(&args.expectations(), &tree, &deadline);
        expected.usable().map(|()| expected).map_err(|error| error.to_string())
    };
    assert!(read(None, &[]).unwrap().is_empty());
    assert_eq!(read(None, &["cpanel"]), Err("no configuration of cpanel here".to_owned()));
    let one = Some("192.0.2.1:255.255.255.0:192.0.2.255\n");
    assert_eq!(read(one, &[]).unwrap().from(), " from cpanel");
    assert_eq!(read(one, &["auto", "cpanel"]).unwrap().entries.len(), 1);
    assert_eq!(read(one, &["auto", "hsphere"]), Err("no configuration of hsphere here".to_owned()));
    // A line that is not understood does not remove another one.
    let part = read(Some("192.0.2.1\nx\n"), &[]).unwrap();
    assert_eq!(
        (part.entries.len(), part.unknown),
        (1, vec!["/etc/ips line 2: x is not an IP address".to_owned()])
    );
}

/// A floating address is not a lease, wherever it stands in its profile.
#[test]
fn a_floating_address_of_one_group_is_no_lease_of_the_next() {
    let floating = ["192.0.2.9", "192.0.2.8", "192.0.2.7"]
        .map(|address| Promise { floating: true, ..promise(address, "", "/etc/k", 4) });
    let lease = Dynamic {
        interface: "eth0".to_owned(),
        family: Family::V4,
        giver: Giver::Network,
        required: true,
        spare: false,
        single: false,
        place: Place { file: "/etc/a".to_owned(), line: 1 },
    };
    let one_of = |profiles| OneOf {
        why: "one at a time".to_owned(),
        active: 1,
        permanent_leases: true,
        perhaps_none: false,
        profiles,
    };
    let first = one_of(vec![Choice { promises: floating.to_vec(), ..Choice::default() }]);
    let second = one_of(vec![
        Choice { dynamic: vec![lease], ..Choice::default() },
        Choice { promises: vec![promise("198.51.100.1", "eth0", "/etc/b", 1)], ..Choice::default() },
    ]);
    let promises = Promises { one_of: vec![first, second], ..Promises::default() };
    let found = vec![(Source::Networkd, promises)];
    let mut expected = Expected::new(&args().expectations(), Vec::new(), found);
    expected.choose(&bound("192.0.2.9/24@eth0"));
    let addresses: Vec<String> = expected.entries.iter().map(|entry| entry.expected.to_string()).collect();
    assert_eq!((addresses, expected.dynamic), (vec!["198.51.100.1".to_owned()], Vec::new()));
}
