//! Addresses that come and go by themselves while programs run: these neither removed nor bound them.

use std::time::Duration;

use suite::daemon::Daemon;
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;

use super::hostile::kill;
use super::site::{HOSTS, Site, side_by_side};

/// A VRRP instance with the floating address 192.0.2.100.
const KEEPALIVED: &str = "vrrp_instance web {\n interface eth0\n virtual_router_id 51\n priority 100\n \
                          virtual_ipaddress {\n  192.0.2.100/24\n }\n}\n";

#[test]
fn an_address_that_goes_by_itself_is_not_missed() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host.etc("keepalived/keepalived.conf", KEEPALIVED);
    site.host.ip_batch(
        "addr add 192.0.2.100/24 dev eth0\naddr add 192.0.2.120/24 dev eth0 valid_lft 600 preferred_lft 600\n\
         addr add 169.254.7.7/16 dev eth0\naddr add fe80::77/64 dev eth0 nodad\nlink add veth7 type veth peer name veth8\n\
         link set veth7 up\nlink set veth8 up\naddr add 192.0.2.140/24 dev eth0\naddr add 192.0.2.141/24 dev eth0\n",
    );
    let gone = "ip addr del 192.0.2.100/24 dev eth0; ip addr del 192.0.2.120/24 dev eth0; \
                ip addr del 192.0.2.141/24 dev eth0; ip addr del 169.254.7.7/16 dev eth0; ip addr del fe80::77/64 dev eth0; ip link del veth7";
    let restart = site.script("service", gone);
    let ignored = format!("check = [\"--file={}\", \"--ignore=192.0.2.141\"]", site.path("ips").display());
    site.configure(&format!("enabled = true\n{ignored}\nrestart = [[\"{restart}\"]]\n"));
    let outcome = site.handle();
    let line = "IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service";
    assert_eq!(outcome.verdict(), (0, line), "{outcome:?}");
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));

    // An address that nothing excuses is missed, and nobody is accused.
    let restart = site.script("service", "ip addr del 192.0.2.140/24 dev eth0");
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\", \"all\"]]\n"));
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let line = "IP_REBIND CRITICAL - 192.0.2.140 gone since service all ran \
                (bound again: 192.0.2.31, restarted 1 service)";
    assert_eq!(site.handle().verdict(), (2, line));
}

#[test]
fn an_interface_that_a_restart_set_down_or_removed_is_told_until_it_is_up() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let link =
        |name: &str| format!("link add {name} type veth peer name {name}-peer\nlink set {name}-peer up\n");
    let up = |name: &str| format!("link set {name} up\n");
    let all = ["eth1", "eth2", "tun0"].map(|name| link(name) + &up(name)).concat();
    site.host.ip_batch(&format!("{all}addr add 198.51.100.9/32 dev tun0\n"));
    let again = "ip link set eth2 down; ip link set eth2 up";
    let off = format!("{again}; ip link set eth1 down; ip link del tun0");
    let restart = site.script("service", &format!("[ -e \"$0.runs\" ] || {{ touch \"$0.runs\"; {off}; }}"));
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\", \"network\"]]\n"));
    let down = "eth1 is down since service network ran";
    let line = format!("IP_REBIND CRITICAL - {down}");
    let outcome = site.handle();
    assert!(outcome.code == Some(2) && outcome.first_line().starts_with(&line), "{outcome:?}");
    for line in [down, "tun0 is gone since service network ran, and with it 198.51.100.9"] {
        assert!(outcome.stdout.contains(line), "{outcome:?}");
    }
    assert!(!outcome.stdout.contains("eth2"), "it was set up again: {outcome:?}");
    site.host.ip_batch(&format!("{}addr add 198.51.100.9/32 dev tun0\n", link("tun0") + &up("tun0")));
    for _ in 0..2 {
        assert_eq!(site.handle().verdict(), (2, line.as_str()));
    }
    assert_eq!(site.trial().verdict(), (2, line.as_str()));
    site.host.ip(&["link", "set", "eth1", "up"]);
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn an_interface_that_a_program_sets_down_after_it_has_ended_is_told_too() {
    if missing(&HOSTS) {
        return;
    }
    let late = "(sleep 1; ip link set eth1 down) >/dev/null 2>&1 &";
    let bind = format!("ip addr add 192.0.2.31/24 dev eth0; {late}");
    side_by_side(
        [(None, late, "service"), (Some(bind), "sleep 4", "setup-ips.pl")],
        |(command, restart, program)| {
            let site = Site::new("192.0.2.31");
            site.host.cable("eth1", &site.neighbour, "eth1");
            let restart = site.script("service", restart);
            let command = command.map(|lines| site.script("setup-ips.pl", &lines));
            let command = command.map_or_else(String::new, |path| format!("command = [\"{path}\"]\n"));
            site.configure(&format!("enabled = true\n{command}restart = [[\"{restart}\"]]\n"));
            let line = format!("IP_REBIND CRITICAL - eth1 is down since {program} ran");
            let first = format!("{line} (bound again: 192.0.2.31, restarted 1 service)");
            assert_eq!(site.handle().verdict(), (2, first.as_str()));
            assert_eq!(site.handle().verdict(), (2, line.as_str()));
        },
    );
}

