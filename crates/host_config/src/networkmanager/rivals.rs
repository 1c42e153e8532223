//! Which of several profiles can be active at a time: a device has one, that with the highest priority. Of
//! several with the same priority, NetworkManager takes the one it used last, which the files do not tell.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// What a profile asks for.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The devices of which it takes one: `None` if the files do not tell them.
    pub(super) devices: Option<BTreeSet<String>>,
    /// The type of its connection, where it takes any card of that type.
    pub(super) any: Option<String>,
    /// The type of its connection.
    pub(super) kind: String,
    /// A profile with a higher priority is activated first.
    pub(super) priority: i64,
    /// Whether NetworkManager may activate it for all that is known.
    pub(super) certain: bool,
    /// Whether it takes each of the devices that no other profile has.
    pub(super) takes_all: bool,
}

/// What becomes of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is active.
    Active,
    /// Profiles with a higher priority take all its devices.
    Preceded,
    /// Profiles with a higher priority may take all its devices.
    Overtaken,
    /// It is one of a group.
    OneOf(usize),
}

/// Profiles that compete for devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// How many of them can be active at a time.
    pub(super) active: usize,
    /// The devices.
    pub(super) devices: BTreeSet<String>,
}

/// The claims on the same devices with the same priority.
#[derive(Debug)]
struct Class {
    devices: BTreeSet<String>,
    priority: i64,
    certain: usize,
    takes_all: bool,
    members: Vec<usize>,
}

/// Returns what becomes of each profile, and the groups.
pub(super) fn judge(claims: &[Claim]) -> (Vec<Standing>, Vec<Group>) {
    let mut standings = vec![Standing::Active; claims.len()];
    let mut groups = Vec::new();
    for mut classes in connected(classes(claims)) {
        let put = |standings: &mut Vec<Standing>, class: &Class, standing: &Standing| {
            for member in &class.members {
                if let Some(of_it) = standings.get_mut(*member) {
                    *of_it = standing.clone();
                }
            }
        };
        classes.sort_by_key(|class| std::cmp::Reverse(class.priority));
        let mut rivals: Vec<Class> = Vec::new();
        for class in classes {
            match overtaken(&class, &rivals) {
                Some(standing) => put(&mut standings, &class, &standing),
                None => rivals.push(class),
            }
        }
        for rivals in connected(rivals) {
            let count: usize = rivals.iter().map(|class| class.members.len()).sum();
            let most = most_active(rivals.iter().map(|class| (&class.devices, class.members.len())));
            let active = if takes_every_device(&rivals) { 1 } else { most };
            // Not all of them are doubtful.
            if count > active && rivals.iter().any(|class| class.certain > 0) {
                let standing = Standing::OneOf(groups.len());
                rivals.iter().for_each(|class| put(&mut standings, class, &standing));
                let devices = rivals.into_iter().flat_map(|class| class.devices).collect();
                groups.push(Group { active, devices });
            }
        }
    }
    overtaken_by_any(claims, &mut standings);
    (standings, groups)
}

/// Whether one profile may have each device of a group, and leave none to the others. Where each of these is
/// for a device of its own, the device tells which of the two has it.
fn takes_every_device(rivals: &[Class]) -> bool {
    let all: BTreeSet<&String> = rivals.iter().flat_map(|class| &class.devices).collect();
    let takes = |class: &&Class| class.takes_all && class.devices.len() == all.len();
    let Some(whole) = rivals.iter().find(takes) else { return false };
    let others = rivals.iter().filter(|class| class.devices != whole.devices);
    let mut others = others.map(|class| (class.devices.len(), class.members.len()));
    whole.members.len() > 1 || others.any(|each| each != (1, 1))
}

/// The claims on known devices, put together.
fn classes(claims: &[Claim]) -> Vec<Class> {
    let mut classes: BTreeMap<(&BTreeSet<String>, i64), Class> = BTreeMap::new();
    for (number, claim) in claims.iter().enumerate() {
        let Some(devices) = &claim.devices else { continue };
        let new = || Class {
            devices: devices.clone(),
            priority: claim.priority,
            certain: 0,
            takes_all: false,
            members: Vec::new(),
        };
        let class = classes.entry((devices, claim.priority)).or_insert_with(new);
        class.certain += usize::from(claim.certain);
        class.takes_all |= claim.certain && claim.takes_all;
        class.members.push(number);
    }
    classes.into_values().collect()
}

