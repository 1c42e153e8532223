//! `[.config] enable=` of NetworkManager.conf(5), by which a file counts only in some versions of
//! NetworkManager, or where an environment variable asks for it.

use std::cmp::Ordering;

use crate::tree::Tree;

/// The version of NetworkManager in a tree, read when the first file asks for it.
#[derive(Debug)]
pub(super) struct Installed<'a> {
    tree: &'a Tree<'a>,
    version: Option<Option<Vec<u32>>>,
}

impl<'a> Installed<'a> {
    /// Returns the version in a tree.
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self { tree, version: None }
    }

    /// Returns whether a file with this value counts: `None` where that depends on the version, which is not
    /// known.
    pub(super) fn enables(&mut self, value: &str) -> Option<bool> {
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => return Some(true),
            "false" | "no" | "off" | "0" => return Some(false),
            _ => {}
        }
        let version = self.version.get_or_insert_with(|| version(self.tree)).as_deref();
        fits(value, version)
    }
}

/// Whether one of the conditions holds, and no exception.
fn fits(value: &str, version: Option<&[u32]>) -> Option<bool> {
    let specs = value.split([',', ';']).map(str::trim_ascii).filter(|spec| !spec.is_empty());
    let (exceptions, others): (Vec<&str>, Vec<&str>) =
        specs.partition(|spec| after(spec, "except:").is_some());
    let holds = |spec: &&str| holds(after(spec, "except:").unwrap_or(spec), version);
    let any = |specs: &[&str]| {
        let all: Vec<Option<bool>> = specs.iter().map(holds).collect();
        let unknown = if all.contains(&None) { None } else { Some(false) };
        if all.contains(&Some(true)) { Some(true) } else { unknown }
    };
    // Exceptions alone leave all others in.
    let included = if others.is_empty() { Some(!exceptions.is_empty()) } else { any(&others) };
    match (included, any(&exceptions)) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (Some(true), Some(false)) => Some(true),
        _ => None,
    }
}

/// Whether a condition holds. The environment of the service has no NM_CONFIG_ENABLE_TAG of its own.
fn holds(spec: &str, version: Option<&[u32]>) -> Option<bool> {
    let compare = |text: &str| {
        let asked: Option<Vec<u32>> = text.trim_ascii().split('.').map(|part| part.parse().ok()).collect();
        asked.filter(|asked| (1..=3).contains(&asked.len()))
    };
    let order = |asked: &[u32]| {
        let version = version?;
        Some(version.get(..asked.len().min(version.len()))?.cmp(asked))
    };
    // A version of three parts is about the releases of its own branch.
    let branch = |asked: &[u32]| match asked {
        [major, minor, _] => order(&[*major, *minor]).map(|order| order == Ordering::Equal),
        _ => Some(true),
    };
    let within = |text: &str, refused: Ordering| {
        let Some(asked) = compare(text) else { return Some(false) };
        Some(branch(&asked)? && order(&asked)? != refused)
    };
    if let Some(text) = after(spec, "nm-version-min:") {
        within(text, Ordering::Less)
    } else if let Some(text) = after(spec, "nm-version-max:") {
        within(text, Ordering::Greater)
    } else if let Some(text) = after(spec, "nm-version:") {
        compare(text).map_or(Some(false), |asked| Some(order(&asked)? == Ordering::Equal))
    } else {
        Some(false)
    }
}

/// What follows a word, in any case of its letters.
fn after<'a>(spec: &'a str, word: &str) -> Option<&'a str> {
    let head = spec.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| spec.get(word.len()..))?
}

/// Returns whether NetworkManager has a plugin: `None` where its plugins are not in the tree.
pub(super) fn has_plugin(tree: &Tree<'_>, name: &str) -> Option<bool> {
    let (folder, _) = plugins(tree)?;
    Some(tree.has(&format!("{folder}/libnm-settings-plugin-{name}.so")))
}

/// The version of NetworkManager.
fn version(tree: &Tree<'_>) -> Option<Vec<u32>> {
    plugins(tree).map(|(_, version)| version)
}

