//! Cards that are gone, while several profiles of NetworkManager compete for those that are left. What
//! NetworkManager 1.42.4 binds in each of these states was tried with veths.

use super::profiles::{FOLDER, cards, keyfile, profile};
use super::rivals::named;
use super::*;

/// A profile with this condition and this hardware address.
fn matching(condition: &str, address: &str) -> String {
    let text = profile("", &keyfile("198.51.100.1/24"));
    let ethernet =
        if address.is_empty() { String::new() } else { format!("[ethernet]\nmac-address={address}\n") };
    text.replace("[ipv4]", &format!("{ethernet}[match]\n{condition}\n[ipv4]"))
}

/// Returns the first line and the details for the two profiles and these files of /sys.
fn judged(profiles: [String; 2], sys: &[(String, String)], present: &str) -> (String, Vec<String>) {
    let paths = ["a", "b"].map(|name| format!("{FOLDER}/{name}.nmconnection"));
    let mut files: Vec<(&str, &str)> =
        paths.iter().map(String::as_str).zip(profiles.iter().map(String::as_str)).collect();
    files.extend(sys.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    said(&args(), &files, present)
}

fn missing(address: &str) -> String {
    format!("CRITICAL - 1 of 2 addresses missing: {address}")
}

const LOST: &str = "198.51.100.1";
const BOTH: &str = "192.0.2.1/24@eth0 198.51.100.1/24@eth3";

/// Whatever tells the card, the line names it.
#[test]
fn the_line_names_a_card_that_is_gone() {
    let card = "00:00:5e:00:53:99";
    let network = |lines: &str| {
        let text = format!("[Match]\n{lines}\n[Network]\nAddress=192.0.2.5/24\n");
        ("/etc/systemd/network/a.network", text)
    };
    let keyfile = |lines: &str| {
        let text = format!(
            "[connection]\nid=a\nuuid=5c8aefb0-1111-4222-8333-000000000001\ntype=ethernet\n{lines}\n[ipv4]\n\
             method=manual\naddress1=192.0.2.5/24\n"
        );
        ("/etc/NetworkManager/system-connections/a.nmconnection", text)
    };
    let lan =
        |matched: &str| netplan(&format!("    lan: {{match: {{{matched}}}, addresses: [192.0.2.5/24]}}\n"));
    let ifcfg = format!("HWADDR={card}\nONBOOT=yes\nIPADDR=192.0.2.5\nPREFIX=24\n");
    let of_shell = "HWADDR=$X\nONBOOT=yes\nIPADDR=192.0.2.5\nPREFIX=24\n".to_owned();
    let no_card = format!("no card here has {card}");
    let by_path = "on no interface with Path=pci-0000:00:1f.6";
    let neither = "there is no eth7 or eth8 here";
    let rows = [
        (network("Name=eth7"), "there is no eth7 here"),
        (network("Name=eth7 eth8"), neither),
        (network("Name=eth7*"), "there is no eth7* here"),
        (network("Name=\"eth0\""), "there is no eth0 with quotes here"),
        (network(&format!("MACAddress={card}")), no_card.as_str()),
        (network("Path=pci-0000:00:1f.6"), by_path),
        (network("Type=ether"), ""),
        (network("Type=wlan"), "there is no interface of Type=wlan here"),
        (network("Name=eth*"), ""),
        (network("Name=eth7 eth0"), ""),
        (keyfile("interface-name=eth7"), "there is no eth7 here"),
        (keyfile("[match]\ninterface-name=eth7;eth8;"), neither),
        (keyfile(&format!("[ethernet]\nmac-address={card}")), no_card.as_str()),
        (keyfile("[match]\npath=pci-0000:00:1f.6"), "on no interface with path=pci-0000:00:1f.6"),
        (keyfile(""), ""),
        (("/etc/netplan/a.yaml", lan(&format!("macaddress: '{card}'"))), no_card.as_str()),
        (("/etc/netplan/a.yaml", lan("name: 'eth7*'")), "there is no eth7* here"),
        (("/etc/netplan/a.yaml", lan("driver: e1000")), "on no interface with driver=e1000"),
        (("/etc/netplan/a.yaml", lan("driver: [e1000, ixgbe]")), "on no interface with driver=e1000,ixgbe"),
        (("/etc/sysconfig/network-scripts/ifcfg-lan", of_shell), ""),
        (("/etc/sysconfig/network-scripts/ifcfg-lan", ifcfg), no_card.as_str()),
    ];
    for ((path, text), cause) in rows {
        let (first, details) = said(&args(), &[(path, text.as_str())], "198.51.100.1/24@eth0");
        let cause = if cause.is_empty() { String::new() } else { format!(", {cause}") };
        let expected = format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.5{cause}");
        assert_eq!(first, expected, "{text} {details:?}");
        let (first, _) = said(&args(), &[(path, text.as_str())], "192.0.2.5/24@eth0");
        assert!(!first.contains("CRITICAL"), "{text}: {first}");
    }
}

/// That all of its file is missing, is no news.
#[test]
fn the_line_names_a_card_that_is_gone_with_all_its_addresses() {
    let card = "00:00:5e:00:53:99";
    let network = |key: &str| {
        let text = format!("[Match]\n{key}={card}\n[Network]\nAddress=192.0.2.5/24\nAddress=192.0.2.6/24\n");
        ("/etc/systemd/network/a.network", text)
    };
    let keyfile = format!(
        "[connection]\nid=a\nuuid=5c8aefb0-1111-4222-8333-000000000001\ntype=ethernet\n[ethernet]\n\
         mac-address={card}\n[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\naddress2=192.0.2.6/24\n"
    );
    let ifcfg =
        format!("HWADDR={card}\nONBOOT=yes\nIPADDR=192.0.2.5\nPREFIX=24\nIPADDR1=192.0.2.6\nPREFIX1=24\n");
    let other = ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\naddress 198.51.100.1/24\n");
    let rows = [
        network("MACAddress"),
        network("PermanentMACAddress"),
        ("/etc/NetworkManager/system-connections/a.nmconnection", keyfile),
        ("/etc/sysconfig/network-scripts/ifcfg-lan", ifcfg),
    ];
    for (path, text) in rows {
        let (first, details) = said(&args(), &[(path, text.as_str()), other], "198.51.100.1/24@eth0");
        let expected =
            format!("IP_BOUND CRITICAL - 2 of 3 addresses missing: 192.0.2.5-6, no card here has {card}");
        assert_eq!(first, expected, "{text} {details:?}");
    }
}

/// What is missing for another reason beside it does not hide the card.
#[test]
fn the_line_names_a_card_that_is_gone_beside_other_causes() {
    let rows = [
        (
            "eth7: {addresses: [192.0.2.5/24]}, eth0: {addresses: [198.51.100.2/24]}",
            "2 of 2 addresses missing: 192.0.2.5 (there is no eth7 here), 198.51.100.2",
        ),
        (
            "eth7: {addresses: [192.0.2.5/24]}, eth8: {addresses: [192.0.2.6/24]}",
            "2 of 2 addresses missing: 192.0.2.5-6, 1 of them: there is no eth7 here, 1 more cause",
        ),
        (
            "eth7: {addresses: [192.0.2.5/24, 192.0.2.9/24]}, eth0: {addresses: [203.0.113.1/28, 203.0.113.7/28, 203.0.113.11/28]}",
            "5 of 5 addresses missing: 192.0.2.5, 192.0.2.9 and 3 more, 2 of them: there is no eth7 here",
        ),
    ];
    for (interfaces, expected) in rows {
        let text = format!("network: {{version: 2, ethernets: {{{interfaces}}}}}\n");
        let (first, details) = said(&args(), &[("/etc/netplan/a.yaml", &text)], "198.51.100.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND CRITICAL - {expected}"), "{details:?}");
    }
}

