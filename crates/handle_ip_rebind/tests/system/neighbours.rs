//! The hosts that answer on the link: other hosts, and this host itself by another of its interfaces.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use suite::host::{succeed, write};
use suite::needs::missing;
use suite::plugins;
use suite::process::run;
use suite::wait::eventually;

use super::hostile::kill;
use super::site::{HOSTS, Site};

#[test]
fn a_port_of_a_bridge_or_a_bond_is_refused_by_name() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.50 2001:db8::31");
    site.host.bridge("br0", &["eth0"]);
    site.host.ip(&["addr", "flush", "dev", "eth0"]);
    site.host.ip(&["addr", "add", "192.0.2.1/24", "dev", "br0"]);
    let line = "IP_REBIND UNKNOWN - interface eth0 is a port of br0: set interface = br0";
    assert_eq!(site.handle().verdict(), (3, line));
    assert_eq!(site.trial().verdict(), (3, line));
    assert!(!site.has("192.0.2.50/24") && !site.has("2001:db8::31/128"));
    // The neighbour's answer reaches the bridge.
    site.configure("enabled = true\ninterface = \"br0\"\n");
    let outcome = site.handle();
    assert!(
        outcome.first_line().contains("192.0.2.50 left alone: ") && outcome.code == Some(2),
        "{outcome:?}"
    );
    assert!(outcome.first_line().contains(" has it on br0"), "{outcome:?}");
    site.host.ip(&["link", "property", "add", "dev", "br0", "altname", "lan"]);
    site.configure("enabled = true\ninterface = \"lan\"\n");
    let line = "IP_REBIND UNKNOWN - interface lan is another name of br0: set interface = br0";
    assert_eq!(site.handle().verdict(), (3, line));
}

#[test]
fn an_answer_by_another_interface_of_this_host_is_no_conflict() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 2001:db8::31");
    // Both hosts' ends of two cables are on one link.
    site.neighbour.ip(&["addr", "flush", "dev", "eth0"]);
    site.host.cable("eth1", &site.neighbour, "eth1");
    site.neighbour.bridge("br0", &["eth0", "eth1"]);
    site.host.ip_batch(
        "addr add 192.0.2.2/24 dev eth1\nlink add link eth1 name mac0 type macvlan mode bridge\nlink set mac0 up\n\
         addr add 192.0.2.3/24 dev mac0\n",
    );
    site.configure("enabled = true\nannounce = true\n");
    let line = "IP_REBIND OK - bound again: 192.0.2.31, 2001:db8::31";
    assert_eq!(site.handle().verdict(), (0, line));
    assert!(site.has("192.0.2.31/24") && site.has("2001:db8::31/64"));
    // The answers of another host still count.
    site.neighbour.ip(&["addr", "add", "192.0.2.32/24", "dev", "br0"]);
    write(&site.path("ips"), "192.0.2.32\n");
    let outcome = site.handle();
    assert!(outcome.first_line().starts_with("IP_REBIND CRITICAL - 192.0.2.32 left alone: "), "{outcome:?}");
}

