//! Judges what was seen: how many wanted addresses are missing, which, and why.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{Entry, all, brief};
use plugin::{Metric, Range, Report, Thresholds};

use crate::causes::lost_subnets;
use crate::finding::Finding;
use crate::wanted::Source;
use crate::{Args, Seen};

/// How many characters of the first line go to addresses, so that it mostly stays below 80 before the performance data.
const ROOM: usize = 40;

/// One reason and the wanted addresses that are missing for it.
type Group = (String, Vec<IpAddr>);

/// The report.
pub(crate) fn evaluate(args: &Args, seen: &Seen) -> Report {
    let total = seen.wanted.wants.len();
    let missing: Vec<&(Entry, Finding)> = seen.findings.iter().filter(|finding| counts(seen, finding)).collect();
    let unusable = missing.iter().filter(|(_, finding)| *finding != Finding::NotBound).count();
    let default = Thresholds { warning: None, critical: Some(Range::up_to(0.0)) };
    let metric = Metric::count("missing", missing.len()).thresholds(args.thresholds.or(default)).max(total as f64);
    let groups = groups(args, seen, &missing);
    let mut report = Report::new(metric.state(), summary(seen, &missing, &groups))
        .metric(metric)
        .metric(Metric::count("unusable", unusable).max(total as f64))
        .metric(Metric::count("bound", seen.bound.addresses.len()));
    for (reason, addresses) in &groups {
        report = report.detail(format!("{}: {reason}", all(addresses)));
    }
    for note in notes(args, seen) {
        report = report.detail(note);
    }
    for (want, finding) in missing {
        let reason = finding.reason(want.expected, &seen.bound, &args.interface).unwrap_or_default();
        report = report.verbose_detail(format!("{}: {reason}{}", want.expected, seen.wanted.origin(want)));
    }
    report
}

/// Whether a finding makes its address a missing one. An empty bridge is nobody's outage unless its address was asked for.
fn counts(seen: &Seen, (_, finding): &(Entry, Finding)) -> bool {
    match finding {
        Finding::Usable | Finding::Deprecated(_) => false,
        Finding::EmptyBridge(_) => seen.wanted.source != Source::Bound,
        _ => true,
    }
}

fn summary(seen: &Seen, missing: &[&(Entry, Finding)], groups: &[Group]) -> String {
    let total = seen.wanted.wants.len();
    let addresses = if total == 1 { "address" } else { "addresses" };
    let list = match &seen.wanted.source {
        Source::UsualList(file) => format!(" of {file}"),
        Source::Named | Source::Bound => String::new(),
    };
    if missing.is_empty() {
        return match seen.wanted.source {
            Source::Bound => format!("{total} {addresses} bound here, all usable (no list given)"),
            _ => format!("{total} {addresses}{list} bound and usable"),
        };
    }
    let which: Vec<IpAddr> = missing.iter().map(|(want, _)| want.expected.address).collect();
    let shared = match groups {
        [(reason, _)] if !reason.starts_with("not bound") => format!(" ({reason})"),
        _ => String::new(),
    };
    let what = match seen.wanted.source {
        Source::Bound => format!("{addresses} bound here not usable"),
        _ => format!("{addresses}{list} missing"),
    };
    format!("{} of {total} {what}: {}{shared}", missing.len(), brief(&which, ROOM))
}

/// The missing addresses by their reason, in the order in which the reasons come up; what one cause explains is one group.
fn groups(args: &Args, seen: &Seen, missing: &[&(Entry, Finding)]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let lost = lost_subnets(seen);
    let explained: BTreeMap<IpAddr, &str> = lost.iter().flat_map(|lost| lost.each()).collect();
    for (want, finding) in missing {
        let address = want.expected.address;
        let cause = explained.get(&address).filter(|_| *finding == Finding::NotBound).map(|reason| (*reason).to_owned());
        let reason = cause.or_else(|| finding.reason(want.expected, &seen.bound, &args.interface)).unwrap_or_default();
        let place = *places.entry(reason).or_insert_with_key(|reason| {
            groups.push((reason.clone(), Vec::new()));
            groups.len() - 1
        });
        if let Some((_, addresses)) = groups.get_mut(place) {
            addresses.push(address);
        }
    }
    groups
}

