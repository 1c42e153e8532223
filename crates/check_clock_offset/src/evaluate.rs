//! Judges what was seen: whose clock is off, by how much at least, and whether the reference can be trusted.

use plugin::{Metric, Report, State, Unit};

use crate::interval::Interval;
use crate::ntp::{Consensus, Disagreement, NtpError, Sample, Verdict, agree};
use crate::snmp::SnmpError;
use crate::{Args, HostClock, HostError, Observations, words};

/// The report.
pub(crate) fn evaluate(args: &Args, seen: &Observations) -> Report {
    let consensus = (!seen.ntp.is_empty()).then(|| agree(&seen.ntp));
    match (&seen.host, consensus) {
        (Some(Err(error)), _) => silent(error, seen),
        (Some(Ok(host)), None) => judge_host(args, host, None, &seen.ntp),
        (Some(Ok(host)), Some(Ok(consensus))) => judge_host(args, host, Some(&consensus), &seen.ntp),
        (None, Some(Ok(consensus))) => judge_own(args, &consensus, &seen.ntp),
        (host, Some(Err(disagreement))) => no_reference(args, host, disagreement, seen),
        (None, None) => Report::new(State::Unknown, "nothing was compared"),
    }
}

/// The host's clock gave nothing.
fn silent(error: &HostError, seen: &Observations) -> Report {
    let state = match error {
        HostError::Snmp(SnmpError::NoAnswer { .. }) => seen.silent,
        _ => State::Unknown,
    };
    Report::new(state, error.to_string())
}

/// The host against NTP servers, or against this machine where there are none.
fn judge_host(args: &Args, host: &HostClock, reference: Option<&Consensus>, samples: &[Sample]) -> Report {
    let name = args.hostname.as_ref().map(|host| host.shown(args.snmp.port)).unwrap_or_default();
    let own = host.readings.offset();
    let offset = reference.map_or(own, |reference| own - reference.offset);
    let shown = host.readings.latest().map(|shown| shown.value);
    let mut summary = format!("{name} is {}", verdict(args, offset, shown));
    if let Some(reference) = reference {
        summary += &format!("; this monitor is {}", against(-reference.offset, &reference.verdicts, samples));
    }
    let mut report = Report::new(state(args, offset), summary)
        .metric(metric(args, offset))
        .metric(seconds("uncertainty", offset.half_width()).min(0.0))
        .metric(seconds("rtt", host.readings.round_trip()).min(0.0));
    if let Some(reference) = reference {
        report = report.metric(seconds("monitor_offset", -reference.offset.middle())).metric(usable(&reference.verdicts));
    }
    if host.readings.greatest_age > 0.0 {
        let (age, count) = (host.readings.greatest_age, host.readings.count());
        let note = format!("{} may answer from a cache, up to {age} s old: {count} read", host.agent);
        report = if offset.half_width() > 1.0 { report.detail(note) } else { report.verbose_detail(note) };
    }
    with_servers(report, samples, reference)
}

/// This machine's own clock against NTP servers.
fn judge_own(args: &Args, reference: &Consensus, samples: &[Sample]) -> Report {
    let offset = -reference.offset;
    let mut summary = format!("this host is {}", against(offset, &reference.verdicts, samples));
    if let Some(why) = words::diagnosis(offset, None).filter(|_| state(args, offset) != State::Ok) {
        summary += &format!(": {why}");
    }
    let report = Report::new(state(args, offset), summary)
        .metric(metric(args, offset))
        .metric(seconds("uncertainty", offset.half_width()).min(0.0))
        .metric(seconds("rtt", reference.round_trip).min(0.0))
        .metric(usable(&reference.verdicts));
    with_servers(report, samples, Some(reference))
}

