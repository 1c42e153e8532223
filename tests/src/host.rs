//! A host of its own: a network namespace with its own interfaces and addresses and, where a test wants them,
//! its own files in /etc. Dropping it ends what still runs there and removes it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Once, OnceLock};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::process::{Outcome, run};

/// How the namespaces of this suite are called: this, the number of the process that made it, a dash and a
/// counter.
const PREFIX: &str = "sop-";
static COUNTER: AtomicU32 = AtomicU32::new(0);
static SWEEP: Once = Once::new();

/// A network namespace with a name that no other has. Its loopback interface is up.
#[derive(Debug)]
pub struct Host {
    name: String,
    etc: OnceLock<TempDir>,
}

impl Host {
    /// Makes a host. The first one of a process also removes what killed tests left behind.
    ///
    /// # Panics
    /// If the kernel or the lack of root forbids it.
    pub fn create() -> Self {
        SWEEP.call_once(sweep);
        let name = format!("{PREFIX}{}-{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        succeed(Command::new("ip").args(["netns", "add", &name]));
        let host = Self { name, etc: OnceLock::new() };
        host.ip(&["link", "set", "lo", "up"]);
        host
    }

    /// The name of the namespace, for `ip netns` and `ip -n`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` with these arguments in this host, as in `host.ip(&["addr", "add", "192.0.2.1/24", "dev",
    /// "eth0"])`.
    ///
    /// # Panics
    /// If `ip` refuses.
    pub fn ip(&self, arguments: &[&str]) -> Outcome {
        succeed(Command::new("ip").args(["-n", &self.name]).args(arguments))
    }

    /// Runs many `ip` commands, one a line and without the word `ip`, in one go.
    ///
    /// # Panics
    /// If `ip` refuses one of them.
    pub fn ip_batch(&self, lines: &str) {
        let folder = public_folder();
        let batch = folder.path().join("batch");
        write(&batch, lines);
        succeed(Command::new("ip").args(["-n", &self.name, "-batch"]).arg(batch));
    }

    /// Joins this host's `interface` to the `peer` of another one by a cable (a veth pair), and sets both up.
    ///
    /// # Panics
    /// If an interface of that name is there already.
    pub fn cable(&self, interface: &str, other: &Self, peer: &str) {
        self.ip(&["link", "add", interface, "type", "veth", "peer", "name", peer, "netns", &other.name]);
        self.ip(&["link", "set", interface, "up"]);
        other.ip(&["link", "set", peer, "up"]);
    }

    /// Makes a bridge of interfaces that this host has already, and sets it up.
    ///
    /// # Panics
    /// If one of the interfaces is not there.
    pub fn bridge(&self, bridge: &str, ports: &[&str]) {
        self.ip(&["link", "add", bridge, "type", "bridge"]);
        for port in ports {
            self.ip(&["link", "set", port, "master", bridge]);
        }
        self.ip(&["link", "set", bridge, "up"]);
    }

    /// Sets a kernel parameter of this host, named by its path: `net/ipv6/conf/eth0/dad_transmits`.
    ///
    /// # Panics
    /// If the kernel has no such parameter, or refuses the value.
    pub fn sysctl(&self, parameter: &str, value: &str) {
        succeed(self.command("sh").args([
            "-c",
            "printf %s \"$2\" >\"/proc/sys/$1\"",
            "sh",
            parameter,
            value,
        ]));
    }

    /// Gives this host a file in /etc that the machine itself need not have, as in `host.etc("ips",
    /// "192.0.2.1\n")`. Only what is started later sees it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn etc(&self, file: &str, text: &str) {
        let path = self.etc.get_or_init(public_folder).path().join(file);
        open_folder(path.parent().unwrap_or(&path));
        write(&path, text);
    }

    /// Gives it such a file, unless it has one.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn etc_default(&self, file: &str, text: &str) {
        if !self.etc.get().is_some_and(|etc| etc.path().join(file).exists()) {
            self.etc(file, text);
        }
    }

    /// The same for a file that others than root cannot read.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn etc_private(&self, file: &str, text: &str) {
        self.etc(file, text);
        let path = self.etc.get_or_init(public_folder).path().join(file);
        let hidden = fs::set_permissions(&path, fs::Permissions::from_mode(0o600));
        assert!(hidden.is_ok(), "hiding {}: {hidden:?}", path.display());
    }

    /// Gives it a link in /etc to a file elsewhere, which may change while programs run.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn etc_link(&self, file: &str, target: &Path) {
        let path = self.etc.get_or_init(public_folder).path().join(file);
        let made = symlink(target, &path);
        assert!(made.is_ok(), "linking {}: {made:?}", path.display());
    }

    /// A command that runs in this host, and sees its files in /etc where it has its own.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]);
        if let Some(etc) = self.etc.get() {
            // `ip netns exec` has just made a mount namespace, so this is seen by `program` alone.
            let mount = "mount -t overlay -o \"lowerdir=$0:/etc\" overlay /etc && exec \"$@\"";
            command.args(["sh", "-c", mount]).arg(etc.path());
        }
        command.arg(program.as_ref());
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// A host with nothing but 127.0.0.1 and ::1, whose interfaces get no link-local address by themselves.
///
/// # Panics
/// If the kernel or the lack of root forbids it.
pub fn bare() -> Host {
    let host = Host::create();
    host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
    host
}

