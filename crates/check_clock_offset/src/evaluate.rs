//! Judges what was seen: whose clock is off, by how much at least, and whether the reference can be trusted.

use plugin::{Metric, Report, State, Unit};

use crate::interval::Interval;
use crate::ntp::{Consensus, Disagreement, NtpError, Sample, Verdict, agree};
use crate::{Args, HostClock, HostError, Seen, words};
use crate::snmp::SnmpError;

/// The report.
pub(crate) fn evaluate(args: &Args, seen: &Seen) -> Report {
    let consensus = (!seen.ntp.is_empty()).then(|| agree(&seen.ntp));
    let report = match (&seen.host, consensus) {
        (Some(Err(error)), _) => return silent(error, seen),
        (Some(Ok(host)), None) => judge_host(args, host, None, &seen.ntp),
        (Some(Ok(host)), Some(Ok(consensus))) => judge_host(args, host, Some(&consensus), &seen.ntp),
        (None, Some(Ok(consensus))) => judge_own(args, &consensus, &seen.ntp),
        (host, Some(Err(disagreement))) => no_reference(args, host, disagreement, seen),
        (None, None) => Report::new(State::Unknown, "nothing was compared"),
    };
    report
}

/// The host's clock gave nothing.
fn silent(error: &HostError, seen: &Seen) -> Report {
    let state = match error {
        HostError::Snmp(SnmpError::NoAnswer { .. }) => seen.silent,
        _ => State::Unknown,
    };
    Report::new(state, error.to_string())
}

/// The host against NTP servers, or against this machine where there are none.
fn judge_host(args: &Args, host: &HostClock, reference: Option<&Consensus>, samples: &[Sample]) -> Report {
    let name = args.hostname.as_deref().unwrap_or_default();
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
    seen: &Seen,
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
