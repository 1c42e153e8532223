//! Profiles of NetworkManager, of which a device has one at a time.

use super::*;

/// A profile with these lines in [connection] and these in [ipv4].
pub(super) fn profile(connection: &str, ipv4: &str) -> String {
    format!("[connection]\ntype=ethernet\n{connection}\n[ipv4]\n{ipv4}\n")
}

pub(super) fn keyfile(address: &str) -> String {
    format!("method=manual\naddress1={address}")
}

pub(super) const FOLDER: &str = "/etc/NetworkManager/system-connections";

fn judged(profiles: &[String], more: &[(&str, &str)], present: &str) -> (String, Vec<String>) {
    let paths: Vec<String> =
        ('a'..).take(profiles.len()).map(|name| format!("{FOLDER}/{name}.nmconnection")).collect();
    let mut files: Vec<(&str, &str)> =
        paths.iter().map(String::as_str).zip(profiles.iter().map(String::as_str)).collect();
    files.extend(more);
    said(&args(), &files, present)
}

#[test]
fn a_device_has_one_profile_at_a_time() {
    let two = [("1", ""), ("2", "")]
        .map(|(number, _)| profile("interface-name=eth0", &keyfile(&format!("192.0.2.{number}/24"))));
    let ok = "IP_BOUND OK - 1 address from networkmanager bound and usable";
    for (bound, other, file) in [("192.0.2.1", "192.0.2.2", "b"), ("192.0.2.2", "192.0.2.1", "a")] {
        let (first, details) = judged(&two, &[], &format!("{bound}/24@eth0"));
        assert_eq!(first, ok);
        let note = format!(
            "note: {other} of {FOLDER}/{file}.nmconnection line 6 is not expected: eth0 has one profile at a time"
        );
        assert!(details.contains(&note), "{details:?}");
    }
    let (first, _) = judged(&two, &[], "198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1");
    let (first, _) = judged(&two, &[], "192.0.2.2/24@eth3");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, eth0 has no address at all");
    // The highest priority decides.
    let higher = [two[0].clone(), two[1].replace("[ipv4]", "autoconnect-priority=1\n[ipv4]")];
    let (first, _) = judged(&higher, &[], "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.2");
}

#[test]
fn a_static_profile_beside_one_of_another_kind_is_one_of_two() {
    let fixed = profile("interface-name=eth0", &keyfile("192.0.2.1/24"));
    let auto = profile("interface-name=eth0", "method=auto");
    let both = [fixed.clone(), auto];
    let rows = [
        ("192.0.2.1/24@eth0", "OK - 1 address from networkmanager bound and usable"),
        ("192.0.2.77/24@eth0+0~3600", "OK - 1 address from networkmanager bound and usable, 1 dynamic"),
        ("192.0.2.9/24@eth3", "CRITICAL - 1 of 1 address missing: 192.0.2.1, eth0 has no address at all"),
    ];
    for (present, expected) in rows {
        let (first, _) = judged(&both, &[], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present}");
    }
    let port = profile("interface-name=eth0\nmaster=docker0\nslave-type=bridge", "method=disabled");
    let bridge = profile("interface-name=docker0", &keyfile("198.51.100.1/24")).replace("ethernet", "bridge");
    let all = [fixed, port, bridge];
    let (first, _) = judged(&all, &[], "192.0.2.1/24@eth0 198.51.100.1/24@docker0");
    assert_eq!(
        first,
        "IP_BOUND CRITICAL - 1 of 2 addresses unusable: 198.51.100.1, docker0 has none of its ports: eth0 is not a port of it"
    );
}

