//! The interfaces that the configuration names: without one of them, keepalived does not start.

use addresses::short;

use crate::hardware::Cards;
use crate::promise::{Place, Remark};

/// How the names begin of the interfaces that keepalived makes.
const OWN: &str = "vrrp";

/// The interfaces that must be here.
#[derive(Debug, Default)]
pub(super) struct Devices {
    named: Vec<(String, Place)>,
    /// Those that keepalived makes.
    made: Vec<String>,
    /// `dynamic_interfaces`: keepalived waits for those that are not here.
    may_come_later: bool,
}

impl Devices {
    pub(super) fn need(&mut self, name: Option<&str>, place: &Place) {
        self.named.extend(name.map(|name| (name.to_owned(), place.clone())));
    }

    pub(super) fn make(&mut self, name: Option<String>) {
        self.made.extend(name);
    }

    pub(super) fn may_come_later(&mut self) {
        self.may_come_later = true;
    }

    /// Returns the first interface that is not here, where the interfaces are known.
    pub(super) fn lost(&self, cards: &Cards<'_>) -> Option<Remark> {
        if self.may_come_later || cards.interfaces().is_empty() {
            return None;
        }
        let is_lost = |name: &str| {
            !name.starts_with(OWN) && !self.made.iter().any(|made| made == name) && !cards.has(name)
        };
        let (name, place) = self.named.iter().find(|(name, _)| is_lost(name))?;
        Some(place.remark(format!("there is no {} here", short(name))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::Source;
    use crate::tree::Tree;

    /// As keepalived 2.2.7 ends or runs in a namespace with eth0.
    #[test]
    fn an_interface_that_is_not_here_stops_it() {
        let instance = |name: &str, more: &str| {
            format!(
                "vrrp_instance a {{\n interface {name}\n virtual_router_id 5\n virtual_ipaddress {{\n \
                 192.0.2.100\n }}\n {more}\n}}\n"
            )
        };
        let globals = |line: &str| format!("global_defs {{\n {line}\n}}\n");
        let fixed = "static_ipaddress {\n 192.0.2.5/24\n}\n";
        let rows = [
            (instance("eth0", ""), None),
            (instance("eth9", ""), Some(2)),
            (globals("dynamic_interfaces") + &instance("eth9", ""), None),
            (instance("eth0", "track_interface {\n eth0 weight 5\n eth9\n }"), Some(9)),
            (instance("eth0", "virtual_routes {\n 198.51.100.0/24 dev eth9\n }"), Some(8)),
            (instance("eth0", "virtual_ipaddress_excluded {\n 192.0.2.7 dev eth9\n }"), Some(8)),
            (instance("eth0", "use_vmac v5\n virtual_ipaddress_excluded {\n 192.0.2.7 dev v5\n }"), None),
            ("static_routes {\n 198.51.100.0/24 via 192.0.2.1 dev eth9\n}\n".to_owned() + fixed, Some(2)),
            (fixed.replace("/24", "/24 dev eth9"), Some(2)),
            (globals("default_interface eth9") + fixed, Some(5)),
            (fixed.to_owned(), None),
        ];
        let (program, unit) =
            ("/usr/sbin/keepalived", "/etc/systemd/system/multi-user.target.wants/keepalived.service");
        for (text, expected) in rows {
            let files = [
                ("/etc/keepalived/keepalived.conf", text.as_str()),
                ("/sys/class/net/eth0/ifindex", "2\n"),
                (program, ""),
                (unit, ""),
            ];
            let read = |files: &[(&str, &str)]| {
                let deadline = Deadline::after(Duration::from_secs(60));
                let tree = Tree::in_memory(files.iter().copied(), &deadline);
                Source::Keepalived.read(&tree).unwrap().unwrap()
            };
            let found = read(&files);
            let line = found.stopping.first().map(|line| line.place.line);
            assert_eq!(line, expected, "{text}");
            assert_eq!(found.failing.is_empty(), expected.is_none(), "{text}");
            // A configuration that nothing starts is a note.
            let found = read(&files[..3]);
            assert_eq!(
                (found.stopping.len(), found.notes.len()),
                (0, usize::from(expected.is_some())),
                "{text}"
            );
        }
    }
}
