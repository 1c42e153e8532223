//! Real services: a squid that came up without one of its addresses, a squid that hangs, and a list that both
//! ends read.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, succeed, write};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{in_time, run};

use super::{HOSTS, cabled, check, listening, routed};

const SQUID: [Need; 1] = [Need::Program("squid")];
/// What any squid answers at once, without asking anybody else.
const REQUEST: &str = r"--send=GET / HTTP/1.0\r\n\r\n";

/// A squid on port 3128 of the addresses 192.0.2.1 up to `last`, those that the host does not have among
/// them.
fn squid(host: &Host, folder: &Path, last: u8) -> Daemon {
    let ports: String = (1..=last).map(|number| format!("http_port 192.0.2.{number}:3128\n")).collect();
    let top = folder.display();
    let settings = format!(
        "{ports}cache_effective_user proxy\npid_filename {top}/pid\ncoredump_dir {top}\ncache_log {top}/cache.log\n\
         access_log none\nshutdown_lifetime 0 seconds\nhttp_access deny all\n"
    );
    write(&folder.join("squid.conf"), &settings);
    succeed(host.command("chown").arg("-R").arg("proxy").arg(folder));
    let name = format!("sop{}", std::process::id());
    let mut command = host.command("squid");
    command.args(["-N", "-n", &name, "-f"]).arg(folder.join("squid.conf"));
    let ready = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains("192.0.2.1:3128");
    Daemon::start(&mut command, &folder.join("squid.log"), ready)
}

/// The squid itself: what was started may be a shell around it.
fn pid(folder: &Path) -> Pid {
    let text = std::fs::read_to_string(folder.join("pid")).unwrap();
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

#[test]
fn an_address_that_squid_could_not_bind_is_found_and_a_frozen_squid_too() {
    if missing(&HOSTS) || missing(&SQUID) {
        return;
    }
    let (monitor, server) = routed(8);
    server.ip(&["addr", "del", "192.0.2.5/32", "dev", "lo"]);
    let folder = public_folder();
    let _squid = squid(&server, folder.path(), 8);
    server.ip(&["addr", "add", "192.0.2.5/32", "dev", "lo"]);
    let list: Vec<String> = (1..=8).map(|number| format!("--ip=192.0.2.{number}")).collect();
    let options: Vec<&str> =
        ["--port=3128", "--connect-timeout=1"].into_iter().chain(list.iter().map(String::as_str)).collect();
    let outcome = check(&monitor, &options);
    let line = "TCP_EACH_IP CRITICAL - 1 of 8 fails, port 3128: 192.0.2.5 refused | failed=1;;0;0;8 ";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    let asking = [&options[..], &[REQUEST, "--expect=HTTP/1."]].concat();
    assert!(check(&monitor, &asking).first_line().starts_with(line));

    kill_process(pid(folder.path()), Signal::STOP).unwrap();
    // The kernel accepts for it, so a connection alone sees nothing.
    let blind = check(&monitor, &options);
    assert!(blind.first_line().starts_with(line), "{}", blind.stdout);
    let seeing = in_time(Duration::from_millis(2_900), || check(&monitor, &asking));
    let line = "TCP_EACH_IP CRITICAL - 8 of 8 fail, port 3128: 192.0.2.1-4, 192.0.2.6-8 no reply, 192.0.2.5 refused | ";
    assert!(seeing.first_line().starts_with(line), "{}", seeing.stdout);
    kill_process(pid(folder.path()), Signal::CONT).unwrap();
}

#[test]
fn both_ends_name_the_same_address_by_the_same_list() {
    if missing(&HOSTS) {
        return;
    }
    let (monitor, server) = routed(20);
    let _port = listening(&server, 80);
    let folder = public_folder();
    let path = folder.path().join("list");
    let list: String =
        (1..=20).map(|number| format!("192.0.2.{number}\t255.255.255.255\n2001:db8:2::{number}\n")).collect();
    write(&path, &list);
    let list = format!("--file={}", path.display());
    let there = || run(server.command(plugins::binary("check_ip_bound")).arg(&list));
    // Long enough for 40 answers on a busy machine: only an address that is gone takes as long.
    let here = || check(&monitor, &[&list, "--port=80", "--connect-timeout=4", "--timeout=20"]);
    assert_eq!((there().code, here().code), (Some(0), Some(0)));
    server.ip(&["addr", "del", "192.0.2.17/32", "dev", "lo"]);
    let (there, here) = (there(), here());
    assert!(
        there.first_line().starts_with("IP_BOUND CRITICAL - 1 of 40 addresses missing: 192.0.2.17 | "),
        "{}",
        there.stdout
    );
    let line = "TCP_EACH_IP CRITICAL - 1 of 40 fails, port 80: 192.0.2.17 ";
    assert!(here.first_line().starts_with(line), "{}", here.stdout);
}

#[test]
fn a_link_local_address_is_reached_by_its_interface() {
    if missing(&HOSTS) {
        return;
    }
    let (monitor, server) = cabled();
    let _port = listening(&server, 80);
    let shown = server.ip(&["-6", "-o", "addr", "show", "dev", "eth0", "scope", "link"]).stdout;
    let address = shown.split_whitespace().find(|word| word.starts_with("fe80::")).unwrap();
    let address = address.split('/').next().unwrap();
    let outcome = check(&monitor, &["--port=80", &format!("--ip={address}%eth0")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    // That of the connections is that of an address which names none.
    let folder = public_folder();
    let path = folder.path().join("list");
    write(&path, &format!("{address}\n"));
    let by = ["--interface=eth0", "--port=80"];
    for named in [format!("--ip={address}"), format!("--file={}", path.display())] {
        let outcome = check(&monitor, &[by[0], by[1], &named]);
        assert_eq!(outcome.code, Some(0), "{named}: {}", outcome.stdout);
    }
    write(&path, &format!("{address}%eth0 80 www.example.com\n{address}%eth0 81\n"));
    let outcome = check(&monitor, &[&format!("--file={}", path.display())]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 2 targets fails: {address} on eth0 port 81 refused | ");
    assert!(outcome.first_line().starts_with(&line), "{}", outcome.stdout);
}
