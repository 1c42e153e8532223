//! The expected addresses that are missing: not bound, or bound and unusable. How many, which, and why.

mod groups;
mod notes;

use std::net::IpAddr;

use addresses::{Entry, all};
use plugin::{Finding, Metric, Range, State, Thresholds, fits};

use crate::causes::Cause;
use crate::condition::Condition;
use crate::dynamic::{Lease, leases};
use crate::expected::ListSource;
use crate::words::{addresses, causes_in_words, runs};
use crate::{Observations, lease_proof, unleased};
use groups::{Group, Reason, groups, reason};
use notes::notes;

/// Judges the number of missing addresses. Without thresholds, one missing address is CRITICAL. With
/// --warning alone, it is WARNING. With `each`, -v shows a line for each of them.
pub(crate) fn judge(thresholds: &Thresholds, each: bool, observed: &Observations) -> Finding {
    let leases = leases(&observed.expected, &observed.bound);
    let (_, copies) = observed.copies();
    let without = leases
        .iter()
        .filter_map(|lease| if let Lease::Missing(what) = lease { Some(what.as_str()) } else { None });
    let lacking: Vec<&str> = copies.iter().map(|copy| copy.text.as_str()).chain(without).collect();
    let unusable_copies = copies.iter().filter(|copy| copy.condition != Condition::NotBound).count();
    let total = total(observed);
    let missing: Vec<&(Entry, Condition)> =
        observed.conditions.iter().filter(|(_, condition)| observed.counts(*condition)).collect();
    let not_bound = missing.iter().filter(|(_, condition)| *condition == Condition::NotBound).count()
        + lacking.len()
        - unusable_copies;
    let critical = thresholds.warning.is_none().then(|| Range::up_to(0.0));
    let thresholds = thresholds.or_each(Thresholds { warning: None, critical }, 0.0);
    let all_missing = missing.len() + lacking.len();
    let metric = Metric::count("missing", all_missing).thresholds(thresholds.clone()).max(total as f64);
    let state = metric.state();
    let groups = groups(observed, &missing);
    let allowed = if state == State::Ok { allowed(&thresholds) } else { String::new() };
    let text = match thresholds.alerting(all_missing as f64) {
        // A range may ask for some that are missing.
        Some(range) if all_missing == 0 => {
            format!("{all_missing} of {} missing, limit {range}", addresses(total))
        }
        None if all_missing == 0 => String::new(),
        _ => in_words(observed, &groups, &lacking, &allowed),
    };
    let told = |group: &Group| groups.len() > 1 || says_more(observed, group, &text);
    let details = groups.iter().filter(|group| told(group)).map(|group| group.detail(observed));
    let untold = lacking.iter().filter(|what| !text.contains(**what)).map(|what| (*what).to_owned());
    let excused = leases.iter().filter_map(|lease| {
        if let Lease::Excused(why) = lease { Some(format!("note: {why}")) } else { None }
    });
    let idle = leases
        .iter()
        .filter_map(|lease| if let Lease::Idle(why) = lease { Some(format!("note: {why}")) } else { None });
    let notes = notes(observed, all_missing > 0);
    let unleased = unleased::notes(&observed.expected, &observed.bound, &leases).into_iter();
    let unleased = unleased.chain(lease_proof::notes(&observed.expected, &observed.bound));
    let told_each = missing.iter().filter(|_| each);
    Finding::new(state, text.clone())
        .details(details.chain(untold).chain(notes).chain(excused).chain(unleased).collect::<Vec<_>>())
        .verbose_details(told_each.map(|(entry, condition)| verbose(observed, entry, *condition)))
        .verbose_details(idle)
        .metric(metric)
        .metric(Metric::count("unusable", all_missing - not_bound).max(total as f64))
        .metric(Metric::count("not_bound", not_bound).max(total as f64))
        .metric(Metric::count("bound", observed.bound.addresses.len()))
}

/// Returns how many addresses are expected: the static ones, on each interface that must have them, and one
/// of each interface that must have or has a dynamic one.
pub(crate) fn total(observed: &Observations) -> usize {
    let dynamic = leases(&observed.expected, &observed.bound).iter().filter(|lease| lease.counts()).count();
    dynamic + total_static(observed)
}

/// Those that were found on an interface which is down on purpose are not expected to be usable, and those
/// that wait for the first port of a bridge not to be bound.
fn total_static(observed: &Observations) -> usize {
    let is_parked =
        |(_, condition): &&(_, Condition)| matches!(condition, Condition::Parked(_) | Condition::Waiting(_));
    let parked = observed.conditions.iter().filter(is_parked).count();
    observed.expected.entries.len() + observed.copies().0 - parked
}

/// Returns why the first address that waits for a port is not bound.
pub(crate) fn waiting(observed: &Observations) -> Option<String> {
    let mut waiting = observed.conditions.iter();
    let (entry, condition) = waiting.find(|(_, condition)| matches!(condition, Condition::Waiting(_)))?;
    let why = condition.reason(entry.expected, &observed.bound, &observed.expected.on)?;
    Some(format!("{} is {why}", entry.expected.address))
}