#[test]
fn a_profile_for_any_card_needs_one_that_is_left() {
    let named = ["eth0", "eth3"].map(|name| {
        let last = name.trim_start_matches("eth");
        profile(&format!("interface-name={name}"), &keyfile(&format!("192.0.2.1{last}/24")))
    });
    let any = |last: u8| profile("", &keyfile(&format!("198.51.100.{last}/24")));
    let card = |name: &str| {
        (format!("/sys/class/net/{name}/address"), format!("/sys/class/net/{name}/device/uevent"))
    };
    let cards = ["eth0", "eth1", "eth3"].map(card);
    let sys: Vec<(&str, &str)> = cards
        .iter()
        .flat_map(|(address, device)| {
            [(address.as_str(), "00:00:5e:00:53:01"), (device.as_str(), "DRIVER=x\n")]
        })
        .collect();
    let all_taken: Vec<(&str, &str)> =
        sys.iter().copied().filter(|(path, _)| !path.contains("eth1")).collect();
    let both = "192.0.2.10/24@eth0 192.0.2.13/24@eth3";
    let ok = |count: &str| format!("IP_BOUND OK - {count} from networkmanager bound and usable");
    let rows = [
        (vec![any(1)], &all_taken, "", ok("2 addresses")),
        // One card is left for it, and for one of two.
        (vec![any(1)], &sys, "", "IP_BOUND CRITICAL - 1 of 3 addresses missing: 198.51.100.1".to_owned()),
        (vec![any(1), any(2)], &sys, "198.51.100.2/24@eth3", ok("3 addresses")),
        (
            vec![any(1), any(2)],
            &sys,
            "",
            "IP_BOUND CRITICAL - 1 of 3 addresses missing: 198.51.100.1".to_owned(),
        ),
    ];
    for (more, cards, present, expected) in rows {
        let profiles: Vec<String> = named.iter().cloned().chain(more).collect();
        let (first, details) = judged(&profiles, cards, &format!("{both} {present}"));
        assert_eq!(first, expected, "{present} {details:?}");
    }
    // A container shows no card.
    let profiles: Vec<String> = named.iter().cloned().chain([any(1)]).collect();
    let (first, _) = judged(&profiles, &[], both);
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 3 addresses missing: 198.51.100.1");
}

/// Files that show these cards.
pub(super) fn cards(names: &[&str]) -> Vec<(String, String)> {
    let files = |name: &&str| {
        let folder = format!("/sys/class/net/{name}");
        let address = (format!("{folder}/address"), "00:00:5e:00:53:01".to_owned());
        [address, (format!("{folder}/device/uevent"), "DRIVER=x\n".to_owned())]
    };
    names.iter().flat_map(files).collect()
}

pub(super) fn of_cards(profiles: &[String], names: &[&str], present: &str) -> (String, Vec<String>) {
    let files = cards(names);
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    judged(profiles, &files, present)
}

/// What one profile lost is not what another has by DHCP.
#[test]
fn an_address_of_another_profile_is_no_lease() {
    let eth0 = |ipv4: &str| profile("interface-name=eth0", ipv4);
    let two = eth0("method=manual\naddress1=192.0.2.1/24\naddress2=192.0.2.2/24");
    let any = |ipv4: &str| profile("", ipv4);
    let (first, second) = (any(&keyfile("198.51.100.1/24")), any(&keyfile("198.51.100.2/24")));
    let v6 = eth0("method=disabled\n[ipv6]\nmethod=auto\nmay-fail=false");
    let missing = |count: u8, what: &str| format!("CRITICAL - 1 of {count} {what}");
    let rows = [
        // The address of a card with a profile of its own.
        (
            vec![eth0(&keyfile("192.0.2.10/24")), first.clone(), any("method=auto")],
            &["eth0", "eth3"][..],
            "192.0.2.10/24@eth0",
            missing(2, "addresses missing: 198.51.100.1"),
        ),
        // One that it has by DHCP.
        (
            vec![eth0("method=auto"), first.clone(), any("method=auto")],
            &["eth0", "eth3"],
            "192.0.2.10/24@eth0+0~3600",
            missing(2, "addresses missing: 198.51.100.1"),
        ),
        // The tunnel of another program.
        (
            vec![eth0("method=auto"), first.clone(), any("method=auto")],
            &["eth0", "eth3"],
            "192.0.2.10/24@eth0+0~3600 203.0.113.1/24@docker0 203.0.113.2/24@eth3",
            missing(2, "addresses missing: 198.51.100.1"),
        ),
        // A part of them tells the profile.
        (
            vec![two.clone(), eth0("method=auto")],
            &["eth0"],
            "192.0.2.1/24@eth0 2001:db8::7/64@eth0+0~3600",
            missing(2, "addresses missing: 192.0.2.2"),
        ),
        (
            vec![two, v6.clone()],
            &["eth0"],
            "192.0.2.1/24@eth0 2001:db8::7/64@eth0+0~3600",
            missing(2, "addresses missing: 192.0.2.2"),
        ),
        // The other family.
        (
            vec![eth0(&keyfile("192.0.2.1/24")), v6],
            &["eth0"],
            "192.0.2.77/24@eth0+0~3600",
            missing(1, "address missing: 192.0.2.1"),
        ),
        // What another of the profiles gives.
        (
            vec![first, second, any("method=auto")],
            &["eth0", "eth3"],
            "198.51.100.1/24@eth0+0~3600",
            missing(2, "addresses missing: 198.51.100.2"),
        ),
    ];
    for (profiles, cards, present, expected) in rows {
        let (first, details) = of_cards(&profiles, cards, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present} {details:?}");
    }
}

