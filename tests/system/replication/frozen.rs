//! Servers that stand still: asked themselves, beside the plugin that everybody has, and as a source.

use std::process::{Command, Stdio};
use std::time::Duration;

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, PASSWORD, Setup, defaults_file, start_all};
use suite::needs::{Need, missing, program};

use super::check;

#[test]
fn a_frozen_server_is_told_in_time_where_another_plugin_hangs() {
    if missing(&HOST_NEEDS) || missing(&[Need::Program("check_mysql")]) {
        return;
    }
    let host = Host::create();
    let server = Setup::new(1).at(&host, "192.0.2.1").start();
    server.freeze();
    let file = defaults_file(&server, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let mut command = host.command(program("check_mysql").unwrap_or_default());
    command.args(["-S", "-H", "192.0.2.1", "-f"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut other = Killed::start(&mut command);
    let socket = server.socket().display().to_string();
    for (place, option) in [("192.0.2.1", "--hostname=192.0.2.1".to_owned()), (&socket, format!("--socket={socket}"))] {
        let outcome = check(&host, &server, &[&option, "--timeout=2"]);
        let line = format!("REPLICATION CRITICAL - {place}: connected, but no greeting within 2 s: frozen server");
        assert_eq!(outcome.verdict(), (2, line.as_str()));
        assert!(outcome.elapsed < Duration::from_millis(2250), "{:?}", outcome.elapsed);
    }
    assert!(other.is_running(), "check_mysql has ended, after 4 s at least");
    server.thaw();
}

/// Long before slave_net_timeout, which is 60 s here, by heartbeats alone.
#[test]
fn a_frozen_source_is_told_by_its_missing_heartbeats() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    let [source, replica] = start_all([Setup::new(1).at(&host, "192.0.2.1"), Setup::new(2).at(&host, "192.0.2.2")]);
    replica.change_source("", &source, ", MASTER_HEARTBEAT_PERIOD=0.5");
    replica.sql("START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    let ask = |more: &[&str]| check(&host, &replica, &[&["--hostname=192.0.2.2"], more].concat());
    let healthy = (0, "REPLICATION OK - 192.0.2.2 from 192.0.2.1: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0");
    assert_eq!(ask(&[]).verdict(), healthy);
    source.freeze();
    assert_eq!(
        ask(&[]).verdict(),
        (
            2,
            "REPLICATION CRITICAL - 192.0.2.2 from 192.0.2.1: nothing heard from the source for 1.1 s, where a heartbeat is due each \
             0.5 s: frozen source | lag=0s;60;300;0 channels=1;;;0"
        )
    );
    // Without the time for two looks nothing is claimed.
    assert_eq!(ask(&["--timeout=1"]).verdict(), healthy);
    source.thaw();
    assert_eq!(ask(&[]).verdict(), healthy);
}

/// A program that does not outlive its test.
struct Killed(std::process::Child);

impl Killed {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
