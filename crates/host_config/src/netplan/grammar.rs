//! What netplan 0.106 to 1.1 takes in a network definition beside what is read here: it refuses all its
//! files for one key that it does not know there, or for one value of another form. `netplan apply` stops
//! there. At boot 0.106 and 1.0 generate nothing at all then, and 1.1 passes over the rest of the definition.

mod form;
mod keys;
mod nested;
mod routes;
pub(super) mod scalars;

use addresses::short;

use super::yaml::{Value, boolean};
use crate::promise::Place;
use form::Form;

/// Which versions refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Versions {
    Every,
    /// Those without this word in their library: one that is not known here may know it.
    Without(String),
    /// Those without this text in their library, as not all known ones have it.
    Before(&'static str),
    /// Those with this text in their library, as some known ones have it.
    With(&'static str),
    /// All, where Open vSwitch is not installed.
    WithoutSwitch,
}

/// Why netplan refuses a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) what: String,
    pub(super) by: Versions,
}

impl Refusal {
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into(), by: Versions::Every }
    }

    /// Returns that only versions without `word` in their library refuse it.
    fn without(self, word: &str) -> Self {
        let later = LATER.iter().find(|later| **later == word);
        let by = later.map_or_else(|| Versions::Without(word.to_owned()), |later| Versions::Before(later));
        Self { by, ..self }
    }

    /// Returns that only these versions refuse it.
    pub(super) fn by(self, by: Versions) -> Self {
        Self { by, ..self }
    }
}

/// Settings for NetworkManager need it as the renderer where the library has this text.
pub(super) const FOREIGN: Versions =
    Versions::With("networkmanager backend settings found but renderer is not NetworkManager.");

/// The keys and values that not every version of those knows.
const LATER: [&str; 11] = [
    "advertised-mss",
    "eap-sha256",
    "eap-suite-b-192",
    "hairpin",
    "leap",
    "port-mac-learning",
    "private-key-flags",
    "psk-sha256",
    "pwd",
    "ra-overrides",
    "sae",
];

/// The word by which a library shows that it knows words in place of a hardware address.
const SPECIAL: &str = "stable-ssid";

/// Returns why versions of netplan refuse a key of a definition of this kind, or its value.
pub(super) fn refusals(kind: &str, key: Value<'_>, value: Value<'_>) -> Vec<Refusal> {
    let Ok(name) = key.text("a key") else { return Vec::new() };
    let Some(form) = keys::form(kind, name) else {
        let refused = Refusal::new(key.place(), format!("{kind} have no key {}", short(name)));
        return vec![if keys::is_elsewhere(name) { refused } else { refused.without(name) }];
    };
    let later = LATER.contains(&name);
    let unknown = || Refusal::new(key.place(), format!("{kind} have no key {name}")).without(name);
    let is_word = |word: &str| !scalars::is_hardware(word) && scalars::is_hardware_to_set(word);
    // Of wireless cards alone.
    if kind != "wifis" && name == "macaddress" && value.text(name).is_ok_and(|word| word == SPECIAL) {
        return vec![Refusal::new(value.place(), format!("{kind} have no macaddress {SPECIAL}"))];
    }
    let special = name == "macaddress" && value.text(name).is_ok_and(is_word);
    let unknown_word = || Refusal::new(value.place(), "macaddress is not a hardware address".to_owned());
    let wrong = wrong(name, form, value);
    let by_version = [later.then(unknown), special.then(|| unknown_word().by(Versions::Before(SPECIAL)))];
    wrong.into_iter().chain(by_version.into_iter().flatten()).collect()
}

/// Returns what is wrong with the settings of Open vSwitch for all.
pub(super) fn of_switch(name: &str, value: Value<'_>) -> Option<Refusal> {
    if name == "openvswitch" { wrong(name, nested::GLOBAL_SWITCH, value) } else { None }
}

/// Returns what is wrong with the options of an address.
pub(super) fn options(value: Value<'_>) -> Option<Refusal> {
    wrong("an address", nested::OPTIONS, value)
}

