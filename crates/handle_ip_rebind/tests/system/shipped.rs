//! The files that ship beside the handler: each is accepted by the program that reads it.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::host::{public_folder, succeed, write};
use suite::needs::{Need, missing};
use suite::nrpe::{NEEDS, Nrpe, install, plugin_folder};
use suite::process::run;

use super::site::{HOSTS, Site};

/// Where `packaging/install` puts them under a prefix.
const EXAMPLES: &str = "share/doc/silent-outage-plugins/handle_ip_rebind";

#[test]
fn sudo_and_systemd_accept_them() {
    if missing(&[Need::Program("visudo"), Need::Program("systemd-analyze")]) {
        return;
    }
    let folder = public_folder();
    install(folder.path(), &[]);
    let examples = folder.path().join(EXAMPLES);
    succeed(Command::new("visudo").arg("-cf").arg(examples.join("sudoers")));
    // A template is verified as an instance of it, a timer with the unit that it starts beside it.
    let unit = |name: &str| examples.join(name);
    fs::copy(unit("handle_ip_rebind@.service"), unit("handle_ip_rebind@TIMER.service")).unwrap();
    let verified = succeed(
        Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .args([unit("handle_ip_rebind@TIMER.service"), unit("handle_ip_rebind.timer")]),
    );
    assert_eq!(
        verified.stderr.lines().filter(|line| line.contains("handle_ip_rebind")).collect::<Vec<_>>(),
        [""; 0]
    );
    // Without a command of its own the unit is confined, and the unit with command.conf is not.
    let security = |unit: &Path| {
        let mut command = Command::new("systemd-analyze");
        run(command.args(["security", "--offline=true", "--no-pager", "--threshold=40"]).arg(unit))
    };
    let confined = unit("handle_ip_rebind@TIMER.service");
    assert_eq!(security(&confined).code, Some(0), "{}", security(&confined).stdout);
    let text = fs::read_to_string(&confined).unwrap();
    let capabilities: Vec<&str> =
        text.lines().filter(|line| line.starts_with("CapabilityBoundingSet=")).collect();
    assert_eq!(capabilities, ["CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW"]);
    // The commands for systemd are those that sudo allows.
    let (sudoers, commands) =
        (fs::read_to_string(unit("sudoers")).unwrap(), fs::read_to_string(unit("nrpe-systemd.cfg")).unwrap());
    let wanted: Vec<&str> =
        commands.lines().filter_map(|line| Some(line.split_once("]=/usr/bin/sudo -n ")?.1)).collect();
    assert!(
        wanted.len() == 20 && wanted.iter().all(|command| sudoers.contains(&format!(" {command}"))),
        "{wanted:?} {sudoers}"
    );
}

#[test]
fn sudo_knows_nrpes_user_by_the_family_of_the_system() {
    let file = suite::plugins::workspace().join("nrpe-config/handle_ip_rebind/sudoers");
    let user = |options: &[&str]| {
        let mut install = Command::new(suite::plugins::workspace().join("packaging/install"));
        let filled = succeed(install.args(options).arg(format!("--fill={}", file.display()))).stdout;
        filled.lines().last().and_then(|line| line.split(' ').next()).map(str::to_owned)
    };
    let rows: [(&[&str], &str); 4] = [
        (&["--family=debian"], "nagios"),
        (&["--family=redhat"], "nrpe"),
        (&[], "nagios"),
        (&["--family=redhat", "--nrpe-user=icinga"], "icinga"),
    ];
    for (options, name) in rows {
        assert_eq!(user(options).as_deref(), Some(name), "{options:?}");
    }
}

#[test]
fn the_example_of_a_configuration_is_a_dry_run() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    let shipped = fs::read_to_string(
        suite::plugins::workspace().join("nrpe-config/handle_ip_rebind/handle_ip_rebind.toml"),
    )
    .unwrap();
    let top = site.folder.path();
    let own = |name: &str| top.join(name).display().to_string();
    site.host.etc("silent-outage/addresses", "192.0.2.1\n192.0.2.31\n");
    site.host.etc("ips", "192.0.2.1\n192.0.2.31\n");
    let paths = [
        ("/var/log/handle_ip_rebind.log", own("log")),
        ("/var/lib/silent-outage-plugins/handle_ip_rebind", own("state")),
    ];
    let text = paths.iter().fold(shipped.clone(), |text, (shipped, own)| text.replace(shipped, own));
    write(&site.path("config.toml"), &text);
    assert_eq!(
        site.handle().verdict(),
        (1, "IP_REBIND WARNING - 192.0.2.31 would be bound, but this is a dry run")
    );
    // The lines behind a # are examples to start from: they must be right too, one at a time.
    let examples: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| line.contains(" = [")).collect();
    assert!(examples.len() >= 4, "{examples:?}");
    for example in examples {
        write(&site.path("config.toml"), &format!("{text}\n{example}\n"));
        let outcome = run(&mut site.command_within("OK-HARD-1", 8));
        assert_eq!(outcome.code, Some(0), "{example}: {outcome:?}");
    }
    assert!(Path::new(&own("log")).exists());
}

