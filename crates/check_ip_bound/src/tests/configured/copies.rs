//! An address that several interfaces must each have.

use super::*;

const TWO: &str = "auto br0\niface br0 inet static\n\taddress 192.0.2.1/24\nauto eth0\niface eth0 inet static\n\taddress 192.0.2.1/24\n";

#[test]
fn each_interface_that_is_configured_with_an_address_must_have_it() {
    let files = |other: &str| TWO.replace("br0", other);
    let rows = [
        (
            "br0",
            "192.0.2.1/24@eth0",
            "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on br0, there is no br0 here",
        ),
        ("eth3", "192.0.2.1/24@eth0", "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3"),
        ("eth3", "192.0.2.1/24@eth3", "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth0"),
        ("eth3", "192.0.2.1/24@eth0 192.0.2.1/24@eth3", "OK - 2 addresses from ifupdown bound and usable"),
        (
            "eth1",
            "192.0.2.1/24@eth0 192.0.2.1/24@eth1",
            "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth1, which is down",
        ),
        (
            "eth3",
            "198.51.100.1/24@eth0 198.51.100.2/24@eth3",
            "CRITICAL - 2 of 2 addresses missing: 192.0.2.1, and 192.0.2.1 on eth3",
        ),
        (
            "br0",
            "198.51.100.2/24@eth3",
            "CRITICAL - 2 of 2 addresses missing: 192.0.2.1, there is no br0 here, and 192.0.2.1 on eth0",
        ),
        // An alias and its interface are one.
        ("eth0:1", "192.0.2.1/24@eth0", "OK - 1 address from ifupdown bound and usable"),
    ];
    for (other, present, expected) in rows {
        let (first, _) = said(&args(), &[("/etc/network/interfaces", &files(other))], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{other} {present}");
    }
    let one = Args { interface: vec!["eth0".to_owned()], ..args() };
    let (first, _) = said(&one, &[("/etc/network/interfaces", &files("eth3"))], "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from ifupdown bound and usable");
}

#[test]
fn one_interface_is_enough_where_sources_differ() {
    let network = |name: &str| format!("[Match]\nName={name}\n[Network]\nAddress=192.0.2.1/24\n");
    let (zero, three) = (network("eth0"), network("eth3"));
    let ifupdown = "auto eth0\niface eth0 inet static\n\taddress 192.0.2.1/24\n";
    let both = [
        ("/etc/systemd/network/a.network", zero.as_str()),
        ("/etc/systemd/network/b.network", three.as_str()),
    ];
    let (first, _) = said(&args(), &both, "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3");
    let differing =
        [("/etc/network/interfaces", ifupdown), ("/etc/systemd/network/b.network", three.as_str())];
    for present in ["192.0.2.1/24@eth0", "192.0.2.1/24@eth3"] {
        let (first, _) = said(&args(), &differing, present);
        assert_eq!(first, "IP_BOUND OK - 1 address from ifupdown, networkd bound and usable", "{present}");
    }
    // The source that names one interface is certain of that alone.
    let differing = [both[0], both[1], ("/etc/network/interfaces", ifupdown)];
    let (first, _) = said(&args(), &differing, "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from ifupdown, networkd bound and usable");
}

#[test]
fn a_list_keeps_the_interfaces_that_must_each_have_an_address() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory([("/etc/network/interfaces", TWO.replace("br0", "eth3"))], &deadline);
    let configured = observed(&args(), &tree, "192.0.2.1/24@eth0");
    let text = configured.expected.listing(&configured.bound).render("IP_BOUND", 0);
    let lines = "# 2 addresses from ifupdown\n192.0.2.1/24 # on: eth0 # /etc/network/interfaces line 3\n\
                 192.0.2.1/24 # on: eth3 # /etc/network/interfaces line 3\n";
    assert!(text.starts_with(lines), "{text}");
    // With two prefix lengths, each has a line of its own already.
    let two_lengths = TWO.replace("br0", "eth3").replacen("/24", "/25", 1);
    let two_lengths = Tree::in_memory([("/etc/network/interfaces", two_lengths)], &deadline);
    let present = "192.0.2.1/24@eth0 192.0.2.1/25@eth3";
    let lengths = observed(&args(), &two_lengths, present)
        .expected
        .listing(&host_net::Bound::default())
        .render("IP_BOUND", 0);
    let lines =
        "# 2 addresses from ifupdown\n192.0.2.1/24 # on: eth0 eth3 # /etc/network/interfaces line 6\n";
    assert!(lengths.starts_with(lines), "{lengths}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let one = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on ";
    let rows = [
        (text, format!("{one}eth3")),
        ("192.0.2.1/32 # on: eth0\n192.0.2.1 # on: eth9\n".to_owned(), "CRITICAL - ".to_owned()),
        (
            "192.0.2.1 # on: eth0\n192.0.2.1 # on: eth9\n".to_owned(),
            format!("{one}eth9, there is no eth9 here"),
        ),
        // Of several on one line, any is enough; and a list of another host says nothing of interfaces.
        ("192.0.2.1 # on: eth0 eth3\n".to_owned(), "OK - 1 address".to_owned()),
        ("192.0.2.1 # on: ens1\n192.0.2.1 # on: ens2\n".to_owned(), "OK - 1 address".to_owned()),
    ];
    for (list, expected) in rows {
        std::fs::write(&path, &list).unwrap();
        let mut of_list = args();
        of_list.addresses.file = vec![path.clone()];
        let found = observed(&of_list, &tree, "192.0.2.1/24@eth0");
        let text = evaluate(&args().limits(), &found).render("IP_BOUND", 0);
        assert!(text.starts_with(&format!("IP_BOUND {expected}")), "{list}: {text}");
    }
}

/// udev gives a card further names, by any of which --interface may name it.
#[test]
fn an_interface_is_named_by_any_of_its_names() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory([("/etc/network/interfaces", TWO.replace("br0", "eth3"))], &deadline);
    let missing = "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth0";
    let rows = [("eth0", missing), ("enp1s0", missing), ("eth9", "IP_BOUND OK - 1 address")];
    for (name, expected) in rows {
        let on = Args { interface: vec![name.to_owned(), "eth3".to_owned()], ..args() };
        let named = |bound: &mut Bound| {
            let eth0 = bound.interfaces.iter_mut().find(|each| each.name == "eth0").unwrap();
            eth0.altnames.push("enp1s0".to_owned());
        };
        let found = observed_with(&on, &tree, "192.0.2.1/24@eth3", named);
        let text = evaluate(&on.limits(), &found).render("IP_BOUND", 0);
        assert!(text.starts_with(expected), "{name}: {text}");
    }
}

