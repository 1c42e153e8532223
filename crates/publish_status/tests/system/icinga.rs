//! A real Icinga 2, asked by its API over TLS: the same states as from Nagios, and what is said when the API
//! does not answer.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, succeed};
use suite::icinga::{Icinga, MONITOR};
use suite::needs::{Need, missing, program};
use suite::process::{Outcome, run};
use suite::wait::holds_within;
use tempfile::TempDir;

const NEEDS: [Need; 5] = [
    Need::Root,
    Need::Program("icinga2"),
    Need::Program("check_nrpe"),
    Need::Program("curl"),
    Need::Program("openssl"),
];
const MINUTE: Duration = Duration::from_secs(60);

const OBJECTS: &str = r#"
object Endpoint NodeName { }
object Zone "main" { endpoints = [ NodeName ] }
object ApiListener "api" { }
object ApiUser "page" { password = "page-secret", permissions = [ "objects/query/*", "status/query" ] }
object ApiUser "blind" { password = "blind-secret", permissions = [ "status/query" ] }
object LivestatusListener "live" { socket_path = "@top@/live" }
object ApiUser "root" { password = "root-secret", permissions = [ "*" ] }
template Host "passive" {
    check_command = "dummy"
    enable_active_checks = false
    max_check_attempts = 1
}
for (name in [ "hq-soft", "hq-down", "hq-router", "hq-behind", "hq-never", "hq-acked", "hq-planned", "hq-vague", "hq-slow" ]) {
    object Host name {
        import "passive"
        address = "203.0.113.77"
    }
}
apply Service "wire" {
    check_command = "dummy"
    enable_active_checks = false
    max_check_attempts = if (host.name == "hq-soft") { 3 } else { 1 }
    assign where host.address
}
object Dependency "behind" {
    parent_host_name = "hq-router"
    child_host_name = "hq-behind"
}
"#;

const NAMES: [(&str, &str); 8] = [
    ("Soft", "hq-soft"),
    ("Down", "hq-down"),
    ("Unreachable", "hq-behind"),
    ("Never checked", "hq-never"),
    ("Acknowledged", "hq-acked"),
    ("In downtime", "hq-planned"),
    ("Without answer", "hq-vague"),
    ("Slow", "hq-slow"),
];

struct Site {
    host: Host,
    icinga: Icinga,
    page: TempDir,
}

impl Site {
    fn start() -> Self {
        let host = Host::create();
        host.etc("hosts", &format!("127.0.0.1 {MONITOR}\n"));
        let authority = public_folder();
        succeed(Command::new("chown").arg("nagios:nagios").arg(authority.path()));
        let data = format!("DataDir={}", authority.path().display());
        let pki = || Command::new(program("icinga2").unwrap_or_default());
        succeed(pki().args(["pki", "new-ca", "-D", &data]));
        let page = tempfile::tempdir().unwrap();
        fs::copy(authority.path().join("ca/ca.crt"), page.path().join("ca.crt")).unwrap();
        let certify = |top: &Path| {
            let certs = top.join("certs");
            fs::create_dir(&certs).unwrap();
            succeed(Command::new("chown").arg("nagios:nagios").arg(&certs));
            let path = |ending: &str| certs.join(format!("{MONITOR}.{ending}"));
            succeed(
                pki()
                    .args(["pki", "new-cert", "--cn", MONITOR, "--key"])
                    .arg(path("key"))
                    .arg("--csr")
                    .arg(path("csr")),
            );
            succeed(
                pki()
                    .args(["pki", "sign-csr", "-D", &data, "--csr"])
                    .arg(path("csr"))
                    .arg("--cert")
                    .arg(path("crt")),
            );
            fs::copy(authority.path().join("ca/ca.crt"), certs.join("ca.crt")).unwrap();
        };
        let icinga = Icinga::start_with(&host, MONITOR, OBJECTS, certify);
        let component = |(name, host): &(&str, &str)| {
            format!("[[group.component]]\nname = \"{name}\"\nfrom = [\"{host}!wire\"]\n")
        };
        let components: String = NAMES.iter().map(component).collect();
        let head = "title = \"Example\"\nurl = \"https://status.example.com/\"\nshow_planned = true\n[[group]]\nname = \"All\"\n";
        fs::write(page.path().join("page.toml"), head.to_owned() + &components).unwrap();
        fs::create_dir(page.path().join("out")).unwrap();
        Self { host, icinga, page }
    }

