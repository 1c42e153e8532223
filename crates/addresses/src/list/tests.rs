//! What `list` promises, row by row.

use std::collections::HashSet;

use super::*;

fn parse(content: &[u8]) -> Result<String, String> {
    let list = List::parse("ips", 0, content).map_err(|error| error.to_string())?;
    let entries: Vec<String> =
        list.entries.iter().map(|entry| format!("{}:{}", entry.line, entry.expected)).collect();
    Ok(entries.join(" "))
}

#[test]
fn reads_the_kinds_of_list() {
    let rows: [(&[u8], &str); 8] = [
        (b"192.0.2.1\n192.0.2.2", "1:192.0.2.1 2:192.0.2.2"),
        (b"\xef\xbb\xbf192.0.2.1\r\n\r\n  # note\r\n\t192.0.2.2 \r\n", "1:192.0.2.1 4:192.0.2.2"),
        (
            b"192.0.2.1 eth0\n192.0.2.2,x\n192.0.2.3#x\n192.0.2.4 80,443\n",
            "1:192.0.2.1 2:192.0.2.2 3:192.0.2.3 4:192.0.2.4",
        ),
        (b"192.0.2.1\t255.255.255.0\tshared\t#0\n", "1:192.0.2.1"),
        (b"192.0.2.1:255.255.255.0:192.0.2.255\n192.0.2.2:255.255.255.255\n", "1:192.0.2.1 2:192.0.2.2"),
        (b"192.0.2.1/24\n2001:DB8::1/64\n192.0.2.1\n", "1:192.0.2.1/24 2:2001:db8::1/64 3:192.0.2.1"),
        (b"192.0.2.1 # caf\xe9\n", "1:192.0.2.1"),
        (b"192.0.2.1\x0b192.0.2.2", "ips line 1: 192.0.2.1\u{b}192.0.2.2 is not an IP address\n"),
    ];
    for (content, expected) in rows {
        assert_eq!(parse(content).unwrap_or_else(|error| error), expected);
    }
}

#[test]
fn every_bad_line_is_named() {
    let message = parse(b"192.0.2.1\n010.1.1.1\n,192.0.2.2\nfe80::1%eth0\n\xff\xfe\n").unwrap_err();
    let expected = [
        "ips line 2: 010.1.1.1 is not an IP address: leading zero (and 3 more bad lines)",
        "ips line 3: an empty field is not an IP address",
        "ips line 4: fe80::1%eth0 has a zone: give the address without it, and the interface by --interface",
        "ips line 5: \u{fffd}\u{fffd} is not an IP address",
    ];
    assert_eq!(message.lines().collect::<Vec<_>>(), expected);
    let many = parse("x\n".repeat(1000).as_bytes()).unwrap_err();
    assert_eq!(many.lines().count(), 101);
    assert_eq!(many.lines().last(), Some("ips: and 900 more bad lines"));
}

#[test]
fn no_address_gets_lost_behind_a_carriage_return() {
    let what = "a carriage return inside the line: lines end with a line feed";
    for content in ["192.0.2.1\r192.0.2.2\r", "# list\r192.0.2.1\r", "192.0.2.1 eth0\r\r192.0.2.2\n"] {
        assert_eq!(parse(content.as_bytes()), Err(format!("ips line 1: {what}\n")), "{content:?}");
    }
    assert_eq!(parse(b"192.0.2.1 eth0\r\r\n"), Ok("1:192.0.2.1".to_owned()));
}

