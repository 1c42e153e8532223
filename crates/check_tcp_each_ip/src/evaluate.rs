//! Judges what was seen: how many targets fail, which, and why; how slow the slowest is; and what could not be tested from here.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use plugin::{Metric, Range, Report, State, Thresholds, Unit};

use crate::groups::{groups, print};
use crate::{Args, Cause, Limit, Local, Observations, Target};

/// How many characters of the first line go to addresses and causes.
const ROOM: usize = 48;

/// A target that did not answer as it should.
type Failure<'a> = (Target, &'a Cause);

/// The report.
pub(crate) fn evaluate(args: &Args, seen: &Observations) -> Report {
    let failures: Vec<Failure<'_>> =
        seen.failed.iter().filter_map(|(place, cause)| Some((target(seen, *place)?, cause))).collect();
    let (untested, failed): (Vec<_>, Vec<_>) = failures.into_iter().partition(|(_, cause)| matches!(cause, Cause::Local(_)));
    let metrics = metrics(args, seen, failed.len(), untested.len());
    let judged = metrics.iter().map(Metric::state).max().unwrap_or(State::Unknown);
    let state = untested.iter().map(|(_, cause)| untestable(seen, cause)).fold(judged, State::max);
    let mut report = Report::new(state, summary(args, seen, &failed, &untested));
    if let Some((slowest, place)) = seen.slowest {
        let slow = format!("slowest: {} in {:.6} s", seen.name(place), slowest.as_secs_f64());
        let alerts =
            metrics.iter().any(|metric| metric.state() != State::Ok) && time_thresholds(args).state(seconds(seen)) != State::Ok;
        report = if alerts { report.detail(slow) } else { report.verbose_detail(slow) };
    }
    for group in
        groups(&failed, seen.several_ports(), Cause::full).iter().chain(&groups(&untested, seen.several_ports(), Cause::full))
    {
        report = report.detail(group.line());
    }
    report = notes(seen, &failed).into_iter().fold(report, Report::detail);
    report = verbose_notes(seen).into_iter().fold(report, Report::verbose_detail);
    metrics.into_iter().fold(report, Report::metric)
}

fn target(seen: &Observations, place: u32) -> Option<Target> {
    usize::try_from(place).ok().and_then(|place| seen.targets.get(place)).copied()
}

impl Observations {
    /// Whether the port must be said with each address.
    fn several_ports(&self) -> bool {
        let first = self.targets.first().map(|target| target.port);
        self.targets.iter().any(|target| Some(target.port) != first)
    }

    fn name(&self, place: u32) -> String {
        match target(self, place) {
            Some(Target { address, port }) if self.several_ports() => format!("{address} port {port}"),
            Some(Target { address, .. }) => address.to_string(),
            None => String::new(),
        }
    }
}

/// The state that one untestable target asks for at least.
fn untestable(seen: &Observations, cause: &Cause) -> State {
    match cause {
        Cause::Local(Local::NoTime | Local::Unconfirmed) => seen.late,
        _ => State::Unknown,
    }
}

fn time_thresholds(args: &Args) -> Thresholds {
    Thresholds { warning: args.limits.warning_time.clone(), critical: args.limits.critical_time.clone() }
}

/// The slowest connection in seconds, as precise as it prints: not a number if none stood.
fn seconds(seen: &Observations) -> f64 {
    seen.slowest.map_or(f64::NAN, |(slowest, _)| slowest.as_micros() as f64 / 1e6)
}

