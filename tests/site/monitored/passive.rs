//! A host that nobody may connect to: it sends its results by NSCA-ng, as the shipped timer's service does,
//! and its silence is seen.

use std::fs;
use std::process::Command;

use suite::daemon::Daemon;
use suite::host::{Host, public_folder, succeed, write};
use suite::nagios::{self, Nagios, shipped};
use suite::needs::{Need, missing};
use suite::nrpe::{give_options, install, plugin_folder};
use suite::plugins;
use suite::process::run;
use suite::status::Service;

const NEEDS: [Need; 4] = [
    Need::Program("nsca-ng"),
    Need::Program("send_nsca"),
    Need::Program("systemd-analyze"),
    Need::Program("ss"),
];

const HOST: &str = "
define host {
    use         generic-host
    host_name   behind-nat
    address     127.0.0.1
    hostgroups  silent-outage-passive
}
";

#[test]
fn results_arrive_whole_and_silence_is_unknown() {
    if missing(&nagios::NEEDS) || missing(&NEEDS) {
        return;
    }
    let (monitor, hidden) = (Host::create(), Host::create());
    monitor.cable("eth0", &hidden, "eth0");
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    hidden.ip_batch("addr add 198.51.100.30/24 dev eth0\naddr add 192.0.2.22/32 dev eth0\n");
    hidden.etc("ips", "192.0.2.22\n192.0.2.226\n");
    give_options(&hidden);
    let folder = public_folder();
    let top = folder.path();
    install(top, &[]);

    // Results that are fifteen minutes old are stale: here six seconds.
    let services = fs::read_to_string(shipped("silent-outage-passive.cfg")).unwrap();
    assert!(services.contains("freshness_threshold     900\n"), "{services}");
    let services = services.replace("freshness_threshold     900\n", "freshness_threshold     6\n");
    let lines = "check_external_commands=1\ncheck_service_freshness=1\nservice_freshness_check_interval=1\n\
                 additional_freshness_latency=0\n";
    let nagios = Nagios::start_with(&monitor, &(services + HOST), lines);
    let passive = plugins::workspace().join("nrpe-config/passive");
    write(&top.join("nsca-ng.cfg"), &fs::read_to_string(passive.join("nsca-ng.cfg")).unwrap());
    let mut server = monitor.command("/usr/sbin/nsca-ng");
    server
        .args(["-F", "-S", "-l", "4", "-b", "198.51.100.1:5668", "-P"])
        .arg(top.join("nsca-ng.pid"))
        .arg("-c");
    server.arg(top.join("nsca-ng.cfg")).arg("-C").arg(nagios.folder().join("nagios.cmd"));
    let listens = |_| run(monitor.command("ss").args(["-Hltn"])).stdout.contains(":5668 ");
    let _server = Daemon::start(&mut server, &top.join("nsca-ng.log"), listens);

    write(
        &top.join("send_nsca.cfg"),
        "identity = \"behind-nat\"\npassword = \"CHANGE_ME\"\nserver = \"198.51.100.1\"\n",
    );
    let submit = || {
        let mut command = hidden.command("env");
        let send = format!("SEND_NSCA=send_nsca -c {}", top.join("send_nsca.cfg").display());
        command.args(["HOST_NAME=behind-nat", &send]).arg(passive.join("silent-outage-submit"));
        let outcome = succeed(command.arg(passive.join("silent-outage-passive")).arg(top.join("nrpe.d")));
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    };
    let own = |name: &str, options: &[&str]| {
        let outcome = run(hidden.command(plugin_folder(top).join(name)).args(options));
        Service::of_output(outcome.code.unwrap().try_into().unwrap(), &outcome.stdout)
    };
    submit();
    let alarm = nagios.hard("Addresses bound", 2);
    assert_eq!(alarm, own("check_ip_bound", &[]));
    assert!(alarm.plugin_output.ends_with("1 of 2 addresses missing: 192.0.2.226"), "{alarm:?}");
    assert!(!alarm.long_plugin_output.is_empty(), "no more than the first line: {alarm:?}");
    let clock = own("check_clock_offset", &["--extra-opts=@/etc/silent-outage/nrpe.ini"]);
    assert_eq!(nagios.hard("Clock by NTP", 3), clock);
    hidden.ip(&["addr", "add", "192.0.2.226/32", "dev", "eth0"]);
    submit();
    assert_eq!(nagios.hard("Addresses bound", 0), own("check_ip_bound", &[]));

    // Nothing comes any more.
    let stale = nagios.hard("Addresses bound", 3);
    assert!(stale.plugin_output.ends_with("no result came from the host in time"), "{stale:?}");
    submit();
    assert_eq!(nagios.hard("Addresses bound", 0), own("check_ip_bound", &[]));
}

