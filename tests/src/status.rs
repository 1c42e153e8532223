//! What a monitor knows of its services: the file status.dat, which Nagios writes, or what Icinga 2 says by
//! Livestatus, since from 2.14 on it writes no such file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::wait::holds_within;

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

impl Service {
    /// What a monitor must have of what a plugin printed.
    pub fn of_output(code: u8, stdout: &str) -> Self {
        let (first, details) = stdout.split_once('\n').unwrap_or((stdout, ""));
        let (text, data) = first.split_once(" | ").unwrap_or((first, ""));
        Self {
            current_state: code,
            is_hard: true,
            plugin_output: text.to_owned(),
            long_plugin_output: details.trim_end().replace('\n', "\\n"),
            performance_data: data.to_owned(),
        }
    }
}

/// A status.dat or a socket of Livestatus, and the log of the monitor.
#[derive(Debug)]
pub struct Status {
    /// Where status.dat is; a name that ends in `.live` is that of a socket.
    pub file: PathBuf,
    /// Where the log is.
    pub log: PathBuf,
}

impl Status {
    /// Waits until the service called `name` is as `wanted`, and returns it.
    ///
    /// # Panics
    /// If it does not become so within 90 s: with what it is instead, and with the monitor's log.
    pub fn service_when(&self, name: &str, wanted: impl Fn(&Service) -> bool) -> Service {
        let mut service = None;
        let is_so = holds_within(Duration::from_secs(90), || {
            service = self.service(name);
            service.as_ref().is_some_and(&wanted)
        });
        let said = || fs::read_to_string(&self.log).unwrap_or_default();
        assert!(is_so, "{name} is still {service:?}; the monitor said: {}", said());
        service.unwrap_or_default()
    }

    /// Waits until the service is in this hard state, and returns it.
    ///
    /// # Panics
    /// If it does not get there within 90 s.
    pub fn hard(&self, name: &str, state: u8) -> Service {
        self.service_when(name, |service| service.is_hard && service.current_state == state)
    }

    /// The service of this description, or with `host!description` that of one host: none until it was
    /// checked.
    pub fn service(&self, name: &str) -> Option<Service> {
        let block = block(&self.file, name)?;
        let service = Service {
            current_state: value(&block, "current_state").parse().ok()?,
            is_hard: value(&block, "state_type") == "1",
            // Icinga keeps the blank in front of the performance data.
            plugin_output: value(&block, "plugin_output").trim_end().to_owned(),
            long_plugin_output: value(&block, "long_plugin_output").to_owned(),
            performance_data: value(&block, "performance_data").to_owned(),
        };
        (value(&block, "has_been_checked") == "1").then_some(service)
    }

    /// The names of all services, as `host!description`.
    pub fn services(&self) -> Vec<String> {
        let status = text(&self.file).unwrap_or_default();
        let blocks =
            status.split("\nservicestatus {").skip(1).filter_map(|block| block.split("\n\t}").next());
        let name = |block| format!("{}!{}", value(block, "host_name"), value(block, "service_description"));
        blocks.map(name).collect()
    }

    /// That of one of several hosts which have such a service.
    pub fn service_of(&self, host: &str, description: &str) -> Option<Service> {
        self.service(&format!("{host}!{description}"))
    }

    /// The state of a host: 0 up, 1 down, 2 unreachable; none until it was checked.
    pub fn host_state(&self, host: &str) -> Option<u8> {
        let status = text(&self.file)?;
        let mut blocks =
            status.split("\nhoststatus {").skip(1).filter_map(|block| block.split("\n\t}").next());
        let block = blocks.find(|block| value(block, "host_name") == host)?;
        value(block, "current_state").parse().ok()
    }

    /// When the service was last checked, in seconds since the epoch; 0 if it never was: the last time that
    /// it was in any state.
    pub fn last_check(&self, name: &str) -> u64 {
        let block = block(&self.file, name).unwrap_or_default();
        let times =
            block.lines().filter_map(|line| line.trim_start().strip_prefix("last_time_")?.split_once('='));
        times.filter_map(|(_, time)| time.split('.').next()?.parse().ok()).max().unwrap_or_default()
    }
}

/// The columns of Livestatus that the blocks of services and of hosts have, each with its name in status.dat.
const SERVICES: [(&str, &str); 9] = [
    ("host_name", "host_name"),
    ("description", "service_description"),
    ("state", "current_state"),
    ("state_type", "state_type"),
    ("plugin_output", "plugin_output"),
    ("long_plugin_output", "long_plugin_output"),
    ("perf_data", "performance_data"),
    ("has_been_checked", "has_been_checked"),
    ("last_check", "last_time_checked"),
];
const HOSTS: [(&str, &str); 2] = [("name", "host_name"), ("state", "current_state")];

/// What a status.dat says, or Livestatus in its form.
fn text(file: &Path) -> Option<String> {
    if file.extension().is_none_or(|extension| extension != "live") {
        return fs::read_to_string(file).ok();
    }
    Some(table(file, "services", "servicestatus", &SERVICES)? + &table(file, "hosts", "hoststatus", &HOSTS)?)
}

/// What Livestatus says of one table, in the form of status.dat.
fn table(socket: &Path, table: &str, block: &str, columns: &[(&str, &str)]) -> Option<String> {
    let asked: Vec<&str> = columns.iter().map(|(column, _)| *column).collect();
    let mut stream = UnixStream::connect(socket).ok()?;
    write!(stream, "GET {table}\nColumns: {}\nSeparators: 30 31 44 124\n\n", asked.join(" ")).ok()?;
    stream.shutdown(Shutdown::Write).ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    let line =
        |(value, (_, name)): (&str, &(&str, &str))| format!("\t{name}={}\n", value.replace('\n', "\\n"));
    let rows = said.split_terminator('\u{1e}').map(|row| {
        let lines: String = row.split('\u{1f}').zip(columns).map(line).collect();
        format!("\n{block} {{\n{lines}\t}}\n")
    });
    Some(rows.collect())
}

/// The block of a service in status.dat.
fn block(file: &Path, name: &str) -> Option<String> {
    let status = text(file)?;
    let (host, description) =
        name.split_once('!').map_or((None, name), |(host, description)| (Some(host), description));
    let mut blocks =
        status.split("\nservicestatus {").skip(1).filter_map(|block| block.split("\n\t}").next());
    let is_it = |block: &&str| {
        value(block, "service_description") == description
            && host.is_none_or(|host| value(block, "host_name") == host)
    };
    blocks.find(is_it).map(str::to_owned)
}

/// The value of a key in a block of status.dat.
fn value<'a>(block: &'a str, key: &str) -> &'a str {
    let settings = block.lines().filter_map(|line| line.trim_start().split_once('='));
    settings.filter(|(name, _)| *name == key).map(|(_, value)| value).next().unwrap_or_default()
}
