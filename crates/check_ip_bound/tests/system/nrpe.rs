//! The shipped commands, asked through a real NRPE.

use std::fmt::Write as _;
use std::process::Command;

use suite::host::{cabled, public_folder, succeed};
use suite::needs::missing;
use suite::nrpe::{NEEDS, Nrpe};
use suite::process::{Outcome, run};

/// What NRPE keeps of an output in a packet of version 2.
const V2: usize = 1023;

/// The answer through NRPE and the plugin's own, which must be the same but for the end that an old packet
/// cuts off.
fn both(nrpe: &Nrpe<'_>, options: &[&str]) -> (Outcome, Outcome) {
    let (asked, own) = (nrpe.check("check_ip_bound", options), run(&mut nrpe.plugin("check_ip_bound")));
    let room = if options.is_empty() { own.stdout.len() } else { V2.min(own.stdout.len()) };
    let kept = String::from_utf8_lossy(&own.stdout.as_bytes()[..room]).into_owned();
    assert_eq!((asked.code, asked.stdout.trim_end()), (own.code, kept.trim_end()), "{options:?}");
    assert_eq!(own.stderr, "");
    (asked, own)
}

#[test]
fn the_shipped_command_answers_like_the_plugin_itself() {
    if missing(&NEEDS) {
        return;
    }
    let (host, _other) = cabled();
    host.etc("ips", "192.0.2.1:255.255.255.0:192.0.2.255\n192.0.2.2:255.255.255.0:192.0.2.255\n");
    host.ip_batch("addr add 192.0.2.1/24 dev eth0\naddr add 192.0.2.2/24 dev eth0\n");
    let nrpe = Nrpe::start(&host, "");
    let verdict = |code: i32, line: &str| {
        for options in [&[][..], &["-2"], &["-3"]] {
            assert_eq!(both(&nrpe, options).0.verdict(), (code, line), "{options:?}");
        }
    };
    let fine = "IP_BOUND OK - 2 addresses from cpanel bound and usable | missing=0;;0;0;2 unusable=0;;;0;2 not_bound=0;;;0;2 bound=4;;;0 unexpected=0;;;0";
    verdict(0, fine);
    host.ip(&["addr", "del", "192.0.2.2/24", "dev", "eth0"]);
    let summary = "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.2";
    verdict(
        2,
        &format!(
            "{summary} | missing=1;;0;0;2 unusable=0;;;0;2 not_bound=1;;;0;2 bound=3;;;0 unexpected=0;;;0"
        ),
    );
    host.ip(&["addr", "add", "192.0.2.2/24", "dev", "eth0"]);
    verdict(0, fine);
}

#[test]
fn a_mass_outage_keeps_its_state_and_its_performance_data_in_an_old_packet() {
    if missing(&NEEDS) {
        return;
    }
    let (host, _other) = cabled();
    let mut list = String::new();
    for number in 0..1200 {
        // No two are neighbours, so that nothing can be printed as a run.
        writeln!(list, "2001:db8::{:x}:1", number * 2).unwrap();
    }
    host.etc("ips", &list);
    let nrpe = Nrpe::start(&host, "");
    let (whole, _) = both(&nrpe, &[]);
    let (cut, own) = both(&nrpe, &["-2"]);
    assert!(own.stdout.len() > 10 * V2, "not a mass: {} octets", own.stdout.len());
    assert_eq!((whole.code, cut.code), (Some(2), Some(2)));
    assert_eq!(cut.first_line(), own.first_line(), "the first line is not whole");
    assert!(
        cut.first_line().starts_with("IP_BOUND CRITICAL - 1200 of 1200 addresses missing: 2001:db8::1 and ")
    );
    assert!(
        cut.first_line()
            .ends_with(" | missing=1200;;0;0;1200 unusable=0;;;0;1200 not_bound=1200;;;0;1200 bound=2;;;0 unexpected=0;;;0"),
        "{}",
        cut.first_line()
    );
}

