//! Judges what was observed, part by part, and puts the parts together: the worst first.

use std::time::Duration;

use plugin::{Metric, Report, Seconds, State};

use crate::{Args, Observations, extra, gateway, held, missing};

/// How many characters of the first line go to addresses, so that it mostly stays below 80 before the performance data.
pub(crate) const ROOM: usize = 40;

/// What one question of this plugin comes to.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) state: State,
    /// What is wrong: for the first line.
    pub(crate) text: Option<String>,
    pub(crate) details: Vec<String>,
    pub(crate) verbose: Vec<String>,
    pub(crate) metrics: Vec<Metric>,
}

impl Default for Part {
    fn default() -> Self {
        Self { state: State::Ok, text: None, details: Vec::new(), verbose: Vec::new(), metrics: Vec::new() }
    }
}

/// The report.
pub(crate) fn evaluate(args: &Args, observed: &Observations) -> Report {
    let mut parts = vec![missing::judge(args, observed), held::judge_absent(args, observed)];
    parts.extend(gateway::judge(args, observed));
    parts.push(extra::judge(args, observed));
    let state = parts.iter().map(|part| part.state).max().unwrap_or(State::Unknown);
    let (state, spared) = spare(state, args.grace, observed.uptime);
    // Of several wrongs the worst stands first; a stable sort keeps the others in their order.
    let mut wrongs: Vec<&Part> = parts.iter().filter(|part| part.text.is_some()).collect();
    wrongs.sort_by_key(|part| std::cmp::Reverse(part.state));
    let mut texts: Vec<String> = wrongs.into_iter().filter_map(|part| part.text.clone()).collect();
    let floating = held::tell_floating(observed);
    if texts.is_empty() {
        let entries = !observed.expected.entries.is_empty();
        texts.extend(entries.then(|| missing::all_well(observed)).or_else(|| floating.text.clone()));
    }
    parts.push(floating);
    let mut report = Report::new(state, texts.join(", and ") + &spared);
    let lines = |choose: fn(&Part) -> &Vec<String>| parts.iter().flat_map(choose);
    let notes = observed.expected.notes.iter();
    for metric in parts.iter().flat_map(|part| &part.metrics) {
        report = report.metric(metric.clone());
    }
    for detail in lines(|part| &part.details).chain(notes) {
        report = report.detail(detail);
    }
    for detail in lines(|part| &part.verbose).chain(&observed.expected.remarks) {
        report = report.verbose_detail(detail);
    }
    report
}

