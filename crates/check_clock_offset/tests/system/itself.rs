//! Agents at an address of this machine: its own one, and one that may be another machine's.

use suite::clocks::{AGENT_NEEDS, Clock, PASS_PERSIST};
use suite::host::Host;
use suite::needs::missing;

use super::{check, network};

const HOST: &str = "--hostname=127.0.0.1";
const NOTE: &str = "\nnote: 127.0.0.1 is this machine, whose clock is compared with itself: give the --ntp of \
                    another machine\n";

/// A clock compared with itself is right whatever the time is.
#[test]
fn the_own_agent_is_no_reference() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    let _agents = (Clock::agent(&monitor, "+0s"), Clock::agent(&proxy, "+0s"));
    let signed = ["-P", "3", "-U", "signed", "-L", "authNoPriv", "-a", "SHA", "-A", "authpassword"];
    let extend = ["--oid=nsExtendOutput1Line.\"fresh\""];
    let rows: [&[&str]; 4] = [&[], &["-P", "1"], &signed, &extend];
    for (host, address) in
        [(HOST, "127.0.0.1"), ("--hostname=198.51.100.1", "198.51.100.1"), ("--hostname=::1", "::1")]
    {
        for more in rows {
            let reading = check(&monitor, &[&[host], more].concat());
            let words = format!(
                "{address} is this machine, whose clock is compared with itself: give the --ntp of another machine"
            );
            let line = format!("CLOCK_OFFSET UNKNOWN - {words}");
            assert_eq!(reading.verdict(), (3, line.as_str()), "{more:?}");
        }
    }
    // Link-local ones, on their own link: on another link another machine may have the same.
    let elsewhere = Host::create();
    monitor.cable("eth1", &elsewhere, "eth0");
    monitor.ip_batch(
        "addr add fe80::1/64 dev eth0 nodad\naddr add fe80::7/64 dev eth1 nodad\n\
         route add local 203.0.113.0/24 dev lo\n",
    );
    proxy.ip(&["addr", "add", "fe80::7/64", "dev", "eth0", "nodad"]);
    for address in ["fe80::1%eth0", "203.0.113.7"] {
        let words = format!("{address} is this machine, whose clock is compared with itself: ");
        let reading = check(&monitor, &[&format!("--hostname={address}")]);
        assert!(reading.0.code == Some(3) && reading.verdict().1.contains(&words), "{:?}", reading.0);
        let reading = check(&monitor, &[&format!("--ntp={address}")]);
        let words = format!("NTP server {address}: ");
        assert!(reading.0.code == Some(3) && reading.verdict().1.contains(&words), "{:?}", reading.0);
        assert!(reading.verdict().1.ends_with(" is this machine"), "{:?}", reading.0);
    }
    let other = check(&monitor, &["--hostname=fe80::7%eth0"]);
    assert!(other.0.code == Some(0) && !other.0.stdout.contains("this machine"), "{:?}", other.0);
    let other = check(&monitor, &["--hostname=198.51.100.7"]);
    assert_eq!(other.0.code, Some(0), "{:?}", other.0);
    // What the script asks is not known.
    let script = check(&monitor, &[HOST, &format!("--oid={PASS_PERSIST}"), "--cache-time=0"]);
    assert_eq!(script.0.code, Some(0), "{:?}", script.0);
    assert!(script.0.stdout.contains(NOTE), "{:?}", script.0);
}

/// Its own agent on another port is told by its uptime.
#[test]
fn the_own_agent_on_another_port_is_no_reference() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, _proxy) = network();
    let port = "agentaddress udp:1161\n";
    let hidden = "view clock included .1.3.6.1.2.1.25.1.2\nrocommunity public default -V clock\n";
    let other = "rocommunity public\noverride .1.3.6.1.2.1.25.1.1.0 timeticks 12345\n";
    let itself = "this machine, whose clock is compared with itself";
    let rows = [("rocommunity public\n", 3, true), (hidden, 0, true), (other, 0, false)];
    for (settings, code, is_named) in rows {
        let _agent = Clock::agent_by(&monitor, "+0s", "UTC", &format!("{settings}{port}"));
        for host in ["127.0.0.1", "198.51.100.1"] {
            let reading = check(&monitor, &[&format!("--hostname={host}"), "--port=1161"]);
            assert_eq!(reading.0.code, Some(code), "{settings}: {:?}", reading.0);
            assert_eq!(reading.0.stdout.contains(itself), is_named, "{settings}: {:?}", reading.0);
        }
    }
    let _agent = Clock::agent_by(&monitor, "+90s", "UTC", &format!("rocommunity public\n{port}"));
    let off = check(&monitor, &[HOST, "--port=1161"]);
    assert_eq!(off.0.code, Some(2), "{:?}", off.0);
}

/// A port of this machine that leads to another one, and an agent that does not tell its uptime.
#[test]
fn an_agent_that_may_be_another_machine_is_judged() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let forwarded = "rocommunity public\noverride .1.3.6.1.2.1.25.1.1.0 timeticks 12345\n";
    let hidden = "view clock included .1.3.6.1.2.1.25.1.2\nrocommunity public default -V clock\n";
    for settings in [forwarded, hidden] {
        let host = Host::create();
        let _agent = Clock::agent_by(&host, "+0s", "UTC", settings);
        for version in ["1", "2c"] {
            let reading = check(&host, &[HOST, "-P", version]);
            assert_eq!(reading.0.code, Some(0), "{settings} {version}: {:?}", reading.0);
            assert!(reading.0.stdout.contains(NOTE), "{settings} {version}: {:?}", reading.0);
        }
    }
}
