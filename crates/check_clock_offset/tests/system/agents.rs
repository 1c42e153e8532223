//! Real SNMP agents whose clocks are off: by each source, in each version.

use std::fs;

use suite::clocks::{AGENT_NEEDS, Clock, PASS, PASS_PERSIST};
use suite::host::Host;
use suite::needs::missing;
use suite::plugins::workspace;

use super::{check, network};

const HOST: &str = "--hostname=127.0.0.1";

/// Versions and users.
const VERSIONS: [&[&str]; 9] = [
    &["-P", "1"],
    &["-P", "2c"],
    &["-P", "3", "-U", "open"],
    &["-P", "3", "-U", "signed", "-L", "authNoPriv", "-a", "SHA", "-A", "authpassword"],
    &["-P", "3", "-U", "old", "-L", "authPriv", "-A", "authpassword", "-X", "privpassword"],
    &[
        "-P",
        "3",
        "-U",
        "new",
        "-L",
        "authPriv",
        "-a",
        "SHA-256",
        "-A",
        "authpassword",
        "-x",
        "AES",
        "-X",
        "privpassword",
    ],
    &[
        "-P",
        "3",
        "-U",
        "long",
        "-L",
        "authPriv",
        "-a",
        "SHA-512",
        "-A",
        "authpassword",
        "-x",
        "AES-256",
        "-X",
        "privpassword",
    ],
    &[
        "-P",
        "3",
        "-U",
        "stretched",
        "-L",
        "authPriv",
        "-a",
        "SHA",
        "-A",
        "authpassword",
        "-x",
        "AES-256",
        "-X",
        "privpassword",
    ],
    &[
        "-P",
        "3",
        "-U",
        "cisco",
        "-L",
        "authPriv",
        "-a",
        "SHA",
        "-A",
        "authpassword",
        "-x",
        "AES-192-C",
        "-X",
        "privpassword",
    ],
];

/// Sources other than hrSystemDate, and the uncertainty that each must end with beside half of its round
/// trip, which other work on the machine may prolong.
fn sources() -> Vec<(String, f64)> {
    let extend = |name: &str| format!("--oid=nsExtendOutput1Line.\"{name}\"");
    vec![
        (extend("fresh"), 0.01),
        (extend("brief"), 1.51),
        (extend("kept"), 2.1),
        (format!("--oid={PASS_PERSIST}"), 2.0),
        // Its age is not known within the deadline.
        (format!("--oid={PASS}"), 17.0),
    ]
}

fn every_source_tells(offset: &str, seconds: f64, code: i32, words: &str) {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let host = Host::create();
    let _agent = Clock::agent(&host, offset);
    for version in VERSIONS {
        let reading = check(&host, &[&[HOST], version].concat());
        assert_eq!(reading.0.code, Some(code), "{version:?}: {:?}", reading.0);
        assert!(reading.verdict().1.ends_with(words), "{version:?}: {:?}", reading.0);
        reading.holds(seconds, 0.01);
        let half = reading.value("rtt") / 2.0;
        assert!(reading.value("uncertainty") <= 0.51 + half, "{version:?}: {:?}", reading.0);
    }
    for (source, uncertainty) in sources() {
        let reading = check(&host, &[HOST, &source, "--timeout=9"]);
        assert_eq!(reading.0.code, Some(code), "{source}: {:?}", reading.0);
        assert!(reading.verdict().1.contains(words.split(',').next().unwrap()), "{source}: {:?}", reading.0);
        reading.holds(seconds, 0.01);
        let half = reading.value("rtt") / 2.0;
        assert!(reading.value("uncertainty") <= uncertainty + half, "{source}: {:?}", reading.0);
    }
}

#[test]
fn seven_seconds_fast_is_a_warning_by_every_source() {
    every_source_tells("+7s", 7.0, 1, " fast, allowed -5 to 5 s");
}

#[test]
fn ninety_seconds_slow_is_critical_by_every_source() {
    every_source_tells("-90s", -90.0, 2, " slow, allowed -60 to 60 s");
}

#[test]
fn an_hour_fast_is_told_for_a_mistake_of_the_zone() {
    every_source_tells("+3600s", 3600.0, 2, " fast, perhaps a time zone mistake");
}

#[test]
fn hosts_in_other_zones_are_right() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    for zone in ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"] {
        let (monitor, proxy) = network();
        let _agent = Clock::agent_in_zone(&proxy, "+0s", zone);
        let reading = check(&monitor, &["--hostname=198.51.100.7"]);
        assert_eq!(reading.0.code, Some(0), "{zone}: {:?}", reading.0);
        reading.holds(0.0, 0.01);
    }
}

