//! What several sources say of the same interface: netplan generates files for networkd and NetworkManager,
//! which say the same again.

use std::collections::BTreeMap;

use host_config::{Dynamic, Family, Giver, Ports};

/// Adds what is new; an address is required where all sources require it. One that is spare for a source is
/// spare where the others require it. `new` is what one source says: two of its profiles bring up two
/// interfaces. What two givers give is two addresses.
pub(super) fn dynamic(known: &mut Vec<Dynamic>, new: impl Iterator<Item = Dynamic>) {
    let from_others = known.len();
    let numbered = known.iter().enumerate();
    let key = |each: &Dynamic| (each.interface.clone(), each.family, each.giver);
    let mut numbers: BTreeMap<(String, Family, Giver), usize> =
        numbered.map(|(number, each)| (key(each), number)).collect();
    for each in new {
        let number = *numbers.entry(key(&each)).or_insert(known.len());
        match known.get_mut(number) {
            Some(before) => {
                let demanded = |dynamic: &Dynamic| dynamic.required || dynamic.spare;
                let all = demanded(before) && demanded(&each);
                before.required &= each.required;
                before.spare = all && !before.required;
                before.single &= each.single && number < from_others;
            }
            None => known.push(each),
        }
    }
}

/// Adds what is new; of one interface, the first source that names ports counts.
pub(super) fn ports(known: &mut Vec<Ports>, new: impl Iterator<Item = Ports>) {
    let numbered = known.iter().enumerate();
    let mut numbers: BTreeMap<String, usize> =
        numbered.map(|(number, each)| (each.interface.clone(), number)).collect();
    for each in new {
        let number = *numbers.entry(each.interface.clone()).or_insert(known.len());
        if let Some(before) = known.get_mut(number) {
            before.waits &= each.waits;
        }
        match known.get_mut(number) {
            Some(before) if before.ports.is_empty() => *before = Ports { waits: before.waits, ..each },
            Some(before) if before.uplinks.is_empty() => before.uplinks = each.uplinks,
            Some(_) => {}
            None => known.push(each),
        }
    }
}
