//! ifupdown: `/etc/network/interfaces` and what it includes, by interfaces(5) of Debian's ifupdown; ifupdown2
//! (Cumulus, Proxmox) and ifupdown-ng (Alpine) read the same file and are told apart by their own
//! configuration, because they bind the addresses of any stanza and all of them, where ifupdown binds those
//! of the static methods.
//!
//! Promised is what comes up at boot: interfaces of `auto` and `allow-hotplug`, and what these bring up by
//! `up ifup NAME`. Beside the `address` options, commands that bind addresses are read (`up ip addr add`,
//! `ifconfig`); one that is not understood is an error. Scripts that commands start are not read, only named.

mod arithmetic;
mod command;
mod enslaved;
mod file;
mod flavour;
mod hooks;
mod inputs;
mod interfaces;
mod known;
mod ledger;
mod lines;
mod lower;
mod named;
mod parameter;
mod ports;
mod range;
mod regex;
mod script;
mod shell;
mod stanza;

use std::collections::{HashMap, HashSet, VecDeque};

use crate::bad_lines::BadLines;
use crate::promise::{ConfigError, Dynamic, Giver, Place, Promises, Remark};
use crate::selector::device;
use crate::tree::Tree;
use crate::wildcard;
use file::{FILE, PATTERNS};
use flavour::Flavour;
use interfaces::{Interfaces, Selected, Stanza};
use ledger::{Ledger, MOST};
use stanza::{Netmasks, Outcome};

pub(crate) use command::adds_address;
pub(crate) use hooks::{Hook, Steps, bring_up};
pub(crate) use known::known_to_networkmanager;

/// The most options that are read: several stanzas may inherit the same ones.
const OPTIONS: usize = 1 << 22;

/// The shells that do not expand braces.
const PLAIN_SHELLS: [&str; 2] = ["dash", "busybox"];

/// Returns the promises of the interfaces that come up at boot.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let flavour = match () {
        () if tree.has("/etc/network/ifupdown2/ifupdown2.conf") => Flavour::Ifupdown2,
        () if !tree.names("/usr/libexec/ifupdown-ng")?.is_empty() => Flavour::IfupdownNg,
        () => Flavour::Ifupdown,
    };
    let Some(mut interfaces) = file::read(tree, FILE, flavour)? else { return Ok(None) };
    interfaces.look_around(tree);
    let mut boot = Boot::new(&interfaces, flavour)?;
    for name in lower::switches(&interfaces, tree) {
        boot.always.insert(name.clone());
        boot.push((&name, Some(&name)))?;
    }
    let mut promises = boot.promises()?;
    let shell = if promises.failing.is_empty() { None } else { tree.link("/bin/sh") };
    let shell = shell.as_deref().and_then(|path| path.rsplit('/').next());
    let plain = shell.filter(|shell| PLAIN_SHELLS.contains(shell));
    promises.failing.retain(|_| plain.is_some());
    for each in &mut promises.failing {
        each.what = format!("{} does not expand {}", plain.unwrap_or("sh"), each.what);
    }
    Ok(Some(promises))
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
    /// Lines that name interfaces, and are not understood.
    bad: BadLines,
}

