//! What the kernel's and udev's files say of interfaces. Each is read once: of a thousand files of networkd,
//! each may ask it of each interface.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::tree::Tree;

/// The kernel's interfaces.
pub(super) const FOLDER: &str = "/sys/class/net";

/// Where udev keeps what it knows of an interface, by its number.
const UDEV: &str = "/run/udev/data";

/// What udev says of an interface: each key with its value.
pub(crate) type Properties = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) struct Files<'a> {
    pub(super) tree: &'a Tree<'a>,
    contents: RefCell<HashMap<String, Option<Rc<str>>>>,
    there: RefCell<HashMap<String, bool>>,
    properties: RefCell<HashMap<String, Option<Rc<Properties>>>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        let (contents, there, properties) = Default::default();
        Self { tree, contents, there, properties }
    }

    /// Returns the content of one of the kernel's files on an interface: `None` if it cannot be read.
    pub(super) fn content(&self, name: &str, file: &str) -> Option<Rc<str>> {
        let path = format!("{FOLDER}/{}/{file}", Some(name).filter(is_name)?);
        once(&self.contents, path, |path| {
            let content = self.tree.read(path).ok()??;
            Some(Rc::from(String::from_utf8_lossy(&content)))
        })
    }

    /// Returns whether the kernel has this file or folder on an interface, or without a name the interface.
    pub(super) fn has(&self, name: &str, file: &str) -> bool {
        let path = format!("{FOLDER}/{name}/{file}").trim_end_matches('/').to_owned();
        is_name(&name) && once(&self.there, path, |path| self.tree.has(path))
    }

    /// Returns what udev says of the interface with this number: `None` where it says nothing, as in a
    /// container.
    pub(super) fn properties(&self, name: &str, number: &str) -> Option<Rc<Properties>> {
        once(&self.properties, number.to_owned(), |number| {
            let content = self.tree.read(&format!("{UDEV}/n{number}")).ok()??;
            let text =
                String::from_utf8_lossy(&content).into_owned() + "\n" + &self.content(name, "uevent")?;
            let pair = |line: &str| line.strip_prefix("E:").unwrap_or(line).split_once('=').map(owned);
            Some(Rc::new(text.lines().filter_map(pair).collect()))
        })
    }
}

/// Returns what is known of `key`, or what `read` finds, which is known from now on.
fn once<T: Clone>(known: &RefCell<HashMap<String, T>>, key: String, read: impl Fn(&str) -> T) -> T {
    if let Some(known) = known.borrow().get(&key) {
        return known.clone();
    }
    let found = read(&key);
    known.borrow_mut().insert(key, found.clone());
    found
}

/// Whether a text may be the name of an interface, and no path.
fn is_name(text: &&str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains('/')
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
