//! What is missing and free comes back: by rtnetlink and by a configured command, and the link and the
//! services hear of it.

use std::fs;
use std::process::Command;

use suite::needs::missing;
use suite::process::run;

use super::site::{HOSTS, Site, side_by_side};

#[test]
fn what_is_missing_and_free_comes_back() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 192.0.2.32/32 2001:db8::31");
    // The neighbour still sends to the host that had the addresses before. All hosts of this machine share
    // one table of neighbours, and another test may fill it: such an entry has its place in a full one too.
    for address in ["192.0.2.31", "2001:db8::31"] {
        let entry = ["neigh", "replace", address, "lladdr", "02:00:00:00:00:99", "dev", "eth0"];
        site.neighbour.ip(&[&entry[..], &["nud", "stale", "extern_learn"]].concat());
    }
    let touch = site
        .script("restart", "echo \"$1|$HOME|$NRPE_PROGRAMVERSION\" >>\"${0%/*}/restarted\"; echo restarted");
    site.configure(&format!(
        "enabled = true\nannounce = true\nrestart = [[\"{touch}\", \"$(reboot) ; `id`\"]]\n"
    ));
    let outcome = site.handle();
    let line = "IP_REBIND OK - bound again: 192.0.2.31-32, 2001:db8::31, restarted 1 service";
    assert_eq!(outcome.verdict(), (0, line), "{outcome:?}");
    assert!(site.has("192.0.2.31/24") && site.has("192.0.2.32/32") && site.has("2001:db8::31/64"));
    assert_eq!(
        fs::read_to_string(site.path("restarted")).unwrap(),
        "$(reboot) ; `id`||\n",
        "words for no shell, a clean environment"
    );

    let own = run(site.host.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    for address in ["192.0.2.31", "2001:db8::31"] {
        let known =
            run(Command::new("ip").args(["-n", site.neighbour.name(), "neigh", "show", address])).stdout;
        assert!(known.contains(own.trim()), "the neighbour knows {address} as {known}, not as {own}");
    }
    let broadcast =
        run(Command::new("ip").args(["-n", site.host.name(), "-o", "addr", "show", "to", "192.0.2.31"]))
            .stdout;
    assert!(broadcast.contains("brd 192.0.2.255"), "{broadcast}");

    let record = site.records().remove(0);
    assert_eq!(
        (record["version"].as_u64(), record["state"].as_str(), record["end"].as_str()),
        (Some(1), Some("OK"), Some("done"))
    );
    assert_eq!((record["event"].as_str(), record["acted"].as_u64()), (Some("CRITICAL-HARD"), Some(1)));
    assert_eq!(record["addresses"].as_array().map(Vec::len), Some(3));
    assert_eq!(record["services"][0]["output"].as_str(), Some("restarted"));

    // Now nothing is missing, so nothing is done and nothing restarted.
    assert_eq!(
        site.handle().verdict(),
        (0, "IP_REBIND OK - nothing is missing, 4 addresses bound and usable")
    );
    assert_eq!(fs::read_to_string(site.path("restarted")).unwrap().lines().count(), 1);
}

#[test]
fn a_command_binds_in_its_place() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 192.0.2.32");
    let setup = site.script(
        "setup-ips.pl",
        "[ \"$1\" = --all ] || exit 9; ip addr add 192.0.2.31/24 dev eth0 && echo set up",
    );
    let restart = site.script("restart", "exit 5");
    site.configure(&format!(
        "enabled = true\ncommand = [\"{setup}\", \"--all\"]\nrestart = [[\"{restart}\"], [\"/bin/true\"]]\n"
    ));
    let outcome = site.handle();
    let line = "IP_REBIND CRITICAL - 192.0.2.32 not back, and restart ended with 5 (bound again: 192.0.2.31, restarted 1 service)";
    assert_eq!(outcome.verdict(), (2, line), "{outcome:?}");
    assert!(outcome.stdout.contains(&format!("{setup} --all: done (set up)\n")), "{}", outcome.stdout);
    assert!(site.has("192.0.2.31/24") && !site.has("192.0.2.32/24"));
}

#[test]
fn what_a_command_binds_is_judged_as_what_the_handler_binds() {
    if missing(&HOSTS) {
        return;
    }
    let rows = [
        ("192.0.2.31/24 dev eth1", "on eth1, not on eth0, by the command"),
        ("192.0.2.31/8 dev eth0", "with /8, not with /24, by the command"),
        (
            "198.51.100.31/24 dev eth0",
            "with /24: its subnet 198.51.100.0/24 would take traffic from eth1, while setup-ips.pl ran",
        ),
    ];
    side_by_side(rows, |(adding, why)| {
        let address = adding.split('/').next().unwrap();
        // The last one is not in the list.
        let site = Site::new(&format!("{} 192.0.2.32", address.replace("198.51.100.31", "192.0.2.1")));
        site.host.cable("eth1", &site.neighbour, "eth1");
        site.host.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth1"]);
        let both = format!("ip addr add {adding}; ip addr add 192.0.2.32/24 dev eth0");
        let setup = site.script("setup-ips.pl", &both);
        site.configure(&format!("enabled = true\nannounce = true\ncommand = [\"{setup}\"]\n"));
        let line = format!("IP_REBIND CRITICAL - {address} bound wrongly: {why} (bound again: 192.0.2.32)");
        assert_eq!(site.handle().verdict(), (2, line.as_str()));
        let budget = fs::read_to_string(site.path("state/budget.json")).unwrap();
        assert!(!budget.contains("owed"), "{budget}");
    });
}

