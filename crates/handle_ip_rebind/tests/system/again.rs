//! What one run leaves for the next: the budget, addresses that wait, and a log that a timer does not fill.
//! And what another host takes in the middle of a run.

use std::fs;

use suite::host::{succeed, write};
use suite::needs::{Need, missing};
use suite::process::run;

use super::site::{HOSTS, Site};

/// A site on which 2001:db8::31 cannot be bound: IPv6 is switched off there.
fn site_without_ipv6(list: &str) -> Site {
    let site = Site::new(list);
    site.host.sysctl("net/ipv6/conf/eth0/disable_ipv6", "1");
    site
}

impl Site {
    /// Lets this many seconds pass for the handler: what it noted is that much older.
    fn later(&self, seconds: u64) {
        let path = self.path("state/budget.json");
        let mut noted: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let failed = noted["failed"].as_object().unwrap().keys().map(|address| format!("/failed/{address}"));
        let programs = noted["programs"].as_array().map_or(0, Vec::len);
        let programs = (0..programs).map(|number| format!("/programs/{number}/failure"));
        for place in failed.chain(programs).collect::<Vec<_>>() {
            let last = &mut noted.pointer_mut(&place).unwrap()["last"];
            *last = (last.as_u64().unwrap() - seconds).into();
        }
        fs::write(&path, noted.to_string()).unwrap();
    }
}

#[test]
fn an_address_that_does_not_come_back_waits_longer_and_longer() {
    if missing(&HOSTS) {
        return;
    }
    let site = site_without_ipv6("192.0.2.1 192.0.2.31 2001:db8::31");
    site.configure("enabled = true\nper-hour = 1\n");
    site.host.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let failed = "IP_REBIND CRITICAL - 2001:db8::31 not back: IPv6 is disabled on eth0";
    let refused = || {
        let outcome = site.handle();
        assert!(outcome.code == Some(2) && outcome.stdout.starts_with(failed), "{outcome:?}");
        outcome.first_line().to_owned()
    };
    let cause = refused();
    let waits = |minutes: u64, tries: &str| {
        site.later(minutes * 60 - 30);
        assert_eq!(refused(), format!("{cause}, waits {minutes} min after {tries}"));
        site.later(31);
    };
    waits(1, "1 try");
    assert_eq!(refused(), cause, "tried again");
    // Nothing was changed, so the only change of this hour is still there for another address, which is tried
    // at once. What it needs is done, and the other one still waits.
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let outcome = site.handle();
    assert!(site.has("192.0.2.31/24"), "{outcome:?}");
    assert!(
        outcome.first_line().ends_with(" waits 5 min after 2 tries (bound again: 192.0.2.31)"),
        "{outcome:?}"
    );
    let acted: Vec<_> = site.records().iter().map(|record| record["acted"].as_u64().unwrap()).collect();
    assert_eq!(acted, [0, 0, 0, 1]);
    // Now the budget is used up for what may be tried again.
    site.later(301);
    let line = "IP_REBIND CRITICAL - 2001:db8::31 not bound: the budget of 1 an hour is used up";
    assert_eq!(site.handle().verdict(), (2, line));
    // And what is back by itself is forgotten.
    site.host.sysctl("net/ipv6/conf/eth0/disable_ipv6", "0");
    site.host.ip(&["addr", "add", "2001:db8::31/64", "dev", "eth0", "nodad"]);
    assert_eq!(site.handle().code, Some(0));
    let noted = fs::read_to_string(site.path("state/budget.json")).unwrap();
    assert!(noted.contains("\"failed\":{}"), "{noted}");
}

