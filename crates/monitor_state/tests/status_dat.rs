//! status.dat as the monitors write it, and as it comes when something goes wrong.
#![expect(clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use monitor_state::{Collect, Downtime, Object, file, status_dat};
use plugin::Deadline;

/// Everything as text, a line each.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    only: Option<&'static str>,
    restarts: usize,
}

impl Collect for Lines {
    fn wants(&mut self, host: &str, _: Option<&str>) -> bool {
        self.only.is_none_or(|only| host == only)
    }

    fn object(&mut self, object: &Object<'_>) {
        let name = object
            .service
            .as_ref()
            .map_or(object.host.to_string(), |service| format!("{}!{service}", object.host));
        let kind = if object.is_hard { "HARD" } else { "SOFT" };
        let mut line = format!("{name} {} {kind}", object.state.word());
        let marks = [
            (!object.is_checked, "pending"),
            (object.hard_state() != object.state, "hard differs"),
            (object.downtime_depth > 0, "in downtime"),
            (object.is_acknowledged, "acknowledged"),
            (object.is_flapping, "flapping"),
            (!object.active_checks && !object.passive_checks, "disabled"),
        ];
        for (_, mark) in marks.iter().filter(|(holds, _)| *holds) {
            line += &format!(", {mark}");
        }
        for (key, value) in &object.invalid {
            line += &format!(", invalid {key}={value}");
        }
        self.lines.push(line);
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        let Downtime { host, service, start, end, is_fixed, is_running } = downtime;
        let service = service.as_deref().unwrap_or("-");
        self.lines
            .push(format!("downtime {host} {service} {start} {end} fixed={is_fixed} running={is_running}"));
    }

    fn restart(&mut self) {
        self.lines.clear();
        self.restarts += 1;
    }
}

fn zoo() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/one-of-each-state.dat")).unwrap()
}

fn parse(text: &[u8]) -> Result<Vec<String>, String> {
    let mut lines = Lines::default();
    status_dat::parse(text, &mut lines).map(|_| lines.lines).map_err(|error| error.to_string())
}

/// A small file with these blocks behind those of the monitor itself.
fn with(blocks: &str) -> String {
    format!("info {{\n\tcreated=1\n\t}}\n\nprogramstatus {{\n\tprogram_start=1\n\t}}\n\n{blocks}")
}

#[test]
fn each_state_of_a_real_nagios_is_read() {
    let mut lines = Lines::default();
    let monitor = status_dat::parse(zoo().as_slice(), &mut lines).unwrap();
    assert_eq!((monitor.created, monitor.started), (1_795_640_914, 1_795_640_895));
    assert!(monitor.active_service_checks && monitor.passive_service_checks);
    assert!(monitor.active_host_checks && monitor.passive_host_checks);
    let expected = [
        "behind-za DOWN HARD",
        "internal-db-secret UP HARD",
        "proxy-fra-1 UP HARD",
        "proxy-gru-1 DOWN HARD",
        "proxy-jnb-1 UP HARD, pending",
        "proxy-lon-1 UP HARD",
        "proxy-lon-2 UP HARD",
        "proxy-nyc-1 UP HARD",
        "proxy-syd-1 UP HARD",
        "router-za DOWN HARD",
        "behind-za!check_proxy OK HARD",
        "internal-db-secret!check_proxy CRITICAL HARD",
        "internal-db-secret!check_tcp_each_ip OK HARD",
        "proxy-fra-1!check_proxy CRITICAL HARD, acknowledged",
        "proxy-fra-1!check_tcp_each_ip OK HARD",
        "proxy-gru-1!check_proxy OK HARD",
        "proxy-gru-1!check_tcp_each_ip OK HARD",
        "proxy-jnb-1!check_proxy OK HARD, pending",
        "proxy-jnb-1!check_tcp_each_ip OK HARD, pending",
        "proxy-lon-1!check_proxy CRITICAL SOFT, hard differs",
        "proxy-lon-1!check_tcp_each_ip OK HARD",
        "proxy-lon-2!check_proxy CRITICAL HARD, in downtime",
        "proxy-lon-2!check_tcp_each_ip OK HARD",
        "proxy-nyc-1!check_proxy WARNING HARD",
        "proxy-nyc-1!check_tcp_each_ip OK HARD",
        "proxy-syd-1!check_proxy UNKNOWN HARD",
        "proxy-syd-1!check_tcp_each_ip OK HARD",
        "downtime proxy-lon-2 check_proxy 1795640897 1795648097 fixed=true running=true",
        "downtime proxy-syd-1 - 1795727297 1795730897 fixed=true running=false",
    ];
    assert_eq!(lines.lines, expected);
}