/// There is no time to compare with, whatever the host's clock shows.
fn no_reference(
    args: &Args,
    host: &Option<Result<HostClock, HostError>>,
    disagreement: Disagreement,
    seen: &Observations,
) -> Report {
    let silent = |sample: &Sample| matches!(sample.result, Err(NtpError::Silent | NtpError::System(_)));
    let (state, mut summary) = match (disagreement, seen.ntp.as_slice()) {
        (Disagreement::NoMajority(apart), samples) => {
            let usable = samples.iter().filter(|sample| sample.result.is_ok()).count();
            (State::Unknown, format!("no majority among {usable} NTP servers, {} apart", words::seconds(apart, 0.1)))
        }
        (Disagreement::NoneUsable, [only]) => {
            let why = only.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
            (if silent(only) { seen.silent } else { State::Unknown }, format!("NTP server {}: {why}", only.name))
        }
        (Disagreement::NoneUsable, samples) => {
            let state = if samples.iter().all(silent) { seen.silent } else { State::Unknown };
            (state, format!("none of {} NTP servers gives a time", samples.len()))
        }
    };
    if let (Some(Ok(host)), Some(name)) = (host, &args.hostname) {
        summary += &format!("; by this monitor alone {name} is {}", words::offset(host.readings.offset()));
    }
    with_servers(Report::new(state, summary), &seen.ntp, None)
}

/// An alarm is certain: the end of the interval that is nearest to zero is judged.
fn state(args: &Args, offset: Interval) -> State {
    args.thresholds().state(offset.nearest_to_zero())
}

/// What the offset makes of the clock; with both ends where these lead to different states, with its cause where it shows.
fn verdict(args: &Args, offset: Interval, shown: Option<f64>) -> String {
    let thresholds = args.thresholds();
    let sure = [offset.low, offset.high].iter().all(|end| thresholds.state(*end) == state(args, offset));
    let text = if sure { words::offset(offset) } else { words::offset_and_ends(offset) };
    match words::diagnosis(offset, shown).filter(|_| state(args, offset) != State::Ok) {
        Some(why) => format!("{text}: {why}"),
        None => text,
    }
}

/// An offset against NTP: "right within 0.01 s of 2 of 3 NTP servers (192.0.2.9 is a falseticker)".
fn against(offset: Interval, verdicts: &[Verdict], samples: &[Sample]) -> String {
    let agreeing = verdicts.iter().filter(|verdict| **verdict == Verdict::Agrees).count();
    let servers = match (agreeing, samples) {
        (_, [only]) => format!("NTP server {}", only.name),
        (agreeing, all) if agreeing == all.len() => format!("{agreeing} NTP servers"),
        (agreeing, all) => format!("{agreeing} of {} NTP servers", all.len()),
    };
    let link = if offset.low <= 0.0 && offset.high >= 0.0 { "of" } else { "by" };
    let names = samples.iter().zip(verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Falseticker(_)));
    let names: Vec<&str> = names.map(|(sample, _)| sample.name.as_str()).collect();
    let falsetickers = match names.as_slice() {
        [] => String::new(),
        [one] => format!(" (falseticker: {one})"),
        [first, rest @ ..] => format!(" (falsetickers: {first} and {} more)", rest.len()),
    };
    format!("{} {link} {servers}{falsetickers}", words::offset(offset))
}

fn with_servers(report: Report, samples: &[Sample], reference: Option<&Consensus>) -> Report {
    let mut report = report;
    for (place, sample) in samples.iter().enumerate() {
        let verdict = reference.and_then(|reference| reference.verdicts.get(place));
        let name = &sample.name;
        report = match (&sample.result, verdict) {
            (Err(why), _) => report.detail(format!("NTP server {name}: {why}")),
            (Ok(good), Some(Verdict::Falseticker(by))) => {
                let way = if *by > 0.0 { "ahead of" } else { "behind" };
                let by = words::seconds(*by, good.offset.half_width());
                report.detail(format!("NTP server {name}: falseticker, {by} {way} the majority"))
            }
            (Ok(good), verdict) => {
                let (offset, stratum) = (good.offset, good.stratum);
                let line = format!(
                    "NTP server {name}: {:+.6} s, within {}, stratum {stratum}",
                    offset.middle(),
                    words::bound(offset.half_width())
                );
                if verdict.is_some() { report.verbose_detail(line) } else { report.detail(line) }
            }
        };
    }
    report
}