#[test]
fn what_an_agent_refuses_is_told_by_name() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let host = Host::create();
    let _agent = Clock::agent(&host, "+0s");
    let signed = ["-P", "3", "-U", "signed", "-L", "authNoPriv"];
    let rows: [(&[&str], &str); 7] = [
        (
            &["-a", "SHA", "-A", "wrongpassword"],
            "127.0.0.1:161: authentication failure of user signed: wrong password or protocol",
        ),
        (
            &["-a", "MD5", "-A", "authpassword"],
            "127.0.0.1:161: authentication failure of user signed: wrong password or protocol",
        ),
        (&["-U", "nobody", "-A", "authpassword"], "127.0.0.1:161: unknown user nobody"),
        (
            &["-L", "noAuthNoPriv"],
            "127.0.0.1:161: authorizationError: perhaps user signed may read it by a higher --seclevel than \
             noAuthNoPriv",
        ),
        (
            &["-P", "2c", "--oid=.1.3.6.1.4.1.99999.1.0"],
            "127.0.0.1:161 has no .1.3.6.1.4.1.99999.1.0 (noSuchObject)",
        ),
        (
            &["-P", "1", "--oid=.1.3.6.1.4.1.99999.1.0"],
            "127.0.0.1:161 has no .1.3.6.1.4.1.99999.1.0 (noSuchName)",
        ),
        (
            &["-P", "2c", "--oid=nsExtendOutput1Line.\"failing\""],
            "nsExtendOutput1Line.failing of 127.0.0.1:161: not a time: /nonexistent/clock: No such file or \
             dire...",
        ),
    ];
    for (arguments, words) in rows {
        // An option of the row takes the place of the one that all have. Another version has none of them.
        let is_other = |pair: &&[&'static str]| !arguments.contains(&pair[0]) && !arguments.contains(&"-P");
        let others = signed.chunks(2).filter(is_other).collect::<Vec<_>>().concat();
        let reading = check(&host, &[&[HOST], &others[..], arguments].concat());
        assert_eq!(
            reading.verdict(),
            (3, format!("CLOCK_OFFSET UNKNOWN - {words}").as_str()),
            "{arguments:?}"
        );
    }
    let wrong_key = [
        "-P",
        "3",
        "-U",
        "new",
        "-L",
        "authPriv",
        "-a",
        "SHA-256",
        "-A",
        "authpassword",
        "-x",
        "AES",
        "-X",
        "wrongpassword",
    ];
    let reading = check(&host, &[&[HOST, "--timeout=4"], &wrong_key[..]].concat());
    let words =
        "no SNMP answer from 127.0.0.1:161 (v3, 3 tries): wrong privacy password or protocol, or blocked";
    assert_eq!(reading.verdict(), (3, format!("CLOCK_OFFSET UNKNOWN - {words}").as_str()));
    let reading = check(&host, &[HOST, "--community=wrong", "--timeout=1:critical"]);
    let words = "no SNMP answer from 127.0.0.1:161 (v2c, 3 tries): wrong community, blocked or down";
    assert_eq!(reading.verdict(), (2, format!("CLOCK_OFFSET CRITICAL - {words}").as_str()));
}

/// The settings in the shipped snippet and in the README, with the values that a site replaces.
fn offered() -> Vec<String> {
    let read = |name: &str| fs::read_to_string(workspace().join(name)).unwrap();
    let snippet = read("nrpe-config/snmpd/clock.conf");
    let readme = read("crates/check_clock_offset/README.md");
    let lines = snippet.lines().map(|line| line.trim_start_matches('#'));
    let of_snippet =
        lines.filter(|line| ["view ", "rocommunity ", "extend "].iter().any(|word| line.starts_with(word)));
    let of_readme =
        readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(cell, _)| cell);
    let of_readme = of_readme.filter(|cell| cell.starts_with("extend -"));
    let replace = |line: &str| line.replace("CHANGE_ME", "public").replace("192.0.2.1", "127.0.0.1");
    of_snippet.chain(of_readme).map(replace).collect()
}

#[test]
fn every_extend_that_we_offer_tells_the_time() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let offered = offered();
    let (extends, others): (Vec<_>, Vec<_>) = offered.iter().partition(|line| line.starts_with("extend "));
    assert!(extends.len() >= 3 && others.len() >= 2, "{offered:?}");
    for extend in extends {
        let host = Host::create();
        let settings = others.iter().chain([&extend]).map(|line| format!("{line}\n")).collect::<String>();
        let _agent = Clock::agent_by(&host, "+7s", "UTC", &settings);
        let reading = check(&host, &[HOST, "--oid=nsExtendOutput1Line.\"clock\""]);
        assert_eq!(reading.0.code, Some(1), "{extend}: {:?}", reading.0);
        reading.holds(7.0, 0.01);
        let reading = check(&host, &[HOST]);
        assert_eq!(reading.0.code, Some(1), "hrSystemDate with {extend}: {:?}", reading.0);
    }
}

/// A date in words is as good as its digits. IST alone is the zone of three countries.
#[test]
fn an_extend_may_print_a_date() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let host = Host::create();
    let rows =
        [("iso", "-Ins", 0.01), ("rfc", "--rfc-3339=seconds", 0.6), ("mail", "-R", 0.6), ("words", "", 0.6)];
    let extend = |(name, options, _): (&str, &str, f64)| {
        format!("extend -cacheTime -1 {name} /usr/bin/env LC_ALL=C /bin/date {options}\n")
    };
    let settings = format!("rocommunity public\n{}", rows.map(extend).concat());
    let _agent = Clock::agent_by(&host, "+7s", "Asia/Kolkata", &settings);
    for (name, _, error) in rows {
        let oid = format!("--oid=nsExtendOutput1Line.\"{name}\"");
        let reading = check(&host, &[HOST, &oid, "--timezone=Asia/Kolkata"]);
        assert_eq!(reading.0.code, Some(1), "{name}: {:?}", reading.0);
        reading.holds(7.0, error);
    }
    let bare = check(&host, &[HOST, "--oid=nsExtendOutput1Line.\"words\""]);
    assert_eq!(bare.0.code, Some(3), "{:?}", bare.0);
    let why = "IST is no unique zone: name the zone by --timezone";
    assert!(bare.verdict().1.contains(why), "{:?}", bare.0);
}