#[test]
fn a_service_that_failed_is_started_again_until_it_succeeds() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let service = site.script("service", "echo run >>\"$0.runs\"; [ -e \"$0.fixed\" ] || kill -9 $$");
    site.configure(&format!(
        "enabled = true\nper-hour = 1\nrestart = [[\"{service}\", \"now\"], [\"/bin/true\"]]\n"
    ));
    let runs = || fs::read_to_string(site.path("service.runs")).unwrap().lines().count();
    let failed = "IP_REBIND CRITICAL - service was ended by signal 9";
    let first = format!("{failed} (bound again: 192.0.2.31, restarted 1 service)");
    assert_eq!(site.handle().verdict(), (2, first.as_str()));
    for (tries, waits) in [(1, "1 min after 1 try"), (2, "5 min after 2 tries"), (3, "30 min after 3 tries")]
    {
        let line = format!("{failed}, waits {waits}");
        for _ in 0..2 {
            assert_eq!(site.handle().verdict(), (2, line.as_str()));
        }
        let tried = site.trial();
        let line = format!("IP_REBIND CRITICAL - service was ended by signal 9, waits {waits}");
        assert!(tried.code == Some(2) && tried.first_line().starts_with(&line), "as a run: {tried:?}");
        assert_eq!(runs(), tries);
        site.later(1_801);
        if tries < 3 {
            assert_eq!(site.handle().verdict(), (2, failed));
        }
    }
    let tried = site.trial();
    assert!(
        tried.first_line().contains("service was ended by signal 9, the next run starts it again"),
        "{tried:?}"
    );
    assert!(tried.stdout.contains("\nwould start again: service now\n"), "{tried:?}");
    write(&site.path("service.fixed"), "");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - restarted 1 service"));
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
    assert_eq!(runs(), 4);
}

#[test]
fn an_address_that_is_taken_in_the_middle_of_a_run_is_given_back() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32 2001:db8::31");
    let restart = site.script("restart", "true");
    site.configure(&format!("enabled = true\nannounce = true\nrestart = [[\"{restart}\"]]\n"));
    // The neighbour hears the first three questions for the address not, and the one after the binding.
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let rules = "table arp deaf { chain in { type filter hook input priority 0; arp daddr ip 192.0.2.31 quota until 150 bytes drop; }; }";
    succeed(site.neighbour.command("nft").arg(rules));
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let why = format!("192.0.2.31 not back: {} has it too on eth0, removed again", mac.trim());
    let outcome = site.handle();
    let back = "bound again: 192.0.2.32, 2001:db8::31, restarted 1 service";
    let line = format!("IP_REBIND CRITICAL - {why} ({back})");
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24"));
    let line = format!("IP_REBIND CRITICAL - {why}, waits 1 min after 1 try");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn an_address_that_is_taken_after_a_run_is_given_back_by_the_next_one() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32 2001:db8::31");
    site.configure("enabled = true\nper-hour = 1\nannounce = true\n");
    let line = "IP_REBIND OK - bound again: 192.0.2.31-32, 2001:db8::31";
    assert_eq!(site.handle().verdict(), (0, line));
    let tried = site.trial();
    let line = "\nwould probe once more for 192.0.2.31-32, 2001:db8::31\n";
    assert!(tried.stdout.contains(line), "{tried:?}");
    // The run has ended, and another host takes two of them.
    site.neighbour.ip_batch("addr add 192.0.2.31/24 dev eth0\naddr add 2001:db8::31/64 dev eth0 nodad\n");
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let why = format!("192.0.2.31, 2001:db8::31 not back: {} has it too on eth0, removed again", mac.trim());
    let line = format!("IP_REBIND CRITICAL - {why}");
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && !site.has("2001:db8::31/64") && site.has("192.0.2.32/24"));
    let begun = site.log().into_iter().rfind(|record| record["begun"] == true).unwrap();
    let line = "about to remove 192.0.2.31, 2001:db8::31 if another host has it too";
    assert_eq!(begun["summary"], line);
    let line = format!("IP_REBIND CRITICAL - {why}, waits 1 min after 1 try");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    // It looks once, at what the last run bound.
    site.neighbour.ip(&["addr", "add", "192.0.2.32/24", "dev", "eth0"]);
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn an_address_that_was_taken_off_the_list_is_not_probed_for_again() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32");
    site.configure("enabled = true\nannounce = true\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31-32"));
    write(&site.path("ips"), "192.0.2.32\n");
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let tried = site.trial();
    assert!(tried.stdout.ends_with("\nwould probe once more for 192.0.2.32\n"), "{tried:?}");
    let line = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
    assert!(site.has("192.0.2.31/24"), "it is left to whoever took it off the list");
}

