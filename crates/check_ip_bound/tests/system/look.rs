//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::host::Host;
use suite::look::{hold, run_line};
use suite::needs::{Need, missing};

#[test]
fn an_address_that_was_not_bound() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("mount")]) {
        return;
    }
    let (host, other) = (Host::create(), Host::create());
    host.cable("eth0", &other, "eth0");
    let addresses = (1..=40).map(|number| format!("192.0.2.{number}:255.255.255.0:192.0.2.255\n"));
    host.etc("ips", &addresses.collect::<String>());
    host.ip_batch(
        &(1..=40).map(|number| format!("addr add 192.0.2.{number}/24 dev eth0\n")).collect::<String>(),
    );
    let well = run_line(&host, "check_ip_bound");
    host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    hold("check_ip_bound", &[well, run_line(&host, "check_ip_bound")]);
}
