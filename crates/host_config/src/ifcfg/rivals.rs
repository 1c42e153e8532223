//! Several files for one device. The network scripts bind the addresses of all of them; NetworkManager has
//! one active at a time, that with the highest priority.

use std::collections::BTreeMap;

use addresses::short;

use super::interface::Parent;
use crate::promise::{Choice, OneOf, Promises};

/// What a file says that NetworkManager makes a profile of.
pub(super) struct Rival {
    priority: i64,
    choice: Choice,
}

/// The profiles of each device, in the order of their files.
#[derive(Default)]
pub(super) struct Rivals(BTreeMap<String, Vec<Rival>>);

impl Rivals {
    /// Takes what a file has added after these numbers of promises and dynamic interfaces.
    pub(super) fn take(&mut self, parent: &Parent<'_>, promises: usize, dynamic: usize, from: &mut Promises) {
        let Some(device) = parent.device.clone().filter(|_| parent.up && parent.managed) else { return };
        let written = parent.settings.text("AUTOCONNECT_PRIORITY").ok();
        let priority = written.and_then(|text| text.parse().ok()).unwrap_or(0);
        let choice = Choice {
            promises: from.promises.split_off(promises),
            dynamic: from.dynamic.split_off(dynamic),
            port: None,
        };
        self.0.entry(device).or_default().push(Rival { priority, choice });
    }

    /// Adds what the files say: of several for a device, what each of those with the highest priority says.
    pub(super) fn promise(self, to: &mut Promises) {
        for (device, mut rivals) in self.0 {
            let highest = rivals.iter().map(|rival| rival.priority).max();
            let takes = format!("a profile with a higher priority takes {}", short(&device));
            for rival in rivals.extract_if(.., |rival| Some(rival.priority) != highest) {
                rival.choice.promises.iter().for_each(|promise| to.add_possible(promise, &takes));
            }
            let choices: Vec<Choice> = rivals.into_iter().map(|rival| rival.choice).collect();
            let is_static = choices.iter().any(|choice| !choice.promises.is_empty());
            if choices.len() > 1 && is_static {
                let why = format!("{} has one profile at a time", short(&device));
                to.one_of.push(OneOf {
                    why,
                    active: 1,
                    permanent_leases: true,
                    perhaps_none: false,
                    profiles: choices,
                });
                continue;
            }
            for choice in choices {
                to.promises.extend(choice.promises);
                to.dynamic.extend(choice.dynamic);
            }
        }
    }
}
