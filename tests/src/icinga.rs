//! A real Icinga 2 with a configuration of its own, and what it knows of its services.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::nagios::plugin_folder;
use crate::needs::{Need, program};
use crate::plugins;
use crate::status::Status;

/// What a test needs that starts an Icinga 2; `check_nrpe` tells where the distribution's plugins are.
pub const NEEDS: [Need; 3] = [Need::Root, Need::Program("icinga2"), Need::Program("check_nrpe")];

/// The name of a single Icinga, which its certificate has where it needs one.
pub const MONITOR: &str = "monitor.example.com";

/// A running Icinga 2, as user nagios. Dropping it stops it.
#[derive(Debug)]
pub struct Icinga {
    _daemon: Daemon,
    folder: TempDir,
    status: Status,
}

impl Icinga {
    /// Starts an Icinga 2 in `host` with Icinga's own library, the shipped commands and `objects`, in which a
    /// minute (5m) lasts a second and `@top@` is Icinga's own folder.
    ///
    /// # Panics
    /// If Icinga does not accept the configuration, or does not start.
    pub fn start(host: &Host, objects: &str) -> Self {
        Self::start_with(host, MONITOR, objects, |_| {})
    }

    /// The same under another name, and with what `prepare` does to its folder first: its plugins are in
    /// `plugins`, its certificates belong into `certs`.
    ///
    /// # Panics
    /// If Icinga does not accept the configuration, or does not start.
    pub fn start_with(host: &Host, name: &str, objects: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = public_folder();
        let top = folder.path();
        configure(host, top, name, objects, prepare);
        let status = Status { file: top.join("status.live"), log: top.join("log") };
        let mut command = daemon(host.command(program("icinga2").unwrap_or_default()), top);
        let daemon = Daemon::start(&mut command, &status.log, |_| status.file.exists());
        Self { _daemon: daemon, folder, status }
    }

    /// What Icinga says of a configuration that it must accept.
    ///
    /// # Panics
    /// If it does not.
    pub fn accepts(host: &Host, name: &str, objects: &str) -> String {
        let folder = public_folder();
        configure(host, folder.path(), name, objects, |_| {})
    }

    /// The monitor's own folder: its configuration, its plugins, the file of performance data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Deref for Icinga {
    type Target = Status;

    fn deref(&self) -> &Status {
        &self.status
    }
}

/// A file of those that are shipped for Icinga 2.
pub fn shipped(name: &str) -> PathBuf {
    plugins::workspace().join("nrpe-config/icinga2").join(name)
}

/// Writes the configuration and lets Icinga say whether it accepts it.
fn configure(host: &Host, top: &Path, name: &str, objects: &str, prepare: impl FnOnce(&Path)) -> String {
    plugin_folder(top);
    prepare(top);
    // What the packages make, each monitor of a test has for itself.
    let objects = objects.replace("/var/lib/silent-outage/monitor/", "@top@/monitor/");
    write(&top.join("objects.conf"), &in_seconds(&objects.replace("@top@", &top.to_string_lossy())));
    let made = fs::create_dir(top.join("monitor"));
    assert!(made.is_ok(), "{made:?}");
    // An instance with a certificate is in zones, which hand the commands on.
    let is_alone = !top.join("certs").exists();
    let commands =
        is_alone.then(|| fs::read_to_string(shipped("silent-outage-commands.conf")).unwrap_or_default());
    write(&top.join("commands.conf"), &commands.unwrap_or_default());
    write(&top.join("icinga2.conf"), &main_file(top, name));
    write(&top.join("log"), "");
    succeed(host.command("chown").arg("-R").arg("nagios:nagios").arg(top));
    succeed(daemon(host.command(program("icinga2").unwrap_or_default()), top).arg("-C")).stdout
}

/// Icinga with all its files in the folder `top`.
fn daemon(mut command: Command, top: &Path) -> Command {
    command.args(["daemon", "-c"]).arg(top.join("icinga2.conf"));
    for folder in ["DataDir", "LogDir", "CacheDir", "InitRunDir", "SpoolDir", "ConfigDir"] {
        command.args(["-D".to_owned(), format!("{folder}={}", top.display())]);
    }
    command.args(["-D".to_owned(), format!("ZonesDir={}/zones.d", top.display())]);
    command.args(["-D", "RunAsUser=nagios", "-D", "RunAsGroup=nagios"]);
    command
}

/// What a single Icinga includes, without notifications, and with what its state can be read from.
fn main_file(top: &Path, name: &str) -> String {
    let top = top.display();
    format!(
        "const PluginDir = \"{top}/plugins\"\nconst NodeName = \"{name}\"\ninclude <itl>\ninclude <plugins>\n\
         include \"{top}/commands.conf\"\ninclude \"{top}/objects.conf\"\nobject CheckerComponent \"checker\" {{ }}\n\
         object LivestatusListener \"status\" {{ socket_path = \"{top}/status.live\" }}\n"
    )
}

/// A minute lasts a second, as in the tests of Nagios; what is in seconds already stays.
pub fn in_seconds(objects: &str) -> String {
    let word = |word: &str| match word.strip_suffix('m') {
        Some(number) if number.parse::<u32>().is_ok() => format!("{number}s"),
        _ => word.to_owned(),
    };
    objects
        .split(' ')
        .map(|part| part.split('\n').map(word).collect::<Vec<_>>().join("\n"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_become_seconds() {
        let text = "check_interval = 15m\nx = 1m\ny = \"5m\" 3s // am 5m:\n";
        assert_eq!(in_seconds(text), "check_interval = 15s\nx = 1s\ny = \"5m\" 3s // am 5m:\n");
    }
}
