//! Watches which addresses go while programs run, and since when.
//!
//! Only those are missed that stay until something removes them, as check_ip_bound tells them: floating,
//! leased, temporary, link-local and ignored addresses come and go by themselves. An interface is missed that
//! a program set down, or removed with such addresses; one that goes before is a note.

mod interfaces;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use check_ip_bound::{Ignored, staying};
use host_net::{Bound, BoundAddress};
use plugin::Deadline;

use crate::child::{Ran, shown};
use crate::config::Config;
use crate::probe::Seen;
use interfaces::Kept;
pub(crate) use interfaces::Up;

/// Since when what went before any program did.
const BEGAN: &str = "gone since this run began";

/// What is watched, from the beginning of a run.
pub(crate) struct Watch<'a> {
    began: &'a Bound,
    interface: &'a str,
    ignored: &'a [Ignored],
    floating: Vec<(IpAddr, String)>,
    /// What there was at the last look. `None` if it could not be read.
    last: Option<Vec<IpAddr>>,
    /// Since when each address is gone, in words.
    gone: BTreeMap<IpAddr, String>,
    /// The interfaces that must stay.
    kept: Kept,
    /// The last program that was started: `since NAME ran`, and when it had ended.
    program: Option<(String, Instant)>,
}

/// What was there when a run began and is not any more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) addresses: Vec<IpAddr>,
    /// What is wrong with interfaces since a program ran, in words, by name.
    pub(crate) interfaces: BTreeMap<String, String>,
    /// The addresses of other interfaces that are gone, by name.
    pub(crate) with_interface: BTreeMap<String, Vec<IpAddr>>,
}

impl Missed {
    /// Returns whether something is missed that may still come.
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.interfaces.is_empty()
    }
}

impl<'a> Watch<'a> {
    /// Begins with what a run found first.
    pub(crate) fn begin(config: &'a Config, seen: &'a Seen, deadline: &Deadline) -> Self {
        let mut watch = Self {
            began: seen.bound(),
            interface: &config.interface,
            ignored: &config.check.ignore,
            floating: seen.floating(config, deadline),
            last: None,
            gone: BTreeMap::new(),
            kept: Kept::default(),
            program: None,
        };
        watch.last = Some(watch.lasting(seen.bound()));
        watch.kept = Kept::of(seen.bound(), &config.interface, watch.staying(seen.bound()));
        watch
    }

    /// Looks again after a program has run.
    pub(crate) fn ran(&mut self, ran: &Ran, deadline: &Deadline) {
        if ran.is_started {
            self.program = Some((format!("since {} ran", shown(&ran.argv)), Instant::now()));
        }
        self.now(deadline);
    }

    /// Looks again, and notes what is gone since the last look. Returns what is bound now, if that can be
    /// read.
    pub(crate) fn now(&mut self, deadline: &Deadline) -> Option<Bound> {
        let now = Bound::read(deadline).ok();
        let since = self.program.as_ref().map(|(since, _)| since);
        let gone = since.map_or_else(|| BEGAN.to_owned(), |since| format!("gone {since}"));
        self.look(now.as_ref(), &gone);
        if let Some(now) = &now {
            self.look_at_interfaces(now);
        }
        now
    }

    /// Notes which interfaces are down or gone `now`, by the last program: it may act after it has ended.
    pub(crate) fn look_at_interfaces(&mut self, now: &Bound) {
        self.kept.look(now, self.program.as_ref().map(|(since, _)| since));
    }

    /// Returns when the last program ended. `None` if none was started.
    pub(crate) fn program_ended(&self) -> Option<Instant> {
        self.program.as_ref().map(|(_, ended)| *ended)
    }

    /// Returns the interfaces that must stay and are there, for the next run.
    pub(crate) fn up(&self) -> Up {
        self.kept.up()
    }

    fn look(&mut self, now: Option<&Bound>, since: &str) {
        let now = now.map(|bound| self.lasting(bound));
        // Where they cannot be read, only the cause is not known.
        if let (Some(before), Some(now)) = (&self.last, &now) {
            self.gone.retain(|address, _| now.binary_search(address).is_err());
            for address in before.iter().filter(|address| now.binary_search(address).is_err()) {
                self.gone.insert(*address, since.to_owned());
            }
        }
        self.last = now;
    }

