//! Whether this host is a container, and of which engine: by the files that systemd-detect-virt(1) looks at.

use crate::tree::Tree;

/// Returns the engine of the container whose files are `tree`, as systemd-detect-virt(1) names it, and "oci"
/// where no engine is named: `None` if it is no container, as far as files tell. `is_in_proc` returns whether
/// the container's /proc has a file or a folder of a name.
pub fn container(tree: &Tree<'_>, is_in_proc: impl Fn(&str) -> bool) -> Option<String> {
    // The node itself has both.
    if (is_in_proc("vz") || is_in_proc("user_beancounters")) && !is_in_proc("bc") {
        return Some("openvz".to_owned());
    }
    let release = tree.line("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.contains("Microsoft") || release.contains("WSL") {
        return Some("wsl".to_owned());
    }
    let named = tree.line("/run/systemd/container");
    if let Some(engine) = named.as_ref().filter(|engine| *engine != "oci") {
        return Some(engine.clone());
    }
    // Docker's file is in images that others run too.
    let files = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")];
    let engine = files.into_iter().find(|(path, _)| tree.has(path)).map(|(_, engine)| engine.to_owned());
    engine.or(named)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn the_engine_is_told_by_its_files() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let rows: [Row<'_>; 13] = [
            (&[], None),
            (&[("/proc/vz/version", "")], Some("openvz")),
            (&[("/proc/user_beancounters", ""), ("/.dockerenv", "")], Some("openvz")),
            (&[("/proc/vz/version", ""), ("/proc/bc/x", "")], None),
            (&[("/proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n")], Some("wsl")),
            (&[("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")], None),
            (&[("/run/systemd/container", "lxc\n"), ("/.dockerenv", "")], Some("lxc")),
            (&[("/run/systemd/container", "\n")], None),
            (&[("/run/systemd/container", "oci\n")], Some("oci")),
            (&[("/run/systemd/container", "oci"), ("/run/.containerenv", "")], Some("podman")),
            (&[("/run/.containerenv", ""), ("/.dockerenv", "")], Some("podman")),
            (&[("/.dockerenv", "")], Some("docker")),
            (&[("/.dockerenv/x", "")], Some("docker")),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (files, engine) in rows {
            let tree = Tree::in_memory(files.iter().copied(), &deadline);
            let found = container(&tree, |name| tree.has(&format!("/proc/{name}")));
            assert_eq!(found.as_deref(), engine, "{files:?}");
        }
    }
}
