//! A host whose name, /etc, /run, /sys, /var/lib and network are its own: namespaces, with /etc on an ext4
//! file system, which knows the immutable bit, and a real NRPE in them that runs the plugin as nagios.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use suite::daemon::Daemon;
use suite::host::{public_folder, succeed, write};
use suite::needs::{Need, program};
use suite::nrpe;
use suite::process::{Outcome, in_time, run};
use suite::wait::eventually;
use tempfile::TempDir;

/// What a test needs that makes a lab.
pub(crate) const NEEDS: [Need; 8] = [
    Need::Root,
    Need::Program("ip"),
    Need::Program("unshare"),
    Need::Program("nsenter"),
    Need::Program("mkfs.ext4"),
    Need::Program("chattr"),
    Need::Program("nrpe"),
    Need::Program("check_nrpe"),
];

/// What a host needs in /etc to run programs, of the machine's own.
const BORROWED: &str = "passwd group nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d services protocols";

/// Runs first in the namespaces; $0 is the folder of the lab.
const START: &str = "set -e
mount --make-rprivate /
mount -o loop \"$0/image\" \"$0/mnt\"
chmod 755 \"$0/mnt\"
cd /etc; cp -a $1 \"$0/mnt/\" ; cd /
mount --bind \"$0/mnt\" /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /sys
mount -t tmpfs -o mode=755 tmpfs /var/lib
ip link set lo up
touch \"$0/ready\"
exec sleep 600";