/// Of two profiles of which one asks for no address, or for one of another family, the files do not tell
/// which is active.
#[test]
fn a_lease_is_required_where_each_profile_asks_for_it() {
    let eth0 = |ipv4: &str| profile("interface-name=eth0", ipv4);
    let v6 = eth0("method=disabled\n[ipv6]\nmethod=auto\nmay-fail=false");
    let present = "198.51.100.1/24@eth3";
    let missing = "CRITICAL - 1 of 1 address missing: eth0 has no IPv4 address (DHCP)";
    let other = profile("interface-name=eth3", &keyfile("198.51.100.1/24"));
    let ok = "OK - 1 address from networkmanager bound and usable";
    let rows = [
        ("disabled", vec![eth0("method=auto"), eth0("method=disabled"), other.clone()], present, ok),
        (
            "another family",
            vec![eth0("method=auto"), v6, other.clone()],
            "198.51.100.1/24@eth3 2001:db8::7/64@eth0+0~3600",
            "OK - 2 addresses from networkmanager bound and usable, 1 dynamic",
        ),
        (
            "the same",
            vec![eth0("method=auto"), eth0("method=auto"), other],
            present,
            "CRITICAL - 1 of 2 addresses missing: eth0 has no IPv4 address (DHCP)",
        ),
        ("nothing else", vec![eth0("method=auto"), eth0("method=disabled")], "", missing),
    ];
    for (name, profiles, present, expected) in rows {
        let (first, details) = judged(&profiles, &[], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{name} {details:?}");
    }
}

/// A profile that may not fit the driver here hides no other one.
#[test]
fn a_doubtful_profile_has_no_priority() {
    let doubtful = profile("interface-name=eth0\nautoconnect-priority=10", &keyfile("192.0.2.1/24"))
        .replace("[ipv4]", "[match]\ndriver=x;\n[ipv4]");
    let plain = profile("interface-name=eth0", &keyfile("192.0.2.2/24"));
    let files = [("/sys/class/net/eth0/address", "00:00:5e:00:53:01")];
    let both = [doubtful, plain];
    let ok = "OK - 1 address from networkmanager bound and usable";
    let rows = [
        ("192.0.2.1/24@eth0", ok),
        ("192.0.2.2/24@eth0", ok),
        ("198.51.100.1/24@eth0", "CRITICAL - 1 of 1 address missing: 192.0.2.2"),
    ];
    for (present, expected) in rows {
        let (first, details) = judged(&both, &files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present} {details:?}");
    }
}

/// NetworkManager activates the profile with the highest priority that fits a card, whether or not it names
/// the card.
#[test]
fn a_profile_for_any_card_takes_one_from_a_lower_priority() {
    let named = profile("interface-name=eth0", &keyfile("192.0.2.10/24"));
    let any =
        |priority: i8| profile(&format!("autoconnect-priority={priority}"), &keyfile("198.51.100.1/24"));
    let ok = "OK - 1 address from networkmanager bound and usable";
    let missing = |address: &str| format!("CRITICAL - 1 of 1 address missing: {address}");
    let rows = [
        (50, &["eth0"][..], "198.51.100.1/24@eth0", ok.to_owned()),
        (50, &["eth0"], "203.0.113.1/24@eth0", missing("198.51.100.1")),
        (50, &["eth0", "eth3"], "198.51.100.1/24@eth0", ok.to_owned()),
        (50, &["eth0", "eth3"], "192.0.2.10/24@eth0", missing("198.51.100.1")),
        (0, &["eth0"], "192.0.2.10/24@eth0", ok.to_owned()),
        (-1, &["eth0"], "203.0.113.1/24@eth0", missing("192.0.2.10")),
    ];
    for (priority, cards, present, expected) in rows {
        let (first, details) = of_cards(&[named.clone(), any(priority)], cards, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{priority} {cards:?} {present} {details:?}");
    }
    let two = [named.clone(), named.replace(".10/", ".11/"), any(50)];
    let (first, details) = of_cards(&two, &["eth0", "eth3"], "198.51.100.1/24@eth0");
    assert_eq!(first, format!("IP_BOUND {ok}"), "{details:?}");
    let note = format!(
        "note: 192.0.2.11 of {FOLDER}/b.nmconnection line 6 is not expected: whether a profile with a higher priority takes eth0 is not known here"
    );
    assert!(details.contains(&note), "{details:?}");
}

/// NetworkManager 1.42 does not know the key, by which newer releases never activate the first profile.
#[test]
fn what_is_missing_is_of_a_profile_that_surely_can_be_active() {
    let denied = profile("interface-name=eth0\nautoconnect-priority=10", &keyfile("192.0.2.1/24"))
        .replace("[ipv4]", "[ethernet]\nmac-address-denylist=00:00:5e:00:53:01;\n[ipv4]");
    let plain = profile("interface-name=eth0", &keyfile("192.0.2.2/24"));
    let files = [("/sys/class/net/eth0/address", "00:00:5e:00:53:01")];
    let ok = "OK - 1 address from networkmanager bound and usable";
    let gone = "CRITICAL - 1 of 1 address missing: 192.0.2.2, eth0 has no address at all";
    let rows = [("192.0.2.1/24@eth0", ok), ("192.0.2.2/24@eth0", ok), ("198.51.100.1/24@eth3", gone)];
    for profiles in [[denied.clone(), plain.clone()], [plain, denied.clone()]] {
        for (present, expected) in rows {
            let (first, details) = judged(&profiles, &files, present);
            assert_eq!(first, format!("IP_BOUND {expected}"), "{present} {details:?}");
        }
    }
    let (first, _) = judged(&[denied], &files, "192.0.2.1/24@eth0");
    let expected = format!(
        "IP_BOUND UNKNOWN - 192.0.2.1 is not certain: whether NetworkManager leaves eth0 alone by \
         mac-address-denylist ({FOLDER}/a.nmconnection line 6) is not known here, and no other address is \
         expected: name them by --ip or --file, or add --bound"
    );
    assert_eq!(first, expected);
}

/// What another source has on the interface is not the lease of a profile, whatever was chosen before.
#[test]
fn a_static_address_is_no_lease_of_the_next_group() {
    let eth = |name: &str, ipv4: &str| profile(&format!("interface-name={name}"), ipv4);
    let profiles = [
        eth("eth0", &keyfile("10.0.0.1/24")),
        eth("eth0", "method=auto"),
        eth("eth3", &keyfile("192.0.2.1/24")),
        eth("eth3", "method=auto"),
    ];
    let own = [("/etc/systemd/network/10.network", "[Match]\nName=eth3\n[Network]\nAddress=192.0.2.5/24\n")];
    let ok = "OK - 3 addresses from networkd, networkmanager bound and usable";
    let rows = [
        ("10.0.0.1/24@eth0 192.0.2.5/24@eth3 192.0.2.1/24@eth3", ok),
        ("10.0.0.1/24@eth0 192.0.2.5/24@eth3", "CRITICAL - 1 of 3 addresses missing: 192.0.2.1"),
    ];
    for (present, expected) in rows {
        let (first, details) = judged(&profiles, &own, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present} {details:?}");
    }
}

/// As NetworkManager 1.42.4 does with these files: it loads none, and says why in its journal.
#[test]
fn the_cause_names_a_profile_that_networkmanager_ignores() {
    let good =
        profile("uuid=30000000-0000-0000-0000-000000000001\ninterface-name=eth0", &keyfile("192.0.2.1/24"));
    let missing = "CRITICAL - 1 of 1 address missing: 192.0.2.1, NetworkManager ignores a.nmconnection: ";
    let rows = [
        (good.replace("=ethernet", "=Ethernet"), "line 2: type: Ethernet is not known"),
        (good.replace("type=ethernet\n", ""), "it has no type"),
        (good.replace("-0000-", "-"), "line 3: uuid: 30000000-0000-000000000001 is not a UUID"),
        (format!("{good}[ipv6]\nmay-fail=false\n"), "line 9: [ipv6] has no method"),
        (format!("{good}junk\n"), "line 8: neither a group nor a key and its value, 1 more fault"),
        (format!("\u{feff}{good}"), "a byte order mark before the first group, 1 more fault"),
    ];
    for (profile, why) in rows {
        let (first, _) = judged(std::slice::from_ref(&profile), &[], "198.51.100.1/24@eth1");
        assert_eq!(first, format!("IP_BOUND {missing}{why}"), "{profile}");
    }
    // Of a lease too.
    let leased = profile("interface-name=eth0", "method=auto").replace("=ethernet", "=Ethernet");
    let (first, _) = judged(&[leased], &[], "198.51.100.1/24@eth1");
    let why = "NetworkManager ignores a.nmconnection: line 2: type: Ethernet is not known";
    let missing = format!("1 of 1 address missing: eth0 has no IPv4 address (DHCP): {why}");
    assert_eq!(first, format!("IP_BOUND CRITICAL - {missing}"));
    // What is bound all the same is not lost.
    let (first, _) = judged(&[good.replace("=ethernet", "=Ethernet")], &[], "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from networkmanager bound and usable");
}

/// NetworkManager 1.42.4 leaves the port disconnected or unmanaged, and brings the bridge up.
#[test]
fn a_bridge_lacks_the_port_that_networkmanager_leaves_alone() {
    let bridge = profile("interface-name=eth3", &keyfile("192.0.2.1/24")).replace("=ethernet", "=bridge");
    let port = profile("interface-name=eth0\nmaster=eth3\nslave-type=bridge", "method=disabled");
    let none =
        "CRITICAL - 192.0.2.1 bound but unusable: eth3 has none of its ports: eth0 is not a port of it";
    let ok = "OK - 1 address from ifupdown bound and usable";
    let rows = [
        ("[keyfile]\nunmanaged-devices=interface-name:eth0\n", none),
        ("[keyfile]\nunmanaged-devices=*,except:interface-name:eth3\n", none),
        ("[device-a]\nmatch-device=interface-name:eth?,except:interface-name:eth3\nmanaged=0\n", none),
        (
            "[keyfile]\nunmanaged-devices=interface-name:eth0\n[device]\nmatch-device=interface-name:eth3\nmanaged=0\n",
            ok,
        ),
        ("[keyfile]\nunmanaged-devices=interface-name:eth*\n", ok),
    ];
    let present = |settings: &str| {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/etc/NetworkManager/NetworkManager.conf", settings),
            ("/etc/NetworkManager/system-connections/b.nmconnection", &bridge),
            ("/etc/NetworkManager/system-connections/p.nmconnection", &port),
            ("/etc/network/interfaces", "auto eth3\niface eth3 inet static\n\taddress 192.0.2.1/24\n"),
        ];
        let tree = Tree::in_memory(files.iter().copied(), &deadline);
        let bridged = |bound: &mut Bound| {
            let eth3 = bound.interfaces.iter_mut().find(|each| each.name == "eth3");
            eth3.unwrap().kind = host_net::Kind::Bridge;
        };
        let observed = observed_with(&args(), &tree, "192.0.2.1/24@eth3", bridged);
        evaluate(&args().limits(), &observed).render("IP_BOUND", 0)
    };
    for (settings, expected) in rows {
        let text = present(settings);
        assert!(text.starts_with(&format!("IP_BOUND {expected} | ")), "{settings} {text}");
    }
}
