//! What stanzas take back of what is bound, row by row.

use std::time::Duration;

use plugin::Deadline;

use super::*;

fn left(text: &str) -> String {
    let deadline = Deadline::after(Duration::from_secs(60));
    let found = read(&Tree::in_memory([(FILE, text)], &deadline)).unwrap().unwrap();
    assert_eq!(found.unknown, [], "{text}");
    found.promises.iter().map(|promise| promise.expected.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_address_is_taken_back_from_its_own_interface_alone() {
    let rows = [
        ("ip addr del 192.0.2.1/24 dev br0", ""),
        ("ip addr del 192.0.2.1/24 dev $IFACE", ""),
        ("ip addr del 192.0.2.1/24 dev br0:1", ""),
        ("ip addr del 192.0.2.1/24 dev eth0", "192.0.2.1/24"),
        ("ip addr del 192.0.2.9/24 dev br0", "192.0.2.1/24"),
        ("ip addr del 192.0.2.1 dev br0", ""),
        ("ip addr del 192.0.2.1/32 dev br0 || true", "192.0.2.1/24"),
    ];
    for (command, expected) in rows {
        let text = format!("auto br0\niface br0 inet static\n address 192.0.2.1/24\n up {command}\n");
        assert_eq!(left(&text), expected, "{command}");
    }
}

#[test]
fn a_stanza_takes_back_what_an_earlier_one_bound() {
    let rows = [
        ("up ip addr flush dev eth0", "2001:db8::2/64"),
        ("up ip a f dev eth0", "2001:db8::2/64"),
        ("up ip addr flush eth0", "2001:db8::2/64"),
        ("up ip -6 a f dev eth0", "192.0.2.1/24 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush dev eth0 to 192.0.2.0/25", "2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush to 2001:db8::/32", "192.0.2.1/24 198.51.100.1/24"),
        ("up ip addr flush dev eth0 scope global", "2001:db8::2/64"),
        ("up ip addr flush to 0/0", "2001:db8::1/64 2001:db8::2/64"),
        ("up ip addr flush to any", ""),
        ("up ip addr flush dev eth0 to any", "2001:db8::2/64"),
        ("up ip addr flush dev eth9", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush dev $X", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush label eth0:1", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush dynamic dev eth0", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr del 198.51.100.1/24 dev eth0", "192.0.2.1/24 2001:db8::1/64 2001:db8::2/64"),
        // What is flushed before its own address is bound does not take that.
        ("pre-up ip addr flush dev eth1", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24 2001:db8::2/64"),
        ("up ip addr flush dev eth1", "192.0.2.1/24 2001:db8::1/64 198.51.100.1/24"),
    ];
    for (command, expected) in rows {
        let first = "auto eth0 eth1\niface eth0 inet static\n address 192.0.2.1/24\niface eth0 inet6 static\n \
                     address 2001:db8::1/64\n up ip addr add 198.51.100.1/24 dev eth0\n";
        let text = format!("{first}iface eth1 inet6 static\n address 2001:db8::2/64\n {command}\n");
        assert_eq!(left(&text), expected, "{command}");
    }
    // eth0 comes up later, and keeps its address.
    let text = "auto eth1 eth0\niface eth0 inet static\n address 192.0.2.1/24\niface eth1 inet manual\n \
                up ip a f dev eth0\n";
    assert_eq!(left(text), "192.0.2.1/24");
}

/// As on Linux 6.18 with iproute2 6.1.
#[test]
fn the_kernel_refuses_another_prefix_length_and_another_label() {
    let all = "192.0.2.1/24 192.0.2.2/24 2001:db8::1/64 2001:db8::2/128 192.0.2.3/24";
    let rows = [
        ("192.0.2.1 dev eth0", "192.0.2.1/24"),
        ("192.0.2.1/24 dev eth0", "192.0.2.1/24"),
        ("192.0.2.1/255.255.255.0 dev eth0", "192.0.2.1/24"),
        ("192.0.2.1/32 dev eth0", ""),
        ("192.0.2.1/25 dev eth0", ""),
        ("192.0.2.1/24 dev eth0 label eth0:1", ""),
        ("192.0.2.1/24 dev eth0 label eth0", "192.0.2.1/24"),
        ("192.0.2.2/24 dev eth0", "192.0.2.2/24"),
        ("192.0.2.2/24 dev eth0 label eth0:1", "192.0.2.2/24"),
        ("192.0.2.2 dev eth0 label eth0:1", "192.0.2.2/24"),
        ("192.0.2.2/24 dev eth0 label eth0:2", ""),
        ("192.0.2.2 dev eth0 label eth0", ""),
        ("192.0.2.2/24 dev eth0:2", "192.0.2.2/24"),
        ("2001:db8::1 dev eth0", ""),
        ("2001:db8::1/128 dev eth0", ""),
        ("2001:db8::1/64 dev eth0", "2001:db8::1/64"),
        ("2001:db8::1/64 dev eth0 label eth0:4", "2001:db8::1/64"),
        ("2001:db8::2 dev eth0", "2001:db8::2/128"),
        ("2001:db8::2/64 dev eth0", ""),
        ("192.0.2.3/24 dev eth0 label eth0", "192.0.2.3/24"),
        ("192.0.2.3/24 dev eth0 label eth0:3", ""),
    ];
    for (arguments, gone) in rows {
        let text = format!(
            "auto eth0\niface eth0 inet manual\n up ip addr add 192.0.2.1/24 dev eth0\n up ip addr add \
             192.0.2.2/24 dev eth0 label eth0:1\n up ip addr add 2001:db8::1/64 dev eth0\n up ip addr add \
             2001:db8::2 dev eth0\n up ip addr add 192.0.2.3/24 dev eth0:3\n up ip addr del {arguments}\n"
        );
        let kept: Vec<&str> = all.split(' ').filter(|each| *each != gone).collect();
        assert_eq!(left(&text), kept.join(" "), "{arguments}");
    }
}

/// As on Linux 6.18 with iproute2 6.1 and `promote_secondaries=1`, which systemd sets.
#[test]
fn secondary_addresses_are_taken_back_apart() {
    let all =
        "192.0.2.1/24 192.0.2.2/24 192.0.2.3/25 192.0.2.4/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64";
    let rows = [
        ("dev eth0 secondary", "192.0.2.1/24 192.0.2.3/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64"),
        ("secondary eth0", "192.0.2.1/24 192.0.2.3/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64"),
        (
            "dev eth0 secondary to 192.0.2.2",
            "192.0.2.1/24 192.0.2.3/25 192.0.2.4/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64",
        ),
        ("dev eth0 primary", "192.0.2.2/24 192.0.2.4/25"),
        ("dev eth0 -secondary", "192.0.2.2/24 192.0.2.4/25"),
        ("dev eth1 secondary", all),
        ("-primary", "192.0.2.1/24 192.0.2.3/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64"),
        ("temporary", "192.0.2.1/24 192.0.2.3/25 192.0.2.5/32 2001:db8::1/64 2001:db8::2/64"),
        ("-temporary", "192.0.2.2/24 192.0.2.4/25"),
        ("dev eth0 -dynamic", ""),
        ("permanent", ""),
    ];
    for (arguments, expected) in rows {
        let adds: String =
            all.split(' ').map(|address| format!(" up ip addr add {address} dev eth0\n")).collect();
        let text = format!("auto eth0\niface eth0 inet manual\n{adds} up ip addr flush {arguments}\n");
        assert_eq!(left(&text), expected, "{arguments}");
    }
    // What is bound after it stays.
    let text = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n up ip addr add 192.0.2.2/24 dev eth0\n \
                up ip addr flush dev eth0 secondary\n up ip addr add 192.0.2.3/24 dev eth0\n";
    assert_eq!(left(text), "192.0.2.1/24 192.0.2.3/24");
    // One address with two prefix lengths is secondary with one of them.
    let text = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n up ip addr add 192.0.2.2/24 dev eth0\n \
                up ip addr add 192.0.2.2/32 dev eth0\n up ip addr flush secondary\n";
    assert_eq!(left(text), "192.0.2.1/24 192.0.2.2/32");
}

/// As on Linux 6.18 with net-tools 2.10.
#[test]
fn an_address_with_another_label_stays() {
    let rows = [
        // It has the first free alias.
        ("ifconfig eth0 add 192.0.2.9/24", "ifconfig eth0 192.0.2.1/24", "192.0.2.9/24 192.0.2.1/24"),
        ("ifconfig eth0 add 192.0.2.9/24", "ip addr flush label 'eth0:*'", ""),
        ("ifconfig eth0:$A 192.0.2.9/24", "ifconfig eth0:$B 192.0.2.1/24", "192.0.2.9/24 192.0.2.1/24"),
        ("ifconfig eth0:$A 192.0.2.9/24", "ifconfig eth0:$A down", "192.0.2.9/24"),
        (
            "ip addr add 192.0.2.9/24 dev eth0 label eth0:$A",
            "ifconfig eth0 192.0.2.1/24",
            "192.0.2.9/24 192.0.2.1/24",
        ),
        ("ip addr add 192.0.2.9/24 dev eth0:1", "ifconfig eth0:1 down", "192.0.2.9/24"),
    ];
    for (first, second, expected) in rows {
        let text = format!("auto eth0\niface eth0 inet manual\n up {first}\n up {second}\n");
        assert_eq!(left(&text), expected, "{first}; {second}");
    }
}

/// As on Linux 6.18 with iproute2 6.1 and net-tools 2.10.
#[test]
fn labels_tell_what_is_taken_back() {
    let all = "192.0.2.1/24 2001:db8::1/64 192.0.2.2/24 192.0.2.3/24 198.51.100.1/24";
    let without = |gone: &[&str]| {
        all.split(' ')
            .filter(|each| !gone.iter().any(|gone| each.starts_with(gone)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (first, second, third) = ("192.0.2.1/", "192.0.2.2/", "192.0.2.3/");
    let (six, other) = ("2001:db8::1/", "198.51.100.1/");
    let rows: [(&str, &[&str], &str); 24] = [
        ("ip addr flush label 'eth0:*'", &[second, third], ""),
        ("ip addr flush dev eth0 label 'eth0:*'", &[second, third], ""),
        ("ip addr flush label eth0:1 dev eth0", &[second], ""),
        ("ip addr flush label eth0:2 to 192.0.2.0/24", &[third], ""),
        ("ip addr flush label eth0:2 to 192.0.2.1", &[], ""),
        ("ip addr flush label eth0", &[first, six], ""),
        ("ip addr flush label 'eth1*'", &[other], ""),
        ("ip addr flush label 'eth*'", &[first, second, third, six, other], ""),
        ("ip addr flush label eth9", &[], ""),
        ("ip addr flush up", &[first, second, third, six, other], ""),
        ("ip -4 addr flush up", &[first, second, third, other], ""),
        ("ip addr flush dev eth1 up", &[other], ""),
        ("ifconfig eth1 192.0.2.9 netmask 255.255.255.0", &[other], " 192.0.2.9/24"),
        ("ifconfig eth1:7 192.0.2.9 netmask 255.255.255.0", &[], " 192.0.2.9/24"),
        ("ifconfig eth1 add 192.0.2.9/24", &[], " 192.0.2.9/24"),
        ("ifconfig eth1 inet6 add 2001:db8::9/64", &[], " 2001:db8::9/64"),
        ("ifconfig eth1 198.51.100.1 netmask 255.255.255.0", &[other], " 198.51.100.1/24"),
        ("ifconfig eth1 0.0.0.0", &[other], ""),
        ("ifconfig eth1 0 up", &[other], ""),
        ("ifconfig eth0:1 down", &[second], ""),
        ("ifconfig eth0:2 0.0.0.0", &[third], ""),
        ("ifconfig eth1 down", &[], ""),
        ("ifconfig eth0:9 down", &[], ""),
        // Whether it is replaced cannot be known.
        ("[ -e /x ] && ifconfig eth1 0.0.0.0", &[], ""),
    ];
    for (command, gone, more) in rows {
        let text = format!(
            "auto eth0 eth0:1 eth1\niface eth0 inet static\n address 192.0.2.1/24\niface eth0 inet6 static\n \
             address 2001:db8::1/64\niface eth0:1 inet static\n address 192.0.2.2/24\n up ip addr add \
             192.0.2.3/24 dev eth0 label eth0:2\niface eth1 inet static\n address 198.51.100.1/24\n up {command}\n"
        );
        assert_eq!(left(&text), without(gone) + more, "{command}");
    }
}

/// As on Linux 6.18 with iproute2 6.1 and net-tools 2.10, where an address stands for the lease.
#[test]
fn a_lease_makes_room_first() {
    let (second, third) = ("192.0.2.2 netmask 255.255.255.0", "192.0.2.3 netmask 255.255.255.0");
    let ipv6 = "iface eth0 inet6 static\n address 2001:db8::1/64\n";
    let manual = "iface eth1 inet manual\n";
    let rows = [
        (format!(" up ifconfig eth0 {second}\n"), "192.0.2.1/24 192.0.2.2/24"),
        // Whatever stanza the command stands in.
        (format!("{ipv6} up ifconfig eth0 {second}\n"), "192.0.2.1/24 2001:db8::1/64 192.0.2.2/24"),
        (format!("{manual} up ifconfig eth0 {second}\n"), "192.0.2.1/24 192.0.2.2/24"),
        (" up ifconfig eth0 0.0.0.0\n".to_owned(), "192.0.2.1/24"),
        (" up ifconfig eth0 0.0.0.0\n up ifconfig eth0 0.0.0.0\n".to_owned(), ""),
        (format!(" up ifconfig eth0 {second}\n up ifconfig eth0 {third}\n"), "192.0.2.2/24 192.0.2.3/24"),
        // Once the lease is gone, another makes room.
        (
            format!(
                " up ip addr flush dev eth0\n up ip addr add 192.0.2.4/24 dev eth0\n up ifconfig eth0 {second}\n"
            ),
            "192.0.2.2/24",
        ),
        (format!(" up ip -6 addr flush dev eth0\n up ifconfig eth0 {second}\n"), "192.0.2.1/24 192.0.2.2/24"),
    ];
    for (more, expected) in rows {
        let text =
            format!("auto eth0 eth1\niface eth0 inet dhcp\n up ip addr add 192.0.2.1/24 dev eth0\n{more}");
        assert_eq!(left(&text), expected, "{text}");
    }
    // What was bound before the lease makes room before it.
    let rows = [
        ("iface eth0 inet static\n address 192.0.2.1/24\niface eth0 inet dhcp\n", "192.0.2.2/24"),
        ("iface eth0 inet dhcp\n pre-up ifconfig eth0 192.0.2.1 netmask 255.255.255.0\n", "192.0.2.2/24"),
        (
            "iface eth0 inet dhcp\niface eth0 inet static\n address 192.0.2.1/24\n",
            "192.0.2.1/24 192.0.2.2/24",
        ),
        // The address itself is found before all others.
        ("iface eth0 inet dhcp\n up ip addr add 192.0.2.2/24 dev eth0\n", "192.0.2.2/24"),
    ];
    for (first, expected) in rows {
        let text = format!("auto eth0\n{first} up ifconfig eth0 {second}\n");
        assert_eq!(left(&text), expected, "{text}");
    }
    let text = format!(
        "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\niface eth0 inet dhcp\n \
         up ifconfig eth0 {second}\n up ifconfig eth0 {third}\n"
    );
    assert_eq!(left(&text), "192.0.2.2/24 192.0.2.3/24");
    // A lease of IPv6 makes none.
    let text = format!(
        "auto eth0\niface eth0 inet6 dhcp\n up ip addr add 192.0.2.1/24 dev eth0\n up ifconfig eth0 {second}\n"
    );
    assert_eq!(left(&text), "192.0.2.2/24");
    // Nor does one that comes later.
    let text = format!(
        "auto eth0\niface eth0 inet dhcp\n pre-up ip addr add 192.0.2.1/24 dev eth0\n pre-up ifconfig eth0 {second}\n"
    );
    assert_eq!(left(&text), "192.0.2.2/24");
}

/// As ifup 0.8.41 chooses: by the index of the interface.
#[test]
fn a_number_chooses_one_of_the_interfaces() {
    let rows = [
        ("/eth*/1", "eth1"),
        ("/eth*/2", "eth0"),
        ("/eth*/3", ""),
        ("/*/1", ""),
        ("/eth*/0", "eth0 eth1"),
        ("/eth*/", "eth0 eth1"),
        ("/eth*/x", "eth0 eth1"),
        ("/eth*/a/b", "eth0 eth1"),
        ("/eth*/+2", "eth0"),
        ("/eth*/2/b", "eth0"),
    ];
    for (word, expected) in rows {
        let deadline = Deadline::after(Duration::from_secs(60));
        let text = format!(
            "auto {word}
iface eth0 inet static
 address 192.0.2.1/24
iface eth1 inet static
 address 192.0.2.2/24
"
        );
        let index = |name: &str| format!("/sys/class/net/{name}/ifindex");
        let files = [
            (FILE.to_owned(), text.clone()),
            (
                index("eth0"),
                "10
"
                .to_owned(),
            ),
            (
                index("eth1"),
                "9
"
                .to_owned(),
            ),
            (
                index("lo"),
                "1
"
                .to_owned(),
            ),
        ];
        let found = read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
        let names: Vec<&str> =
            found.promises.iter().filter_map(|promise| promise.interface.as_deref()).collect();
        assert_eq!(names.join(" "), expected, "{word}");
        assert_eq!(found.unknown, [], "{word}");
        // In a copy of the files, this is not known.
        let alone = read(&Tree::in_memory([(FILE, text)], &deadline)).unwrap().unwrap();
        assert_eq!(alone.unknown.is_empty(), !word.contains(['1', '2', '3']), "{word}");
    }
}

/// The namespace that an interface is moved to has its lease.
#[test]
fn an_interface_that_is_moved_away_asks_for_no_lease() {
    let rows = [
        ("", "eth0 true, eth1 true"),
        ("up ip link set eth1 netns x", "eth0 true"),
        ("up ip link set dev $IFACE netns x name e0 up", "eth0 true"),
        ("up ip link set eth1 netns 1", "eth0 true, eth1 true"),
        ("up [ -e /x ] && ip link set eth1 netns x", "eth0 true, eth1 false"),
    ];
    for (command, expected) in rows {
        let deadline = Deadline::after(Duration::from_secs(60));
        let text = format!(
            "auto eth0 eth1
iface eth0 inet dhcp
iface eth1 inet dhcp
 {command}
"
        );
        let found = read(&Tree::in_memory([(FILE, text)], &deadline)).unwrap().unwrap();
        let asks: Vec<String> = found
            .dynamic
            .iter()
            .map(|dynamic| format!("{} {}", dynamic.interface, dynamic.required))
            .collect();
        assert_eq!(asks.join(", "), expected, "{command}");
    }
}