#[test]
fn an_interface_that_a_program_of_a_killed_run_set_down_or_removed_is_told_too() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host.cable("eth1", &site.neighbour, "eth1");
    let tunnel = "link add tun0 type veth peer name tun1\nlink set tun1 up\nlink set tun0 up\n";
    site.host.ip_batch(&format!("{tunnel}addr add 198.51.100.9/32 dev tun0\n"));
    let off = "ip link set eth1 down; ip link del tun0; touch \"$0.runs\"; exec sleep 20";
    let restart = site.script("service", &format!("[ -e \"$0.runs\" ] || {{ {off}; }}"));
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    kill(&site, "the program runs", || site.path("service.runs").exists());
    let (down, gone) = ("eth1 is down since an earlier run", "tun0 is gone since an earlier run");
    let line = format!("IP_REBIND CRITICAL - {down}, and {gone}");
    let line = line.as_str();
    assert_eq!(site.trial().verdict(), (2, line), "as a run");
    let outcome = site.handle();
    assert!(outcome.code == Some(2) && outcome.stdout.contains(down), "{outcome:?}");
    assert!(outcome.stdout.contains(gone), "{outcome:?}");
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip_batch(&format!("link set eth1 up\n{tunnel}"));
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn a_floating_address_of_the_list_is_left_to_keepalived() {
    if missing(&HOSTS) {
        return;
    }
    // No other host has it: keepalived here or elsewhere is about to take it.
    let site = Site::new("192.0.2.31 192.0.2.100");
    site.host.etc("keepalived/keepalived.conf", KEEPALIVED);
    let why = "192.0.2.100 left alone: floating by /etc/keepalived/keepalived.conf line 6";
    let line = format!("IP_REBIND CRITICAL - {why} (bound again: 192.0.2.31)");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    assert!(!site.has("192.0.2.100/24"));
    let tried = site.trial();
    assert_eq!(tried.verdict(), (2, format!("IP_REBIND CRITICAL - {why}").as_str()), "as a run");
    let line = "\n192.0.2.100: left alone: floating by /etc/keepalived/keepalived.conf line 6\n";
    assert!(tried.stdout.contains(line), "{tried:?}");
}

