//! ifupdown: `/etc/network/interfaces` and what it includes, by interfaces(5) of Debian's ifupdown; ifupdown2
//! (Cumulus, Proxmox) and ifupdown-ng (Alpine) read the same file and are told apart by their own
//! configuration, because they bind the addresses of any stanza and all of them, where ifupdown binds those
//! of the static methods.
//!
//! Promised is what comes up at boot: interfaces of `auto` and `allow-hotplug`, and what these bring up by
//! `up ifup NAME`. Beside the `address` options, commands that bind addresses are read (`up ip addr add`,
//! `ifconfig`); one that is not understood is an error. Scripts that commands start are not read, only named.

mod command;
mod file;
mod ports;
mod range;
mod script;
mod shell;
mod stanza;
mod test;

use std::collections::{HashMap, HashSet, VecDeque};

use crate::promise::{ConfigError, Dynamic, Place, Promises, Remark};
use crate::tree::Tree;
use crate::wildcard;
use file::{Interfaces, PATTERNS, Selected};
use stanza::{Flavour, Outcome};

const FILE: &str = "/etc/network/interfaces";
/// The most addresses that one configuration may promise: several interfaces may come up as one stanza.
const MOST: usize = 1 << 20;
/// The most options that are read: several stanzas may inherit the same ones.
const OPTIONS: usize = 1 << 22;

/// Returns the promises of the interfaces that come up at boot.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let flavour = match () {
        () if tree.read("/etc/network/ifupdown2/ifupdown2.conf")?.is_some() => Flavour::Ifupdown2,
        () if !tree.names("/usr/libexec/ifupdown-ng")?.is_empty() => Flavour::IfupdownNg,
        () => Flavour::Ifupdown,
    };
    let narrow = flavour == Flavour::Ifupdown2;
    let Some(interfaces) = file::read(tree, FILE, narrow)? else { return Ok(None) };
    Boot::new(&interfaces, flavour)?.promises().map(Some)
}

/// A logical interface and, where the files say it, the physical one that comes up as it.
type Pair<'a> = (&'a str, Option<&'a str>);

/// What comes up at boot.
struct Boot<'a> {
    interfaces: &'a Interfaces,
    flavour: Flavour,
    stanzas: HashMap<String, Vec<usize>>,
    /// The interfaces that come up in any case, and not only when the kernel finds them.
    always: HashSet<String>,
    seen: HashSet<(String, Option<String>)>,
    queue: VecDeque<(String, Option<String>)>,
    remarks: Vec<Remark>,
    /// What comes up as a script chooses.
    unknown: Vec<Remark>,
}

