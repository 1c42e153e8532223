//! check_proxy against real proxies: squid with Basic, with Digest, without a login, looking into TLS, and
//! with what goes wrong in its configuration; tinyproxy, microsocks and dante; and a fake for the states that
//! no real one gets into on request. The page is the suite's own, by http and https. Each test has a host of
//! its own.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fake/mod.rs"]
mod fake;

#[cfg(test)]
mod bump;
#[cfg(test)]
mod direct;
#[cfg(test)]
mod look;
#[cfg(test)]
mod monitor;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod socks;
#[cfg(test)]
mod squid;
#[cfg(test)]
mod states;
#[cfg(test)]
mod tinyproxy;

use std::net::TcpStream;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread;

use suite::bench::enter;
use suite::daemon::Daemon;
use suite::host::{Host, bare};
use suite::ports;
use tempfile::TempDir;

/// All hosts of one machine share its table of neighbours: a test that fills it is alone.
static NEIGHBOURS: RwLock<()> = RwLock::new(());

/// Keeps that table from being filled: a connection without an answer would be explained by it.
fn room_for_neighbours() -> RwLockReadGuard<'static, ()> {
    NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Does something in the network of a host, with what it starts there.
fn inside<T: Send>(host: &Host, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let entered = scope.spawn(|| {
            enter(host);
            act()
        });
        entered.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Does something in the network of a host that has nothing but its loopback interface.
fn on_a_host<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    inside(&bare(), act)
}

/// A daemon with its folder.
struct Running {
    /// It ends before its folder goes.
    _daemon: Daemon,
    folder: TempDir,
    /// Where it listens.
    port: u16,
}

/// A port that is free until a daemon is told to listen there.
fn free_port(address: &str) -> u16 {
    ports::reserved(address).port()
}

/// Starts a daemon that listens there.
fn start(command: &mut Command, folder: TempDir, address: &str, port: u16) -> Running {
    let listens = |_| TcpStream::connect((address, port)).is_ok();
    let daemon = Daemon::start(command, &folder.path().join("log"), listens);
    Running { _daemon: daemon, folder, port }
}

/// The exit code and the first line of the plugin, by http and https.
fn verdict(origin: &fake::Origin, address: &str, port: u16, more: &[&str]) -> (i32, String) {
    let (ip, port, login) = (format!("--ip={address}"), format!("--port={port}"), origin.login());
    let arguments = [&[ip.as_str(), &port, &login], more].concat();
    let outcome = origin.check(&arguments);
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}