/// What is worth knowing and no alarm.
fn notes(args: &Args, seen: &Seen) -> Vec<String> {
    let bound = &seen.bound;
    let name = |index| bound.interface(index).map_or("", |interface| interface.name.as_str());
    let note = |(want, finding): &(Entry, Finding)| match finding {
        Finding::Deprecated(on) => Some(format!("note: {} is deprecated on {}", want.expected, name(*on))),
        Finding::EmptyBridge(_) if !counts(seen, &(*want, *finding)) => {
            let reason = finding.reason(want.expected, bound, &args.interface).unwrap_or_default();
            Some(format!("note: {} is {reason}", want.expected))
        }
        _ => None,
    };
    let unknown = |name: &&String| !bound.interfaces.iter().any(|interface| interface.name == **name);
    let no_interface = args.interface.iter().filter(unknown).map(|name| format!("note: there is no interface {name} here"));
    seen.findings.iter().filter_map(note).chain(no_interface).collect()
}

#[cfg(test)]
mod tests {
    use addresses::{Bound, BoundAddress, Flags, Interface, Link, List};
    use plugin::State;

    use super::*;
    use crate::finding::findings;
    use crate::wanted::Wanted;

    /// Two interfaces that are up, one that is down, one without carrier, an empty bridge, and loopback.
    fn interfaces() -> Vec<Interface> {
        let links =
            [("lo", Link::Up), ("eth0", Link::Up), ("eth1", Link::Down), ("eth2", Link::NoCarrier), ("docker0", Link::NoCarrier)];
        let interface = |(index, (name, link)): (u32, (&str, Link))| Interface {
            index,
            name: name.to_owned(),
            link,
            loopback: name == "lo",
            empty_bridge: name == "docker0",
            promotes_secondaries: Some(false),
        };
        (1..).zip(links).map(interface).collect()
    }

    /// `ADDRESS/PREFIX@INTERFACE` for each, with the flags' bits after a `+`.
    fn bound(text: &str) -> Bound {
        let interfaces = interfaces();
        let parse = |item: &str| {
            let (expected, place) = item.split_once('@').unwrap();
            let (name, flags) = place.split_once('+').unwrap_or((place, "80"));
            let expected: addresses::Expected = expected.parse().unwrap();
            BoundAddress {
                address: expected.address,
                prefix: expected.prefix.unwrap(),
                interface: interfaces.iter().find(|interface| interface.name == name).unwrap().index,
                flags: Flags(u8::from_str_radix(flags, 16).unwrap()),
            }
        };
        let mut addresses: Vec<BoundAddress> = text.split_whitespace().map(parse).collect();
        addresses.sort();
        Bound { interfaces, addresses }
    }

    fn seen(args: &Args, list: &str, source: Source, present: &str) -> Seen {
        let bound = bound(present);
        let wanted = match source {
            Source::Bound => Wanted::all(&bound),
            source => {
                let list = (!list.is_empty()).then(|| List::parse("ips", 0, list.replace(' ', "\n").as_bytes()).unwrap());
                Wanted::new(&args.ip, list.into_iter().collect(), source)
            }
        };
        let findings = findings(&wanted, &bound, &args.interface);
        Seen { wanted, bound, findings, promotes_all: Some(false) }
    }

    fn judge(args: &Args, list: &str, present: &str) -> String {
        evaluate(args, &seen(args, list, Source::Named, present)).render("IP_BOUND", 0)
    }

