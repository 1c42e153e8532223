//! The configuration: a whitelist of what is public. Nothing that it does not name can reach the output.

use serde::Deserialize;

use crate::pattern::Pattern;

pub(crate) mod reading;
mod written;

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

impl Config {
    /// Returns all components, in the order of the page.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.groups.iter().flat_map(|group| &group.components)
    }
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