/// Returns what the first line says where no address is missing.
pub(crate) fn all_well(observed: &Observations) -> String {
    let count = total(observed);
    let dynamic = count - total_static(observed);
    let from = observed.expected.from();
    match (&observed.expected.source, addresses(count)) {
        (ListSource::Bound, total) => {
            format!("{total} bound here, all usable (no list, no configured address)")
        }
        _ if count == 0 => "no address is expected, and none is out of place".to_owned(),
        (_, total) if dynamic == 0 => format!("{total}{from} bound and usable"),
        (_, total) => format!("{total}{from} bound and usable, {dynamic} dynamic"),
    }
}

/// Returns how many may be missing, in words: `, allowed up to 2`.
fn allowed(thresholds: &Thresholds) -> String {
    let range = thresholds.warning.as_ref().or(thresholds.critical.as_ref());
    range.map(|range| format!(", allowed {}", range.in_words_of_count(""))).unwrap_or_default()
}

/// Returns the faults for the first line: how many, which, and the cause. `lacking` are the interfaces
/// without a dynamic address, and those without an address that others have too.
fn in_words(observed: &Observations, groups: &[Group], lacking: &[&str], allowed: &str) -> String {
    let (absent, unusable): (Vec<&Group>, Vec<&Group>) =
        groups.iter().partition(|group| matches!(group.reason, Reason::NotBound(_)));
    let expected = total(observed);
    let total = addresses(expected);
    let count = |groups: &[&Group]| groups.iter().map(|group| group.addresses.len()).sum::<usize>();
    let head = |absent: &[&Group]| format!("{} of {total} missing{allowed}: ", count(absent) + lacking.len());
    let first_lacking = || match lacking {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first}, {} more", rest.len()),
    };
    match (absent.as_slice(), unusable.as_slice()) {
        ([], []) => format!("{}{}", head(&[]), first_lacking()),
        ([], [only]) if lacking.is_empty() && count(&[only]) == 1 && expected == 1 => {
            format!("{} bound but unusable{allowed}: {}", all(&only.addresses), only.in_brief(observed))
        }
        ([], unusable) if lacking.is_empty() => unusable_in_words(
            observed,
            unusable,
            &format!("{} of {total} unusable{allowed}: ", count(unusable)),
        ),
        (absent, unusable) => {
            let mut text =
                if absent.is_empty() { head(absent) } else { not_bound_in_words(absent, &head(absent)) };
            if !lacking.is_empty() {
                text = if absent.is_empty() {
                    text + &first_lacking()
                } else {
                    format!("{text}, and {}", first_lacking())
                };
            }
            if unusable.is_empty() {
                text
            } else {
                text + &unusable_in_words(
                    observed,
                    unusable,
                    &format!(", and {} unusable: ", count(unusable)),
                )
            }
        }
    }
}

fn not_bound_in_words(groups: &[&Group], head: &str) -> String {
    let which: Vec<IpAddr> = groups.iter().flat_map(|group| group.addresses.iter().copied()).collect();
    let brief = |group: &Group| match &group.reason {
        Reason::NotBound(Some(cause)) => Some(cause.in_brief()),
        _ => None,
    };
    let mut known = groups.iter().filter_map(|group| Some((group.addresses.len(), brief(group)?)));
    let cause = match (groups, known.next()) {
        ([_], Some((_, cause))) => format!(", {cause}"),
        (_, Some((count, cause))) => {
            let each = groups.iter().map(|group| {
                let cause = brief(group).map(|cause| format!(" ({cause})")).unwrap_or_default();
                all(&group.addresses) + &cause
            });
            let text = head.to_owned() + &each.collect::<Vec<_>>().join(", ");
            if fits(&text) {
                return text;
            }
            let more = match known.count() {
                0 => String::new(),
                1 => ", 1 more cause".to_owned(),
                more => format!(", {more} more causes"),
            };
            format!(", {count} of them: {cause}{more}")
        }
        (_, None) => String::new(),
    };
    let runs = runs(&which, &format!("{head}{cause}"));
    format!("{head}{runs}{cause}")
}

/// One cause stands after its addresses; of several, each has its own detail line with them.
fn unusable_in_words(observed: &Observations, groups: &[&Group], head: &str) -> String {
    if let [only] = groups {
        let brief = format!(", {}", only.in_brief(observed));
        return format!("{head}{}{brief}", runs(&only.addresses, &format!("{head}{brief}")));
    }
    let cause = |group: &&Group| match group.reason {
        Reason::Unusable(Condition::NoLink(_), _) => group.in_brief(observed),
        _ => format!("{} {}", group.addresses.len(), group.in_brief(observed)),
    };
    let causes: Vec<String> = groups.iter().map(cause).collect();
    format!("{head}{}", causes_in_words(&causes, head))
}

/// Returns whether the detail of the only group says more than the first line.
fn says_more(observed: &Observations, group: &Group, text: &str) -> bool {
    let more = match &group.reason {
        Reason::NotBound(cause) => cause.as_ref().is_some_and(Cause::has_more),
        Reason::Unusable(..) => !text.contains(&group.in_brief(observed)),
    };
    more || !text.contains(&all(&group.addresses))
}

fn verbose(observed: &Observations, entry: &Entry, condition: Condition) -> String {
    let origin = observed.expected.origin(entry);
    let origin = if origin.is_empty() { origin } else { format!(" ({origin})") };
    format!("{}: {}{origin}", entry.expected, reason(observed, entry.expected, condition))
}

#[cfg(test)]
mod tests;
