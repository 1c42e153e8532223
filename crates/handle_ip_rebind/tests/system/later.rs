//! What a run finds after others had time to act: administrators, other programs, and a new start of the
//! container.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use suite::host::write;
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;

use super::site::{HOSTS, Site, side_by_side};

const WELL: &str = "IP_REBIND OK - configuration is right: 1 address listed, 0 would be bound on eth0";

#[test]
fn an_interface_that_is_removed_after_a_run_is_told_as_long_as_it_is_configured() {
    if missing(&HOSTS) || missing(&[Need::Program("unshare")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let stanza = |name: &str, last: u8| {
        format!("auto {name}\niface {name} inet static\n address 198.51.100.{last}/32\n")
    };
    let interfaces = |text: &str| site.host.etc("network/interfaces", text);
    let both = stanza("eth1", 1) + &stanza("eth2", 2);
    interfaces(&both);
    let add = |name: &str, last: u8| {
        let link = format!("link add {name} type veth peer name {name}-peer\nlink set {name} up\n");
        site.host.ip_batch(&format!("{link}addr add 198.51.100.{last}/32 dev {name}\n"));
    };
    let all = [("eth1", 1), ("eth2", 2), ("tun0", 3)];
    all.into_iter().for_each(|(name, last)| add(name, last));
    site.configure("enabled = true\nrestart = [[\"/bin/true\"]]\n");
    let line = "IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service";
    assert_eq!(site.handle().verdict(), (0, line));
    let noted = fs::read(site.path("state/budget.json")).unwrap();
    assert_eq!(site.trial().verdict(), (0, WELL));

    // One that is configured is told until it is given up, also by a run that finds it gone by then.
    site.host.ip(&["link", "del", "eth1"]);
    let gone = "IP_REBIND CRITICAL - eth1 is gone since an earlier run";
    assert_eq!(site.trial().verdict(), (2, gone));
    assert_eq!((site.handle().verdict(), site.handle().verdict()), ((2, gone), (2, gone)));
    let told = fs::read(site.path("state/budget.json")).unwrap();
    interfaces(&stanza("eth2", 2));
    assert_eq!(site.trial().verdict(), (0, WELL));
    let restore = |content: &[u8]| fs::write(site.path("state/budget.json"), content).unwrap();
    restore(&noted);
    assert_eq!(site.trial().verdict(), (0, WELL));
    interfaces("auto eth1\n  broken");
    restore(&told);
    assert_eq!(site.trial().verdict(), (2, gone), "nobody knows what is configured");
    interfaces(&both);
    add("eth1", 1);

    // One that is down is not given up, whatever the files say.
    for text in [&both, &stanza("eth2", 2)] {
        restore(&noted);
        interfaces(text);
        site.host.ip(&["link", "set", "eth1", "down"]);
        let down = "IP_REBIND CRITICAL - eth1 is down since an earlier run";
        assert_eq!((site.trial().verdict(), site.handle().verdict()), ((2, down), (2, down)));
        site.host.ip(&["link", "set", "eth1", "up"]);
    }
    interfaces(&both);

    // One that no file has ever named may be a VPN's: it is told, and not as an outage.
    restore(&noted);
    site.host.ip(&["link", "del", "tun0"]);
    let line = "IP_REBIND WARNING - tun0 is gone since an earlier run, and no file gives it an address";
    assert_eq!((site.trial().verdict(), site.handle().verdict()), ((1, line), (1, line)));
    add("tun0", 3);
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));

    // A container that started since has new interfaces, and they may come late: also if its start killed the
    // run, which has no end then.
    site.host.ip(&["link", "del", "eth1"]);
    let killed = String::from_utf8(noted.clone()).unwrap().replace("\"ended\":", "\"began\":");
    let config = format!("--config={}", site.path("config.toml").display());
    let mut ahead: Value = serde_json::from_slice(&noted).unwrap();
    ahead["ended"] = (ahead["ended"].as_u64().unwrap() + 3_600).into();
    // Also if the clock is behind since that start.
    for content in [&noted[..], killed.as_bytes(), ahead.to_string().as_bytes()] {
        restore(content);
        assert_eq!(site.trial().verdict(), (2, gone));
        let mut command = site.host.command("unshare");
        command.args(["--pid", "--fork", "--mount-proc"]).arg(plugins::binary("handle_ip_rebind"));
        assert_eq!(run(command.args(["--test-config", &config])).verdict(), (0, WELL));
    }
}

