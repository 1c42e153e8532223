//! What netplan writes for networkd where networkd has an earlier file for the interface, or another of the
//! same name: it never applies.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::promise::{Promise, Promises};
use crate::source::Source;

/// How the files begin that netplan generates.
const GENERATED: &str = "/run/systemd/network/10-netplan-";

/// Takes from netplan's promises what is in generated files alone that networkd never applies, if the file
/// that it applies gives the interface something: an interface that is left without any address by a file for
/// something else is an outage, of which that file is the cause. Each address stays in
/// [`Promises::shadowed`] of networkd, with the file that wins.
pub(crate) fn yield_to_networkd(found: &mut [(Source, Promises)]) {
    let Some((_, networkd)) = found.iter().find(|(source, _)| *source == Source::Networkd) else { return };
    let choices = networkd.one_of.iter().flat_map(|one_of| &one_of.profiles);
    let promised = networkd.promises.iter().chain(choices.flat_map(|choice| &choice.promises));
    let promised: HashSet<IpAddr> = promised.map(|promise| promise.expected.address).collect();
    let generated = networkd.outranked.iter().filter(|(file, _)| file.starts_with(GENERATED));
    let generated: HashMap<String, String> =
        generated.map(|(file, name)| (file.clone(), name.clone())).collect();
    let shadowed = networkd.shadowed.iter().filter(|each| generated.contains_key(&each.place.file));
    let mut never: HashSet<IpAddr> = shadowed.map(|each| each.expected.address).collect();
    never.retain(|address| !promised.contains(address));
    let ignored = networkd.shadowed.iter().filter(|each| each.place.file.starts_with(GENERATED));
    let mut ignored: HashMap<IpAddr, String> =
        ignored.map(|each| (each.expected.address, each.why.clone())).collect();
    ignored.retain(|address, _| !promised.contains(address));
    let interfaces: HashSet<&String> = generated.values().collect();
    let netplan = found.iter_mut().filter(|(source, _)| *source == Source::Netplan);
    for (_, netplan) in netplan {
        netplan.promises.retain(|promise| !never.contains(&promise.expected.address));
        netplan.unnamed.iter_mut().for_each(|each| each.addresses.retain(|address| !never.contains(address)));
        netplan.dynamic.retain(|dynamic| !interfaces.contains(&dynamic.interface));
        let cause = |promise: &Promise| {
            let why = ignored.get(&promise.expected.address)?;
            Some(promise.place.remark(format!("{why}, not the file of netplan")))
        };
        netplan.failing.extend(netplan.promises.iter().filter_map(cause));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::tree::Tree;
    use crate::{Origin, read_usable};

    const OWN: &str = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.66/24\n";

    /// As `netplan generate` 0.106 writes them and networkd 252 takes them.
    #[test]
    fn what_an_earlier_file_has_is_not_promised_by_netplan() {
        let yaml = "network: {version: 2, ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n";
        let generated = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.10/24\n";
        let elsewhere = "[Match]\nName=eth9\n[Network]\nAddress=192.0.2.10/24\n";
        let rows: [(&[(&str, &str)], &str); 12] = [
            (&[("05-mine", OWN)], "192.0.2.66"),
            (&[("70-mine", OWN)], "192.0.2.10 192.0.2.10"),
            (&[("05-mine", &OWN.replace("eth0", "e*"))], "192.0.2.66"),
            (&[("05-mine", &OWN.replace("eth0", "eth8"))], "192.0.2.66 192.0.2.10 192.0.2.10"),
            // It is bound on another interface, or the pattern is known to fit none.
            (&[("05-mine", OWN), ("06-more", elsewhere)], "192.0.2.66 192.0.2.10 192.0.2.10"),
            (&[("05-mine", "[Match]\nHost=other\n")], "192.0.2.10 192.0.2.10"),
            // A file that takes the interface and gives it nothing makes an outage.
            (&[("05-lldp", "[Match]\nName=eth0\n[Network]\nLLDP=yes\n")], "192.0.2.10"),
            (&[("05-lldp", "[Match]\nName=eth0\n[Link]\nUnmanaged=yes\n")], "192.0.2.10"),
            // One of the same name replaces it.
            (&[("10-netplan-eth0", OWN)], "192.0.2.66"),
            (&[("10-netplan-eth0", "")], "192.0.2.10"),
            (&[("10-netplan-eth0", "[Match]\nName=eth0\n[Network]\nLLDP=yes\n")], "192.0.2.10"),
            (&[("10-netplan-eth0", elsewhere)], "192.0.2.10 192.0.2.10"),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (own, expected) in rows {
            let own = own.iter().map(|(name, text)| (format!("/etc/systemd/network/{name}.network"), *text));
            let made = ("/run/systemd/network/10-netplan-eth0.network".to_owned(), generated);
            let files = own.chain([made, ("/etc/netplan/a.yaml".to_owned(), yaml)]);
            let files = files.chain([("/etc/hostname".to_owned(), "web1\n")]);
            let (found, errors) = read_usable(&[Origin::Auto], &Tree::in_memory(files, &deadline));
            assert!(errors.is_empty(), "{errors:?}");
            let all = found.iter().flat_map(|(_, promises)| &promises.promises);
            let all: Vec<String> = all.map(|promise| promise.expected.address.to_string()).collect();
            assert_eq!(all.join(" "), expected);
        }
    }

    /// The file that has the interface is the cause where the addresses of netplan are missing.
    #[test]
    fn the_file_that_networkd_takes_is_named() {
        let yaml = "network: {version: 2, ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n";
        let generated = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.10/24\n";
        let lldp = "[Match]\nName=eth0\n[Network]\nLLDP=yes\n";
        let rows = [
            ("05-lldp", lldp, "05-lldp.network is for eth0, not the file of netplan"),
            (
                "10-netplan-eth0",
                lldp,
                "/etc/systemd/network/10-netplan-eth0.network is read instead, not the file of netplan",
            ),
            (
                "10-netplan-eth0",
                "",
                "/etc/systemd/network/10-netplan-eth0.network is read instead, not the file of netplan",
            ),
            ("05-mine", OWN, ""),
            ("10-netplan-eth0", generated, ""),
            ("20-lldp", lldp, ""),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (name, own, expected) in rows {
            let files = [
                (&*format!("/etc/systemd/network/{name}.network"), own),
                ("/run/systemd/network/10-netplan-eth0.network", generated),
                ("/etc/netplan/a.yaml", yaml),
            ];
            let (found, errors) = read_usable(&[Origin::Auto], &Tree::in_memory(files, &deadline));
            assert!(errors.is_empty(), "{errors:?}");
            let all: Vec<&str> = found
                .iter()
                .flat_map(|(_, promises)| &promises.failing)
                .map(|remark| remark.what.as_str())
                .collect();
            assert_eq!(all.join(" "), expected, "{name}");
        }
    }

    /// Netplan's DHCP for eth0 beside the administrator's own file for it.
    #[test]
    fn what_an_earlier_file_has_asks_for_no_lease_by_netplan() {
        let yaml = "network: {version: 2, ethernets: {eth0: {dhcp4: true}, eth1: {dhcp4: true}}}\n";
        let generated = |name: &str| format!("[Match]\nName={name}\n[Network]\nDHCP=ipv4\n");
        let rows = [
            ("05-mine", OWN, "eth1 eth1"),
            ("70-mine", OWN, "eth0 eth1 eth0 eth1"),
            ("05-mine", &generated("eth0"), "eth0 eth1 eth1"),
            ("05-mine", "[Match]\nName=eth0\n[Network]\nBridge=br0\n", "eth1 eth1"),
            ("05-lldp", "[Match]\nName=eth0\n[Network]\nLLDP=yes\n", "eth1 eth0 eth1"),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (name, own, expected) in rows {
            let made = ["eth0", "eth1"]
                .map(|name| (format!("/run/systemd/network/10-netplan-{name}.network"), generated(name)));
            let own = (format!("/etc/systemd/network/{name}.network"), own.to_owned());
            let files = made.into_iter().chain([own, ("/etc/netplan/a.yaml".to_owned(), yaml.to_owned())]);
            let (found, errors) = read_usable(&[Origin::Auto], &Tree::in_memory(files, &deadline));
            assert!(errors.is_empty(), "{errors:?}");
            let all = found.iter().flat_map(|(_, promises)| &promises.dynamic);
            let all: Vec<&str> = all.map(|dynamic| dynamic.interface.as_str()).collect();
            assert_eq!(all.join(" "), expected, "{name}");
        }
    }
}