#[test]
fn what_a_run_had_no_time_to_look_at_is_looked_at_by_a_later_one() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 192.0.2.32 192.0.2.33");
    site.host.ip(&["addr", "add", "192.0.2.33/24", "dev", "eth0"]);
    site.configure("enabled = true\nannounce = true\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31-32"));
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    site.host.ip(&["addr", "del", "192.0.2.33/24", "dev", "eth0"]);
    // The default time is enough for the missing address.
    let outcome = run(&mut site.command_within("CRITICAL-HARD", 8));
    assert_eq!(outcome.verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.33"));
    // An address that is left alone needs none of it.
    write(&site.path("ips"), "192.0.2.31\n192.0.2.32\n192.0.2.33\n192.0.2.255\n");
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let why = format!("192.0.2.31 not back: {} has it too on eth0, removed again", mac.trim());
    let outcome = run(&mut site.command_within("CRITICAL-HARD", 8));
    let line = format!("IP_REBIND CRITICAL - {why}, 1 more fault");
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24") && site.has("192.0.2.33/24"));
}

#[test]
fn what_a_command_binds_is_given_back_too() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let setup = site.script("setup-ips.pl", "ip addr add 192.0.2.31/25 dev eth0");
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    site.neighbour.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let rules = "table arp deaf { chain in { type filter hook input priority 0; arp daddr ip 192.0.2.31 quota until 150 bytes drop; }; }";
    succeed(site.neighbour.command("nft").arg(rules));
    let outcome = site.handle();
    assert!(outcome.first_line().ends_with(" has it too on eth0, removed again"), "{outcome:?}");
    assert!(!site.has("192.0.2.31/25"));
}

#[test]
fn in_a_downtime_nothing_is_done() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let line = "IP_REBIND OK - nothing is done in a downtime";
    for depths in [&["--downtime=1"][..], &["--downtime=0", "--downtime=2"]] {
        assert_eq!(run(site.command("CRITICAL-HARD").args(depths)).verdict(), (0, line));
    }
    assert_eq!(site.records().remove(0)["end"].as_str(), Some("downtime"));
    assert!(!site.has("192.0.2.31/24") && !site.path("state").exists());
    let outcome = run(site.command("CRITICAL-HARD").args(["--downtime=0", "--downtime=0"]));
    assert_eq!(outcome.verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
}

#[test]
fn a_timer_does_not_fill_the_log() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    site.configure("enabled = true\non = [\"TIMER\"]\n");
    let timer = || run(&mut site.command("TIMER")).code;
    assert_eq!(timer(), Some(0));
    assert_eq!(site.log().len(), 2, "begun and done");
    for _ in 0..3 {
        assert_eq!(timer(), Some(0));
    }
    assert_eq!(site.log().len(), 3, "nothing is missing, once");
    write(&site.path("ips"), "192.0.2.1\n192.0.2.1/32\n192.0.2.1/24\n");
    for _ in 0..2 {
        assert_eq!(timer(), Some(3));
    }
    assert_eq!(site.log().len(), 4, "an error, once");
    site.configure("enabled = false\non = [\"CRITICAL\"]\n");
    for _ in 0..2 {
        assert_eq!(run(&mut site.command("OK-HARD-1")).code, Some(0));
    }
    assert_eq!(site.log().len(), 6, "every event of the monitor");
}