#[test]
fn a_command_that_hangs_is_ended_and_reported() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let setup = site.script("setup-ips.pl", "trap '' TERM; sleep 60");
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\nrestart = [[\"/bin/true\"]]\n"));
    let outcome = run(&mut site.command_within("CRITICAL-HARD-3", 20));
    let line = "IP_REBIND CRITICAL - setup-ips.pl did not end within ";
    assert!(outcome.code == Some(2) && outcome.stdout.starts_with(line), "{outcome:?}");
    assert!(outcome.first_line().ends_with(" was killed, and 192.0.2.31 not back"), "{outcome:?}");
    assert_eq!(
        site.records().remove(0)["services"].as_array().map(Vec::len),
        Some(0),
        "nothing came back, nothing is restarted"
    );
}

#[test]
fn thousands_come_back_in_the_order_of_the_list_and_none_that_is_taken() {
    if missing(&HOSTS) {
        return;
    }
    // The first of the list was the primary address of its subnet. The neighbour has every other one of the
    // rest: its answers come faster than they can be read.
    let many: Vec<String> =
        (0..2_000).map(|number| format!("198.18.{}.{}", number / 250, number % 250 + 1)).collect();
    let list: Vec<&str> =
        ["198.51.100.9", "198.51.100.8"].into_iter().chain(many.iter().map(String::as_str)).collect();
    let site = Site::new(&list.join(" "));
    let taken = |address: &String| format!("addr add {address}/15 dev eth0\n");
    site.neighbour.ip_batch(&many.iter().step_by(2).map(taken).collect::<String>());
    site.configure("enabled = true\nprefix = { \"198.18.0.0/15\" = 15, \"198.51.100.0/24\" = 24 }\n");
    let outcome = site.handle();
    let bound = site.host.ip(&["-o", "addr", "show", "dev", "eth0"]).stdout;
    let line = |address: &str| bound.lines().find(|line| line.contains(&format!(" {address}/")));
    let wrong: Vec<&String> = (0..)
        .zip(&many)
        .filter(|(number, address)| line(address).is_some() != (number % 2 == 1))
        .map(|(_, wrong)| wrong)
        .collect();
    assert_eq!(wrong, [""; 0], "{}", outcome.first_line());
    let secondary = |address| line(address).unwrap().contains("secondary");
    assert!(!secondary("198.51.100.9") && secondary("198.51.100.8"), "{bound}");
}

#[test]
fn an_address_that_was_not_missing_and_that_the_command_moves_is_told() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.30 192.0.2.31");
    site.host.ip_batch("link add eth1 type veth peer name eth2\nlink set eth1 up\nlink set eth2 up\n");
    let rows = [
        ("ip addr add 192.0.2.30/16 dev eth0", "with /16, not with /24, by the command"),
        ("ip addr add 192.0.2.30/32 dev eth1", "on eth1, not on eth0, by the command"),
    ];
    for (moves, why) in rows {
        site.host.ip(&["addr", "add", "192.0.2.30/24", "dev", "eth0"]);
        let binds = "ip addr add 192.0.2.31/24 dev eth0";
        let setup = site.script("setup", &format!("ip addr del 192.0.2.30/24 dev eth0; {moves}; {binds}"));
        site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
        let line = format!("IP_REBIND CRITICAL - 192.0.2.30 bound wrongly: {why} (bound again: 192.0.2.31)");
        assert_eq!(site.handle().verdict(), (2, line.as_str()));
        let line = format!("IP_REBIND CRITICAL - 192.0.2.30 bound wrongly: {why}");
        assert_eq!(site.handle().verdict(), (2, line.as_str()));
        site.host.ip(&["addr", "flush", "to", "192.0.2.30/31"]);
    }
}

#[test]
fn an_interface_that_goes_after_a_run_has_ended_is_told_by_the_next_one() {
    if missing(&HOSTS) {
        return;
    }
    let line = "IP_REBIND CRITICAL - eth1 is down since an earlier run";
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    side_by_side([(0, (2, line)), (9, (2, line)), (11, (0, well))], |(minutes, expected)| {
        let site = Site::new("192.0.2.31");
        site.host.cable("eth1", &site.neighbour, "eth1");
        site.host.ip_batch("link add eth2 type veth peer name eth3\nlink set eth3 up\nlink set eth2 up\n");
        let restart = site.script("service", "ip link set eth2 down");
        site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
        assert!(site.handle().first_line().contains("eth2 is down since service ran"));
        site.host.ip_batch("link set eth2 up\nlink set eth1 down\n");
        let budget = site.path("state/budget.json");
        let mut noted: serde_json::Value = serde_json::from_slice(&fs::read(&budget).unwrap()).unwrap();
        assert!(noted["up"]["eth1"].is_boolean() && noted["up"]["eth2"].is_null(), "told already: {noted}");
        // The clock may have been set since, and does not count.
        noted["ended"] = (noted["ended"].as_u64().unwrap() - 3_600).into();
        noted["ended_at_age"] = noted["ended_at_age"].as_u64().unwrap().saturating_sub(minutes * 60).into();
        fs::write(&budget, noted.to_string()).unwrap();
        assert_eq!((site.trial().code, site.handle().verdict()), (Some(expected.0), expected), "{minutes}");
        assert_eq!(site.handle().verdict(), expected, "{minutes}");
        site.host.ip(&["link", "set", "eth1", "up"]);
        assert_eq!(site.handle().verdict(), (0, well), "{minutes}");
        // Whoever sets it down after that run did that.
        site.host.ip(&["link", "set", "eth1", "down"]);
        assert_eq!(site.handle().verdict(), (0, well), "{minutes}");
    });
}
