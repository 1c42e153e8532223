//! What netplan refuses of wireless networks.

use addresses::short;

use super::super::grammar::{Refusal, Versions};
use super::super::yaml::Value;
use super::Definition;

/// The channels of 2.4 GHz, and those of 5 GHz: each is from, to, and by which steps.
const LOW: [(u32, u32, usize); 1] = [(0, 14, 1)];
const HIGH: [(u32, u32, usize); 12] = [
    (0, 0, 1),
    (7, 9, 1),
    (11, 12, 1),
    (16, 16, 1),
    (32, 32, 1),
    (34, 64, 2),
    (68, 68, 1),
    (96, 96, 1),
    (100, 128, 2),
    (132, 144, 2),
    (149, 161, 2),
    (165, 173, 4),
];

/// Several files may name a network where the library has this word.
const MERGED: Versions = Versions::Before("stable-ssid");

impl Definition {
    /// Takes that a network comes again, or has a channel that is not of its band.
    pub(super) fn take_channels(&mut self, said: Value<'_>) {
        let mut own = Vec::new();
        for (key, network) in said.entries("access-points").into_iter().flatten() {
            let name = key.text("a name").unwrap_or_default().to_owned();
            let what = || format!("{}: the network {} comes again", self.id, short(&name));
            if own.contains(&name) {
                self.refusals.push(Refusal::new(key.place(), what()));
            } else if self.networks.contains(&name) {
                self.refusals.push(Refusal::new(key.place(), what()).by(MERGED));
            }
            own.push(name);
            self.refusals.extend(wrong_channel(network));
        }
        self.networks.extend(own);
    }

    /// Takes what is to wake a wireless card: networkd cannot do it by TCP.
    pub(super) fn take_wake(&mut self, said: Value<'_>) {
        let items: Vec<Value<'_>> = said.items("wakeonwlan").into_iter().flatten().collect();
        let is = |item: &Value<'_>, word: &str| {
            item.text("a flag").is_ok_and(|flag| flag.eq_ignore_ascii_case(word))
        };
        let defaults = items.iter().filter(|item| is(item, "default")).count();
        if defaults > 0 && defaults < items.len() {
            self.refusals.push(Refusal::new(said.place(), "wakeonwlan: default stands alone"));
        }
        let by_tcp = items.iter().find(|item| is(item, "tcp"));
        let refusal = by_tcp.map(|item| Refusal::new(item.place(), "networkd knows no wakeonwlan tcp"));
        self.not_rendered[0].extend(refusal);
    }
}

fn wrong_channel(network: Value<'_>) -> Option<Refusal> {
    let (mut band, mut channel) = (None, None);
    for (key, value) in network.entries("a network").into_iter().flatten() {
        match key.text("a key") {
            Ok("band") => band = value.text("band").ok(),
            Ok("channel") => {
                channel = Some((value.text("channel").ok()?.parse::<u32>().ok()?, value.place()))
            }
            _ => {}
        }
    }
    let (number, place) = channel?;
    let within = |ranges: &[(u32, u32, usize)]| {
        ranges.iter().any(|(first, last, step)| (*first..=*last).step_by(*step).any(|each| each == number))
    };
    let (fits, band) = match band? {
        "2.4GHz" | "2.4G" => (within(&LOW), "2.4 GHz"),
        "5GHz" | "5G" => (within(&HIGH), "5 GHz"),
        _ => return None,
    };
    (!fits).then(|| Refusal::new(place, format!("channel {number} is not one of {band}")))
}