/// With one card left, NetworkManager has one profile active.
#[test]
fn a_card_that_a_profile_names_is_missed() {
    let ok = |count: &str| format!("OK - {count} from networkmanager bound and usable");
    // The cards here have this address.
    let (there, gone) = ("00:00:5e:00:53:01", "00:00:5e:00:53:99");
    let one = &["eth0"][..];
    let both = &["eth0", "eth3"][..];
    let left = "192.0.2.1/24@eth0";
    let note = format!("note: {LOST} of {FOLDER}/b.nmconnection line ");
    let on_no = |condition: &str| format!("{LOST}, on no interface with {condition}");
    let rows = [
        // A name of several, or a hardware address beside a pattern, tells the card that is gone.
        ("interface-name=eth0;eth3;", "", both, BOTH, ok("2 addresses"), false),
        ("interface-name=eth0;eth3;", "", both, left, missing(LOST), false),
        ("interface-name=eth0;eth3;", "", one, left, missing(LOST), false),
        ("interface-name=eth*;", gone, one, left, missing(LOST), false),
        ("path=pci-0000:00:1f.6;", "", one, left, missing(&on_no("path=pci-0000:00:1f.6")), false),
        // Nothing tells that there was another card.
        ("interface-name=eth*;", "", both, left, missing(LOST), false),
        ("interface-name=eth*;", "", one, left, ok("1 address"), true),
        ("interface-name=eth*;", there, one, left, ok("1 address"), true),
        ("interface-name=eth0;eth*;", "", one, left, ok("1 address"), true),
        ("driver=x;", "", one, left, ok("1 address"), true),
        ("", "", one, left, ok("1 address"), true),
    ];
    for (condition, address, names, present, expected, is_noted) in rows {
        let profiles = [named("eth0", 1), matching(condition, address)];
        let place =
            |(path, text): (String, String)| (path, text.replace("=x\n", "=x\nPCI_SLOT_NAME=0000:00:02.0\n"));
        let sys: Vec<(String, String)> = cards(names).into_iter().map(place).collect();
        let (first, details) = judged(profiles, &sys, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{condition} {address} {names:?} {details:?}");
        let noted = details.iter().any(|detail| detail.starts_with(&note));
        assert_eq!(noted, is_noted, "{condition} {address} {names:?} {details:?}");
    }
}

/// The names of one list are those that one card may have: two profiles with the same one tell no second
/// card.
#[test]
fn a_card_has_one_of_the_names_of_a_list() {
    let list = |names: &str| matching(&format!("interface-name={names}"), "");
    let first = |names: &str| list(names).replace("198.51.100.1", "192.0.2.1");
    let higher = |text: String| text.replace("type=ethernet", "type=ethernet\nautoconnect-priority=5");
    let (left, one, both) = ("192.0.2.1/24@eth0", &["eth0"][..], &["eth0", "eth3"][..]);
    let ok = |count: &str| format!("OK - {count} from networkmanager bound and usable");
    let lost = "CRITICAL - 1 of 1 address missing: 192.0.2.1".to_owned();
    let neither = "CRITICAL - 2 of 2 addresses missing: 192.0.2.1, 198.51.100.1".to_owned();
    let gone = "eth0 has one profile at a time, and there is no eth3 here";
    let by_priority = "a profile with a higher priority takes the only card for it here";
    let names = "eth0;eth3;";
    let rows = [
        ([first(names), list(names)], one, left, ok("1 address"), Some(gone)),
        ([first(names), list("eth3;|eth0")], one, left, ok("1 address"), Some(gone)),
        ([higher(first(names)), list(names)], one, left, ok("1 address"), Some(by_priority)),
        ([first(names), list(names)], one, "", lost, None),
        ([first(names), list(names)], both, BOTH, ok("2 addresses"), None),
        ([first(names), list(names)], both, left, missing(LOST), None),
        // None of the cards is here.
        ([first(names), list(names)], &["eth9"], "", neither, None),
        // A card that one of them tells alone is missed.
        ([named("eth0", 1), list(names)], one, left, missing(LOST), None),
        ([first(names), named("eth3", 2)], one, left, missing("192.0.2.2, eth3 has no address at all"), None),
    ];
    for (profiles, names, present, expected, why) in rows {
        let (line, details) = judged(profiles.clone(), &cards(names), present);
        assert_eq!(line, format!("IP_BOUND {expected}"), "{profiles:?} {names:?} {details:?}");
        let note = |why: &str| details.iter().any(|each| each.contains(LOST) && each.ends_with(why));
        assert!(why.is_none_or(note), "{profiles:?} {details:?}");
    }
}

/// Two profiles with the same list or pattern may want one card; one that a name tells has a card of its own.
#[test]
fn profiles_that_say_the_same_are_alternatives_where_no_card_is_known() {
    let any = || profile("", &keyfile("198.51.100.1/24"));
    let first = |condition: &str| matching(condition, "").replace("198.51.100.1", "192.0.2.1");
    let (list, pattern) = ("interface-name=eth0;eth3;", "interface-name=eth*;");
    let left = "192.0.2.1/24@eth0";
    let ok = "OK - 1 address from networkmanager bound and usable".to_owned();
    let lost = "CRITICAL - 1 of 1 address missing: 192.0.2.1".to_owned();
    let no_wireless = format!("{LOST}, there is no wl* here");
    let rows = [
        ([named("eth0", 1), matching(pattern, "")], left, missing(LOST)),
        ([named("eth0", 1), any()], left, missing(LOST)),
        ([first(list), matching(list, "")], left, ok.clone()),
        ([first(pattern), matching(pattern, "")], left, ok),
        // One of them is missed.
        ([first(list), matching(list, "")], "", lost),
        // A name tells its card.
        ([named("eth0", 1), named("eth3", 2)], left, missing("192.0.2.2, eth3 has no address at all")),
        ([named("eth0", 1), matching("interface-name=wl*;", "")], left, missing(&no_wireless)),
    ];
    for (profiles, present, expected) in rows {
        let (line, details) = judged(profiles.clone(), &[], present);
        assert_eq!(line, format!("IP_BOUND {expected}"), "{profiles:?} {details:?}");
        let noted = details.iter().any(|each| each.starts_with(&format!("note: {LOST} of ")));
        assert_eq!(noted, expected.contains(" 1 address"), "{profiles:?} {details:?}");
    }
}

/// A profile with a higher priority may have had another card.
#[test]
fn a_profile_without_a_card_by_priority_is_a_note() {
    let higher = |text: String| text.replace("type=ethernet", "type=ethernet\nautoconnect-priority=5");
    let pattern = matching("interface-name=eth*;", "");
    let (low, high) = (named("eth0", 1), higher(named("eth0", 1)));
    let other = named("eth0", 2);
    let rows = [
        ([low.clone(), higher(pattern.clone())], "198.51.100.1/24@eth0", Some("192.0.2.1")),
        ([high.clone(), pattern], "192.0.2.1/24@eth0", Some("198.51.100.1")),
        // Two for one card have a priority for this.
        ([high, other], "192.0.2.1/24@eth0", None),
    ];
    for (profiles, present, noted) in rows {
        let (first, details) = judged(profiles.clone(), &cards(&["eth0"]), present);
        assert_eq!(first, "IP_BOUND OK - 1 address from networkmanager bound and usable", "{profiles:?}");
        let why = "a profile with a higher priority takes the only card for it here";
        let found: Vec<&String> = details.iter().filter(|detail| detail.ends_with(why)).collect();
        assert_eq!(found.len(), usize::from(noted.is_some()), "{details:?}");
        assert!(found.iter().all(|note| note.starts_with(&format!("note: {} of ", noted.unwrap()))));
    }
}

/// In a container no interface is a card, and NetworkManager takes the ends of the cables that it has.
#[test]
fn a_container_has_cables_in_place_of_cards() {
    let cable = |name: &str, more: &[(&str, &str)]| {
        let usual = [("address", "00:00:5e:00:53:01\n"), ("type", "1\n")];
        let all = usual.iter().chain(more);
        all.map(|(entry, text)| (format!("/sys/class/net/{name}/{entry}"), (*text).to_owned()))
            .collect::<Vec<_>>()
    };
    let others = [
        cable("eth7", &[("master/address", "")]),
        cable("eth8", &[("uevent", "DEVTYPE=bridge\nINTERFACE=eth8\n")]),
        cable("eth9", &[("tun_flags", "0x1002\n")]),
    ];
    let pattern = || matching("interface-name=eth*;", "");
    let second = || pattern().replace("198.51.100.1", "192.0.2.1");
    let left = "192.0.2.1/24@eth0";
    let note = "OK - 1 address from networkmanager bound and usable";
    let two = "OK - 2 addresses from networkmanager bound and usable";
    let rows = [
        (named("eth0", 1), 1, left, note.to_owned()),
        (named("eth0", 1), 2, left, missing(LOST)),
        (named("eth0", 1), 2, BOTH, two.to_owned()),
        (second(), 1, left, note.to_owned()),
        (second(), 2, left, missing(LOST)),
        (second(), 2, BOTH, two.to_owned()),
        // Where nothing is known of the interfaces, as below --root.
        (named("eth0", 1), 0, left, missing(LOST)),
    ];
    for (profile, count, present, expected) in rows {
        let names = ["eth0", "eth3"].into_iter().take(count);
        let mut sys: Vec<(String, String)> = names.flat_map(|name| cable(name, &[])).collect();
        if count > 0 {
            sys.extend(others.iter().flatten().cloned());
        }
        let (first, details) = judged([profile.clone(), pattern()], &sys, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{profile} {count} {present} {details:?}");
    }
}

/// As dash 0.5.12 and bash 5.2, each as sh, run it.
#[test]
fn a_shell_that_expands_no_braces_is_the_cause() {
    let run = |up: &str| format!("auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n up {up}\n");
    let add = "ip addr add 192.0.2.$i/24 dev eth0";
    let braces = run(&format!("for i in {{50..53}}; do {add}; done"));
    let of_bash = run(&format!("bash -c 'for i in {{50..53}}; do {add}; done'"));
    let seq = run(&format!("for i in $(seq 50 53); do {add}; done"));
    let missing = "IP_BOUND CRITICAL - 4 of 5 addresses missing: 192.0.2.50-53";
    let by_dash = format!("{missing}, dash does not expand {{50..53}}");
    let no_cause = missing.to_owned();
    let rows = [
        (&braces, "dash", &by_dash),
        (&braces, "/usr/bin/dash", &by_dash),
        (&braces, "busybox", &format!("{missing}, busybox does not expand {{50..53}}")),
        (&braces, "bash", &no_cause),
        (&braces, "", &no_cause),
        (&of_bash, "dash", &no_cause),
        (&seq, "dash", &no_cause),
    ];
    for (text, shell, expected) in rows {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "etc/network"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        std::fs::write(root.path().join("etc/network/interfaces"), text).unwrap();
        if !shell.is_empty() {
            std::os::unix::fs::symlink(shell, root.path().join("bin/sh")).unwrap();
        }
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::new(root.path(), &deadline);
        let observed = observed(&args(), &tree, "192.0.2.1/24@eth0");
        let found = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
        let first = found.split(" | ").next().unwrap();
        assert_eq!(first, expected, "{text} {shell}");
    }
}

/// As networkd 252 in a namespace: it makes no interface of these, and says so in its log alone.
#[test]
fn an_interface_that_networkd_does_not_make_has_its_reason() {
    let network = ("/etc/systemd/network/a.network", "[Match]\nName=v5\n[Network]\nAddress=192.0.2.1/24\n");
    let none = "there is no v5 here";
    let rows = [
        ("Kind=bridge", none),
        ("Kind=bridge\nKind=x", none),
        ("Kind=x", "networkd makes no v5, /etc/systemd/network/v.netdev line 3: no kind x"),
        ("", "networkd makes no v5, /etc/systemd/network/v.netdev line 1: no Kind"),
        ("Kind=vlan\n[VLAN]\nId=5", "networkd makes no v5: no .network file has VLAN=v5"),
        (
            "Kind=vlan",
            "networkd makes no v5, /etc/systemd/network/v.netdev line 1: a VLAN without an Id of 0 to 4094",
        ),
        (
            "Kind=vlan\n[VLAN]\nId=4095",
            "networkd makes no v5, /etc/systemd/network/v.netdev line 5: a VLAN without an Id of 0 to 4094",
        ),
    ];
    for (kind, cause) in rows {
        let device = format!("[NetDev]\nName=v5\n{kind}\n");
        let files = [network, ("/etc/systemd/network/v.netdev", device.as_str())];
        let (first, _) = said(&args(), &files, "192.0.2.9/24@eth0");
        assert_eq!(
            first,
            format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, {cause}"),
            "{kind}"
        );
    }
}

/// As networkd 252: a file without a name makes nothing, and the name of the file tells which it was to be.
#[test]
fn a_device_without_a_name_has_its_reason() {
    let network = ("/etc/systemd/network/a.network", "[Match]\nName=v5\n[Network]\nAddress=192.0.2.1/24\n");
    for (file, is_told) in [("v5", true), ("20-v5", true), ("v55", false)] {
        let path = format!("/etc/systemd/network/{file}.netdev");
        let (first, notes) =
            said(&args(), &[network, (&path, "[NetDev]\nKind=bridge\n")], "192.0.2.9/24@eth0");
        let why = format!("networkd makes no v5, {path} line 1: no Name");
        let cause = if is_told { why.as_str() } else { "there is no v5 here" };
        assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, {cause}"));
        assert!(notes.contains(&format!("note: {path}: no Name: networkd ignores it")), "{notes:?}");
    }
}
