//! Reads `/etc/network/interfaces` and the files that it includes.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

use addresses::short;

use super::flavour::{self, Flavour, unknown_words};
use super::interfaces::{Interfaces, Selected, Setting, Stanza};
use super::lines::{self, first_word, logical_lines};
use super::lower;
use crate::promise::{ConfigError, Place};
use crate::tree::Tree;
use crate::unreadable::Unreadable;
use crate::{glob, wildcard};

/// The file that includes all others.
pub(super) const FILE: &str = "/etc/network/interfaces";
/// How deep files may include files, and how many lines may do so.
const DEPTH: usize = 32;
const INCLUDES: usize = 4096;
/// The most patterns and mappings, each of which is compared with each interface.
pub(super) const PATTERNS: usize = 64;
/// The longest name of an interface that ifupdown reads, in octets.
const LONGEST: usize = 79;
/// The options that have to do with addresses, and with what carries them.
const READ: [&str; 25] = [
    "address",
    "address-purge",
    "address_purge",
    "address-virtual",
    "vrrp",
    "bond-master",
    "bond_master",
    "bond_slaves",
    "bridge-ports",
    "bridge_ports",
    "dstaddr",
    "inherit",
    "local",
    "netmask",
    "pointopoint",
    "post-up",
    "pre-up",
    "slaves",
    "team-ports",
    "ucarp-vip",
    "up",
    "use",
    "vlan_raw_device",
    "vrf",
    "vrf-slave",
];

/// What the lines below a keyword belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Stanza,
    /// A stanza whose first line is not understood, or whose options bind nothing.
    BadStanza,
    Mapping,
}

/// Reads `path` and what it includes, as this program does: `None` if there is no such file. A line that is
/// not understood hides no other; it is in [`Interfaces::bad`].
pub(super) fn read(tree: &Tree<'_>, path: &str, flavour: Flavour) -> Result<Option<Interfaces>, ConfigError> {
    let mut reader = Reader::new(tree, flavour);
    Ok(reader.file(path, 0)?.then_some(reader.all))
}

/// Returns the contents of `path` and of what it includes, as far as they can be read.
pub(super) fn contents(tree: &Tree<'_>, path: &str) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(tree, Flavour::Ifupdown);
    // What cannot be read is named where ifupdown's own addresses are read.
    _ = reader.file(path, 0);
    reader.seen.iter().filter_map(|path| tree.read(path).ok().flatten()).collect()
}

struct Reader<'a> {
    tree: &'a Tree<'a>,
    all: Interfaces,
    seen: HashSet<String>,
    includes: usize,
    flavour: Flavour,
    /// What ifupdown2 includes: see [`flavour::included`].
    included: OnceCell<[bool; 2]>,
}

impl<'a> Reader<'a> {
    fn new(tree: &'a Tree<'a>, flavour: Flavour) -> Self {
        let (all, seen) = (Interfaces::default(), HashSet::new());
        Self { tree, all, seen, includes: 0, flavour, included: OnceCell::new() }
    }
}

