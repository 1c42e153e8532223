//! The shipped commands, services and options, in a real Nagios and a real Icinga 2 on the monitor: one
//! service for each proxy, and one for a list of them.

use std::fs;

use suite::daemon::Daemon;
use suite::host::Host;
use suite::icinga::{self, Icinga};
use suite::nagios::{self, Nagios, Service};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::status::Status;
use tempfile::TempDir;

use crate::fake::PASSWORD;
use crate::look::{network, squid, web};
use crate::squid::{CLOSED, basic};

const NEEDS: [Need; 4] =
    [Need::Program("ip"), Need::Program("ss"), Need::Program("squid"), Need::Program("openssl")];
/// Each has one of the two services.
const HOSTS: &str = "
define host {
    use         generic-host
    host_name   proxy-11
    address     192.0.2.11
    hostgroups  silent-outage-proxies
}
define host {
    use          generic-host
    host_name    monitor
    address      127.0.0.1
    hostgroups   silent-outage-proxy-lists
    _PROXY_LIST  /etc/silent-outage/proxies
}
";

/// The shipped options of the monitor with all of check_proxy's in force, and another login.
fn options() -> String {
    let shipped = fs::read_to_string(plugins::workspace().join("nrpe-config/monitor.ini")).unwrap();
    let section = shipped.split("[check_proxy]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let lines =
        section.lines().filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')));
    let (login, password) = ("username=cust", format!("password={PASSWORD}"));
    let lines = lines.map(|line| match line.split('=').next() {
        Some("username") => login,
        Some("password") => &password,
        _ => line,
    });
    format!("[check_proxy]\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// The same hosts for Icinga.
const OBJECTS: &str = "
object Host \"proxy-11\" {
    check_command = \"passive\"
    address = \"192.0.2.11\"
    vars.silent_outage = [ \"proxy\" ]
}
object Host \"monitor\" {
    check_command = \"passive\"
    address = \"127.0.0.1\"
    vars.proxy_list = \"/etc/silent-outage/proxies\"
}
";

/// The monitor, with a proxy that is as it should be, and a list in which the third is open.
fn monitor() -> (Host, [(Daemon, TempDir); 4]) {
    let host = network();
    host.etc("silent-outage/monitor.ini", &options());
    let closed = |number| squid(&host, number, &basic(CLOSED));
    let running = [web(&host), closed(11), closed(12), squid(&host, 13, "http_access allow all\n")];
    (host, running)
}

/// Each host has its own service, and no other one.
fn hold(status: &Status) {
    let hard = |name: &str| status.service_when(name, |service: &Service| service.is_hard);
    let one = hard("proxy-11!Proxy");
    assert_eq!(one.current_state, 0, "{one:?}");
    assert!(one.plugin_output.starts_with("PROXY OK - 192.0.2.11 serves customers in "), "{one:?}");
    let list = hard("monitor!Proxies");
    let line = "PROXY CRITICAL - 1 of 3 proxies fail: 192.0.2.13 open: serves strangers by http";
    assert_eq!((list.current_state, list.plugin_output.as_str()), (2, line));
    assert_eq!((status.service("proxy-11!Proxies"), status.service("monitor!Proxy")), (None, None));
}

#[test]
fn an_open_proxy_of_the_list_is_no_fault_of_another_host() {
    if missing(&NEEDS) || missing(&nagios::NEEDS) {
        return;
    }
    let (host, _running) = monitor();
    let services = fs::read_to_string(nagios::shipped("silent-outage-plugins.cfg")).unwrap();
    hold(&Nagios::start(&host, &format!("{services}{HOSTS}")));
}

#[test]
fn icinga_runs_the_services_of_a_proxy_and_of_a_list() {
    if missing(&NEEDS) || missing(&icinga::NEEDS) {
        return;
    }
    let (host, _running) = monitor();
    let services = fs::read_to_string(icinga::shipped("silent-outage-services.conf")).unwrap();
    hold(&Icinga::start(&host, &(services + OBJECTS)));
}