/// The folder of NetworkManager's plugins, and the version in its name, as
/// /usr/lib/x86_64-linux-gnu/NetworkManager/1.42.4 or /usr/lib64/NetworkManager/1.46.0-19.el9.
fn plugins(tree: &Tree<'_>) -> Option<(String, Vec<u32>)> {
    let names = |folder: &str| {
        let names = tree.names(folder).unwrap_or_default();
        names.into_iter().filter_map(|name| name.into_string().ok())
    };
    let machines = names("/usr/lib").filter(|name| name.contains("-linux-gnu"));
    let machines = machines.map(|name| format!("/usr/lib/{name}/NetworkManager"));
    let folders = ["/usr/lib64/NetworkManager", "/usr/lib/NetworkManager"].map(str::to_owned);
    let numbered = |folder: &str, name: String| {
        let number = name.split('-').next().unwrap_or_default();
        let parts: Option<Vec<u32>> = number.split('.').map(|part| part.parse().ok()).collect();
        Some((format!("{folder}/{name}"), parts.filter(|parts| parts.len() == 3)?))
    };
    let mut all = folders.into_iter().chain(machines);
    all.find_map(|folder| names(&folder).find_map(|name| numbered(&folder, name)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    /// As NetworkManager 1.42.4 prints its configuration.
    #[test]
    fn a_file_counts_as_networkmanager_has_it() {
        let yes = [
            "true",
            "on",
            "nm-version-min:1.42",
            "nm-version-min:1.42.4",
            "nm-version-min:1.40",
            "nm-version-min:1",
            "nm-version-max:1.42",
            "nm-version-max:1.42.4",
            "nm-version-max:1.42.5",
            "nm-version-max:1.44",
            "nm-version-max:1",
            "nm-version:1.42",
            "nm-version:1.42.4",
            "nm-version:1",
            "except:env:FOO",
            "except:nm-version-min:1.50",
            "nm-version-min:1.50,nm-version:1.42.4",
            "NM-VERSION-MIN:1.20",
            "except:nm-version-min:abc",
            "except:foo",
            "except:*",
            "nm-version:1.42,except:env:A",
            "nm-version-min: 1.20",
        ];
        let no = [
            "false",
            "0",
            "no",
            "FALSE",
            "",
            "perhaps",
            "*",
            "nm-version-min:1.42.5",
            "nm-version-min:1.40.99",
            "nm-version-min:1.40.1",
            "nm-version-min:1.43",
            "nm-version-min:2",
            "nm-version-min:1.90",
            "nm-version-max:1.42.3",
            "nm-version-max:1.43.1",
            "nm-version-max:1.41",
            "nm-version-max:0",
            "nm-version:1.42.3",
            "nm-version:1.4",
            "env:FOO",
            "except:nm-version:1.42",
            "nm-version-min:1.50;env:X",
            "nm-version-min:=1.20",
            "nm-version-min:abc",
            "foo",
            "nm-version-max:2.1.1",
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        let folders = [
            ("/usr/lib/x86_64-linux-gnu/NetworkManager/1.42.4/libnm-wwan.so", ""),
            ("/usr/lib/NetworkManager/conf.d/a.conf", ""),
        ];
        let tree = Tree::in_memory(folders, &deadline);
        for value in yes {
            assert_eq!(Installed::new(&tree).enables(value), Some(true), "{value}");
        }
        for value in no {
            assert_eq!(Installed::new(&tree).enables(value), Some(false), "{value}");
        }
        let red_hat = [("/usr/lib64/NetworkManager/1.46.0-19.el9/libnm-wwan.so", "")];
        let red_hat = Tree::in_memory(red_hat, &deadline);
        assert_eq!(Installed::new(&red_hat).enables("nm-version:1.46.0"), Some(true));
        let copied = Tree::in_memory([("/etc/hosts", "")], &deadline);
        let rows = [("nm-version:1.46", None), ("env:X,nm-version-min:1.2", None), ("env:X", Some(false))];
        for (value, expected) in rows {
            assert_eq!(Installed::new(&copied).enables(value), expected, "{value}");
        }
    }
}