    #[test]
    fn says_what_is_missing_and_why() {
        let rows = [
            (
                "192.0.2.1 192.0.2.2",
                "192.0.2.1/24@eth0 192.0.2.2/24@eth0+81 127.0.0.1/8@lo",
                "OK - 2 addresses bound and usable | missing=0;;0;0;2 unusable=0;;;0;2 bound=3;;;0\n",
            ),
            (
                "192.0.2.1",
                "192.0.2.1/24@eth0",
                "OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 bound=1;;;0\n",
            ),
            (
                "192.0.2.22 192.0.2.31 192.0.2.1",
                "192.0.2.1/24@eth0 192.0.2.226/24@eth0+81",
                "CRITICAL - 2 of 3 addresses missing: 192.0.2.22, 192.0.2.31 | missing=2;;0;0;3 unusable=0;;;0;3 bound=2;;;0\n\
                 192.0.2.22, 192.0.2.31: not bound\n",
            ),
            (
                "192.0.2.22",
                "192.0.2.226/24@eth0",
                "CRITICAL - 1 of 1 address missing: 192.0.2.22 | missing=1;;0;0;1 unusable=0;;;0;1 bound=1;;;0\n\
                 192.0.2.22: not bound\n",
            ),
            (
                "198.51.100.1 198.51.100.2",
                "198.51.100.1/24@eth1 198.51.100.2/24@eth1+81",
                "CRITICAL - 2 of 2 addresses missing: 198.51.100.1-2 (on eth1, which is down) | missing=2;;0;0;2 unusable=2;;;0;2 \
                 bound=2;;;0\n198.51.100.1-2: on eth1, which is down\n",
            ),
            (
                "192.0.2.9 198.51.100.1 2001:db8::dad 2001:db8::7e 203.0.113.5/32",
                "198.51.100.1/24@eth2 2001:db8::dad/64@eth0+c8 2001:db8::7e/64@eth0+c0 203.0.113.5/24@eth0",
                "CRITICAL - 5 of 5 addresses missing: 192.0.2.9, 198.51.100.1 and 3 more | missing=5;;0;0;5 unusable=4;;;0;5 \
                 bound=4;;;0\n192.0.2.9: not bound\n198.51.100.1: on eth2, which has no carrier\n203.0.113.5: on eth0 with \
                 prefix 24, not 32\n2001:db8::7e: still tentative on eth0\n2001:db8::dad: duplicate address detected on eth0\n",
            ),
            (
                "2001:db8::1 2001:db8::2",
                "2001:db8::1/64@eth0+a0 2001:db8::2/64@eth0+44",
                "OK - 2 addresses bound and usable | missing=0;;0;0;2 unusable=0;;;0;2 bound=2;;;0\n\
                 note: 2001:db8::1 is deprecated on eth0\n",
            ),
            (
                "172.17.0.1",
                "172.17.0.1/16@docker0",
                "CRITICAL - 1 of 1 address missing: 172.17.0.1 (on docker0, a bridge without ports) | missing=1;;0;0;1 \
                 unusable=1;;;0;1 bound=1;;;0\n172.17.0.1: on docker0, a bridge without ports\n",
            ),
        ];
        for (list, present, line) in rows {
            assert_eq!(judge(&Args::default(), list, present), format!("IP_BOUND {line}"));
        }
    }

    #[test]
    fn one_usable_place_is_enough() {
        let ok = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 bound=2;;;0\n";
        for other in ["192.0.2.1/24@eth1", "192.0.2.1/24@eth2", "192.0.2.1/32@lo"] {
            assert_eq!(judge(&Args::default(), "192.0.2.1", &format!("{other} 192.0.2.1/24@eth0")), ok);
            assert_eq!(judge(&Args::default(), "192.0.2.1/24", &format!("{other} 192.0.2.1/24@eth0")), ok);
        }
        // Of two places that will not do, the nearer one is named.
        let line = judge(&Args::default(), "192.0.2.1/24", "192.0.2.1/32@lo 192.0.2.1/24@eth1");
        assert!(line.ends_with("192.0.2.1: on eth1, which is down\n"), "{line}");
    }

    #[test]
    fn addresses_must_be_on_the_named_interfaces() {
        let args = Args { interface: vec!["eth0".to_owned(), "eth9".to_owned()], ..Args::default() };
        let line = judge(&args, "192.0.2.1 203.0.113.5", "192.0.2.1/24@eth0 203.0.113.5/32@lo");
        let expected = "IP_BOUND CRITICAL - 1 of 2 addresses missing: 203.0.113.5 (on lo, not on eth0 or eth9) | \
                        missing=1;;0;0;2 unusable=1;;;0;2 bound=2;;;0\n203.0.113.5: on lo, not on eth0 or eth9\n\
                        note: there is no interface eth9 here\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn thresholds_count_the_missing() {
        let rows = [
            (None, None, State::Critical, "missing=2;;0;0;3"),
            (Some("0"), None, State::Warning, "missing=2;0;;0;3"),
            (Some("0"), Some("2"), State::Warning, "missing=2;0;2;0;3"),
            (Some("0"), Some("1"), State::Critical, "missing=2;0;1;0;3"),
            (None, Some("5"), State::Ok, "missing=2;;5;0;3"),
            (None, Some("@2:5"), State::Critical, "missing=2;;@2:5;0;3"),
        ];
        for (warning, critical, state, data) in rows {
            let range = |text: Option<&str>| text.map(|text| text.parse().unwrap());
            let thresholds = Thresholds { warning: range(warning), critical: range(critical) };
            let args = Args { thresholds, ..Args::default() };
            let report = evaluate(&args, &seen(&args, "192.0.2.1 192.0.2.2 192.0.2.3", Source::Named, "192.0.2.1/24@eth0"));
            assert_eq!(report.state, state, "{warning:?} {critical:?}");
            let line = report.render("X", 0);
            assert!(line.contains(&format!("2 of 3 addresses missing: 192.0.2.2-3 | {data} ")), "{line}");
        }
    }