    /// Returns since when an address is gone. `None` if it was there at the last look.
    pub(crate) fn since(&self, address: IpAddr) -> Option<&str> {
        self.gone.get(&address).map(String::as_str)
    }

    /// Returns what was there when the run began and is gone `now`. The configured interface has to be there.
    pub(crate) fn missed(&self, now: &Bound) -> Missed {
        let is_gone = |address: &IpAddr| now.places(*address).is_empty();
        let mut missed = Missed::default();
        for address in self.lasting(self.began).into_iter().filter(is_gone) {
            match self.vanished(address, now) {
                Some(name) => missed.with_interface.entry(name).or_default().push(address),
                None => missed.addresses.push(address),
            }
        }
        missed.interfaces = self.kept.missed(now, &missed.with_interface);
        missed.with_interface.retain(|name, _| !missed.interfaces.contains_key(name));
        missed
    }

    /// Returns the interface that an address was on, if that is gone.
    fn vanished(&self, address: IpAddr, now: &Bound) -> Option<String> {
        let place = self.began.places(address).first()?;
        let name = &self.began.interface(place.interface)?.name;
        (name != self.interface && now.by_name(name).is_none()).then(|| name.clone())
    }

    /// Returns the prefix length that an address had when the run began.
    pub(crate) fn prefix(&self, address: IpAddr) -> Option<u8> {
        self.began.places(address).first().map(|place| place.prefix)
    }

    /// Returns the addresses that are bound and stay.
    pub(crate) fn staying<'b>(&self, bound: &'b Bound) -> impl Iterator<Item = &'b BoundAddress> {
        staying(bound, self.ignored, &self.floating)
    }

    /// Returns the floating addresses that are bound `now` and were not `before`.
    pub(crate) fn floated(&self, before: &Bound, now: &Bound) -> Vec<IpAddr> {
        let is_new =
            |address: &IpAddr| before.places(*address).is_empty() && !now.places(*address).is_empty();
        self.floating.iter().map(|(address, _)| *address).filter(is_new).collect()
    }

    /// Returns the addresses that are bound and stay, sorted.
    fn lasting(&self, bound: &Bound) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = self.staying(bound).map(|place| place.address).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use host_net::{Flags, Interface};

    use super::*;

    fn bound(all: &[(&str, u32)]) -> Bound {
        let interface = |(index, name): (u32, &str)| Interface::new(index, name);
        let names = [(2, "eth0"), (3, "tun0")];
        let is_used = |(index, _): &(u32, &str)| *index == 2 || all.iter().any(|(_, on)| on == index);
        let address = |(address, on): &(&str, u32)| BoundAddress {
            address: address.parse().unwrap(),
            interface: *on,
            prefix: 24,
            flags: Flags(0x80),
        };
        Bound {
            interfaces: names.into_iter().filter(is_used).map(interface).collect(),
            addresses: all.iter().map(address).collect(),
            ..Bound::default()
        }
    }

    #[test]
    fn one_is_gone_since_the_last_time_that_it_went() {
        let began = bound(&[("192.0.2.1", 2), ("192.0.2.2", 2), ("192.0.2.100", 2), ("198.51.100.9", 3)]);
        let [one, two, floating, tunnel] = [0, 1, 2, 3].map(|place| began.addresses[place].address);
        let mut watch = Watch {
            began: &began,
            interface: "eth0",
            ignored: &[],
            floating: vec![(floating, "keepalived.conf line 5".to_owned())],
            last: None,
            gone: BTreeMap::new(),
            kept: Kept::default(),
            program: None,
        };
        watch.last = Some(watch.lasting(&began));
        watch.look(Some(&bound(&[("192.0.2.2", 2)])), "a");
        assert_eq!((watch.since(one), watch.since(two), watch.since(floating)), (Some("a"), None, None));
        watch.look(Some(&began), "b");
        assert_eq!(watch.since(one), None, "it is back");
        watch.look(None, "c");
        watch.look(Some(&bound(&[])), "d");
        assert_eq!(watch.since(one), None, "not known");
        let with_interface = BTreeMap::from([("tun0".to_owned(), vec![tunnel])]);
        let expected = Missed { addresses: vec![one], with_interface, ..Missed::default() };
        assert_eq!(watch.missed(&bound(&[("192.0.2.2", 2)])), expected);
    }
}
