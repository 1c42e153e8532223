//! The whole site under a real Nagios.

use std::fs;

use crate::lab::{self, Site, play};
use suite::nagios::{self, Nagios, Service, shipped};
use suite::needs::missing;

use super::{rounds, save, services};

/// The hosts, in the groups of the shipped configuration.
const HOSTS: &str = "
define host {
    use         generic-host
    host_name   www1
    address     198.51.100.10
    hostgroups  silent-outage-hosts,silent-outage-clocks,silent-outage-references,silent-outage-tcp,silent-outage-snmp
    _TCP_LIST   @list@
    _TCP_PORTS  80
}
define host {
    use         generic-host
    host_name   node1
    address     198.51.100.21
    hostgroups  silent-outage-hosts,silent-outage-probes
}
define host {
    use         generic-host
    host_name   node2
    address     198.51.100.22
    hostgroups  silent-outage-hosts
}
define host {
    use                generic-host
    host_name          db1
    address            db1
    hostgroups         silent-outage-replication-pairs
    _REPLICATION_PEER  db2
}
";

/// What PNP4Nagios tells to put into nagios.cfg, with the text and the state in addition.
const PERFORMANCE_DATA: &str = "process_performance_data=1\nservice_perfdata_file=@top@/perfdata\nservice_perfdata_file_mode=a\n\
    service_perfdata_file_template=DATATYPE::SERVICEPERFDATA\\tTIMET::$TIMET$\\tHOSTNAME::$HOSTNAME$\\tSERVICEDESC::$SERVICEDESC$\\t\
    SERVICEPERFDATA::$SERVICEPERFDATA$\\tSERVICECHECKCOMMAND::$SERVICECHECKCOMMAND$\\tSERVICESTATEID::$SERVICESTATEID$\\t\
    SERVICEOUTPUT::$SERVICEOUTPUT$\\tLONGSERVICEOUTPUT::$LONGSERVICEOUTPUT$\n";

#[test]
fn everything_breaks_is_seen_and_recovers() {
    if missing(&lab::NEEDS) || missing(&nagios::NEEDS) {
        return;
    }
    let site = Site::create();
    let mut servers = site.serve();
    let objects = services(shipped, &["silent-outage-plugins.cfg", "silent-outage-floating.cfg"])
        + &HOSTS.replace("@list@", &site.list());
    let lines = format!("{PERFORMANCE_DATA}{}", "enable_predictive_service_dependency_checks=0\n");
    let nagios =
        Nagios::start_prepared(&site.monitor, &objects, &lines, |plugins| site.printed.keep(plugins));
    play(&site, &mut servers, &nagios, rounds());

    let file = fs::read_to_string(nagios.folder().join("perfdata")).unwrap();
    let printed = site.printed.all();
    let mut checked = 0;
    for line in file.lines() {
        let field = |name: &str| {
            line.split('\t')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix("::"))
                .unwrap_or_default()
        };
        if !field("SERVICEPERFDATA").contains('=') || field("SERVICEOUTPUT").starts_with("CLUSTER") {
            continue;
        }
        let service = Service {
            current_state: field("SERVICESTATEID").parse().unwrap(),
            is_hard: true,
            plugin_output: field("SERVICEOUTPUT").to_owned(),
            long_plugin_output: field("LONGSERVICEOUTPUT").to_owned(),
            performance_data: field("SERVICEPERFDATA").to_owned(),
        };
        assert!(printed.contains(&service), "nobody printed {line}");
        checked += 1;
    }
    assert!(checked > 20, "{checked} lines in {file}");
    save("nagios-perfdata", &file);
}
