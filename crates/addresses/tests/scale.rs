//! Large configuration files: eight times as much takes about eight times as long, whatever it is that is much; and 10 MB are
//! read. Without optimization, the shapes are compared at a tenth of that size.

#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::fs;
use std::time::Duration;

use addresses::config::{Source, Tree};
use plugin::Deadline;
use rustix::time::{ClockId, clock_gettime};

const LARGE: usize = 10_000_000;
const SMALL: usize = if cfg!(debug_assertions) { LARGE / TIMES / 10 } else { LARGE / TIMES };
const TIMES: usize = 8;
/// The most for eight times the octets: a quadratic parser takes 64 times as long, and caches explain some of what is above 8.
const MOST: f64 = 4.0 * TIMES as f64;

/// A file, what stands before that which is repeated to fill it, and that, with `%` for a number that counts up.
type Shape = (Source, &'static str, &'static str, &'static str);

const NETWORKD: &str = "etc/systemd/network/10-eth0.network";
const PROFILE: &str = "etc/NetworkManager/system-connections/eth0.nmconnection";
const NETPLAN: &str = "etc/netplan/01.yaml";
const ETHERNETS: &str = "network:\n  version: 2\n  ethernets:\n";

const SHAPES: [Shape; 26] = [
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
    (Source::Netplan, NETPLAN, "network:\n  ethernets:\n    eth0:\n      addresses:\n", "      - 10.0.0.1/8\n"),
    (Source::Netplan, NETPLAN, "network: {ethernets: {eth0: {addresses: [", "10.0.0.1/8, "),
    (Source::Netplan, NETPLAN, ETHERNETS, "    eth%: {addresses: [10.0.0.1/8]}\n"),
    (Source::Netplan, NETPLAN, ETHERNETS, "    eth%: &a% {addresses: [10.0.0.1/8]}\n    e%: *a%\n"),
    (Source::Netplan, NETPLAN, "network:\n  ethernets:\n    eth0: &a {}\n", "    eth0: *a\n"),
    (Source::Netplan, NETPLAN, "", "["),
    (Source::Netplan, NETPLAN, "", "{a: "),
    (Source::Netplan, NETPLAN, "", "- "),
    (Source::Netplan, NETPLAN, "", "? "),
    (Source::Netplan, NETPLAN, "a: \"", "x\n"),
    (Source::Netplan, NETPLAN, "", "# comment\n"),
    (Source::Netplan, NETPLAN, "a: |\n", "  text\n"),
    (Source::Netplan, NETPLAN, "", "a"),
];

/// What is read of a file of so many octets, as the number of promises, and the processor time that it takes, in seconds.
fn read((source, path, start, repeated): Shape, size: usize) -> (Result<usize, String>, f64) {
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
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    let deadline = Deadline::after(Duration::from_secs(600));
    let tree = Tree::new(root.path(), &deadline);
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap().as_secs_f64();
    let begun = now();
    let read = source.read(&tree);
    let took = now() - begun;
    (read.map(|read| read.unwrap_or_default().promises.len()).map_err(|error| error.to_string()), took)
}

#[test]
fn ten_megabytes_are_read() {
    for (shape, least) in [(SHAPES[0], 500_000), (SHAPES[9], 250_000), (SHAPES[13], 1)] {
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
        if large > 0.05 && large / small > MOST {
            slow.push(format!("{shape:?}: {small:.4} s, {large:.4} s"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
