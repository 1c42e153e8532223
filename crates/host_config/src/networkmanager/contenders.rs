//! The profiles that may be activated: a device has one at a time, that with the highest priority. Of several
//! with the same one, NetworkManager takes that which it used last, which the files do not tell.

use std::collections::BTreeMap;

use addresses::short;

use super::devices::Fit;
use super::profile::Profile;
use crate::hardware::Cards;
use crate::promise::{Choice, Dynamic, OneOf, Place, Promise, Promises};

/// A profile that may be activated.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) profile: Profile,
    /// What it says; nothing of a port.
    pub(super) promises: Promises,
    /// The bridge or the like that its interface is a port of.
    pub(super) controller: Option<String>,
    /// Whether it has addresses of its own.
    pub(super) is_port: bool,
    /// Why NetworkManager may not activate it, to follow "whether".
    pub(super) doubt: Option<String>,
}

/// The profiles for one device, or for any card of a type.
#[derive(Debug, Default)]
struct Rivals {
    /// How many of them can be active at a time.
    active: usize,
    /// How many there are, by priority.
    count: BTreeMap<i64, usize>,
    why: String,
}

/// Adds what the profiles say; of rivals, of which not all can be active, what each of them says.
/// `left_alone` says whether NetworkManager leaves an interface alone, by its name and the type of its
/// profile.
pub(super) fn promise(
    contenders: Vec<Contender>,
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
    to: &mut Promises,
) {
    let rivals = rivals(&contenders, cards, left_alone);
    let mut groups: BTreeMap<String, OneOf> = BTreeMap::new();
    for contender in contenders {
        let of_it = contender.device().and_then(|device| Some((rivals.get(&device)?, device)));
        let priority = contender.profile.priority();
        match of_it {
            Some((rivals, device)) if rivals.precede(priority) => {
                let what = format!("{device}: another profile has priority");
                to.remarks.push(Place::new(&contender.profile.path, 1).remark(what));
            }
            Some((rivals, device)) if rivals.exceed() => {
                let (active, why) = (rivals.active, rivals.why.clone());
                let one_of = || OneOf { why, active, profiles: Vec::new() };
                let choice = contender.choice(to);
                groups.entry(device).or_insert_with(one_of).profiles.push(choice);
            }
            _ => {
                let choice = contender.choice(to);
                to.promises.extend(choice.promises);
                to.dynamic.extend(choice.dynamic);
            }
        }
    }
    let dynamic_alone = |one_of: &OneOf| {
        one_of.profiles.iter().all(|profile| profile.promises.is_empty() && profile.port.is_none())
    };
    let (dynamic, others): (Vec<OneOf>, Vec<OneOf>) = groups.into_values().partition(dynamic_alone);
    to.one_of.extend(others);
    // It does not matter which of them is active.
    to.dynamic.extend(dynamic.into_iter().flat_map(|one_of| one_of.profiles).flat_map(|each| each.dynamic));
}

/// The rivals of each device, and of any card of a type.
fn rivals(
    contenders: &[Contender],
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
) -> BTreeMap<String, Rivals> {
    let mut all: BTreeMap<String, Rivals> = BTreeMap::new();
    for contender in contenders {
        let Some(device) = contender.device() else { continue };
        let rivals = all.entry(device).or_default();
        *rivals.count.entry(contender.profile.priority()).or_default() += 1;
    }
    let named: Vec<&str> = contenders.iter().filter_map(|each| each.profile.interface()).collect();
    for contender in contenders {
        let Some(rivals) = contender.device().and_then(|device| all.get_mut(&device)) else { continue };
        let Some(name) = contender.profile.interface() else {
            let kind = contender.profile.kind();
            let is_free =
                |card: &&String| !named.contains(&card.as_str()) && left_alone(card, kind) != Fit::Yes;
            let of_type = cards.of_type(kind);
            // Without any card in sight, none is known to be lacking.
            rivals.active =
                if of_type.is_empty() { usize::MAX } else { of_type.iter().filter(is_free).count() };
            rivals.why = match rivals.active {
                0 => "each network card has a profile of its own".to_owned(),
                1 => "one network card is left for several profiles".to_owned(),
                free => format!("{free} network cards are left for more profiles"),
            };
            continue;
        };
        (rivals.active, rivals.why) = (1, format!("{name} has one profile at a time"));
    }
    all
}

impl Rivals {
    /// Whether as many as can be active have a higher priority.
    fn precede(&self, priority: i64) -> bool {
        let higher: usize = self.count.range(priority.saturating_add(1)..).map(|(_, count)| count).sum();
        higher > 0 && higher >= self.active
    }

    /// Whether there are more than can be active.
    fn exceed(&self) -> bool {
        let highest = self.count.iter().filter(|(priority, _)| !self.precede(**priority));
        highest.map(|(_, count)| count).sum::<usize>() > self.active
    }
}

impl Contender {
    /// What the profile is for: an interface, or any card of its type. `None` if it tells cards by something
    /// else.
    fn device(&self) -> Option<String> {
        let any = || self.profile.selector().is_none().then(|| format!("type={}", self.profile.kind()));
        self.profile.interface().map(str::to_owned).or_else(any)
    }

    /// Returns what the profile gives, and adds its remarks and notes.
    fn choice(self, to: &mut Promises) -> Choice {
        let Self { profile, mut promises, controller, is_port, doubt } = self;
        let port = profile.interface().map(str::to_owned).zip(controller).filter(|_| is_port);
        if is_port {
            return Choice { port, ..Choice::default() };
        }
        if let Some(doubt) = &doubt {
            let why = format!("whether {doubt} is not known here");
            to.notes.extend(promises.promises.drain(..).map(|promise: Promise| promise.not_expected(&why)));
        }
        to.remarks.append(&mut promises.remarks);
        to.notes.append(&mut promises.notes);
        let any_of_its_type = || (format!("type={}", short(profile.kind())), false);
        let (interface, required) = profile.selector().unwrap_or_else(any_of_its_type);
        let dynamic = |(family, place)| {
            let required = required && doubt.is_none();
            Dynamic { interface: interface.clone(), family, required, place }
        };
        let dynamic = profile.dynamic().into_iter().map(dynamic).collect();
        Choice { promises: promises.promises, dynamic, port }
    }
}