/// What tells an interface by its hardware tells nothing when that is gone: then the address is missing. What
/// a program of the run removed is told, whatever the files say then.
#[test]
fn an_interface_is_given_up_only_where_nothing_of_it_is_missed() {
    if missing(&HOSTS) {
        return;
    }
    let rows = ["[Match]\nMACAddress=02:00:00:00:11:01\n", "[Match]\nName=eth1*\n"];
    let gone = "eth1 is gone since an earlier run";
    side_by_side(rows.map(Some).into_iter().chain([None]), |selector| {
        let site = Site::new("192.0.2.31");
        site.host.ip_batch(
            "link add eth1 address 02:00:00:00:11:01 type veth peer name eth1-peer\nlink set eth1 up\n\
             addr add 198.51.100.1/24 dev eth1\n",
        );
        let stanza = "auto eth1\niface eth1 inet static\n address 198.51.100.1/24\n";
        let program = match selector {
            Some(selector) => {
                let text = format!("{selector}[Network]\nAddress=198.51.100.1/24\n");
                site.host.etc("systemd/network/a.network", &text);
                "true"
            }
            None => {
                site.host.etc("network/interfaces", stanza);
                "ip link del eth1"
            }
        };
        let restart = site.script("service", program);
        site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
        let first = site.handle();
        if selector.is_some() {
            assert_eq!(first.code, Some(0), "{first:?}");
            site.host.ip(&["link", "del", "eth1"]);
        } else {
            site.host.etc("network/interfaces", "");
        }
        let gone = if selector.is_some() { gone } else { "eth1 is gone since service ran" };
        for outcome in [site.trial(), site.handle(), site.handle()] {
            assert!(outcome.code == Some(2) && outcome.first_line().contains(gone), "{outcome:?}");
        }
    });
}

/// A file may name an interface and give it no address, where another program does that. It is missed if it
/// comes up at boot.
#[test]
fn an_interface_that_a_file_only_names_is_missed_until_the_file_is_changed() {
    if missing(&HOSTS) {
        return;
    }
    let rows = [
        ("network/interfaces", "auto eth1\niface eth1 inet manual\n", true),
        ("systemd/network/a.network", "[Match]\nName=eth1\n[Network]\nLinkLocalAddressing=no\n", true),
        ("netplan/a.yaml", "network:\n  version: 2\n  ethernets:\n    eth1: {}\n", true),
        ("network/interfaces", "allow-hotplug eth1\niface eth1 inet manual\n", false),
        ("systemd/network/a.network", "[Match]\nMACAddress=02:00:00:00:11:01\n[Network]\nLLDP=yes\n", false),
    ];
    side_by_side(rows, |(file, text, is_at_boot)| {
        let site = Site::new("192.0.2.31");
        site.host.etc(file, text);
        site.host.ip_batch(
            "link add eth1 address 02:00:00:00:11:01 type veth peer name eth1-peer\nlink set eth1 up\n\
             addr add 198.51.100.1/24 dev eth1\n",
        );
        site.configure("enabled = true\nrestart = [[\"/bin/true\"]]\n");
        let first = site.handle();
        assert_eq!(first.code, Some(0), "{file} {first:?}");
        site.host.ip(&["link", "del", "eth1"]);
        let gone = match is_at_boot {
            true => (2, "IP_REBIND CRITICAL - eth1 is gone since an earlier run"),
            false => {
                (1, "IP_REBIND WARNING - eth1 is gone since an earlier run, and no file gives it an address")
            }
        };
        for outcome in [site.trial(), site.handle(), site.handle()] {
            assert_eq!(outcome.verdict(), gone, "{file} {text}");
        }
        if !is_at_boot {
            return;
        }
        site.host.etc(file, "");
        let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
        assert_eq!((site.trial().verdict(), site.handle().verdict()), ((0, WELL), (0, well)), "{file}");
    });
}

#[test]
fn the_routes_of_another_interface_are_judged_by_what_was_noted_for_it() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    site.host.cable("eth1", &site.neighbour, "eth1");
    site.host.ip_batch("addr add 198.51.100.1/24 dev eth1\n");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let route = "10.0.0.0/8 by 198.51.100.50";
    let known = format!("\"known\":{{\"10.0.0.0/8\":\"{route}\"}}");
    let lost = format!("\"lost\":{{\"10.0.0.0/8\":{{\"route\":\"{route}\",\"since\":{now}}}}}");
    let noted = format!(
        "{{\"version\":1,\"interface\":\"eth1\",\"is_timed\":true,\"acted\":[],\"statics\":{{{known},{lost}}}}}"
    );
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), fs::Permissions::from_mode(0o700)).unwrap();
    let budget = site.path("state/budget.json.eth1");
    write(&budget, &noted);
    let then = SystemTime::now() - Duration::from_secs(7_200);
    fs::File::open(&budget).unwrap().set_modified(then).unwrap();
    let line = format!("runs for eth1 left work undone, the last 2 h ago: {}", budget.display());
    let tried = site.trial();
    assert!(tried.code == Some(1) && tried.stdout.contains(&line), "{tried:?}");
    let lines = [
        "not done: the route to 10.0.0.0/8 by 198.51.100.50 is not back",
        "not done: 10.0.0.0/8 by 198.51.100.50 is not back",
    ];
    assert!(lines.iter().any(|line| tried.stdout.contains(line)), "{tried:?}");
    let bring = |origin: &str| {
        let route = ["route", "replace", "10.0.0.0/8", "via", "198.51.100.50", "proto", origin];
        site.host.ip(&route);
    };
    for origin in ["bird", "static"] {
        bring(origin);
        assert_eq!(site.trial().verdict(), (0, WELL), "{origin}");
    }
}
