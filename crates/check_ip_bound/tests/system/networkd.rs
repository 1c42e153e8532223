//! systemd-networkd itself: what it binds of its files, and what is missing of that later.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use suite::daemon::Daemon;
use suite::host::{Host, bare, public_folder};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;
use tempfile::TempDir;

use super::{HOSTS, check};

/// Where systemd-networkd is.
fn program() -> Option<PathBuf> {
    let installed = ["/lib/systemd/systemd-networkd", "/usr/lib/systemd/systemd-networkd"].map(PathBuf::from);
    installed.into_iter().find(|path| path.is_file())
}

/// A host with eth0 and eth1 on cables, and the folder that its /run is.
struct Lab {
    host: Host,
    _far: Host,
    run: TempDir,
}

impl Lab {
    fn new(file: &str) -> Self {
        let (host, far, run) = (bare(), bare(), public_folder());
        host.cable("eth0", &far, "eth0");
        host.cable("eth1", &far, "eth1");
        // What another test or the machine has must not count.
        host.etc("systemd/network/10-a.network", file);
        std::fs::create_dir_all(run.path().join("systemd/netif")).unwrap();
        Self { host, _far: far, run }
    }

    /// Starts it as in a container, without udev: /sys is not to be written to. It is ready when `bound` is
    /// the number of global addresses.
    fn start(&self, program: &Path, bound: usize) -> Daemon {
        let mut command: Command = self.host.command("sh");
        let own = "mount -o remount,ro,bind /sys && mount --bind \"$0\" /run && \
                   chown systemd-network: /run/systemd/netif && exec \"$@\"";
        command.args(["-c", own]).arg(self.run.path()).arg(program);
        command.env("SYSTEMD_LOG_TARGET", "console");
        Daemon::start(&mut command, &self.run.path().join("log"), |_| {
            let all = self.host.ip(&["-o", "address", "show", "scope", "global"]);
            let is_there = |line: &&str| !line.contains("tentative");
            all.stdout.lines().filter(is_there).count() == bound
        })
    }

    /// The first line without its performance data.
    fn said(&self) -> String {
        check(&self.host, &["--from=networkd"]).first_line().split(" | ").next().unwrap().to_owned()
    }
}

/// The program, if the test can run.
fn usable() -> Option<PathBuf> {
    if missing(&HOSTS) {
        return None;
    }
    let found = program();
    if found.is_none() {
        missing(&[Need::Program("systemd-networkd")]);
    }
    found
}

#[test]
fn an_address_is_on_each_card_that_names_or_a_pattern_fit() {
    let Some(program) = usable() else { return };
    for names in ["eth0 eth1", "eth*"] {
        let lab = Lab::new(&format!("[Match]\nName={names}\n[Network]\nAddress=192.0.2.1/24\n"));
        let _networkd = lab.start(&program, 2);
        assert_eq!(lab.said(), "IP_BOUND OK - 2 addresses from networkd bound and usable", "{names}");
        lab.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth1"]);
        let lost = "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.1 on eth1";
        assert_eq!(lab.said(), lost, "{names}");
    }
}

/// It binds the last address in each case, and says why it binds none before it.
#[test]
fn what_it_refuses_is_not_expected() {
    let Some(program) = usable() else { return };
    let rows = [
        "[Network ]\nAddress=192.0.2.1/24",
        "[Address]\nAddress=192.0.2.1/24\nPeer=2001:db8::1/64",
        "[Address]\nAddress=2001:db8::1/64\nBroadcast=192.0.2.255",
        "[Address]\nAddress=192.0.2.1/24\nAddress=",
        "[Network]\nAddress=\"192.0.2.1/24\"",
        "[Network]\nAddress=192.0.2.1/24 192.0.2.2/24",
        "[Network]\nAddress=192.0.2.1/24 # spare",
        "[Network]\nAddress=192.0.2.1/33",
    ];
    // A later one takes the address, and passes over the broadcast address alone.
    let is_252 = run(Command::new(&program).arg("--version")).stdout.starts_with("systemd 252");
    for row in rows.into_iter().filter(|row| is_252 || !row.contains("Broadcast=")) {
        let lab = Lab::new(&format!("[Match]\nName=eth0\n{row}\n[Network]\nAddress=192.0.2.9/24\n"));
        let _networkd = lab.start(&program, 1);
        let outcome = check(&lab.host, &["--from=networkd"]);
        let first = outcome.first_line().split(" | ").next().unwrap();
        assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable", "{row}");
        let note = outcome.stdout.lines().nth(1).unwrap_or_default();
        assert!(note.starts_with("note: /etc/systemd/network/10-a.network line "), "{row}: {note}");
    }
}

