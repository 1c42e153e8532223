//! The rows of publish_status: fifty thousand services in status.dat, and ninety days of forty components.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark ends where it cannot be set up"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use suite::bench::{self, Bench, Subject, again, command, other, says, write};
use suite::daemon::Daemon;
use suite::host::{public_folder, succeed};
use suite::needs::{Need, missing, program};

const COMPONENTS: usize = 40;
const HOSTS: usize = 1_000;
/// As many as show that it runs: Nagios' own CGI takes seconds for all of them.
const FEW_HOSTS: usize = 50;
const SERVICES: usize = 50;
/// Where Debian has the CGIs of Nagios 4.
const CGI: &str = "/usr/lib/cgi-bin/nagios4/statusjson.cgi";

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    history(bench);
    services(bench);
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A configuration of forty components, each with the services of one host; its folders; and the command.
fn publish(bench: &Bench<'_>, top: &Path, status: &str) -> Command {
    let mut config =
        "title = \"Example\"\nurl = \"https://status.example.com/\"\n[[group]]\nname = \"All\"\n".to_owned();
    for number in 0..COMPONENTS {
        writeln!(
            config,
            "[[group.component]]\nname = \"Component {number}\"\nfrom = [\"proxy-{number:04}!*\"]"
        )
        .unwrap();
    }
    let config = write(top, "page.toml", &config);
    fs::create_dir(top.join("out")).unwrap();
    let option = |name: &str, value: String| format!("--{name}={value}");
    let folder = |name: &str| top.join(name).display().to_string();
    let options = [
        option("config", config),
        option("status-file", status.to_owned()),
        option("output", folder("out")),
        option("state", folder("state")),
        "--stale=86400".to_owned(),
    ];
    command(bench.own("publish_status"), &options.each_ref().map(String::as_str))
}