    /// Has the API do something.
    fn act(&self, action: &str, filter: &str, more: &str) {
        let body = format!("{{{filter},{more}}}");
        let url = format!("https://{MONITOR}:5665/v1/actions/{action}");
        let mut command = self.host.command(program("curl").unwrap_or_default());
        command.args(["-s", "-S", "--cacert"]).arg(self.page.path().join("ca.crt")).args([
            "-u",
            "root:root-secret",
            "-d",
            &body,
            &url,
        ]);
        command.args(["-H", "Accept: application/json", "-X", "POST"]);
        let mut outcome = run(&mut command);
        holds_within(MINUTE, || {
            let is_done = outcome.stdout.contains("\"code\":200");
            if !is_done {
                outcome = run(&mut command);
            }
            is_done
        });
        assert!(outcome.stdout.contains("\"code\":200"), "{action} {body}: {outcome:?}");
    }

    fn result(&self, kind: &str, name: &str, state: u8) {
        let filter = format!("\"type\":\"{kind}\",\"{}\":\"{name}\"", kind.to_lowercase());
        self.act(
            "process-check-result",
            &filter,
            &format!("\"exit_status\":{state},\"plugin_output\":\"<b>secret</b>\""),
        );
    }

    fn publish(&self, ini: &str, arguments: &[&str]) -> Outcome {
        fs::write(self.page.path().join("page.ini"), ini).unwrap();
        let mut command = self.host.command(suite::plugins::binary("publish_status"));
        for (option, name) in
            [("config", "page.toml"), ("output", "out"), ("state", "state"), ("tls-ca", "ca.crt")]
        {
            command.arg(format!("--{option}={}", self.page.path().join(name).display()));
        }
        command.arg(format!("--extra-opts=page@{}", self.page.path().join("page.ini").display()));
        run(command.arg(format!("--icinga-api=https://{MONITOR}")).args(["--sanity=off"]).args(arguments))
    }

    fn states(&self) -> Vec<(String, String)> {
        let summary: Value =
            serde_json::from_slice(&fs::read(self.page.path().join("out/summary.json")).unwrap()).unwrap();
        let components =
            summary["components"].as_array().unwrap().iter().filter(|component| component["group"] == false);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        components.map(|component| (text(&component["name"]), text(&component["status"]))).collect()
    }
}

const LOGIN: &str = "[page]\napi-user=page\napi-password=page-secret\n";

