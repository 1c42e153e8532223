//! Clocks to compare: real SNMP agents and NTP servers, each in a host of its own and at another time of day
//! by `faketime`.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, write};
use crate::needs::Need;

/// What a test needs that starts an agent.
pub const AGENT_NEEDS: [Need; 4] =
    [Need::Root, Need::Program("ip"), Need::Program("snmpd"), Need::Program("faketime")];
/// What a test needs that starts an NTP server.
pub const SERVER_NEEDS: [Need; 4] =
    [Need::Root, Need::Program("ip"), Need::Program("chronyd"), Need::Program("faketime")];

/// The OID that an agent's `pass` answers.
pub const PASS: &str = ".1.3.6.1.4.1.8072.9999.1.1.0";
/// The OID that an agent's `pass_persist` answers.
pub const PASS_PERSIST: &str = ".1.3.6.1.4.1.8072.9999.2.1.0";

/// Everything that net-snmp can show its clock by, and users of version 3.
const AGENT: &str = r#"
rocommunity public
rocommunity6 public
createUser signed SHA "authpassword"
rouser signed auth
createUser old MD5 "authpassword" DES "privpassword"
rouser old priv
createUser new SHA-256 "authpassword" AES "privpassword"
rouser new priv
createUser long SHA-512 "authpassword" AES-256 "privpassword"
rouser long priv
createUser stretched SHA "authpassword" AES-256 "privpassword"
rouser stretched priv
createUser cisco SHA "authpassword" AES-192-C "privpassword"
rouser cisco priv
createUser open
rouser open noauth
extend kept /bin/date +%s
extend -cacheTime 1 brief /bin/date +%s
extend -cacheTime -1 fresh /bin/date +%s.%N
extend -cacheTime 30 stale /bin/date +%s
extend failing /nonexistent/clock
pass .1.3.6.1.4.1.8072.9999.1 /bin/sh @folder@/pass
pass_persist .1.3.6.1.4.1.8072.9999.2 /bin/sh @folder@/pass_persist
"#;

const PASS_SCRIPT: &str = "[ \"$1\" = -g ] || exit 0\necho \"$2\"\necho integer\ndate +%s\n";

const PASS_PERSIST_SCRIPT: &str = "while read -r command; do case $command in PING) echo PONG ;;\n\
    get) read -r oid && printf '%s\\nstring\\n%s\\n' \"$oid\" \"$(date +%s)\" ;;\n*) read -r oid && echo NONE ;;\nesac; done\n";

/// A running `snmpd`, or `chronyd`. Dropping it stops it.
#[derive(Debug)]
pub struct Clock {
    _daemon: Daemon,
    _folder: TempDir,
}

impl Clock {
    /// Starts an SNMP agent on port 161 of a host by IPv4 and IPv6, whose clock is off by `offset` as
    /// `faketime` writes it: "+7s".
    ///
    /// # Panics
    /// If the agent does not start.
    pub fn agent(host: &Host, offset: &str) -> Self {
        Self::agent_in_zone(host, offset, "UTC")
    }

    /// The same on a host that keeps the time of this zone.
    ///
    /// # Panics
    /// If it does not start.
    pub fn agent_in_zone(host: &Host, offset: &str, zone: &str) -> Self {
        Self::agent_by(host, offset, zone, AGENT)
    }

    /// Starts an agent as above, with another snmpd.conf.
    ///
    /// # Panics
    /// If it does not start.
    pub fn agent_by(host: &Host, offset: &str, zone: &str, settings: &str) -> Self {
        let folder = public_folder();
        let top = folder.path();
        write(&top.join("snmpd.conf"), &settings.replace("@folder@", &top.to_string_lossy()));
        write(&top.join("pass"), PASS_SCRIPT);
        write(&top.join("pass_persist"), PASS_PERSIST_SCRIPT);
        let mut command = at(host, offset, "snmpd");
        command.env("SNMP_PERSISTENT_DIR", top.join("persistent")).env("TZ", zone);
        command.args(["-f", "-Lo", "-C", "-I", "-smux", "-c"]).arg(top.join("snmpd.conf"));
        command.args(["udp:161", "udp6:161"]);
        Self::start(command, folder, 161)
    }

    /// Starts an NTP server on port 123 of a host. `settings` are lines of chrony.conf: "local stratum 10"
    /// makes it believe in its own clock; without, it is not synchronised.
    ///
    /// # Panics
    /// If it does not start.
    pub fn server(host: &Host, offset: &str, settings: &str) -> Self {
        let folder = public_folder();
        let top = folder.path().display();
        let file = folder.path().join("chrony.conf");
        write(
            &file,
            &format!("allow\nport 123\ncmdport 0\nbindcmdaddress /\npidfile {top}/pid\n{settings}\n"),
        );
        let mut command = at(host, offset, "chronyd");
        // -x: it must not touch the clock of the machine.
        command.args(["-d", "-x", "-u", "root", "-f"]).arg(file);
        Self::start(command, folder, 123)
    }

    fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let daemon = Daemon::start(&mut command, &folder.path().join("log"), |pid| listens(pid, port));
        Self { _daemon: daemon, _folder: folder }
    }
}

/// A program at another time of day. The command `faketime` would start it as a child, which a signal to
/// `faketime` does not end: so this sets what that sets. The loader puts the folder of this machine's
/// libraries for $LIB.
fn at(host: &Host, offset: &str, program: &str) -> Command {
    let mut command = host.command("env");
    command.arg("LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1").arg(format!("FAKETIME={offset}"));
    command.arg(crate::needs::program(program).unwrap_or_default());
    command
}

/// Whether a UDP port is open in the network that process `pid` sees.
fn listens(pid: u32, port: u16) -> bool {
    let file = Path::new("/proc").join(pid.to_string()).join("net/udp");
    let table = std::fs::read_to_string(file).unwrap_or_default();
    table.lines().any(|line| {
        line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&format!(":{port:04X}")))
    })
}
