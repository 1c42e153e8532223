//! What the installed netplan knows: its keys and its messages are texts in its library.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use crate::tree::Tree;

const LIBRARY: &str = "libnetplan.so.";

/// The library of netplan in a tree, which is read when it is first asked for.
pub(super) struct Library<'a> {
    tree: &'a Tree<'a>,
    content: OnceCell<Option<Vec<u8>>>,
    known: RefCell<HashMap<String, bool>>,
}

impl<'a> Library<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self { tree, content: OnceCell::new(), known: RefCell::default() }
    }

    /// Returns whether it has this text: `None` where the library is missing or cannot be read.
    pub(super) fn knows(&self, text: &str) -> Option<bool> {
        let content = self.content.get_or_init(|| read(self.tree)).as_deref()?;
        let mut known = self.known.borrow_mut();
        if let Some(known) = known.get(text) {
            return Some(*known);
        }
        // A text may be the end of a longer one.
        let ending = [text.as_bytes(), b"\0"].concat();
        let has = content.windows(ending.len()).any(|part| part == ending);
        known.insert(text.to_owned(), has);
        Some(has)
    }
}

impl Library<'_> {
    /// Returns whether Open vSwitch is installed.
    pub(super) fn has_switch(&self) -> bool {
        self.tree.has("/usr/bin/ovs-vsctl")
    }
}

fn read(tree: &Tree<'_>) -> Option<Vec<u8>> {
    let machines = tree.names("/usr/lib").ok()?.into_iter().filter_map(|name| name.into_string().ok());
    let machines = machines.filter(|name| name.contains("-linux-gnu")).map(|name| format!("/usr/lib/{name}"));
    let folders = ["/usr/lib64", "/usr/lib"].map(str::to_owned).into_iter().chain(machines);
    let path = folders.into_iter().find_map(|folder| {
        let names = tree.names(&folder).ok()?;
        let name = names.iter().filter_map(|name| name.to_str()).find(|name| name.starts_with(LIBRARY))?;
        Some(format!("{folder}/{name}"))
    })?;
    tree.read(&path).ok()?.map(|content| content.to_vec())
}
