//! Whether this host is a container, and of which engine: by the files that systemd-detect-virt(1) looks at.
//! And when it started.

use crate::tree::Tree;

/// Ticks of a second in /proc (proc(5), USER_HZ): 100 on every architecture that this runs on.
const TICKS: i64 = 100;

/// Returns the start of a process in seconds after the boot, from its /proc/PID/stat. That of process 1 is
/// when a container started.
pub fn process_start(stat: &str) -> Option<i64> {
    // Field 22, and the name in the second one may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: i64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    Some(ticks / TICKS)
}

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
    fn a_process_started_so_long_after_the_boot() {
        let stat = "1 (a) (b) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2";
        assert_eq!(process_start(stat), Some(123));
        assert_eq!(process_start("1 (x) S 0"), None);
    }

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
