//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::clocks::{AGENT_NEEDS, Clock};
use suite::host::Host;
use suite::look::{hold, run_line};
use suite::needs::missing;

#[test]
fn a_clock_that_took_its_hosts_time() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, proxy) = (Host::create(), Host::create());
    monitor.cable("eth0", &proxy, "eth0");
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    proxy.ip(&["addr", "add", "198.51.100.7/24", "dev", "eth0"]);
    monitor.etc("hosts", "198.51.100.7 proxy7\n127.0.0.1 localhost\n");
    monitor.etc("monitoring-plugins.ini", "[check_clock_offset]\ncommunity=public\n");
    let line = "check_clock_offset --hostname=proxy7 --extra-opts";
    let runs = ["+0s", "-3600s"].map(|offset| {
        let _agent = Clock::agent(&proxy, offset);
        run_line(&monitor, line)
    });
    hold("check_clock_offset", &runs);
}
