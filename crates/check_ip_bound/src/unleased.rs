//! The interfaces that a pattern of names or a type fits and that have no address while another one has: a
//! lost lease is reported there as a note, without an alarm.

use host_config::{Dynamic, is_of_guest, type_fits, types};
use host_net::{Bound, Interface, Kind};

use crate::dynamic::{Lease, is_configured_apart, is_for, kind, leased, of_family};
use crate::expected::Expected;

/// Returns a note for each pattern, with the interfaces that lack an address of their own. `leases` are what
/// became of them, in the order of the configuration.
pub(crate) fn notes(expected: &Expected, bound: &Bound, leases: &[Lease]) -> Vec<String> {
    let held = expected.dynamic.iter().zip(leases);
    held.filter(|(dynamic, lease)| !dynamic.required && **lease == Lease::Has)
        .filter(|(dynamic, _)| !serves_all_profiles(dynamic, expected, bound))
        .filter_map(|(dynamic, _)| note(dynamic, expected, bound))
        .collect()
}

fn note(dynamic: &Dynamic, expected: &Expected, bound: &Bound) -> Option<String> {
    let lacks = |interface: &&Interface| {
        is_for(dynamic, interface, expected)
            && is_told(dynamic, interface)
            && !is_configured_apart(interface, dynamic, expected)
            && of_family(dynamic.family, interface, bound).all(|each| each.flags.duplicate())
    };
    let lacking: Vec<&Interface> = bound.interfaces.iter().filter(lacks).collect();
    let (kind, by) = kind(dynamic);
    let what = format!("no {kind} ({by} for {})", dynamic.interface);
    let names = |all: &[&Interface]| {
        all.iter().map(|interface| interface.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match lacking.as_slice() {
        [] => None,
        [only] => {
            let why =
                only.link.fault().map_or("it is not required".to_owned(), |fault| format!("it {fault}"));
            Some(format!("note: {} has {what}: {why}", only.name))
        }
        [first, second, third, _, rest @ ..] => {
            let more = rest.len() + 1;
            Some(format!(
                "note: {} and {more} more have {what}: none is required",
                names(&[first, second, third])
            ))
        }
        few => Some(format!("note: {} have {what}: none is required", names(few))),
    }
}

/// Returns whether `dynamic` is of a profile that brings up one interface at a time, and as many interfaces
/// have a lease as there are such profiles for them.
fn serves_all_profiles(dynamic: &Dynamic, expected: &Expected, bound: &Bound) -> bool {
    if !dynamic.single {
        return false;
    }
    let fits = |other: &Dynamic, interface: &Interface| {
        is_for(other, interface, expected) && !is_configured_apart(interface, other, expected)
    };
    let is_leased = |interface: &&Interface| {
        let mut leases = leased(dynamic, interface, expected, bound);
        interface.link.fault().is_none()
            && leases.any(|each| !each.flags.permanent() && !each.flags.duplicate())
    };
    let its: Vec<&Interface> = bound.interfaces.iter().filter(|interface| fits(dynamic, interface)).collect();
    let others =
        expected.dynamic.iter().filter(|other| !other.required && other.interface != dynamic.interface);
    let rivals = others.filter(|other| its.iter().any(|interface| fits(other, interface))).count();
    its.into_iter().filter(is_leased).count() > rivals
}

/// Whether the name of an interface tells enough: those of guests come and go, and of conditions, a name
/// shows the type alone.
fn is_told(dynamic: &Dynamic, interface: &Interface) -> bool {
    if is_of_guest(&interface.name) || matches!(interface.kind, Kind::Dummy | Kind::Tun) {
        return false;
    }
    let shows = |types: String| type_fits(&types, &interface.name) == Some(true);
    let only_types = dynamic.interface.matches('=').count() == 1;
    !dynamic.is_by_conditions() || only_types && types(&dynamic.interface).is_some_and(shows)
}