/// A host whose eth0 is cabled to the eth0 of a second one. Neither has an IPv6 address that no test gave it.
///
/// # Panics
/// If the kernel or the lack of root forbids it.
pub fn cabled() -> (Host, Host) {
    let hosts = (bare(), bare());
    hosts.0.cable("eth0", &hosts.1, "eth0");
    hosts
}

/// A temporary folder that other users can look into.
///
/// # Panics
/// If there is no room for it.
#[expect(clippy::panic, reason = "a test's helper: without its folder the test must fail")]
pub fn public_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir();
    let folder = folder.unwrap_or_else(|error| panic!("making a temporary folder: {error}"));
    open_folder(folder.path());
    folder
}

/// Makes a folder if it is not there, and lets everybody look into it, whatever the umask is.
fn open_folder(path: &Path) {
    let made =
        fs::create_dir_all(path).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)));
    assert!(made.is_ok(), "making {}: {made:?}", path.display());
}

/// Writes a file that everybody can read.
///
/// # Panics
/// If it cannot be written.
pub fn write(path: &Path, text: &str) {
    let written =
        fs::write(path, text).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o644)));
    assert!(written.is_ok(), "writing {}: {written:?}", path.display());
}

/// Runs a command that must succeed.
///
/// # Panics
/// If it does not.
pub fn succeed(command: &mut Command) -> Outcome {
    let outcome = run(command);
    assert!(
        outcome.code == Some(0),
        "{command:?} gave {:?}: {}{}",
        outcome.code,
        outcome.stdout,
        outcome.stderr
    );
    outcome
}

/// Ends what runs in a namespace and removes it. It goes on past errors: there is nobody left to tell.
fn remove(name: &str) {
    if let Ok(pids) = Command::new("ip").args(["netns", "pids", name]).output() {
        let pids = String::from_utf8_lossy(&pids.stdout);
        for pid in pids.lines().filter_map(|pid| Pid::from_raw(pid.trim().parse().ok()?)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    let _ = Command::new("ip").args(["netns", "delete", name]).output();
}

/// Removes the namespaces of test processes that are no more.
fn sweep() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid);
        if owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
            remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;
    use crate::needs::{Need, missing};
    use crate::wait::eventually;

    const NEEDS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("mount")];

    /// Whether a process is in this namespace.
    fn runs_in(name: &str) -> bool {
        !succeed(Command::new("ip").args(["netns", "pids", name])).stdout.is_empty()
    }

    #[test]
    fn dropping_a_host_ends_what_runs_there_and_removes_it() {
        if missing(&NEEDS) {
            return;
        }
        let host = Host::create();
        let namespace = Path::new("/run/netns").join(host.name());
        let mut child = host.command("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        eventually("sleep runs in the host", Duration::from_secs(10), || runs_in(host.name()));
        assert!(namespace.exists());
        drop(host);
        assert!(!namespace.exists());
        assert_eq!(child.wait().unwrap().code(), None, "killed, not ended");
    }

    #[test]
    fn what_a_killed_test_left_is_removed_and_no_more() {
        if missing(&NEEDS) {
            return;
        }
        // No process can have this number: the kernel's limit is 4194304.
        let stale = format!("{PREFIX}4194305-0");
        let living = Host::create();
        succeed(Command::new("ip").args(["netns", "add", &stale]));
        sweep();
        let list = succeed(Command::new("ip").args(["netns", "list"])).stdout;
        assert!(!list.contains(&stale) && list.contains(living.name()), "{list}");
    }

    #[test]
    fn a_file_of_its_own_is_seen_there_and_only_there() {
        if missing(&NEEDS) {
            return;
        }
        let (host, other) = (Host::create(), Host::create());
        host.etc("nagios/sop-own-file", "here\n");
        let read = |host: &Host| run(host.command("cat").arg("/etc/nagios/sop-own-file")).stdout;
        assert_eq!((read(&host).as_str(), read(&other).as_str()), ("here\n", ""));
        assert!(
            run(host.command("cat").arg("/etc/passwd")).stdout.contains("root:"),
            "the rest of /etc is gone"
        );
        assert!(!Path::new("/etc/nagios/sop-own-file").exists());
    }
}