#[test]
fn what_is_rarely_written_is_bound_and_expected() {
    let Some(program) = usable() else { return };
    let prefix = "[Network]\nIPv6SendRA=yes\n[IPv6Prefix]\nPrefix=2001:db8:1::/64\nAssign=yes\nToken=::7";
    let rows = ["[Network]\nAddress=224.0.49.1/24", "[Network]\nAddress=::ffff:192.0.2.1/120", prefix];
    for row in rows {
        let lab = Lab::new(&format!("[Match]\nName=eth0\n{row}\n"));
        let _networkd = lab.start(&program, 1);
        assert_eq!(lab.said(), "IP_BOUND OK - 1 address from networkd bound and usable", "{row}");
    }
}

#[test]
fn a_file_for_another_device_is_told_apart_from_a_lost_address() {
    let Some(program) = usable() else { return };
    let rows = [
        ("Type=!ether", "WARNING - 192.0.2.1 never bound: eth0 does not fit Type=!ether"),
        ("Kind=bridge", "WARNING - 192.0.2.1 never bound: eth0 does not fit Kind=bridge"),
        ("Driver=e1000", "CRITICAL - 1 of 2 addresses missing: 192.0.2.1, eth0 does not fit Driver=e1000"),
        ("Kind=veth", "OK - 2 addresses from networkd bound and usable"),
        ("Driver=veth", "OK - 2 addresses from networkd bound and usable"),
    ];
    for (condition, expected) in rows {
        let lab = Lab::new(&format!("[Match]\nName=eth0\n{condition}\n[Network]\nAddress=192.0.2.1/24\n"));
        lab.host.etc("systemd/network/20-b.network", "[Match]\nName=eth1\n[Network]\nAddress=192.0.2.2/24\n");
        let _networkd = lab.start(&program, if expected.starts_with("OK") { 2 } else { 1 });
        assert_eq!(lab.said(), format!("IP_BOUND {expected}"), "{condition}");
    }
}

#[test]
fn the_address_of_a_bridge_is_bound_with_its_first_port() {
    let Some(program) = usable() else { return };
    let lab = Lab::new("[Match]\nName=eth0\n[Network]\nAddress=192.0.2.9/24\n");
    lab.host.etc("systemd/network/b.netdev", "[NetDev]\nName=br7\nKind=bridge\n");
    lab.host.etc("systemd/network/b.network", "[Match]\nName=br7\n[Network]\nAddress=198.51.100.1/24\n");
    let _networkd = lab.start(&program, 1);
    let is_up = || lab.host.ip(&["-o", "link", "show", "br7", "up"]).stdout.contains("br7");
    eventually("br7 is up", Duration::from_secs(20), is_up);
    assert_eq!(lab.said(), "IP_BOUND OK - 1 address from networkd bound and usable");
    lab.host.ip(&["link", "set", "eth1", "up", "master", "br7"]);
    let both = "IP_BOUND OK - 2 addresses from networkd bound and usable";
    eventually("networkd binds its address", Duration::from_secs(20), || lab.said() == both);
    lab.host.ip(&["address", "del", "198.51.100.1/24", "dev", "br7"]);
    assert_eq!(
        lab.said(),
        "IP_BOUND CRITICAL - 1 of 2 addresses missing: 198.51.100.1, br7 has no address at all"
    );
}
