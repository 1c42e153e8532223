//! A real Nagios that schedules checks through `check_nrpe`, and what it knows of its services.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::needs::{Need, program};
use crate::plugins;
use crate::status::Status;

pub use crate::status::Service;

/// What a test needs that starts a Nagios.
pub const NEEDS: [Need; 3] = [Need::Root, Need::Program("nagios4"), Need::Program("check_nrpe")];

/// A running Nagios for which a minute lasts a second. Dropping it stops it.
#[derive(Debug)]
pub struct Nagios {
    _daemon: Daemon,
    folder: TempDir,
    status: Status,
}

impl Nagios {
    /// Starts a Nagios in `host` as user nagios, with the templates of Nagios' sample configuration, the
    /// shipped commands and `objects`.
    ///
    /// # Panics
    /// If Nagios does not accept the configuration, or does not start.
    pub fn start(host: &Host, objects: &str) -> Self {
        Self::start_with(host, objects, "")
    }

    /// The same with more lines in nagios.cfg, the last of which count; `@top@` is the monitor's own folder.
    ///
    /// # Panics
    /// If Nagios does not accept the configuration, or does not start.
    pub fn start_with(host: &Host, objects: &str, more: &str) -> Self {
        Self::start_prepared(host, objects, more, |_| {})
    }

    /// The same with what `prepare` does to the folder of the plugins first.
    ///
    /// # Panics
    /// If Nagios does not accept the configuration, or does not start.
    pub fn start_prepared(host: &Host, objects: &str, more: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = public_folder();
        let top = folder.path();
        prepare(&plugin_folder(top));
        let resources = format!("$USER1$={}/plugins\n", top.display());
        let settings = settings(top) + &more.replace("@top@", &top.to_string_lossy());
        for (name, text) in
            [("nagios.cfg", settings.as_str()), ("resource.cfg", &resources), ("own.cfg", TEMPLATES)]
        {
            write(&top.join(name), text);
        }
        // Nagios reads as its own user, who need not be able to look into this workspace.
        let commands = fs::read_to_string(shipped("silent-outage-commands.cfg")).unwrap_or_default();
        // What the packages make, each monitor of a test has for itself.
        let commands = commands.replace("/var/lib/silent-outage/", &format!("{}/", top.display()));
        write(&top.join("commands.cfg"), &commands);
        write(&top.join("objects.cfg"), objects);
        write(&top.join("nagios.log"), "");
        for name in ["checkresults", "monitor"] {
            let made = fs::create_dir(top.join(name));
            assert!(made.is_ok(), "{name}: {made:?}");
        }
        succeed(host.command("chown").arg("-R").arg("nagios:nagios").arg(top));
        let nagios = program("nagios4").unwrap_or_default();
        succeed(host.command(&nagios).arg("-v").arg(top.join("nagios.cfg")));
        let status = Status { file: top.join("status.dat"), log: top.join("nagios.log") };
        let daemon = Daemon::start(host.command(&nagios).arg(top.join("nagios.cfg")), &status.log, |_| {
            status.file.exists()
        });
        Self { _daemon: daemon, folder, status }
    }

    /// The monitor's own folder: its configuration, its plugins, the file of performance data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Deref for Nagios {
    type Target = Status;

    fn deref(&self) -> &Status {
        &self.status
    }
}

/// The main configuration, with all files in the folder `top`.
fn settings(top: &Path) -> String {
    let top = top.display();
    format!(
        "log_file={top}/nagios.log\ncfg_file={top}/own.cfg\ncfg_file={top}/objects.cfg\nresource_file={top}/resource.cfg\n\
         cfg_file={top}/commands.cfg\nservice_inter_check_delay_method=n\nservice_interleave_factor=1\n\
         object_cache_file={top}/objects.cache\nprecached_object_file={top}/objects.precache\nstatus_file={top}/status.dat\n\
         status_update_interval=2\ncheck_result_reaper_frequency=1\ncheck_result_path={top}/checkresults\n\
         lock_file={top}/nagios.pid\ntemp_file={top}/nagios.tmp\ntemp_path={top}\ncommand_file={top}/nagios.cmd\n\
         query_socket={top}/nagios.qh\ncheck_external_commands=0\nretain_state_information=0\n\
         nagios_user=nagios\nnagios_group=nagios\ninterval_length=1\nservice_check_timeout=60\nuse_syslog=0\n\
         check_for_updates=0\nenable_notifications=0\nexecute_host_checks=0\nenable_flap_detection=0\n"
    )
}

/// A file of those that are shipped for Nagios.
pub fn shipped(name: &str) -> PathBuf {
    plugins::workspace().join("nrpe-config/nagios").join(name)
}

/// Makes a folder of plugins as a monitor has it: those of this workspace beside those of the distribution.
///
/// # Panics
/// If it cannot be made.
pub fn plugin_folder(top: &Path) -> PathBuf {
    let folder = top.join("plugins");
    let made = fs::create_dir(&folder);
    assert!(made.is_ok(), "{}: {made:?}", folder.display());
    for plugin in plugins::names() {
        let copied = fs::copy(plugins::binary(&plugin), folder.join(&plugin));
        assert!(copied.is_ok(), "{plugin}: {copied:?}");
    }
    let theirs = program("check_nrpe").unwrap_or_default();
    for entry in theirs.parent().and_then(|theirs| fs::read_dir(theirs).ok()).into_iter().flatten().flatten()
    {
        // One of ours goes before one that is installed on this machine.
        let _ = symlink(entry.path(), folder.join(entry.file_name()));
    }
    folder
}

/// What the sample configuration of Nagios calls so.
const TEMPLATES: &str = "
define timeperiod {
    timeperiod_name        24x7
    alias                  always
    monday                 00:00-24:00
    tuesday                00:00-24:00
    wednesday              00:00-24:00
    thursday               00:00-24:00
    friday                 00:00-24:00
    saturday               00:00-24:00
    sunday                 00:00-24:00
}
define contact {
    contact_name                   admin
    host_notification_period       24x7
    service_notification_period    24x7
    host_notification_commands     nobody
    service_notification_commands  nobody
}
define command {
    command_name           nobody
    command_line           /bin/true
}
define host {
    name                   generic-host
    check_period           24x7
    notification_period    24x7
    contacts               admin
    max_check_attempts     3
    register               0
}
define service {
    name                   generic-service
    check_period           24x7
    notification_period    24x7
    contacts               admin
    check_interval         10
    retry_interval         2
    max_check_attempts     3
    register               0
}
";