/// Puts those together that share devices, also by way of others.
fn connected(classes: Vec<Class>) -> Vec<Vec<Class>> {
    let mut groups: Vec<Vec<Class>> = Vec::new();
    let mut of_device: BTreeMap<String, usize> = BTreeMap::new();
    for class in classes {
        let mut known: BTreeSet<usize> =
            class.devices.iter().filter_map(|device| of_device.get(device).copied()).collect();
        let into = known.pop_first().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        let mut moved: Vec<Class> = Vec::new();
        for other in known {
            moved.append(groups.get_mut(other).unwrap_or(&mut Vec::new()));
        }
        for each in moved.iter().chain([&class]) {
            each.devices.iter().for_each(|device| _ = of_device.insert(device.clone(), into));
        }
        if let Some(group) = groups.get_mut(into) {
            group.extend(moved);
            group.push(class);
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Whether profiles with a higher priority take all devices of a class, or may.
fn overtaken(class: &Class, rivals: &[Class]) -> Option<Standing> {
    let higher = || {
        let certain = rivals.iter().filter(|rival| rival.certain > 0);
        certain.filter(|rival| rival.priority > class.priority)
    };
    let shared =
        |rival: &Class| rival.devices.intersection(&class.devices).cloned().collect::<BTreeSet<String>>();
    let taken = |rival: &Class| {
        let shared = shared(rival);
        let count = if rival.takes_all { shared.len() } else { rival.certain };
        (shared, count)
    };
    let inside = higher().filter(|rival| rival.takes_all || rival.devices.is_subset(&class.devices));
    let count = class.devices.len();
    match () {
        () if count == 0 => None,
        () if all_active(inside.map(taken)) >= count => Some(Standing::Preceded),
        () if all_active(higher().map(taken)) >= count => Some(Standing::Overtaken),
        () => None,
    }
}

/// Returns it as [`most_active`] does, of the claims on any device.
fn all_active(claims: impl Iterator<Item = (BTreeSet<String>, usize)>) -> usize {
    let claims: Vec<(BTreeSet<String>, usize)> = claims.filter(|(devices, _)| !devices.is_empty()).collect();
    most_active(claims.iter().map(|(devices, count)| (devices, *count)))
}

/// Returns how many profiles can each have a device of their own, given the devices and the number of those
/// that take one of them: the size of the largest matching.
fn most_active<'a>(claims: impl Iterator<Item = (&'a BTreeSet<String>, usize)>) -> usize {
    let mut claims: Vec<(&BTreeSet<String>, usize)> = claims.collect();
    // Those with the fewest devices first: few have to make room then.
    claims.sort_by_key(|(devices, _)| devices.len());
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut number = |device: &'a String| {
        let next = numbers.len();
        *numbers.entry(device).or_insert(next)
    };
    let wanted: Vec<Vec<usize>> =
        claims.iter().map(|(devices, _)| devices.iter().map(&mut number).collect()).collect();
    let mut owners: Vec<Option<usize>> = vec![None; numbers.len()];
    for (claim, (_, count)) in claims.iter().enumerate() {
        // A claim that got none gets none later.
        _ = (0..*count).find(|_| !gets_one(claim, &wanted, &mut owners));
    }
    owners.iter().flatten().count()
}

/// Gives a claim one more device, for which others may move to other devices of theirs: the shortest
/// augmenting path, found breadth first. Returns whether there is one.
fn gets_one(claim: usize, wanted: &[Vec<usize>], owners: &mut [Option<usize>]) -> bool {
    // By which claim a device was reached, and by which of its devices a claim.
    let mut by_claim: HashMap<usize, usize> = HashMap::new();
    let mut by_device: HashMap<usize, Option<usize>> = HashMap::from([(claim, None)]);
    let mut queue = VecDeque::from([claim]);
    while let Some(next) = queue.pop_front() {
        for device in wanted.get(next).into_iter().flatten() {
            if by_claim.contains_key(device) {
                continue;
            }
            by_claim.insert(*device, next);
            let Some(owner) = owners.get(*device).copied().flatten() else {
                move_along(*device, &by_claim, &by_device, owners);
                return true;
            };
            if let Entry::Vacant(new) = by_device.entry(owner) {
                new.insert(Some(*device));
                queue.push_back(owner);
            }
        }
    }
    false
}

