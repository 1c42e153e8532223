//! Why addresses are silent, as far as this machine is to blame. What could not be reached because of it is
//! no outage.

mod tables;
mod ways;

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use plugin::Deadline;

use crate::{NeighbourTable, Sockets};
use tables::{Fit, Tables};
use ways::{Hop, Routes, Way, Ways};

/// From how full the table of tracked connections on nothing new fits into it, in per cent: it is emptied a
/// little all the time.
const FULL: u64 = 98;
/// How long a look at the faults of this machine may take at the end of a run that is stopped.
const LOOK: Duration = Duration::from_millis(60);

/// How an address is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing came back.
    NoAnswer,
    /// This machine reports that nothing on the link has the address.
    NoNeighbour,
    /// connect(2) finds no route to it.
    NoRoute,
    /// It was tried too little for a verdict.
    Unconfirmed,
}

/// What explains a silence better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// It is the broadcast address of one of this machine's networks.
    Broadcast,
    /// The interface towards it is down or has no carrier.
    LinkDown,
    /// The table of neighbours is full.
    NeighbourTable,
    /// The gateway towards it does not answer on the link.
    Gateway,
    /// This machine says that it is unreachable, and the gateway answers: its firewall rejects.
    Rejected,
    /// The table of tracked connections is full.
    Conntrack,
    /// Nothing on the link has the address: the only one that is not this machine's fault.
    NoNeighbour,
}

impl Explanation {
    /// Returns it in few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Broadcast => "a broadcast address",
            Self::LinkDown => "link down here",
            Self::NeighbourTable => NeighbourTable::FULL_HERE,
            Self::Gateway => "gateway silent here",
            Self::Rejected => "prohibited here",
            Self::Conntrack => "conntrack table full here",
            Self::NoNeighbour => "no neighbour",
        }
    }
}

/// What tells whose fault a silence is, asked while others are still tried: at the end there is no time for
/// thousands of questions.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// As they were before the first try, or when the first target was silent.
    tables: OnceLock<Tables>,
    routes: Mutex<Routes>,
}

impl Diagnosis {
    /// Diagnoses what these sockets meet.
    pub fn of(sockets: Sockets) -> Self {
        Self { routes: Mutex::new(Routes::by(sockets)), ..Self::default() }
    }

    /// Notes the tables as they are, if that has not happened yet. Where no later try follows the first
    /// silence, it must happen before the first try: what overflows from then on is seen.
    pub fn begin(&self, deadline: &Deadline) {
        self.tables.get_or_init(|| Tables::read(deadline));
    }

    /// Asks what there is to ask about an address that is silent.
    pub fn add(&self, address: SocketAddr, deadline: &Deadline) {
        self.begin(deadline);
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).to(address, deadline);
    }

    /// Returns what explains each silence better, in their order: `None` if nothing does.
    pub fn explain(
        &self,
        silences: &[(SocketAddr, Silence)],
        deadline: &Deadline,
    ) -> Vec<Option<Explanation>> {
        if silences.is_empty() {
            return Vec::new();
        }
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner).take();
        let now = Tables::read(deadline);
        let mut ways = Ways::new(routes, deadline);
        let fit = |v6: bool| match self.tables.get() {
            Some(before) if before.overflowed(&now, v6) => Fit::Overflowed,
            Some(_) => Fit::All,
            None => now.fit(v6),
        };
        let unasked = silences.iter().filter(|(_, silence)| *silence == Silence::NoNeighbour);
        let faults = Faults {
            tables: [false, true].map(fit),
            conntrack: conntrack_is_full(),
            gateways: unasked
                .filter_map(|(address, _)| ways.to(*address, deadline))
                .filter(|way| !way.on_link)
                .map(|way| way.hop)
                .collect(),
        };
        let mut explain = |(address, silence): &(SocketAddr, Silence)| {
            faults.explain(*silence, ways.to(*address, deadline), address.is_ipv6())
        };
        silences.iter().map(&mut explain).collect()
    }
}

