//! The configuration as it is written: each setting checked.

use std::collections::HashSet;
use std::path::PathBuf;

use plugin::{clean, masked};
use serde::Deserialize;

use super::{Component, Config, Group, Rule, identifier};
use crate::characters::{forbidden, is_writable};

/// The longest public name, in characters.
const LONGEST_NAME: usize = 100;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    title: String,
    url: String,
    #[serde(default = "minute")]
    interval: u64,
    #[serde(default = "minute")]
    interval_length: u64,
    #[serde(default)]
    show_planned: bool,
    #[serde(default = "yes")]
    search_engines: bool,
    pub(super) style: Option<PathBuf>,
    pub(super) logo: Option<PathBuf>,
    #[serde(default)]
    group: Vec<WrittenGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroup {
    name: String,
    #[serde(default)]
    component: Vec<WrittenComponent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenComponent {
    name: String,
    id: Option<String>,
    from: Vec<String>,
    #[serde(default)]
    rule: Rule,
    #[serde(default)]
    show: Show,
    max_age: Option<u64>,
}

/// What of a component is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Show {
    /// The component itself.
    #[default]
    Component,
    /// Only the state of its group, in which it counts.
    Group,
}

fn minute() -> u64 {
    60
}

fn yes() -> bool {
    true
}

impl Written {
    /// The settings, each of which can be used.
    pub(super) fn checked(self) -> Result<Config, String> {
        public_name("title", &self.title)?;
        page_address(&self.url)?;
        let limits =
            [("interval", self.interval, 10..=3_600), ("interval_length", self.interval_length, 1..=3_600)];
        for (name, value, limits) in limits {
            if !limits.contains(&value) {
                return Err(format!(
                    "{name}: {value} is not from {} to {} seconds",
                    limits.start(),
                    limits.end()
                ));
            }
        }
        let groups: Vec<Group> =
            self.group.into_iter().map(WrittenGroup::checked).collect::<Result<_, _>>()?;
        if groups.is_empty() {
            return Err("no group, so nothing is public: write [[group]] and [[group.component]]".to_owned());
        }
        let components = groups.iter().flat_map(|group| &group.components);
        let mut ids = HashSet::new();
        for (id, name) in components
            .map(|part| (&part.id, &part.name))
            .chain(groups.iter().map(|part| (&part.id, &part.name)))
        {
            if !ids.insert(id) {
                return Err(format!("{name} stands twice, give each its own name or id"));
            }
        }
        Ok(Config {
            title: self.title,
            url: self.url,
            interval: self.interval,
            interval_length: self.interval_length,
            show_planned: self.show_planned,
            search_engines: self.search_engines,
            style: String::new(),
            logo: None,
            groups,
        })
    }
}

impl WrittenGroup {
    fn checked(self) -> Result<Group, String> {
        let name = public_name("group", &self.name)?;
        let component = |written: WrittenComponent| written.checked(&name);
        let components: Vec<Component> =
            self.component.into_iter().map(component).collect::<Result<_, _>>()?;
        if components.is_empty() {
            return Err(format!("group {name}: no component"));
        }
        Ok(Group { id: identifier(&["group", &name]), name, components })
    }
}

impl WrittenComponent {
    fn checked(self, group: &str) -> Result<Component, String> {
        let name = public_name("component", &self.name)?;
        if self.from.is_empty() {
            return Err(format!("component {name}: from names no source"));
        }
        let pattern = |text: String| text.parse().map_err(|error| format!("component {name}: from: {error}"));
        let from = self.from.into_iter().map(pattern).collect::<Result<_, _>>()?;
        let is_word = |id: &str| {
            !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        };
        if self.max_age == Some(0) {
            return Err(format!("component {name}: max_age: 0 s is younger than any result"));
        }
        let id = match self.id {
            Some(id) if id.len() <= LONGEST_NAME && is_word(&id) => id,
            Some(id) => {
                return Err(format!(
                    "component {name}: id: {} is not letters, digits and dashes",
                    clean(&id)
                ));
            }
            None => identifier(&[group, &name]),
        };
        Ok(Component {
            id,
            name,
            from,
            rule: self.rule,
            is_shown: self.show == Show::Component,
            max_age: self.max_age,
        })
    }
}

/// Checks that the address of the page is valid and does not reveal a login.
fn page_address(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = rest.unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty()
        || host.starts_with(':')
        || url.contains(|c: char| c.is_whitespace() || c.is_control() || !is_writable(c))
    {
        let url = clean(&masked(url));
        let url = if url.is_empty() { "an empty text" } else { &url };
        return Err(format!(
            "url: {url} is not the address of a page, write it as https://status.example.com/"
        ));
    }
    if authority.contains('@') {
        return Err("url: leave out the login, it would be public".to_owned());
    }
    Ok(())
}

fn public_name(what: &str, name: &str) -> Result<String, String> {
    let name = name.trim();
    if let Some(character) = forbidden(name) {
        let name = clean(&name.replace(|c| !is_writable(c), "?"));
        return Err(format!("{what} {name}: remove the character {character}, a page cannot show it"));
    }
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!(
            "{what}: a name has 1 to {LONGEST_NAME} characters, none of them a control character"
        ));
    }
    Ok(name.to_owned())
}
