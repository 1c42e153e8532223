//! `packaging/install` on its own: what it puts where, and that it takes away no more than that.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::host::{public_folder, write};
use suite::nrpe::{install, plugin_folder};
use suite::plugins;
use suite::process::run;

/// All files under a folder, relative to it and sorted.
fn files(top: &Path) -> Vec<String> {
    let found = run(Command::new("find").arg(top).args(["-type", "f", "-printf", "%P\n"]));
    let mut files: Vec<String> = found.stdout.lines().map(str::to_owned).collect();
    files.sort();
    files
}

fn script() -> Command {
    let mut command = Command::new(plugins::workspace().join("packaging/install"));
    command.env_remove("DESTDIR").env_remove("PREFIX");
    command
}

#[test]
fn it_removes_what_it_installed_and_nothing_else() {
    let folder = public_folder();
    let top = folder.path();
    install(top, &[]);
    let installed = files(top);
    for plugin in plugins::names() {
        assert!(installed.contains(&format!("lib/nagios/plugins/{plugin}")), "{installed:?}");
    }
    for file in ["nrpe.d/silent-outage-plugins.cfg", "share/doc/silent-outage-plugins/LICENSE-MIT"] {
        assert!(installed.contains(&file.to_owned()), "{installed:?}");
    }
    let commands = fs::read_to_string(top.join("nrpe.d/silent-outage-plugins.cfg")).unwrap();
    let line = format!("\ncommand[check_ip_bound]={}/check_ip_bound\n", plugin_folder(top).display());
    assert!(commands.contains(&line) && !commands.contains("@plugindir@"), "{commands}");

    for foreign in ["nrpe.d/own.cfg", "lib/nagios/plugins/check_own"] {
        write(&top.join(foreign), "");
    }
    install(top, &["--remove"]);
    assert_eq!(files(top), ["lib/nagios/plugins/check_own", "nrpe.d/own.cfg"]);
    assert!(!top.join("share/doc/silent-outage-plugins").exists());
}

#[test]
fn it_sets_a_changed_configuration_aside() {
    let folder = public_folder();
    let configuration = folder.path().join("nrpe.d/silent-outage-plugins.cfg");
    install(folder.path(), &[]);
    let again = install(folder.path(), &[]);
    assert_eq!((again.stderr.as_str(), files(folder.path()).iter().any(|file| file.ends_with(".old"))), ("", false));
    write(&configuration, "command[mine]=/bin/true\n");
    let again = install(folder.path(), &[]);
    let old = format!("{}.old", configuration.display());
    assert_eq!(again.stderr, format!("install: kept the former {} as {old}\n", configuration.display()));
    assert_eq!(fs::read_to_string(old).unwrap(), "command[mine]=/bin/true\n");
    assert!(fs::read_to_string(configuration).unwrap().contains("\ncommand[check_ip_bound]="));
}

#[test]
fn it_refuses_in_one_line_and_installs_nothing() {
    let folder = public_folder();
    let top = folder.path().display();
    let first = plugins::names().remove(0);
    let rows = [
        (vec![format!("--from={top}")], format!("no {first} in {top}: build it by cargo build --release")),
        (vec![format!("--plugindir={top}/a b")], format!("{top}/a b has a character that a command line of NRPE cannot hold")),
        (vec!["--nrpedir=nrpe.d".to_owned()], "nrpe.d is not an absolute path".to_owned()),
        (vec!["--form=x".to_owned()], "unknown argument --form=x".to_owned()),
    ];
    for (options, message) in rows {
        let outcome = run(script().arg(format!("--prefix={top}")).arg(format!("--nrpedir={top}/nrpe.d")).args(&options));
        let seen = (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str());
        assert_eq!(seen, (Some(1), "", format!("install: {message}\n").as_str()), "{options:?}");
    }
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_packages_root_does_not_show_in_the_files() {
    let folder = public_folder();
    let binaries = plugins::binary("check_ip_bound");
    let from = format!("--from={}", binaries.parent().unwrap().display());
    let outcome = run(script().env("DESTDIR", folder.path()).arg(from).args(["--prefix=/usr", "--nrpedir=/etc/nagios/nrpe.d"]));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let installed = files(folder.path());
    assert!(installed.iter().all(|file| file.starts_with("usr/") || file.starts_with("etc/nagios/nrpe.d/")), "{installed:?}");
    let commands = fs::read_to_string(folder.path().join("etc/nagios/nrpe.d/silent-outage-plugins.cfg")).unwrap();
    assert!(commands.contains("\ncommand[check_ip_bound]=/usr/lib/nagios/plugins/check_ip_bound\n"), "{commands}");
}