/// Returns what is wrong with a key of `match` or its value.
pub(super) fn matched(key: Value<'_>, value: Value<'_>) -> Option<Refusal> {
    entry("match", nested::MATCH, key, value)
}

/// Returns what is wrong with a value of a form, and where.
fn wrong(name: &str, form: Form, value: Value<'_>) -> Option<Refusal> {
    let text = value.text(name).ok();
    let says = |what: &str| {
        let said = text.map_or_else(String::new, |text| format!(" {}", short(text)));
        Some(Refusal::new(value.place(), format!("{name}{said} is not {what}")))
    };
    let scalar = |fits: bool, what: &str| if fits { None } else { says(what) };
    match form {
        Form::Any => None,
        Form::Boolean => scalar(boolean(value).is_ok(), "a boolean"),
        Form::Text => scalar(text.is_some(), "a plain value"),
        Form::As(fits, what) => scalar(text.is_some_and(fits), what),
        Form::Word(words) => word(name, value, |word| words.contains(&word)),
        Form::WordSince(words, text) => word(name, value, |word| words.contains(&word))
            .map(|refusal| if value.is_scalar() { refusal.by(Versions::With(text)) } else { refusal }),
        Form::AnyCase(words) => {
            word(name, value, |word| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
        }
        Form::Pair(_) if value.items(name).is_ok_and(|items| items.count() != 2) => says("a pair"),
        Form::Each(form) | Form::Pair(form) => match value.items(name) {
            Ok(mut items) => items.find_map(|item| wrong(name, *form, item)),
            Err(_) => says("a sequence"),
        },
        Form::OneOrMore(fits, what) if text.is_some() => scalar(text.is_some_and(fits), what),
        Form::OneOrMore(fits, what) => {
            match value.items(name).ok().map(Iterator::collect::<Vec<_>>).as_deref() {
                None | Some([]) => says(what),
                Some(items) => items.iter().find_map(|item| wrong(name, Form::As(fits, what), *item)),
            }
        }
        Form::All(form) => match value.entries(name) {
            Ok(mut entries) => entries.find_map(|(_, value)| wrong(name, *form, value)),
            Err(_) => says("a mapping"),
        },
        Form::Keys(keys) => mapping(name, keys, value),
        Form::Whole(keys, check) => mapping(name, keys, value)
            .or_else(|| check(value).map(|what| Refusal::new(value.place(), format!("{name}: {what}")))),
        Form::TextOr(_) if text.is_some() => None,
        Form::TextOr(keys) => mapping(name, keys, value),
    }
}

/// Returns what is wrong with a value that should be a word that `knows` takes: a later version may know it.
fn word(name: &str, value: Value<'_>, knows: impl Fn(&str) -> bool) -> Option<Refusal> {
    let Ok(word) = value.text(name) else {
        return Some(Refusal::new(value.place(), format!("{name} is not a plain value")));
    };
    let refused = || Refusal::new(value.place(), format!("{name} knows no {}", short(word)));
    let later = LATER.contains(&word);
    (later || !knows(word)).then(|| refused().without(word))
}

/// Returns what is wrong with a mapping with these keys.
fn mapping(name: &str, keys: &'static [(&'static str, Form)], value: Value<'_>) -> Option<Refusal> {
    match value.entries(name) {
        Ok(mut entries) => entries.find_map(|(key, value)| entry(name, keys, key, value)),
        Err(_) => Some(Refusal::new(value.place(), format!("{name} is not a mapping"))),
    }
}

/// Returns what is wrong with an entry of a mapping with these keys.
fn entry(
    name: &str,
    keys: &'static [(&'static str, Form)],
    key: Value<'_>,
    value: Value<'_>,
) -> Option<Refusal> {
    let Ok(word) = key.text(name) else {
        return Some(Refusal::new(key.place(), format!("a key of {name} is not a plain value")));
    };
    let unknown = || Refusal::new(key.place(), format!("{name} has no key {}", short(word))).without(word);
    let Some((_, form)) = keys.iter().find(|(known, _)| *known == word) else { return Some(unknown()) };
    wrong(word, *form, value).or_else(|| LATER.contains(&word).then(unknown))
}
