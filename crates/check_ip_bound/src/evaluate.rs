//! Judges what was observed, question by question, and makes one report of it.

use std::time::Duration;

use plugin::{Finding, Findings, Report, State, Thresholds};

use crate::probe::{ProbeError, REMEDY};
use crate::words::with_marks;
use crate::{
    Expected, Observations, extra, gateway, held, misplaced, missing, port_findings, refused, shadowed,
    table, uncontrolled,
};

/// What is judged how.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// How many expected addresses may be missing.
    pub(crate) missing: Thresholds,
    /// The state of an unexpected address: a note if `None`.
    pub(crate) unexpected: Option<State>,
    /// The state of an address on another interface than configured: a note if OK.
    pub(crate) misplaced: State,
    /// The state of addresses in files that never apply: a note if OK.
    pub(crate) shadowed: State,
    /// How long after boot CRITICAL is WARNING.
    pub(crate) grace: Option<Duration>,
    /// Whether -v shows a table of the expected addresses, and not a line for each that is missing.
    pub(crate) table: bool,
}

/// Makes the report: missing, forbidden and unexpected addresses and the default route of each family are a
/// finding each.
pub(crate) fn evaluate(limits: &Limits, observed: &Observations) -> Report {
    let missing = missing::judge(&limits.missing, !limits.table, observed);
    let all_well = all_well(observed, &missing);
    let mut findings = vec![missing, held::judge_absent(observed)];
    findings.extend(gateway::judge(observed));
    findings.extend(port_findings::judge(observed));
    findings.extend(uncontrolled::judge(observed));
    findings.push(misplaced::judge(limits.misplaced, observed));
    findings.push(shadowed::judge(limits.shadowed, observed));
    findings.push(judge_unusable(observed));
    findings.extend(refused::judge(limits.shadowed, observed));
    findings.push(judge_unknown(limits, observed));
    findings.push(extra::judge(limits.unexpected, observed));
    findings.push(held::report_floating(observed));
    findings.extend(judge_nothing(&findings, observed));
    let remark = apply_grace(&mut findings, limits.grace, observed.uptime);
    let notes = observed.expected.notes.iter().cloned();
    findings.push(Finding::ok("").details(notes).verbose_details(observed.expected.remarks.iter().cloned()));
    let table = if limits.table { table::lines(observed) } else { Vec::new() };
    findings.push(Finding::ok("").verbose_details(table));
    let findings: Findings = findings.into_iter().collect();
    findings.remark(remark).report(all_well)
}

/// Judges the lists and sources that cannot be used. An address of the others that is missing is worse.
fn judge_unusable(observed: &Observations) -> Finding {
    match observed.expected.unusable.as_slice() {
        [] => Finding::ok(""),
        [first, rest @ ..] => Finding::unknown(with_marks(first)).details(rest.iter().cloned()),
    }
}

/// Judges what of the configuration is not understood: the known addresses may be too few to say that all is
/// well.
fn judge_unknown(limits: &Limits, observed: &Observations) -> Finding {
    let Expected { unknown, refused, .. } = &observed.expected;
    // What the program itself refuses is a finding of its own.
    let is_new = |line: &&String| limits.shadowed == State::Ok || !refused.contains(line);
    let lines: Vec<String> = unknown.iter().filter(is_new).cloned().collect();
    match lines.as_slice() {
        [] => Finding::ok(""),
        [first, rest @ ..] => {
            let advice = "note: --list prints what is understood: complete it by hand, delete its lines # not understood, \
                          and give it to --file";
            Finding::unknown(with_marks(first)).details(rest.iter().cloned()).detail(advice)
        }
    }
}

/// Returns a finding where nothing that was looked at could ever be an alarm: addresses that may be here or
/// not, as keepalived's, are no expectation.
fn judge_nothing(findings: &[Finding], observed: &Observations) -> Option<Finding> {
    let expected = &observed.expected;
    let nothing = missing::total(observed) == 0 && expected.absent.is_empty() && expected.gateways.is_empty();
    let well = findings.iter().all(|finding| finding.state == State::Ok);
    let waiting = || missing::waiting(observed).map(ProbeError::OnlyExcused);
    let why = || match ProbeError::nothing(expected, &observed.bound) {
        nothing @ (ProbeError::NothingToCheck | ProbeError::Noted(_)) if expected.floating.is_empty() => {
            waiting().unwrap_or(nothing)
        }
        ProbeError::NothingToCheck | ProbeError::Noted(_) => ProbeError::OnlyFloating,
        nothing => nothing,
    };
    // The notes follow in any case.
    let finding = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        Finding::unknown(first).details(text.lines().find(|line| *line == REMEDY).map(str::to_owned))
    };
    (nothing && well).then(|| finding(&why().to_string()))
}