/// Returns whether this machine may be to blame for the silence of some of these addresses towards sockets,
/// by what the kernel shows at once.
pub fn is_to_blame(sockets: Sockets, addresses: &[SocketAddr]) -> bool {
    let deadline = Deadline::after(LOOK);
    let tables = Tables::read(&deadline);
    let faults = Faults {
        tables: [tables.fit(false), tables.fit(true)],
        conntrack: conntrack_is_full(),
        gateways: HashSet::new(),
    };
    let mut ways = Ways::new(Routes::by(sockets), &deadline);
    addresses.iter().any(|address| {
        let better = faults.explain(Silence::NoAnswer, ways.to(*address, &deadline), address.is_ipv6());
        better.is_some_and(|better| better != Explanation::NoNeighbour)
    })
}

/// What is wrong with this machine.
struct Faults {
    /// Whether neighbours fit into the tables of IPv4 and IPv6.
    tables: [Fit; 2],
    /// Whether the table of tracked connections is full.
    conntrack: bool,
    /// The gateways that did not answer on the link while some target was tried.
    gateways: HashSet<Hop>,
}

impl Faults {
    /// What explains the silence of a target better: `None` if nothing does.
    fn explain(&self, silence: Silence, way: Option<Way>, is_v6: bool) -> Option<Explanation> {
        let [v4, v6] = self.tables;
        let table = if is_v6 { v6 } else { v4 };
        let is_tried = silence != Silence::Unconfirmed;
        Some(match way {
            // connect(2) has no route to a broadcast address, which routes lead to all the same.
            _ if silence == Silence::NoRoute => {
                way.filter(|way| way.is_broadcast).map(|_| Explanation::Broadcast)?
            }
            Some(Way { link_down: true, .. }) => Explanation::LinkDown,
            Some(way) if is_tried && table.explains(way) => Explanation::NeighbourTable,
            Some(Way { on_link: false, is_silent: Some(false), .. }) if silence == Silence::NoNeighbour => {
                Explanation::Rejected
            }
            Some(way) if self.gateway_is_silent(silence, way) => Explanation::Gateway,
            // Of many packets to one that does not answer, the kernel reports only the first few. It asks for
            // none by ARP or neighbour solicitation whose packets the table of tracked connections drops.
            Some(Way { on_link: true, is_silent: Some(true), .. }) if is_tried => Explanation::NoNeighbour,
            _ if self.conntrack && is_tried => Explanation::Conntrack,
            _ => return None,
        })
    }

    /// Whether the gateway does not answer on the link: by the kernel's last word, else by what it reported
    /// to any target behind it.
    fn gateway_is_silent(&self, silence: Silence, way: Way) -> bool {
        let is_silent = way.is_silent.unwrap_or_else(|| self.gateways.contains(&way.hop));
        !way.on_link && (silence == Silence::NoNeighbour || is_silent)
    }
}

