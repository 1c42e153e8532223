//! The public names that an incident written by hand may name.

use std::collections::HashMap;

use plugin::clean;

use crate::config::Config;

/// Each public name: `None` if it is shown itself, else the group that is shown in its place.
#[derive(Debug, Default)]
pub(crate) struct Names<'a>(HashMap<&'a str, Option<&'a str>>);

impl<'a> Names<'a> {
    /// Returns those of a configuration.
    pub(crate) fn of(config: &'a Config) -> Self {
        let mut names = HashMap::new();
        for group in &config.groups {
            let hidden = group.components.iter().filter(|component| !component.is_shown);
            hidden.for_each(|component| _ = names.insert(component.name.as_str(), Some(group.name.as_str())));
        }
        // A name that is shown anywhere is one.
        for group in &config.groups {
            let shown = group.components.iter().filter(|component| component.is_shown);
            let itself = group.hides_components().then_some(group.name.as_str());
            names.extend(
                shown.map(|component| component.name.as_str()).chain(itself).map(|name| (name, None)),
            );
        }
        Self(names)
    }

    /// Returns those that are shown themselves: these.
    #[cfg(test)]
    pub(crate) fn shown(names: &[&'a str]) -> Self {
        Self(names.iter().map(|name| (*name, None)).collect())
    }

    /// Returns whether this is the name of something that is shown.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name) == Some(&None)
    }

    /// Returns nothing if this is the name of something that is shown.
    ///
    /// # Errors
    /// What to write instead, in words.
    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        match self.0.get(name) {
            Some(None) => Ok(()),
            Some(Some(group)) => Err(format!("{name} is shown only as its group, write component: {group}")),
            None => Err(format!("no component is called {}", clean(name))),
        }
    }
}
