//! What a stanza promises: the addresses of its options, and those that its commands bind.

mod environment;
mod written;

use std::net::IpAddr;

use addresses::HostAddress;

use super::command::{Effect, Shell, effects};
use super::enslaved;
use super::flavour::Flavour;
use super::interfaces::{Interfaces, Setting, Stanza};
use super::ledger::{Change, MOST};
use super::lower;
use crate::mask;
use crate::promise::{ConfigError, Family, Place, Possible, Promise, Remark, Shadowed};
use crate::selector::device;
use environment::environment;
pub(super) use written::Netmasks;
use written::{address, six_to_four};

/// How long a chain of stanzas that inherit from each other may be.
const CHAIN: usize = 32;

/// The methods of ifupdown whose addresses are those of the options.
const STATIC: [&str; 4] = ["static", "tunnel", "v4tunnel", "6to4"];

/// What comes of a stanza.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many addresses it may bind and take back.
    pub(super) room: usize,
    /// What it binds and takes back, in this order.
    pub(super) changes: Vec<Change>,
    pub(super) remarks: Vec<Remark>,
    pub(super) unknown: Vec<Remark>,
    pub(super) notes: Vec<String>,
    /// Addresses that may be bound.
    pub(super) possible: Vec<Possible>,
    /// The family of the address that it gets from outside.
    pub(super) dynamic: Option<(Family, Place)>,
    /// Whether it may have no such address: ifupdown2 3.0.0 refuses the method `auto`, later ones take it.
    pub(super) optional: bool,
    /// The interfaces that its commands bring up.
    pub(super) brings_up: Vec<String>,
    /// How many of them come up before it in any case: the first ones.
    pub(super) lower: usize,
    /// How many options were read for it.
    pub(super) options: usize,
    /// Addresses that the program never binds.
    pub(super) shadowed: Vec<Shadowed>,
    /// The files that its commands run.
    pub(super) runs: Vec<String>,
    /// The program stops there, and brings up no later stanza of the interface.
    pub(super) stops: bool,
    /// The ports that its commands give bridges and the like, each with its place.
    pub(super) ports: Vec<(String, String, Place)>,
    /// The interfaces that its commands move to another network namespace, and whether they surely do.
    pub(super) away: Vec<(String, bool)>,
    /// The braces that its commands expand.
    pub(super) braces: Vec<Remark>,
}

/// Returns what comes of stanza `index`, applied to the interface `physical`: no more than about `room`
/// addresses.
///
/// # Errors
/// [`ConfigError::Line`]: an address or a command that binds addresses is not understood.
pub(super) fn outcome(
    all: &Interfaces,
    index: usize,
    physical: Option<&str>,
    flavour: Flavour,
    netmasks: &Netmasks<'_>,
    room: usize,
) -> Result<Outcome, ConfigError> {
    let mut outcome = Outcome { room, ..Outcome::default() };
    let Some(stanza) = all.stanzas.get(index) else { return Ok(outcome) };
    let options = gather(all, stanza)?;
    outcome.options = options.len();
    outcome.brings_up = lower::of(all, physical.unwrap_or(&stanza.name), flavour, &options);
    outcome.lower = outcome.brings_up.len();
    let interface = physical.map(|name| device(name).to_owned());
    let binding = binds(stanza, flavour);
    let internet = stanza.family.as_deref().is_none_or(|family| matches!(family, "inet" | "inet6"));
    let written = if internet {
        addresses(stanza, &options, flavour, |number| netmasks.of(index, number), &mut outcome)?
    } else {
        Vec::new()
    };
    if internet
        && written.is_empty()
        && stanza.method.as_deref() == Some("static")
        && flavour == Flavour::Ifupdown
    {
        outcome.notes.push(format!(
            "note: {}: {}: no address, ifup stops there",
            stanza.place,
            stanza.title()
        ));
        outcome.stops = true;
        return Ok(outcome);
    }
    let is_plain = flavour == Flavour::Ifupdown;
    let written = if binding && is_plain { outcome.one(stanza, written) } else { written };
    outcome.dynamic = dynamic(stanza).or_else(|| used(&options, flavour));
    outcome.optional = flavour == Flavour::Ifupdown2 && stanza.method.as_deref() == Some("auto");
    let leased = physical.filter(|_| matches!(outcome.dynamic, Some((Family::V4, _))));
    commands(all, &["pre-up"], &options, stanza, physical, flavour, &mut outcome)?;
    if flavour == Flavour::Ifupdown2 && outcome.dynamic.is_none() && enslaved::purges(&options) {
        for Promise { expected, place, .. } in enslaved::purge(&mut outcome.changes, interface.as_deref()) {
            let address = expected.address;
            outcome.notes.push(format!("note: {address} is added by {place}, and ifreload takes it away"));
            outcome.add_possible(expected, "ifreload takes away what pre-up adds");
        }
    }
    outcome.changes.extend(leased.map(|name| Change::Lease(name.to_owned())));
    // The kernel binds those of loopback itself, and none that is unspecified.
    for (expected, place) in written {
        if binding && !expected.address.is_loopback() && !expected.address.is_unspecified() {
            let label = physical.map(str::to_owned);
            outcome.bind(Promise { expected, interface: interface.clone(), floating: false, place }, label);
        } else {
            let what = format!("{}: {expected} is not bound by it", stanza.title());
            outcome.remarks.push(Remark { what, place });
        }
    }
    if flavour == Flavour::Ifupdown2 {
        virtual_addresses(&options, &mut outcome)?;
        floating_addresses("vrrp", 1, &options, &mut outcome)?;
    } else {
        floating_addresses("ucarp-vip", 0, &options, &mut outcome)?;
    }
    commands(all, &["up", "post-up"], &options, stanza, physical, flavour, &mut outcome)?;
    Ok(outcome)
}