impl<'a> Boot<'a> {
    fn new(interfaces: &'a Interfaces, flavour: Flavour) -> Result<Self, ConfigError> {
        let mut stanzas: HashMap<String, Vec<usize>> = HashMap::new();
        let mut bad = interfaces.bad.clone();
        for (index, stanza) in interfaces.stanzas.iter().enumerate() {
            let names = range::names(&stanza.name, flavour, &stanza.place);
            // ifupdown2 takes the stanza of an alias as one of its interface.
            let named = |name: String| match flavour {
                Flavour::Ifupdown2 => device(&name).to_owned(),
                _ => name,
            };
            let add = |names: Vec<String>| {
                names.into_iter().for_each(|name| stanzas.entry(named(name)).or_default().push(index));
            };
            bad.survive(names.map(add))?;
        }
        let (seen, queue, remarks) = (HashSet::new(), VecDeque::new(), Vec::new());
        let (always, unknown) = (HashSet::new(), Vec::new());
        let mut boot = Self { interfaces, flavour, stanzas, always, seen, queue, remarks, unknown, bad };
        let mut patterns = 0;
        for selected in &interfaces.selected {
            patterns += usize::from(selected.word.contains('/'));
            if patterns > PATTERNS {
                boot.bad.push(&selected.place, format!("more than {PATTERNS} patterns of interfaces"));
                break;
            }
            let read = boot.select(selected);
            boot.bad.survive(read)?;
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
            let mut select = |name: &str| self.select_name(name, name, *hotplug, place);
            return names.iter().try_for_each(|name| select(device(name)));
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
        let (value, number) = value.split_once('/').unwrap_or((value, ""));
        let number = number_of(number);
        if variable.is_empty() && number > 0 && !self.interfaces.present.is_empty() {
            let mut fitting = self.interfaces.present.iter().filter(|name| wildcard::matches(value, name));
            let chosen = fitting.nth(number - 1);
            return chosen.map_or(Ok(()), |name| self.select_name(name, name, *hotplug, place));
        }
        if !variable.is_empty() || number > 0 {
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
            self.remarks.push(place.remark(format!("{logical}: no iface stanza")));
            if self.flavour == Flavour::Ifupdown2 {
                return Ok(());
            }
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
        // ifupdown2 knows no mappings.
        let mut mappings = self.interfaces.mappings.iter().filter(|_| self.flavour != Flavour::Ifupdown2);
        if let Some(mapping) = mappings.find(|mapping| wildcard::matches(&mapping.word, named)) {
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
        let (mut all, mut ledger) = (Promises::default(), Ledger::default());
        let mut up = HashSet::new();
        let (mut promised, mut options) = (0, 0);
        while let Some((logical, physical)) = self.queue.pop_front() {
            let up_as = physical.as_deref().unwrap_or(&logical);
            let always = self.always.contains(up_as);
            // The stanza of ifupdown2 tells another parent.
            let by_name = self.flavour != Flavour::Ifupdown2 || !self.stanzas.contains_key(&logical);
            if let Some(parent) = lower::parent(up_as, self.flavour).filter(|_| by_name) {
                self.always.extend(always.then(|| parent.to_owned()));
                self.push((parent, Some(parent)))?;
            }
            let stanzas = self.stanzas.get(logical.as_str()).cloned().unwrap_or_default();
            let netmasks = Netmasks::new(self.interfaces, &stanzas);
            for index in stanzas {
                let (room, named) = (MOST.saturating_sub(promised), physical.as_deref());
                let read = stanza::outcome(self.interfaces, index, named, self.flavour, &netmasks, room);
                let mut outcome = match read {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        all.survive(Err(error))?;
                        up.insert(index);
                        continue;
                    }
                };
                self.add_interface(index, physical.as_deref(), &outcome, &mut all);
                promised += outcome.changes.len();
                options += outcome.options;
                if let Some(stanza) = self.interfaces.stanzas.get(index) {
                    let read = within(options, OPTIONS, "options", &stanza.place)
                        .and_then(|()| within(promised, MOST, "addresses", &stanza.place));
                    // What was read before counts all the same.
                    if read.is_err() {
                        all.survive(read)?;
                        self.queue.clear();
                        up.extend(0..self.interfaces.stanzas.len());
                        break;
                    }
                }
                for change in std::mem::take(&mut outcome.changes) {
                    all.survive(ledger.apply(index, change))?;
                }
                let lower = outcome.brings_up.iter().take(outcome.lower).filter(|_| always);
                self.always.extend(lower.cloned());
                outcome.brings_up.iter().try_for_each(|name| self.push((name, Some(name))))?;
                let stops = outcome.stops;
                outcomes.push((index, outcome));
                if stops {
                    break;
                }
            }
        }
        for (name, is_certain) in outcomes.iter().flat_map(|(_, outcome)| &outcome.away) {
            let leaves = |dynamic: &Dynamic| dynamic.device() == device(name);
            all.dynamic.retain(|dynamic| !(*is_certain && leaves(dynamic)));
            all.dynamic
                .iter_mut()
                .filter(|dynamic| leaves(dynamic))
                .for_each(|dynamic| dynamic.required = false);
        }
        let bound = ledger.bound();
        let bind: HashSet<usize> = bound.iter().map(|(index, _)| *index).collect();
        if self.flavour == Flavour::Ifupdown2 {
            enslaved::flush(self.interfaces, bound, &mut all);
        } else {
            all.promises = bound.into_iter().map(|(_, promise)| promise).collect();
        }
        self.assemble(outcomes, up, &bind, &mut all);
        Ok(all)
    }

    /// Adds the lease and the ports of an interface that comes up.
    fn add_interface(&self, index: usize, physical: Option<&str>, outcome: &Outcome, all: &mut Promises) {
        if let (Some(name), Some((family, place))) = (physical, &outcome.dynamic) {
            let required = self.always.contains(name) && !outcome.optional;
            all.dynamic.push(Dynamic {
                interface: name.to_owned(),
                family: *family,
                giver: Giver::Network,
                required,
                spare: false,
                single: false,
                place: place.clone(),
            });
        }
        ports::add(self.interfaces, index, physical, self.flavour, all);
        for (controller, port, place) in &outcome.ports {
            all.add_port(controller, Some(port), place);
        }
    }

    /// Puts the outcomes together in the order of the stanzas, with a remark for each stanza that stays down.
    /// `bind` are those of which an address stays bound.
    fn assemble(
        self,
        mut outcomes: Vec<(usize, Outcome)>,
        mut up: HashSet<usize>,
        bind: &HashSet<usize>,
        all: &mut Promises,
    ) {
        outcomes.sort_by_key(|(index, _)| *index);
        self.add_names(all);
        all.remarks = self.remarks;
        all.unknown.extend(self.unknown);
        all.unknown.extend(self.bad.remarks());
        all.unreadable.extend_from_slice(&self.interfaces.unreadable);
        all.remarks.extend_from_slice(&self.interfaces.remarks);
        all.notes.extend_from_slice(&self.interfaces.notes);
        for (index, outcome) in outcomes {
            up.insert(index);
            if let Some(stanza) = self.interfaces.stanzas.get(index)
                && outcome.remarks.is_empty()
                && outcome.notes.is_empty()
                && !bind.contains(&index)
            {
                all.remarks.push(stanza.place.remark(stanza.title()));
            }
            all.remarks.extend(outcome.remarks);
            all.unknown.extend(outcome.unknown);
            all.notes.extend(outcome.notes);
            all.possible.extend(outcome.possible);
            all.shadowed.extend(outcome.shadowed);
            all.unread.extend(outcome.runs);
            all.failing.extend(outcome.braces);
        }
        let stanzas = self.interfaces.stanzas.iter().enumerate();
        let is_down = |(index, stanza): &(usize, &Stanza)| !up.contains(index) && !stanza.is_template();
        let down: Vec<_> = stanzas.filter(is_down).collect();
        all.notes.extend(down.iter().filter_map(|(_, stanza)| lower::note(self.interfaces, stanza)));
        let remark =
            |stanza: &Stanza| stanza.place.remark(format!("{}: not brought up at boot", stanza.title()));
        all.remarks.extend(down.into_iter().map(|(_, stanza)| remark(stanza)));
        all.remarks.sort_by(|one, other| one.place.cmp(&other.place));
    }
}

/// The number of an interface among those that fit a pattern: 0 for all of them, also where it is none.
fn number_of(text: &str) -> usize {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Checks that there are not more of something than may be read.
fn within(count: usize, most: usize, what: &str, place: &Place) -> Result<(), ConfigError> {
    if count > most { Err(place.error(format!("more than {most} {what} in all"))) } else { Ok(()) }
}

#[cfg(test)]
mod taken_back;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn what_is_within_the_limit_of_addresses_counts() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let addresses: String = (0..=255).map(|last| format!(" address 192.0.2.{last}/24\n")).collect();
        let looped = " up for i in {0..255}; do ip addr add 10.0.0.$i/8 dev eth0; done\n";
        let text = |ports| {
            format!(
                "auto swp[1-{ports}] eth0 eth1\niface swp[1-{ports}]\n{addresses}iface eth0\n{looped}{looped}{looped}\
                 iface eth1\n address 192.0.2.1/24\n"
            )
        };
        let more = |line: u32| format!("{line} more than 262144 addresses in all");
        let rows = [
            (1020, MOST - 255, vec![]),
            (1021, MOST, vec![more(263)]),
            (1022, MOST, vec![more(263), more(262)]),
            (1024, MOST, vec![more(263), more(260)]),
            (1025, MOST, vec![more(2)]),
        ];
        for (ports, count, expected) in rows {
            let files = [(FILE, text(ports)), ("/etc/network/ifupdown2/ifupdown2.conf", String::new())];
            let found = read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            let unknown = found.unknown.iter().map(|each| format!("{} {}", each.place.line, each.what));
            assert_eq!(unknown.collect::<Vec<_>>(), expected, "{ports}");
            assert_eq!(found.promises.len(), count, "{ports}");
            assert!(!found.remarks.iter().any(|remark| remark.what.contains("not brought up")), "{ports}");
        }
    }
}
