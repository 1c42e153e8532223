//! The real Prometheus, node_exporter and Alertmanager with the shipped script, rules, routes and dashboard:
//! an address that is removed is one alert, which ends when it is back, and each panel draws something.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, succeed, write};
use suite::needs::{Need, missing};
use suite::nrpe::{give_options, install, plugin_folder};
use suite::plugins;
use suite::process::run;
use suite::wait::eventually;

const NEEDS: [Need; 5] = [
    Need::Root,
    Need::Program("prometheus"),
    Need::Program("prometheus-node-exporter"),
    Need::Program("prometheus-alertmanager"),
    Need::Program("curl"),
];
/// The alerts of the shipped rules and another one, as Prometheus sends them: the name, the severity, the
/// service, and who of the shipped receivers is told. Nobody is, if the service is CRITICAL anyway.
const ROUTED: [(&str, &str, &str, Option<&str>); 7] = [
    ("SilentOutageAbsent", "warning", "", Some("monitoring")),
    ("SilentOutageCritical", "critical", "Addresses bound", Some("on-call")),
    ("SilentOutageStale", "warning", "", Some("monitoring")),
    ("SilentOutageUnknown", "warning", "Addresses bound", None),
    ("SilentOutageUnknown", "warning", "Clock", Some("monitoring")),
    ("SilentOutageWarning", "warning", "Addresses bound", None),
    ("SilentOutageWarning", "warning", "Clock", Some("administrators")),
];
/// How long Prometheus may take to see, judge and pass on, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
const RULES: &str = "prometheus/silent-outage-rules.yml";
const SETTINGS: &str = "global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: [\"127.0.0.1:9093\"]}]
scrape_configs:
  - job_name: node
    static_configs: [{targets: [\"127.0.0.1:9100\"]}]
";

fn shipped(name: &str) -> std::path::PathBuf {
    plugins::workspace().join("nrpe-config").join(name)
}

/// What a daemon in the host answers.
fn get(host: &Host, url: &str) -> Option<Value> {
    serde_json::from_str(&run(host.command("curl").args(["-sg", "-m", "5", url])).stdout).ok()
}

/// The alerts that Alertmanager holds as active, by their names and services.
fn alerts(host: &Host) -> Option<Vec<(String, String)>> {
    let found = get(host, "http://127.0.0.1:9093/api/v2/alerts?active=true")?;
    let of = |alert: &Value, label: &str| alert.get("labels")?.get(label)?.as_str().map(str::to_owned);
    let pair = |alert: &Value| Some((of(alert, "alertname")?, of(alert, "service").unwrap_or_default()));
    found.as_array()?.iter().map(pair).collect()
}

/// Starts Alertmanager with the shipped configuration, which tells of an alert at once here.
fn alertmanager(host: &Host, top: &Path) -> Daemon {
    let text = fs::read_to_string(shipped("prometheus/silent-outage-alertmanager.yml")).unwrap();
    assert!(text.contains("group_wait: 30s\n"), "{text}");
    write(&top.join("alertmanager.yml"), &text.replace("group_wait: 30s\n", "group_wait: 0s\n"));
    let manager = [
        "--config.file=alertmanager.yml",
        "--storage.path=am",
        "--web.listen-address=127.0.0.1:9093",
        "--cluster.listen-address=",
    ];
    daemon(host, top, "prometheus-alertmanager", &manager, 9093)
}

/// Starts a daemon and waits until its port answers.
fn daemon(host: &Host, top: &Path, name: &str, arguments: &[&str], port: u16) -> Daemon {
    let mut command = host.command(name);
    command.current_dir(top).args(arguments);
    let url = format!("http://127.0.0.1:{port}/metrics");
    let ready =
        |_| run(host.command("curl").args(["-sf", "-m", "1", "-o", "/dev/null", &url])).code == Some(0);
    Daemon::start_within(LIMIT, &mut command, &top.join(format!("{name}.log")), ready)
}

#[test]
fn an_address_that_is_gone_is_one_alert_until_it_is_back() {
    if missing(&NEEDS) {
        return;
    }
    let (host, other) = (Host::create(), Host::create());
    host.cable("eth0", &other, "eth0");
    host.ip_batch("addr add 192.0.2.10/24 dev eth0\naddr add 192.0.2.31/32 dev eth0\n");
    host.etc("ips", "192.0.2.10\n192.0.2.31\n");
    give_options(&host);
    let folder = public_folder();
    let top = folder.path();
    install(top, &[]);
    let results = top.join("results");
    fs::create_dir(&results).unwrap();
    write(&top.join("list"), "check_ip_bound Addresses bound\n");
    // What takes minutes takes seconds here.
    let rules = fs::read_to_string(shipped(RULES)).unwrap();
    assert!(rules.contains("for: 2m\n") && rules.contains("for: 10m\n"), "{rules}");
    write(
        &top.join("rules.yml"),
        &rules.replace("for: 2m\n", "for: 2s\n").replace("for: 10m\n", "for: 20s\n"),
    );
    write(&top.join("prometheus.yml"), SETTINGS);
    let text = || {
        let mut script = host.command(shipped("prometheus/silent-outage-textfile"));
        succeed(script.arg(top.join("list")).arg(top.join("nrpe.d")).arg(&results));
    };
    text();
    let collector = format!("--collector.textfile.directory={}", results.display());
    let only = [
        "--collector.disable-defaults",
        "--collector.textfile",
        &collector,
        "--web.listen-address=127.0.0.1:9100",
    ];
    let _exporter = daemon(&host, top, "prometheus-node-exporter", &only, 9100);
    let _manager = alertmanager(&host, top);
    let server =
        ["--config.file=prometheus.yml", "--storage.tsdb.path=db", "--web.listen-address=127.0.0.1:9090"];
    let _server = daemon(&host, top, "prometheus", &server, 9090);

    let state = || {
        let found = get(&host, "http://127.0.0.1:9090/api/v1/query?query=silent_outage_state")?;
        found.pointer("/data/result/0/value/1")?.as_str().map(str::to_owned)
    };
    eventually("Prometheus has the state", LIMIT, || state().as_deref() == Some("0"));
    assert_eq!(alerts(&host), Some(vec![]));
    host.ip(&["addr", "del", "192.0.2.31/32", "dev", "eth0"]);
    text();
    let critical = ("SilentOutageCritical".to_owned(), "Addresses bound".to_owned());
    eventually("one alert fires", LIMIT, || alerts(&host) == Some(vec![critical.clone()]));
    host.ip(&["addr", "add", "192.0.2.31/32", "dev", "eth0"]);
    text();
    eventually("it is resolved", LIMIT, || alerts(&host) == Some(vec![]));
    add_others(&host, top, &results);
    each_panel_draws(&host);
}

#[test]
fn each_alert_is_told_to_one_receiver_and_none_beside_a_critical_one() {
    let folder = public_folder();
    if missing(&[Need::Program("promtool"), Need::Program("amtool")]) {
        return;
    }
    succeed(Command::new("promtool").args(["check", "rules"]).arg(shipped(RULES)));
    let routes = shipped("prometheus/silent-outage-alertmanager.yml");
    let outcome = run(Command::new("amtool").arg("check-config").arg(&routes));
    assert!(outcome.code == Some(0) && outcome.stdout.contains("SUCCESS"), "{outcome:?}");
    if missing(&NEEDS) {
        return;
    }
    let host = Host::create();
    let _manager = alertmanager(&host, folder.path());
    let labels = |(name, severity, service, _): &(&str, &str, &str, _)| json!({"labels": {"alertname": name, "severity": severity, "service": service, "instance": "www1:9100"}});
    let body = Value::from_iter(ROUTED.iter().map(labels)).to_string();
    let mut curl = host.command("curl");
    curl.args(["-sf", "-m", "5", "http://127.0.0.1:9093/api/v2/alerts", "-d", &body]);
    succeed(curl.args(["-H", "Content-Type: application/json"]));
    let expected: Vec<_> = ROUTED.iter().map(|(name, _, service, told)| row(name, service, *told)).collect();
    eventually("each has its receiver", LIMIT, || told(&host).as_ref() == Some(&expected));
    let rules = fs::read_to_string(shipped(RULES)).unwrap();
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(ROUTED.iter().any(|(routed, ..)| *routed == name), "{name} has no route here");
    }
}

/// The alerts that Alertmanager has, each with the receiver that is told, sorted.
fn told(host: &Host) -> Option<Vec<String>> {
    let found = get(host, "http://127.0.0.1:9093/api/v2/alerts")?;
    let one = |alert: &Value| {
        let text = |pointer: &str| Some(alert.pointer(pointer)?.as_str()?.to_owned());
        let is_active = text("/status/state")? == "active";
        let receiver = text("/receivers/0/name")?;
        assert_eq!(alert.pointer("/receivers/1"), None, "{alert}");
        let service = text("/labels/service").unwrap_or_default();
        Some(row(&text("/labels/alertname")?, &service, Some(receiver.as_str()).filter(|_| is_active)))
    };
    let mut rows: Vec<String> = found.as_array()?.iter().map(one).collect::<Option<_>>()?;
    rows.sort();
    Some(rows)
}

/// An alert in one line: who is told is `-` if nobody is.
fn row(name: &str, service: &str, told: Option<&str>) -> String {
    format!("{name} {service}: {}", told.unwrap_or("-"))
}

/// A command for each program that the dashboard draws, besides `check_ip_bound`: what each asks does not
/// answer, and a value that is not known is drawn too.
const OTHERS: [&str; 9] = [
    "check_host_files --nameserver=192.0.2.1",
    "check_tcp_each_ip --ip=127.0.0.9 --port=1",
    "check_clock_offset --ntp=127.0.0.9",
    "check_replication --hostname=127.0.0.9",
    "check_latency --ip=127.0.0.1 --state-file=latency.json",
    "check_resolver --server=127.0.0.9 --name=www.example.com",
    "check_proxy --ip=127.0.0.9 --port=1 --url=http://127.0.0.9/pong?n=NONCE --strangers=only",
    "notify_stomp --flush --broker=127.0.0.9 --destination=/topic/x --spool=spool",
    "publish_status --config=none",
];

/// Adds the results of all other programs.
fn add_others(host: &Host, top: &Path, results: &Path) {
    let folder = plugin_folder(top);
    let name = |command: &str| command.split(' ').next().unwrap_or_default().to_owned();
    let commands =
        OTHERS.map(|command| format!("command[own_{}]={}/{command}\n", name(command), folder.display()));
    write(&top.join("nrpe.d/own.cfg"), &commands.concat());
    let services = OTHERS.map(|command| format!("own_{} Own {0}\n", name(command)));
    write(&top.join("list"), &format!("check_ip_bound Addresses bound\n{}", services.concat()));
    let mut script = host.command(shipped("prometheus/silent-outage-textfile"));
    succeed(script.current_dir(top).arg(top.join("list")).arg(top.join("nrpe.d")).arg(results));
}

/// Each query of the dashboard is taken by Prometheus, and has a value.
fn each_panel_draws(host: &Host) {
    let text = fs::read_to_string(shipped("grafana/silent-outage-prometheus.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard.get("panels").and_then(Value::as_array).unwrap();
    for target in panels.iter().filter_map(|panel| panel.get("targets")?.as_array()).flatten() {
        let query = target.get("expr").and_then(Value::as_str).unwrap().replace("$instance", ".*");
        eventually(&format!("a value of {query}"), LIMIT, || {
            let mut curl = host.command("curl");
            curl.args(["-sG", "-m", "5", "http://127.0.0.1:9090/api/v1/query", "--data-urlencode"]);
            let outcome = run(curl.arg(format!("query={query}")));
            let answer: Value = serde_json::from_str(&outcome.stdout).unwrap_or_default();
            let status = answer.get("status").and_then(Value::as_str);
            assert_ne!(status, Some("error"), "{query}: {answer}");
            answer.pointer("/data/result").and_then(Value::as_array).is_some_and(|found| !found.is_empty())
        });
    }
    // Nothing of handle_ip_rebind is measured.
    for program in plugins::names().iter().filter(|name| *name != "handle_ip_rebind") {
        assert!(text.contains(program.as_str()), "no panel draws {program}");
    }
}

#[test]
fn the_script_says_what_cannot_be_run_and_takes_old_files_away() {
    let folder = public_folder();
    let top = folder.path();
    fs::create_dir_all(top.join("nrpe.d")).unwrap();
    fs::create_dir_all(top.join("results")).unwrap();
    write(&top.join("nrpe.d/own.cfg"), "command[fails]=/bin/false\ncommand[speaks]=/bin/echo nonsense\n");
    write(&top.join("results/silent_outage_old.prom"), "x 1\n");
    write(&top.join("results/silent_outage_old.prom.123"), "x 1\n");
    write(&top.join("results/other.prom"), "y 1\n");
    write(&top.join("list"), "# comment\n\nfails One\nspeaks Two words\nabsent Three\nbad' Four\n");
    let mut script = Command::new(shipped("prometheus/silent-outage-textfile"));
    let outcome = run(script.arg(top.join("list")).arg(top.join("nrpe.d")).arg(top.join("results")));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("bad' Four has a character"), "{}", outcome.stderr);
    let mut files: Vec<String> = fs::read_dir(top.join("results"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let own = ["absent", "fails", "speaks"].map(|name| format!("silent_outage_{name}.prom"));
    assert_eq!(files, [&["other.prom".to_owned()], &own[..]].concat());
    let two = fs::read_to_string(top.join("results/silent_outage_speaks.prom")).unwrap();
    assert!(two.ends_with("silent_outage_state{plugin=\"speaks\",service=\"Two words\"} 3\n"), "{two}");
    // The first line says why, as that of a result does.
    assert_eq!(two.lines().next(), Some("# the command speaks printed no result with --format=prometheus"));
    let three = fs::read_to_string(top.join("results/silent_outage_absent.prom")).unwrap();
    let reason = format!("# no command absent in {}", top.join("nrpe.d").display());
    assert_eq!(three.lines().next(), Some(reason.as_str()));
}

#[test]
fn a_folder_that_cannot_be_written_is_one_line_with_what_to_do() {
    let folder = public_folder();
    let top = folder.path();
    write(&top.join("list"), "one One\ntwo Two\n");
    let results = top.join("results");
    let mut script = Command::new(shipped("prometheus/silent-outage-textfile"));
    let outcome = run(script.arg(top.join("list")).arg(top.join("nrpe.d")).arg(&results));
    let (user, group) =
        (run(Command::new("id").arg("-un")).stdout, run(Command::new("id").arg("-gn")).stdout);
    let (user, group, results) = (user.trim(), group.trim(), results.display());
    let line = format!(
        "silent-outage-textfile: user {user} cannot write {results}: as root, install -d -o {user} -g {group} -m 755 {results}\n"
    );
    assert_eq!((outcome.code, outcome.stderr), (Some(1), line));
}

#[test]
fn lists_from_other_editors_lose_no_service() {
    let folder = public_folder();
    let top = folder.path();
    fs::create_dir_all(top.join("nrpe.d")).unwrap();
    fs::create_dir_all(top.join("results")).unwrap();
    let command = |name: &str| format!("command[{name}]=echo 'silent_outage_state{{p=\"{name}\"}} 0' #");
    // NRPE ignores blanks at the end of a line, and wants no line end after the last one.
    write(&top.join("nrpe.d/a.cfg"), &format!("{}\r\n{}", command("windows"), command("no_end")));
    write(&top.join("nrpe.d/b.cfg"), &format!("{}\n", command("next_file")));
    write(&top.join("list"), "windows One \t\r\n\r\nno_end\tTwo\n next_file\r\nabsent Last");
    let mut script = Command::new(shipped("prometheus/silent-outage-textfile"));
    let outcome = succeed(script.arg(top.join("list")).arg(top.join("nrpe.d")).arg(top.join("results")));
    assert_eq!(outcome.stderr, "");
    let last = |name: &str| {
        let text = fs::read_to_string(top.join(format!("results/silent_outage_{name}.prom")));
        text.unwrap_or_default().lines().last().unwrap_or_default().to_owned()
    };
    for name in ["windows", "no_end", "next_file"] {
        assert_eq!(last(name), format!("silent_outage_state{{p=\"{name}\"}} 0"), "{name}");
    }
    assert_eq!(last("absent"), "silent_outage_state{plugin=\"absent\",service=\"Last\"} 3");
}