#[test]
fn a_line_has_one_address() {
    let message = parse(b"192.0.2.1\n192.0.2.2 192.0.2.3\n192.0.2.4 255.0.255.0\n").unwrap_err();
    let expected = [
        "ips line 2: a second address, 192.0.2.3: write one address a line, notes after # (and 1 more bad lines)",
        "ips line 3: 255.0.255.0 is not a netmask",
    ];
    assert_eq!(message.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn cpanel_lines_must_be_whole() {
    for field in [
        "192.0.2.1:80",
        "192.0.2.1:255.255.255.0:",
        "192.0.2.1:255.255.255.0:192.0.2.255:x",
        "192.0.2.01:255.255.255.0:192.0.2.255",
        "192.0.2.1:24:192.0.2.255",
    ] {
        assert_eq!(
            parse(field.as_bytes()).unwrap_err(),
            format!("ips line 1: {field} is not an IP address\n")
        );
    }
}

fn parse_with_fields(content: &[u8]) -> Result<String, String> {
    let (list, fields) = List::parse_with_fields("ips", 0, content).map_err(|error| error.to_string())?;
    let ports = |entry| {
        let own = fields.ports.iter().filter(move |own| own.entry == entry);
        own.flat_map(|own| own.range.ports()).map(|port| format!(":{port}"))
    };
    let labels = |entry| {
        fields.labels.iter().filter(move |own| own.entry == entry).map(|own| format!("={}", own.label))
    };
    let print = |(place, entry): (u32, &Entry)| {
        format!("{}{}{}", entry.expected, ports(place).collect::<String>(), labels(place).collect::<String>())
    };
    Ok((0..).zip(&list.entries).map(print).collect::<Vec<_>>().join(" "))
}

#[test]
fn a_line_may_carry_its_own_ports_and_a_label() {
    let rows: [(&[u8], &str); 11] = [
        (
            b"192.0.2.10 80,443\n192.0.2.11\n2001:db8::1\t25 # mail\n",
            "192.0.2.10:80:443 192.0.2.11 2001:db8::1:25",
        ),
        (
            b"192.0.2.1 eth0 # 80\n192.0.2.2,x\n192.0.2.3#80\n192.0.2.4 80#x\n192.0.2.5 # 80\n192.0.2.6 rack in row 7\n",
            "192.0.2.1=eth0 192.0.2.2 192.0.2.3 192.0.2.4:80 192.0.2.5 192.0.2.6=rack",
        ),
        (b"192.0.2.1\t255.255.255.0\tshared\t#0\n", "192.0.2.1"),
        (b"192.0.2.1:255.255.255.0:192.0.2.255 65535\n", "192.0.2.1:65535"),
        (
            b"192.0.2.10 443 www.example.com # SNI\n192.0.2.11 proxy7, spare\n2001:db8::1\tm\xc3\xbcnchen\n",
            "192.0.2.10:443=www.example.com 192.0.2.11=proxy7 2001:db8::1=m\u{fc}nchen",
        ),
        (
            b"192.0.2.1 0xffffff00\n192.0.2.2 /24\n192.0.2.3 80 ffff:ffff::/32\n",
            "192.0.2.1 192.0.2.2 192.0.2.3:80",
        ),
        (b"192.0.2.1 192.0.2.1:255.255.255.0:192.0.2.255\n192.0.2.2 0xweb\n", "192.0.2.1 192.0.2.2=0xweb"),
        // A word in the place of the ports is a port if it is a service.
        (
            b"192.0.2.1 https\n192.0.2.2 smtp,465 mx1\n192.0.2.3 smtp\n",
            "192.0.2.1:443 192.0.2.2:25:465=mx1 192.0.2.3:25",
        ),
        (b"192.0.2.1 www\n192.0.2.2 mail\n192.0.2.3 mysql-2\n", "192.0.2.1=www 192.0.2.2=mail 192.0.2.3=mysql-2"),
        (b"192.0.2.1 80-82\n192.0.2.2 443,80-81 web\n", "192.0.2.1:80:81:82 192.0.2.2:443:80:81=web"),
        // After ports in numbers it is a label.
        (b"192.0.2.1 2222 ssh\n192.0.2.2 25,465 smtp\n", "192.0.2.1:2222=ssh 192.0.2.2:25:465=smtp"),
    ];
    for (content, expected) in rows {
        assert_eq!(parse_with_fields(content).unwrap_or_else(|error| error), expected);
    }
}

#[test]
fn an_address_to_connect_to_may_have_a_zone() {
    let content = b"192.0.2.1\nfe80::1%eth0 80 web\nfe80::1%eth1\n";
    let (list, fields) = List::parse_with_fields("ips", 0, content).unwrap();
    let zones: Vec<(u32, &str)> = fields.zones.iter().map(|own| (own.entry, own.zone.as_str())).collect();
    assert_eq!(zones, [(1, "eth0"), (2, "eth1")]);
    assert_eq!(list.entries[1].expected.to_string(), "fe80::1");
    assert_eq!(parse_with_fields(content), Ok("192.0.2.1 fe80::1:80=web fe80::1".to_owned()));
    let wrong = "ips line 1: 2001:db8::1%eth0: only link-local addresses (fe80::/10) have a zone\n";
    assert_eq!(parse_with_fields(b"2001:db8::1%eth0\n"), Err(wrong.to_owned()));
}

/// Ports that are written and would not be tried make a bad line.
#[test]
fn no_port_of_a_line_is_passed_over() {
    let none = |text: &str| format!("{text} is not a port of 1 to 65535");
    let stray = |text: &str, place: &str| {
        format!(
            "{text} after {place}: write all ports in the second field, as in 192.0.2.10 80,443 web, and notes after #"
        )
    };
    let unknown =
        |text: &str| format!("{text} is not a service known here: write its port, as in 443 or https");
    let rows = [
        (" 0", none("0")),
        (" 65536", none("65536")),
        (" 70000", none("70000")),
        (" 80,", none("an empty field")),
        (" ,80", none("an empty field")),
        (" 80,,443", none("an empty field")),
        (" 00080", none("00080")),
        (" 99999999999999999999", none("99999999999999999999")),
        (" tcp/81", none("tcp/81")),
        (" 81/tcp", none("81/tcp")),
        (" 80-", none("80-")),
        (" 443;80", none("443;80")),
        (" :443", none(":443")),
        (" https/tcp web", none("https/tcp")),
        (" 8081:web", none("8081:web")),
        (" 8081;web note", none("8081;web")),
        (" 8081x", none("8081x")),
        (" ssl:443", none("ssl:443")),
        (" https-8081", unknown("https-8081")),
        (" \u{ff18}\u{ff10}", none("\u{ff18}\u{ff10}")),
        (" smtp,mail", unknown("mail")),
        (" web,443", unknown("web")),
        (" 80 443", stray("443", "the ports")),
        (" 80 443 web", stray("443", "the ports")),
        (" 80 ,443", stray(",443", "the ports")),
        (" 80 web,443", stray("web,443", "the ports")),
        (" http https", stray("https", "the ports")),
        (" eth0 80", stray("80", "the label")),
        (" port 443", stray("443", "the label")),
        (" web https", stray("https", "the label")),
        (" 80 web 443", stray("443", "the label")),
        (",80", stray("80", "a comma")),
        (", 443 web", stray("443", "a comma")),
    ];
    for (bad, why) in rows {
        let list = format!("192.0.2.1 80\n192.0.2.2{bad}\n");
        let message = parse_with_fields(list.as_bytes()).unwrap_err();
        assert_eq!(message, format!("ips line 2: {why}\n"), "{bad}");
        // For a reader of addresses alone, the line is as good as any.
        assert_eq!(parse(list.as_bytes()).unwrap(), "1:192.0.2.1 2:192.0.2.2");
    }
    let range = "ips line 1: 82-80 is not a range of ports: the smaller one comes first, as in 80-82\n";
    assert_eq!(parse_with_fields(b"192.0.2.1 82-80\n"), Err(range.to_owned()));
}

#[test]
fn a_label_in_the_place_of_ports_may_be_a_mistyped_port() {
    let rows = [
        ("192.0.2.1 312x\n", Some("312x")),
        ("192.0.2.1 80 web\n192.0.2.2\n192.0.2.3 31x28 lon-1\n", Some("31x28")),
        ("192.0.2.1 8o80\n192.0.2.2 8080\n", Some("8o80")),
        ("192.0.2.1 web\n192.0.2.2 3rd\n", Some("3rd")),
        (
            "192.0.2.1 80 3rd\n192.0.2.2 web3\n192.0.2.3 # 3128x\n192.0.2.4 255.255.255.0\n192.0.2.5 80-82\n",
            None,
        ),
        ("192.0.2.1\n", None),
    ];
    for (content, expected) in rows {
        let (_, fields) = List::parse_with_fields("ips", 0, content.as_bytes()).unwrap();
        assert_eq!(fields.mistyped_port().map(|label| label.label.as_str()), expected, "{content}");
    }
}

#[test]
fn a_label_of_several_addresses_names_none() {
    let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
    let labels = [(one, "web"), (one, "eth0"), (other, "eth0"), (one, "web"), (other, "mail")];
    assert_eq!(ambiguous(labels), HashSet::from(["eth0"]));
}

#[test]
fn nothing_in_it_is_an_error() {
    for content in ["", "\n\n", "# only a comment\n", "\u{feff}", " \t\r\n"] {
        assert_eq!(parse(content.as_bytes()), Err("ips: no address in it".to_owned()));
    }
    let zeros = parse(&[0; 5000]).unwrap_err();
    assert_eq!(zeros, format!("ips line 1: {}... is not an IP address\n", "\0".repeat(60)));
}

#[test]
fn a_netmask_tells_a_network_from_a_host() {
    let rows = [
        ("198.18.0.0 255.255.255.0", Some(24)),
        ("198.18.0.0 0xffffff00", Some(24)),
        ("198.18.0.0 /24", Some(24)),
        ("198.18.0.0:255.255.255.0:198.18.0.255", Some(24)),
        ("2001:db8:: /120", Some(120)),
        // Hosts, as panels list them, and a host of its own.
        ("198.18.0.1 255.255.255.0", None),
        ("198.18.1.0 255.255.0.0", None),
        ("198.18.0.0 443 web", None),
        ("198.18.0.0", None),
        // The prefix length at the address itself is enough.
        ("198.18.0.0/24 255.255.255.0", None),
    ];
    for (line, prefix) in rows {
        let (_, fields) = List::parse_with_fields("x", 0, line.as_bytes()).unwrap();
        assert_eq!(fields.networks.first().map(|network| network.prefix), prefix, "{line}");
    }
}

#[test]
fn a_panels_netmask_follows_its_address() {
    let rows = [
        ("192.0.2.1:255.255.255.0:192.0.2.255", Some(("192.0.2.1", 24))),
        ("192.0.2.1:255.255.255.255:192.0.2.1", Some(("192.0.2.1", 32))),
        ("192.0.2.1:255.255.255.255", Some(("192.0.2.1", 32))),
        ("192.0.2.1:0.0.0.0", None),
        ("192.0.2.1\t255.255.255.192\teth0", Some(("192.0.2.1", 26))),
        ("192.0.2.1 0xffffff00", Some(("192.0.2.1", 24))),
        ("192.0.2.1 0x+ffffff00", None),
        ("192.0.2.1 /28", Some(("192.0.2.1", 28))),
        ("192.0.2.1 /255.255.255.240", Some(("192.0.2.1", 28))),
        ("192.0.2.1,255.255.255.0", Some(("192.0.2.1", 24))),
        ("192.0.2.1, 255.255.255.0", Some(("192.0.2.1", 24))),
        ("192.0.2.1/24:255.255.255.0", Some(("192.0.2.1", 24))),
        ("192.0.2.1/24 255.255.255.0", Some(("192.0.2.1", 24))),
        ("2001:db8::1 ffff:ffff::", Some(("2001:db8::1", 32))),
        ("2001:db8::1 /64", Some(("2001:db8::1", 64))),
        ("2001:db8::1 255.255.255.0", None),
        ("192.0.2.1 255.0.255.0", None),
        ("192.0.2.1 0.0.0.0", None),
        ("192.0.2.1 192.0.2.2", None),
        ("192.0.2.1 # 255.255.255.0", None),
        ("192.0.2.1", None),
        ("# 192.0.2.1 255.255.255.0", None),
        ("", None),
    ];
    for (line, expected) in rows {
        let expected = expected.map(|(address, length)| (address.parse().unwrap(), length));
        assert_eq!(netmask(line), expected, "{line:?}");
    }
}

/// Two netmasks of a line must be the same, and the broadcast address must be of the same network.
#[test]
fn a_line_that_contradicts_itself_is_named() {
    let both = |first, second| {
        Err(format!("prefix lengths {first} and {second} of one address: correct one of them"))
    };
    let broadcast = |text: &str| Err(format!("{text} is not the broadcast address of 192.0.2.88/25"));
    let rows = [
        ("192.0.2.88/24:255.255.255.128", both(24, 25)),
        ("192.0.2.88/16 255.255.255.0", both(16, 24)),
        ("192.0.2.88/16,255.255.255.0", both(16, 24)),
        ("192.0.2.88:255.255.255.0:192.0.2.255 255.255.0.0", both(24, 16)),
        ("192.0.2.88 255.255.255.0 255.255.0.0", both(24, 16)),
        ("192.0.2.88:255.255.255.128:192.0.2.255", broadcast("192.0.2.255")),
        ("192.0.2.88:255.255.255.128:198.51.100.127", broadcast("198.51.100.127")),
        ("192.0.2.88:255.255.255.128:192.0.2.127", Ok(())),
        ("192.0.2.88:255.255.255.128:192.0.2.0", Ok(())),
        ("192.0.2.88:255.255.255.128:255.255.255.255", Ok(())),
        ("192.0.2.88:255.255.255.255:192.0.2.255", Ok(())),
        ("192.0.2.88:255.255.255.254:192.0.2.255", Ok(())),
        ("192.0.2.88:255.0.255.0", Err("255.0.255.0 is not a netmask".to_owned())),
        ("192.0.2.88:255.255.0.255:192.0.2.255", Err("255.255.0.255 is not a netmask".to_owned())),
        ("192.0.2.88:0.0.0.0", Err("0.0.0.0 is not a netmask".to_owned())),
        ("192.0.2.88:192.0.2.89", Err("192.0.2.89 is not a netmask".to_owned())),
        ("192.0.2.88:80", Err("192.0.2.88:80 is not an IP address".to_owned())),
    ];
    for (line, expected) in rows {
        let expected = expected.map_err(|why: String| format!("ips line 1: {why}\n"));
        assert_eq!(parse(line.as_bytes()).map(|_| ()), expected, "{line}");
        assert_eq!(parse_with_fields(line.as_bytes()).map(|_| ()), expected, "{line}");
    }
}