impl<'a> Boot<'a> {
    fn new(interfaces: &'a Interfaces, flavour: Flavour) -> Result<Self, ConfigError> {
        let mut stanzas: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, stanza) in interfaces.stanzas.iter().enumerate() {
            for name in range::names(&stanza.name, flavour, &stanza.place)? {
                stanzas.entry(name).or_default().push(index);
            }
        }
        let (seen, queue, remarks) = (HashSet::new(), VecDeque::new(), Vec::new());
        let always = HashSet::new();
        let unknown = Vec::new();
        let mut boot = Self { interfaces, flavour, stanzas, always, seen, queue, remarks, unknown };
        let mut patterns = 0;
        for selected in &interfaces.selected {
            patterns += usize::from(selected.word.contains('/'));
            if patterns > PATTERNS {
                return Err(selected.place.error(format!("more than {PATTERNS} patterns of interfaces")));
            }
            boot.select(selected)?;
        }
        Ok(boot)
    }

    /// Puts what one word of an `auto` line names into the queue: `NAME`, `NAME=LOGICAL` or
    /// `[VARIABLE]/VALUE[/[N]][=LOGICAL]`.
    fn select(&mut self, Selected { word, place, hotplug }: &'a Selected) -> Result<(), ConfigError> {
        if self.flavour == Flavour::Ifupdown2 && !word.contains(['=', '/']) {
            let mut names = range::names(word, self.flavour, place)?;
            if word == "all" {
                names = self.interfaces.stanzas.iter().map(|stanza| stanza.name.clone()).collect();
            }
            return names.into_iter().try_for_each(|name| self.select_name(&name, &name, *hotplug, place));
        }
        let (physical, logical) =
            word.split_once('=').map_or((word.as_str(), None), |(name, logical)| (name, Some(logical)));
        let Some((variable, value)) = physical.split_once('/') else {
            let physical = self.interfaces.renames.get(physical).map_or(physical, String::as_str);
            return self.select_name(logical.unwrap_or(physical), physical, *hotplug, place);
        };
        if let Some(logical) = logical {
            return self.push((logical, None));
        }
        if !variable.is_empty() || value.contains('/') {
            return Err(place.error(format!("{word}: which interface this is cannot be told from the files")));
        }
        let stanzas = &self.interfaces.stanzas;
        let names: Vec<&str> = stanzas
            .iter()
            .map(|stanza| stanza.name.as_str())
            .filter(|name| wildcard::matches(value, name))
            .collect();
        self.always.extend(names.iter().filter(|_| !hotplug).map(|name| (*name).to_owned()));
        names.into_iter().try_for_each(|name| self.push((name, Some(name))))
    }

    /// Puts one interface that is named plainly into the queue.
    fn select_name(
        &mut self,
        logical: &str,
        physical: &str,
        hotplug: bool,
        place: &Place,
    ) -> Result<(), ConfigError> {
        if !self.stanzas.contains_key(logical) {
            self.remarks.push(Remark { what: format!("{logical}: no iface stanza"), place: place.clone() });
        }
        if !hotplug {
            self.always.insert(physical.to_owned());
        }
        self.push((logical, Some(physical)))
    }

    /// Adds a pair once, unless a mapping decides what comes up.
    fn push(&mut self, (logical, physical): Pair<'_>) -> Result<(), ConfigError> {
        let pair = (logical.to_owned(), physical.map(str::to_owned));
        let named = physical.unwrap_or(logical);
        if let Some(mapping) =
            self.interfaces.mappings.iter().find(|mapping| wildcard::matches(&mapping.word, named))
        {
            let what = format!("mapping {}: a script chooses what {named} comes up as", mapping.word);
            let unknown = mapping.place.remark(what);
            if !self.unknown.contains(&unknown) {
                self.unknown.push(unknown);
            }
            return Ok(());
        }
        if self.seen.insert(pair.clone()) {
            self.queue.push_back(pair);
        }
        Ok(())
    }

    /// The promises of all that comes up, in the order of the stanzas; remarks for the stanzas that do not.
    fn promises(mut self) -> Result<Promises, ConfigError> {
        let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
        let mut all = Promises::default();
        let mut up = HashSet::new();
        let (mut promised, mut options) = (0, 0);
        while let Some((logical, physical)) = self.queue.pop_front() {
            for index in self.stanzas.get(logical.as_str()).cloned().unwrap_or_default() {
                let outcome = match stanza::outcome(self.interfaces, index, physical.as_deref(), self.flavour)
                {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        all.survive(Err(error))?;
                        up.insert(index);
                        continue;
                    }
                };
                if let (Some(name), Some((family, place))) = (&physical, &outcome.dynamic) {
                    let (interface, required) = (name.clone(), self.always.contains(name));
                    all.dynamic.push(Dynamic { interface, family: *family, required, place: place.clone() });
                }
                ports::add(self.interfaces, index, physical.as_deref(), &mut all);
                promised += outcome.promises.len();
                options += outcome.options;
                if let Some(stanza) = self.interfaces.stanzas.get(index).filter(|_| options > OPTIONS) {
                    return Err(stanza.place.error(format!("more than {OPTIONS} options in all")));
                }
                if let Some(promise) = outcome.promises.last().filter(|_| promised > MOST) {
                    return Err(promise.place.error(format!("more than {MOST} addresses in all")));
                }
                let stops = outcome.stops;
                outcome.brings_up.iter().try_for_each(|name| self.push((name, Some(name))))?;
                outcomes.push((index, outcome));
                if stops {
                    break;
                }
            }
        }
        self.assemble(outcomes, up, &mut all);
        Ok(all)
    }

    /// Puts the outcomes together in the order of the stanzas, with a remark for each stanza that stays down.
    fn assemble(self, mut outcomes: Vec<(usize, Outcome)>, mut up: HashSet<usize>, all: &mut Promises) {
        outcomes.sort_by_key(|(index, _)| *index);
        all.remarks = self.remarks;
        all.unknown.extend(self.unknown);
        all.remarks.extend_from_slice(&self.interfaces.remarks);
        all.notes.extend_from_slice(&self.interfaces.notes);
        for (index, outcome) in outcomes {
            up.insert(index);
            all.promises.extend(outcome.promises);
            all.remarks.extend(outcome.remarks);
            all.unknown.extend(outcome.unknown);
            all.notes.extend(outcome.notes);
            all.shadowed.extend(outcome.shadowed);
        }
        let stanzas = self.interfaces.stanzas.iter().enumerate();
        let down = stanzas.filter(|(index, stanza)| !up.contains(index) && !stanza.is_template());
        all.remarks.extend(down.map(|(_, stanza)| Remark {
            what: format!("{}: not brought up at boot", stanza.title()),
            place: stanza.place.clone(),
        }));
        all.remarks.sort_by(|one, other| one.place.cmp(&other.place));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn an_address_is_taken_back_from_its_own_interface_alone() {
        let rows = [
            ("ip addr del 192.0.2.1/24 dev br0", 0),
            ("ip addr del 192.0.2.1/24 dev $IFACE", 0),
            ("ip addr del 192.0.2.1/24 dev br0:1", 0),
            ("ip addr del 192.0.2.1/24 dev eth0", 1),
            ("ip addr del 192.0.2.9/24 dev br0", 1),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (command, left) in rows {
            let text = format!("auto br0\niface br0 inet static\n address 192.0.2.1/24\n up {command}\n");
            let found = read(&Tree::in_memory([(FILE, text)], &deadline)).unwrap().unwrap();
            assert_eq!(found.promises.len(), left, "{command}");
        }
    }
}
