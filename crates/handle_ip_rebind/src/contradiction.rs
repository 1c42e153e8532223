//! Addresses that `files` lets the handler bind and `check` forbids: bound, they would make check_ip_bound
//! alarm.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{all, brief};
use check_ip_bound::{Expectations, Expected};
use plugin::Finding;

/// How many characters of the first line go to the addresses of one cause.
const ROOM: usize = 40;

/// The addresses, each with what `check` has against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contradictions(BTreeMap<IpAddr, String>);

impl Contradictions {
    /// Compares the addresses that may be bound on the interface, of which these are all `names`, with the
    /// options of `check` and what it found by them.
    pub(crate) fn of(
        addresses: &[IpAddr],
        names: &[&str],
        check: &Expectations,
        found: Option<&Expected>,
    ) -> Self {
        let floating: BTreeMap<IpAddr, &str> = found
            .into_iter()
            .flat_map(|found| &found.floating)
            .map(|(at, place)| (*at, place.as_str()))
            .collect();
        let is_elsewhere =
            !check.interface.is_empty() && !check.interface.iter().any(|name| names.contains(&name.as_str()));
        let reason = |address: IpAddr| {
            let is = |other: &IpAddr| other.to_canonical() == address;
            if check.absent.iter().any(is) {
                return Some("must not be bound by --absent".to_owned());
            }
            if check.floating.iter().any(is) {
                return Some("is floating by --floating".to_owned());
            }
            if let Some(place) = floating.get(&address) {
                return Some(format!("is floating by {place}"));
            }
            is_elsewhere.then(|| format!("must be on {} by --interface", check.interface.join(" or ")))
        };
        Self(addresses.iter().filter_map(|address| Some((*address, reason(*address)?))).collect())
    }

    /// Returns what `check` has against an address. `None` if nothing.
    pub(crate) fn reason(&self, address: IpAddr) -> Option<&str> {
        self.0.get(&address).map(String::as_str)
    }

    /// Returns a finding for each cause.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut causes: BTreeMap<&str, Vec<IpAddr>> = BTreeMap::new();
        for (address, why) in &self.0 {
            causes.entry(why).or_default().push(*address);
        }
        causes
            .into_iter()
            .map(|(why, addresses)| {
                let (short, whole) = (brief(&addresses, ROOM), all(&addresses));
                let finding = Finding::unknown(format!("check and files contradict: {short} {why}"));
                if short == whole { finding } else { finding.detail(format!("all of these: {whole}")) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use plugin::Findings;

    use super::*;

    #[test]
    fn names_what_check_forbids() {
        let addresses = ["192.0.2.31", "192.0.2.32"].map(|address| address.parse().unwrap());
        let rows: [(&[&str], &str); 6] = [
            (&[], "OK - fine"),
            (&["--interface=eth0"], "OK - fine"),
            (&["--interface=lo", "--interface=enp1s0"], "OK - fine"),
            (
                &["--absent=192.0.2.31"],
                "UNKNOWN - check and files contradict: 192.0.2.31 must not be bound by --absent",
            ),
            (
                &["--floating=192.0.2.32"],
                "UNKNOWN - check and files contradict: 192.0.2.32 is floating by --floating",
            ),
            (
                &["--interface=lo"],
                "UNKNOWN - check and files contradict: 192.0.2.31-32 must be on lo by --interface",
            ),
        ];
        for (options, line) in rows {
            let all = ["check_ip_bound"].iter().chain(options);
            let check = <check_ip_bound::Args as clap::Parser>::try_parse_from(all).unwrap().expectations();
            let found = Contradictions::of(&addresses, &["eth0", "enp1s0"], &check, None);
            let findings = found.findings().into_iter().chain([Finding::ok("")]);
            let report = findings.collect::<Findings>().report("fine");
            assert_eq!(
                report.render("X", 0).lines().next(),
                Some(format!("X {line}").as_str()),
                "{options:?}"
            );
        }
    }
}