#[test]
fn what_is_not_wanted_is_skipped() {
    let mut lines = Lines { only: Some("proxy-syd-1"), ..Lines::default() };
    status_dat::parse(zoo().as_slice(), &mut lines).unwrap();
    let expected = [
        "proxy-syd-1 UP HARD",
        "proxy-syd-1!check_proxy UNKNOWN HARD",
        "proxy-syd-1!check_tcp_each_ip OK HARD",
        "downtime proxy-syd-1 - 1795727297 1795730897 fixed=true running=false",
    ];
    assert_eq!(lines.lines, expected);
}

#[test]
fn what_a_plugin_printed_is_kept_as_it_is() {
    struct Output(String);
    impl Collect for Output {
        fn object(&mut self, object: &Object<'_>) {
            self.0 = format!(
                "{} / {} / {}",
                object.output.text,
                object.output.details(),
                object.output.performance_data
            );
        }
        fn restart(&mut self) {}
    }
    let mut output = Output(String::new());
    let block = b"servicestatus {\n\thost_name=a\xff\n\tservice_description=b = c; d {\n\tcurrent_state=2\n\
        \tplugin_output=<b>x=1;2 }\\ \xfe\n\tlong_plugin_output=one\\ntwo\\\\n\n\tperformance_data='a b'=1;2;3\n\t}\n";
    status_dat::parse([with("").as_bytes(), block].concat().as_slice(), &mut output).unwrap();
    assert_eq!(output.0, "<b>x=1;2 }\\ \u{fffd} / one\ntwo\\n / 'a b'=1;2;3");
    assert_eq!(
        parse(&[with("").as_bytes(), block].concat()).unwrap(),
        ["a\u{fffd}!b = c; d { CRITICAL SOFT, hard differs, pending, disabled"]
            .map(|line| line.replace(", hard differs", ""))
    );
}

#[test]
fn unknown_keys_fractions_and_repeats_are_no_trouble() {
    let rows = [
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=1\n\tnew_key=\n\tno equals\n\tstate_type=1\n\thas_been_checked=1\n\tactive_checks_enabled=1\n\t}\n",
            "a DOWN HARD",
        ),
        (
            "hoststatus {\n\tx=1\n\thost_name=a\n\tcurrent_state=0\n\tcurrent_state=2\n\tlast_check=5.25\n\tpassive_checks_enabled=1\n\t}\n",
            "a UNREACHABLE SOFT, pending",
        ),
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=7\n\thas_been_checked=1\n\tactive_checks_enabled=1\n\t}\n",
            "a UNKNOWN SOFT, invalid current_state=7",
        ),
        (
            "servicestatus {\n\thost_name=a\n\tservice_description=b\n\tcurrent_state=255\n\thas_been_checked=2\n\tactive_checks_enabled=1\n\t}\n",
            "a!b UNKNOWN SOFT, pending, invalid current_state=255",
        ),
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=1\n\tlast_hard_state=0\n\thas_been_checked=1\n\tscheduled_downtime_depth=x\n\tactive_checks_enabled=1\n\t}\n",
            "a DOWN SOFT, hard differs, invalid scheduled_downtime_depth=x",
        ),
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=3\n\tcurrent_attempt=-1\n\tstate_type=2\n\tstate_type=1\n\tcurrent_state=1\n\tis_flapping=2\n\tproblem_has_been_acknowledged=2\n\thas_been_checked=1\n\tactive_checks_enabled=1\n\t}\n",
            "a DOWN HARD, acknowledged, invalid current_attempt=-1, invalid is_flapping=2",
        ),
        // Naemon: the id of a problem is a text, and empty where there is none.
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=0\n\tcurrent_problem_id=\n\thas_been_checked=1\n\tactive_checks_enabled=1\n\t}\n",
            "a UP SOFT",
        ),
        (
            "hoststatus {\n\thost_name=a\n\tcurrent_state=1\n\tcurrent_problem_id=0b5a3c5e-2f7a-4a52-9d0e-6a1f6c2b7e11\n\thas_been_checked=1\n\tactive_checks_enabled=1\n\t}\n",
            "a DOWN SOFT",
        ),
        (
            "newstatus {\n\thost_name=a\n\t}\nhostdowntime {\n\thost_name=a\n\tstart_time=10\n\tend_time=99\n\tfixed=0\n\tduration=5\n\tflex_downtime_start=20\n\tis_in_effect=1\n\t}\n",
            "downtime a - 20 25 fixed=false running=true",
        ),
        (
            "hostdowntime {\n\thost_name=a\n\tstart_time=10\n\tend_time=99\n\tfixed=0\n\tduration=5\n\tflex_downtime_start=0\n\tis_in_effect=0\n\t}\n",
            "downtime a - 10 99 fixed=false running=false",
        ),
    ];
    for (blocks, line) in rows {
        assert_eq!(parse(with(blocks).as_bytes()), Ok(vec![line.to_owned()]), "{blocks}");
    }
}

