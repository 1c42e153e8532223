//! Large configuration files: eight times as much takes about eight times as long, whatever it is that is
//! much; and 10 MB are read. Without optimization, the shapes are compared at a tenth of that size.

#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::time::Duration;

use host_config::{AddressOptions, Origin, Promises, Source, Tree};
use plugin::Deadline;
use rustix::time::{ClockId, clock_gettime};

const LARGE: usize = 10_000_000;
const SMALL: usize = if cfg!(debug_assertions) { LARGE / TIMES / 10 } else { LARGE / TIMES };
/// The most processor time for 10 MB, in seconds.
const LONGEST: f64 = 5.0;
const TIMES: usize = 8;
/// The most for eight times the octets: a quadratic parser takes 64 times as long, and caches explain some of
/// what is above 8.
const MOST: f64 = 4.0 * TIMES as f64;

/// A file, what stands before that which is repeated to fill it, and that, with `%` for a number that counts
/// up.
type Shape = (Source, &'static str, &'static str, &'static str);

const NETWORKD: &str = "etc/systemd/network/10-eth0.network";
const PROFILE: &str = "etc/NetworkManager/system-connections/eth0.nmconnection";
const NETPLAN: &str = "etc/netplan/01.yaml";
const ETHERNETS: &str = "network:\n  version: 2\n  ethernets:\n";

const INTERFACES: &str = "etc/network/interfaces";
const STATIC: &str = "auto eth0\niface eth0 inet static\naddress 10.0.0.1/8\n";
const IFCFG: &str = "etc/sysconfig/network-scripts/ifcfg-eth0";
const DHCPCD: &str = "etc/dhcpcd.conf";
const KEEPALIVED: &str = "etc/keepalived/keepalived.conf";
const VIRTUAL: &str = "vrrp_instance A {\ninterface eth0\nvirtual_ipaddress {\n";

const SHAPES: [Shape; 69] = [
    (Source::Networkd, NETWORKD, "[Match]\nName=eth0\n[Network]\n", "Address=10.0.0.1/8\n"),
    (Source::Networkd, NETWORKD, "[Match]\nName=eth0\n", "[Address]\nAddress=10.0.0.1/8\n"),
    (Source::Networkd, NETWORKD, "[Match]\nName=eth0\n[Network]\n", "Address=10.0.0.1/8\nAddress=\n"),
    (Source::Networkd, NETWORKD, "[Match]\nName=", "eth% "),
    (Source::Networkd, NETWORKD, "[Match]\nName=", "eth%* !x "),
    (Source::Networkd, NETWORKD, "[Match]\nName=", "a\\\n"),
    (Source::Networkd, NETWORKD, "[Match]\nName=", "\\"),
    (Source::Networkd, NETWORKD, "[Match]\nName=", "x\\\n# comment\n"),
    (Source::Networkd, NETWORKD, "", "\n"),
    (Source::NetworkManager, PROFILE, "[ipv4]\nmethod=manual\n", "address%=10.0.0.1/8,10.0.0.2\n"),
    (Source::NetworkManager, PROFILE, "[ipv4]\nmethod=manual\n", "address1=10.0.0.1/8\n"),
    (Source::NetworkManager, PROFILE, "", "[ipv%]\nk=v\n"),
    (Source::NetworkManager, PROFILE, "[ipv4]\nmethod=manual\naddress1=", ";,/"),
    (
        Source::Netplan,
        NETPLAN,
        "network:\n  ethernets:\n    eth0:\n      addresses:\n",
        "      - 10.0.0.1/8\n",
    ),
    (Source::Netplan, NETPLAN, "network: {ethernets: {eth0: {addresses: [", "10.0.0.1/8, "),
    (Source::Netplan, NETPLAN, ETHERNETS, "    eth%: {addresses: [10.0.0.1/8]}\n"),
    (Source::Netplan, NETPLAN, ETHERNETS, "    eth%: &a% {addresses: [10.0.0.1/8]}\n    e%: *a%\n"),
    (Source::Netplan, NETPLAN, "network:\n  ethernets:\n    eth0: &a {}\n", "    eth0: *a\n"),
    (Source::Netplan, NETPLAN, "network:\n  virtual-ethernets:\n", "    v%: {peer: w%}\n"),
    (Source::Netplan, NETPLAN, ETHERNETS, "    eth%: {openvswitch: {external-ids: {a: b}}}\n"),
    (
        Source::Netplan,
        NETPLAN,
        "network:\n  bridges:\n    br0:\n      parameters:\n        path-cost:\n",
        "          eth%: 1\n",
    ),
    (Source::Netplan, NETPLAN, "network:\n  bonds:\n    bond0:\n      parameters:\n", "        primary: a\n"),
    (
        Source::Netplan,
        NETPLAN,
        "network:\n  ethernets:\n    eth0:\n      routes:\n",
        "      - {to: 10.0.0.0/8, via: 10.0.0.1, table: %}\n",
    ),
    (
        Source::Netplan,
        NETPLAN,
        "network:\n  tunnels:\n    wg0:\n      mode: wireguard\n      peers:\n",
        "      - {keys: {public: x}}\n",
    ),
    (Source::Netplan, NETPLAN, "", "["),
    (Source::Netplan, NETPLAN, "", "{a: "),
    (Source::Netplan, NETPLAN, "", "- "),
    (Source::Netplan, NETPLAN, "", "? "),
    (Source::Netplan, NETPLAN, "a: \"", "x\n"),
    (Source::Netplan, NETPLAN, "", "# comment\n"),
    (Source::Netplan, NETPLAN, "a: |\n", "  text\n"),
    (Source::Netplan, NETPLAN, "", "a"),
    (Source::Ifupdown, INTERFACES, "", "auto eth%\niface eth% inet static\n  address 10.0.0.1/8\n"),
    (Source::Ifupdown, INTERFACES, "auto a\niface a inet static\n", "address 10.0.0.1\nnetmask 24\n"),
    (Source::Ifupdown, INTERFACES, STATIC, "up ip addr add 10.0.0.2/8 dev eth0\n"),
    (Source::Ifupdown, INTERFACES, STATIC, "up ip addr del 10.0.0.2/8 dev eth0\n"),
    (
        Source::Ifupdown,
        INTERFACES,
        "auto a\niface a inet static\nup true",
        "|| ip addr add 10.0.0.2/8 dev eth0 ",
    ),
    (Source::Ifupdown, INTERFACES, "auto a\niface a inet manual\n", "up ${${${${ $( ` \"'\n"),
    (Source::Ifupdown, INTERFACES, "auto a\niface a inet manual\nup ", "${"),
    (Source::Ifupdown, INTERFACES, "auto a0\n", "iface a% inet manual\nup ifup a% x%\n"),
    (Source::Ifupdown, INTERFACES, "iface a inet static\naddress 10.0.0.1\n", "auto x%=a\n"),
    (
        Source::Ifupdown,
        INTERFACES,
        "iface a inet static\naddress 10.0.0.1\n",
        "iface b% inet static inherits a\nauto b%\n",
    ),
    (
        Source::Ifupdown,
        INTERFACES,
        "auto /*\niface a0 inet manual\n",
        "iface a% inet static inherits a0\naddress 10.0.0.1\n",
    ),
    (Source::Ifupdown, INTERFACES, "auto /*a*a*a*a*a*b\n", "iface aaaaaaaaaaaaaaaa% inet manual\n"),
    (Source::Ifupdown, INTERFACES, "auto a", "\\\n"),
    (Source::Ifupdown, INTERFACES, "auto ", "a% "),
    (Source::Ifupdown, INTERFACES, "", "source interfaces.d/*\n"),
    (Source::Ifupdown, INTERFACES, "", "rename a%=b%\n"),
    (Source::Ifupdown, INTERFACES, "", "mapping a%*\n"),
    (Source::Ifcfg, IFCFG, "", "IPADDR%=10.0.0.1\n"),
    (Source::Dhcpcd, DHCPCD, "", "profile p%\n"),
    (Source::Dhcpcd, DHCPCD, "", "interface e%\n"),
    (Source::Ifcfg, IFCFG, "IPV6ADDR_SECONDARIES='", "fd00::1/64 "),
    (Source::Ifcfg, IFCFG, "A=x\n", "A=\"$A x\"\n"),
    (Source::Ifcfg, IFCFG, "A=x\n", "A+=$A\n"),
    (Source::Ifcfg, IFCFG, "A=", "${"),
    (Source::Ifcfg, IFCFG, "A=", "$(`"),
    (Source::Keepalived, KEEPALIVED, VIRTUAL, "10.0.0.1/8 dev eth1\n"),
    (
        Source::Keepalived,
        KEEPALIVED,
        "$A=10.0.0.1\nvrrp_instance A {\ninterface eth0\nvirtual_ipaddress {\n",
        "$A\n",
    ),
    (
        Source::Keepalived,
        KEEPALIVED,
        "",
        "vrrp_instance A% {\ninterface e\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n",
    ),
    (Source::Keepalived, KEEPALIVED, "$A=x\n", "$A=${A}x\n"),
    (Source::Keepalived, KEEPALIVED, "$A=x\n", "${A ${ "),
    (Source::Keepalived, KEEPALIVED, "$A=\\\n", "$B=${A}\\\n"),
    (Source::Keepalived, KEEPALIVED, "", "a {"),
    (Source::Keepalived, KEEPALIVED, "", "include x%\n"),
    (
        Source::Ifupdown,
        INTERFACES,
        STATIC,
        "up ip addr flush dev eth9\nup ip addr flush to 10.0.0.9\nup ip addr add 10.0.0.2/8 dev eth%\n",
    ),
    (
        Source::Ifupdown,
        INTERFACES,
        STATIC,
        "up ip link set eth% master br0\nup ip link set eth0 master br%\n",
    ),
    (Source::Ifupdown, INTERFACES, "auto br0\niface br0 inet manual\nbridge_ports", " eth%"),
    (Source::Ifupdown, INTERFACES, STATIC, "up ifconfig eth0:% 10.0.0.2 netmask 255.0.0.0\n"),
];

/// What is read of a file of so many octets, as the number of promises, and the processor time that it takes,
/// in seconds.
fn read(shape: Shape, size: usize) -> (Result<usize, String>, f64) {
    let (read, took) = read_whole(shape, size);
    (read.map(|read| read.promises.len()), took)
}

fn read_whole((source, path, start, repeated): Shape, size: usize) -> (Result<Promises, String>, f64) {
    let mut text = start.to_owned();
    for number in 0_u32.. {
        match repeated.contains('%') {
            true => text += &repeated.replace('%', &number.to_string()),
            false => text += repeated,
        }
        if text.len() >= size {
            break;
        }
    }
    read_file(source, path, text)
}

fn read_file(source: Source, path: &str, text: String) -> (Result<Promises, String>, f64) {
    let deadline = Deadline::after(Duration::from_secs(600));
    let tree = Tree::in_memory([(path, text)], &deadline);
    let (read, took) = timed(|| source.read(&tree));
    (read.map(Option::unwrap_or_default).map_err(|error| error.to_string()), took)
}

/// Returns the processor time of some work, in seconds.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap().as_secs_f64();
    let begun = now();
    let done = work();
    (done, now() - begun)
}

