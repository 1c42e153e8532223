//! check_tcp_each_ip from one real host to another, and as a real Nagios runs it.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod by_nagios;
#[cfg(test)]
mod causes;
#[cfg(test)]
mod interface;
#[cfg(test)]
mod load;
#[cfg(test)]
mod look;
#[cfg(test)]
mod monitor;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod services;
#[cfg(test)]
mod tls;

use std::sync::RwLock;

use suite::daemon::Daemon;
use suite::host::{Host, public_folder};
use suite::needs::Need;
use suite::plugins;
use suite::process::{Outcome, run};
use tempfile::TempDir;

/// What a test needs that makes hosts.
const HOSTS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("ss")];

/// The kernel's table of neighbours is one for all network namespaces: the test that fills it writes, those
/// that need room in it read.
static NEIGHBOURS: RwLock<()> = RwLock::new(());

/// Runs the plugin in a host.
fn check(host: &Host, arguments: &[&str]) -> Outcome {
    let outcome = run(host.command(plugins::binary("check_tcp_each_ip")).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// A host whose eth0 is cabled to the eth0 of a second one. Their link-local addresses, without which
/// neighbours do not find each other, are there at once.
fn cabled() -> (Host, Host) {
    let hosts = (Host::create(), Host::create());
    for host in [&hosts.0, &hosts.1] {
        host.sysctl("net/ipv6/conf/all/accept_dad", "0");
        host.sysctl("net/ipv6/conf/default/accept_dad", "0");
    }
    hosts.0.cable("eth0", &hosts.1, "eth0");
    hosts
}

/// A monitor at 198.51.100.1 and 2001:db8:51::1, and a server at .2 and ::2 behind which are the first
/// `count` addresses of 192.0.2.0/24 and, numbered in decimal, of 2001:db8:2::/64.
fn routed(count: u8) -> (Host, Host) {
    let (monitor, server) = cabled();
    monitor.ip_batch(
        "addr add 198.51.100.1/24 dev eth0\naddr add 2001:db8:51::1/64 dev eth0 nodad\n\
         route add 192.0.2.0/24 via 198.51.100.2\nroute add 2001:db8:2::/64 via 2001:db8:51::2\n",
    );
    let addresses = |number| {
        format!("addr add 192.0.2.{number}/32 dev lo\naddr add 2001:db8:2::{number}/128 dev lo nodad\n")
    };
    let own = "addr add 198.51.100.2/24 dev eth0\naddr add 2001:db8:51::2/64 dev eth0 nodad\n".to_owned();
    server.ip_batch(&(1..=count).map(addresses).fold(own, |batch, lines| batch + &lines));
    (monitor, server)
}

/// Opens a port on all addresses of a host, until what is returned is dropped.
fn listening(host: &Host, port: u16) -> (Daemon, TempDir) {
    let folder = public_folder();
    let mut command = host.command(plugins::binary("open_port"));
    command.arg(port.to_string());
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(&format!("*:{port} "));
    (Daemon::start(&mut command, &folder.path().join("log"), listens), folder)
}