/// Adds what the commands of a stanza do in these phases.
fn commands(
    all: &Interfaces,
    phases: &[&str],
    options: &[&Setting],
    stanza: &Stanza,
    physical: Option<&str>,
    flavour: Flavour,
    outcome: &mut Outcome,
) -> Result<(), ConfigError> {
    let phase = if phases.contains(&"pre-up") { "pre-up" } else { "post-up" };
    let environment = environment(phase, stanza, options, flavour);
    for option in options.iter().filter(|option| phases.contains(&&*option.name)) {
        if let Err(error) = run(all, option, stanza, physical, &environment, outcome) {
            outcome.not_understood(error)?;
        }
        if outcome.changes.len() > outcome.room {
            outcome.changes.truncate(outcome.room);
            outcome.not_understood(option.place.error(format!("more than {MOST} addresses in all")))?;
            break;
        }
    }
    Ok(())
}

/// The family of the address that the method gets from outside.
fn dynamic(stanza: &Stanza) -> Option<(Family, Place)> {
    let family = match (stanza.family.as_deref()?, stanza.method.as_deref()?) {
        ("inet", "dhcp" | "bootp") => Family::V4,
        ("inet6", "dhcp" | "auto") => Family::V6,
        _ => return None,
    };
    Some((family, stanza.place.clone()))
}

/// The family of the address that `use dhcp` of ifupdown-ng gets from outside.
fn used(options: &[&Setting], flavour: Flavour) -> Option<(Family, Place)> {
    let is_dhcp = |option: &&&Setting| {
        &*option.name == "use" && option.value.split_ascii_whitespace().any(|word| word == "dhcp")
    };
    let option = options.iter().filter(|_| flavour == Flavour::IfupdownNg).find(is_dhcp)?;
    Some((Family::V4, option.place.clone()))
}

impl Outcome {
    /// Returns the address that ifupdown binds: the first of a stanza, if it is of the stanza's family.
    fn one(&mut self, stanza: &Stanza, written: Vec<(HostAddress, Place)>) -> Vec<(HostAddress, Place)> {
        let ipv4 = stanza.family.as_deref() == Some("inet");
        let of_family = |address: IpAddr| stanza.family.is_none() || address.is_ipv4() == ipv4;
        let mut written = written.into_iter();
        let Some(first) = written.next() else { return Vec::new() };
        let shadowed = |(expected, place), why: &str| Shadowed { expected, why: why.to_owned(), place };
        // Without a family, this is of ifupdown2 or ifupdown-ng, which bind all.
        if stanza.family.is_none() {
            return std::iter::once(first).chain(written).collect();
        }
        self.shadowed.extend(written.map(|other| shadowed(other, "ifup takes one address of a stanza")));
        if of_family(first.0.address) {
            return vec![first];
        }
        self.stops = true;
        self.shadowed.push(shadowed(first, &format!("ifup refuses it in {}", stanza.title())));
        Vec::new()
    }

