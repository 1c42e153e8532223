//! The lists of devices in NetworkManager.conf(5), as far as names, types, hardware addresses and drivers
//! tell.

use crate::hardware::{self, Cards, DRIVERS};
use crate::wildcard;

/// Whether a specification fits a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    No,
    /// It is about something that the files do not tell, as the driver of a card that is not here.
    Unknown,
}

/// Returns whether a list fits an interface: one of it does, and no exception.
pub(super) fn fits(specs: &[String], interface: &str, kind: &str, cards: &Cards<'_>) -> Fit {
    let exceptions = specs.iter().filter_map(|spec| spec.strip_prefix("except:"));
    // An exception without a word for what it is about is none.
    let exceptions = exceptions.map(|spec| if spec.contains(':') { spec } else { "none:" });
    let exceptions: Vec<Fit> = exceptions.map(|spec| fit(spec, interface, kind, cards)).collect();
    let others = specs.iter().filter(|spec| !spec.starts_with("except:"));
    let others: Vec<Fit> = others.map(|spec| fit(spec, interface, kind, cards)).collect();
    // Exceptions alone leave all others out.
    let listed = others.contains(&Fit::Yes) || others.is_empty() && !exceptions.is_empty();
    match () {
        () if exceptions.contains(&Fit::Yes) => Fit::No,
        () if listed && !exceptions.contains(&Fit::Unknown) => Fit::Yes,
        () if listed || others.contains(&Fit::Unknown) => Fit::Unknown,
        () => Fit::No,
    }
}

fn fit(spec: &str, interface: &str, kind: &str, cards: &Cards<'_>) -> Fit {
    let known = |fits: bool| if fits { Fit::Yes } else { Fit::No };
    let by_address = |address: &str| match cards.permanent(interface) {
        Some(own) => known(own.is_some() && own == hardware::normal(address)),
        None => cards.fits(address, interface).map_or(Fit::Unknown, known),
    };
    match spec.split_once(':') {
        _ if spec == "*" => Fit::Yes,
        Some(("interface-name", pattern)) => match pattern.strip_prefix('=') {
            Some(name) => known(name == interface),
            None => known(is_like(pattern.strip_prefix('~').unwrap_or(pattern), interface)),
        },
        Some(("mac", address)) => by_address(address),
        Some(("type", name)) => of_type(name, kind),
        Some(("driver", pattern)) => by_driver(pattern, cards.driver_of_kind(interface).as_deref(), kind),
        Some(("none", _)) => Fit::No,
        _ if hardware::normal(spec).is_some() => by_address(spec),
        None => known(spec == interface),
        Some(_) => Fit::Unknown,
    }
}

/// Whether a name fits a pattern of GLib's, which knows `*` and `?` alone.
fn is_like(pattern: &str, name: &str) -> bool {
    wildcard::matches(&pattern.replace('\\', "\\\\").replace('[', "\\["), name)
}

/// Whether `DRIVER` or `DRIVER/VERSION` fits a driver. What is no card has one by its type.
fn by_driver(pattern: &str, driver: Option<&str>, kind: &str) -> Fit {
    let of_kind = || DRIVERS.iter().find(|(known, _)| *known == kind).map(|(_, driver)| *driver);
    // A name beside a version may be the begin of one.
    let (fits, version) = match pattern.rsplit_once('/') {
        Some((begin, version)) => (driver.or_else(of_kind).map(|driver| driver.starts_with(begin)), version),
        None => (driver.or_else(of_kind).map(|driver| driver == pattern), "*"),
    };
    match fits {
        Some(false) => Fit::No,
        Some(_) if version == "*" => Fit::Yes,
        _ => Fit::Unknown,
    }
}

/// Whether a type of devices is that of a connection, as its profile has it.
fn of_type(name: &str, kind: &str) -> Fit {
    match (name, kind) {
        (_, "") => Fit::Unknown,
        ("ethernet", "802-3-ethernet") | ("wifi", "802-11-wireless" | "wireless") => Fit::Yes,
        // A profile of ethernet fits these too.
        ("veth", "ethernet" | "802-3-ethernet") => Fit::Unknown,
        _ if name == kind => Fit::Yes,
        _ => Fit::No,
    }
}
