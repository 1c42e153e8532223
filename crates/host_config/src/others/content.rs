//! What a file has that configures addresses.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::ifupdown::adds_address;

/// What a line has in a file that configures addresses.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these as the first word, with or without the dashes of an option.
    Begins(&'static [&'static str]),
    /// An address among the words after the first, with a netmask or more behind a slash.
    Address,
    /// An address as the first word.
    First,
    /// The kernel's parameter `ip=` with an address.
    Kernel,
    /// An address in what cloud-init renders for another program.
    OfCloud,
    /// A command that adds an address.
    Adds,
    /// The same, or a script of an administrator that does.
    Starts,
    /// A network of libvirt whose bridge is not one of its own names.
    Libvirt,
    /// The same, or a script that does.
    Runs,
    /// The same in a unit of systemd.
    Unit,
    /// The same in a table of cron.
    Cron,
}

use What::{Address, Adds, Begins, Cron, First, Kernel, Libvirt, OfCloud, Runs, Starts, Unit, Words};

/// What stands for the end of a line that is continued.
const CONTINUED: char = '\x0c';

/// Returns the number of the first line, other than a comment, that has it. An empty value tells nothing.
pub(super) fn line(text: &str, what: What) -> Option<usize> {
    let text = joined(text);
    if matches!(what, Libvirt) && !has_own_bridge(&text) {
        return None;
    }
    let found = lines(&text).find(|line| says(line, what))?;
    let before = text.get(..found.as_ptr().addr() - text.as_ptr().addr())?;
    Some(1 + before.matches(['\n', CONTINUED]).count())
}

fn says(line: &str, what: What) -> bool {
    match what {
        Words(words) => words.iter().any(|word| line.contains(word)) && !is_empty(line),
        Begins(words) => {
            let first = line.split_ascii_whitespace().next().unwrap_or_default();
            words.contains(&first.trim_start_matches("--"))
        }
        Address => line.split_ascii_whitespace().skip(1).any(is_address),
        Kernel => line.split_ascii_whitespace().filter_map(|word| word.strip_prefix("ip=")).any(is_address),
        First => line.split_ascii_whitespace().next().is_some_and(is_address),
        Adds | Starts => adds_address(line),
        Runs | Unit | Cron => adds_address(line) || brings_up(line),
        OfCloud => ["address:", "addresses:"].iter().any(|word| line.contains(word)),
        Libvirt => line.contains("<ip "),
    }
}

/// Whether the bridge of a network is not named as libvirt names its own, whose addresses are for guests.
fn has_own_bridge(network: &str) -> bool {
    let name = network.split("<bridge name=").nth(1).map(|rest| rest.trim_start_matches(['\'', '"']));
    name.is_some_and(|name| !name.starts_with("virbr"))
}

/// Whether a line brings up an interface of ifupdown or a profile of NetworkManager, by its name: one that
/// may not come up at boot by itself.
fn brings_up(line: &str) -> bool {
    if !line.contains("ifup") && !line.contains("nmcli") {
        return false;
    }
    line.split([';', '|', '&']).any(|command| {
        let mut words = command.split_ascii_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
        let program = words.find(|word| word.ends_with("ifup") || *word == "nmcli");
        let words: Vec<&str> = words.collect();
        match program.map(|program| program.rsplit(['=', '-']).next().unwrap_or(program)) {
            Some("ifup") => {
                !words.iter().any(|word| matches!(*word, "-a" | "--all"))
                    && words
                        .iter()
                        .any(|word| word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$'))
            }
            Some("nmcli") => {
                words.windows(2).any(|pair| matches!(pair, [what, "up"] if "connection".starts_with(what)))
            }
            _ => false,
        }
    })
}

/// The text with its continued lines as one each.
pub(super) fn joined(text: &str) -> Cow<'_, str> {
    let ends = format!(" {CONTINUED} ");
    if text.contains("\\\n") { Cow::from(text.replace("\\\n", &ends)) } else { Cow::from(text) }
}

/// The lines that are no comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', ';']))
}

/// Whether a word begins with an address, as `192.0.2.1/24/eth0` of Heartbeat and `192.0.2.1::192.0.2.254` of
/// the kernel do.
fn is_address(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let bracketed = word.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inside, _)| inside);
    let address = bracketed.unwrap_or_else(|| word.split(['/', ':']).next().unwrap_or_default());
    address.parse::<IpAddr>().is_ok()
}

/// Whether a line assigns nothing, as the unused `IPADDR[1]=""` of a template does.
fn is_empty(line: &str) -> bool {
    line.split_once('=').is_some_and(|(_, value)| {
        let value = value.split('#').next().unwrap_or_default().trim_ascii();
        matches!(value, "" | "\"\"" | "''" | "()")
    })
}