/// systemd-networkd binds an address of a list of names on each of them.
#[test]
fn each_of_the_named_cards_with_a_carrier_must_have_it() {
    const NAMES: &str = "Name=eth0 eth3\n";
    let named = |given: &str| format!("[Match]\n{given}[Network]\nAddress=192.0.2.1/24\n");
    let lost = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3";
    let one = "OK - 1 address from networkd bound and usable";
    let rows = [
        (NAMES, "192.0.2.1/24@eth0", lost),
        ("Name=eth0\nName=eth3\n", "192.0.2.1/24@eth0", lost),
        (NAMES, "192.0.2.1/24@eth3", "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth0"),
        (NAMES, "192.0.2.1/24@eth0 192.0.2.1/24@eth3", "OK - 2 addresses from networkd bound and usable"),
        // One that is down, that is not here, that an earlier file has, or that may be another card.
        ("Name=eth0 eth1\n", "192.0.2.1/24@eth0", one),
        ("Name=eth0 eth7\n", "192.0.2.1/24@eth0", one),
        ("Name=eth0 eth*\n", "192.0.2.1/24@eth0", one),
        ("Name=eth0 eth3\nDriver=virtio_net\n", "192.0.2.1/24@eth0", one),
        ("Name=eth0 eth3\nHost=elsewhere\n", "192.0.2.9/24@eth0", "UNKNOWN"),
        // On none of them it is missing once.
        (NAMES, "192.0.2.9/24@eth0", "CRITICAL - 1 of 1 address missing: 192.0.2.1"),
    ];
    for (given, present, expected) in rows {
        let (first, _) = said(&args(), &[("/etc/systemd/network/b.network", &named(given))], present);
        assert!(first.starts_with(&format!("IP_BOUND {expected}")), "{given}{present}: {first}");
    }
    let earlier =
        [("/etc/systemd/network/a.network", "[Match]\nName=eth3\n[Network]\nAddress=192.0.2.3/24\n")];
    let both = [earlier[0], ("/etc/systemd/network/b.network", &named(NAMES))];
    let (first, _) = said(&args(), &both, "192.0.2.1/24@eth0 192.0.2.3/24@eth3");
    assert_eq!(first, "IP_BOUND OK - 2 addresses from networkd bound and usable");
}

