//! What netplan generates at boot for networkd and NetworkManager: all its files, or none where it refuses a
//! line of them. Then nothing is bound, and no log of networkd's tells why.

use crate::leftovers::is_installed;
use crate::promise::Promises;
use crate::source::Source;
use crate::tree::Tree;

/// Where the files are that netplan generates, and how their names begin.
const GENERATED: [(&str, &str); 2] =
    [("/run/systemd/network", "10-netplan-"), ("/run/NetworkManager/system-connections", "netplan-")];
/// It is there where systemd was the init of this boot (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// Names the cause of addresses of netplan that are missing, where it generated nothing on a host that
/// systemd brought up. What cannot be read tells nothing.
pub(crate) fn explain(tree: &Tree<'_>, found: &mut [(Source, Promises)]) {
    let Some((_, netplan)) = found.iter_mut().find(|(source, _)| *source == Source::Netplan) else { return };
    let has = |(folder, prefix): (&str, &str)| {
        let names = tree.names(folder).ok()?;
        Some(names.iter().any(|name| name.to_string_lossy().starts_with(prefix)))
    };
    let nothing = || GENERATED.into_iter().all(|each| has(each) == Some(false));
    if !tree.has(BOOTED) || !is_installed(Source::Netplan, tree) || !nothing() {
        return;
    }
    let what = "netplan generated no file at boot: netplan generate tells why";
    netplan.failing.extend(netplan.promises.iter().map(|promise| promise.place.remark(what)));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::tree::Tree;
    use crate::{Origin, read_usable};

    /// As `netplan generate` 0.106 leaves /run where it refuses a file, and where not.
    #[test]
    fn a_host_for_which_netplan_generated_nothing_is_told() {
        let booted = ("/run/systemd/system/a", "");
        let program = ("/usr/sbin/netplan", "");
        let of_networkd = ("/run/systemd/network/10-netplan-eth0.network", "");
        let of_manager = ("/run/NetworkManager/system-connections/netplan-eth0.nmconnection", "");
        let other = ("/run/systemd/network/70-lan.network", "");
        let rows: [(&[(&str, &str)], bool); 7] = [
            (&[booted, program], true),
            (&[booted, program, other], true),
            (&[booted, program, of_networkd], false),
            (&[booted, program, of_manager], false),
            (&[booted], false),
            (&[program], false),
            (&[], false),
        ];
        let yaml = ("/etc/netplan/a.yaml", "network: {ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n");
        let deadline = Deadline::after(Duration::from_secs(60));
        for (files, told) in rows {
            let tree = Tree::in_memory([yaml].iter().chain(files).copied(), &deadline);
            let (found, _) = read_usable(&[Origin::Auto], &tree);
            let failing = found.iter().flat_map(|(_, promises)| &promises.failing);
            assert_eq!(failing.count(), usize::from(told), "{files:?}");
        }
    }
}