    pub(super) fn bind(&mut self, promise: Promise, label: Option<String>) {
        self.changes.push(Change::Bind(promise, label));
    }

    /// Applies the effect of a command. `title` names the command in a remark, for example "eth0: up".
    pub(super) fn take(&mut self, effect: Effect, place: &Place, title: &str) {
        match effect {
            Effect::Bind(expected, name) => {
                let interface = name.as_deref().map(|name| device(name).to_owned());
                self.bind(Promise { expected, interface, floating: false, place: place.clone() }, name);
            }
            Effect::TakeBack(taken) => {
                self.changes.push(Change::TakeBack(taken.without_label(), place.clone()));
            }
            Effect::Never(expected, why) => {
                self.shadowed.push(Shadowed { expected, why, place: place.clone() });
            }
            Effect::Float(expected) => {
                self.bind(Promise { expected, interface: None, floating: true, place: place.clone() }, None);
            }
            Effect::Local(network) => {
                let what = "the host answers for it, and binds no address of it";
                self.notes.push(format!("note: {place}: local route {network}: {what}"));
            }
            Effect::MayTakeBack => {
                self.notes.push(format!("note: {place} may take addresses away, under a condition"));
            }
            Effect::Away(name) => self.away.push((name, true)),
            Effect::MayAway(name) => {
                self.notes
                    .push(format!("note: {place} may move {name} to another namespace, under a condition"));
                self.away.push((name, false));
            }
            Effect::Port(controller, port) => self.ports.push((controller, port, place.clone())),
            Effect::May(expected) => {
                let address = expected.address;
                self.notes.push(format!("note: {address} may be added by {place}, under a condition"));
                self.add_possible(expected, "it is added under a condition");
            }
            Effect::Expires(expected) => {
                let address = expected.address;
                self.notes.push(format!("note: {address} is added by {place} for a limited time"));
                self.add_possible(expected, "it is added for a limited time");
            }
            Effect::Runs(path) => self.runs.push(path),
            Effect::Braces(what) => self.braces.push(Remark { what, place: place.clone() }),
            Effect::BringUp(name) => self.brings_up.push(name),
            Effect::MayBringUp(name) => {
                self.notes.push(format!("note: {name} may be brought up by {place}, under a condition"));
            }
            Effect::Unread(program) => {
                let what = format!("{title} {program}: a program that is not read");
                self.remarks.push(Remark { what, place: place.clone() });
            }
        }
    }

    fn add_possible(&mut self, expected: HostAddress, why: &str) {
        let addresses = HostAddress { prefix: None, ..expected };
        self.possible.push(Possible { addresses, interface: None, why: why.to_owned() });
    }

    /// Takes over that a command is not understood, and returns any other error.
    pub(super) fn not_understood(&mut self, error: ConfigError) -> Result<(), ConfigError> {
        let ConfigError::Line { place, what } = error else { return Err(error) };
        self.unknown.push(Remark { what, place });
        Ok(())
    }
}

/// Its options: first those of the stanzas that it inherits from.
fn gather<'a>(all: &'a Interfaces, stanza: &'a Stanza) -> Result<Vec<&'a Setting>, ConfigError> {
    let mut chain = vec![stanza];
    while let Some(last) = chain.last() {
        let named = last.options.iter().find(|option| &*option.name == "inherit");
        let other = match (last.inherits, named) {
            (Some(index), _) => all.stanzas.get(index),
            (None, Some(option)) => {
                let unknown = || option.place.error(format!("inherit {}: no such stanza", &*option.value));
                let index = all.first(&option.value, None).ok_or_else(unknown)?;
                all.stanzas.get(index)
            }
            (None, None) => None,
        };
        let Some(other) = other else { break };
        if chain.len() >= CHAIN {
            return Err(stanza.place.error(format!("{} inherits from too many", stanza.name)));
        }
        chain.push(other);
    }
    Ok(chain.iter().rev().flat_map(|stanza| &stanza.options).collect())
}

