//! What the immutable or append-only bit of a checked file, or of its folder, does on this host.

use plugin::State;

use crate::compare::{HOSTNAME, HOSTS, RESOLVER, is_network};
use crate::facts::{Facts, Platform};
use crate::found::{Found, What};
use crate::options::Immutable;

/// Judges the bits of one file and its folder: `None` if there is nothing to say.
pub(crate) fn judge(
    policy: Immutable,
    path: &str,
    found: &Found,
    facts: &Facts,
    is_changed: bool,
) -> Option<(State, String)> {
    if policy != Immutable::Ok
        && let (Some(bit), Some(why)) = (found.folder_bit(), kept(path, found))
    {
        return Some((State::Warning, format!("{} is {bit}: {why}", folder(path))));
    }
    if policy == Immutable::Want && !found.is_immutable() {
        return missing(path, found, facts);
    }
    let harm = || if policy == Immutable::Warn { harm(path, facts) } else { None };
    let (subject, bit, why) = match (policy, found.bit(), found.folder_bit()) {
        (Immutable::Ok, ..) | (_, None, None) => return None,
        (_, Some(bit), _) => (path, bit, in_vain(found, is_changed).or_else(harm)?),
        // The bit of the folder keeps the names in it, whatever the content is.
        (_, None, Some(bit)) => (folder(path), bit, harm()?),
    };
    Some((State::Warning, format!("{subject} is {bit}: {why}")))
}

/// Reports a file whose content is not kept: by nothing, or by something that does not.
fn missing(path: &str, found: &Found, facts: &Facts) -> Option<(State, String)> {
    let warning = |text: &str| Some((State::Warning, format!("{path} {text}")));
    match (found.status?.bits, found.bit(), found.folder_bit()) {
        (None, ..) => {
            Some((State::Unknown, format!("{path}: its file system does not tell whether it is immutable")))
        }
        (_, Some(_), _) => warning("is append-only, not immutable"),
        (_, None, Some(bit)) => Some((
            State::Warning,
            format!("{path} is not immutable: {} is {bit}, which does not keep the content", folder(path)),
        )),
        _ if facts.can_lock == Some(false) => {
            warning("is not immutable, and nothing here may set it: no CAP_LINUX_IMMUTABLE")
        }
        _ => warning("is not immutable"),
    }
}

/// Returns the folder of a path.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty()).unwrap_or("/")
}

/// Returns what the bit of the folder keeps as it is, if the entry is not a file. `None` if the entry can be
/// mended in spite of the bit: a missing file can be added to an append-only folder.
fn kept(path: &str, found: &Found) -> Option<String> {
    let is_immutable = found.folder_bits.is_some_and(|bits| bits.immutable);
    match found.what {
        What::Missing if is_immutable => Some(format!("it keeps {path} missing")),
        What::Loop => Some(format!("it keeps the loop of links at {path}")),
        What::Special(kind) if found.link.is_none() => Some(format!("it keeps {kind} at {path}")),
        _ => None,
    }
}

