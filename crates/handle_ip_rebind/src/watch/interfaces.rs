//! The interfaces that a program of a run may set down or remove: its other addresses stay bound then, and no
//! list need name them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use addresses::brief;
use host_net::{Bound, BoundAddress, Interface, Kind, Link};
use serde::{Deserialize, Serialize};

use crate::case::MOST;

/// How many characters go to the addresses that went with an interface.
const ROOM: usize = 40;

/// The interfaces that were up when a run began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    all: Vec<Known>,
    /// Since when each is down or gone, in words, by name. `None` if that was before any program did it.
    off: BTreeMap<String, Option<String>>,
}

/// The same for the next run, which tells those that are not up any more: whether each is missed when it is
/// gone, by name. A reboot may lie between the two, so that the numbers of the interfaces mean nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Up(BTreeMap<String, bool>);

#[derive(Clone, Debug)]
struct Known {
    index: u32,
    name: String,
    /// Whether it is missed when it is gone: those of containers and guests come and go.
    lasts: bool,
}

impl Kept {
    /// Notes the interfaces that are up. One that is removed is missed if it is the `configured` one or has
    /// addresses that are `staying`; one that is set down also if it has no address, as a port has none.
    pub(crate) fn of<'a>(
        bound: &Bound,
        configured: &str,
        staying: impl Iterator<Item = &'a BoundAddress>,
    ) -> Self {
        let staying: BTreeSet<u32> = staying.map(|place| place.interface).collect();
        let is_up = |each: &&Interface| !each.loopback && each.link != Link::Down;
        let known = |each: &Interface| {
            let lasts = each.name == configured || staying.contains(&each.index);
            let is_programs = matches!(each.kind, Kind::Tun | Kind::Dummy);
            (lasts || !is_programs).then(|| Known { index: each.index, name: each.name.clone(), lasts })
        };
        let all = bound.interfaces.iter().filter(is_up).filter_map(known).collect();
        Self { all, off: BTreeMap::new() }
    }

    /// Looks again, and notes which are down or gone `since` a program ran.
    pub(crate) fn look(&mut self, now: &Bound, since: Option<&String>) {
        let mut off = BTreeMap::new();
        for known in self.all.iter().filter(|known| known.fault(now).is_some()) {
            let before = self.off.remove(&known.name);
            off.insert(known.name.clone(), before.unwrap_or_else(|| since.cloned()));
        }
        self.off = off;
    }

    /// Returns what is wrong `now` with those that a program set down or removed, by name. These addresses
    /// went with their interfaces.
    pub(crate) fn missed(
        &self,
        now: &Bound,
        with_interface: &BTreeMap<String, Vec<IpAddr>>,
    ) -> BTreeMap<String, String> {
        let missed = self.all.iter().filter_map(|known| {
            let since = self.off.get(&known.name)?.as_ref()?;
            let addresses = with_interface.get(&known.name);
            let also = addresses.map(|all| format!(", and with it {}", brief(all, ROOM)));
            let words = format!("{} {since}{}", known.fault(now)?, also.unwrap_or_default());
            Some((known.name.clone(), words))
        });
        missed.collect()
    }

    /// Returns those that are there, for the next run.
    pub(crate) fn up(&self) -> Up {
        let there = self.all.iter().filter(|known| !self.off.contains_key(&known.name));
        Up(there.take(MOST).map(|known| (known.name.clone(), known.lasts)).collect())
    }
}

impl Up {
    /// Returns what is wrong `now` with those that were up when a run began that was killed, by name.
    pub(crate) fn missed(&self, now: &Bound) -> BTreeMap<String, String> {
        let missed = self.0.iter().filter_map(|(name, lasts)| {
            let fault = fault(now.by_name(name), *lasts)?;
            Some((name.clone(), format!("{fault} since an earlier run")))
        });
        missed.collect()
    }

    /// Returns their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns what is wrong with an interface that was up, and is `there` now. `lasts` tells whether it is
/// missed when it is gone.
fn fault(there: Option<&Interface>, lasts: bool) -> Option<&'static str> {
    match there {
        Some(there) => (there.link == Link::Down).then_some("is down"),
        None => lasts.then_some("is gone"),
    }
}

impl Known {
    /// Returns what is wrong with it `now`. `None` if nothing: an interface that was made anew counts.
    fn fault(&self, now: &Bound) -> Option<&'static str> {
        fault(now.interface(self.index).or_else(|| now.by_name(&self.name)), self.lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(all: &[(u32, &str, Link, Kind)]) -> Bound {
        let interface = |(index, name, link, kind): &(u32, &str, Link, Kind)| Interface {
            link: *link,
            kind: *kind,
            ..Interface::new(*index, *name)
        };
        Bound { interfaces: all.iter().map(interface).collect(), ..Bound::default() }
    }

    #[test]
    fn what_a_program_set_down_or_removed_is_missed() {
        use Kind::{Other, Tun};
        use Link::{Down, NoCarrier, Up};
        let began = bound(&[
            (2, "eth0", Up, Other),
            (3, "eth1", NoCarrier, Other),
            (4, "eth2", Down, Other),
            (5, "veth7", Up, Other),
            (6, "tun0", Up, Tun),
            (7, "tap3", Up, Tun),
        ]);
        let address = "198.51.100.9".parse().unwrap();
        let place = BoundAddress { address, interface: 6, prefix: 32, flags: host_net::Flags(0x80) };
        let mut kept = Kept::of(&began, "eth0", [place].iter());
        let since = "since service ran".to_owned();
        let missed = |kept: &Kept, now: &Bound, went: &[&str]| {
            let went = went.iter().map(|name| ((*name).to_owned(), vec![address])).collect();
            let all = kept.missed(now, &went);
            all.into_iter().map(|(name, words)| format!("{name} {words}")).collect::<Vec<_>>()
        };
        // What went before a program did it is not missed, as long as it is off.
        let early = bound(&[(2, "eth0", Down, Other), (3, "eth1", Up, Other), (6, "tun0", Up, Tun)]);
        kept.look(&early, None);
        let off = bound(&[(2, "eth0", Down, Other), (3, "eth1", Down, Other), (7, "tap3", Down, Tun)]);
        kept.look(&off, Some(&since));
        let gone = "tun0 is gone since service ran, and with it 198.51.100.9";
        assert_eq!(missed(&kept, &off, &["tun0"]), ["eth1 is down since service ran", gone]);
        // One that was made anew is there, and one that is set down again is missed.
        let anew = bound(&[(2, "eth0", Up, Other), (3, "eth1", Up, Other), (9, "tun0", Up, Tun)]);
        assert_eq!(missed(&kept, &anew, &[]), [""; 0]);
        kept.look(&anew, Some(&since));
        kept.look(&off, Some(&since));
        assert_eq!(missed(&kept, &off, &[]).len(), 3);
    }
}
