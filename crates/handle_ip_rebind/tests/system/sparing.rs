//! What may not be bound is left alone, and the line says why.

use std::time::Duration;

use suite::host::write;
use suite::needs::{Need, missing};
use suite::plugins::binary;
use suite::process::run;
use suite::wait::eventually;

use super::site::{HOSTS, Site};

#[test]
fn what_another_host_has_is_left_alone() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31 192.0.2.50 2001:db8::31 2001:db8::50");
    let outcome = site.handle();
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let (left, back) = ("192.0.2.50, 2001:db8::50 left alone", "bound again: 192.0.2.31, 2001:db8::31");
    let line = format!("IP_REBIND CRITICAL - {left}: {} has it on eth0 ({back})", mac.trim());
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("192.0.2.50/24") && !site.has("2001:db8::50/64") && site.has("192.0.2.31/24"));
}

/// Of two profiles of NetworkManager for one card, the files do not tell which is active.
#[test]
fn an_address_of_a_profile_that_may_not_be_active_is_left_alone() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.configure(
        "enabled = true\nfiles = []\nfrom = [\"networkmanager\"]\ncheck = [\"--from=networkmanager\"]\n",
    );
    let profile = |name: &str, addresses: &str| {
        let connection = "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\n";
        let path = format!("NetworkManager/system-connections/{name}.nmconnection");
        site.host.etc(&path, &format!("{connection}{addresses}\n"));
    };
    profile("a", "address1=192.0.2.31/24");
    profile("b", "address1=192.0.2.32/24");
    let outcome = site.handle();
    let why = "192.0.2.31 left alone: perhaps not configured: eth0 has one profile at a time";
    assert_eq!(outcome.verdict(), (2, format!("IP_REBIND CRITICAL - {why}").as_str()), "{outcome:?}");
    // A list that was written meanwhile says so.
    let list = run(site.host.command(binary("check_ip_bound")).args(["--list", "--from=networkmanager"]));
    write(&site.path("ips"), &list.stdout);
    let named = format!("--file={}", site.path("ips").display());
    site.configure(&format!("enabled = true\ncheck = [\"{named}\"]\n"));
    let outcome = site.handle();
    let line = "IP_REBIND CRITICAL - 192.0.2.31 left alone: perhaps not configured: ";
    assert!(outcome.stdout.starts_with(line), "{list:?} {outcome:?}");
    assert!(!site.has("192.0.2.31/24") && !site.has("192.0.2.32/24"));
    let from = "from = [\"networkmanager\"]\ncheck = [\"--from=networkmanager\"]";
    site.configure(&format!("enabled = true\nfiles = []\n{from}\n"));
    assert!(!site.has("192.0.2.31/24") && !site.has("192.0.2.32/24"));
    // An address that is bound shows that its profile is active.
    profile("b", "address1=192.0.2.1/24\naddress2=192.0.2.32/24");
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.32"), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && site.has("192.0.2.32/24"));
}

#[test]
fn an_address_that_the_list_names_is_bound_whatever_a_profile_says() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    let profile = |name: &str, connection: &str, addresses: &str| {
        let connection = format!("[connection]\ntype=ethernet\n{connection}\n[ipv4]\nmethod=manual");
        let path = format!("NetworkManager/system-connections/{name}.nmconnection");
        site.host.etc(&path, &format!("{connection}\n{addresses}\n"));
    };
    site.configure("enabled = true\nfrom = [\"networkmanager\"]\n");
    // Another profile may take the card first, or nothing shows which is active.
    for other in ["autoconnect-priority=5", "interface-name=eth0"] {
        profile("a", other, "address1=192.0.2.32/24");
        profile("b", "interface-name=eth0", "address1=192.0.2.31/24");
        let outcome = site.handle();
        assert!(outcome.stdout.contains("bound again: 192.0.2.31"), "{other}: {outcome:?}");
        assert!(site.has("192.0.2.31/24"), "{other}");
        site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    }
}

#[test]
fn a_command_is_not_run_where_another_host_has_an_address() {
    if missing(&HOSTS) {
        return;
    }
    // For it binds whatever it binds.
    let site = Site::new("192.0.2.31 192.0.2.50");
    let setup = site.script("setup-ips.pl", "touch \"$0.ran\"");
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    let outcome = site.handle();
    assert!(
        outcome.stdout.contains("\nCRITICAL: 192.0.2.31 left alone: the command might bind 192.0.2.50 too\n"),
        "{outcome:?}"
    );
    assert!(!site.path("setup-ips.pl.ran").exists());
    assert_eq!(site.records().remove(0)["acted"].as_u64(), Some(0));
}

#[test]
fn a_command_is_not_run_where_another_host_has_an_address_outside_the_list() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    let add = |address: &str| format!("ip addr add {address}/24 dev eth0\n");
    let setup = site.script("setup-ips.pl", &["192.0.2.31", "192.0.2.50", "192.0.2.60"].map(add).concat());
    let check = |more: &str| {
        let check = format!("check = [\"--file={}\", \"--ip={more}\"]", site.path("ips").display());
        site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n{check}\n"));
    };
    // The neighbour has it.
    check("192.0.2.50");
    let outcome = site.handle();
    let mac = run(site.neighbour.command("cat").arg("/sys/class/net/eth0/address")).stdout;
    let line = "192.0.2.31 left alone: the command might bind 192.0.2.50 too";
    assert!(outcome.code == Some(2) && outcome.stdout.contains(line), "{outcome:?}");
    let line = format!("IP_REBIND CRITICAL - 192.0.2.50 left alone: {} has it on eth0", mac.trim());
    assert!(outcome.first_line().starts_with(&line), "{outcome:?}");
    assert!(!site.has("192.0.2.31/24") && !site.has("192.0.2.50/24"));
    // What came while the command ran is named. No list names it, so it is not removed, even if another host
    // has it.
    check("192.0.2.60");
    let why = format!("192.0.2.50 left alone: {} has it too on eth0, not in the list", mac.trim());
    let line = format!("IP_REBIND CRITICAL - {why}, 1 more fault (bound again: 192.0.2.31)");
    let outcome = site.handle();
    assert_eq!(outcome.verdict(), (2, line.as_str()));
    let line = "\nWARNING: 192.0.2.60 bound by the command: not in the list\n";
    assert!(outcome.stdout.contains(line), "{outcome:?}");
    assert!(site.has("192.0.2.31/24") && site.has("192.0.2.60/24") && site.has("192.0.2.50/24"));
    let budget = std::fs::read_to_string(site.path("state/budget.json")).unwrap();
    assert!(!budget.contains("owed"), "{budget}");
}