/// Returns the first line of a report without a fault. As many missing as are allowed are no fault, and not
/// left out.
fn all_well(observed: &Observations, missing: &Finding) -> String {
    match held::floating_in_words(observed) {
        _ if !missing.text.is_empty() => missing.text.clone(),
        Some(floating) if missing::total(observed) == 0 => floating,
        _ => missing::all_well(observed),
    }
}

/// Turns CRITICAL into WARNING within `grace` after boot, and returns the remark that says so.
fn apply_grace(findings: &mut [Finding], grace: Option<Duration>, uptime: Option<Duration>) -> String {
    let (Some(grace), Some(uptime)) = (grace, uptime) else { return String::new() };
    let mut critical = findings.iter_mut().filter(|finding| finding.state == State::Critical).peekable();
    if uptime >= grace || critical.peek().is_none() {
        return String::new();
    }
    critical.for_each(|finding| finding.state = State::Warning);
    format!("up for {} s, grace {} s", uptime.as_secs(), grace.as_secs())
}

#[cfg(test)]
mod tests {
    use host_net::DefaultRoute;

    use super::*;
    use crate::Args;
    use crate::ListSource;
    use crate::fixture::{args, judge, observed};

    fn configured() -> ListSource {
        ListSource::Configured(vec!["netplan"])
    }

