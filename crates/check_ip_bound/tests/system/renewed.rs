//! The shipped unit and the line of cron that renew the list of --file as root: their commands as they are
//! written, run by a shell in a folder of the test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_check_ip_bound");
const STATIC: &str = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n";

/// The shipped file of this name.
fn shipped(name: &str) -> String {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nrpe-config/systemd");
    fs::read_to_string(units.join(name)).unwrap()
}

/// What systemd has the shell run, with the mask that the unit sets.
fn unit() -> String {
    let unit = shipped("check_ip_bound-list.service");
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let command = value("ExecStart=/bin/sh -c '");
    format!("umask {}; {}", value("UMask="), command.strip_suffix('\'').unwrap())
}

/// What the line of cron runs.
fn cron() -> String {
    let timer = shipped("check_ip_bound-list.timer");
    timer.lines().find_map(|line| line.strip_prefix("#     7 * * * * root ")).unwrap().to_owned()
}

/// A host of which the files are in a folder: its interfaces file, and where the list is.
struct Files {
    folder: tempfile::TempDir,
    command: String,
}

impl Files {
    fn new(command: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, plugins) = (folder.path().join("root"), folder.path().join("plugins"));
        fs::create_dir_all(root.join("etc/network")).unwrap();
        fs::create_dir(&plugins).unwrap();
        let plugin = plugins.join("check_ip_bound");
        fs::write(&plugin, format!("#!/bin/sh\nexec {BINARY} --root={} \"$@\"\n", root.display())).unwrap();
        fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
        let place = folder.path().display().to_string();
        let command = command
            .replace("@plugindir@", &plugins.display().to_string())
            .replace("/etc/silent-outage", &place);
        Self { folder, command }
    }

    fn list(&self) -> PathBuf {
        self.folder.path().join("addresses")
    }

    /// Renews the list of a host with this file: whether the command succeeds, and the addresses in the list.
    fn renew(&self, interfaces: &str) -> (bool, String) {
        fs::write(self.folder.path().join("root/etc/network/interfaces"), interfaces).unwrap();
        // As a process of systemd or cron has it: a mask that would hide the list from the check.
        let outcome = run(Command::new("/bin/sh").args(["-c", &format!("umask 077; {}", self.command)]));
        let list = fs::read_to_string(self.list()).unwrap_or_default();
        let addresses = list.lines().filter(|line| !line.starts_with('#'));
        let addresses: Vec<&str> = addresses.map(|line| line.split(' ').next().unwrap()).collect();
        (outcome.code == Some(0), addresses.join(" "))
    }
}

#[test]
fn the_list_is_renewed_or_stays_as_it_was() {
    for command in [unit(), cron()] {
        let files = Files::new(&command);
        assert!(!files.command.contains("/etc/") && !files.command.contains('@'), "{}", files.command);
        let broken = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n up while read a; do ip addr add $a dev eth0; done </x\n";
        assert_eq!(files.renew(broken), (false, String::new()), "no list, and none is made");
        assert_eq!(files.renew(STATIC), (true, "192.0.2.1/24".to_owned()));
        let mode = fs::metadata(files.list()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "the check's account reads it");
        let more = format!("{STATIC} up ip addr add 192.0.2.2/24 dev eth0\n");
        let both = "192.0.2.1/24 192.0.2.2/24".to_owned();
        assert_eq!(files.renew(&more), (true, both.clone()));
        assert_eq!(files.renew(broken), (false, both.clone()), "a line that is not understood");
        assert_eq!(files.renew(""), (false, both.clone()), "nothing is configured any longer");
        assert_eq!(files.renew("auto eth0\niface eth0 inet static\n address x\n"), (false, both), "a typo");
        assert_eq!(files.renew(STATIC), (true, "192.0.2.1/24".to_owned()));
    }
}