#[test]
fn a_guest_behind_a_macvtap_is_another_host() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.32");
    site.neighbour.ip(&["addr", "add", "192.0.2.32/24", "dev", "eth0"]);
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let mac = mac.trim();
    site.host.cable("eth1", &site.neighbour, "eth1");
    // The host's end of such a guest's link has the guest's own hardware address.
    site.host.ip(&[
        "link", "add", "link", "eth1", "name", "tap0", "address", mac, "type", "macvtap", "mode", "bridge",
    ]);
    site.host.ip(&["link", "set", "tap0", "up"]);
    let line = format!("IP_REBIND CRITICAL - 192.0.2.32 left alone: {mac} has it on eth0");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn what_a_killed_run_has_bound_is_probed_for_before_it_is_announced() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32 2001:db8::31");
    let restart = site.script("service", "echo run >>\"$0.runs\"");
    site.configure(&format!("enabled = true\nannounce = true\nrestart = [[\"{restart}\"]]\n"));
    kill(&site, "the addresses are bound", || site.has("192.0.2.32/24"));
    let tried = site.trial();
    let acts = "\nwould finish: announce 192.0.2.31\nwould finish: announce 192.0.2.32\n\
                would finish: announce 2001:db8::31\nwould start again: service\n";
    assert!(tried.code == Some(0) && tried.stdout.ends_with(acts), "{tried:?}");
    // Another host took one of them meanwhile.
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let outcome = site.handle();
    let why = format!("192.0.2.31 not back: {} has it too on eth0, removed again", mac.trim());
    assert!(outcome.code == Some(2) && outcome.first_line().contains(&why), "{outcome:?}");
    assert!(outcome.first_line().contains("finished an earlier run"), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24"), "{outcome:?}");
    // The address is left to the other host.
    let line = format!("IP_REBIND CRITICAL - {why}, waits 1 min after 1 try");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn of_two_hosts_that_are_after_one_address_one_gets_it() {
    if missing(&HOSTS) {
        return;
    }
    const ROUNDS: usize = 8;
    let site = Site::new("192.0.2.31");
    let config = format!("--config={}", site.path("other.toml").display());
    let text = std::fs::read_to_string(site.path("config.toml")).unwrap();
    let other = text.replace("/log\"", "/other.log\"").replace("/state\"", "/other.state\"");
    write(&site.path("other.toml"), &other);
    let mut losers = Vec::new();
    for _ in 0..ROUNDS {
        let lines = thread::scope(|scope| {
            let one = scope.spawn(|| site.handle());
            let mut command = site.neighbour.command(plugins::binary("handle_ip_rebind"));
            command.args(["--event=CRITICAL-HARD", "--timeout=25", &config]).stderr(Stdio::null());
            [run(&mut command), one.join().unwrap()]
        });
        let has: Vec<bool> = lines.iter().map(|line| line.code == Some(0)).collect();
        losers.extend(lines.into_iter().filter(|line| line.code != Some(0)));
        if has.contains(&true) {
            assert!(has.contains(&false), "one of them: {losers:?}");
            let on_host = site.has("192.0.2.31/24");
            let on_other = site.neighbour.ip(&["-o", "addr"]).stdout.contains(" 192.0.2.31/24 ");
            assert!(on_host != on_other, "{losers:?}");
            let probing =
                |line: &&suite::process::Outcome| line.first_line().ends_with(" is probing for it too");
            assert!(losers.iter().any(|line| probing(&line)), "{losers:?}");
            return;
        }
    }
    panic!("they block each other: {losers:?}");
}

#[test]
fn an_address_with_which_others_would_go_is_not_removed() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("203.0.113.31/24");
    site.host.sysctl("net/ipv4/conf/all/promote_secondaries", "0");
    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "0");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 203.0.113.31"));
    // The kernel would remove it with its primary, and the default route too.
    site.host.ip(&["addr", "add", "203.0.113.1/24", "dev", "eth0"]);
    site.host.ip(&["route", "add", "default", "via", "203.0.113.254"]);
    site.neighbour.ip(&["addr", "add", "203.0.113.31/24", "dev", "eth0"]);
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let mac = mac.trim();
    let line = format!(
        "IP_REBIND CRITICAL - 203.0.113.31 not back: {mac} has it too on eth0, not removed: 203.0.113.1 would go with it"
    );
    // More runs than the budget allows to change something.
    for _ in 0..4 {
        assert_eq!(site.handle().verdict(), (2, line.as_str()));
    }
    assert!(site.has("203.0.113.31/24") && site.has("203.0.113.1/24"));
    assert_ne!(site.host.ip(&["route", "show", "default"]).stdout, "");
    // Once nothing would go with it, it is removed.
    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    let line = format!("IP_REBIND CRITICAL - 203.0.113.31 not back: {mac} has it too on eth0, removed again");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    assert!(!site.has("203.0.113.31/24") && site.has("203.0.113.1/24"));
}

#[test]
fn a_duplicate_is_explained_by_who_has_it() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("2001:db8::31");
    site.neighbour.ip(&["addr", "add", "2001:db8::31/64", "dev", "eth0", "nodad"]);
    site.host.ip(&["addr", "add", "2001:db8::31/64", "dev", "eth0"]);
    let flags = || site.host.ip(&["-o", "-6", "addr", "show", "dev", "eth0"]).stdout;
    eventually("the kernel finds it", Duration::from_secs(20), || flags().contains("dadfailed"));
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let line =
        format!("IP_REBIND CRITICAL - 2001:db8::31 left alone: duplicate, {} has it on eth0", mac.trim());
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    // The kernel never tries it again.
    site.neighbour.ip(&["addr", "del", "2001:db8::31/64", "dev", "eth0"]);
    let remedy = "no other host has it any more: ip addr del 2001:db8::31/64 dev eth0, the next run binds it";
    let line = format!("IP_REBIND CRITICAL - 2001:db8::31 left alone: duplicate, but {remedy}");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn a_link_that_reflects_multicast_makes_no_duplicate() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("2001:db8::31 2001:db8::32");
    site.neighbour.bridge("br0", &["eth0"]);
    let hairpin = "echo 1 >/sys/class/net/eth0/brport/hairpin_mode; echo 0 >/sys/class/net/br0/bridge/multicast_snooping";
    succeed(site.neighbour.command("sh").args(["-c", hairpin]));
    let line = "IP_REBIND OK - bound again: 2001:db8::31-32";
    assert_eq!(site.handle().verdict(), (0, line));
}
