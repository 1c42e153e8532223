//! A server that stands still, asked beside the plugin that everybody has.

use std::process::{Command, Stdio};
use std::time::Duration;

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, PASSWORD, Setup, defaults_file};
use suite::needs::{Need, missing, program};
use suite::process::in_time;

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
    command
        .args(["-S", "-H", "192.0.2.1", "-f"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut other = Killed::start(&mut command);
    let socket = server.socket().display().to_string();
    for (place, option) in
        [("192.0.2.1", "--hostname=192.0.2.1".to_owned()), (&socket, format!("--socket={socket}"))]
    {
        let ask = || check(&host, &server, &[&option, "--timeout=2"]);
        let outcome = in_time(Duration::from_millis(2_250), ask);
        let line =
            format!("REPLICATION CRITICAL - {place}: connected, but no greeting within 2 s: frozen server");
        assert_eq!(outcome.summary(), (2, line.as_str()));
    }
    assert!(other.is_running(), "check_mysql has ended, after 4 s at least");
    server.thaw();
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
