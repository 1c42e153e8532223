//! The shipped command and service, in a real Nagios on the monitor: no agent on the server is needed for it.
//!
//! Tests begin in the order of their names, and this one waits longest: at the end all others would wait for
//! it.

use suite::host::{public_folder, write};
use suite::nagios::{self, Nagios, shipped};
use suite::needs::missing;

use super::{HOSTS, listening, routed};

const SERVER: &str = "
define host {
    use           generic-host
    host_name     server
    address       198.51.100.2
    hostgroups    silent-outage-tcp
    _TCP_LIST     @list@
    _TCP_PORTS    80
}
";

#[test]
fn an_address_goes_dark_and_comes_back() {
    if missing(&HOSTS) || missing(&nagios::NEEDS) {
        return;
    }
    let (monitor, server) = routed(3);
    let _port = listening(&server, 80);
    let folder = public_folder();
    let list = folder.path().join("list");
    write(&list, "192.0.2.1\n192.0.2.2\n2001:db8:2::3\n");
    let services = std::fs::read_to_string(shipped("silent-outage-plugins.cfg")).unwrap();
    let nagios = Nagios::start(
        &monitor,
        &format!("{services}{}", SERVER.replace("@list@", &list.display().to_string())),
    );
    let hard = |state: u8| {
        nagios.service_when("Addresses answer", |service| service.is_hard && service.current_state == state)
    };
    assert!(hard(0).plugin_output.starts_with("TCP_EACH_IP OK - 3 addresses answer on port 80, slowest "));
    server.ip(&["addr", "del", "192.0.2.2/32", "dev", "lo"]);
    let alarm = hard(2);
    let line = "TCP_EACH_IP CRITICAL - 1 of 3 fails, port 80: 192.0.2.2 ";
    assert!(alarm.plugin_output.starts_with(line), "{alarm:?}");
    assert!(alarm.performance_data.starts_with("failed=1;;0;0;3 untested=0;;;0;3 "), "{alarm:?}");
    server.ip(&["addr", "add", "192.0.2.2/32", "dev", "lo"]);
    assert!(hard(0).performance_data.starts_with("failed=0;"));
}
