//! The expected addresses that are missing: not bound, or bound and unusable. How many, which, and why.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{Entry, HostAddress, all};
use plugin::{Finding, Metric, Range, State, Thresholds};

use crate::Observations;
use crate::causes::{Cause, causes};
use crate::condition::Condition;
use crate::dynamic::{Lease, leases};
use crate::expected::ListSource;
use crate::words::{addresses, causes_in_words, runs};

/// Why an address is missing: what those of one group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It is not bound, and the cause where several share one.
    NotBound(Option<Cause>),
    /// It is bound and unusable; with the prefix length that it should have.
    Unusable(Condition, Option<u8>),
}

/// The addresses that are missing for one reason.
#[derive(Debug)]
struct Group {
    reason: Reason,
    addresses: Vec<IpAddr>,
    /// One of them, as it is expected.
    example: HostAddress,
}

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
    let told_each = missing.iter().filter(|_| each);
    Finding::new(state, text.clone())
        .details(details.chain(untold).chain(notes).chain(excused).collect::<Vec<_>>())
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

fn total_static(observed: &Observations) -> usize {
    observed.expected.entries.len() + observed.copies().0
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
    let cause = match groups {
        [Group { reason: Reason::NotBound(Some(cause)), .. }] => format!(", {}", cause.in_brief()),
        _ => String::new(),
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

impl Group {
    fn in_brief(&self, observed: &Observations) -> String {
        match &self.reason {
            Reason::NotBound(cause) => cause.as_ref().map(Cause::in_brief).unwrap_or_default(),
            Reason::Unusable(Condition::NoPorts(on), _) => {
                observed.port_fault(*on).map(|fault| fault.text.clone()).unwrap_or_default()
            }
            Reason::Unusable(condition, _) => {
                condition.in_brief(self.example, &observed.bound, &observed.expected.on)
            }
        }
    }

    fn detail(&self, observed: &Observations) -> String {
        let reason = match &self.reason {
            Reason::NotBound(None) => "not bound".to_owned(),
            Reason::NotBound(Some(cause)) => format!("not bound, {cause}"),
            Reason::Unusable(condition, _) => reason(observed, self.example, *condition),
        };
        format!("{}: {reason}", all(&self.addresses))
    }
}

fn reason(observed: &Observations, expected: HostAddress, condition: Condition) -> String {
    condition.reason(expected, &observed.bound, &observed.expected.on).unwrap_or_default()
}

fn verbose(observed: &Observations, entry: &Entry, condition: Condition) -> String {
    let origin = observed.expected.origin(entry);
    let origin = if origin.is_empty() { origin } else { format!(" ({origin})") };
    format!("{}: {}{origin}", entry.expected, reason(observed, entry.expected, condition))
}

/// Groups the missing addresses by their reason, in the order in which the reasons come up.
fn groups(observed: &Observations, missing: &[&(Entry, Condition)]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut causes = if missing.is_empty() { BTreeMap::new() } else { causes(observed) };
    for (Entry { expected, .. }, condition) in missing {
        let reason = match condition {
            Condition::NotBound => Reason::NotBound(causes.remove(&expected.address)),
            Condition::Prefix(..) => Reason::Unusable(*condition, expected.prefix),
            _ => Reason::Unusable(*condition, None),
        };
        let place = *places.entry(reason).or_insert_with_key(|reason| {
            groups.push(Group { reason: reason.clone(), addresses: Vec::new(), example: *expected });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.addresses.push(expected.address);
        }
    }
    groups
}

/// Returns the notes that do not affect the state.
fn notes(observed: &Observations, some_missing: bool) -> Vec<String> {
    let Observations { expected, bound, .. } = observed;
    let note = |found: &(Entry, Condition)| match found {
        (entry, Condition::Deprecated(on)) => {
            Some(format!("note: {} is deprecated on {}", entry.expected, observed.name(*on)))
        }
        (entry, condition @ Condition::EmptyBridge(_)) if !observed.counts(*condition) => {
            Some(format!("note: {} is {}", entry.expected, reason(observed, entry.expected, *condition)))
        }
        _ => None,
    };
    let unlisted = expected.source == ListSource::Bound && some_missing;
    let unlisted =
        unlisted.then(|| "note: no list, no configured address: all bound addresses are expected".to_owned());
    let no_interface = expected.on.iter().filter(|name| bound.by_name(name).is_none());
    let no_interface = no_interface.map(|name| format!("note: there is no interface {name} here"));
    let all = observed
        .conditions
        .iter()
        .filter_map(note)
        .chain(parked(observed))
        .chain(unlisted)
        .chain(no_interface);
    all.chain(other_names(observed, some_missing)).collect()
}

/// Returns a note for each interface that holds expected addresses and is switched off on purpose.
fn parked(observed: &Observations) -> Vec<String> {
    let mut held: BTreeMap<u32, usize> = BTreeMap::new();
    for (_, condition) in &observed.conditions {
        if let Condition::Parked(on) = condition {
            *held.entry(*on).or_default() += 1;
        }
    }
    let note = |(on, count): (&u32, &usize)| {
        format!("note: {} on {}, which is down on purpose", addresses(*count), observed.name(*on))
    };
    held.iter().map(note).collect()
}

/// Returns a note for each configured name that is another name of an interface, where something is missing.
fn other_names(observed: &Observations, some_missing: bool) -> Vec<String> {
    let names: std::collections::BTreeSet<&str> =
        observed.expected.interfaces.iter().map(|(_, name)| name.as_str()).collect();
    let note = |name: &str| {
        let interface = observed.bound.by_name(name).filter(|interface| interface.name != name)?;
        Some(format!("note: {name} is an altname of {}", interface.name))
    };
    if some_missing { names.into_iter().filter_map(note).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests;