/// Makes everything as it was left; $0 is the folder of the lab.
const RESTORE: &str = "umount -q /etc/resolv.conf
chattr -R -f -i -a /etc
set -e
cd /etc; rm -rf hostname hosts resolv.conf extra.conf secret.conf cloud silent-outage
cp -a \"$0/left\" /etc/silent-outage
cp -a silent-outage/reference/etc/. /etc/
hostname proxy7.example.com
rm -rf /run/* /sys/* /var/lib/* \"$0/proc\"
mkdir -p \"$0/proc/self\"
echo 'btime 1600000000' >\"$0/proc/stat\"";

/// Two at a time could both take the same loop device.
static MOUNTING: Mutex<()> = Mutex::new(());

/// A host in namespaces. Dropping it ends what runs there, and with the last process its mounts are gone.
#[derive(Debug)]
pub(crate) struct Lab {
    nrpe: Option<Daemon>,
    _holder: Daemon,
    pid: String,
    folder: TempDir,
}

impl Lab {
    /// Makes a host whose files are as they were left, and starts its NRPE with the shipped commands and
    /// `lab_*`, those of the tests.
    pub(crate) fn create() -> Self {
        let folder = public_folder();
        let top = folder.path();
        for name in ["mnt", "left/reference/etc", "proc/self"] {
            fs::create_dir_all(top.join(name)).unwrap();
        }
        for (name, text) in LEFT {
            write(&top.join("left/reference/etc").join(name), text);
        }
        succeed(Command::new("chmod").args(["-R", "go=rX"]).arg(top.join("left")));
        fs::File::create(top.join("image")).unwrap().set_len(32 << 20).unwrap();
        succeed(Command::new(program("mkfs.ext4").unwrap()).args(["-q", "-F"]).arg(top.join("image")));
        let holder = Self::start(top);
        let pid = holder.id().to_string();
        let mut lab = Self { nrpe: None, _holder: holder, pid, folder };
        lab.restore();
        lab.serve();
        lab
    }

    fn start(top: &Path) -> Daemon {
        let _one: MutexGuard<'_, ()> = MOUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new("unshare");
        command.args(["--mount", "--uts", "--net", "sh", "-c", START]).arg(top).arg(BORROWED);
        Daemon::start(&mut command, &top.join("log"), |_| top.join("ready").exists())
    }

    fn serve(&mut self) {
        let top = self.folder.path().to_owned();
        nrpe::install(&top, &[]);
        let plugins = nrpe::plugin_folder(&top);
        let commands: String = COMMANDS
            .iter()
            .map(|(name, options)| {
                let (plugin, top) = (plugins.join("check_host_files"), top.display());
                format!("command[lab_{name}]={} --proc={top}/proc {options}\n", plugin.display())
            })
            .collect();
        write(&top.join("nrpe.d/own.cfg"), &commands);
        let at = top.display();
        let settings = format!(
            "server_port=5666\nnrpe_user=nagios\nnrpe_group=nagios\nallowed_hosts=127.0.0.1\ndont_blame_nrpe=0\n\
             command_timeout=60\npid_file={at}/nrpe.pid\nlog_file={at}/nrpe.log\ninclude_dir={at}/nrpe.d\n"
        );
        write(&top.join("nrpe.cfg"), &settings);
        let mut command = self.command(program("nrpe").unwrap());
        command.arg("-c").arg(top.join("nrpe.cfg")).arg("-f");
        self.nrpe = Some(Daemon::start(&mut command, &top.join("nrpe.log"), |_| true));
        eventually("NRPE answers", Duration::from_secs(20), || self.ask(None).code == Some(0));
    }

    /// The folder in place of /proc.
    pub(crate) fn proc(&self) -> PathBuf {
        self.folder.path().join("proc")
    }

    /// A command that runs in this host, as root.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.pid, "--mount", "--uts", "--net", "--"]).arg(program.as_ref());
        command
    }

    /// Runs a script in this host, as root; $PROC is the folder in place of /proc.
    pub(crate) fn sh(&self, script: &str) {
        succeed(self.command("sh").args(["-ec", script]).env("PROC", self.proc()).arg(self.folder.path()));
    }

    /// Makes everything as it was left.
    pub(crate) fn restore(&self) {
        succeed(self.command("sh").args(["-c", RESTORE]).arg(self.folder.path()));
    }

    /// Asks NRPE for one of its commands; without one, for its version.
    pub(crate) fn ask(&self, command: Option<&str>) -> Outcome {
        let mut asked = self.command(program("check_nrpe").unwrap());
        asked.args(["-H", "127.0.0.1"]).args(command.iter().flat_map(|name| ["-c", name]));
        run(&mut asked)
    }

    /// Makes everything as it was left, runs the script, and returns what the command of NRPE says then.
    pub(crate) fn after(&self, script: &str, command: &str) -> Outcome {
        in_time(Duration::from_secs(5), || {
            self.restore();
            self.sh(script);
            self.ask(Some(command))
        })
    }

    /// Asserts the state and the start of the first line after each script.
    pub(crate) fn hold(&self, rows: &[(&str, &str, i32, &str)]) {
        for (script, command, code, line) in rows {
            let outcome = self.after(script, command);
            let (found, first) = outcome.summary();
            assert!(
                found == *code && first.starts_with(&format!("HOST_FILES {line}")),
                "{command} after {script}\n{}",
                outcome.stdout
            );
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.nrpe.take());
        let _ = run(self.command("sh").args(["-c", "umount -q /etc/resolv.conf; chattr -R -f -i -a /etc"]));
    }
}

/// The files as they were left.
const LEFT: [(&str, &str); 5] = [
    ("hostname", "proxy7.example.com\n"),
    ("hosts", "127.0.0.1 localhost\n192.0.2.7 proxy7.example.com proxy7\n"),
    ("resolv.conf", "nameserver 127.0.0.1\nsearch example.com\n"),
    ("extra.conf", "one\ntwo\n"),
    ("secret.conf", "password\n"),
];

/// NRPE's commands of the tests: their names, and the options after `--proc`.
const COMMANDS: [(&str, &str); 7] = [
    ("default", "--reference=/etc/silent-outage/reference --name=reference"),
    ("exact", "--reference=/etc/silent-outage/reference --exact"),
    ("mode", "--reference=/etc/silent-outage/reference --mode"),
    ("want", "--reference=/etc/silent-outage/reference --immutable=want"),
    ("ok", "--reference=/etc/silent-outage/reference --immutable=ok"),
    ("both", "--reference=/etc/silent-outage/reference --name=reference --nameserver=127.0.0.1"),
    ("given", "--name=proxy7.example.com --nameserver=127.0.0.1 --search=example.com"),
];