/// Gives the free device to the claim that reached it, the one that this claim leaves to the claim before,
/// and so on.
fn move_along(
    free: usize,
    by_claim: &HashMap<usize, usize>,
    by_device: &HashMap<usize, Option<usize>>,
    owners: &mut [Option<usize>],
) {
    let mut device = Some(free);
    while let Some((number, claim)) = device.and_then(|number| Some((number, *by_claim.get(&number)?))) {
        owners.get_mut(number).into_iter().for_each(|owner| *owner = Some(claim));
        device = by_device.get(&claim).copied().flatten();
    }
}

/// Doubts the profiles of cards where one for any card has a higher priority, and the cards are not known.
fn overtaken_by_any(claims: &[Claim], standings: &mut [Standing]) {
    let mut highest: BTreeMap<&str, i64> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.devices.is_none() && claim.certain) {
        let Some(kind) = &claim.any else { continue };
        let known = highest.entry(kind).or_insert(claim.priority);
        *known = claim.priority.max(*known);
    }
    for (claim, standing) in claims.iter().zip(standings).filter(|(claim, _)| claim.devices.is_some()) {
        let overtaken = highest.get(claim.kind.as_str()).is_some_and(|any| *any > claim.priority);
        if overtaken && *standing == Standing::Active {
            *standing = Standing::Overtaken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Claims written as `devices priority`, with `?` for one that is doubtful, `+` for one that takes all.
    fn judged(claims: &[&str]) -> String {
        let claim = |text: &&str| {
            let (devices, priority) = text.split_once(' ').unwrap();
            let any = devices == "-";
            Claim {
                devices: (!any)
                    .then(|| devices.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()),
                any: any.then(|| "ethernet".to_owned()),
                kind: "ethernet".to_owned(),
                priority: priority.trim_end_matches(['?', '+']).parse().unwrap(),
                certain: !priority.ends_with('?'),
                takes_all: priority.ends_with('+'),
            }
        };
        let claims: Vec<Claim> = claims.iter().map(claim).collect();
        let (standings, groups) = judge(&claims);
        let word = |standing: &Standing| match standing {
            Standing::Active => "active".to_owned(),
            Standing::Preceded => "preceded".to_owned(),
            Standing::Overtaken => "overtaken".to_owned(),
            Standing::OneOf(group) => format!("{group}:{}", groups[*group].active),
        };
        standings.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_device_has_one_profile_at_a_time() {
        let rows: [(&[&str], &str); 27] = [
            (&["a 0", "b 0"], "active active"),
            (&["a 0", "a 0"], "0:1 0:1"),
            (&["a 1", "a 0"], "active preceded"),
            (&["a 1?", "a 0"], "0:1 0:1"),
            (&["a 0?", "a 0?"], "active active"),
            // One that names its card, one for any of a pattern.
            (&["a 0", "a,b 0"], "active active"),
            (&["a 0", "a 0", "a,b 0"], "0:2 0:2 0:2"),
            (&["a 0", "a,b 0", "a,b 0"], "0:2 0:2 0:2"),
            (&["a 0", "a,b 0", "c 0"], "active active active"),
            (&["a 0", "a 0", "a,b,c 0"], "0:2 0:2 0:2"),
            (&["a 1", "a,b 0"], "active active"),
            (&["a 1", "b 1", "a,b 0"], "active active preceded"),
            (&["a,b 1", "a 0"], "active overtaken"),
            (&["a,b 1", "a,b 1", "a 0"], "active active overtaken"),
            (&["a 1", "a,b,c 0", "b,c 0"], "active active active"),
            // The sets of cards cross.
            (&["c 0", "a,b 0", "a,c 0"], "active active active"),
            (&["a,b 0", "b,c 0", "c,a 0", "a 0"], "0:3 0:3 0:3 0:3"),
            (&["a,b 0", "b,c 1", "b,d 1"], "active active active"),
            (&["a,b 0", "a,c 1", "b,d 1"], "overtaken active active"),
            // One that takes all cards which others do not have.
            (&["a,b 0+", "a 0"], "active active"),
            (&["a,b 0+", "a,b -1"], "active preceded"),
            (&["a,b 1+", "a 0"], "active preceded"),
            (&["a,b 0+", "b,c -1"], "active active"),
            // No card is left for it.
            (&[" 0"], "0:0"),
            // The cards are not known.
            (&["- 0", "- 0", "a 0"], "active active active"),
            (&["- 5", "a 0"], "active overtaken"),
            (&["- 5?", "a 0", "a 0"], "active 0:1 0:1"),
        ];
        for (claims, expected) in rows {
            assert_eq!(judged(claims), expected, "{claims:?}");
        }
    }
}