#[test]
fn each_state_of_a_real_icinga_is_published() {
    if missing(&NEEDS) {
        return;
    }
    let site = Site::start();
    for (_, name) in NAMES.iter().filter(|(_, name)| *name != "hq-never") {
        site.result("Host", name, 0);
        site.result("Service", &format!("{name}!wire"), 0);
    }
    let outcome = site.publish(LOGIN, &[]);
    assert_eq!(
        outcome.summary(),
        (0, "STATUS OK - 8 components published, 7 operational, 1 unknown"),
        "without a downtime: {outcome:?}"
    );
    site.result("Service", "hq-soft!wire", 2);
    for name in ["hq-down", "hq-router", "hq-behind"] {
        site.result("Host", name, 1);
    }
    site.result("Service", "hq-acked!wire", 2);
    let of = |name: &str| format!("\"type\":\"Service\",\"service\":\"{name}!wire\"");
    site.act("acknowledge-problem", &of("hq-acked"), "\"author\":\"carolina\",\"comment\":\"known\"");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let times = |start: u64| {
        format!(
            "\"author\":\"roberta\",\"comment\":\"x\",\"start_time\":{start},\"end_time\":{}",
            start + 3_600
        )
    };
    site.act("schedule-downtime", &of("hq-planned"), &times(now - 5));
    site.act("schedule-downtime", &of("hq-slow"), &times(now + 7_200));
    site.result("Service", "hq-planned!wire", 2);
    site.result("Service", "hq-vague!wire", 3);
    site.result("Service", "hq-slow!wire", 1);
    let expected = [
        ("Soft", "operational"),
        ("Down", "major_outage"),
        ("Unreachable", "unknown"),
        ("Never checked", "unknown"),
        ("Acknowledged", "major_outage"),
        ("In downtime", "under_maintenance"),
        ("Without answer", "unknown"),
        ("Slow", "degraded_performance"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect();
    let mut outcome = site.publish(LOGIN, &[]);
    holds_within(MINUTE, || {
        outcome = site.publish(LOGIN, &[]);
        outcome.code == Some(0) && site.states() == expected
    });
    assert_eq!(
        (outcome.code, site.states()),
        (Some(0), expected),
        "{outcome:?} {}",
        site.icinga.folder().display()
    );
    by_livestatus_too(&site);
    let page = fs::read_to_string(site.page.path().join("out/index.html")).unwrap();
    assert!(
        page.contains("Under way until ")
            && page.matches("<section aria-labelledby=\"planned\">").count() == 1,
        "{page}"
    );
    nothing_leaks(&site);
    each_recovers(&site);

    let refused = |ini: &str, line: &str| {
        let outcome = site.publish(ini, &[]);
        assert_eq!(outcome.summary(), (3, line));
    };
    refused(
        "[page]\napi-user=page\napi-password=wrong\n",
        &format!("STATUS UNKNOWN - {MONITOR} refuses the login: see --api-user and --api-password"),
    );
    let forbidden = format!(
        "STATUS UNKNOWN - {MONITOR} has no answer to /v1/objects/hosts: the user needs the permissions objects/query and status/query"
    );
    refused("[page]\napi-user=blind\napi-password=blind-secret\n", &forbidden);
    refused(
        "[page]\napi-user=page\n",
        "STATUS UNKNOWN - --icinga-api needs --api-user, and --api-password by --extra-opts, see --help",
    );
    what_is_no_icinga_is_told(site);
}

/// What was not well is well again, and published so within a minute of the last result.
fn each_recovers(site: &Site) {
    let published = |name: &str, status: &str| {
        let expected = (name.to_owned(), status.to_owned());
        let mut outcome = site.publish(LOGIN, &[]);
        let is_published = holds_within(MINUTE, || {
            outcome = site.publish(LOGIN, &[]);
            site.states().contains(&expected)
        });
        assert!(is_published && outcome.code == Some(0), "{expected:?} {:?} {outcome:?}", site.states());
    };
    for _ in 0..2 {
        site.result("Service", "hq-soft!wire", 2);
    }
    published("Soft", "major_outage");
    for name in ["hq-down", "hq-router", "hq-behind", "hq-never"] {
        site.result("Host", name, 0);
    }
    for name in ["hq-soft", "hq-never", "hq-acked", "hq-planned", "hq-vague", "hq-slow"] {
        site.result("Service", &format!("{name}!wire"), 0);
    }
    published("In downtime", "under_maintenance");
    let planned = "\"type\":\"Service\",\"service\":\"hq-planned!wire\"";
    site.act("remove-downtime", planned, "\"author\":\"roberta\"");
    NAMES.iter().for_each(|(name, _)| published(name, "operational"));
    let feed = fs::read_to_string(site.page.path().join("out/feed.atom")).unwrap();
    let titles: Vec<&str> = feed.lines().filter(|line| line.starts_with("<title>Resolved: ")).collect();
    let resolved = |name: &str| format!("<title>Resolved: {name}: major outage</title>");
    assert_eq!(titles, ["Soft", "Acknowledged", "Down"].map(resolved), "{feed}");
    nothing_leaks(site);
}

/// No file that was written has a name, an address, an output or an author of the monitor.
fn nothing_leaks(site: &Site) {
    let files = ["out", "state"].map(|folder| fs::read_dir(site.page.path().join(folder)).unwrap().flatten());
    let files: Vec<_> = files.into_iter().flatten().map(|entry| entry.path()).collect();
    assert!(files.len() > 7, "{files:?}");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["hq-", "wire", "secret", "carolina", "roberta", "203.0.113", MONITOR] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

/// Livestatus tells the same, into another folder.
fn by_livestatus_too(site: &Site) {
    let top = site.page.path();
    fs::create_dir(top.join("live")).unwrap();
    let mut command = Command::new(suite::plugins::binary("publish_status"));
    for (option, name) in [("config", "page.toml"), ("output", "live"), ("state", "live-state")] {
        command.arg(format!("--{option}={}", top.join(name).display()));
    }
    let outcome = run(command.arg(format!("--livestatus={}", site.icinga.folder().join("live").display())));
    let parts = |folder: &str| {
        let summary: Value =
            serde_json::from_slice(&fs::read(top.join(folder).join("summary.json")).unwrap()).unwrap();
        (summary["components"].clone(), summary["scheduled_maintenances"].clone())
    };
    let without_times = |(mut components, works): (Value, Value)| {
        for component in components.as_array_mut().unwrap() {
            component.as_object_mut().unwrap().retain(|key, _| !key.ends_with("_at"));
        }
        let names: Vec<Value> = works.as_array().unwrap().iter().map(|work| work["name"].clone()).collect();
        (components, names)
    };
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(without_times(parts("live")), without_times(parts("out")));
}

/// In the place of Icinga: nothing, a web server, and one that takes connections and says nothing.
fn what_is_no_icinga_is_told(site: Site) {
    let certs = tempfile::tempdir().unwrap();
    for ending in ["crt", "key"] {
        fs::copy(site.icinga.folder().join(format!("certs/{MONITOR}.{ending}")), certs.path().join(ending))
            .unwrap();
    }
    let Site { host, icinga, page } = site;
    drop(icinga);
    fs::write(page.path().join("page.ini"), LOGIN).unwrap();
    let publish = || {
        let mut command = host.command(suite::plugins::binary("publish_status"));
        for (option, name) in
            [("config", "page.toml"), ("output", "out"), ("state", "state"), ("tls-ca", "ca.crt")]
        {
            command.arg(format!("--{option}={}", page.path().join(name).display()));
        }
        command.arg(format!("--extra-opts=page@{}", page.path().join("page.ini").display()));
        run(command.arg(format!("--icinga-api=https://{MONITOR}")).arg("--timeout=2"))
    };
    let line = |line: &str| format!("STATUS UNKNOWN - {MONITOR}: {line}");
    assert_eq!(publish().summary(), (3, line("connection refused").as_str()));
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(":5665 ");
    let log = certs.path().join("log");
    let serve = |more: &[&str]| {
        let mut command = host.command(program("openssl").unwrap_or_default());
        command
            .args(["s_server", "-accept", "5665", "-cert"])
            .arg(certs.path().join("crt"))
            .arg("-key")
            .arg(certs.path().join("key"));
        Daemon::start(command.args(more), &log, listens)
    };
    let web = serve(&["-www"]);
    let outcome = publish();
    assert!(
        outcome.code == Some(3) && outcome.stdout.starts_with(&line("not what Icinga answers: ")),
        "{outcome:?}"
    );
    drop(web);
    let echo = serve(&["-rev"]);
    assert_eq!(publish().summary(), (3, line("its answer is no HTTP").as_str()));
    // Frozen: the kernel takes connections for it.
    let pid = Pid::from_raw(i32::try_from(echo.id()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let outcome = publish();
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(outcome.summary(), (3, line("no answer").as_str()));
}