/// A small status.dat, and a history in which each day of each component is another state.
fn history(bench: &Bench<'_>) {
    const WHAT: &str = "40 components, 90 days";
    if !bench.wants(WHAT) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut status = format!(
        "info {{\n\tcreated={}\n\t}}\nprogramstatus {{\n\tactive_service_checks_enabled=1\n\tpassive_service_checks_enabled=1\n\t}}\n",
        now()
    );
    for number in 0..COMPONENTS {
        let names = format!("\thost_name=proxy-{number:04}\n\tservice_description=wire\n");
        let state =
            "\tcurrent_state=0\n\thas_been_checked=1\n\tstate_type=1\n\tpassive_checks_enabled=1\n\t}\n";
        status +=
            &format!("hoststatus {{\n\thost_name=proxy-{number:04}\n{state}servicestatus {{\n{names}{state}");
    }
    let status = write(folder.path(), "status.dat", &status);
    let own = publish(bench, folder.path(), &status);
    says(again(&own), "STATUS OK - 40 components published, all operational");
    let path = folder.path().join("state/history.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut ledger: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let today = now() / 86_400;
    for track in ledger["ledger"]["tracks"].as_object_mut().unwrap().values_mut() {
        for day in today - 89..=today {
            let mut sums = [0; 6];
            sums[usize::try_from(day % 6).unwrap()] = 86_400;
            track["days"][day.to_string()] = serde_json::json!(sums);
        }
    }
    fs::write(&path, format!("{ledger}\n")).unwrap();
    says(again(&own), "STATUS OK - 40 components published, all operational");
    let times = bench.in_turn(&mut [
        Subject::new("publish_status", again(&own)),
        Subject::new("true", command("/bin/true".into(), &[])),
    ]);
    bench.ratio(&times, (WHAT, 0), ("true", 1), None);
    bench.memory(
        (&format!("peak resident, {WHAT}"), bench.peak(&own)),
        ("true", bench.peak(&command("/bin/true".into(), &[]))),
        None,
    );
}

/// A real Nagios of fifty thousand services, against a digest of the file and against Nagios' own way to its
/// state.
fn services(bench: &Bench<'_>) {
    let hosts = if bench.is_quick() { FEW_HOSTS } else { HOSTS };
    let services = hosts * SERVICES;
    let what = format!("{},{:03} services in status.dat", services / 1_000, services % 1_000);
    if !bench.wants(&what) || missing(&[Need::Root, Need::Program("nagios4")]) {
        return;
    }
    let folder = public_folder();
    let top = folder.path();
    let _nagios = nagios(top, hosts);
    let status = top.join("status.dat").display().to_string();
    let own = publish(bench, top, &status);
    says(again(&own), "STATUS OK - 40 components published, ");
    let md5 = other("md5sum").map(|path| command(path, &[&status]));
    if let Some(md5) = &md5 {
        let mut subjects = [("publish_status", &own), ("itself", &own), ("md5sum", md5)]
            .map(|(name, it)| Subject::new(name, again(it)));
        let times = bench.in_turn(&mut subjects);
        bench.ratio(&times, (&what, 0), ("itself (noise)", 1), None);
        bench.ratio(&times, (&what, 0), ("md5sum of the file", 2), Some(2.0));
        bench.memory(
            (&format!("peak resident, {what}"), bench.peak(&own)),
            ("md5sum", bench.peak(md5)),
            Some(64.0),
        );
    }
    if Path::new(CGI).is_file() {
        let cgi = || {
            let mut cgi = command(CGI.into(), &[]);
            cgi.env("NAGIOS_CGI_CONFIG", top.join("cgi.cfg"))
                .env("REQUEST_METHOD", "GET")
                .env("REMOTE_USER", "x");
            cgi.env("QUERY_STRING", "query=servicelist&details=true");
            cgi
        };
        says(cgi(), "Cache-Control: ");
        let times = bench.slow().in_turn(&mut [
            Subject::new("publish_status", again(&own)),
            Subject::new("statusjson.cgi", cgi()),
        ]);
        bench.ratio(&times, (&what, 0), ("statusjson.cgi, details of all services", 1), Some(0.08));
    }
}

/// A Nagios that only knows its hosts and services, and has written its status.dat.
fn nagios(top: &Path, hosts: usize) -> Daemon {
    let mut objects = "define timeperiod {\n timeperiod_name 24x7\n alias always\n monday 00:00-24:00\n}\n\
                       define command {\n command_name nobody\n command_line /bin/true\n}\n\
                       define contact {\n contact_name admin\n host_notification_period 24x7\n service_notification_period 24x7\n \
                       host_notification_commands nobody\n service_notification_commands nobody\n}\n"
        .to_owned();
    let common = "check_period 24x7\n notification_period 24x7\n contacts admin\n max_check_attempts 3\n active_checks_enabled 0\n";
    for host in 0..hosts {
        write!(objects, "define host {{\n host_name proxy-{host:04}\n address 192.0.2.1\n {common}}}\n")
            .unwrap();
        for service in 0..SERVICES {
            let names = format!(
                "host_name proxy-{host:04}\n service_description check_{service:02}\n check_command nobody\n "
            );
            write!(objects, "define service {{\n {names}{common}}}\n").unwrap();
        }
    }
    write(top, "objects.cfg", &objects);
    fs::create_dir(top.join("checkresults")).unwrap();
    let folder = top.display();
    write(
        top,
        "nagios.cfg",
        &format!(
            "log_file={folder}/nagios.log\ncfg_file={folder}/objects.cfg\nobject_cache_file={folder}/objects.cache\n\
             status_file={folder}/status.dat\nstatus_update_interval=3600\ncheck_result_path={folder}/checkresults\n\
             lock_file={folder}/nagios.pid\ntemp_file={folder}/nagios.tmp\ntemp_path={folder}\ncommand_file={folder}/nagios.cmd\n\
             query_socket={folder}/nagios.qh\ncheck_external_commands=0\nretain_state_information=0\nnagios_user=nagios\n\
             nagios_group=nagios\nexecute_host_checks=0\ncheck_for_updates=0\n"
        ),
    );
    write(
        top,
        "cgi.cfg",
        &format!(
            "main_config_file={folder}/nagios.cfg\nphysical_html_path={folder}\nurl_html_path=/\nuse_authentication=0\n"
        ),
    );
    succeed(Command::new("chown").arg("-R").arg("nagios:nagios").arg(top));
    let mut command = Command::new(program("nagios4").unwrap_or_default());
    let status = top.join("status.dat");
    let log = top.join("log");
    Daemon::start_within(
        std::time::Duration::from_secs(60),
        command.arg(top.join("nagios.cfg")),
        &log,
        |_| status.exists(),
    )
}