/// systemd-networkd binds an address of a pattern on each interface here that the file is for.
#[test]
fn each_card_that_a_pattern_fits_must_have_it() {
    let of = |given: &str| format!("[Match]\n{given}[Network]\nAddress=2001:db8::1/64\n");
    let lost = "CRITICAL - 1 of 2 addresses missing: 2001:db8::1 on eth3";
    let one = "OK - 1 address from networkd bound and usable";
    let both = "2001:db8::1/64@eth0 2001:db8::1/64@eth3";
    let rows = [
        ("Name=eth*\n", "2001:db8::1/64@eth0", lost),
        ("Name=eth0 eth?\n", "2001:db8::1/64@eth0", lost),
        ("Name=eth*\nType=ether\n", "2001:db8::1/64@eth0", lost),
        ("Name=eth0 eth3\nType=ether\n", "2001:db8::1/64@eth0", lost),
        ("Name=eth*\n", both, "OK - 2 addresses from networkd bound and usable"),
        // One that has it and cannot use it.
        (
            "Name=eth*\n",
            "2001:db8::1/64@eth0 2001:db8::1/64@eth3+c8",
            "CRITICAL - 1 of 2 addresses missing: 2001:db8::1 duplicate address detected on eth3",
        ),
        (
            "Name=eth0 eth3\n",
            "2001:db8::1/64@eth0 2001:db8::1/64@eth3+c8",
            "CRITICAL - 1 of 2 addresses missing: 2001:db8::1 duplicate address detected on eth3",
        ),
        // One that the file is not for, or not surely, and one without a carrier.
        ("Name=eth* !eth3\n", "2001:db8::1/64@eth0", one),
        ("Name=eth*\nKind=veth\n", "2001:db8::1/64@eth0", one),
        ("Name=eth[012]\n", "2001:db8::1/64@eth0", one),
        ("Name=eth*\n", "192.0.2.9/24@eth0", "CRITICAL - 1 of 1 address missing: 2001:db8::1"),
    ];
    let cards = ["eth0", "eth1", "eth2", "eth3"].map(|name| (format!("/sys/class/net/{name}/type"), "1\n"));
    for (given, present, expected) in rows {
        let file = of(given);
        let mut files: Vec<(&str, &str)> = cards.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        files.push(("/etc/systemd/network/b.network", &file));
        let (first, _) = said(&args(), &files, present);
        assert!(first.starts_with(&format!("IP_BOUND {expected}")), "{given}{present}: {first}");
        files.push(("/etc/systemd/network/a.network", "[Match]\nName=eth3\n[Link]\nUnmanaged=yes\n"));
        let (first, _) = said(&args(), &files, "2001:db8::1/64@eth0");
        assert!(!first.contains("CRITICAL"), "{given}: {first}");
    }
}

/// A list has a line for each interface that must have an address, and --file demands each.
#[test]
fn a_list_keeps_each_card_that_a_pattern_fits() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let files = [
        ("/sys/class/net/eth0/type", "1\n"),
        ("/sys/class/net/eth2/type", "1\n"),
        ("/sys/class/net/eth3/type", "1\n"),
        ("/etc/systemd/network/b.network", "[Match]\nName=eth*\n[Network]\nAddress=192.0.2.1/24\n"),
    ];
    let tree = Tree::in_memory(files, &deadline);
    let configured = observed(&args(), &tree, "192.0.2.1/24@eth0 192.0.2.1/24@eth3");
    let text = configured.expected.listing(&configured.bound).render("IP_BOUND", 0);
    let place = "# /etc/systemd/network/b.network line 4";
    let lines = format!("192.0.2.1/24 # on: eth0 {place}\n192.0.2.1/24 # on: eth3 {place}\n");
    assert_eq!(text, format!("# 2 addresses from networkd\n{lines}"));
    let folder = tempfile::tempdir().unwrap();
    let mut of_list = args();
    of_list.addresses.file = vec![folder.path().join("list")];
    std::fs::write(&of_list.addresses.file[0], &text).unwrap();
    let found = observed(&of_list, &Tree::in_memory([("/x", "")], &deadline), "192.0.2.1/24@eth0");
    let first = evaluate(&args().limits(), &found).render("IP_BOUND", 0);
    assert!(first.starts_with("IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3"), "{first}");
}