/// Returns the number of addresses that the comments of a list of `size` octets give, and the processor time
/// in seconds.
fn read_comments(size: usize) -> (usize, f64) {
    const LINE: &str = "# floating: 198.18.0.1 # by a program\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("192.0.2.1\n{}", LINE.repeat(size / LINE.len()))).unwrap();
    let options: AddressOptions =
        AddressOptions { file: vec![file.path().to_owned()], ..AddressOptions::default() };
    let deadline = Deadline::after(Duration::from_secs(600));
    let (read, took) = timed(|| options.read_lists_and_comments(&deadline));
    (read.1.promises.len(), took)
}

#[test]
fn ten_megabytes_are_read() {
    for (shape, least) in [
        (SHAPES[0], 500_000),
        (SHAPES[9], 250_000),
        (SHAPES[13], 1),
        (SHAPES[32], 150_000),
        (SHAPES[57], 100_000),
    ] {
        let (read, _) = read(shape, LARGE);
        assert!(read.as_ref().is_ok_and(|promises| *promises >= least), "{read:?} {shape:?}");
    }
}

#[test]
fn nothing_grows_faster_than_the_file() {
    let mut slow = Vec::new();
    for shape in SHAPES {
        let small = read(shape, SMALL).1;
        let large = read(shape, SMALL * TIMES).1;
        // A file that is given up early takes no time at all, and the clock's grain decides.
        if large > LONGEST || large > 0.05 && large / small > MOST {
            slow.push(format!("{shape:?}: {small:.4} s, {large:.4} s"));
        }
    }
    let ((few, small), (many, large)) = (read_comments(SMALL), read_comments(SMALL * TIMES));
    assert!(few > 1_000 && many >= few * TIMES, "{few}, {many}");
    if large > LONGEST || large > 0.05 && large / small > MOST {
        slow.push(format!("comments of a list: {small:.4} s, {large:.4} s"));
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Parameters that name themselves, blocks that repeat a long line, and nested blocks around a short line or
/// none are refused early.
#[test]
fn a_file_that_grows_without_bounds_is_given_up_soon() {
    let long = format!("~SEQ(N,65536) {}", "x ".repeat(2_500));
    let (grown, often) = ("parameters or repeated lines grow too long", "a line is repeated too often");
    let rows = [
        ("$A=${B${A}\n${A}\n", grown),
        (long.as_str(), grown),
        ("~SEQ(N,65536) ~SEQ(M,65536) x", often),
        ("~SEQ(N,65536) ~SEQ(M,65536)", grown),
    ];
    for (lines, why) in rows {
        let (seen, seconds) = read_file(Source::Keepalived, KEEPALIVED, lines.to_owned());
        let unknown = seen.as_ref().map(|seen| format!("{:?}", seen.unknown)).unwrap_or_default();
        let shown = lines.get(..40).unwrap_or(lines);
        assert!(unknown.contains(why), "{shown}: {seen:?}");
        assert!(seconds < LONGEST, "{shown}: {seconds} s");
    }
}

/// Returns the number of groups where two sources have so many profiles for NetworkManager, two for each
/// device, and the processor time in seconds.
fn compete(count: usize) -> (usize, f64) {
    let mut netplan = "network:\n  version: 2\n  nm-devices:\n".to_owned();
    let mut files = Vec::new();
    for number in 0..count {
        let (device, address) = (number / 2, format!("10.1.{}.{}/24", number >> 8, number & 255));
        netplan += &format!(
            "    NM-{number}: {{renderer: NetworkManager, networkmanager: {{passthrough: {{connection.type: ethernet, \
             connection.interface-name: e{device}, ipv4.method: manual, ipv4.address1: 10.2.{}}}}}}}\n",
            address.trim_start_matches("10.1.")
        );
        let profile = format!(
            "[connection]\ntype=ethernet\nuuid={number}\ninterface-name=e{device}\n\
             [ipv4]\nmethod=manual\naddress1={address}\n"
        );
        files.push((format!("etc/NetworkManager/system-connections/{number}.nmconnection"), profile));
    }
    files.push((NETPLAN.to_owned(), netplan));
    let deadline = Deadline::after(Duration::from_secs(600));
    let tree = Tree::in_memory(files, &deadline);
    let ((found, errors), took) = timed(|| host_config::read_usable(&[Origin::Auto], &tree));
    assert!(errors.is_empty(), "{errors:?}");
    (found.iter().map(|(_, promises)| promises.one_of.len()).sum(), took)
}

/// Returns what is read of an interface with so many aliases by these commands, `%` for the number of each
/// and `A` for an address of its own, and the processor time in seconds.
fn aliases(count: usize, commands: &[&str]) -> (Promises, f64) {
    let mut text = STATIC.to_owned();
    for command in commands {
        for number in 0..count {
            let address = format!("10.1.{}.{}", number >> 8, number & 255);
            text += &format!("up {}\n", command.replace('%', &number.to_string()).replace('A', &address));
        }
    }
    let (read, took) = read_file(Source::Ifupdown, INTERFACES, text);
    (read.unwrap(), took)
}

#[test]
fn thousands_of_aliases_are_bound_and_taken_back_in_time() {
    const FEW: usize = if cfg!(debug_assertions) { 3_750 } else { 7_500 };
    const ADD: &str = "ifconfig eth0:% A netmask 255.0.0.0";
    type Row<'a> = (&'a [&'a str], fn(usize) -> usize);
    let rows: [Row<'_>; 5] = [
        (&[ADD], |count| count + 1),
        (&[ADD, "ifconfig eth0:% down"], |_| 1),
        (&["ip addr add A/8 dev eth0 label eth0:%", "ip addr flush label eth0:%"], |_| 1),
        (&["ip addr add A/8 dev eth0", "ip addr del A/8 dev eth0"], |_| 1),
        (&["ip addr add A/8 dev eth0", "ip addr del A/32 dev eth0"], |count| count + 1),
    ];
    for (commands, left) in rows {
        let ((few, small), (many, large)) = (aliases(FEW, commands), aliases(FEW * TIMES, commands));
        for (count, found) in [(FEW, few), (FEW * TIMES, many)] {
            assert_eq!(found.promises.len(), left(count), "{commands:?}");
            assert_eq!(found.unknown, [], "{commands:?}");
        }
        let in_time = large < LONGEST && (large < 0.05 || large / small < MOST);
        assert!(in_time, "{commands:?}: {small:.4} s, {large:.4} s");
    }
}

/// What is known counts all the same.
#[test]
fn too_much_to_compare_leaves_the_addresses_expected() {
    let (found, took) = aliases(5_000, &["ip addr add A/8 dev eth0", "ip addr flush to 172.16.0.0/12"]);
    assert_eq!(found.promises.len(), 5_001);
    let unknown: Vec<&str> = found.unknown.iter().map(|remark| remark.what.as_str()).collect();
    assert_eq!(unknown, ["too many addresses are taken back"]);
    assert!(took < LONGEST, "{took} s");
}

/// Each flush of all interfaces looks at each of them.
#[test]
fn too_many_interfaces_to_look_at_are_not_flushed() {
    let commands = ["ip -6 addr add 2001:db8::%/64 dev e%", "ip -4 addr flush label 'z*'"];
    let (found, took) = aliases(5_000, &commands);
    assert_eq!(found.promises.len(), 5_001);
    let unknown: Vec<&str> = found.unknown.iter().map(|remark| remark.what.as_str()).collect();
    assert_eq!(unknown, ["too many addresses are taken back"]);
    assert!(took < LONGEST, "{took} s");
}

/// Each name is compared with each inverted pattern.
#[test]
fn too_many_names_and_inverted_patterns_are_not_understood() {
    for (count, expected) in
        [(1_000, Vec::new()), (4_000, vec!["Name= has too many names and inverted patterns"])]
    {
        let names: String = (0..count).map(|number| format!("e{number} !q{number}* ")).collect();
        let text = format!("[Match]\nName={names} z*\n[Network]\nDHCP=yes\n");
        let (found, took) = read_file(Source::Networkd, NETWORKD, text);
        let found = found.unwrap();
        let unknown: Vec<&str> = found.unknown.iter().map(|remark| remark.what.as_str()).collect();
        assert_eq!(unknown, expected, "{count}");
        assert!(took < LONGEST, "{took} s");
    }
}

#[test]
fn thousands_of_profiles_of_two_sources_compete_in_time() {
    const FEW: usize = 500;
    let ((few, small), (many, large)) = (compete(FEW), compete(FEW * TIMES));
    assert_eq!((few, many), (FEW, FEW * TIMES), "two groups for each pair of profiles");
    assert!(large < LONGEST && (large < 0.05 || large / small < MOST), "{small:.4} s, {large:.4} s");
}
