//! What starts dhcpcd at boot, by systemd, OpenRC, runit and System V's init.

use crate::tree::Tree;

/// Where systemd has what it starts at boot, and the units of an administrator.
const WANTED: &str = "/etc/systemd/system/multi-user.target.wants";
const UNITS: &str = "/etc/systemd/system";
/// The units for all interfaces.
const NAMES: [&str; 2] = ["dhcpcd.service", "dhcpcd5.service"];
/// What the unit of one interface begins with.
const TEMPLATE: &str = "dhcpcd@";
/// Other systems' links.
const LINKS: [&str; 3] =
    ["/etc/runlevels/default/dhcpcd", "/etc/runit/runsvdir/default/dhcpcd", "/var/service/dhcpcd"];
/// The links of System V's init, which systemd passes over where it has a unit.
const RUNLEVEL: &str = "/etc/rc2.d";
/// Where systemd has units.
const FOLDERS: [&str; 5] = [
    UNITS,
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
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
    let is_passed_over = |unit: &str| {
        SYSTEMD.iter().any(|path| tree.has(path))
            && FOLDERS.iter().any(|folder| tree.has(&format!("{folder}/{unit}")))
    };
    let starts = |name: &str| {
        let service =
            name.strip_prefix('S').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        let unit = NAMES.iter().find(|unit| service.is_some() && unit.strip_suffix(".service") == service);
        unit.is_some_and(|unit| !is_passed_over(unit))
    };
    let names = tree.names(RUNLEVEL).unwrap_or_default();
    names.iter().filter_map(|name| name.to_str()).any(starts)
}

/// Returns whether a unit that systemd starts at boot starts a dhcpcd that is there, wherever it is. It may
/// be the unit of one interface, whose file is that of all of them.
pub(crate) fn has_own_program(tree: &Tree<'_>) -> bool {
    let names = tree.names(WANTED).unwrap_or_default();
    let is_one = |name: &&str| NAMES.contains(name) || name.starts_with(TEMPLATE);
    let wanted = names.iter().filter_map(|name| name.to_str()).filter(is_one);
    let file = |name: &str| {
        let of_all = format!("{UNITS}/{TEMPLATE}.service");
        if name.starts_with(TEMPLATE) { of_all } else { format!("{UNITS}/{name}") }
    };
    wanted.flat_map(|name| [format!("{WANTED}/{name}"), file(name)]).any(|path| {
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