#[test]
fn a_list_that_nobody_writes_ends_in_time() {
    if missing(&NEEDS) {
        return;
    }
    let (host, _other) = cabled();
    let folder = public_folder();
    let fifo = folder.path().join("ips");
    succeed(Command::new("mkfifo").args(["-m", "644"]).arg(&fifo));
    let line = format!("command[dead_list]=@plugindir@/check_ip_bound --file={}\n", fifo.display());
    let nrpe = Nrpe::start(&host, &line);
    // check_nrpe waits for 10 s, and would say CRITICAL then.
    let outcome = nrpe.check("dead_list", &[]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    assert!(outcome.first_line().starts_with("IP_BOUND UNKNOWN - "), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(&*fifo.to_string_lossy()), "{}", outcome.stdout);
}

#[test]
fn every_example_of_the_shipped_configuration_works() {
    if missing(&NEEDS) {
        return;
    }
    let shipped = suite::plugins::workspace().join("nrpe-config/nrpe.d/silent-outage-plugins.cfg");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let after = |prefix| shipped.lines().filter_map(move |line| line.strip_prefix(prefix));
    let options: String = after("#     ").map(|line| format!("{line}\n")).collect();
    let examples: Vec<&str> = after("#").filter(|line| line.starts_with("command[check_ip_bound")).collect();
    assert!(examples.len() >= 4 && options.starts_with("[check_ip_bound]\n"), "{examples:?} {options}");

    let (host, _other) = cabled();
    host.ip_batch(
        "addr add 192.0.2.1/24 dev eth0\n\
         addr add 2001:db8::1/64 dev eth0 nodad\n\
         addr add 192.0.2.100/32 dev eth0\n\
         route add default via 192.0.2.254\n",
    );
    // What is promised, for the examples that name no list; the floating address among it.
    host.etc("ips", "192.0.2.1\n2001:db8::1\n192.0.2.100\n");
    host.etc("silent-outage/addresses", "192.0.2.1/24 # the web server\n2001:db8::1\n");
    host.etc("silent-outage/nrpe.ini", &options);
    let nrpe = Nrpe::start(&host, &examples.join("\n"));
    for example in examples {
        let name = example.split(['[', ']']).nth(1).unwrap();
        let outcome = nrpe.check(name, &[]);
        let line = match name {
            "check_ip_bound_any" => "3 addresses from cpanel bound and usable | missing=0;;0;0;3 ",
            "check_ip_bound_strict" => "3 addresses from cpanel bound and usable | missing=0;;0;0;3 ",
            "check_ip_bound_node" => "2 addresses from cpanel bound and usable | missing=0;;0;0;2 ",
            "check_ip_bound_holder" => "1 address bound and usable | missing=0;0;;0;1 ",
            _ => "2 addresses bound and usable | missing=0;",
        };
        let line = format!("IP_BOUND OK - {line}");
        assert!(
            outcome.code == Some(0) && outcome.stdout.starts_with(&line),
            "{example}: {}",
            outcome.stdout
        );
    }
    // And they do look at what they name.
    host.ip(&["addr", "del", "2001:db8::1/64", "dev", "eth0"]);
    assert_eq!(nrpe.check("check_ip_bound_lenient", &[]).code, Some(1));
    assert_eq!(nrpe.check("check_ip_bound", &[]).code, Some(2));
    host.ip(&["addr", "del", "192.0.2.100/32", "dev", "eth0"]);
    assert_eq!(nrpe.check("check_ip_bound_holder", &[]).code, Some(1));
    host.ip(&["route", "del", "default"]);
    assert_eq!(nrpe.check("check_ip_bound_strict", &[]).code, Some(2));
}

#[test]
fn the_monitor_can_pass_no_arguments() {
    if missing(&NEEDS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    host.etc("ips", "192.0.2.1\n");
    let nrpe = Nrpe::start(&host, "");
    assert_eq!(nrpe.check("check_ip_bound", &[]).code, Some(0));
    let outcome = nrpe.check("check_ip_bound", &["-a", "--exit-ok"]);
    assert!(outcome.code != Some(0) && !outcome.stdout.contains("IP_BOUND"), "{outcome:?}");
}
