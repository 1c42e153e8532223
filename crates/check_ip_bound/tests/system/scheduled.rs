//! The whole way: a real Nagios that schedules the shipped service, through a real NRPE on another host.

use suite::host::cabled;
use suite::nagios::{self, Nagios, Service, shipped};
use suite::needs::missing;
use suite::nrpe::{self, Nrpe};
use suite::process::run;

/// The host to watch, as the shipped example tells to define it.
const SERVER: &str = "
define host {
    use         generic-host
    host_name   server
    address     198.51.100.2
    hostgroups  silent-outage-hosts
}
";

#[test]
fn nagios_sees_an_address_go_and_come_back() {
    if missing(&nrpe::NEEDS) || missing(&nagios::NEEDS) {
        return;
    }
    let (monitor, server) = cabled();
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    server.ip_batch("addr add 198.51.100.2/24 dev eth0\naddr add 192.0.2.22/24 dev eth0\naddr add 192.0.2.226/24 dev eth0\n");
    server.etc("ips", "192.0.2.22\n192.0.2.226\n");
    let nrpe = Nrpe::start(&server, "");
    let services = std::fs::read_to_string(shipped("silent-outage-plugins.cfg")).unwrap();
    let nagios = Nagios::start(&monitor, &format!("{services}{SERVER}"));
    // What Nagios must have of the plugin's own answer.
    let own = |code: u8| {
        let outcome = run(&mut nrpe.plugin("check_ip_bound"));
        assert_eq!(outcome.code, Some(code.into()), "{}", outcome.stdout);
        Service::of_output(code, &outcome.stdout)
    };
    let hard = |state: u8| {
        nagios.service_when("Addresses bound", |service| service.is_hard && service.current_state == state)
    };

    assert_eq!(hard(0), own(0));
    server.ip(&["addr", "del", "192.0.2.226/24", "dev", "eth0"]);
    let alarm = hard(2);
    assert_eq!(alarm, own(2));
    assert_eq!(alarm.plugin_output, "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.226");
    server.ip(&["addr", "add", "192.0.2.226/24", "dev", "eth0"]);
    assert_eq!(hard(0), own(0));
}
