//! `ip -batch`: a command on each line of a file, or of what another command prints (ip(8)).

use std::collections::HashSet;
use std::net::IpAddr;

use super::super::shell::INPUT;
use super::words::is_address;
use super::{Effect, Reader};

/// What the commands of ip(8) of iproute2 6 and before are about.
const OBJECTS: [&str; 38] = [
    "address",
    "addrlabel",
    "maddress",
    "route",
    "rule",
    "neighbor",
    "neighbour",
    "ntable",
    "ntbl",
    "link",
    "l2tp",
    "fou",
    "ila",
    "macsec",
    "tunnel",
    "tunl",
    "tuntap",
    "tap",
    "token",
    "tcpmetrics",
    "tcp_metrics",
    "monitor",
    "xfrm",
    "mroute",
    "mrule",
    "netns",
    "netconf",
    "vrf",
    "sr",
    "nexthop",
    "mptcp",
    "ioam",
    "help",
    "stats",
    "addr",
    "ntbl",
    "tcpm",
    "nh",
];

/// How ip(8) runs the commands of a batch.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// In another network namespace.
    pub(super) elsewhere: bool,
    /// It goes on after one that fails.
    pub(super) forced: bool,
}

/// What is bound by one batch: an IPv4 address may be there with several prefix lengths.
type Known = HashSet<(IpAddr, Option<u8>, Option<String>)>;

impl Reader<'_> {
    /// `ip -batch FILE`, or `ip -batch -` with the lines that it gets.
    pub(super) fn batch(&mut self, option: &str, rest: &[&str], run: Run) -> Result<(), String> {
        let not_read = || format!("ip {option}: a batch of commands is not read");
        let text = match rest {
            ["-" | "/dev/stdin", path] if path.starts_with(INPUT) => {
                self.text_of(path.trim_start_matches(INPUT))
            }
            ["-" | "/dev/stdin"] => self.standard_input.take(),
            [path, ..] => self.text_of(path),
            [] => None,
        };
        // No word of an address has blanks in its quotes.
        let text = text.map(|text| text.replace("\\\n", " ").replace(['"', '\''], ""));
        let Some(text) = text.filter(|text| !text.contains('\\')) else { return Err(not_read()) };
        let counted = self.understood + 1;
        let mut known = Known::new();
        let mut stopped: Option<String> = None;
        for line in text.lines().filter(|_| !run.elsewhere) {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let before = self.effects.len();
            match words.first() {
                None => continue,
                // Options are for the whole batch.
                Some(first) if first.starts_with('-') => {
                    stopped =
                        stopped.or(Some(format!("ip -batch stops before it: {first} is not a command")));
                    stopped = stopped.filter(|_| !run.forced);
                    continue;
                }
                Some(object) if !is_object(object) => {
                    stopped =
                        stopped.or(Some(format!("ip -batch stops before it: {object} is not a command")));
                    stopped = stopped.filter(|_| !run.forced);
                    continue;
                }
                Some(_) if stopped.is_some() => self.ip(&words).unwrap_or_default(),
                Some(_) => self.ip(&words)?,
            }
            let new = self.effects.split_off(before);
            match &stopped {
                Some(why) => self.effects.extend(new.into_iter().filter_map(|effect| never(effect, why))),
                None => {
                    stopped = repeated(&words, &new, &mut known).filter(|_| !run.forced);
                    self.effects.extend(new.into_iter().filter(|_| stopped.is_none()));
                }
            }
        }
        self.understood = counted;
        Ok(())
    }

    fn text_of(&self, path: &str) -> Option<String> {
        self.inputs?.get(path).cloned()
    }
}

/// Whether ip(8) knows what a command is about: it takes any beginning of these.
fn is_object(word: &str) -> bool {
    OBJECTS.iter().any(|whole| whole.starts_with(word))
}

fn never(effect: Effect, why: &str) -> Option<Effect> {
    match effect {
        Effect::Bind(expected, _) => Some(Effect::Never(expected, why.to_owned())),
        _ => None,
    }
}

/// Returns why a command fails, where it adds an address that the batch has added already.
fn repeated(words: &[&str], effects: &[Effect], known: &mut Known) -> Option<String> {
    let [object, verb, ..] = words else { return None };
    if !is_address(object) {
        return None;
    }
    if !"add".starts_with(*verb) {
        // Others put in its place, or take away.
        if !matches!(effects, [Effect::Bind(..)]) {
            known.clear();
        }
        return None;
    }
    let [Effect::Bind(expected, device)] = effects else { return None };
    let prefix = expected.prefix.filter(|_| expected.address.is_ipv4());
    let is_new = known.insert((expected.address, prefix, device.clone()));
    (!is_new).then(|| format!("ip -batch stops before it: {} is added twice", expected.address))
}
