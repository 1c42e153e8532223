//! One monitor becomes many: the shipped zones with a master, a satellite that schedules, and an agent that
//! runs the plugin. The agent is not reachable from the master, and no NRPE is there.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::lab::hurried;
use suite::host::{Host, public_folder, succeed, write};
use suite::icinga::{self, Icinga, shipped};
use suite::needs::{missing, program};
use suite::process::run;
use suite::status::Service;

const AGENT: &str = "www2.example.com";
const SATELLITE: &str = "satellite.example.com";

/// As in silent-outage-hosts.conf, without a ping for which Icinga's user needs a privilege.
const HOST: &str = "
object Host \"www2.example.com\" {
    check_command = \"passive\"
    address = \"192.0.2.11\"
    vars.silent_outage = [ \"agent\" ]
    vars.ip_bound_file = \"/etc/silent-outage/addresses\"
}
";

/// A certificate for an instance, signed by the authority in `folder`, where Icinga looks for it.
fn certify(folder: &Path, top: &Path, name: &str) {
    let certs = top.join("certs");
    fs::create_dir(&certs).unwrap();
    // Icinga's commands are nobody but its own user.
    succeed(Command::new("chown").arg("nagios:nagios").arg(&certs));
    let path = |ending: &str| certs.join(format!("{name}.{ending}"));
    let pki = || {
        let mut command = Command::new(program("icinga2").unwrap_or_default());
        command.arg("pki");
        command
    };
    succeed(pki().args(["new-cert", "--cn", name, "--key"]).arg(path("key")).arg("--csr").arg(path("csr")));
    let data = format!("DataDir={}", folder.display());
    succeed(pki().args(["sign-csr", "-D", &data, "--csr"]).arg(path("csr")).arg("--cert").arg(path("crt")));
    fs::copy(folder.join("ca/ca.crt"), certs.join("ca.crt")).unwrap();
}

#[test]
fn a_satellite_asks_an_agent_and_the_master_knows() {
    if missing(&icinga::NEEDS) {
        return;
    }
    let [master, satellite, agent] = [(); 3].map(|()| Host::create());
    master.cable("eth0", &satellite, "eth0");
    satellite.cable("eth1", &agent, "eth0");
    master.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    satellite.ip_batch("addr add 198.51.100.2/24 dev eth0\naddr add 192.0.2.1/24 dev eth1\n");
    agent.ip_batch("addr add 192.0.2.11/24 dev eth0\naddr add 192.0.2.226/24 dev eth0\n");
    agent.etc("silent-outage/addresses", "192.0.2.11\n192.0.2.226\n");
    let authority = public_folder();
    succeed(Command::new("chown").arg("nagios:nagios").arg(authority.path()));
    let data = format!("DataDir={}", authority.path().display());
    succeed(Command::new(program("icinga2").unwrap_or_default()).args(["pki", "new-ca", "-D", &data]));

    let zones = fs::read_to_string(shipped("silent-outage-zones.conf")).unwrap();
    let told =
        format!("{zones}object ApiListener \"api\" {{\n accept_config = true\n accept_commands = true\n}}\n");
    // The agent has the commands by itself and no global zone: each change of configuration makes an Icinga
    // start anew, and what it was asked just then is asked again only after check_timeout and half a minute.
    let global = "object Zone \"silent-outage\" {\n    global = true\n}\n";
    assert!(told.contains(global), "{told}");
    let commands = fs::read_to_string(shipped("silent-outage-commands.conf")).unwrap();
    let start = |host: &Host, name: &str, zone: &str, prepare: &dyn Fn(&Path)| {
        let told = if name == AGENT { told.replace(global, &commands) } else { told.clone() };
        Icinga::start_with(host, name, &format!("const ZoneName = \"{zone}\"\n{told}"), |top| {
            certify(authority.path(), top, name);
            prepare(top);
        })
    };
    let agents = start(&agent, AGENT, AGENT, &|_| {});
    let _satellite = start(&satellite, SATELLITE, "site", &|_| {});
    let master = start(&master, icinga::MONITOR, "master", &|top| {
        for folder in ["zones.d/site", "zones.d/silent-outage"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        let services = fs::read_to_string(shipped("silent-outage-services.conf")).unwrap();
        write(&top.join("zones.d/site/services.conf"), &icinga::in_seconds(&hurried(&services)));
        write(&top.join("zones.d/site/hosts.conf"), HOST);
        fs::copy(shipped("silent-outage-commands.conf"), top.join("zones.d/silent-outage/commands.conf"))
            .unwrap();
    });

    let bound = format!("{AGENT}!Addresses bound");
    let own = || {
        let plugin = agents.folder().join("plugins/check_ip_bound");
        let outcome = run(agent.command(plugin).arg("--file=/etc/silent-outage/addresses"));
        Service::of_output(outcome.code.unwrap().try_into().unwrap(), &outcome.stdout)
    };
    assert_eq!(master.hard(&bound, 0), own());
    agent.ip(&["addr", "del", "192.0.2.226/24", "dev", "eth0"]);
    let alarm = master.hard(&bound, 2);
    assert_eq!(alarm, own());
    assert_eq!(alarm.plugin_output, "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.226");
    agent.ip(&["addr", "add", "192.0.2.226/24", "dev", "eth0"]);
    assert_eq!(master.hard(&bound, 0), own());
    assert_eq!(master.hard(&format!("{AGENT}!Agent"), 0).current_state, 0);
    drop(agents);
    master.hard(&format!("{AGENT}!Agent"), 2);
}
