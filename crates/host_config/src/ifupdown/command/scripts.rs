//! Scripts that are not read: which ones a command runs, and whether their lines add addresses.

use addresses::HostAddress;

use super::floating;
use super::local_route;
use super::words::{bindings, binds, is_address, program};

/// Returns whether a line of a script adds an address, by ip(8), by ifconfig(8), by wg-quick(8) or by a
/// program that moves addresses between hosts, or lets the host answer for those of a network. A variable may
/// hold the name of ip(8).
pub(crate) fn adds_address(line: &str) -> bool {
    let adds = |command: &str| {
        brings_tunnel_up(command)
            || adds_by_variable(command)
            || adds_by_name(command)
            || adds_otherwise(command)
    };
    may_bind(line) && line.split([';', '|', '&']).any(adds)
}

fn brings_tunnel_up(command: &str) -> bool {
    let words: Vec<&str> = command.split_ascii_whitespace().collect();
    words.windows(2).any(|pair| matches!(pair, [head, "up"] if program(head) == "wg-quick"))
}

/// Whether a command is `ip route add local ...`, ucarp(8) or vrrpd(8).
fn adds_otherwise(command: &str) -> bool {
    let words: Vec<&str> = command
        .split(|c: char| c.is_ascii_whitespace() || "'\"`()".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    (0..words.len()).any(|at| match words.split_at(at).1 {
        [head, arguments @ ..] if program(head) == "ip" => local_route::added(arguments).is_some(),
        [head, arguments @ ..] => !floating::addresses(program(head), arguments).is_empty(),
        [] => false,
    })
}

fn adds_by_variable(command: &str) -> bool {
    let words: Vec<&str> = command.split_ascii_whitespace().collect();
    let adds = |three: &[&str]| match three {
        [head, of, how] => is_variable(head) && is_address(of) && binds(how),
        _ => false,
    };
    words.windows(3).any(adds)
}

fn adds_by_name(command: &str) -> bool {
    let words = command.split(|c: char| c.is_ascii_whitespace() || "'\"`()=".contains(c));
    let mut words = words.filter(|word| !word.is_empty()).take_while(|word| !word.contains(['<', '>']));
    match words.by_ref().any(|word| program(word) == "ifconfig") {
        true => configures(words),
        false => bindings(&command.replace('=', " ")) > 0,
    }
}

/// Whether a line has what every command that binds addresses has: most lines of scripts do not, and
/// splitting them takes longer than this.
fn may_bind(line: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    has(&["ifconfig", "wg-quick", "ucarp", "vrrpd"])
        || has(&["ip", "$"]) && has(&[" a", "\ta", "'a", "\"a", "-b", " local "])
}

fn is_variable(word: &str) -> bool {
    word.trim_start_matches(['"', '(']).starts_with('$')
}

/// Where wg-quick(8) looks for the file of a tunnel.
const TUNNELS: &str = "/etc/wireguard";

/// Returns the file that a command runs: a script, or the tunnel that wg-quick(8) brings up. `None` if that
/// is a program of the system, or not known.
pub(super) fn started(head: &str, arguments: &[&str]) -> Option<String> {
    let name = program(head);
    let runs_script = matches!(name, "." | "source" | "sh" | "bash" | "dash" | "ash" | "perl")
        || name.starts_with("python");
    let path = match arguments {
        ["up", tunnel] if name == "wg-quick" && !tunnel.contains('/') => format!("{TUNNELS}/{tunnel}.conf"),
        ["up", path] if name == "wg-quick" => (*path).to_owned(),
        _ if runs_script => (*arguments.iter().find(|word| !word.starts_with('-'))?).to_owned(),
        _ => head.to_owned(),
    };
    Some(path).filter(|path| path.starts_with('/') && !path.contains(['$', '`']))
}

/// Returns whether the arguments of ifconfig(8) give an interface an address, or may give one by a variable.
fn configures<'a>(arguments: impl Iterator<Item = &'a str>) -> bool {
    let mut arguments = arguments.skip_while(|word| word.starts_with('-')).skip(1);
    while let Some(word) = arguments.next() {
        let values = match word {
            "up" | "down" | "inet" | "inet6" | "arp" | "promisc" | "allmulti" | "multicast" | "dynamic" => 0,
            _ if word.starts_with('-') => 0,
            "netmask" | "broadcast" | "dstaddr" | "pointopoint" | "del" | "tunnel" | "mtu" | "metric"
            | "txqueuelen" | "keepalive" | "outfill" | "mem_start" | "io_addr" | "irq" | "media" => 1,
            "hw" => 2,
            _ => return word == "add" || word.contains('$') || word.parse::<HostAddress>().is_ok(),
        };
        for _ in 0..values {
            arguments.next();
        }
    }
    false
}