impl Reader<'_> {
    /// Reads one file, once: whether it is there.
    fn file(&mut self, path: &str, depth: usize) -> Result<bool, ConfigError> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(true);
        }
        let Some(content) = self.tree.read(path)? else { return Ok(false) };
        let text = str::from_utf8(&content).map_or_else(|_| String::from_utf8_lossy(&content), Cow::from);
        let mut within = Within::Nothing;
        let marked = text.strip_prefix('\u{feff}');
        if marked.is_some() {
            let place = Place { file: path.to_owned(), line: 1 };
            self.refused(&place, "a byte order mark");
        }
        for (line, text) in logical_lines(marked.unwrap_or(&text)) {
            let place = Place { file: path.to_owned(), line };
            let (keyword, rest) = first_word(&text);
            match keyword {
                "source" | "source-directory" | "source-dir" => {
                    within = Within::Nothing;
                    match self.include(keyword, rest, &place, depth) {
                        // A folder whose files are included.
                        Err(ConfigError::Read(error)) => self.all.unreadable.push(Unreadable(error)),
                        included => self.all.bad.survive(included)?,
                    }
                }
                _ => within = self.line(keyword, rest, place, within),
            }
        }
        Ok(true)
    }

    /// Adds a line that is not understood, and that ifup does not pass over.
    fn refused(&mut self, place: &Place, what: impl std::fmt::Display) {
        let refuses = if self.flavour == Flavour::Ifupdown { ": ifup refuses the whole file" } else { "" };
        self.all.bad.push(place, format!("{what}{refuses}"));
    }

    /// A line that includes nothing: what the next lines belong to.
    fn line(&mut self, keyword: &str, rest: &str, place: Place, within: Within) -> Within {
        let hotplug = keyword == "allow-hotplug";
        let selected = |word: &str| Selected { word: word.to_owned(), place: place.clone(), hotplug };
        match keyword {
            "auto" | "allow-auto" | "allow-hotplug" => {
                let (names, note) = flavour::selected(self.flavour, rest, &place);
                self.all.selected.extend(names.into_iter().map(selected));
                self.all.notes.extend(note);
            }
            "no-auto-down" | "no-scripts" => {}
            "rename" => self.all.renames.extend(
                rest.split_ascii_whitespace()
                    .filter_map(|word| word.split_once('='))
                    .map(|(old, new)| (old.to_owned(), new.to_owned())),
            ),
            "mapping" => {
                self.all.mappings.extend(rest.split_ascii_whitespace().map(selected));
                if self.all.mappings.len() > PATTERNS {
                    self.all.mappings.truncate(PATTERNS);
                    self.all.bad.push(&place, format!("more than {PATTERNS} mappings"));
                }
                return Within::Mapping;
            }
            // The settings of a VLAN of a bridge, without addresses.
            "vlan" if self.flavour == Flavour::Ifupdown2 => return Within::BadStanza,
            "iface" => return self.stanza(false, rest, place),
            // For the others, this is an option as any other.
            "template" if self.flavour == Flavour::IfupdownNg => return self.stanza(true, rest, place),
            "interface" if self.flavour == Flavour::IfupdownNg => return self.stanza(false, rest, place),
            _ if let Some(class) = keyword.strip_prefix("allow-") => {
                let names = rest.split_ascii_whitespace();
                self.all.allowed.extend(names.map(|name| (class.to_owned(), name.to_owned())));
            }
            _ if rest.is_empty() && self.flavour == Flavour::Ifupdown && within != Within::Nothing => {
                self.refused(&place, format!("{} without a value", short(keyword)));
                return within;
            }
            _ if within == Within::BadStanza => return within,
            _ if within == Within::Stanza => {
                // ifup gives its commands all of them as variables.
                if !READ.contains(&keyword) && !lower::is_read(keyword) && self.flavour != Flavour::Ifupdown {
                    return within;
                }
                let options = self.all.stanzas.last_mut().map(|stanza| &mut stanza.options);
                options.into_iter().for_each(|all| {
                    all.push(Setting { name: keyword.into(), value: rest.into(), place: place.clone() })
                });
                return within;
            }
            "script" | "map" if within == Within::Mapping => return within,
            _ => {
                self.refused(&place, format!("{} belongs to no stanza", short(keyword)));
                return within;
            }
        }
        Within::Nothing
    }

    /// Takes over the first line of a stanza, and returns what the next lines belong to.
    fn stanza(&mut self, template: bool, rest: &str, place: Place) -> Within {
        let (name, _) = first_word(rest);
        if name.len() > LONGEST {
            self.all.bad.push(&place, format!("{}: longer than {LONGEST} octets", short(name)));
            return Within::BadStanza;
        }
        match self.try_stanza(template, rest, &place) {
            Ok(()) => Within::Stanza,
            Err(what) => {
                self.refused(&place, what);
                Within::BadStanza
            }
        }
    }

    /// `iface NAME [FAMILY METHOD] [inherits OTHER]`.
    fn try_stanza(&mut self, template: bool, rest: &str, place: &Place) -> Result<(), String> {
        let mut words = rest.split_ascii_whitespace().peekable();
        let name = words.next().ok_or("iface without a name")?;
        let mut next = || words.next_if(|word| *word != "inherits").map(str::to_owned);
        let (mut family, mut method) = (next(), next());
        if self.flavour == Flavour::Ifupdown2 {
            (family, method) = self.as_ifupdown2(name, (family, method), words.by_ref(), place);
        }
        if self.flavour == Flavour::IfupdownNg {
            (family, method) = flavour::hints(family, method);
            while words.next_if(|word| *word != "inherits").is_some() {}
        }
        let inherits =
            match words.next() {
                Some("inherits") => {
                    let other = words.next().ok_or_else(|| format!("{name} inherits: from what"))?;
                    let known = self.all.first(other, family.as_deref());
                    Some(known.ok_or_else(|| {
                        format!("{name} inherits from {}, which is not above", short(other))
                    })?)
                }
                // ifupdown ignores it too, with a warning.
                _ => None,
            };
        if let Some(other) = inherits.and_then(|index| self.all.stanzas.get(index)) {
            family = family.or_else(|| other.family.clone());
            method = method.or_else(|| other.method.clone());
        }
        if self.flavour == Flavour::Ifupdown {
            unknown_words(name, family.as_deref(), method.as_deref()).map_or(Ok(()), Err)?;
        }
        let index = self.all.stanzas.len();
        self.all.first.entry((name.to_owned(), family.clone())).or_insert(index);
        self.all.first.entry((name.to_owned(), None)).or_insert(index);
        self.all.stanzas.push(Stanza {
            name: name.to_owned(),
            family,
            method,
            inherits,
            options: Vec::new(),
            place: place.clone(),
            template,
        });
        Ok(())
    }

    /// Returns the family and the method as ifupdown2 takes them: none of a family that it does not know, of
    /// which it binds the addresses all the same. It knows no `inherits`.
    fn as_ifupdown2<'w>(
        &mut self,
        name: &str,
        (family, method): (Option<String>, Option<String>),
        rest: impl Iterator<Item = &'w str>,
        place: &Place,
    ) -> (Option<String>, Option<String>) {
        let rest: Vec<&str> = rest.collect();
        let inherits = rest.contains(&"inherits");
        if inherits {
            self.all.notes.push(format!("note: {place}: {name}: ifupdown2 passes over inherits"));
        }
        match family.as_deref() {
            Some("inet" | "inet6") | None => (family, method),
            Some(other) => {
                let what = format!("{name}: {}: ifupdown2 knows no such address family", short(other));
                self.all.notes.push(format!("note: {place}: {what}"));
                (None, None)
            }
        }
    }

    /// `source PATTERN...` and `source-directory PATTERN...`, relative to the folder of the file that says
    /// so.
    fn include(&mut self, keyword: &str, rest: &str, place: &Place, depth: usize) -> Result<(), ConfigError> {
        self.includes += 1;
        if depth >= DEPTH || self.includes > INCLUDES {
            return Err(place
                .error(format!("files included more than {DEPTH} deep or by more than {INCLUDES} lines")));
        }
        let quoted = rest.contains(['"', '\'', '\\']) && self.flavour != Flavour::Ifupdown;
        let Some(words) = lines::words(rest).filter(|_| !quoted) else {
            return Err(place.error(format!("{keyword} {}: only wildcards are understood", short(rest))));
        };
        let folder = place.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        // ifupdown2 reads the first word alone.
        let most = if self.flavour == Flavour::Ifupdown2 { 1 } else { words.len() };
        for word in words.iter().take(most) {
            if self.flavour == Flavour::Ifupdown2 && !self.includes(keyword, word) {
                let what = format!("{keyword} {}: ifupdown2 does not read it", short(word));
                self.all.remarks.push(place.remark(what));
                continue;
            }
            let pattern = if word.starts_with('/') { word.clone() } else { format!("{folder}/{word}") };
            for path in glob::expand(self.tree, &pattern, place)? {
                if keyword == "source" {
                    let several = wildcard::is_pattern(&pattern);
                    if !self.included(&path, several, depth)? && !several {
                        self.all.remarks.push(place.remark(format!("source {}: no such file", short(word))));
                    }
                } else {
                    self.directory(&path, depth)?;
                }
            }
        }
        Ok(())
    }

    /// Whether ifupdown2 includes what this word names.
    fn includes(&self, keyword: &str, word: &str) -> bool {
        let [relative, folders] = *self.included.get_or_init(|| flavour::included(self.tree));
        match keyword {
            "source" => relative || word.starts_with('/'),
            "source-directory" => folders,
            _ => false,
        }
    }

    /// The files of a folder whose names are of letters, digits, underscores and hyphens; all of them for
    /// ifupdown2.
    fn directory(&mut self, path: &str, depth: usize) -> Result<(), ConfigError> {
        for name in self.tree.names(path)? {
            let all = self.flavour == Flavour::Ifupdown2;
            let plain = |name: &String| {
                all || name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
            };
            if let Some(name) = name.into_string().ok().filter(plain) {
                self.included(&format!("{path}/{name}"), true, depth)?;
            }
        }
        Ok(())
    }

    /// A file, and whether it is there; a folder is passed over, with a note where it is named alone.
    fn included(&mut self, path: &str, among_others: bool, depth: usize) -> Result<bool, ConfigError> {
        match self.file(path, depth + 1) {
            Err(ConfigError::Read(error)) if is_folder(&error) => {
                let what = format!("note: source {path}: a folder, whose files are not read");
                self.all.notes.extend((!among_others).then_some(what));
                Ok(true)
            }
            Err(ConfigError::Read(error)) => {
                self.all.unreadable.push(Unreadable(error));
                Ok(true)
            }
            other => other,
        }
    }
}

fn is_folder(error: &plugin::ReadError) -> bool {
    matches!(error, plugin::ReadError::Refused { why, .. } if why.kind() == std::io::ErrorKind::IsADirectory)
}