fn metrics(args: &Args, seen: &Observations, failed: usize, untested: usize) -> Vec<Metric> {
    let total = seen.targets.len();
    let limits = |share: bool| {
        let range = |limit: &Option<Limit>| limit.as_ref().filter(|limit| limit.share == share).map(|limit| limit.range.clone());
        Thresholds { warning: range(&args.limits.warning), critical: range(&args.limits.critical) }
    };
    let default = Thresholds { warning: None, critical: Some(Range::up_to(0.0)) };
    let given = args.limits.warning.is_some() || args.limits.critical.is_some();
    let counted = if given { limits(false) } else { default };
    let mut metrics = vec![Metric::count("failed", failed).thresholds(counted).max(total as f64)];
    if limits(true) != Thresholds::default() {
        let share = failed as f64 * 100.0 / total as f64;
        metrics.push(Metric::new("failed_share", share).unit(Unit::Percent).thresholds(limits(true)).min(0.0).max(100.0));
    }
    metrics.push(Metric::count("untested", untested).max(total as f64));
    metrics.push(Metric::count("second_try", seen.second_try).max(total as f64));
    // None stood: what that means is for the number of failed ones to say.
    if seen.slowest.is_some() {
        metrics.push(Metric::new("slowest", seconds(seen)).unit(Unit::Seconds).thresholds(time_thresholds(args)).min(0.0));
    }
    metrics
}

