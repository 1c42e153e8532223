//! What the immutable or append-only bit of a checked file, or of its folder, does on this host.

use plugin::State;

use crate::compare::{HOSTNAME, HOSTS, RESOLVER};
use crate::facts::{Facts, Platform};
use crate::found::Found;
use crate::options::Immutable;

/// Where a host's network is configured: what a provider's start script edits, besides name, hosts and
/// resolver.
const NETWORK: [&str; 6] = [
    "/etc/network/",
    "/etc/sysconfig/network",
    "/etc/netplan/",
    "/etc/systemd/network/",
    "/etc/conf.d/net",
    "/etc/netctl/",
];

/// Judges the bit of one file: `None` if there is nothing to say.
pub(crate) fn judge(
    policy: Immutable,
    path: &str,
    found: &Found,
    facts: &Facts,
    is_changed: bool,
) -> Option<(State, String)> {
    let status = found.status?;
    let warning = |text: String| Some((State::Warning, format!("{path} {text}")));
    match (policy, found.is_locked()) {
        (Immutable::Ok, _) | (Immutable::Warn, false) => None,
        (Immutable::Want, false) if status.locked.is_none() => {
            Some((State::Unknown, format!("{path}: its file system does not tell whether it is immutable")))
        }
        (Immutable::Want, false) if facts.can_lock == Some(false) => {
            warning("is not immutable, and nothing here may set it: no CAP_LINUX_IMMUTABLE".to_owned())
        }
        (Immutable::Want, false) => warning("is not immutable".to_owned()),
        (Immutable::Warn | Immutable::Want, true) => {
            let harm = if policy == Immutable::Warn { harm(path, facts) } else { None };
            in_vain(found, is_changed).or(harm).and_then(|text| warning(format!("is immutable: {text}")))
        }
    }
}

/// Returns why the bit protects nothing.
fn in_vain(found: &Found, is_changed: bool) -> Option<String> {
    let is_volatile = |target: &str| target.starts_with("/run/") || target.starts_with("/var/run/");
    let target = found.link.as_deref().filter(|target| is_volatile(target));
    match target {
        _ if is_changed => Some("it keeps the wrong content".to_owned()),
        Some(target) => Some(format!("it protects nothing, since the next boot makes {target} anew")),
        None if found.status.is_some_and(|status| status.is_mount) => {
            Some("it protects nothing, since the container engine mounts the file".to_owned())
        }
        None => None,
    }
}

/// Returns what may fail because of the bit.
fn harm(path: &str, facts: &Facts) -> Option<String> {
    let is_network = NETWORK.iter().any(|start| path.starts_with(start));
    if facts.platform == Platform::OpenVz && (is_network || [HOSTNAME, HOSTS, RESOLVER].contains(&path)) {
        return Some("this kind of VPS may refuse to start".to_owned());
    }
    let cloud = facts.cloud.as_ref();
    let program = match path {
        RESOLVER => facts.needs_resolver,
        HOSTNAME => cloud.filter(|cloud| !cloud.preserves_name).map(|_| "cloud-init"),
        HOSTS => cloud.filter(|cloud| cloud.manages_hosts).map(|_| "cloud-init"),
        _ => None,
    };
    program.map(|program| format!("{program} may fail to start on it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Cloud;
    use crate::found::{Status, What};

    fn found(locked: Option<bool>) -> Found {
        let status = Some(Status { locked, ..Status::default() });
        Found { link: None, what: What::Content(Vec::new()), status, locked_folder: None }
    }

    fn on(platform: Platform) -> Facts {
        Facts { platform, ..Facts::default() }
    }

    #[test]
    fn where_the_bit_does_harm_or_nothing() {
        let vz = on(Platform::OpenVz);
        let refuse = Some("this kind of VPS may refuse to start");
        let cloud = |preserves_name, manages_hosts| Facts {
            cloud: Some(Cloud { preserves_name, manages_hosts, names: Vec::new() }),
            ..Facts::default()
        };
        let needs = Facts { needs_resolver: Some("openresolv"), ..Facts::default() };
        let rows = [
            (HOSTNAME, &vz, refuse),
            (HOSTS, &vz, refuse),
            (RESOLVER, &vz, refuse),
            ("/etc/network/interfaces", &vz, refuse),
            ("/etc/sysconfig/network-scripts/ifcfg-venet0", &vz, refuse),
            ("/etc/ntp.conf", &vz, None),
            (RESOLVER, &needs, Some("openresolv may fail to start on it")),
            (HOSTS, &needs, None),
            (HOSTNAME, &cloud(false, false), Some("cloud-init may fail to start on it")),
            (HOSTNAME, &cloud(true, false), None),
            (HOSTS, &cloud(true, true), Some("cloud-init may fail to start on it")),
            (HOSTS, &cloud(true, false), None),
            (RESOLVER, &on(Platform::Xen), None),
            (RESOLVER, &on(Platform::Machine("QEMU".to_owned())), None),
        ];
        for (path, facts, text) in rows {
            let expected = text.map(|text| (State::Warning, format!("{path} is immutable: {text}")));
            assert_eq!(judge(Immutable::Warn, path, &found(Some(true)), facts, false), expected);
            let folder = Found { locked_folder: Some(true), ..found(Some(false)) };
            assert_eq!(judge(Immutable::Warn, path, &folder, facts, false), expected);
            for (policy, locked) in
                [(Immutable::Ok, Some(true)), (Immutable::Warn, Some(false)), (Immutable::Want, Some(true))]
            {
                assert_eq!(judge(policy, path, &found(locked), facts, false), None);
            }
        }
    }

    #[test]
    fn where_the_bit_protects_nothing() {
        let linked = Found { link: Some("/run/systemd/resolve/x".to_owned()), ..found(Some(true)) };
        let mounted = Found {
            status: found(Some(true)).status.map(|status| Status { is_mount: true, ..status }),
            ..linked.clone()
        };
        let mounted = Found { link: None, ..mounted };
        let rows = [
            (found(Some(true)), true, "it keeps the wrong content"),
            (linked, false, "it protects nothing, since the next boot makes /run/systemd/resolve/x anew"),
            (mounted, false, "it protects nothing, since the container engine mounts the file"),
        ];
        for (found, is_changed, text) in rows {
            for policy in [Immutable::Warn, Immutable::Want] {
                let seen = judge(policy, RESOLVER, &found, &on(Platform::Xen), is_changed).unwrap();
                assert_eq!(seen, (State::Warning, format!("{RESOLVER} is immutable: {text}")));
            }
        }
    }

    #[test]
    fn where_the_bit_is_wanted() {
        let judged = |locked, can_lock| {
            judge(Immutable::Want, RESOLVER, &found(locked), &Facts { can_lock, ..Facts::default() }, false)
        };
        let text = |state, text: &str| Some((state, format!("{RESOLVER}{text}")));
        assert_eq!(judged(Some(true), None), None);
        assert_eq!(judged(Some(false), Some(true)), text(State::Warning, " is not immutable"));
        let nothing = " is not immutable, and nothing here may set it: no CAP_LINUX_IMMUTABLE";
        assert_eq!(judged(Some(false), Some(false)), text(State::Warning, nothing));
        assert_eq!(
            judged(None, None),
            text(State::Unknown, ": its file system does not tell whether it is immutable")
        );
    }
}
