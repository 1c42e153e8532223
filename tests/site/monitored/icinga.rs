//! The whole site under a real Icinga 2, and what its writers of performance data send on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::lab::{self, Site, play};
use suite::daemon::Daemon;
use suite::host::Host;
use suite::icinga::{self, Icinga, shipped};
use suite::needs::missing;
use suite::plugins;
use suite::process::run;
use suite::wait::holds_within;

use super::{rounds, save, services};

/// The hosts, with the variables of the shipped configuration.
const HOSTS: &str = "
object Host \"www1\" {
    check_command = \"passive\"
    address = \"198.51.100.10\"
    vars.silent_outage = [ \"nrpe\", \"clock\", \"files\", \"snmp\" ]
    vars.tcp_each_ip_file = \"@list@\"
    vars.tcp_each_ip_port = 80
}
object Host \"node1\" {
    check_command = \"passive\"
    address = \"198.51.100.21\"
    vars.silent_outage = [ \"nrpe\", \"holder\", \"probe\" ]
    vars.floating_nodes = [ \"node1\", \"node2\" ]
}
object Host \"node2\" {
    check_command = \"passive\"
    address = \"198.51.100.22\"
    vars.silent_outage = [ \"nrpe\", \"holder\" ]
}
object Host \"db1\" {
    check_command = \"passive\"
    address = \"db1\"
    vars.replication_pair = [ \"db1\", \"db2\" ]
}
";

/// The writers, each to a port of its own.
const WRITERS: &str = "
object PerfdataWriter \"file\" {
    service_perfdata_path = \"@top@/perfdata\"
    service_temp_path = \"@top@/perfdata-now\"
    host_perfdata_path = \"@top@/host-perfdata\"
    host_temp_path = \"@top@/host-perfdata-now\"
    rotation_interval = 1s
}
object GraphiteWriter \"graphite\" {
    port = 2003
    enable_send_thresholds = true
}
object InfluxdbWriter \"influxdb\" {
    port = 8086
    database = \"icinga2\"
    flush_interval = 1s
    enable_send_thresholds = true
    host_template = { measurement = \"$host.check_command$\", tags = { hostname = \"$host.name$\" } }
    service_template = { measurement = \"$service.check_command$\", tags = { hostname = \"$host.name$\", service = \"$service.name$\" } }
}
";

#[test]
fn everything_breaks_is_seen_and_recovers() {
    if missing(&lab::NEEDS) || missing(&icinga::NEEDS) {
        return;
    }
    let site = Site::create();
    let mut servers = site.serve();
    let folder = suite::host::public_folder();
    let files = ["graphite", "influxdb"].map(|name| folder.path().join(name));
    let _sinks = [sink(&site.monitor, "2003", &files[0]), sink(&site.monitor, "8086", &files[1])];
    let objects = services(shipped, &["silent-outage-services.conf"])
        + WRITERS
        + &HOSTS.replace("@list@", &site.list());
    let icinga = Icinga::start_with(&site.monitor, icinga::MONITOR, &objects, |top| {
        site.printed.keep(&top.join("plugins"))
    });
    play(&site, &mut servers, &icinga, rounds());

    let labels: BTreeSet<String> = performance_data(&site).iter().flat_map(|data| labels(data)).collect();
    assert!(labels.len() >= 10, "{labels:?}");
    let dashboard =
        fs::read_to_string(plugins::workspace().join("nrpe-config/grafana/silent-outage.json")).unwrap();
    let drawn: Vec<&str> =
        dashboard.split("metric\\\" =~ /^").skip(1).filter_map(|rest| rest.split("$/").next()).collect();
    assert!(drawn.len() >= 5, "{dashboard}");
    for label in drawn.iter().flat_map(|label| label.trim_matches(['(', ')']).split('|')) {
        assert!(labels.contains(label), "the dashboard draws {label}, which nobody printed: {labels:?}");
    }

    // Each value arrives under its own name. What a writer has before it is connected it drops: the services
    // are checked again every few seconds.
    let is_sent = |[graphite, influxdb]: &[String; 2], label: &str| {
        let line = |line: &str| line.contains(&format!(",metric={label} ")) && line.contains("value=");
        graphite.contains(&format!(".perfdata.{label}.value ")) && influxdb.lines().any(line)
    };
    // A threshold of one number is passed on, a range is not.
    let is_limit_sent =
        |[graphite, _]: &[String; 2], limit: &str| graphite.contains(&format!(".perfdata.{limit} "));
    let mut sent = [String::new(), String::new()];
    let is_all_there = holds_within(Duration::from_secs(60), || {
        sent = files.each_ref().map(|file| fs::read_to_string(file).unwrap_or_default());
        labels.iter().all(|label| is_sent(&sent, label)) && is_limit_sent(&sent, "missing.crit")
    });
    let written: String = fs::read_dir(icinga.folder())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|path| {
            path.file_name()?.to_str()?.starts_with("perfdata.").then(|| fs::read_to_string(path).unwrap())
        })
        .collect();
    let [graphite, influxdb] = &sent;
    for (name, text) in
        [("icinga-graphite", graphite), ("icinga-influxdb", influxdb), ("icinga-perfdata", &written)]
    {
        save(name, text);
    }
    let lost: Vec<&String> = labels.iter().filter(|label| !is_sent(&sent, label)).collect();
    assert!(is_all_there, "{lost:?} or missing.crit did not arrive: {sent:?}");
    assert!(labels.contains("offset") && !is_limit_sent(&sent, "offset.warn"), "{graphite}");

    // Each line of performance data is what a plugin printed.
    let printed = performance_data(&site);
    let data = written
        .split('\t')
        .filter_map(|field| field.strip_prefix("SERVICEPERFDATA::"))
        .filter(|data| data.contains('='));
    let unknown = data.clone().find(|data| !printed.contains(*data));
    assert!(unknown.is_none() && data.count() > 20, "nobody printed {unknown:?}");
}

/// The performance data that the plugins have printed so far.
fn performance_data(site: &Site) -> BTreeSet<String> {
    site.printed.all().into_iter().map(|service| service.performance_data).collect()
}

/// The names of the values in performance data.
fn labels(data: &str) -> Vec<String> {
    data.split(' ').filter_map(|value| value.split_once('=')).map(|(label, _)| label.to_owned()).collect()
}

/// Takes what is sent to a port of the monitor.
fn sink(host: &Host, port: &str, file: &Path) -> Daemon {
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(&format!(":{port} "));
    Daemon::start(
        host.command(plugins::binary("sink")).arg(port).arg(file),
        &file.with_extension("log"),
        listens,
    )
}
