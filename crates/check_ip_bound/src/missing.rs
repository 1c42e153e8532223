//! The expected addresses that are missing: how many, which, and why.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{Entry, all, brief};
use plugin::{Metric, Range, Thresholds};

use crate::causes::causes;
use crate::condition::Condition;
use crate::evaluate::{Part, ROOM};
use crate::{Args, ListSource, Observations};

/// One reason and the expected addresses that are missing for it.
type Group = (String, Vec<IpAddr>);

/// Judges the number of missing addresses.
pub(crate) fn judge(args: &Args, observed: &Observations) -> Part {
    let total = observed.expected.entries.len();
    let missing: Vec<&(Entry, Condition)> = observed.conditions.iter().filter(|condition| counts(observed, condition)).collect();
    let unusable = missing.iter().filter(|(_, condition)| *condition != Condition::NotBound).count();
    let default = Thresholds { warning: None, critical: Some(Range::up_to(0.0)) };
    let metric = Metric::count("missing", missing.len()).thresholds(args.thresholds.or(default)).max(total as f64);
    let groups = groups(args, observed, &missing);
    let each = |(entry, condition): &&(Entry, Condition)| {
        let reason = condition.reason(entry.expected, &observed.bound, &args.interface).unwrap_or_default();
        let origin = observed.expected.origin(entry);
        let origin = if origin.is_empty() { origin } else { format!(" ({origin})") };
        format!("{}: {reason}{origin}", entry.expected)
    };
    Part {
        state: metric.state(),
        text: (!missing.is_empty()).then(|| summary(observed, &missing, &groups)),
        details: groups
            .iter()
            .map(|(reason, addresses)| format!("{}: {reason}", all(addresses)))
            .chain(notes(args, observed))
            .collect(),
        verbose: missing.iter().map(each).collect(),
        metrics: vec![
            metric,
            Metric::count("unusable", unusable).max(total as f64),
            Metric::count("bound", observed.bound.addresses.len()),
        ],
    }
}

/// What is said when no expected address is missing.
pub(crate) fn all_well(observed: &Observations) -> String {
    let total = observed.expected.entries.len();
    let addresses = noun(total);
    match &observed.expected.source {
        ListSource::Bound => format!("{total} {addresses} bound here, all usable (no list, no static configuration)"),
        _ => format!("{total} {addresses}{} bound and usable", observed.expected.from()),
    }
}

fn noun(total: usize) -> &'static str {
    if total == 1 { "address" } else { "addresses" }
}

/// Whether a condition makes its address a missing one. An empty bridge is nobody's outage unless its address was asked for.
fn counts(observed: &Observations, (_, condition): &(Entry, Condition)) -> bool {
    match condition {
        Condition::Usable | Condition::Deprecated(_) => false,
        Condition::EmptyBridge(_) => observed.expected.source != ListSource::Bound,
        _ => true,
    }
}

fn summary(observed: &Observations, missing: &[&(Entry, Condition)], groups: &[Group]) -> String {
    let total = observed.expected.entries.len();
    let which: Vec<IpAddr> = missing.iter().map(|(entry, _)| entry.expected.address).collect();
    let shared = match groups {
        [(reason, _)] if !reason.starts_with("not bound") => format!(" ({reason})"),
        _ => String::new(),
    };
    let what = match observed.expected.source {
        ListSource::Bound => "bound here not usable",
        _ => "missing",
    };
    let from = observed.expected.from();
    format!("{} of {total} {}{from} {what}: {}{shared}", missing.len(), noun(total), brief(&which, ROOM))
}