#[test]
fn what_is_not_whole_is_refused() {
    let head = with("").len();
    let rows = [
        (String::new(), "it is empty, perhaps the disk of the monitor is full".to_owned()),
        (
            "# NAGIOS STATUS FILE\n\n".to_owned(),
            "it is empty, perhaps the disk of the monitor is full".to_owned(),
        ),
        ("host {\n\t}\n".to_owned(), "it has no block info, so it is no status.dat".to_owned()),
        (
            "info {\n\tcreated=1\n\t}\n".to_owned(),
            "it has no block programstatus, so it is no status.dat".to_owned(),
        ),
        (
            "info {\n\tversion=4\n\t}\n".to_owned(),
            "the info block that ends at octet 21 has no valid created".to_owned(),
        ),
        ("<!DOCTYPE html>\n".to_owned(), "octet 0 starts no block and no comment".to_owned()),
        (
            with("info {\n\tcreated=2\n\t}\n"),
            "it has two blocks info, so it is more than one status.dat".to_owned(),
        ),
        (
            with("programstatus {\n\t}\n"),
            "it has two blocks programstatus, so it is more than one status.dat".to_owned(),
        ),
        (
            with("hoststatus {\n\tcurrent_state=0\n\t}\n"),
            format!("the hoststatus block that ends at octet {} has no valid host_name", head + 33),
        ),
        (
            with("hoststatus {\n\thost_name=\n\tcurrent_state=0\n\t}\n"),
            format!("the hoststatus block that ends at octet {} has no valid host_name", head + 45),
        ),
        (
            with("hoststatus {\n\thost_name=a\n\tcurrent_state=-1\n\t}\n"),
            format!("the hoststatus block that ends at octet {} has no valid current_state", head + 47),
        ),
        (
            with("servicestatus {\n\thost_name=a\n\tcurrent_state=0\n\t}\n"),
            format!(
                "the servicestatus block that ends at octet {} has no valid service_description",
                head + 49
            ),
        ),
        (
            with("hoststatus {\n\thost_name=a\n\tcurr"),
            format!("cut after {} octets, in the middle of a block", head + 31),
        ),
    ];
    for (text, error) in rows {
        assert_eq!(parse(text.as_bytes()), Err(error), "{text}");
    }
    let zoo = zoo();
    let cuts = (0..zoo.len())
        .step_by(97)
        .filter(|cut| zoo[..*cut].ends_with(b"=") || zoo[..*cut].ends_with(b"\n\t"));
    for cut in cuts {
        assert!(parse(&zoo[..cut]).is_err(), "cut after {cut}");
    }
}

#[test]
fn a_file_is_read_with_its_age_and_what_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.dat");
    fs::write(&path, zoo()).unwrap();
    let soon = Deadline::after(Duration::from_secs(8));
    let mut lines = Lines::default();
    let read = file::read(&path, &mut lines, &soon).unwrap();
    assert_eq!((read.size, lines.restarts, lines.lines.len()), (zoo().len() as u64, 0, 29));
    assert!(read.modified > read.monitor.created - 1_000_000_000);

    let fail = |path: &Path, deadline: &Deadline| {
        file::read(path, &mut Lines::default(), deadline).unwrap_err().to_string()
    };
    assert_eq!(fail(Path::new("/nonexistent"), &soon), "reading /nonexistent: no such file or directory");
    assert_eq!(fail(Path::new("/dev/zero"), &soon), "reading /dev/zero: not a regular file");
    assert_eq!(
        fail(folder.path(), &soon),
        format!("reading {}: not a regular file", folder.path().display())
    );
    let over = Deadline::after(Duration::ZERO);
    assert_eq!(fail(&path, &over), format!("reading {}: not at its end within 0 s", path.display()));
    fs::write(&path, &zoo()[..20_000]).unwrap();
    assert_eq!(
        fail(&path, &soon),
        format!("reading {}: cut after 20000 octets, in the middle of a block", path.display())
    );
}

#[test]
fn a_file_that_is_written_in_place_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("status.dat");
    fs::write(&path, zoo()).unwrap();

    /// Writes over the file while it is being read, some times.
    struct Meddler<'a>(&'a Path, usize, Lines);
    impl Collect for Meddler<'_> {
        fn object(&mut self, object: &Object<'_>) {
            if self.1 > 0 && object.host == "router-za" {
                self.1 -= 1;
                fs::write(self.0, [zoo(), vec![b'\n'; 1 + self.1]].concat()).unwrap();
            }
            self.2.object(object);
        }
        fn restart(&mut self) {
            self.2.restart();
        }
    }
    let soon = Deadline::after(Duration::from_secs(30));
    let mut twice = Meddler(&path, 2, Lines::default());
    file::read(&path, &mut twice, &soon).unwrap();
    assert_eq!((twice.2.restarts, twice.2.lines.len()), (2, 27));
    let mut always = Meddler(&path, 99, Lines::default());
    let error = file::read(&path, &mut always, &soon).unwrap_err().to_string();
    assert_eq!(error, format!("reading {}: it changed while it was read, 5 times", path.display()));
}
