//! What `missing` promises, row by row.

use host_config::AddressOptions;
use host_net::Kind;
use plugin::State;

use super::*;
use crate::Args;
use crate::evaluate::evaluate;
use crate::fixture::{args, judge, observed};

#[test]
fn says_what_is_missing_and_why() {
    let rows = [
        (
            "192.0.2.1 192.0.2.2",
            "192.0.2.1/24@eth0 192.0.2.2/24@eth0+81 127.0.0.1/8@lo",
            "OK - 2 addresses bound and usable | missing=0;;0;0;2 unusable=0;;;0;2 not_bound=0;;;0;2 bound=3;;;0",
            "",
        ),
        (
            "192.0.2.1",
            "192.0.2.1/24@eth0",
            "OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=1;;;0",
            "",
        ),
        (
            "192.0.2.22 192.0.2.31 192.0.2.1",
            "192.0.2.1/24@eth0 192.0.2.226/24@eth0+81",
            "CRITICAL - 2 of 3 addresses missing: 192.0.2.22, 192.0.2.31 | missing=2;;0;0;3 unusable=0;;;0;3 \
             not_bound=2;;;0;3 bound=2;;;0",
            "",
        ),
        (
            "192.0.2.22",
            "192.0.2.226/24@eth0",
            "CRITICAL - 1 of 1 address missing: 192.0.2.22 | missing=1;;0;0;1 unusable=0;;;0;1 not_bound=1;;;0;1 bound=1;;;0",
            "",
        ),
        (
            "198.51.100.1",
            "198.51.100.1/24@eth1",
            "CRITICAL - 198.51.100.1 bound but unusable: eth1 is down | missing=1;;0;0;1 unusable=1;;;0;1 not_bound=0;;;0;1 \
             bound=1;;;0",
            "",
        ),
        (
            "198.51.100.1 198.51.100.2 192.0.2.1",
            "198.51.100.1/24@eth1 198.51.100.2/24@eth1+81 192.0.2.1/24@eth0",
            "CRITICAL - 2 of 3 addresses unusable: 198.51.100.1-2, eth1 is down | missing=2;;0;0;3 unusable=2;;;0;3 \
             not_bound=0;;;0;3 bound=3;;;0",
            "",
        ),
        (
            "2001:db8::dad 192.0.2.1",
            "192.0.2.1/24@eth0 2001:db8::dad/64@eth0+c8",
            "CRITICAL - 1 of 2 addresses unusable: 2001:db8::dad, duplicate on eth0 | missing=1;;0;0;2 unusable=1;;;0;2 \
             not_bound=0;;;0;2 bound=2;;;0",
            "",
        ),
        (
            "198.51.100.1 198.51.100.9 2001:db8::dad",
            "198.51.100.1/24@eth1 198.51.100.9/24@eth2 2001:db8::dad/64@eth0+c8",
            "CRITICAL - 3 of 3 addresses unusable: eth1 is down, eth2 has no carrier, 1 more cause | missing=3;;0;0;3 \
             unusable=3;;;0;3 not_bound=0;;;0;3 bound=3;;;0",
            "198.51.100.1: on eth1, which is down\n198.51.100.9: on eth2, which has no carrier\n\
             2001:db8::dad: duplicate address detected on eth0\n",
        ),
        (
            "192.0.2.9 198.51.100.1 2001:db8::dad 2001:db8::7e 203.0.113.5/32",
            "198.51.100.1/24@eth2 2001:db8::dad/64@eth0+c8 2001:db8::7e/64@eth0+c0 203.0.113.5/24@eth0",
            "CRITICAL - 1 of 5 addresses missing: 192.0.2.9, and 4 unusable: eth2 has no carrier, 3 more causes | \
             missing=5;;0;0;5 unusable=4;;;0;5 not_bound=1;;;0;5 bound=4;;;0",
            "192.0.2.9: not bound\n198.51.100.1: on eth2, which has no carrier\n203.0.113.5: on eth0 with prefix 24, not 32\n\
             2001:db8::7e: still tentative on eth0\n2001:db8::dad: duplicate address detected on eth0\n",
        ),
        (
            "2001:db8::1 2001:db8::2",
            "2001:db8::1/64@eth0+a0 2001:db8::2/64@eth0+44",
            "OK - 2 addresses bound and usable | missing=0;;0;0;2 unusable=0;;;0;2 not_bound=0;;;0;2 bound=2;;;0",
            "note: 2001:db8::1 is deprecated on eth0\n",
        ),
        (
            "172.17.0.1",
            "172.17.0.1/16@docker0",
            "CRITICAL - 172.17.0.1 bound but unusable: on docker0, a bridge without ports | missing=1;;0;0;1 unusable=1;;;0;1 \
             not_bound=0;;;0;1 bound=1;;;0",
            "",
        ),
    ];
    for (list, present, line, details) in rows {
        assert_eq!(judge(&args(), list, present), format!("IP_BOUND {line} unexpected=U;;;0\n{details}"));
    }
}