#[test]
fn an_address_that_comes_by_itself_is_not_the_commands() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host.etc("keepalived/keepalived.conf", KEEPALIVED);
    // The neighbour has both until it hears of the takeover, and nothing takes them away from here.
    site.neighbour.ip_batch("addr add 192.0.2.100/24 dev eth0\naddr add 192.0.2.60/24 dev eth0\n");
    let setup = site
        .script("setup-ips.pl", "for last in 31 60 70 100; do ip addr add 192.0.2.$last/24 dev eth0; done");
    let check = format!("check = [\"--file={}\", \"--floating=192.0.2.100\"]", site.path("ips").display());
    site.configure(&format!("enabled = true\nannounce = true\n{check}\ncommand = [\"{setup}\"]\n"));
    let outcome = site.handle();
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let why = format!("{} has it too on eth0, not in the list", mac.trim());
    let line =
        format!("IP_REBIND CRITICAL - 192.0.2.60 left alone: {why}, 1 more fault (bound again: 192.0.2.31)");
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    for line in [
        "WARNING: 192.0.2.70 bound while setup-ips.pl ran: not in the list",
        "note: 192.0.2.100 is floating and was bound while setup-ips.pl ran, left alone",
    ] {
        assert_eq!(outcome.stdout.lines().filter(|other| *other == line).count(), 1, "{line}: {outcome:?}");
    }
    assert!(site.has("192.0.2.100/24") && site.has("192.0.2.60/24") && site.has("192.0.2.70/24"));
}

#[test]
fn an_address_that_a_command_bound_wrongly_is_told_as_long_as_it_is() {
    if missing(&HOSTS) {
        return;
    }
    let right = "ip addr add 192.0.2.31/24 dev eth0";
    let rows = [
        ("192.0.2.31/24", "eth1", "", "on eth1, not on eth0"),
        ("192.0.2.31/8", "eth0", "", "with /8, not with /24"),
        ("192.0.2.31/24", "eth1", right, "on eth1, not on eth0"),
    ];
    side_by_side(rows, |(address, on, also, why)| {
        let site = Site::new("192.0.2.31 192.0.2.32");
        site.host.cable("eth1", &site.neighbour, "eth1");
        let all = format!("{also}\nip addr add {address} dev {on}\nip addr add 192.0.2.32/24 dev eth0");
        let setup = site.script("setup-ips.pl", &all);
        site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
        let line = format!("IP_REBIND CRITICAL - 192.0.2.31 bound wrongly: {why}, by the command");
        let first = format!("{line} (bound again: 192.0.2.32)");
        assert_eq!(site.handle().verdict(), (2, first.as_str()));
        for _ in 0..2 {
            assert_eq!(site.handle().verdict(), (2, line.as_str()));
        }
        let tried = site.trial();
        assert_eq!(tried.verdict(), (2, line.as_str()), "as a run");
        assert!(
            tried.stdout.contains(&format!("\n192.0.2.31: bound wrongly: {why}, by the command\n")),
            "{tried:?}"
        );
        // Until it is right.
        site.host.ip(&["addr", "del", address, "dev", on]);
        if also.is_empty() {
            site.host.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
        }
        let line = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
        assert_eq!(site.handle().verdict(), (0, line));
    });
}

