//! Agents at an address of this machine: its own one, and one that may be another machine's.

use suite::clocks::{AGENT_NEEDS, Clock, PASS_PERSIST};
use suite::host::Host;
use suite::needs::missing;

use super::{check, network};

const HOST: &str = "--hostname=127.0.0.1";
const NOTE: &str = "\nnote: 127.0.0.1 is this machine, whose clock is compared with itself: give --ntp\n";

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
            let words = format!("{address} is this machine, whose clock is compared with itself: give --ntp");
            let line = format!("CLOCK_OFFSET UNKNOWN - {words}");
            assert_eq!(reading.verdict(), (3, line.as_str()), "{more:?}");
        }
    }
    let other = check(&monitor, &["--hostname=198.51.100.7"]);
    assert_eq!(other.0.code, Some(0), "{:?}", other.0);
    // What the script asks is not known.
    let script = check(&monitor, &[HOST, &format!("--oid={PASS_PERSIST}"), "--cache-time=0"]);
    assert_eq!(script.0.code, Some(0), "{:?}", script.0);
    assert!(script.0.stdout.contains(NOTE), "{:?}", script.0);
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
