//! A profile that may be activated, and what it gives.

use addresses::short;

use super::profile::Profile;
use crate::promise::{Choice, Dynamic, Promise, Promises};

/// What tells the card of a profile without a name, a pattern and a hardware address.
fn conditions(profile: &Profile) -> String {
    let keys = ["driver", "path"].into_iter();
    let written =
        keys.filter_map(|key| Some(format!("{key}={}", profile.condition(key)?.value.trim_end_matches(';'))));
    let kind = std::iter::once(format!("type={}", profile.kind()));
    short(&kind.chain(written).collect::<Vec<_>>().join(" "))
}

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

impl Contender {
    /// Returns what the profile gives, and adds its remarks and notes.
    pub(super) fn choice(self, to: &mut Promises) -> Choice {
        let Self { profile, mut promises, controller, is_port, doubt } = self;
        let port = profile.interface().map(str::to_owned).zip(controller).filter(|_| is_port);
        if is_port {
            return Choice { port, ..Choice::default() };
        }
        let any_of_its_type = || (format!("type={}", short(profile.kind())), false);
        let (interface, required) = profile.selector().unwrap_or_else(any_of_its_type);
        let told = if profile.selector().is_some() { interface.clone() } else { conditions(&profile) };
        to.add_unnamed(&promises.promises, [told]);
        if let Some(doubt) = &doubt {
            let why = format!("whether {doubt} is not known here");
            promises.promises.drain(..).for_each(|promise: Promise| to.add_possible(&promise, &why));
        }
        to.remarks.append(&mut promises.remarks);
        to.notes.append(&mut promises.notes);
        to.possible.append(&mut promises.possible);
        let required = required && doubt.is_none();
        // A card without any other profile may have a cable and no DHCP server.
        let spare = required && profile.is_generated();
        let single = !required && !profile.is_multiple();
        let dynamic = |(family, giver, place)| {
            let interface = interface.clone();
            Dynamic { interface, family, giver, required: required && !spare, spare, single, place }
        };
        let dynamic = profile.dynamic().into_iter().map(dynamic).collect();
        Choice { promises: promises.promises, dynamic, port }
    }
}