fn summary(args: &Args, seen: &Observations, failed: &[Failure<'_>], untested: &[Failure<'_>]) -> String {
    let total = seen.targets.len();
    let several = seen.several_ports();
    let what = match (several, total) {
        (true, _) => "targets",
        (false, 1) => "address",
        (false, _) => "addresses",
    };
    let port = seen.targets.first().filter(|_| !several).map(|target| format!(" on port {}", target.port)).unwrap_or_default();
    let list = |failures: &[Failure<'_>]| print(&groups(failures, several, Cause::brief), ROOM);
    match (failed.len(), untested.len()) {
        (0, 0) => {
            let verb = if total == 1 { "answers" } else { "answer" };
            let verb = if args.connecting.refused_ok {
                format!("{verb} or refuse{}", if total == 1 { "s" } else { "" })
            } else {
                verb.to_owned()
            };
            let (slowest, place) = seen.slowest.unwrap_or_default();
            let which = if total == 1 { String::new() } else { format!(", slowest {}", seen.name(place)) };
            format!("{total} {what} {verb}{port}{which} in {:.3} s", slowest.as_secs_f64())
        }
        (0, count) => format!("{count} of {total} {what} untested{port}: {}", list(untested)),
        (count, rest) => {
            let verb = if count == 1 { "fails" } else { "fail" };
            let rest = if rest == 0 { String::new() } else { format!("; {rest} untested") };
            format!("{count} of {total} {what} {verb}{port}: {}{rest}", list(failed))
        }
    }
}

/// What helps to read the causes.
fn notes(seen: &Observations, failed: &[Failure<'_>]) -> Vec<String> {
    let icmp = |failure: &&Failure<'_>| matches!(failure.1, Cause::Icmp(_));
    let told: BTreeSet<IpAddr> = failed.iter().filter(icmp).map(|(target, _)| neighbourhood(target.address)).collect();
    let silent = failed.iter().filter(|(_, cause)| matches!(cause, Cause::NoAnswer(_)));
    let near = silent.filter(|(target, _)| told.contains(&neighbourhood(target.address))).count();
    let mut notes = Vec::new();
    if near > 0 {
        notes.push(format!(
            "note: {near} silent ones are beside some with ICMP errors, which routers limit: the cause may be the same"
        ));
    }
    if failed.is_empty() && seen.failed.iter().any(|(_, cause)| *cause == Cause::Local(Local::NeighbourTable)) {
        notes.push("note: what was silent is not called failed while the table of neighbours overflows".to_owned());
    }
    notes
}

/// The network that an address is likely to share with others behind one router: /24 or /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn verbose_notes(seen: &Observations) -> Vec<String> {
    let mut notes = Vec::new();
    if seen.second_try > 0 {
        notes.push(format!("{} answered only when they were tried again", seen.second_try));
    }
    if let Some(refused) = &seen.ping_refused {
        notes.push(format!("silent addresses were not pinged: {refused}; it takes net.ipv4.ping_group_range or CAP_NET_RAW"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;
    use crate::{Echo, Icmp};

    const ICMP: Cause = Cause::Icmp(Icmp { v6: false, kind: 3, code: 13, from: None });
    const SILENT: Cause = Cause::NoAnswer(Echo::Silent);

    /// `count` addresses from 192.0.2.0 on, each with the `ports`, and what became of those that failed.
    fn seen(count: u8, ports: &[u16], failed: &[(u32, Cause)]) -> Observations {
        let target = |last| ports.iter().map(move |&port| Target { address: IpAddr::from([192, 0, 2, last]), port });
        let targets: Vec<Target> = (0..count).flat_map(target).collect();
        let stood = targets.len() > failed.len();
        let slowest = stood.then_some((Duration::from_micros(43_210), 0));
        Observations { targets, failed: failed.to_vec(), slowest, second_try: 0, ping_refused: None, late: State::Unknown }
    }

    fn judge(options: &[&str], seen: &Observations) -> String {
        let args = Args::parse_from(["check_tcp_each_ip"].iter().chain(options));
        evaluate(&args, seen).render("TCP_EACH_IP", 0)
    }

    #[test]
    fn says_which_fail_and_why() {
        let one = seen(1, &[80], &[]);
        assert_eq!(
            judge(&[], &one),
            "TCP_EACH_IP OK - 1 address answers on port 80 in 0.043 s | failed=0;;0;0;1 untested=0;;;0;1 second_try=0;;;0;1 \
             slowest=0.04321s;;;0\n"
        );
        let rows = [
            (seen(254, &[80], &[]), "OK - 254 addresses answer on port 80, slowest 192.0.2.0 in 0.043 s"),
            (seen(9, &[25, 80], &[]), "OK - 18 targets answer, slowest 192.0.2.0 port 25 in 0.043 s"),
            (
                seen(254, &[80], &[(12, SILENT), (13, SILENT), (40, Cause::Refused)]),
                "CRITICAL - 3 of 254 addresses fail on port 80: 192.0.2.12-13 no answer, 192.0.2.40 refused",
            ),
            (seen(1, &[80], &[(0, Cause::Refused)]), "CRITICAL - 1 of 1 address fails on port 80: 192.0.2.0 refused"),
            (
                seen(9, &[25, 80], &[(2, Cause::Refused), (4, Cause::Refused), (5, SILENT)]),
                "CRITICAL - 3 of 18 targets fail: 192.0.2.1-2 port 25 refused, 192.0.2.2 port 80 no answer",
            ),
            (
                seen(9, &[25], &[(1, Cause::Refused), (2, SILENT), (3, ICMP), (4, Cause::NoBanner), (5, Cause::ClosedAtOnce)]),
                "CRITICAL - 5 of 9 addresses fail on port 25: 192.0.2.1 refused, 192.0.2.2 no answer, 192.0.2.3 prohibited, and 2 \
                 with other causes",
            ),
        ];
        for (seen, line) in rows {
            let output = judge(&[], &seen);
            assert_eq!(output.split(" | ").next().unwrap(), format!("TCP_EACH_IP {line}"));
        }
    }

    #[test]
    fn the_details_say_what_to_do() {
        let icmp = Cause::Icmp(Icmp { v6: false, kind: 3, code: 13, from: Some("198.51.100.1".parse().unwrap()) });
        let failed = [(1, icmp), (2, SILENT), (3, Cause::NoAnswer(Echo::Answers)), (4, Cause::NoNeighbour)];
        let output = judge(&[], &seen(9, &[80], &failed));
        let details: Vec<&str> = output.lines().skip(1).collect();
        let expected = [
            "192.0.2.1: prohibited (ICMP type 3 code 13 from 198.51.100.1)",
            "192.0.2.2: no answer, not even to ping: the address or its host",
            "192.0.2.3: no answer, but it answers ping: the service or a firewall",
            "192.0.2.4: no neighbour has this address: nothing on the link answers for it",
            "note: 2 silent ones are beside some with ICMP errors, which routers limit: the cause may be the same",
        ];
        assert_eq!(details, expected);
    }

    #[test]
    fn what_is_our_own_fault_is_unknown() {
        let all = |local| (0..9).map(|place| (place, Cause::Local(local))).collect::<Vec<_>>();
        assert_eq!(
            judge(&[], &seen(9, &[80], &all(Local::NoRoute))),
            "TCP_EACH_IP UNKNOWN - 9 of 9 addresses untested on port 80: 192.0.2.0-8 no route from here | failed=0;;0;0;9 \
             untested=9;;;0;9 second_try=0;;;0;9\n192.0.2.0-8: no route from here: this machine has no route to it: see ip route get\n"
        );
        let both = [(1, Cause::Refused), (2, Cause::Local(Local::NoTime))];
        let output = judge(&[], &seen(9, &[80], &both));
        assert!(
            output.starts_with("TCP_EACH_IP CRITICAL - 1 of 9 addresses fails on port 80: 192.0.2.1 refused; 1 untested | "),
            "{output}"
        );
        assert!(judge(&["-c", "5"], &seen(9, &[80], &both)).starts_with("TCP_EACH_IP UNKNOWN - 1 of 9 addresses fails"));
        let late = Observations { late: State::Critical, ..seen(9, &[80], &[(2, Cause::Local(Local::NoTime))]) };
        assert!(
            judge(&[], &late).starts_with("TCP_EACH_IP CRITICAL - 1 of 9 addresses untested on port 80: 192.0.2.2 not reached")
        );
        let own = Observations { late: State::Critical, ..seen(9, &[80], &[(2, Cause::Local(Local::NoRoute))]) };
        assert!(judge(&[], &own).starts_with("TCP_EACH_IP UNKNOWN - "));
    }

    #[test]
    fn counts_and_shares_decide() {
        let two = seen(10, &[80], &[(1, Cause::Refused), (2, Cause::Refused)]);
        let rows: [(&[&str], &str, &str); 7] = [
            (&["-w", "1"], "WARNING", "failed=2;1;;0;10 untested"),
            (&["-w", "1", "-c", "2"], "WARNING", "failed=2;1;2;0;10 untested"),
            (&["-w", "0", "-c", "1"], "CRITICAL", "failed=2;0;1;0;10 untested"),
            (&["-c", "2"], "OK", "failed=2;;2;0;10 untested"),
            (&["-c", "20%"], "OK", "failed=2;;;0;10 failed_share=20%;;20;0;100 untested"),
            (&["-c", "19.9%"], "CRITICAL", "failed=2;;;0;10 failed_share=20%;;19.9;0;100 untested"),
            (&["-w", "1", "-c", "50%"], "WARNING", "failed=2;1;;0;10 failed_share=20%;;50;0;100 untested"),
        ];
        for (options, state, data) in rows {
            let output = judge(options, &two);
            assert!(output.starts_with(&format!("TCP_EACH_IP {state} - 2 of 10 addresses fail")), "{options:?}: {output}");
            assert!(output.contains(&format!(" | {data}=")), "{options:?}: {output}");
        }
    }

    #[test]
    fn a_slow_connection_may_alert() {
        let fine = seen(10, &[80], &[]);
        assert!(judge(&["--warning-time", "0.05", "--critical-time", "1"], &fine).starts_with("TCP_EACH_IP OK - "));
        let slow = judge(&["--warning-time=0.04321", "--critical-time=0.043209"], &fine);
        assert_eq!(
            slow,
            "TCP_EACH_IP CRITICAL - 10 addresses answer on port 80, slowest 192.0.2.0 in 0.043 s | failed=0;;0;0;10 \
             untested=0;;;0;10 second_try=0;;;0;10 slowest=0.04321s;0.04321;0.043209;0\nslowest: 192.0.2.0 in 0.043210 s\n"
        );
        let none = seen(1, &[80], &[(0, SILENT)]);
        let output = judge(&["--warning-time", "1", "-c", "1"], &none);
        assert!(output.starts_with("TCP_EACH_IP OK - 1 of 1 address fails") && !output.contains("slowest"), "{output}");
    }

    #[test]
    fn text_from_a_service_stays_text() {
        let said = Cause::Unexpected("a|b=1 \u{1b}[2J".to_owned());
        let output = judge(&[], &seen(2, &[80], &[(1, said)]));
        assert_eq!(output.lines().nth(1), Some("192.0.2.1: unexpected answer: a/b=1  [2J"));
        assert_eq!(output.lines().count(), 2, "{output}");
    }
}