#[test]
fn the_units_are_sound() {
    if missing(&NEEDS) {
        return;
    }
    let folder = public_folder();
    let units = [
        ("passive", "silent-outage-passive.service"),
        ("passive", "silent-outage-passive.timer"),
        ("prometheus", "silent-outage-textfile.service"),
        ("prometheus", "silent-outage-textfile.timer"),
    ];
    for (place, unit) in units {
        let text =
            fs::read_to_string(plugins::workspace().join("nrpe-config").join(place).join(unit)).unwrap();
        // What check_latency and check_replication keep; by NRPE they can write it.
        let writable: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("ReadWritePaths="))
            .flat_map(str::split_whitespace)
            .collect();
        let kept = ["-/var/lib/monitoring-plugins", "-/var/lib/silent-outage"];
        assert!(unit.ends_with(".timer") || kept.iter().all(|path| writable.contains(path)), "{unit}");
        // systemd-analyze wants the program to be there; it is the administrator's to put there.
        let text = text
            .replace("/usr/local/sbin/silent-outage-submit", "/bin/true")
            .replace("/usr/local/sbin/silent-outage-textfile", "/bin/true")
            .replace("@nrpeuser@", "nagios");
        write(&folder.path().join(unit), &text);
        let outcome =
            run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(folder.path().join(unit)));
        let complaints: Vec<&str> =
            outcome.stderr.lines().filter(|line| line.contains("silent-outage")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
}

#[test]
fn a_list_that_is_wrong_is_named() {
    let folder = public_folder();
    let script = plugins::workspace().join("nrpe-config/passive/silent-outage-submit");
    let submit = |list: &str| {
        let mut command = Command::new(&script);
        run(command
            .arg(folder.path().join(list))
            .arg(folder.path())
            .env("HOST_NAME", "h")
            .env("SEND_NSCA", "cat"))
    };
    let outcome = submit("none");
    assert!(outcome.code == Some(1) && outcome.stderr.contains("cannot read"), "{outcome:?}");
    write(&folder.path().join("list"), "# what is sent\nfine A service\n$(reboot) X\nmissing B\n");
    write(&folder.path().join("own.cfg"), "command[fine]=printf 'X OK | a=1\\nmore'; exit 1\n");
    let outcome = submit("list");
    let none = format!("h\tB\t3\tno command missing in {}\n\u{17}", folder.path().display());
    assert_eq!(outcome.stdout, format!("h\tA service\t1\tX OK | a=1\nmore\n\u{17}{none}"));
    assert!(outcome.stderr.contains("$(reboot) is no name of a command"), "{}", outcome.stderr);
}

#[test]
fn lists_from_other_editors_lose_no_service() {
    let folder = public_folder();
    let top = folder.path();
    // NRPE ignores blanks at the end of a line, and wants no line end after the last one.
    write(&top.join("a.cfg"), "command[windows]=echo W OK\r\ncommand[no_end]=echo N OK");
    write(&top.join("b.cfg"), "command[next_file]=echo X OK\n");
    write(&top.join("list"), "windows One \t\r\n\r\nno_end\tTwo\nnext_file Three\r\nwindows Last");
    let mut script = Command::new(plugins::workspace().join("nrpe-config/passive/silent-outage-submit"));
    let outcome = run(script.arg(top.join("list")).arg(top).env("HOST_NAME", "h").env("SEND_NSCA", "cat"));
    let results = [("One", "W"), ("Two", "N"), ("Three", "X"), ("Last", "W")];
    let sent: String =
        results.iter().map(|(service, name)| format!("h\t{service}\t0\t{name} OK\n\u{17}")).collect();
    assert_eq!((outcome.stdout, outcome.stderr), (sent, String::new()));
}