#[test]
fn one_usable_place_is_enough() {
    let ok = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=2;;;0 unexpected=U;;;0\n";
    for other in ["192.0.2.1/24@eth1", "192.0.2.1/24@eth2", "192.0.2.1/32@lo"] {
        assert_eq!(judge(&args(), "192.0.2.1", &format!("{other} 192.0.2.1/24@eth0")), ok);
        assert_eq!(judge(&args(), "192.0.2.1/24", &format!("{other} 192.0.2.1/24@eth0")), ok);
    }
    // Of two places that will not do, the nearer one is named.
    let line = judge(&args(), "192.0.2.1/24", "192.0.2.1/32@lo 192.0.2.1/24@eth1");
    assert!(line.contains(" - 192.0.2.1 bound but unusable: eth1 is down | "), "{line}");
}

#[test]
fn addresses_must_be_on_the_named_interfaces() {
    let args = Args { interface: vec!["eth0".to_owned(), "eth9".to_owned()], ..args() };
    let line = judge(&args, "192.0.2.1 203.0.113.5", "192.0.2.1/24@eth0 203.0.113.5/32@lo");
    let expected = "IP_BOUND CRITICAL - 1 of 2 addresses unusable: 203.0.113.5, on lo, not on eth0 or eth9 | missing=1;;0;0;2 \
                    unusable=1;;;0;2 not_bound=0;;;0;2 bound=2;;;0 unexpected=U;;;0\nnote: there is no interface eth9 here\n";
    assert_eq!(line, expected);
}

#[test]
fn thresholds_count_the_missing() {
    let rows = [
        (None, None, State::Critical, "", "missing=2;;0;0;3"),
        (Some("0"), None, State::Warning, "", "missing=2;0;;0;3"),
        (Some("5"), None, State::Ok, ", allowed up to 5", "missing=2;5;;0;3"),
        (Some("@0"), None, State::Ok, ", allowed not 0", "missing=2;@0;;0;3"),
        (Some("0"), Some("2"), State::Warning, "", "missing=2;0;2;0;3"),
        (Some("0"), Some("1"), State::Critical, "", "missing=2;0;1;0;3"),
        (None, Some("5"), State::Ok, ", allowed up to 5", "missing=2;;5;0;3"),
        (Some("2"), Some("5"), State::Ok, ", allowed up to 2", "missing=2;2;5;0;3"),
        (None, Some("~:5"), State::Ok, ", allowed up to 5", "missing=2;;~:5;0;3"),
        (None, Some("@3:5"), State::Ok, ", allowed outside 3 to 5", "missing=2;;@3:5;0;3"),
        (None, Some("~:"), State::Ok, ", allowed any number", "missing=2;;~:;0;3"),
        (None, Some("0:"), State::Ok, ", allowed any number", "missing=2;;0:;0;3"),
        (None, Some("1:"), State::Ok, ", allowed 1 or more", "missing=2;;1:;0;3"),
        (Some("1:2"), None, State::Ok, ", allowed 1 to 2", "missing=2;1:2;;0;3"),
        (None, Some("@2:5"), State::Critical, "", "missing=2;;@2:5;0;3"),
    ];
    for (warning, critical, state, allowed, data) in rows {
        let range = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let thresholds = Thresholds { warning: range(warning), critical: range(critical) };
        let args = Args { thresholds, ..args() };
        let present = "192.0.2.1/24@eth0 198.51.100.1/24@eth0";
        let observed = Observations {
            promotes_all: None,
            ..observed(&args, "192.0.2.1 192.0.2.2 192.0.2.3", ListSource::Named, present)
        };
        let report = evaluate(&args.limits(), &observed);
        assert_eq!(report.state, state, "{warning:?} {critical:?}");
        let line = report.render("X", 0);
        assert!(
            line.contains(&format!(" - 2 of 3 addresses missing{allowed}: 192.0.2.2-3 | {data} ")),
            "{line}"
        );
    }
}

