//! What starts dhcpcd at boot, by systemd, OpenRC, runit and System V's init.

use crate::tree::Tree;

/// Where systemd has what it starts at boot, and the units of an administrator.
const WANTED: &str = "/etc/systemd/system/multi-user.target.wants";
const UNITS: &str = "/etc/systemd/system";
/// The units for all interfaces.
const NAMES: [&str; 2] = ["dhcpcd.service", "dhcpcd5.service"];
/// Other systems' links.
const LINKS: [&str; 3] =
    ["/etc/runlevels/default/dhcpcd", "/etc/runit/runsvdir/default/dhcpcd", "/var/service/dhcpcd"];
/// The links of System V's init, which systemd passes over where it has a unit.
const RUNLEVEL: &str = "/etc/rc2.d";
const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// Returns whether dhcpcd is started at boot for this interface.
pub(crate) fn is_started(interface: &str, tree: &Tree<'_>) -> bool {
    let own = format!("dhcpcd@{interface}.service");
    let is_wanted = |name: &&str| tree.has(&format!("{WANTED}/{name}"));
    NAMES.iter().copied().chain([own.as_str()]).any(|name| is_wanted(&name))
        || LINKS.iter().any(|path| tree.has(path))
        || is_in_runlevel(tree)
}

fn is_in_runlevel(tree: &Tree<'_>) -> bool {
    let starts = |name: &str| {
        let service =
            name.strip_prefix('S').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        service.is_some_and(|service| NAMES.iter().any(|unit| unit.strip_suffix(".service") == Some(service)))
    };
    let names = tree.names(RUNLEVEL).unwrap_or_default();
    names.iter().filter_map(|name| name.to_str()).any(starts) && !SYSTEMD.iter().any(|path| tree.has(path))
}

/// Returns whether a unit that systemd starts at boot starts a dhcpcd that is there, wherever it is.
pub(crate) fn has_own_program(tree: &Tree<'_>) -> bool {
    let wanted = NAMES.iter().filter(|name| tree.has(&format!("{WANTED}/{name}")));
    wanted.flat_map(|name| [WANTED, UNITS].map(|folder| format!("{folder}/{name}"))).any(|path| {
        let content =
            tree.is_plain(&path, LARGEST).filter(|is_plain| *is_plain).and_then(|_| tree.read(&path).ok());
        let content = content.flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        text.lines().filter_map(program).any(|program| tree.has(program))
    })
}

/// The largest unit that is read, in octets.
const LARGEST: u64 = 1 << 20;

/// The program of a line `ExecStart=`, without the marks before it (systemd.service(5)).
fn program(line: &str) -> Option<&str> {
    let command = line.trim_ascii().strip_prefix("ExecStart")?.trim_ascii_start().strip_prefix('=')?;
    let program = command.trim_ascii_start().trim_start_matches(['@', '-', ':', '+', '!']);
    program.split_ascii_whitespace().next().filter(|program| program.starts_with('/'))
}