/// Whether the `address` options of a stanza are bound.
fn binds(stanza: &Stanza, flavour: Flavour) -> bool {
    let method = stanza.method.as_deref();
    // The others bind those of any method.
    flavour != Flavour::Ifupdown || method.is_none_or(|method| STATIC.contains(&method))
}

/// The addresses of the options. ifupdown lets a `netmask` win over the prefix of an address, the others do
/// not. One that is not understood hides no other, but where ifupdown binds the first alone, and stops at it.
fn addresses<'a>(
    stanza: &Stanza,
    options: &[&Setting],
    flavour: Flavour,
    of_ifupdown2: impl Fn(usize) -> Option<&'a Setting>,
    outcome: &mut Outcome,
) -> Result<Vec<(HostAddress, Place)>, ConfigError> {
    let last = |name: &str| options.iter().rev().find(|option| &*option.name == name);
    if stanza.method.as_deref() == Some("6to4") {
        return last("local").map(|option| six_to_four(option)).transpose().map(Vec::from_iter);
    }
    // The prefix belongs to the other end there.
    let peer = ["pointopoint", "dstaddr"].into_iter().any(|name| last(name).is_some());
    let mut addresses = Vec::new();
    for (index, option) in options.iter().filter(|option| &*option.name == "address").enumerate() {
        let netmask = match flavour {
            Flavour::Ifupdown2 => of_ifupdown2(index),
            _ => last("netmask").copied(),
        };
        match address(option, netmask, flavour) {
            Ok(expected) => {
                let prefix = expected.prefix.filter(|_| !peer);
                addresses.push((HostAddress { prefix, ..expected }, option.place.clone()));
            }
            Err(error) if index == 0 && flavour == Flavour::Ifupdown && binds(stanza, flavour) => {
                return Err(error);
            }
            Err(error) => outcome.not_understood(error)?,
        }
    }
    Ok(addresses)
}

/// `address-virtual MAC ADDRESS...` of ifupdown2, bound on an interface of its own. It takes the first word
/// as a hardware address, or as none, and binds nothing where that is an address.
fn virtual_addresses(options: &[&Setting], outcome: &mut Outcome) -> Result<(), ConfigError> {
    for option in options.iter().filter(|option| &*option.name == "address-virtual") {
        let mut words = option.value.split_ascii_whitespace().peekable();
        let lacks_hardware = words.peek().is_some_and(|first| mask::parse(first).is_ok());
        let words = words.skip(usize::from(!lacks_hardware));
        for word in words.filter(|word| word.split(':').count() != 6 || word.contains('/')) {
            let place = option.place.clone();
            match mask::parse(word) {
                Ok(expected) if lacks_hardware => {
                    let why = "address-virtual needs a hardware address before it".to_owned();
                    outcome.shadowed.push(Shadowed { expected, why, place });
                }
                Ok(expected) => {
                    outcome.bind(Promise { expected, interface: None, floating: false, place }, None);
                }
                Err(error) => outcome.not_understood(place.error(error))?,
            }
        }
    }
    Ok(())
}

/// `vrrp ID ADDRESS...` of ifupdown2, where FRR decides by VRRP which host answers for them, or `ucarp-vip
/// ADDRESS` of Debian's ucarp. So many words come before the addresses.
fn floating_addresses(
    name: &str,
    words: usize,
    options: &[&Setting],
    outcome: &mut Outcome,
) -> Result<(), ConfigError> {
    for option in options.iter().filter(|option| &*option.name == name) {
        for word in option.value.split_ascii_whitespace().skip(words) {
            let place = option.place.clone();
            match mask::parse(word) {
                Ok(expected) => {
                    outcome.bind(Promise { expected, interface: None, floating: true, place }, None);
                }
                Err(error) => outcome.not_understood(place.error(error))?,
            }
        }
    }
    Ok(())
}

/// Adds what a command does.
fn run(
    all: &Interfaces,
    option: &Setting,
    stanza: &Stanza,
    physical: Option<&str>,
    environment: &[(String, String)],
    outcome: &mut Outcome,
) -> Result<(), ConfigError> {
    let effects = effects(&option.value, physical, &stanza.name, environment, &all.inputs, Shell::Sh);
    let title = format!("{}: {}", stanza.name, option.name);
    for effect in effects.map_err(|what| option.place.error(what))? {
        outcome.take(effect, &option.place, &title);
    }
    Ok(())
}
