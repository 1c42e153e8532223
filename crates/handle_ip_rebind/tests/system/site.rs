//! A host that may bind its addresses again, its neighbour on the link, and its files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;
use suite::host::{Host, public_folder, write};
use suite::needs::Need;
use suite::plugins;
use suite::process::{Outcome, run};
use tempfile::TempDir;

use suite::host::cabled;

/// What a test needs that makes hosts.
pub(super) const HOSTS: [Need; 2] = [Need::Root, Need::Program("ip")];

/// Gives a host sudo's rule as `packaging/install` put it below `installed`, and a configuration with these
/// `settings` that keeps its files in `folder`. The list is /etc/ips.
pub(super) fn handler_files(host: &Host, folder: &TempDir, installed: &Path, settings: &str) {
    let shipped = installed.join("share/doc/silent-outage-plugins/handle_ip_rebind/sudoers");
    host.etc("sudoers.d/handle_ip_rebind", &fs::read_to_string(shipped).unwrap());
    let top = folder.path().display();
    let places = format!("log = \"{top}/log\"\nstate = \"{top}/state\"\n");
    let usual = "interface = \"eth0\"\nfiles = [\"/etc/ips\"]\n";
    host.etc("silent-outage/handle_ip_rebind.toml", &format!("{usual}{places}{settings}\n"));
}

/// Tests each row on hosts of its own, all of them at once: a run mostly waits for the link.
pub(super) fn side_by_side<T: Send>(rows: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    let test = &test;
    thread::scope(|scope| rows.into_iter().for_each(|row| drop(scope.spawn(move || test(row)))));
}

/// A host that may bind its addresses again, with eth0 at 192.0.2.1 and 2001:db8::1, and a neighbour at .50
/// and ::50.
pub(super) struct Site {
    pub(super) host: Host,
    pub(super) neighbour: Host,
    pub(super) folder: TempDir,
}

impl Site {
    /// Both hosts, with a list of what the first should have and a configuration that says no more than is
    /// needed.
    pub(super) fn new(list: &str) -> Self {
        let (host, neighbour) = cabled();
        host.ip_batch("addr add 192.0.2.1/24 dev eth0\naddr add 2001:db8::1/64 dev eth0 nodad\n");
        neighbour.ip_batch("addr add 192.0.2.50/24 dev eth0\naddr add 2001:db8::50/64 dev eth0 nodad\n");
        let site = Self { host, neighbour, folder: public_folder() };
        write(&site.path("ips"), &list.replace(' ', "\n"));
        site.configure("enabled = true\n");
        site
    }

    /// A file of this site.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration: the usual settings, and `more` of them.
    pub(super) fn configure(&self, more: &str) {
        let top = self.folder.path().display();
        let usual = format!(
            "check = [\"--file={top}/ips\"]\nfiles = [\"{top}/ips\"]\ninterface = \"eth0\"\n\
             log = \"{top}/log\"\nstate = \"{top}/state\"\non = [\"CRITICAL\"]\nannounce = false\n"
        );
        let given =
            |line: &&str| !more.contains(&format!("{} =", line.split(" =").next().unwrap_or_default()));
        let usual: Vec<&str> = usual.lines().filter(given).collect();
        write(&self.path("config.toml"), &format!("{}\n{more}", usual.join("\n")));
    }

    /// A program of this site that root trusts.
    pub(super) fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        write(&path, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// The handler, ready to be run in the host.
    pub(super) fn command(&self, event: &str) -> Command {
        self.command_within(event, 25)
    }

    /// The same with another `--timeout`, in seconds.
    pub(super) fn command_within(&self, event: &str, seconds: u32) -> Command {
        let mut command = self.host.command(plugins::binary("handle_ip_rebind"));
        let config = format!("--config={}", self.path("config.toml").display());
        command.arg(format!("--event={event}")).arg(config).arg(format!("--timeout={seconds}"));
        command
    }

    /// Runs the handler on a hard critical state.
    pub(super) fn handle(&self) -> Outcome {
        let outcome = run(&mut self.command("CRITICAL-HARD-3"));
        assert_eq!(outcome.stderr, "");
        outcome
    }

    /// Tries the configuration.
    pub(super) fn trial(&self) -> Outcome {
        let mut command = self.host.command(plugins::binary("handle_ip_rebind"));
        run(command.arg("--test-config").arg(format!("--config={}", self.path("config.toml").display())))
    }

    /// Whether the host has an address, with its prefix length.
    pub(super) fn has(&self, address: &str) -> bool {
        let list = run(Command::new("ip").args(["-n", self.host.name(), "-o", "addr"]));
        list.stdout.contains(&format!(" {address} "))
    }

    /// What the log has, one record of the end of each run.
    pub(super) fn records(&self) -> Vec<Value> {
        self.log().into_iter().filter(|record| record["begun"].is_null()).collect()
    }

    /// All that the log has: what runs were about to do, too.
    pub(super) fn log(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
