//! What the tests of several modules share: a network namespace of the test's own thread, which needs root.
//! Without it the test is left out.

use std::io;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

/// Runs `test` in a namespace that has these addresses on its loopback.
pub(crate) fn in_namespace(addresses: &[&str], test: impl FnOnce() + Send) {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "namespaces need root");
        eprintln!("left out: namespaces need root");
        return;
    }
    let run = || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        ip("link set lo up");
        addresses.iter().for_each(|address| ip(&format!("address add {address} dev lo nodad")));
        addresses.iter().filter_map(|address| address.strip_suffix("/128")).for_each(await_usable);
        test();
    };
    thread::scope(|scope| scope.spawn(run).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
}

/// Waits until a new IPv6 address takes packets, which the kernel sees to a little later.
fn await_usable(address: &str) {
    let until = Instant::now() + Duration::from_secs(5);
    let reaches_itself = || -> io::Result<usize> {
        let socket = UdpSocket::bind((address, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(10)))?;
        socket.send_to(&[0], socket.local_addr()?)?;
        socket.recv(&mut [0])
    };
    while reaches_itself().is_err() {
        assert!(Instant::now() < until, "{address} is not usable");
    }
}

/// Runs `ip` with these arguments.
pub(crate) fn ip(arguments: &str) {
    run(Command::new("ip").args(arguments.split(' ')));
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