#[test]
fn the_timers_unit_makes_up_for_a_lost_event() {
    if missing(&HOSTS) || missing(&[Need::Program("setpriv")]) {
        return;
    }
    // The command and the capabilities are those of the unit, and the events those of the shipped
    // configuration.
    let shipped = suite::plugins::workspace().join("nrpe-config/handle_ip_rebind");
    let unit = fs::read_to_string(shipped.join("handle_ip_rebind@.service")).unwrap();
    let setting =
        |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let folder = suite::plugins::binary("handle_ip_rebind").parent().unwrap().display().to_string();
    let start = setting("ExecStart").replace("@plugindir@", &folder).replace("%i", "TIMER");
    let rights = setting("CapabilityBoundingSet").to_lowercase().replace("cap_", "+").replace(' ', ",");
    let configuration = fs::read_to_string(shipped.join("handle_ip_rebind.toml")).unwrap();
    let on = configuration.lines().find(|line| line.starts_with("on = ")).unwrap();

    let site = Site::new("192.0.2.31 2001:db8::31 2001:db8::50");
    site.configure(&format!("enabled = true\n{on}\nannounce = true\nrestart = [[\"/bin/true\"]]\n"));
    let mut command = site.host.command("setpriv");
    command.args([format!("--bounding-set=-all,{rights}"), format!("--inh-caps=-all,{rights}")]);
    command.arg("--no-new-privs").args(start.split(' '));
    let outcome = run(command.arg(format!("--config={}", site.path("config.toml").display())));
    let back = "(bound again: 192.0.2.31, 2001:db8::31, restarted 1 service)";
    assert!(outcome.first_line().ends_with(back), "{outcome:?}");
    assert!(
        outcome.first_line().starts_with("IP_REBIND CRITICAL - 2001:db8::50 left alone: "),
        "{outcome:?}"
    );
}

#[test]
fn what_a_restart_takes_away_again_is_named() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 192.0.2.32 2001:db8::31");
    let harmless = site.script("reload", "true");
    let taking = "ip addr del 192.0.2.31/24 dev eth0; ip addr del 192.0.2.1/24 dev eth0; ip addr add 192.0.2.32/24 dev eth0";
    let restart = site.script("service", &format!("{taking}; true"));
    // Without it, the others would go with the first of the subnet.
    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    site.configure(&format!(
        "enabled = true\nannounce = true\nrestart = [[\"{harmless}\"], [\"{restart}\", \"network\", \"restart\"]]\n"
    ));
    let outcome = site.handle();
    let line = "IP_REBIND CRITICAL - 192.0.2.1, 192.0.2.31 gone since service network restart ran \
                (bound again: 192.0.2.32, 2001:db8::31, restarted 2 services)";
    assert_eq!(outcome.verdict(), (2, line), "{outcome:?}");
    let record = site.records().remove(0);
    let fates: Vec<&str> =
        record["addresses"].as_array().unwrap().iter().map(|case| case["fate"].as_str().unwrap()).collect();
    assert_eq!(fates, ["lost", "back", "back", "lost"]);
    // They wait as what does not come back does, so that services are not restarted every minute.
    let line = "IP_REBIND CRITICAL - 192.0.2.1, 192.0.2.31 not back: gone since service network restart ran, waits 1 min after 1 try";
    assert_eq!(site.handle().verdict(), (2, line));
    site.later(61);
    assert_eq!(site.handle().code, Some(2));
    let line = line.replace("1 min after 1 try", "5 min after 2 tries");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn what_a_restart_takes_and_gives_back_is_back() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 2001:db8::31");
    let lines = "ip addr del 192.0.2.31/24 dev eth0; ip addr del 2001:db8::31/64 dev eth0\n\
                 (sleep 0.2; ip addr add 192.0.2.31/24 dev eth0; ip addr add 2001:db8::31/64 dev eth0) >/dev/null 2>&1 &";
    let restart = site.script("restart", lines);
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    let line = "IP_REBIND OK - bound again: 192.0.2.31, 2001:db8::31, restarted 1 service";
    assert_eq!(site.handle().verdict(), (0, line));
}