#[test]
fn an_address_that_a_command_bound_wrongly_in_two_places_is_told_until_both_are_right() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32");
    site.host.cable("eth1", &site.neighbour, "eth1");
    let all = ["31/8 dev eth0", "31/24 dev eth1", "32/24 dev eth0"]
        .map(|rest| format!("ip addr add 192.0.2.{rest}\n"));
    let setup = site.script("setup-ips.pl", &all.concat());
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    let wrong = "IP_REBIND CRITICAL - 192.0.2.31 bound wrongly: ";
    let both = format!("{wrong}with /8, not with /24, and on eth1, not on eth0, by the command");
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (2, format!("{both} (bound again: 192.0.2.32)").as_str()));
    assert_eq!(site.handle().verdict(), (2, both.as_str()));
    site.host.ip(&["addr", "del", "192.0.2.31/8", "dev", "eth0"]);
    site.host.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let one = format!("{wrong}on eth1, not on eth0, by the command");
    assert_eq!(site.handle().verdict(), (2, one.as_str()));
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth1"]);
    let line = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn what_a_restart_bound_wrongly_is_told_as_long_as_it_is() {
    if missing(&HOSTS) {
        return;
    }
    // One that was tried, and one that was not missing.
    side_by_side(
        [
            ("192.0.2.31/24", "eth1", "192.0.2.31 bound wrongly: on eth1, not on eth0"),
            ("192.0.2.32/8", "eth0", "192.0.2.32 bound wrongly: with /8, not with /24"),
        ],
        |(address, on, why)| {
            let site = Site::new("192.0.2.31 192.0.2.32");
            site.host.cable("eth1", &site.neighbour, "eth1");
            site.host.ip(&["addr", "add", "192.0.2.32/24", "dev", "eth0"]);
            let restart = site.script("service", &format!("ip addr add {address} dev {on}"));
            site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
            let line = format!("IP_REBIND CRITICAL - {why}, after the restart");
            let outcome = site.handle();
            assert!(outcome.code == Some(2) && outcome.first_line().starts_with(&line), "{outcome:?}");
            assert_eq!(site.handle().verdict(), (2, line.as_str()));
            site.host.ip(&["addr", "del", address, "dev", on]);
            let line = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
            assert_eq!(site.handle().verdict(), (0, line));
        },
    );
}

#[test]
fn a_missing_address_that_was_not_tried_and_that_a_restart_bound_wrongly_is_told() {
    if missing(&HOSTS) {
        return;
    }
    // The neighbour has it.
    let site = Site::new("192.0.2.31 192.0.2.50");
    site.host.cable("eth1", &site.neighbour, "eth1");
    let restart = site.script("service", "ip addr replace 192.0.2.50/32 dev eth1");
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    let line = "IP_REBIND CRITICAL - 192.0.2.50 bound wrongly: on eth1, not on eth0, after the restart";
    let first = format!("{line} (bound again: 192.0.2.31, restarted 1 service)");
    assert_eq!(site.handle().verdict(), (2, first.as_str()));
    assert_eq!(site.handle().verdict(), (2, line));
}

#[test]
fn what_a_program_of_a_killed_run_bound_wrongly_is_told_too() {
    if missing(&HOSTS) {
        return;
    }
    let right = "ip addr add 192.0.2.31/24 dev eth0; ip addr add 192.0.2.32/24 dev eth0";
    let large = "ip addr add 192.0.2.31/8 dev eth0; ip addr add 192.0.2.32/24 dev eth0";
    let (on, with) = ("on eth1, not on eth0", "with /8, not with /24");
    side_by_side(
        [
            // It is killed after the addresses were judged, while it restarts a service.
            ("both", large, ("192.0.2.31/8", "eth0"), with),
            ("command", large, ("192.0.2.31/8", "eth0"), with),
            (
                "command",
                &format!("{right}; ip addr add 192.0.2.31/24 dev eth1"),
                ("192.0.2.31/24", "eth1"),
                on,
            ),
            ("restart", "ip addr add 192.0.2.31/24 dev eth1", ("192.0.2.31/24", "eth1"), on),
            ("restart", "ip addr add 192.0.2.31/8 dev eth0", ("192.0.2.31/8", "eth0"), with),
        ],
        |(kind, lines, (address, dev), why)| {
            let site = Site::new("192.0.2.31 192.0.2.32");
            site.host.cable("eth1", &site.neighbour, "eth1");
            let once = |lines: &str| {
                format!("[ -e \"${{0%/*}}/runs\" ] && exit\n{lines}\ntouch \"${{0%/*}}/runs\"; exec sleep 20")
            };
            let programs = match kind {
                "both" => {
                    let (command, restart) =
                        (site.script("program", lines), site.script("service", &once("")));
                    format!("command = [\"{command}\"]\nrestart = [[\"{restart}\"]]\n")
                }
                "command" => format!("command = [\"{}\"]\n", site.script("program", &once(lines))),
                _ => format!("restart = [[\"{}\"]]\n", site.script("program", &once(lines))),
            };
            site.configure(&format!("enabled = true\nannounce = true\n{programs}"));
            kill(&site, "the program runs", || site.path("runs").exists());
            let by = if kind == "both" { "by the command" } else { "since an earlier run" };
            let line = format!("IP_REBIND CRITICAL - 192.0.2.31 bound wrongly: {why}, {by}");
            assert_eq!(site.trial().verdict(), (2, line.as_str()), "{kind} {lines}");
            let outcome = site.handle();
            assert!(
                outcome.code == Some(2) && outcome.first_line().starts_with(&line),
                "{kind} {lines}: {outcome:?}"
            );
            assert_eq!(site.handle().verdict(), (2, line.as_str()), "{kind} {lines}");
            site.host.ip(&["addr", "del", address, "dev", dev]);
            site.host.ip(&["addr", "replace", "192.0.2.31/24", "dev", "eth0"]);
            assert_eq!(site.handle().code, Some(0), "{kind} {lines}");
            let line = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
            assert_eq!(site.handle().verdict(), (0, line), "{kind} {lines}");
        },
    );
}

