//! A real Nagios that schedules checks through `check_nrpe`, and what it knows of its services.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::needs::{Need, program};
use crate::wait::holds_within;

/// What a test needs that starts a Nagios.
pub const NEEDS: [Need; 3] = [Need::Root, Need::Program("nagios4"), Need::Program("check_nrpe")];

/// A running Nagios for which a minute lasts a second. Dropping it stops it.
#[derive(Debug)]
pub struct Nagios {
    daemon: Daemon,
    folder: TempDir,
}

/// A service as status.dat has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// 0 OK, 1 warning, 2 critical, 3 unknown.
    pub current_state: u8,
    /// Whether the state is hard: it has lasted for max_check_attempts.
    pub is_hard: bool,
    /// The first line without the performance data.
    pub plugin_output: String,
    /// The further lines, their ends written as `\n`.
    pub long_plugin_output: String,
    /// The performance data.
    pub performance_data: String,
}

impl Nagios {
    /// Starts a Nagios in `host` as user nagios, with the templates of Nagios' sample configuration and `objects`.
    ///
    /// # Panics
    /// If Nagios does not accept the configuration, or does not start.
    pub fn start(host: &Host, objects: &str) -> Self {
        Self::start_with(host, objects, "")
    }

    /// The same with more lines in nagios.cfg, the last of which count.
    ///
    /// # Panics
    /// If Nagios does not accept the configuration, or does not start.
    pub fn start_with(host: &Host, objects: &str, more: &str) -> Self {
        let folder = public_folder();
        let top = folder.path();
        for (name, text) in
            [("nagios.cfg", settings(top) + more), ("resource.cfg", resources()), ("own.cfg", TEMPLATES.to_owned())]
        {
            write(&top.join(name), &text);
        }
        write(&top.join("objects.cfg"), objects);
        write(&top.join("nagios.log"), "");
        let _ = fs::create_dir(top.join("checkresults"));
        succeed(host.command("chown").arg("-R").arg("nagios:nagios").arg(top));
        let nagios = program("nagios4").unwrap_or_default();
        succeed(host.command(&nagios).arg("-v").arg(top.join("nagios.cfg")));
        let status = top.join("status.dat");
        let daemon =
            Daemon::start(host.command(&nagios).arg(top.join("nagios.cfg")), &top.join("nagios.log"), |_| status.exists());
        Self { daemon, folder }
    }

    /// Waits until the service called `description` is as `wanted`, and returns it.
    ///
    /// # Panics
    /// If it does not become so within 60 s: with what it is instead, and with Nagios' log.
    pub fn service_when(&self, description: &str, wanted: impl Fn(&Service) -> bool) -> Service {
        let mut service = None;
        let is_so = holds_within(Duration::from_secs(60), || {
            service = self.service(description);
            service.as_ref().is_some_and(&wanted)
        });
        assert!(is_so, "{description} is still {service:?}; Nagios said: {}", self.daemon.said());
        service.unwrap_or_default()
    }

    /// The service called `description`: none until it was checked.
    pub fn service(&self, description: &str) -> Option<Service> {
        let status = fs::read_to_string(self.folder.path().join("status.dat")).ok()?;
        let mut blocks = status.split("\nservicestatus {").skip(1).filter_map(|block| block.split("\n\t}").next());
        let block = blocks.find(|block| value(block, "service_description") == description)?;
        let service = Service {
            current_state: value(block, "current_state").parse().ok()?,
            is_hard: value(block, "state_type") == "1",
            plugin_output: value(block, "plugin_output").to_owned(),
            long_plugin_output: value(block, "long_plugin_output").to_owned(),
            performance_data: value(block, "performance_data").to_owned(),
        };
        (value(block, "has_been_checked") == "1").then_some(service)
    }
}

/// The value of a key in a block of status.dat.
fn value<'a>(block: &'a str, key: &str) -> &'a str {
    let settings = block.lines().filter_map(|line| line.trim_start().split_once('='));
    settings.filter(|(name, _)| *name == key).map(|(_, value)| value).next().unwrap_or_default()
}

/// The main configuration, with all files in the folder `top`.
fn settings(top: &Path) -> String {
    let top = top.display();
    format!(
        "log_file={top}/nagios.log\ncfg_file={top}/own.cfg\ncfg_file={top}/objects.cfg\nresource_file={top}/resource.cfg\n\
         object_cache_file={top}/objects.cache\nprecached_object_file={top}/objects.precache\nstatus_file={top}/status.dat\n\
         status_update_interval=2\ncheck_result_reaper_frequency=1\ncheck_result_path={top}/checkresults\n\
         lock_file={top}/nagios.pid\ntemp_file={top}/nagios.tmp\ntemp_path={top}\ncommand_file={top}/nagios.cmd\n\
         query_socket={top}/nagios.qh\ncheck_external_commands=0\nretain_state_information=0\n\
         nagios_user=nagios\nnagios_group=nagios\ninterval_length=1\nservice_check_timeout=60\nuse_syslog=0\n\
         check_for_updates=0\nenable_notifications=0\nexecute_host_checks=0\nenable_flap_detection=0\n"
    )
}

/// $USER1$, the folder of check_nrpe.
fn resources() -> String {
    let plugins = program("check_nrpe").unwrap_or_default();
    format!("$USER1$={}\n", plugins.parent().unwrap_or(Path::new("")).display())
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
