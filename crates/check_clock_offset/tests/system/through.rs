//! The two ways in which it is used: through NRPE on the host, and from the monitor by SNMP with NTP servers
//! as the reference.

use suite::clocks::{AGENT_NEEDS, Clock, SERVER_NEEDS};
use suite::host::Host;
use suite::needs::missing;
use suite::nrpe::{self, Nrpe};

use super::{check, network, synchronised};

#[test]
fn a_host_checks_its_own_clock_through_nrpe() {
    if missing(&nrpe::NEEDS) || missing(&SERVER_NEEDS) {
        return;
    }
    let hosts = network();
    hosts.0.etc("silent-outage/nrpe.ini", "[check_clock_offset]\nntp=127.0.0.1\n");
    let nrpe = Nrpe::start(&hosts.0, "");
    let line = "CLOCK_OFFSET UNKNOWN - NTP server 127.0.0.1: connection refused";
    let refused = nrpe.check("check_clock_offset", &[]);
    assert_eq!((refused.code, refused.stdout.split(" | ").next()), (Some(3), Some(line)));
    for (offset, code, words) in [
        ("+0s", 0, "OK - own NTP server 127.0.0.1 is synchronised"),
        ("+7s", 1, "WARNING - this host is 7.0"),
    ] {
        let _servers = synchronised(&hosts, offset);
        let outcome = nrpe.check("check_clock_offset", &[]);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stdout.starts_with(&format!("CLOCK_OFFSET {words}")), "{outcome:?}");
    }
}

#[test]
fn a_host_without_its_section_is_unknown() {
    if missing(&nrpe::NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("silent-outage/nrpe.ini", "[check_ip_bound]\n");
    let nrpe = Nrpe::start(&host, "");
    let line = "CLOCK_OFFSET UNKNOWN - reading /etc/silent-outage/nrpe.ini: no section [check_clock_offset]";
    assert_eq!(nrpe.check("check_clock_offset", &[]).verdict(), (3, line));
}

#[test]
fn the_monitor_tells_whose_clock_is_off() {
    if missing(&AGENT_NEEDS) || missing(&SERVER_NEEDS) {
        return;
    }
    let hosts = network();
    let (monitor, proxy) = &hosts;
    monitor.etc("hosts", "198.51.100.7 proxy7\n127.0.0.1 localhost\n");
    let arguments = ["--hostname=proxy7", "--ntp=127.0.0.1"];
    // The proxy is slow, then the monitor: by the monitor's own clock the two look alike.
    for (agent, server, code, parts) in [
        ("-90s", "+0s", 2, ["proxy7 is ", " s slow, allowed -60 to 60 s, this monitor right within "]),
        ("+90s", "+90s", 0, ["proxy7 is right within ", ", this monitor 90.0"]),
    ] {
        let (_agent, _servers) = (Clock::agent(proxy, agent), synchronised(&hosts, server));
        let reading = check(monitor, &arguments);
        assert_eq!(reading.0.code, Some(code), "{:?}", reading.0);
        assert!(parts.iter().all(|part| reading.verdict().1.contains(part)), "{:?}", reading.0);
    }
    let _agent = Clock::agent(proxy, "-90s");
    let reading = check(monitor, &arguments);
    assert_eq!(reading.0.code, Some(3), "{:?}", reading.0);
    let words = "NTP server 127.0.0.1: connection refused, by this monitor alone proxy7 is ";
    assert!(reading.verdict().1.contains(words), "{:?}", reading.0);
}