/// Starts keepalived, which takes the floating address within a second, as no other host has it.
fn keepalived(site: &Site) -> Daemon {
    let fast = KEEPALIVED.replace(" priority 100\n", " priority 100\n advert_int 0.2\n");
    site.host.etc("keepalived/keepalived.conf", &format!("global_defs {{\n vrrp_version 3\n}}\n{fast}"));
    let file = |name: &str| site.path(name).display().to_string();
    let mut command = site.host.command("keepalived");
    command.args(["--dont-fork", "--log-console", "--vrrp"]);
    command.args([format!("--pid={}", file("keepalived.pid")), format!("--vrrp_pid={}", file("vrrp.pid"))]);
    Daemon::start(&mut command, &site.path("keepalived.log"), |_| site.path("vrrp.pid").exists())
}

#[test]
fn a_real_keepalived_takes_and_gives_its_address_while_programs_run() {
    if missing(&HOSTS) || missing(&[Need::Program("keepalived")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.host.etc("keepalived/keepalived.conf", KEEPALIVED);
    let wait = |bound: &str| {
        let has = "ip -o addr show to 192.0.2.100 | grep -q .";
        format!("n=0; while {bound} {has} && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done")
    };
    let setup = site.script(
        "setup-ips.pl",
        &format!("touch \"$0.runs\"; {}; ip addr add 192.0.2.31/24 dev eth0", wait("!")),
    );
    site.configure(&format!("enabled = true\nannounce = true\ncommand = [\"{setup}\"]\n"));
    let (outcome, daemon) = std::thread::scope(|scope| {
        let handling = scope.spawn(|| site.handle());
        eventually("the command runs", Duration::from_secs(30), || site.path("setup-ips.pl.runs").exists());
        let daemon = keepalived(&site);
        (handling.join().unwrap(), daemon)
    });
    assert_eq!(outcome.verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"), "{}", daemon.said());
    let note = "\nnote: 192.0.2.100 is floating and was bound while setup-ips.pl ran, left alone\n";
    assert!(outcome.stdout.contains(note) && site.has("192.0.2.100/24"), "{outcome:?}");

    // And gives it away.
    let stop = format!("kill $(cat {}); {}", site.path("keepalived.pid").display(), wait(""));
    let restart = site.script("service", &stop);
    site.configure(&format!("enabled = true\nannounce = true\nrestart = [[\"{restart}\"]]\n"));
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let line = "IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service";
    assert_eq!(site.handle().verdict(), (0, line), "{}", daemon.said());
    assert!(!site.has("192.0.2.100/24"), "{}", daemon.said());
}