#[test]
fn nrpes_user_may_run_what_ships_and_nothing_more() {
    if missing(&HOSTS) || missing(&NEEDS) || missing(&[Need::Program("sudo"), Need::Program("setpriv")]) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let installed = public_folder();
    install(installed.path(), &[]);
    let program = plugin_folder(installed.path()).join("handle_ip_rebind").display().to_string();
    site.host.etc(
        "sudoers.d/handle_ip_rebind",
        &fs::read_to_string(installed.path().join(EXAMPLES).join("sudoers")).unwrap(),
    );
    // The folder that the packages make.
    site.host.etc("silent-outage/nrpe.ini", "");
    let sudo = |arguments: &[&str]| {
        let mut command = site.host.command("setpriv");
        run(command
            .args(["--reuid=nagios", "--regid=nagios", "--clear-groups", "sudo", "-n", &program])
            .args(arguments))
    };
    let allowed = sudo(&["--event=CRITICAL-SOFT-2", "--timeout=50"]);
    assert!(
        allowed.stdout.starts_with(
            "IP_REBIND UNKNOWN - configuration: opening /etc/silent-outage/handle_ip_rebind.toml"
        ),
        "{allowed:?}"
    );
    let own = format!("--config={}", site.path("config.toml").display());
    let refused: [&[&str]; 5] = [
        &["--event=CRITICAL-SOFT-2", "--timeout=50", &own],
        &["--event=CRITICAL-SOFT-2"],
        &["--event=CRITICAL-SOFT-2;id", "--timeout=50"],
        &["--event=TIMER", "--timeout=50"],
        &[],
    ];
    for arguments in refused {
        let outcome = sudo(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{arguments:?}: {outcome:?}");
    }
    // And over the network there is nothing but the name of a command. What sudo has to say of this host's
    // name is not in the answer.
    site.host.etc("hosts", "127.0.0.1 localhost\n");
    let complaint = sudo(&["--event=CRITICAL-SOFT-2", "--timeout=50"]).stderr;
    assert!(complaint.contains("unable to resolve host"), "{complaint}");
    let nrpe = Nrpe::start_installed(&site.host, installed.path());
    for name in
        ["handle_ip_rebind_CRITICAL-SOFT-2-0-0;id", "handle_ip_rebind_$(id)", "handle_ip_rebind_`id`-SOFT-1"]
    {
        let outcome = nrpe.check(name, &[]);
        assert!(outcome.code == Some(3) && !outcome.stdout.contains("IP_REBIND"), "{name}: {outcome:?}");
        assert!(!outcome.stdout.contains("uid="), "{name}: {outcome:?}");
    }
    // Neither other states nor a downtime of the host or the service are known.
    for event in [
        "OK-HARD-1-0-0",
        "CRITICAL-SOFT-2-1-0",
        "CRITICAL-HARD-3-0-2",
        "CRITICAL-SOFT-2",
        "CRITICAL-HARD-11-0-0",
    ] {
        let unknown = format!("NRPE: Command 'handle_ip_rebind_{event}' not defined");
        assert_eq!(nrpe.check(&format!("handle_ip_rebind_{event}"), &[]).verdict(), (3, unknown.as_str()));
    }
    // Each command that ships reaches the handler: sudo allows it, and the handler knows the event.
    let file = installed.path().join("nrpe.d/silent-outage-plugins.cfg");
    let file = fs::read_to_string(file).unwrap();
    let commands: Vec<&str> = file
        .lines()
        .filter_map(|line| line.strip_prefix("command[")?.split(']').next())
        .filter(|name| name.starts_with("handle_ip_rebind_"))
        .collect();
    assert_eq!(commands.len(), 20, "{commands:?}");
    for name in commands {
        assert_eq!(nrpe.check(name, &[]).verdict(), allowed.verdict(), "{name}");
    }
}
