//! Judges what was seen: how many wanted addresses are missing, which, and why.

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
    let lost = lost_subnets(seen);
    for (want, finding) in missing {
        let address = want.expected.address;
        let cause = lost.iter().find(|lost| *finding == Finding::NotBound && lost.addresses.binary_search(&address).is_ok());
        let reason = match cause {
            Some(lost) => Some(lost.reason.clone()),
            None => finding.reason(want.expected, &seen.bound, &args.interface),
        };
        let Some(reason) = reason else { continue };
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, addresses)) => addresses.push(address),
            None => groups.push((reason, vec![address])),
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
