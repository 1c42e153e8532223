//! Files that only root can read.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::process::{Outcome, run};

use super::{BINARY, list};

/// Runs the check as somebody who is not root, to whom `folder` is open.
pub(super) fn as_nobody(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(BINARY);
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        // Where the binary is, only root may look.
        let copy: PathBuf = folder.join("check_ip_bound");
        fs::copy(BINARY, &copy).unwrap();
        command = Command::new(copy);
        command.uid(65534).gid(65534);
    }
    run(command.args(arguments))
}

#[test]
fn an_unreadable_file_is_named() {
    let (folder, path) = list(b"127.0.0.1\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let outcome = as_nobody(folder.path(), &["--file", &path]);
    let line = format!("IP_BOUND UNKNOWN - reading {path}: permission denied");
    assert_eq!(outcome.verdict(), (3, line.as_str()));
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_of_its_source() {
    let interfaces =
        "source /etc/network/interfaces.d/a\nauto eth0\niface eth0 inet static\n address 192.0.2.249/24\n";
    let netplan = "network: {version: 2, ethernets: {eth0: {addresses: [192.0.2.249/24]}}}\n";
    let network = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.249/24\n";
    let profile =
        "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=192.0.2.249/24\n";
    let suse = "STARTMODE=auto\nIPADDR=192.0.2.249/24\n";
    let ifcfg = "DEVICE=eth0\nONBOOT=yes\nIPADDR=192.0.2.249\nPREFIX=24\n";
    let keepalived = "include /etc/keepalived/a.conf\nvrrp_instance a {\n interface eth0\n state MASTER\n virtual_router_id 7\n virtual_ipaddress_excluded {\n }\n}\n@x\nstatic_ipaddress {\n 192.0.2.249/24 dev eth0\n}\n";
    // What cannot be read, and another file.
    let rows = [
        ("etc/network/interfaces.d/a", "etc/network/interfaces", interfaces),
        ("etc/netplan/50.yaml", "etc/netplan/60.yaml", netplan),
        ("etc/systemd/network/10-a.network", "etc/systemd/network/20-b.network", network),
        ("etc/systemd/network/10-a.netdev", "etc/systemd/network/20-b.network", network),
        ("etc/systemd/network/30-c.network.d/a.conf", "etc/systemd/network/20-b.network", network),
        (
            "etc/NetworkManager/system-connections/a.nmconnection",
            "etc/NetworkManager/system-connections/b.nmconnection",
            profile,
        ),
        ("etc/sysconfig/network-scripts/ifcfg-eth7", "etc/sysconfig/network-scripts/ifcfg-eth0", ifcfg),
        ("etc/sysconfig/network/ifcfg-eth7", "etc/sysconfig/network/ifcfg-eth0", suse),
        ("etc/NetworkManager/conf.d/a.conf", "etc/NetworkManager/system-connections/b.nmconnection", profile),
        ("etc/NetworkManager/NetworkManager.conf", "etc/sysconfig/network-scripts/ifcfg-eth0", ifcfg),
        // Without a profile where they usually are.
        ("etc/NetworkManager/NetworkManager.conf", "etc/systemd/network/20-b.network", network),
        ("etc/keepalived/a.conf", "etc/keepalived/keepalived.conf", keepalived),
        ("etc/default/keepalived", "etc/keepalived/keepalived.conf", keepalived),
        ("etc/systemd/network/20-b.network.d/a.conf", "etc/systemd/network/20-b.network", network),
        ("var/cpanel/mainip", "etc/ips", "192.0.2.249:255.255.255.0:192.0.2.255\n"),
        ("etc/ips", "var/cpanel/mainip", "192.0.2.249\n"),
    ];
    for (unreadable, readable, content) in rows {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in [(unreadable, "x\n"), (readable, content)] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::set_permissions(root.path().join(unreadable), fs::Permissions::from_mode(0o000)).unwrap();
        let outcome = as_nobody(root.path(), &["--root", root.path().to_str().unwrap()]);
        let first = "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.249, ";
        assert!(outcome.code == Some(2) && outcome.stdout.starts_with(first), "{}", outcome.stdout);
        let named = format!("UNKNOWN: reading /{unreadable}: permission denied");
        assert_eq!(outcome.stdout.matches(&named).count(), 1, "{}", outcome.stdout);
    }
}

#[test]
fn a_folder_that_cannot_be_read_hides_no_file_elsewhere() {
    let profile =
        "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=192.0.2.249/24\n";
    let network = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.249/24\n";
    let netplan = "network: {version: 2, ethernets: {eth0: {addresses: [192.0.2.249/24]}}}\n";
    let interfaces = "source-directory /etc/network/a\nsource /etc/network/b/*\nauto eth0\niface eth0 inet static\n address 192.0.2.249/24\n";
    let own = "etc/NetworkManager/system-connections/a.nmconnection";
    let rows = [
        ("etc/NetworkManager/conf.d", own, profile),
        ("run/NetworkManager/system-connections", own, profile),
        ("run/systemd/network", "etc/systemd/network/a.network", network),
        ("etc/systemd/network/a.network.d", "etc/systemd/network/a.network", network),
        ("etc/systemd/network/b.network.d", "etc/systemd/network/a.network", network),
        ("run/netplan", "etc/netplan/a.yaml", netplan),
        ("etc/network/a", "etc/network/interfaces", interfaces),
        ("etc/network/b", "etc/network/interfaces", interfaces),
    ];
    for (closed, readable, content) in rows {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(readable);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        let folder = root.path().join(closed);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.conf"), "").unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
        let outcome = as_nobody(root.path(), &["--root", root.path().to_str().unwrap()]);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let first = "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.249, ";
        assert!(outcome.code == Some(2) && outcome.stdout.starts_with(first), "{}", outcome.stdout);
        let named = format!("UNKNOWN: reading /{closed}: permission denied");
        assert_eq!(outcome.stdout.matches(&named).count(), 1, "{}", outcome.stdout);
    }
}

/// Of profiles that cannot be used, each is named, and hides none after it.
#[test]
fn a_profile_that_cannot_be_used_hides_no_other() {
    let profile = |uuid: &str, last: u8| {
        format!(
            "[connection]\nuuid=30000000-0000-0000-0000-00000000000{uuid}\ntype=ethernet\ninterface-name=eth{last}\n\
             [ipv4]\nmethod=manual\naddress1=192.0.2.{last}/24\n"
        )
    };
    let of_others = [("b", profile("b", 249))];
    let same = [("0", profile("0", 1)), ("1", profile("0", 2)), ("b", profile("b", 249))];
    let again =
        "1.nmconnection line 2: the UUID of /etc/NetworkManager/system-connections/0.nmconnection again";
    let rows = [
        (&b"a\xff.nmconnection"[..], &of_others[..], "the name is not UTF-8"),
        (b"c.nmconnection", &same, again),
    ];
    for (name, others, why) in rows {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/NetworkManager/system-connections");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(OsStr::from_bytes(name)), profile("c", 250)).unwrap();
        for (name, content) in others {
            fs::write(folder.join(format!("{name}.nmconnection")), content).unwrap();
        }
        let outcome = run(Command::new(BINARY).args(["--root", root.path().to_str().unwrap()]));
        assert!(outcome.code == Some(2) && outcome.stdout.contains("192.0.2.249"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(why), "{}", outcome.stdout);
        assert!(
            !outcome.stdout.contains("192.0.2.1") && !outcome.stdout.contains("192.0.2.2,"),
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn a_configuration_for_root_alone_is_named_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/netplan")).unwrap();
    let file = root.path().join("etc/netplan/50.yaml");
    fs::write(&file, "network: {version: 2}\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let outcome = as_nobody(root.path(), &["--root", root.path().to_str().unwrap()]);
    let line = "IP_BOUND UNKNOWN - reading /etc/netplan/50.yaml: permission denied: let root print a list by --list, and give it to --file";
    assert_eq!(outcome.verdict(), (3, line));
}

/// A kind may stand in the drop-in that cannot be read.
#[test]
fn an_unreadable_drop_in_gives_no_cause() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("etc/systemd/network");
    fs::create_dir_all(folder.join("v.netdev.d")).unwrap();
    let files = [
        ("v.netdev", "[NetDev]\nName=v5\n"),
        ("v.netdev.d/a.conf", "[NetDev]\nKind=bridge\n"),
        ("v.network", "[Match]\nName=v5\n[Network]\nAddress=192.0.2.249/24\n"),
    ];
    files.iter().for_each(|(name, content)| fs::write(folder.join(name), content).unwrap());
    let root_option = format!("--root={}", root.path().display());
    let first =
        || as_nobody(root.path(), &[&root_option]).first_line().split(" | ").next().unwrap().to_owned();
    fs::set_permissions(folder.join("v.netdev.d/a.conf"), fs::Permissions::from_mode(0o000)).unwrap();
    let said = first();
    assert!(said.contains("there is no v5 here") && !said.contains("no Kind"), "{said}");
}