/// As networkd 252 binds them on two ends of a cable, without udev and without a name in the file.
#[test]
fn each_card_that_conditions_fit_must_have_it() {
    let one = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3";
    let ok = "OK - 2 addresses from networkd bound and usable";
    let rows = [
        ("Type=ether", "192.0.2.1/24@eth0", one),
        ("Type=ether", "192.0.2.1/24@eth0 192.0.2.1/24@eth3", ok),
        ("Type=ether", "192.0.2.9/24@eth0", "CRITICAL - 1 of 1 address missing: 192.0.2.1"),
        ("Type=!loopback", "192.0.2.1/24@eth0", one),
        ("Driver=veth", "192.0.2.1/24@eth0", one),
        ("Kind=veth", "192.0.2.1/24@eth0", one),
        ("Name=!lo", "192.0.2.1/24@eth0", one),
        ("Path=!pci-*", "192.0.2.1/24@eth0", one),
        ("Property=!ID_BUS=pci", "192.0.2.1/24@eth0", one),
        ("Driver=veth\nName=!eth3", "192.0.2.1/24@eth0", "OK - 1 address from networkd bound and usable"),
    ];
    let entries = [("type", "1\n"), ("iflink", "7\n"), ("uevent", "INTERFACE=x\n")];
    let cable = |name: &'static str, index: &'static str| {
        let number = [("ifindex", index)];
        entries
            .into_iter()
            .chain(number)
            .map(move |(entry, text)| (format!("/sys/class/net/{name}/{entry}"), text))
    };
    // A guest's end, a port of another bridge and loopback need no address.
    let all = cable("eth0", "2\n").chain(cable("eth3", "3\n")).chain(cable("vethguest", "4\n"));
    let others = [("/sys/class/net/lo/type", "772\n"), ("/run/systemd/x", "")];
    let all: Vec<(String, &str)> = all.chain(others.map(|(path, text)| (path.to_owned(), text))).collect();
    for (conditions, present, expected) in rows {
        let file = format!("[Match]\n{conditions}\n[Network]\nAddress=192.0.2.1/24\n");
        let mut files: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        files.push(("/etc/systemd/network/a.network", &file));
        let (first, details) = said(&args(), &files, present);
        assert!(
            first.starts_with(&format!("IP_BOUND {expected}")),
            "{conditions} {present}: {first} {details:?}"
        );
    }
}

/// NetworkManager 1.42.4 activates such a profile on each card that it fits and that no other profile has.
#[test]
fn each_card_of_a_profile_for_several_must_have_it() {
    let of = |connection: &str, matching: &str| {
        let address = format!("method=manual\naddress1=192.0.2.1/24\n{matching}");
        profiles::profile(connection, &address)
    };
    let three = "multi-connect=3";
    let all = of(three, "");
    let own = |more: &str| {
        profiles::profile(&format!("interface-name=eth3{more}"), &profiles::keyfile("192.0.2.9/24"))
    };
    let lost = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth3";
    let one = "OK - 1 address from networkmanager bound and usable";
    let (first, both) = ("192.0.2.1/24@eth0", "192.0.2.1/24@eth0 192.0.2.1/24@eth3");
    let two = "OK - 2 addresses from networkmanager bound and usable";
    let any = |more: &str| profiles::profile(more, &profiles::keyfile("192.0.2.9/24"));
    let rows = [
        (vec![all.clone()], first, lost),
        (vec![all.clone()], both, two),
        (vec![all.clone()], "192.0.2.8/24@eth0", "CRITICAL - 1 of 1 address missing: 192.0.2.1"),
        (vec![of("multi-connect=0x3", "")], first, lost),
        (vec![of(three, "[match]\ninterface-name=eth*;")], first, lost),
        (vec![of(three, "[match]\ndriver=x;")], first, lost),
        // For one card at a time, or not for this card.
        (vec![of("multi-connect=2", "")], first, one),
        (vec![of("multi-connect=1", "")], first, one),
        (vec![of(three, "[match]\ninterface-name=eth*;!eth3;")], first, one),
        (vec![of(three, "[match]\ndriver=y;")], "192.0.2.8/24@eth0", "CRITICAL"),
        // Another profile has a card, or loses it.
        (vec![all.clone(), own("")], "192.0.2.1/24@eth0 192.0.2.9/24@eth3", two),
        (vec![all.clone(), own("")], both, one),
        (vec![own(""), all.clone()], both, one),
        (vec![all.clone(), own("")], first, "CRITICAL - 1 of 2 addresses missing: 192.0.2.9"),
        (vec![all.clone(), own("")], "192.0.2.9/24@eth3", "CRITICAL - 1 of 2 addresses missing: 192.0.2.1"),
        (vec![all.clone(), own("\nautoconnect-priority=-1")], both, two),
        (vec![all.clone(), own("\nautoconnect=false")], first, lost),
        // It may take each card of the others, whose number does not tell how many are active.
        (vec![all.clone(), own(""), own("")], both, one),
        (vec![all.clone(), any("")], both, one),
        (vec![all.clone(), any(three)], both, one),
        (vec![all.clone(), any(three)], "192.0.2.9/24@eth0 192.0.2.9/24@eth3", one),
        (vec![all.clone(), any(three)], "192.0.2.8/24@eth0", "CRITICAL - 1 of 1 address missing"),
    ];
    for (profiles, present, expected) in rows {
        let (first, _) = profiles::of_cards(&profiles, &["eth0", "eth1", "eth2", "eth3"], present);
        assert!(first.starts_with(&format!("IP_BOUND {expected}")), "{profiles:?} {present}: {first}");
    }
}