/// To the microsecond, which is more than any source is good for.
fn seconds(label: &str, value: f64) -> Metric {
    Metric::new(label, (value * 1e6).round() / 1e6).unit(Unit::Seconds)
}

fn metric(args: &Args, offset: Interval) -> Metric {
    seconds("offset", offset.middle()).thresholds(args.thresholds())
}

fn usable(verdicts: &[Verdict]) -> Metric {
    let agreeing = verdicts.iter().filter(|verdict| **verdict == Verdict::Agrees).count();
    Metric::count("ntp_servers", agreeing).max(verdicts.len() as f64)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ntp::Measured;
    use crate::readings::{Reading, Readings, Shown};

    fn args(more: &[&str]) -> Args {
        Args::parse_from([&["check_clock_offset", "--hostname=proxy7"], more].concat())
    }

    /// A host that is ahead by `offset`, as seen by one reading of 12 ms half a second before the next whole one.
    fn host(offset: f64, greatest_age: f64) -> HostClock {
        let shown = Shown { value: 1_795_319_407.0 + offset - 0.494, resolution: 1.0 };
        let reading = Reading { sent: 1_795_319_407.0, received: 1_795_319_407.012, shown };
        HostClock { agent: "192.0.2.7:161".parse().unwrap(), readings: Readings::new(greatest_age, reading) }
    }

    fn server(name: &str, offset: f64) -> Sample {
        let measured = Measured { offset: Interval::around(offset, 0.008), round_trip: 0.01, stratum: 2 };
        Sample { name: name.to_owned(), result: Ok(measured) }
    }

    fn broken(name: &str, why: NtpError) -> Sample {
        Sample { name: name.to_owned(), result: Err(why) }
    }

    fn judge(more: &[&str], host: Option<HostClock>, ntp: Vec<Sample>) -> String {
        let seen = Observations { host: host.map(Ok), ntp, silent: State::Critical };
        evaluate(&args(more), &seen).render("CLOCK_OFFSET", 0)
    }

    #[test]
    fn a_host_is_judged_by_this_machines_clock() {
        let rows: [(f64, f64, &[&str], &str); 9] = [
            (
                -7.21,
                0.0,
                &[],
                "WARNING - proxy7 is 7.2 s slow | offset=-7.21s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (0.0, 0.0, &[], "OK - proxy7 is right within 0.51 s | offset=0s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n"),
            (
                5.2,
                0.0,
                &[],
                "OK - proxy7 is between 4.7 and 5.7 s fast | offset=5.2s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -60.2,
                0.0,
                &[],
                "WARNING - proxy7 is between 59.7 and 60.7 s slow | offset=-60.2s;-5:5;-60:60 uncertainty=0.506s;;;0 \
                 rtt=0.012s;;;0\n",
            ),
            (
                3600.2,
                0.0,
                &[],
                "CRITICAL - proxy7 is 3600.2 s fast: time zone or daylight saving, not drift | offset=3600.2s;-5:5;-60:60 \
                 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -1_795_319_402.0,
                0.0,
                &[],
                "CRITICAL - proxy7 is 1795319402.0 s slow: it shows 1970-01-01 00:00:04 UTC | offset=-1795319402s;-5:5;-60:60 \
                 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -20.0,
                31.0,
                &[],
                "OK - proxy7 is between 20.51 s slow and 11.51 s fast | offset=-4.5s;-5:5;-60:60 uncertainty=16.006s;;;0 \
                 rtt=0.012s;;;0\n192.0.2.7:161 may answer from a cache, up to 31 s old: 1 read\n",
            ),
            (7.0, 0.0, &["--warning=10"], "OK - proxy7 is 7.0 s fast | offset=7s;10 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n"),
            (
                -7.0,
                0.0,
                &["--critical=-1:1"],
                "CRITICAL - proxy7 is 7.0 s slow | offset=-7s;;-1:1 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
        ];
        for (offset, age, more, line) in rows {
            assert_eq!(judge(more, Some(host(offset, age)), vec![]), format!("CLOCK_OFFSET {line}"));
        }
    }

    #[test]
    fn servers_tell_whose_clock_is_off() {
        let three = |offset: f64| vec![server("192.0.2.1", offset), server("192.0.2.2", offset), server("192.0.2.3", offset)];
        let slow = judge(&[], Some(host(-7.21, 0.0)), three(0.001));
        let data = "uncertainty=0.514s;;;0 rtt=0.012s;;;0 monitor_offset=-0.001s ntp_servers=3;;;0;3\n";
        assert_eq!(
            slow,
            format!(
                "CLOCK_OFFSET WARNING - proxy7 is 7.2 s slow; this monitor is right within 0.01 s of 3 NTP servers | \
                 offset=-7.211s;-5:5;-60:60 {data}"
            )
        );
        let monitor = judge(&[], Some(host(7.21, 0.0)), three(7.21));
        let line = "CLOCK_OFFSET OK - proxy7 is right within 0.52 s; this monitor is 7.21 s slow by 3 NTP servers | offset=0s;";
        assert!(monitor.starts_with(line), "{monitor}");
        let mut liar = three(0.0);
        liar.push(server("192.0.2.9", 35.2));
        let seen = judge(&[], Some(host(0.0, 0.0)), liar);
        let line = "right within 0.008 s of 3 of 4 NTP servers (falseticker: 192.0.2.9) | ";
        assert!(seen.contains(line), "{seen}");
        assert!(seen.ends_with("\nNTP server 192.0.2.9: falseticker, 35.20 s ahead of the majority\n"), "{seen}");
    }

    #[test]
    fn this_hosts_own_clock_is_judged_by_servers() {
        let seen = judge(&[], None, vec![server("192.0.2.1", 7.0)]);
        let line = "CLOCK_OFFSET WARNING - this host is 7.00 s slow by NTP server 192.0.2.1 | offset=-7s;-5:5;-60:60 \
                    uncertainty=0.008s;;;0 rtt=0.01s;;;0 ntp_servers=1;;;0;1\n";
        assert_eq!(seen, line);
        let zone = judge(&[], None, vec![server("192.0.2.1", -3600.2)]);
        assert!(zone.contains("is 3600.20 s fast by NTP server 192.0.2.1: time zone or daylight saving, not drift |"), "{zone}");
    }

    #[test]
    fn without_a_reference_nothing_is_ok() {
        let unsynchronised = || NtpError::Unsynchronised { leap: 3, stratum: 0 };
        let rows = [
            (vec![broken("192.0.2.1", NtpError::Silent)], "CRITICAL - NTP server 192.0.2.1: no answer"),
            (vec![broken("192.0.2.1", unsynchronised())], "UNKNOWN - NTP server 192.0.2.1: not synchronised (leap 3, stratum 0)"),
            (
                vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", NtpError::Silent)],
                "CRITICAL - none of 2 NTP servers gives a time",
            ),
            (
                vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", unsynchronised())],
                "UNKNOWN - none of 2 NTP servers gives a time",
            ),
            (vec![server("192.0.2.1", 0.0), server("192.0.2.2", 7.0)], "UNKNOWN - no majority among 2 NTP servers, 7.0 s apart"),
        ];
        for (samples, line) in rows {
            let own = judge(&[], None, samples.clone());
            assert_eq!(own.lines().next(), Some(format!("CLOCK_OFFSET {line}").as_str()));
            let hosted = judge(&[], Some(host(-7.21, 0.0)), samples);
            let expected = format!("CLOCK_OFFSET {line}; by this monitor alone proxy7 is 7.2 s slow");
            assert_eq!(hosted.lines().next(), Some(expected.as_str()));
        }
    }
}
