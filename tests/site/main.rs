//! What takes several programs at once: a whole site under Nagios and Icinga 2, and what `packaging/install`
//! puts where. Only here does the suite name a plugin.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod installed;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod monitored {
    mod accepted;
    mod definitions;
    mod icinga;
    mod nagios;
    mod passive;
    mod prometheus;
    mod zones;

    use std::env;
    use std::path::Path;

    /// How often each thing is broken and healed: once and in a hurry, or by the shipped intervals, as often
    /// as the variable MONITORED_ROUNDS says. Twelve rounds take some minutes.
    fn rounds() -> usize {
        env::var("MONITORED_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
    }

    /// The services as they are shipped, with shorter intervals for a round alone.
    fn services(shipped: impl Fn(&str) -> std::path::PathBuf, names: &[&str]) -> String {
        let text: String = names.iter().map(|name| std::fs::read_to_string(shipped(name)).unwrap()).collect();
        if rounds() == 1 { crate::lab::hurried(&text) } else { text }
    }

    /// Keeps what a monitor wrote in the folder of the variable MONITORED_KEEP, if there is one.
    fn save(name: &str, text: &str) {
        if let Some(folder) = env::var_os("MONITORED_KEEP") {
            suite::host::write(&Path::new(&folder).join(name), text);
        }
    }
}
#[cfg(test)]
mod web;
