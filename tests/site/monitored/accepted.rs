//! The shipped files as they are, in the eyes of the programs that read them.

use std::fs;
use std::process::Command;

use suite::host::{Host, public_folder, write};
use suite::icinga::{self, Icinga};
use suite::needs::{Need, missing, program};
use suite::plugins;
use suite::process::run;

/// The hosts, the commands and the services in one piece, on top of Debian's own nagios.cfg.
#[test]
fn nagios_accepts_every_file() {
    if missing(&[Need::Program("nagios4")]) {
        return;
    }
    let folder = public_folder();
    let own = fs::read_to_string("/etc/nagios4/nagios.cfg").unwrap();
    // Nagios reads as its own user, who need not be able to look into this workspace.
    let shipped = folder.path().join("shipped");
    fs::create_dir(&shipped).unwrap();
    for file in fs::read_dir(plugins::workspace().join("nrpe-config/nagios")).unwrap().flatten() {
        write(&shipped.join(file.file_name()), &fs::read_to_string(file.path()).unwrap());
    }
    let start = shipped.join("quick-start.cfg");
    let quick_start = fs::read_to_string(&start).unwrap();
    // It is what the other files replace.
    fs::remove_file(&start).unwrap();
    let nagios = |name: &str, lines: &str| {
        write(&folder.path().join(name), &format!("{own}\n{lines}\n"));
        run(Command::new(program("nagios4").unwrap_or_default()).arg("-v").arg(folder.path().join(name)))
    };
    // What a Debian machine has installed of ours is not what is tested here.
    let without = own.contains("cfg_dir=/etc/nagios-plugins/config") && !fs::exists(INSTALLED).unwrap();
    assert!(without, "{INSTALLED} is there: this machine has the package installed");
    let outcome = nagios("all.cfg", &format!("cfg_dir={}", shipped.display()));
    assert!(
        outcome.code == Some(0) && outcome.stdout.contains("\nTotal Errors:   0\n"),
        "{}",
        outcome.stdout
    );
    // The file of the quick start with the commands alone, as README.md says.
    write(&start, &quick_start);
    let start = ["silent-outage-commands", "quick-start"]
        .map(|name| format!("cfg_file={}/{name}.cfg\n", shipped.display()))
        .concat();
    let outcome = nagios("start.cfg", &start);
    let clean =
        ["\nTotal Warnings: 0\n", "\nTotal Errors:   0\n"].iter().all(|line| outcome.stdout.contains(line));
    assert!(outcome.code == Some(0) && clean, "{}", outcome.stdout);
    // A monitor on which no host takes part yet.
    let two = ["commands", "plugins"]
        .map(|name| format!("cfg_file={}/silent-outage-{name}.cfg\n", shipped.display()))
        .concat();
    let outcome = nagios("none.cfg", &two);
    assert!(
        outcome.code == Some(0) && outcome.stdout.contains("\nTotal Errors:   0\n"),
        "{}",
        outcome.stdout
    );
}

const INSTALLED: &str = "/etc/nagios-plugins/config/silent-outage-commands.cfg";

#[test]
fn icinga_accepts_every_file() {
    if missing(&icinga::NEEDS) {
        return;
    }
    let files =
        ["services", "hosts", "zones"].map(|name| icinga::shipped(&format!("silent-outage-{name}.conf")));
    let objects = files.map(|file| fs::read_to_string(file).unwrap()).concat();
    let said =
        Icinga::accepts(&Host::create(), icinga::MONITOR, &format!("const ZoneName = \"master\"\n{objects}"));
    assert!(said.contains("Finished validating"), "{said}");
    // Each rule applies to one of the hosts, or nobody would know what it does.
    assert!(!said.contains("does not match anywhere"), "{said}");
    let start = fs::read_to_string(icinga::shipped("quick-start.conf")).unwrap();
    let said = Icinga::accepts(&Host::create(), icinga::MONITOR, &start);
    assert!(said.contains("Finished validating"), "{said}");
}
