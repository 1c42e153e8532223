//! The profiles that may be activated: a device has one at a time, that with the highest priority. Of several
//! with the same priority, NetworkManager takes the one it used last, which the files do not tell.

use std::collections::BTreeMap;

use addresses::short;

use super::devices::Fit;
use super::profile::Profile;
use crate::hardware::Cards;
use crate::promise::{Choice, Dynamic, Family, OneOf, Place, Promise, Promises};

/// A profile that may be activated.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) profile: Profile,
    /// The addresses that it promises; not counted where it is a port.
    pub(super) promises: Promises,
    /// The bridge or the like that its interface is a port of.
    pub(super) controller: Option<String>,
    /// Whether it has no addresses of its own, as a port of its controller.
    pub(super) is_port: bool,
    /// Why NetworkManager may not activate it, to follow "whether".
    pub(super) doubt: Option<String>,
}

/// The profiles for one device, or for any card of a type.
#[derive(Debug, Default)]
struct Rivals(BTreeMap<i64, Level>);

/// Those of them with the same priority.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// How many NetworkManager may activate for all that is known.
    certain: usize,
    /// How many it may leave alone.
    doubtful: usize,
    /// How many with this priority or a higher one can be active at a time.
    active: usize,
}

/// Adds what the profiles say; of rivals, of which not all can be active, what each of them says.
/// `left_alone` says whether NetworkManager leaves an interface alone, by its name and the type of its
/// profile.
pub(super) fn promise(
    mut contenders: Vec<Contender>,
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
    to: &mut Promises,
) {
    doubt_the_overtaken(&mut contenders);
    let rivals = rivals(&contenders, cards, left_alone);
    let mut groups: BTreeMap<String, OneOf> = BTreeMap::new();
    for contender in contenders {
        let of_it = contender.device().and_then(|device| Some((rivals.get(&device)?, device)));
        let priority = contender.profile.priority();
        match of_it.map(|(rivals, device)| (rivals.precede(priority), rivals.exceed(), device)) {
            Some((true, _, device)) => {
                let what = format!("{device}: another profile has priority");
                to.remarks.push(Place::new(&contender.profile.path, 1).remark(what));
            }
            Some((false, Some(active), device)) => {
                let why = contender.why_not_all(active);
                let one_of = || OneOf { why, active, profiles: Vec::new() };
                // One of them is active, whichever it is.
                let choice = Contender { doubt: None, ..contender }.choice(to);
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
    to.dynamic.extend(dynamic.into_iter().flat_map(|one_of| any_active(one_of.profiles)));
}

/// Returns what profiles get from outside: required where each of them gets an address of that family, so
/// that it does not matter which of them is active.
fn any_active(profiles: Vec<Choice>) -> Vec<Dynamic> {
    let in_each = |family: Family| {
        profiles.iter().all(|profile| profile.dynamic.iter().any(|dynamic| dynamic.family == family))
    };
    let all = profiles.iter().flat_map(|profile| &profile.dynamic);
    all.map(|dynamic| Dynamic { required: dynamic.required && in_each(dynamic.family), ..dynamic.clone() })
        .collect()
}

/// Doubts a profile for one card where one for any card has a higher priority, which may take that card.
fn doubt_the_overtaken(contenders: &mut [Contender]) {
    let mut highest: BTreeMap<String, i64> = BTreeMap::new();
    let takes_any = |each: &&Contender| each.is_for_any() && each.doubt.is_none() && each.is_of_cards();
    for contender in contenders.iter().filter(takes_any) {
        let priority = contender.profile.priority();
        let known = highest.entry(contender.profile.kind().to_owned()).or_insert(priority);
        *known = priority.max(*known);
    }
    for contender in contenders.iter_mut().filter(|each| each.doubt.is_none()) {
        let Some(name) = contender.profile.interface() else { continue };
        if highest.get(contender.profile.kind()).is_some_and(|any| *any > contender.profile.priority()) {
            contender.doubt = Some(format!("a profile for any card takes {}", short(name)));
        }
    }
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
        let level = all.entry(device).or_default().0.entry(contender.profile.priority()).or_default();
        let count = if contender.doubt.is_none() { &mut level.certain } else { &mut level.doubtful };
        *count += 1;
    }
    let mut named: BTreeMap<&str, i64> = BTreeMap::new();
    for (name, priority) in
        contenders.iter().filter_map(|each| Some((each.profile.interface()?, each.profile.priority())))
    {
        let highest = named.entry(name).or_insert(priority);
        *highest = priority.max(*highest);
    }
    for contender in contenders {
        let Some(rivals) = contender.device().and_then(|device| all.get_mut(&device)) else { continue };
        if contender.profile.interface().is_some() {
            rivals.0.values_mut().for_each(|level| level.active = 1);
            continue;
        }
        let kind = contender.profile.kind();
        let of_type = cards.of_type(kind);
        let managed: Vec<&String> =
            of_type.iter().filter(|card| left_alone(card, kind) != Fit::Yes).collect();
        for (priority, level) in &mut rivals.0 {
            // A profile takes the card that one with a lower priority names.
            let is_free = |card: &&&String| named.get(card.as_str()).is_none_or(|highest| highest < priority);
            // Without any card in sight, none is known to be lacking.
            level.active =
                if of_type.is_empty() { usize::MAX } else { managed.iter().filter(is_free).count() };
        }
    }
    all
}

impl Rivals {
    /// Whether as many as can be active have a higher priority.
    fn precede(&self, priority: i64) -> bool {
        let active = self.0.get(&priority).map_or(0, |level| level.active);
        let above = self.0.range(priority.saturating_add(1)..);
        let higher: usize = above.map(|(_, level)| level.certain).sum();
        higher > 0 && higher >= active
    }

    /// Returns how many can be active, where there are more, and not all of them doubtful.
    fn exceed(&self) -> Option<usize> {
        let remaining = self.0.iter().filter(|(priority, _)| !self.precede(**priority));
        let levels: Vec<&Level> = remaining.map(|(_, level)| level).collect();
        let active = levels.first()?.active;
        let certain: usize = levels.iter().map(|level| level.certain).sum();
        let doubtful: usize = levels.iter().map(|level| level.doubtful).sum();
        (certain > 0 && certain + doubtful > active).then_some(active)
    }
}

impl Contender {
    /// What the profile is for: an interface, or any card of its type. `None` if it tells cards by something
    /// else.
    fn device(&self) -> Option<String> {
        let any = || self.is_for_any().then(|| format!("type={}", self.profile.kind()));
        self.profile.interface().map(str::to_owned).or_else(any)
    }

    fn is_for_any(&self) -> bool {
        self.profile.selector().is_none()
    }

    /// Whether a card is there before the profile is activated, which makes any other device.
    fn is_of_cards(&self) -> bool {
        matches!(self.profile.kind(), "ethernet" | "802-3-ethernet" | "wifi" | "802-11-wireless")
    }

    /// Why not all of its rivals can be active.
    fn why_not_all(&self, active: usize) -> String {
        match (self.profile.interface(), active) {
            (Some(name), _) => format!("{name} has one profile at a time"),
            (None, 0) => "each network card has a profile of its own".to_owned(),
            (None, 1) => "one network card is left for several profiles".to_owned(),
            (None, free) => format!("{free} network cards are left for more profiles"),
        }
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