/// Returns why the bit protects nothing.
fn in_vain(found: &Found, is_changed: bool) -> Option<String> {
    let is_volatile = |target: &str| target.starts_with("/run/") || target.starts_with("/var/run/");
    let target = found.targets().find(|target| is_volatile(target));
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
    let is_edited = is_network(path) || [HOSTNAME, HOSTS, RESOLVER].contains(&path);
    if facts.platform == Platform::OpenVz && is_edited {
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
    use crate::found::{Bits, Status};

    const IMMUTABLE: Option<Bits> = Some(Bits { immutable: true, append_only: false });
    const APPEND_ONLY: Option<Bits> = Some(Bits { immutable: false, append_only: true });
    const NEITHER: Option<Bits> = Some(Bits { immutable: false, append_only: false });

    fn found(bits: Option<Bits>) -> Found {
        let status = Some(Status { bits, ..Status::default() });
        Found { what: What::Content(Vec::new()), status, ..Found::default() }
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
            assert_eq!(judge(Immutable::Warn, path, &found(IMMUTABLE), facts, false), expected);
            let expected = text.map(|text| (State::Warning, format!("{path} is append-only: {text}")));
            assert_eq!(judge(Immutable::Warn, path, &found(APPEND_ONLY), facts, false), expected);
            for (folder_bits, word) in [(IMMUTABLE, "immutable"), (APPEND_ONLY, "append-only")] {
                let in_folder = Found { folder_bits, ..found(NEITHER) };
                let expected =
                    text.map(|text| (State::Warning, format!("{} is {word}: {text}", folder(path))));
                assert_eq!(judge(Immutable::Warn, path, &in_folder, facts, false), expected);
            }
            for (policy, bits) in
                [(Immutable::Ok, IMMUTABLE), (Immutable::Warn, NEITHER), (Immutable::Want, IMMUTABLE)]
            {
                assert_eq!(judge(policy, path, &found(bits), facts, false), None);
            }
        }
    }

    #[test]
    fn where_the_bit_protects_nothing() {
        let linked = Found { link: Some("/run/systemd/resolve/x".to_owned()), ..found(IMMUTABLE) };
        let mounted = Found {
            status: found(IMMUTABLE).status.map(|status| Status { is_mount: true, ..status }),
            ..linked.clone()
        };
        let mounted = Found { link: None, ..mounted };
        let rows = [
            (found(IMMUTABLE), true, "it keeps the wrong content"),
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
    fn the_bit_of_a_folder_keeps_what_is_no_file() {
        let link = Some("/run/x".to_owned());
        let rows = [
            (What::Missing, None, IMMUTABLE, Some("/etc is immutable: it keeps /etc/resolv.conf missing")),
            (What::Missing, None, APPEND_ONLY, None),
            (What::Missing, None, NEITHER, None),
            (What::Missing, None, None, None),
            (
                What::Loop,
                link.clone(),
                APPEND_ONLY,
                Some("/etc is append-only: it keeps the loop of links at /etc/resolv.conf"),
            ),
            (
                What::Special("a FIFO"),
                None,
                APPEND_ONLY,
                Some("/etc is append-only: it keeps a FIFO at /etc/resolv.conf"),
            ),
            (
                What::Special("a folder"),
                None,
                IMMUTABLE,
                Some("/etc is immutable: it keeps a folder at /etc/resolv.conf"),
            ),
            // A new target of the link mends these.
            (What::Special("a FIFO"), link.clone(), IMMUTABLE, None),
            (What::Dangling, link, IMMUTABLE, None),
            (What::Content(Vec::new()), None, IMMUTABLE, None),
        ];
        for (what, link, folder_bits, text) in rows {
            let status =
                if let What::Special(_) | What::Content(_) = what { found(NEITHER).status } else { None };
            let found = Found { link, what, status, folder_bits, ..found(NEITHER) };
            let seen = judge(Immutable::Warn, RESOLVER, &found, &on(Platform::Xen), true);
            assert_eq!(seen, text.map(|text| (State::Warning, text.to_owned())), "{found:?}");
            assert_eq!(judge(Immutable::Ok, RESOLVER, &found, &on(Platform::Xen), true), None);
            if let Some(text) = text {
                let wanted = judge(Immutable::Want, RESOLVER, &found, &on(Platform::Xen), true);
                assert_eq!(wanted, Some((State::Warning, text.to_owned())));
            }
        }
    }

    #[test]
    fn where_the_bit_is_wanted() {
        let judged = |bits, folder_bits, can_lock| {
            let found = Found { folder_bits, ..found(bits) };
            judge(Immutable::Want, RESOLVER, &found, &Facts { can_lock, ..Facts::default() }, false)
        };
        let text = |state, text: &str| Some((state, format!("{RESOLVER}{text}")));
        assert_eq!(judged(IMMUTABLE, NEITHER, None), None);
        assert_eq!(judged(NEITHER, None, Some(true)), text(State::Warning, " is not immutable"));
        let nothing = " is not immutable, and nothing here may set it: no CAP_LINUX_IMMUTABLE";
        assert_eq!(judged(NEITHER, NEITHER, Some(false)), text(State::Warning, nothing));
        let only_folder = " is not immutable: /etc is immutable, which does not keep the content";
        assert_eq!(judged(NEITHER, IMMUTABLE, None), text(State::Warning, only_folder));
        let only_grows = " is not immutable: /etc is append-only, which does not keep the content";
        assert_eq!(judged(NEITHER, APPEND_ONLY, None), text(State::Warning, only_grows));
        let append_only = " is append-only, not immutable";
        assert_eq!(judged(APPEND_ONLY, IMMUTABLE, None), text(State::Warning, append_only));
        assert_eq!(
            judged(None, None, None),
            text(State::Unknown, ": its file system does not tell whether it is immutable")
        );
        assert_eq!([folder("/etc/x/y"), folder("/x")], ["/etc/x", "/"]);
    }
}
