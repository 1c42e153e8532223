//! Files of networkd that name the same interface and differ by its device, row by row: what networkd 252
//! bound in a namespace, where eth0 is a veth.

use super::*;

/// Returns the first line for two files of networkd for eth0, of which the first has these conditions too.
fn networkd(conditions: &str, second: &str, present: &str) -> (String, Vec<String>) {
    let first = format!("[Match]\nName=eth0\n{conditions}\n[Network]\nAddress=192.0.2.1/24\n");
    let second = format!("[Match]\n{second}\n");
    let veth = [("address", "00:00:5e:00:53:01\n"), ("addr_assign_type", "3\n"), ("type", "1\n")];
    let veth = veth.into_iter().chain([("ifindex", "2\n"), ("iflink", "7\n"), ("uevent", "IFINDEX=2\n")]);
    let veth: Vec<(String, &str)> =
        veth.map(|(name, text)| (format!("/sys/class/net/eth0/{name}"), text)).collect();
    let mut files: Vec<(&str, &str)> = veth.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    files.push(("/etc/systemd/network/a.network", &first));
    files.push(("/etc/systemd/network/b.network", &second));
    said(&args(), &files, present)
}

#[test]
fn the_next_file_counts_where_the_device_is_another() {
    let next = "Name=eth0\n[Network]\nAddress=192.0.2.2/24";
    let ok = "OK - 1 address from networkd bound and usable";
    let missing =
        |address| format!("CRITICAL - 1 of 1 address missing: {address}, eth0 has no address at all");
    let lease = "Name=eth0\n[Network]\nDHCP=ipv4";
    let (has_lease, lost) =
        ("OK - 1 address from networkd bound", "CRITICAL - 1 of 1 address missing: 192.0.2.1");
    let has_pool = "OK - 1 address from networkd bound";
    let both = "CRITICAL - 1 of 2 addresses missing: ";
    let other = "Name=eth3\n[Network]\nAddress=192.0.2.2/24";
    let never = |what| format!("WARNING - 192.0.2.1 never bound: eth0 does not fit {what}");
    let rows = [
        // Ruled out by what the kernel says.
        ("Driver=e1000", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("Kind=!veth", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("Type=wlan", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("SSID=foo", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("Path=pci-*", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("PermanentMACAddress=00:00:5e:00:53:01", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("MACAddress=00:00:5e:00:53:09", next, "192.0.2.2/24@eth0", ok.to_owned()),
        // What the next one has is still missed.
        ("Driver=e1000", next, "192.0.2.9/24@eth3", missing("192.0.2.2")),
        // One of the two, which is not known.
        ("Property=ID_MODEL=x", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("Property=ID_MODEL=x", next, "192.0.2.1/24@eth0", ok.to_owned()),
        ("Property=ID_MODEL=x", next, "192.0.2.9/24@eth3", missing("192.0.2.1")),
        ("Credential=x", next, "192.0.2.2/24@eth0", ok.to_owned()),
        ("Credential=x", next, "192.0.2.1/24@eth0", ok.to_owned()),
        ("Firmware=device-tree", next, "192.0.2.9/24@eth3", missing("192.0.2.1")),
        // An address that another program or a person added is no lease.
        ("Credential=x", lease, "192.0.2.9/24@eth0~60", has_lease.to_owned()),
        ("Credential=x", lease, "192.0.2.1/24@eth0", ok.to_owned()),
        ("Credential=x", lease, "192.0.2.9/24@eth0", lost.to_owned()),
        ("Property=ID_MODEL=x", lease, "192.0.2.9/24@eth0", lost.to_owned()),
        // networkd took it of the pool, and says no end.
        (
            "Credential=x",
            "Name=eth0\n[Network]\nAddress=0.0.0.0/24",
            "192.0.2.9/24@eth0",
            has_pool.to_owned(),
        ),
        // The only file for eth0 stays expected: a card that was replaced is an outage.
        (
            "Driver=e1000",
            "Name=eth3\n[Network]\nAddress=192.0.2.2/24",
            "192.0.2.2/24@eth3",
            format!("{both}192.0.2.1, eth0 does not fit Driver=e1000"),
        ),
        (
            "Driver=e1000",
            "Name=e*\n[Network]\nDHCP=yes",
            "192.0.2.9/24@eth0~60",
            format!("{both}192.0.2.1, eth0 does not fit Driver=e1000"),
        ),
        (
            "PermanentMACAddress=00:00:5e:00:53:01",
            "Name=eth0\n[Link]\nUnmanaged=yes",
            "192.0.2.9/24@eth3",
            "CRITICAL - 1 of 1 address missing: 192.0.2.1, eth0 does not fit PermanentMACAddress=".to_owned(),
        ),
        // A file for another type never applies, and one of which it is not known is not missed.
        ("Type=!ether", other, "192.0.2.2/24@eth3", never("Type=!ether")),
        ("Kind=bridge", other, "192.0.2.2/24@eth3", never("Kind=bridge")),
        ("SSID=foo", other, "192.0.2.2/24@eth3", never("SSID=foo")),
        ("Type=!ether", other, "192.0.2.2/24@eth3 192.0.2.1/24@eth0", ok.to_owned()),
        ("Property=ID_MODEL=x", other, "192.0.2.2/24@eth3", ok.to_owned()),
        (
            "Property=ID_MODEL=x",
            other,
            "192.0.2.2/24@eth3 192.0.2.1/24@eth0",
            ok.replace("1 address", "2 addresses"),
        ),
        // It is for this device.
        (
            "Driver=veth",
            next,
            "192.0.2.9/24@eth3",
            "CRITICAL - 1 of 1 address missing: 192.0.2.1, eth0 has no address at all".to_owned(),
        ),
    ];
    for (conditions, second, present, expected) in rows {
        let (first, details) = networkd(conditions, second, present);
        let text = format!("{conditions} {second} {present}: {first}");
        assert!(first.starts_with(&format!("IP_BOUND {expected}")), "{text} {details:?}");
    }
    let (_, details) = networkd("Driver=e1000", next, "192.0.2.2/24@eth0");
    let file = "/etc/systemd/network/a.network line 5";
    let note = format!("note: 192.0.2.1 of {file} is not expected: eth0 does not fit Driver=e1000");
    assert_eq!(details, [note]);
    let (_, details) = networkd("Property=ID_MODEL=x", other, "192.0.2.2/24@eth3");
    let why = "whether Property=ID_MODEL=x fits eth0 is not known here";
    assert_eq!(details, [format!("note: 192.0.2.1 of {file} is not expected: {why}")]);
}

/// A lease of DHCP may never end, and networkd keeps a file of each lease that it has.
#[test]
fn an_address_without_an_end_is_a_lease_where_networkd_has_one() {
    let first = "[Match]\nName=eth0\nCredential=x\n[Network]\nAddress=192.0.2.1/24\n";
    let mut files = vec![
        ("/sys/class/net/eth0/ifindex", "2\n"),
        ("/etc/systemd/network/a.network", first),
        ("/etc/systemd/network/b.network", "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n"),
    ];
    for (lease, state) in [("/run/systemd/netif/leases/3", "CRITICAL"), ("/run/systemd/netif/leases/2", "OK")]
    {
        files.push((lease, "ADDRESS=192.0.2.9\n"));
        let (line, _) = said(&args(), &files, "192.0.2.9/24@eth0");
        assert!(line.starts_with(&format!("IP_BOUND {state} - ")), "{lease}: {line}");
    }
}
