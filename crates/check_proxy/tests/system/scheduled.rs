//! The shipped commands, services and options, in a real Nagios on the monitor: one service for each proxy,
//! and one for a list of them.

use std::fs;

use suite::nagios::{self, Nagios, Service, shipped};
use suite::needs::{Need, missing};
use suite::plugins;

use crate::fake::PASSWORD;
use crate::look::{network, squid, web};
use crate::squid::{CLOSED, basic};

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

#[test]
fn an_open_proxy_of_the_list_is_no_fault_of_another_host() {
    let needs = [Need::Program("ip"), Need::Program("ss"), Need::Program("squid"), Need::Program("openssl")];
    if missing(&needs) || missing(&nagios::NEEDS) {
        return;
    }
    let host = network();
    host.etc("silent-outage/monitor.ini", &options());
    let _web = web(&host);
    let _closed = [11, 12].map(|number| squid(&host, number, &basic(CLOSED)));
    let _open = squid(&host, 13, "http_access allow all\n");
    let services = fs::read_to_string(shipped("silent-outage-plugins.cfg")).unwrap();
    let nagios = Nagios::start(&host, &format!("{services}{HOSTS}"));
    let hard = |name: &str| nagios.service_when(name, |service: &Service| service.is_hard);
    let one = hard("Proxy");
    assert_eq!(one.current_state, 0, "{one:?}");
    assert!(one.plugin_output.starts_with("PROXY OK - 192.0.2.11 serves customers in "), "{one:?}");
    let list = hard("Proxies");
    let line = "PROXY CRITICAL - 1 of 3 proxies fail: 192.0.2.13 open: serves strangers by http";
    assert_eq!((list.current_state, list.plugin_output.as_str()), (2, line));
}