/// Whether the table of tracked connections is as good as full: not where none are tracked.
fn conntrack_is_full() -> bool {
    let read = |name: &str| {
        fs::read_to_string(format!("/proc/sys/net/netfilter/nf_conntrack_{name}")).ok()?.trim().parse().ok()
    };
    let (Some(count), Some(most)): (Option<u64>, Option<u64>) = (read("count"), read("max")) else {
        return false;
    };
    most > 0 && count.saturating_mul(100) >= most.saturating_mul(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_silence_has_its_explanation() {
        let hop = (2, "192.0.2.254".parse().unwrap());
        let other = (2, "192.0.2.253".parse().unwrap());
        let faults = Faults { tables: [Fit::All; 2], conntrack: false, gateways: HashSet::from([hop]) };
        let way = |on_link, hop, is_silent| Way {
            on_link,
            is_broadcast: false,
            link_down: false,
            shares_entry: false,
            hop,
            is_silent,
        };
        let (silent, gateway) = (Silence::NoAnswer, Some(Explanation::Gateway));
        let once = Silence::Unconfirmed;
        // The silence of a target, the way to it, and what explains it better.
        let rows = [
            (silent, way(false, other, Some(true)), gateway),
            (once, way(false, other, Some(true)), gateway),
            (Silence::NoNeighbour, way(false, hop, Some(true)), gateway),
            (Silence::NoNeighbour, way(false, hop, None), gateway),
            // It answers, so it is a firewall here that rejects.
            (Silence::NoNeighbour, way(false, hop, Some(false)), Some(Explanation::Rejected)),
            // Its entry is gone, and it was reported for another target.
            (silent, way(false, hop, None), gateway),
            (silent, way(false, other, None), None),
            // It answers by now.
            (silent, way(false, hop, Some(false)), None),
            (silent, way(true, other, Some(true)), Some(Explanation::NoNeighbour)),
            (silent, way(true, other, Some(false)), None),
            (once, way(true, other, Some(true)), None),
        ];
        for (silence, way, expected) in rows {
            assert_eq!(faults.explain(silence, Some(way), false), expected, "{silence:?} {way:?}");
        }
        assert_eq!(faults.explain(silent, None, false), None);
        let untracked = Faults { tables: [Fit::All; 2], conntrack: true, gateways: HashSet::new() };
        let conntrack = Some(Explanation::Conntrack);
        let rows = [
            (silent, way(true, other, None), conntrack),
            (silent, way(true, other, Some(false)), conntrack),
            (silent, way(false, other, Some(false)), conntrack),
            (once, way(true, other, None), None),
            // The kernel asked for it, so its packets left.
            (silent, way(true, other, Some(true)), Some(Explanation::NoNeighbour)),
            (Silence::NoNeighbour, way(true, other, Some(true)), Some(Explanation::NoNeighbour)),
        ];
        for (silence, way, expected) in rows {
            assert_eq!(untracked.explain(silence, Some(way), false), expected, "{silence:?} {way:?}");
        }
        let overflowed = Faults { tables: [Fit::Overflowed, Fit::All], ..faults };
        let table = Some(Explanation::NeighbourTable);
        let rows = [
            (way(true, other, None), table),
            (way(true, other, Some(true)), table),
            // It answers ARP, so it is in the table.
            (way(true, other, Some(false)), None),
            // It has no entry, and did not fit.
            (way(false, other, None), table),
            (way(false, other, Some(false)), None),
            (way(false, other, Some(true)), gateway),
        ];
        for (way, expected) in rows {
            assert_eq!(overflowed.explain(silent, Some(way), false), expected, "{way:?}");
            assert_ne!(overflowed.explain(silent, Some(way), true), table, "{way:?}");
            assert_ne!(overflowed.explain(once, Some(way), false), table, "{way:?}");
        }
        // Whether one did not fit is not known: only that it is not in it.
        let full = Faults { tables: [Fit::NoMore, Fit::All], ..overflowed };
        let rows = [
            (way(true, other, None), table),
            (way(true, other, Some(true)), Some(Explanation::NoNeighbour)),
            (way(true, other, Some(false)), None),
            (way(false, other, None), table),
            (way(false, other, Some(false)), None),
        ];
        for (way, expected) in rows {
            assert_eq!(full.explain(silent, Some(way), false), expected, "{way:?}");
        }
        // No IPv4 address on a tunnel has an entry of its own.
        for on_link in [true, false] {
            let tunnel = Way { shares_entry: true, ..way(on_link, other, None) };
            for tables in [Fit::NoMore, Fit::Overflowed].map(|fit| [fit; 2]) {
                let full = Faults { tables, conntrack: false, gateways: HashSet::new() };
                assert_eq!(full.explain(silent, Some(tunnel), false), None, "{tunnel:?} {tables:?}");
            }
        }
    }
}