#[test]
fn says_who_chose_the_addresses() {
    let args = args();
    let usual = || ListSource::Configured(vec!["cpanel", "netplan"]);
    let line = |source, present| {
        evaluate(&args.limits(), &observed(&args, "192.0.2.1", source, present)).render("IP_BOUND", 0)
    };
    let data = "missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=1;;;0";
    assert_eq!(
        line(usual(), "192.0.2.1/24@eth0"),
        format!("IP_BOUND OK - 1 address from cpanel, netplan bound and usable | {data} unexpected=0;;;0\n")
    );
    let first = |source, present| line(source, present).split(" | ").next().unwrap().to_owned();
    assert_eq!(first(usual(), "192.0.2.2/24@eth0"), "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1");
    assert_eq!(
        line(ListSource::Bound, "192.0.2.1/24@eth0"),
        format!(
            "IP_BOUND OK - 1 address bound here, all usable (no list, no configured address) | {data} unexpected=U;;;0\n"
        )
    );
    assert_eq!(
        line(ListSource::Bound, "192.0.2.1/24@eth0 172.17.0.1/16@docker0"),
        "IP_BOUND OK - 1 address bound here, all usable (no list, no configured address) | missing=0;;0;0;1 \
         unusable=0;;;0;1 not_bound=0;;;0;1 bound=2;;;0 unexpected=U;;;0\n"
    );
    let alarm = line(ListSource::Bound, "192.0.2.1/24@eth1");
    assert!(
        alarm.starts_with("IP_BOUND CRITICAL - 192.0.2.1 bound but unusable: eth1 is down | "),
        "{alarm}"
    );
    let note = "note: no list, no configured address: all bound addresses are expected";
    assert_eq!(alarm.lines().nth(1), Some(note));
}

#[test]
fn what_is_down_on_purpose_is_not_said_to_be_usable() {
    let present = "192.0.2.1/24@eth0 10.96.0.1/32@eth1 10.96.0.10/32@eth1";
    let mut observed = observed(&args(), "", ListSource::Bound, present);
    for interface in observed.bound.interfaces.iter_mut().filter(|interface| interface.name == "eth1") {
        interface.kind = Kind::Dummy;
    }
    observed.conditions = observed.expected.conditions(&observed.bound, &[]);
    let output = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
    assert_eq!(
        output,
        "IP_BOUND OK - 1 address bound here, all usable (no list, no configured address) | missing=0;;0;0;1 \
         unusable=0;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0\n\
         note: 2 addresses on eth1, which is down on purpose\n"
    );
}

#[test]
fn verbose_names_the_line_of_each() {
    let addresses = AddressOptions { ip: vec!["192.0.2.9/24".parse().unwrap()], ..AddressOptions::default() };
    let args = Args { addresses, ..args() };
    let output = evaluate(
        &args.limits(),
        &observed(&args, "192.0.2.1 192.0.2.7", ListSource::Named, "192.0.2.1/24@eth0"),
    )
    .render("X", 1);
    let details: Vec<&str> = output.lines().skip(1).collect();
    assert_eq!(
        details[details.len() - 2..],
        ["192.0.2.7: not bound (ips line 2)", "192.0.2.9/24: not bound (--ip)"]
    );
}

#[test]
fn a_subnet_lost_with_its_primary_is_said_once() {
    let args = args();
    let list: Vec<String> = (1..=42).map(|last| format!("192.0.2.{last}")).collect();
    let mut lost =
        observed(&args, &list.join(" "), ListSource::Named, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
    let lines = |observed: &Observations| -> Vec<String> {
        let output = evaluate(&args.limits(), observed).render("X", 0);
        let (first, details) = output.split_once('\n').unwrap();
        let first = first.split(" | ").next().unwrap().rsplit_once(": ").unwrap().1;
        std::iter::once(first).chain(details.lines()).map(str::to_owned).collect()
    };
    let cause = "with promote_secondaries off, secondaries go with their primary";
    let back = format!("192.0.2.2-42: not bound, only 192.0.2.1 of 192.0.2.0/24 is: {cause}");
    assert_eq!(lines(&lost), ["192.0.2.2-42, perhaps lost with their primary".to_owned(), back]);
    lost.promotes_all = Some(true);
    assert_eq!(lines(&lost), ["192.0.2.2-42"]);
    lost.promotes_all = None;
    assert_eq!(lines(&lost), ["192.0.2.2-42"]);

    let none_left = observed(&args, &list.join(" "), ListSource::Named, "198.51.100.1/24@eth0");
    let gone = format!("192.0.2.1-42: not bound, nor is any other of the same /24: {cause}");
    assert_eq!(lines(&none_left), ["192.0.2.1-42, perhaps lost with their primary".to_owned(), gone]);
    let secondary_left =
        observed(&args, &list.join(" "), ListSource::Named, "192.0.2.1/24@eth0 192.0.2.9/24@eth0+81");
    assert_eq!(lines(&secondary_left), ["192.0.2.2-8, 192.0.2.10-42"]);
    let one = observed(&args, "192.0.2.1 192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0");
    assert_eq!(lines(&one), ["192.0.2.2"]);
}
