//! A real NRPE daemon that serves the shipped configuration, installed as an administrator would, and
//! `check_nrpe` to ask it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::needs::{Need, program};
use crate::plugins;
use crate::process::{Outcome, run};

/// What a test needs that starts a daemon and asks it.
pub const NEEDS: [Need; 5] = [
    Need::Root,
    Need::Program("ip"),
    Need::Program("mount"),
    Need::Program("nrpe"),
    Need::Program("check_nrpe"),
];

/// The monitors that the daemon answers, besides the host itself.
pub const MONITORS: &str = "198.51.100.0/24";

/// NRPE's own port: every daemon has a host to itself.
const PORT: u16 = 5666;

/// A running `nrpe` that runs plugins as user nagios. Dropping it stops it and removes what was installed for
/// it.
#[derive(Debug)]
pub struct Nrpe<'a> {
    host: &'a Host,
    _daemon: Daemon,
    folder: TempDir,
}

impl<'a> Nrpe<'a> {
    /// Installs the plugins and the shipped configuration into a folder of their own and starts the daemon,
    /// which also serves `commands`: lines of its configuration, where `@plugindir@` stands for the folder of
    /// the plugins. The host has the shipped options in its /etc, unless the test gave it others.
    ///
    /// # Panics
    /// If something cannot be installed or the daemon does not start.
    pub fn start(host: &'a Host, commands: &str) -> Self {
        let folder = public_folder();
        install(folder.path(), &[]);
        Self::serve(host, folder, commands)
    }

    /// Starts a daemon that serves what [`install`] put into the folder `installed`, which several may share.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_installed(host: &'a Host, installed: &Path) -> Self {
        let folder = public_folder();
        for name in ["nrpe.d", "lib", "share"] {
            let linked = std::os::unix::fs::symlink(installed.join(name), folder.path().join(name));
            assert!(linked.is_ok(), "linking {name}: {linked:?}");
        }
        Self::serve(host, folder, "")
    }

    fn serve(host: &'a Host, folder: TempDir, commands: &str) -> Self {
        let top = folder.path();
        write(
            &top.join("nrpe.d/own.cfg"),
            &commands.replace("@plugindir@", &plugin_folder(top).to_string_lossy()),
        );
        give_options(host);
        let configuration = top.join("nrpe.cfg");
        write(&configuration, &daemon_settings(top));
        let mut command = host.command(program("nrpe").unwrap_or_default());
        command.arg("-c").arg(&configuration).arg("-f");
        let daemon = Daemon::start(&mut command, &top.join("nrpe.log"), listens);
        Self { host, _daemon: daemon, folder }
    }

    /// Asks the daemon from its own host.
    pub fn check(&self, command: &str, options: &[&str]) -> Outcome {
        check_nrpe(self.host, "127.0.0.1", command, options)
    }

    /// The plugin as the daemon runs it, but run in the host directly.
    pub fn plugin(&self, name: &str) -> Command {
        self.host.command(plugin_folder(self.folder.path()).join(name))
    }

    /// The folder into which everything was installed.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Gives a host the shipped options of the commands, unless the test gave it others.
///
/// # Panics
/// If they cannot be read or written.
pub fn give_options(host: &Host) {
    let options = fs::read_to_string(plugins::workspace().join("nrpe-config/nrpe.ini"));
    assert!(options.is_ok(), "reading nrpe.ini: {options:?}");
    host.etc_default("silent-outage/nrpe.ini", &options.unwrap_or_default());
}

/// Runs `check_nrpe` in the host `from` against the daemon at `address`, with options such as `-2` for
/// packets of version 2.
pub fn check_nrpe(from: &Host, address: &str, command: &str, options: &[&str]) -> Outcome {
    let program = program("check_nrpe").unwrap_or_default();
    run(from.command(program).args(["-H", address, "-c", command]).args(options))
}

/// Runs `packaging/install` into the folder `top`, with the binaries that are beside the running test.
///
/// # Panics
/// If it fails.
pub fn install(top: &Path, options: &[&str]) -> Outcome {
    let binary = plugins::names().first().map(|name| plugins::binary(name));
    let binaries =
        binary.iter().flat_map(|binary| binary.parent()).next().unwrap_or(Path::new("/nonexistent"));
    let option = |name: &str, folder: &Path| format!("--{name}={}", folder.display());
    let mut command = Command::new(plugins::workspace().join("packaging/install"));
    command.arg(option("from", binaries)).arg(option("prefix", top));
    command.arg(option("nrpedir", &top.join("nrpe.d"))).arg(option("inidir", &top.join("etc")));
    succeed(command.args(options).env_remove("DESTDIR").env_remove("PREFIX"))
}

/// Where `packaging/install` puts the plugins under a prefix.
pub fn plugin_folder(top: &Path) -> PathBuf {
    top.join("lib/nagios/plugins")
}

/// A daemon's own settings as distributions ship them, with files in the folder `top`.
fn daemon_settings(top: &Path) -> String {
    let top = top.display();
    format!(
        "server_port={PORT}\nnrpe_user=nagios\nnrpe_group=nagios\nallowed_hosts=127.0.0.1,::1,{MONITORS}\ndont_blame_nrpe=0\n\
         allow_bash_command_substitution=0\ncommand_timeout=60\nconnection_timeout=300\ndebug=1\n\
         pid_file={top}/nrpe.pid\nlog_file={top}/nrpe.log\ninclude_dir={top}/nrpe.d\n"
    )
}

/// Whether NRPE's port is open in the network that process `pid` sees: state 0A in its table of sockets.
fn listens(pid: u32) -> bool {
    let open = |table: String| {
        let mut sockets = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        sockets.any(|socket| match socket.as_slice() {
            [_, local, _, state, ..] => local.ends_with(&format!(":{PORT:04X}")) && *state == "0A",
            _ => false,
        })
    };
    std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).is_ok_and(open)
}