    #[test]
    fn says_who_chose_the_addresses() {
        let args = Args::default();
        let usual = || Source::UsualList("/etc/ips".to_owned());
        let line = |source, present| evaluate(&args, &seen(&args, "192.0.2.1", source, present)).render("IP_BOUND", 0);
        let data = "missing=0;;0;0;1 unusable=0;;;0;1 bound=1;;;0";
        assert_eq!(
            line(usual(), "192.0.2.1/24@eth0"),
            format!("IP_BOUND OK - 1 address of /etc/ips bound and usable | {data}\n")
        );
        assert_eq!(
            line(usual(), "192.0.2.2/24@eth0").lines().next().unwrap().split(" | ").next().unwrap(),
            "IP_BOUND CRITICAL - 1 of 1 address of /etc/ips missing: 192.0.2.1"
        );
        assert_eq!(
            line(Source::Bound, "192.0.2.1/24@eth0"),
            format!("IP_BOUND OK - 1 address bound here, all usable (no list given) | {data}\n")
        );
        assert_eq!(
            line(Source::Bound, "192.0.2.1/24@eth0 172.17.0.1/16@docker0"),
            "IP_BOUND OK - 2 addresses bound here, all usable (no list given) | missing=0;;0;0;2 unusable=0;;;0;2 bound=2;;;0\n\
             note: 172.17.0.1 is on docker0, a bridge without ports\n"
        );
        assert_eq!(
            line(Source::Bound, "192.0.2.1/24@eth1").lines().next().unwrap().split(" | ").next().unwrap(),
            "IP_BOUND CRITICAL - 1 of 1 address bound here not usable: 192.0.2.1 (on eth1, which is down)"
        );
    }

    #[test]
    fn verbose_names_the_line_of_each() {
        let args = Args { ip: vec!["192.0.2.9/24".parse().unwrap()], ..Args::default() };
        let output = evaluate(&args, &seen(&args, "192.0.2.1 192.0.2.7", Source::Named, "192.0.2.1/24@eth0")).render("X", 1);
        let details: Vec<&str> = output.lines().skip(1).collect();
        assert_eq!(details[details.len() - 2..], ["192.0.2.7: not bound (ips line 2)", "192.0.2.9/24: not bound (--ip)"]);
    }

    #[test]
    fn a_subnet_lost_with_its_primary_is_said_once() {
        let args = Args::default();
        let list: Vec<String> = (1..=42).map(|last| format!("192.0.2.{last}")).collect();
        let mut lost = seen(&args, &list.join(" "), Source::Named, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
        let details =
            |seen: &Seen| -> Vec<String> { evaluate(&args, seen).render("X", 0).lines().skip(1).map(str::to_owned).collect() };
        let cause = "with promote_secondaries off, secondaries go with their primary";
        assert_eq!(details(&lost), [format!("192.0.2.2-42: not bound, only 192.0.2.1 of 192.0.2.0/24 is; {cause}")]);
        lost.promotes_all = Some(true);
        assert_eq!(details(&lost), ["192.0.2.2-42: not bound"]);
        lost.promotes_all = None;
        assert_eq!(details(&lost), ["192.0.2.2-42: not bound"]);

        let none_left = seen(&args, &list.join(" "), Source::Named, "198.51.100.1/24@eth0");
        assert_eq!(details(&none_left), [format!("192.0.2.1-42: not bound, nor is any other of the same /24; {cause}")]);
        let secondary_left = seen(&args, &list.join(" "), Source::Named, "192.0.2.1/24@eth0 192.0.2.9/24@eth0+81");
        assert_eq!(details(&secondary_left), ["192.0.2.2-8, 192.0.2.10-42: not bound"]);
        let one = seen(&args, "192.0.2.1 192.0.2.2", Source::Named, "192.0.2.1/24@eth0");
        assert_eq!(details(&one), ["192.0.2.2: not bound"]);
    }
}