#[test]
fn an_interface_without_a_link_gets_no_address() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    site.neighbour.ip(&["link", "set", "eth0", "down"]);
    let flags = || site.host.ip(&["-o", "link", "show", "eth0"]).stdout;
    eventually("the other end of the cable is noticed", Duration::from_secs(10), || {
        flags().contains("NO-CARRIER")
    });
    let line = "IP_REBIND CRITICAL - 192.0.2.1, 192.0.2.31 left alone: eth0 has no carrier";
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip(&["link", "set", "eth0", "down"]);
    assert!(site.handle().stdout.contains("192.0.2.31 left alone: eth0 is down"));
    site.configure("enabled = true\ninterface = \"eth7\"\n");
    assert!(site.handle().stdout.contains("192.0.2.31 left alone: there is no eth7 here"));
    assert!(!site.has("192.0.2.31/24"));
}

#[test]
fn what_is_not_in_the_list_or_belongs_elsewhere_is_left_alone() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let check = format!("check = [\"--file={}\", \"--ip=192.0.2.99\"]", site.path("ips").display());
    site.configure(&format!("enabled = true\n{check}\n"));
    assert_eq!(site.handle().verdict(), (1, "IP_REBIND WARNING - 192.0.2.99 left alone: not in the list"));

    let site = Site::new("192.0.2.1");
    site.host.etc("network/interfaces", "auto eth1\niface eth1 inet static\n address 192.0.2.41/24\n");
    site.configure("enabled = true\ncheck = [\"--from=ifupdown\"]\nfrom = [\"ifupdown\"]\n");
    let line = "IP_REBIND CRITICAL - 192.0.2.41 left alone: configured on eth1, there is no eth1 here";
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.etc("network/interfaces", "auto eth0\niface eth0 inet static\n address 192.0.2.41/25\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.41"));
    assert!(site.has("192.0.2.41/25"), "with the prefix length that the configuration promises");
}

#[test]
fn a_list_names_an_interface_by_any_of_its_names() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("");
    write(&site.path("ips"), "192.0.2.31/24 # on: eth9\n");
    let line = "IP_REBIND CRITICAL - 192.0.2.31 left alone: configured on eth9, there is no eth9 here";
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip(&["link", "property", "add", "dev", "eth0", "altname", "eth9"]);
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
}

#[test]
fn a_dry_run_only_reports() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    site.configure("");
    assert_eq!(
        site.handle().verdict(),
        (1, "IP_REBIND WARNING - 192.0.2.31 would be bound, but this is a dry run")
    );
    assert!(!site.has("192.0.2.31/24"));
    let record = site.records().remove(0);
    assert_eq!((record["end"].as_str(), record["acted"].as_u64()), (Some("dry_run"), Some(0)));
}

#[test]
fn a_spent_budget_only_reports() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    site.configure("enabled = true\nper-hour = 1\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let line = "IP_REBIND CRITICAL - 192.0.2.31 not bound: the budget of 1 an hour is used up";
    assert_eq!(site.handle().verdict(), (2, line));
    assert!(!site.has("192.0.2.31/24"));
    let ends: Vec<String> =
        site.records().iter().map(|record| record["end"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ends, ["done", "over_budget"]);
}

#[test]
fn an_event_that_is_not_configured_does_nothing() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    site.configure("enabled = true\non = [\"CRITICAL-SOFT-2\", \"CRITICAL-HARD\"]\n");
    for event in ["CRITICAL-SOFT-1", "OK-HARD", "WARNING-HARD", "UNKNOWN-SOFT-2", "TIMER"] {
        let outcome = run(&mut site.command(event));
        let line =
            format!("IP_REBIND OK - nothing is done on {event} (but on CRITICAL-SOFT-2, CRITICAL-HARD)");
        assert_eq!(outcome.verdict(), (0, line.as_str()));
    }
    assert!(!site.has("192.0.2.31/24"));
    assert_eq!(site.records().len(), 5, "that too is recorded");
}

#[test]
fn what_the_kernel_finds_to_be_a_duplicate_is_removed_again() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let site = Site::new("2001:db8::50 2001:db8::51");
    // The neighbour does not hear the handler's own questions, which have no nonce (RFC 7527) as the kernel's
    // later ones have.
    let rules = "table ip6 deaf { chain in { type filter hook input priority 0; icmpv6 type nd-neighbor-solicit ip6 length 24 drop; }; }";
    suite::host::succeed(site.neighbour.command("nft").arg(rules));
    let outcome = site.handle();
    let why = "duplicate address detected on eth0, removed again";
    let line = format!("IP_REBIND CRITICAL - 2001:db8::50 not back: {why} (bound again: 2001:db8::51)");
    assert_eq!(outcome.verdict(), (2, line.as_str()), "{outcome:?}");
    assert!(!site.has("2001:db8::50/64") && site.has("2001:db8::51/64"));
}