    fn lines(args: &Args, observed: &Observations) -> Vec<String> {
        evaluate(&args.limits(), observed).render("IP_BOUND", 0).lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_extra_address_is_a_note_or_what_it_is_said_to_be() {
        let present = "192.0.2.1/24@eth0 192.0.2.200/24@eth0+1~3600 192.0.2.7/24@eth3 192.0.2.8/24@eth3 fe80::1/64@eth0 \
                       169.254.3.4/16@eth3 127.0.0.1/8@lo ::1/128@lo 172.17.0.1/16@docker0 203.0.113.5/32@lo";
        let looked = |args: &Args| lines(args, &observed(args, "192.0.2.1", configured(), present));
        let notes = [
            "note: unexpected: 203.0.113.5 on lo (permanent)",
            "note: unexpected: 192.0.2.200 on eth0 (for 3600 s more, by DHCP or router advertisement)",
            "note: unexpected: 192.0.2.7-8 on eth3 (permanent)",
        ];
        let found = looked(&args());
        let data = "missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=10;;;0";
        assert_eq!(
            found[0],
            format!("IP_BOUND OK - 1 address from netplan bound and usable | {data} unexpected=4;;;0")
        );
        assert_eq!(found[1..], notes);

        let found = looked(&Args { unexpected: Some(State::Warning), ..args() });
        let text = "4 unexpected addresses: 192.0.2.7-8 and 2 more";
        assert_eq!(found[0], format!("IP_BOUND WARNING - {text} | {data} unexpected=4;0;;0"));
        assert_eq!(found[1..], notes);

        let ignore = ["eth3", "203.0.113.0/24"].map(|ignored| ignored.parse().unwrap()).to_vec();
        let found = looked(&Args { unexpected: Some(State::Critical), ignore, ..args() });
        let text = "1 unexpected address: 192.0.2.200";
        assert_eq!(found[0], format!("IP_BOUND CRITICAL - {text} | {data} unexpected=1;;0;0"));
    }

    #[test]
    fn a_floating_address_may_be_here_or_not() {
        let floating = ["192.0.2.9", "2001:db8::9"].map(|address| address.parse().unwrap()).to_vec();
        let args = Args { floating, ..args() };
        let rows = [
            (
                "192.0.2.1/24@eth0 192.0.2.9/32@eth0",
                "bound=2;;;0 unexpected=U;;;0 holds_192_0_2_9=1;;;0;1 holds_2001_db8__9=0;;;0;1",
                ["note: floating 192.0.2.9 is here", "note: floating 2001:db8::9 is not here (not bound)"],
            ),
            (
                "192.0.2.1/24@eth0 192.0.2.9/32@eth1 2001:db8::9/64@eth0+c8",
                "bound=3;;;0 unexpected=U;;;0 holds_192_0_2_9=0;;;0;1 holds_2001_db8__9=0;;;0;1",
                [
                    "note: floating 192.0.2.9 is not usable here: on eth1, which is down",
                    "note: floating 2001:db8::9 is not usable here: duplicate address detected on eth0",
                ],
            ),
        ];
        for (present, data, notes) in rows {
            // Also where a list has it, it is not demanded.
            let found = lines(&args, &observed(&args, "192.0.2.1 192.0.2.9", ListSource::Named, present));
            let first = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1";
            assert_eq!(found[0], format!("{first} {data}"));
            assert_eq!(found[1..], notes);
        }
        let only = lines(&args, &observed(&args, "", ListSource::Named, "192.0.2.9/32@eth0"));
        let nothing = "IP_BOUND UNKNOWN - no address is expected beside floating ones: name them by --ip or --file, or add --bound | ";
        assert!(only[0].starts_with(nothing) && only[0].ends_with("holds_2001_db8__9=0;;;0;1"), "{only:?}");
        let absent = vec!["192.0.2.10".parse().unwrap()];
        let moving = Args { absent, ..args };
        let only = lines(&moving, &observed(&moving, "", ListSource::Named, "192.0.2.9/32@eth0"));
        assert!(only[0].starts_with("IP_BOUND OK - 1 of 2 floating addresses here | "), "{only:?}");
        // --bound looks at the other addresses all the same.
        let bound = observed(&moving, "", ListSource::Bound, "192.0.2.1/24@eth1 192.0.2.9/32@eth0");
        let line = "IP_BOUND CRITICAL - 192.0.2.1 bound but unusable: eth1 is down | ";
        assert!(lines(&moving, &bound)[0].starts_with(line), "{:?}", lines(&moving, &bound));
    }

    #[test]
    fn an_absent_address_must_not_be_here() {
        let args =
            Args { absent: vec!["192.0.2.9".parse().unwrap(), "192.0.2.10".parse().unwrap()], ..args() };
        let present = "192.0.2.1/24@eth0 192.0.2.9/32@eth1 192.0.2.9/32@lo";
        let found = judge(&args, "192.0.2.1", present);
        let data = "missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1";
        let expected = format!(
            "IP_BOUND CRITICAL - 192.0.2.9 is bound on lo, eth1 and must be absent | {data} bound=3;;;0 unexpected=U;;;0\n"
        );
        assert_eq!(found, expected);
        let both = judge(&args, "192.0.2.1", "192.0.2.1/24@eth0 192.0.2.9/32@eth1 192.0.2.10/32@lo");
        let expected = format!(
            "IP_BOUND CRITICAL - 192.0.2.9-10 are bound and must be absent | {data} bound=3;;;0 unexpected=U;;;0\n\
             192.0.2.9 is bound on eth1 and must be absent\n192.0.2.10 is bound on lo and must be absent\n"
        );
        assert_eq!(both, expected);
        assert!(
            judge(&args, "192.0.2.1", "192.0.2.1/24@eth0")
                .starts_with("IP_BOUND OK - 1 address bound and usable | ")
        );
    }

    fn route(gateway: &str, interface: u32, metric: u32, kind: u8, origin: u8) -> DefaultRoute {
        let gateway = gateway.parse().ok();
        let ipv6 = gateway.is_some_and(|gateway: std::net::IpAddr| gateway.is_ipv6());
        DefaultRoute { ipv6, metric, gateway, interface: Some(interface), kind, origin }
    }

    #[test]
    fn the_default_route_is_one_and_goes_through_the_gateway() {
        let rows = [
            (vec![route("192.0.2.254", 2, 0, 1, 4)], None, "default route via 192.0.2.254 on eth0"),
            (vec![], Some("no default route, expected via 192.0.2.254"), ""),
            (
                vec![route("192.0.2.254", 2, 0, 1, 4), route("192.0.2.253", 2, 100, 1, 16)],
                Some("2 default routes: via 192.0.2.254 on eth0, via 192.0.2.253 by dhcp metric 100 on eth0"),
                "",
            ),
            (
                vec![route("192.0.2.253", 6, 0, 1, 16)],
                Some("default route via 192.0.2.253 by dhcp on eth3, not via 192.0.2.254"),
                "",
            ),
            (vec![route("", 1, 0, 6, 4)], Some("default route blackhole on lo, not via 192.0.2.254"), ""),
            (vec![route("", 2, 0, 1, 4)], Some("default route onto a link on eth0, not via 192.0.2.254"), ""),
        ];
        for (routes, wrong, detail) in rows {
            let args = Args { gateway: vec!["192.0.2.254".parse().unwrap()], ..args() };
            let count = routes.len();
            let found = Observations {
                routes,
                ..observed(&args, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0")
            };
            let found = lines(&args, &found);
            let (state, text) =
                wrong.map_or(("OK", "1 address bound and usable"), |wrong| ("CRITICAL", wrong));
            let data = format!(
                "missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=1;;;0 default_routes_ipv4={count};;;0 unexpected=U;;;0"
            );
            assert_eq!(found[0], format!("IP_BOUND {state} - {text} | {data}"));
            assert_eq!(found.get(1).map(String::as_str), Some(detail).filter(|detail| !detail.is_empty()));
        }
        let both =
            Args { gateway: vec!["192.0.2.254".parse().unwrap(), "2001:db8::fe".parse().unwrap()], ..args() };
        let routes = vec![route("192.0.2.254", 2, 0, 1, 4), route("2001:db8::fe", 2, 1024, 1, 9)];
        let found = lines(
            &both,
            &Observations { routes, ..observed(&both, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0") },
        );
        assert!(
            found[0].ends_with("default_routes_ipv4=1;;;0 default_routes_ipv6=1;;;0 unexpected=U;;;0"),
            "{found:?}"
        );
        assert_eq!(found[2], "default route via 2001:db8::fe by router advertisement metric 1024 on eth0");
    }

    #[test]
    fn a_mapped_address_of_an_option_is_the_ipv4_address() {
        let mapped = |address: &str| vec![format!("::ffff:{address}").parse().unwrap()];
        let rows = [
            ("192.0.2.254", "192.0.2.9", "OK - 1 address bound and usable"),
            (
                "192.0.2.253",
                "192.0.2.9",
                "CRITICAL - default route via 192.0.2.254 on eth0, not via 192.0.2.253",
            ),
            ("192.0.2.254", "192.0.2.1", "CRITICAL - 192.0.2.1 is bound on eth0 and must be absent"),
        ];
        for (gateway, absent, expected) in rows {
            let args = Args { gateway: mapped(gateway), absent: mapped(absent), ..args() };
            let routes = vec![route("192.0.2.254", 2, 0, 1, 4)];
            let seen = observed(&args, "::ffff:192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0");
            let found = lines(&args, &Observations { routes, ..seen });
            assert!(found[0].starts_with(&format!("IP_BOUND {expected} | ")), "{found:?}");
        }
    }

    #[test]
    fn several_wrongs_stand_worst_first() {
        let args = Args {
            gateway: vec!["192.0.2.254".parse().unwrap()],
            unexpected: Some(State::Warning),
            thresholds: plugin::Thresholds { warning: Some("0".parse().unwrap()), critical: None },
            ..args()
        };
        let found = lines(
            &args,
            &observed(&args, "192.0.2.1 192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0 192.0.2.3/24@eth0"),
        );
        assert_eq!(
            found[0].split(" | ").next(),
            Some("IP_BOUND CRITICAL - no default route, expected via 192.0.2.254, 2 more faults")
        );
        let expected = [
            "CRITICAL: no default route, expected via 192.0.2.254",
            "WARNING: 1 of 2 addresses missing: 192.0.2.2",
            "WARNING: 1 unexpected address: 192.0.2.3",
            "note: unexpected: 192.0.2.3 on eth0 (permanent)",
        ];
        assert_eq!(found[1..], expected);
    }

    #[test]
    fn soon_after_boot_critical_is_a_warning() {
        let rows = [
            (Some(300), Some(42), State::Warning, " (up for 42 s, grace 300 s) | "),
            (Some(300), Some(300), State::Critical, "missing: 192.0.2.2 | "),
            (None, None, State::Critical, "missing: 192.0.2.2 | "),
        ];
        for (grace, uptime, state, text) in rows {
            let args = Args { grace: grace.map(|grace| Duration::from_secs(grace).into()), ..args() };
            let uptime = uptime.map(Duration::from_secs);
            let found = Observations {
                uptime,
                ..observed(&args, "192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0")
            };
            let report = evaluate(&args.limits(), &found);
            assert_eq!(report.state, state);
            assert!(report.render("X", 0).contains(text), "{}", report.render("X", 0));
        }
        let args = Args { grace: Some(Duration::from_secs(300).into()), ..args() };
        let well = Observations {
            uptime: Some(Duration::ZERO),
            ..observed(&args, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0")
        };
        assert!(
            evaluate(&args.limits(), &well)
                .render("X", 0)
                .starts_with("X OK - 1 address bound and usable | ")
        );
    }
}
