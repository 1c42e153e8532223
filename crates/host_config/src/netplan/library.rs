//! The keys that the installed netplan knows: each is a text in its library.

use crate::tree::Tree;

const LIBRARY: &str = "libnetplan.so.";

/// Returns whether the library of netplan in a tree has this word: `None` where there is no library, and of
/// one that cannot be read.
pub(super) fn knows(tree: &Tree<'_>, word: &str) -> Option<bool> {
    let machines = tree.names("/usr/lib").ok()?.into_iter().filter_map(|name| name.into_string().ok());
    let machines = machines.filter(|name| name.contains("-linux-gnu")).map(|name| format!("/usr/lib/{name}"));
    let folders = ["/usr/lib64", "/usr/lib"].map(str::to_owned).into_iter().chain(machines);
    let path = folders.into_iter().find_map(|folder| {
        let names = tree.names(&folder).ok()?;
        let name = names.iter().filter_map(|name| name.to_str()).find(|name| name.starts_with(LIBRARY))?;
        Some(format!("{folder}/{name}"))
    })?;
    let content = tree.read(&path).ok()??;
    // A text may be the end of a longer one.
    let text = [word.as_bytes(), b"\0"].concat();
    Some(content.windows(text.len()).any(|part| part == text))
}