/// The missing addresses by their reason, in the order in which the reasons come up; what one cause explains is one group.
fn groups(args: &Args, observed: &Observations, missing: &[&(Entry, Condition)]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    if missing.is_empty() {
        return groups;
    }
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let explained = causes(observed);
    for (entry, condition) in missing {
        let address = entry.expected.address;
        let cause = explained.get(&address).filter(|_| *condition == Condition::NotBound).cloned();
        let reason = cause.or_else(|| condition.reason(entry.expected, &observed.bound, &args.interface)).unwrap_or_default();
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
fn notes(args: &Args, observed: &Observations) -> Vec<String> {
    let bound = &observed.bound;
    let note = |(entry, condition): &(Entry, Condition)| match condition {
        Condition::Deprecated(on) => Some(format!("note: {} is deprecated on {}", entry.expected, observed.name(*on))),
        Condition::EmptyBridge(_) if !counts(observed, &(*entry, *condition)) => {
            let reason = condition.reason(entry.expected, bound, &args.interface).unwrap_or_default();
            Some(format!("note: {} is {reason}", entry.expected))
        }
        _ => None,
    };
    let unknown = |name: &&String| !bound.interfaces.iter().any(|interface| interface.name == **name);
    let no_interface = args.interface.iter().filter(unknown).map(|name| format!("note: there is no interface {name} here"));
    observed.conditions.iter().filter_map(note).chain(no_interface).chain(misplaced(observed)).collect()
}

/// The addresses that are bound on other interfaces than the configuration promises them on.
fn misplaced(observed: &Observations) -> Vec<String> {
    let mut lookup = observed.bound.lookup();
    let note = |(address, promised): &(IpAddr, String)| {
        let places = lookup.places(*address);
        // An alias as eth0:1 is on eth0.
        let promised = promised.split(':').next().unwrap_or(promised);
        let first = places.first()?;
        let elsewhere = places.iter().all(|place| observed.name(place.interface) != promised);
        elsewhere.then(|| format!("note: {address} is on {}, promised on {promised}", observed.name(first.interface)))
    };
    observed.expected.interfaces.iter().filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use host_config::AddressOptions;
    use plugin::State;

    use super::*;
    use crate::evaluate::evaluate;
    use crate::fixture::{args, judge, observed};

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
            assert_eq!(judge(&args(), list, present), format!("IP_BOUND {line}"));
        }
    }

    #[test]
    fn one_usable_place_is_enough() {
        let ok = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 bound=2;;;0\n";
        for other in ["192.0.2.1/24@eth1", "192.0.2.1/24@eth2", "192.0.2.1/32@lo"] {
            assert_eq!(judge(&args(), "192.0.2.1", &format!("{other} 192.0.2.1/24@eth0")), ok);
            assert_eq!(judge(&args(), "192.0.2.1/24", &format!("{other} 192.0.2.1/24@eth0")), ok);
        }
        // Of two places that will not do, the nearer one is named.
        let line = judge(&args(), "192.0.2.1/24", "192.0.2.1/32@lo 192.0.2.1/24@eth1");
        assert!(line.ends_with("192.0.2.1: on eth1, which is down\n"), "{line}");
    }

    #[test]
    fn addresses_must_be_on_the_named_interfaces() {
        let args = Args { interface: vec!["eth0".to_owned(), "eth9".to_owned()], ..args() };
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
            let args = Args { thresholds, ..args() };
            let report =
                evaluate(&args, &observed(&args, "192.0.2.1 192.0.2.2 192.0.2.3", ListSource::Named, "192.0.2.1/24@eth0"));
            assert_eq!(report.state, state, "{warning:?} {critical:?}");
            let line = report.render("X", 0);
            assert!(line.contains(&format!("2 of 3 addresses missing: 192.0.2.2-3 | {data} ")), "{line}");
        }
    }

    #[test]
    fn says_who_chose_the_addresses() {
        let args = args();
        let usual = || ListSource::Configured(vec!["cpanel", "netplan"]);
        let line = |source, present| evaluate(&args, &observed(&args, "192.0.2.1", source, present)).render("IP_BOUND", 0);
        let data = "missing=0;;0;0;1 unusable=0;;;0;1 bound=1;;;0";
        assert_eq!(
            line(usual(), "192.0.2.1/24@eth0"),
            format!("IP_BOUND OK - 1 address from cpanel, netplan bound and usable | {data} unexpected=0;;;0\n")
        );
        assert_eq!(
            line(usual(), "192.0.2.2/24@eth0").lines().next().unwrap().split(" | ").next().unwrap(),
            "IP_BOUND CRITICAL - 1 of 1 address from cpanel, netplan missing: 192.0.2.1"
        );
        assert_eq!(
            line(ListSource::Bound, "192.0.2.1/24@eth0"),
            format!("IP_BOUND OK - 1 address bound here, all usable (no list, no static configuration) | {data}\n")
        );
        assert_eq!(
            line(ListSource::Bound, "192.0.2.1/24@eth0 172.17.0.1/16@docker0"),
            "IP_BOUND OK - 2 addresses bound here, all usable (no list, no static configuration) | missing=0;;0;0;2 unusable=0;;;0;2 bound=2;;;0\n\
             note: 172.17.0.1 is on docker0, a bridge without ports\n"
        );
        assert_eq!(
            line(ListSource::Bound, "192.0.2.1/24@eth1").lines().next().unwrap().split(" | ").next().unwrap(),
            "IP_BOUND CRITICAL - 1 of 1 address bound here not usable: 192.0.2.1 (on eth1, which is down)"
        );
    }

    #[test]
    fn verbose_names_the_line_of_each() {
        let addresses = AddressOptions { ip: vec!["192.0.2.9/24".parse().unwrap()], ..AddressOptions::default() };
        let args = Args { addresses, ..args() };
        let output =
            evaluate(&args, &observed(&args, "192.0.2.1 192.0.2.7", ListSource::Named, "192.0.2.1/24@eth0")).render("X", 1);
        let details: Vec<&str> = output.lines().skip(1).collect();
        assert_eq!(details[details.len() - 2..], ["192.0.2.7: not bound (ips line 2)", "192.0.2.9/24: not bound (--ip)"]);
    }

    #[test]
    fn a_subnet_lost_with_its_primary_is_said_once() {
        let args = args();
        let list: Vec<String> = (1..=42).map(|last| format!("192.0.2.{last}")).collect();
        let mut lost = observed(&args, &list.join(" "), ListSource::Named, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
        let details = |observed: &Observations| -> Vec<String> {
            evaluate(&args, observed).render("X", 0).lines().skip(1).map(str::to_owned).collect()
        };
        let cause = "with promote_secondaries off, secondaries go with their primary";
        assert_eq!(details(&lost), [format!("192.0.2.2-42: not bound, only 192.0.2.1 of 192.0.2.0/24 is; {cause}")]);
        lost.promotes_all = Some(true);
        assert_eq!(details(&lost), ["192.0.2.2-42: not bound"]);
        lost.promotes_all = None;
        assert_eq!(details(&lost), ["192.0.2.2-42: not bound"]);

        let none_left = observed(&args, &list.join(" "), ListSource::Named, "198.51.100.1/24@eth0");
        assert_eq!(details(&none_left), [format!("192.0.2.1-42: not bound, nor is any other of the same /24; {cause}")]);
        let secondary_left = observed(&args, &list.join(" "), ListSource::Named, "192.0.2.1/24@eth0 192.0.2.9/24@eth0+81");
        assert_eq!(details(&secondary_left), ["192.0.2.2-8, 192.0.2.10-42: not bound"]);
        let one = observed(&args, "192.0.2.1 192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0");
        assert_eq!(details(&one), ["192.0.2.2: not bound"]);
    }
}
