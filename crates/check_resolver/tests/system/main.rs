//! check_resolver against real nameservers (unbound, named, dnsmasq) and a fake in network namespaces, and
//! beside the C library.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../fake/mod.rs"]
mod fake;

mod daemons;
mod elsewhere;
mod library;
mod look;
mod paths;
mod programs;
mod resolved;
mod states;
mod through;

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use suite::bench::enter;
use suite::host::{Host, bare};
use suite::needs::Need;
use suite::plugins;
use suite::process::{Outcome, run};
use suite::wait::eventually;

use fake::Fake;

/// What every test needs.
const NEEDS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("mount")];

/// Runs the plugin in a host.
fn check(host: &Host, arguments: &[&str]) -> Outcome {
    run(host.command(plugins::binary("check_resolver")).args(arguments))
}

/// The exit code, and the first line without the plugin's name, its data and what is measured.
fn said(outcome: &Outcome) -> (i32, String) {
    let (code, line) = outcome.summary();
    let line = line.strip_prefix("RESOLVER ").unwrap_or(line);
    (code, line.split(", slowest in ").next().unwrap_or_default().to_owned())
}

/// Starts a fake that listens in a host.
fn fake(host: &Host, address: &str) -> Fake {
    listening(inside(host, || Fake::start(address, true)))
}

/// Starts a fake in a host that does the same for every name.
fn fake_as(host: &Host, does: &'static str, address: &str) -> Fake {
    listening(inside(host, || Fake::start_as(Some(does), address, true)))
}

/// Starts a fake that listens in a host by UDP alone.
fn fake_by_udp(host: &Host, address: &str) -> Fake {
    listening(inside(host, || Fake::start(address, false)))
}

fn listening(fake: Fake) -> Fake {
    assert_eq!(fake.address().port(), 53, "the C library asks no other port");
    fake
}

/// Binds an address that never answers. A socket that was closed there is still open for as long as a program
/// that another test starts takes to begin.
fn silent(host: &Host, address: &str) -> UdpSocket {
    let mut bound = None;
    eventually(&format!("{address} is free"), Duration::from_secs(10), || {
        let socket = inside(host, || UdpSocket::bind(address));
        let in_use = socket.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
        bound = Some(socket);
        !in_use
    });
    bound.unwrap().unwrap()
}

/// Does something in the network namespace of a host.
fn inside<T: Send>(host: &Host, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let entered = scope.spawn(|| {
            enter(host);
            act()
        });
        entered.join().unwrap()
    })
}

/// A host with these addresses on its loopback interface and this resolv.conf.
fn host(addresses: &[&str], resolv_conf: &str) -> Host {
    let host = bare();
    for address in addresses {
        // A duplicate is looked for on loopback too, and on a busy machine that takes a while.
        let family: &[&str] = if address.contains(':') { &["nodad"] } else { &[] };
        host.ip(&[&["addr", "add", address, "dev", "lo"], family].concat());
    }
    host.etc("resolv.conf", resolv_conf);
    host.etc("nsswitch.conf", "hosts: files dns\n");
    host.etc("hosts", "127.0.0.1 localhost\n");
    host
}
