//! What `/etc/network/interfaces` and the files that it includes say, as stanzas: what is written, not yet
//! what it means.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::inputs::{self, Inputs};
use crate::bad_lines::BadLines;
use crate::promise::{Place, Remark};
use crate::tree::Tree;
use crate::unreadable::Unreadable;

/// All that the files say.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    /// The words of `auto` and `allow-hotplug`.
    pub(super) selected: Vec<Selected>,
    /// The words of other `allow-` lines, each after its class.
    pub(super) allowed: HashSet<(String, String)>,
    /// The patterns of `mapping`.
    pub(super) mappings: Vec<Selected>,
    /// `rename`, from the old name to the new one.
    pub(super) renames: HashMap<String, String>,
    /// The `iface` stanzas.
    pub(super) stanzas: Vec<Stanza>,
    /// Files that are included and missing.
    pub(super) remarks: Vec<Remark>,
    /// Notes on what is not read.
    pub(super) notes: Vec<String>,
    /// Lines that are not understood.
    pub(super) bad: BadLines,
    /// Files that are included and cannot be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// The first stanza of each name and family, and of each name.
    pub(super) first: HashMap<(String, Option<String>), usize>,
    /// The interfaces of this host in the order of their indexes, where a line chooses by that.
    pub(super) present: Vec<String>,
    /// The files that commands read.
    pub(super) inputs: Inputs,
}

/// A word that names interfaces.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) word: String,
    pub(super) place: Place,
    /// It comes up when the kernel finds it, and not in any case.
    pub(super) hotplug: bool,
}

/// An `iface` stanza, or a `template` of ifupdown-ng.
#[derive(Debug)]
pub(super) struct Stanza {
    pub(super) name: String,
    /// As "inet"; none where the stanza is of both families.
    pub(super) family: Option<String>,
    /// As "static"; none where the family is.
    pub(super) method: Option<String>,
    /// The stanza whose options come before its own.
    pub(super) inherits: Option<usize>,
    pub(super) options: Vec<Setting>,
    pub(super) place: Place,
    pub(super) template: bool,
}

/// A line of a stanza.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: Rc<str>,
    pub(super) value: Rc<str>,
    pub(super) place: Place,
}

impl Stanza {
    /// Returns what it is called in a remark, as "eth0: inet dhcp".
    pub(super) fn title(&self) -> String {
        let words =
            [self.family.as_deref(), self.method.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        if words.is_empty() { self.name.clone() } else { format!("{}: {}", self.name, words.join(" ")) }
    }

    pub(super) fn is_template(&self) -> bool {
        self.template
    }
}

/// Where the kernel shows the interfaces.
const PRESENT: &str = "/sys/class/net";

impl Interfaces {
    /// Reads what the files mean besides what they say: the files that their commands read, and the
    /// interfaces that there are.
    pub(super) fn look_around(&mut self, tree: &Tree<'_>) {
        let options = self.stanzas.iter().flat_map(|stanza| &stanza.options);
        self.inputs = inputs::read(tree, options.map(|option| &*option.value));
        if self.selected.iter().any(|selected| selected.word.matches('/').count() > 1) {
            let names = tree.names(PRESENT).unwrap_or_default();
            let index = |name: &String| tree.line(&format!("{PRESENT}/{name}/ifindex"))?.parse::<u32>().ok();
            let names = names.iter().filter_map(|name| name.to_str()).map(str::to_owned);
            let mut present: Vec<(u32, String)> =
                names.filter_map(|name| Some((index(&name)?, name))).collect();
            present.sort_unstable();
            self.present = present.into_iter().map(|(_, name)| name).collect();
        }
    }

    /// Returns the first stanza of this name, and of this family where one is given.
    pub(super) fn first(&self, name: &str, family: Option<&str>) -> Option<usize> {
        self.first.get(&(name.to_owned(), family.map(str::to_owned))).copied()
    }
}