/// Within `grace` after boot critical is a warning, and the line says why.
fn spare(state: State, grace: Option<Seconds>, uptime: Option<Duration>) -> (State, String) {
    match (state, grace, uptime) {
        (State::Critical, Some(grace), Some(uptime)) if uptime < grace.duration() => {
            (State::Warning, format!(" (up for {} s, grace {grace} s)", uptime.as_secs()))
        }
        _ => (state, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use host_net::DefaultRoute;

    use super::*;
    use crate::ListSource;
    use crate::fixture::{args, judge, observed};

    fn configured() -> ListSource {
        ListSource::Configured(vec!["netplan"])
    }

    fn lines(args: &Args, observed: &Observations) -> Vec<String> {
        evaluate(args, observed).render("IP_BOUND", 0).lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_extra_address_is_a_note_or_what_it_is_said_to_be() {
        let present = "192.0.2.1/24@eth0 192.0.2.200/24@eth0+1~3600 192.0.2.7/24@eth3 192.0.2.8/24@eth3 fe80::1/64@eth0 \
                       127.0.0.1/8@lo ::1/128@lo 172.17.0.1/16@docker0 203.0.113.5/32@lo";
        let looked = |args: &Args| lines(args, &observed(args, "192.0.2.1", configured(), present));
        let notes = [
            "note: expected by nobody: 203.0.113.5 on lo (permanent)",
            "note: expected by nobody: 192.0.2.200 on eth0 (for 3600 s more: by DHCP or router advertisement)",
            "note: expected by nobody: 192.0.2.7-8 on eth3 (permanent)",
        ];
        let found = looked(&args());
        let data = "missing=0;;0;0;1 unusable=0;;;0;1 bound=9;;;0";
        assert_eq!(found[0], format!("IP_BOUND OK - 1 address from netplan bound and usable | {data} unexpected=4;;;0"));
        assert_eq!(found[1..], notes);

        let found = looked(&Args { unexpected: Some(State::Warning), ..args() });
        let text = "4 addresses expected by nobody: 192.0.2.7-8, 192.0.2.200, 203.0.113.5";
        assert_eq!(found[0], format!("IP_BOUND WARNING - {text} | {data} unexpected=4;0;;0"));
        assert_eq!(found[1..], notes);

        let ignore = ["eth3", "203.0.113.0/24"].map(|ignored| ignored.parse().unwrap()).to_vec();
        let found = looked(&Args { unexpected: Some(State::Critical), ignore, ..args() });
        let text = "1 address expected by nobody: 192.0.2.200";
        assert_eq!(found[0], format!("IP_BOUND CRITICAL - {text} | {data} unexpected=1;;0;0"));
    }

    #[test]
    fn a_floating_address_may_be_here_or_not() {
        let floating = ["192.0.2.9", "2001:db8::9"].map(|address| address.parse().unwrap()).to_vec();
        let args = Args { floating, ..args() };
        let rows = [
            (
                "192.0.2.1/24@eth0 192.0.2.9/32@eth0",
                "bound=2;;;0 holds_192.0.2.9=1;;;0;1 holds_2001:db8::9=0;;;0;1",
                ["note: floating 192.0.2.9 is here", "note: floating 2001:db8::9 is not here (not bound)"],
            ),
            (
                "192.0.2.1/24@eth0 192.0.2.9/32@eth1 2001:db8::9/64@eth0+c8",
                "bound=3;;;0 holds_192.0.2.9=0;;;0;1 holds_2001:db8::9=0;;;0;1",
                [
                    "note: floating 192.0.2.9 is not usable here: on eth1, which is down",
                    "note: floating 2001:db8::9 is not usable here: duplicate address detected on eth0",
                ],
            ),
        ];
        for (present, data, notes) in rows {
            // Also where a list has it, it is not demanded.
            let found = lines(&args, &observed(&args, "192.0.2.1 192.0.2.9", ListSource::Named, present));
            let first = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1";
            assert_eq!(found[0], format!("{first} {data}"));
            assert_eq!(found[1..], notes);
        }
        let only = lines(&args, &observed(&args, "", ListSource::Named, "192.0.2.9/32@eth0"));
        assert!(only[0].starts_with("IP_BOUND OK - 1 of 2 floating addresses here | "), "{only:?}");
    }

    #[test]
    fn an_absent_address_must_not_be_here() {
        let args = Args { absent: vec!["192.0.2.9".parse().unwrap(), "192.0.2.10".parse().unwrap()], ..args() };
        let present = "192.0.2.1/24@eth0 192.0.2.9/32@eth1 192.0.2.9/32@lo";
        let found = judge(&args, "192.0.2.1", present);
        let expected = "IP_BOUND CRITICAL - 192.0.2.9 is bound and must be absent | missing=0;;0;0;1 unusable=0;;;0;1 bound=3;;;0\n\
                        192.0.2.9 is bound on lo, eth1 and must be absent\n";
        assert_eq!(found, expected);
        assert!(judge(&args, "192.0.2.1", "192.0.2.1/24@eth0").starts_with("IP_BOUND OK - 1 address bound and usable | "));
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
            (vec![], Some("no default route, it should be via 192.0.2.254"), ""),
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
            let found = Observations { routes, ..observed(&args, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0") };
            let found = lines(&args, &found);
            let (state, text) = wrong.map_or(("OK", "1 address bound and usable"), |wrong| ("CRITICAL", wrong));
            let data = format!("missing=0;;0;0;1 unusable=0;;;0;1 bound=1;;;0 default_routes_ipv4={count};;;0");
            assert_eq!(found[0], format!("IP_BOUND {state} - {text} | {data}"));
            assert_eq!(found[1], wrong.unwrap_or(detail));
        }
        let both = Args { gateway: vec!["192.0.2.254".parse().unwrap(), "2001:db8::fe".parse().unwrap()], ..args() };
        let routes = vec![route("192.0.2.254", 2, 0, 1, 4), route("2001:db8::fe", 2, 1024, 1, 9)];
        let found =
            lines(&both, &Observations { routes, ..observed(&both, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0") });
        assert!(found[0].ends_with("default_routes_ipv4=1;;;0 default_routes_ipv6=1;;;0"), "{found:?}");
        assert_eq!(found[2], "default route via 2001:db8::fe by router advertisement metric 1024 on eth0");
    }

    #[test]
    fn several_wrongs_stand_worst_first() {
        let args = Args {
            gateway: vec!["192.0.2.254".parse().unwrap()],
            unexpected: Some(State::Warning),
            thresholds: plugin::Thresholds { warning: Some("0".parse().unwrap()), critical: None },
            ..args()
        };
        let found =
            lines(&args, &observed(&args, "192.0.2.1 192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0 192.0.2.3/24@eth0"));
        let expected = "IP_BOUND CRITICAL - no default route, it should be via 192.0.2.254, and 1 of 2 addresses missing: 192.0.2.2, \
                        and 1 address expected by nobody: 192.0.2.3";
        assert_eq!(found[0].split(" | ").next(), Some(expected));
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
            let found = Observations { uptime, ..observed(&args, "192.0.2.2", ListSource::Named, "192.0.2.1/24@eth0") };
            let report = evaluate(&args, &found);
            assert_eq!(report.state, state);
            assert!(report.render("X", 0).contains(text), "{}", report.render("X", 0));
        }
        let args = Args { grace: Some(Duration::from_secs(300).into()), ..args() };
        let well =
            Observations { uptime: Some(Duration::ZERO), ..observed(&args, "192.0.2.1", ListSource::Named, "192.0.2.1/24@eth0") };
        assert!(evaluate(&args, &well).render("X", 0).starts_with("X OK - 1 address bound and usable | "));
    }
}
