//! The configuration: a whitelist of what is public. Nothing that it does not name can reach the output.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use plugin::{Deadline, ReadError, clean, masked, read_file};
use serde::Deserialize;

use crate::characters::{forbidden, is_writable};
use crate::looks;
use crate::pattern::Pattern;
use crate::settings;

/// The most that the file may hold, in octets.
const LARGEST: u64 = 1 << 20;
/// The most that a style or a logo may hold, in octets: the page carries both.
const LARGEST_PART: u64 = 16 << 10;
/// The longest public name, in characters.
const LONGEST_NAME: usize = 100;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It, or a file that it names, cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A line of it is not understood.
    #[error("{} line {line}: {what}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A setting cannot be used.
    #[error("{}: {what}", .path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
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
    style: Option<PathBuf>,
    logo: Option<PathBuf>,
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

/// How the state of a component follows from those of its sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Each source is needed: one down is a major outage.
    #[default]
    Worst,
    /// One source is enough: a major outage only if all are down.
    Best,
    /// Each source carries a part: some down is a partial outage.
    Share,
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

/// What is public, and where its state comes from.
#[derive(Debug)]
pub struct Config {
    /// The name of the page.
    pub title: String,
    /// Where the page is.
    pub url: String,
    /// How often the page is written, in seconds.
    pub interval: u64,
    /// The monitor's `interval_length`: the unit of its check intervals, in seconds.
    pub interval_length: u64,
    /// Whether downtimes to come are listed.
    pub show_planned: bool,
    /// Whether search engines may list the page.
    pub search_engines: bool,
    /// More style sheet for the page.
    pub style: String,
    /// A picture for the head of the page, as a `data:` URL.
    pub logo: Option<String>,
    /// The groups, in the order of the page.
    pub groups: Vec<Group>,
}

/// A group of components.
#[derive(Debug)]
pub struct Group {
    /// Its stable identifier.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// Its components, in the order of the page.
    pub components: Vec<Component>,
}

impl Group {
    /// Returns whether the state of the group is shown because a component of it is not.
    pub fn hides_components(&self) -> bool {
        self.components.iter().any(|component| !component.is_shown)
    }
}

/// A component: something that a customer knows by name.
#[derive(Debug)]
pub struct Component {
    /// Its stable identifier.
    pub id: String,
    /// Its public name.
    pub name: String,
    /// Where its state comes from.
    pub from: Vec<Pattern>,
    /// How it follows from those.
    pub rule: Rule,
    /// Whether it is shown itself, not only in the state of its group.
    pub is_shown: bool,
    /// How old the result of a check may be that has no interval, as of a passive one, in seconds.
    pub max_age: Option<u64>,
}

fn minute() -> u64 {
    60
}

fn yes() -> bool {
    true
}

impl Config {
    /// Returns all components, in the order of the page.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.groups.iter().flat_map(|group| &group.components)
    }

    /// Reads the file, and the style and the logo that it names.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path, deadline: &Deadline) -> Result<Self, ConfigError> {
        let content = read_file(path, LARGEST, deadline)?;
        let part = |name: &Path| {
            let name = path.parent().unwrap_or(Path::new("/")).join(name);
            read_file(&name, LARGEST_PART, deadline).map(|content| (name, content)).map_err(ConfigError::from)
        };
        Self::parse(path, &content, part)
    }

    fn parse(
        path: &Path,
        content: &[u8],
        part: impl Fn(&Path) -> Result<(PathBuf, Vec<u8>), ConfigError>,
    ) -> Result<Self, ConfigError> {
        let line_at =
            |offset: usize| 1 + content.iter().take(offset).filter(|octet| **octet == b'\n').count();
        let wrong = |offset, what| ConfigError::Line { path: path.to_owned(), line: line_at(offset), what };
        let text =
            str::from_utf8(content).map_err(|error| wrong(error.valid_up_to(), "not UTF-8".to_owned()))?;
        let written: Written = toml::from_str(text).map_err(|error| {
            let what = settings::in_words(error.message(), text, error.span().map(|span| span.start));
            match error.span() {
                // What is missing from the whole has no line of its own.
                Some(span) if span.start > 0 || !what.starts_with("missing field") => wrong(span.start, what),
                _ => ConfigError::Setting { path: path.to_owned(), what },
            }
        })?;
        for (key, file) in [("style", &written.style), ("logo", &written.logo)] {
            if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
                let what = format!("{key}: the name of a file is missing");
                return Err(ConfigError::Setting { path: path.to_owned(), what });
            }
        }
        let style = written.style.as_deref().map(&part).transpose()?;
        let logo = written.logo.as_deref().map(&part).transpose()?;
        let checked = written.checked().and_then(|config| {
            Ok(Self {
                style: style.map(looks::style_sheet).transpose()?.unwrap_or_default(),
                logo: logo.map(looks::logo).transpose()?,
                ..config
            })
        });
        checked.map_err(|what| ConfigError::Setting { path: path.to_owned(), what })
    }
}

impl Written {
    /// The settings, each of which can be used.
    fn checked(self) -> Result<Config, String> {
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

/// A stable identifier from public names: their FNV-1a hash, twelve digits of it.
pub(crate) fn identifier(parts: &[&str]) -> String {
    format!("{:012x}", hash(parts) & 0xffff_ffff_ffff)
}

/// The FNV-1a hash of some texts: the same on every machine and in every version.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let octets = parts.iter().flat_map(|part| part.bytes().chain([0]));
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
