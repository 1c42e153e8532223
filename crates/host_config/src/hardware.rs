//! The hardware addresses of the network cards of a tree, where it has the kernel's /sys: what `[Match]
//! MACAddress=` of networkd, `match: macaddress:` of netplan and `mac-address=` of NetworkManager are about.

use std::cell::OnceCell;

use crate::tree::Tree;

const FOLDER: &str = "/sys/class/net";

/// The cards, read when the first one is asked for: few configurations name any.
#[derive(Debug)]
pub(crate) struct Cards<'a> {
    tree: &'a Tree<'a>,
    all: OnceCell<Vec<(String, String)>>,
}

impl<'a> Cards<'a> {
    /// Returns the cards of a tree.
    pub(crate) fn new(tree: &'a Tree<'a>) -> Self {
        Self { tree, all: OnceCell::new() }
    }

    /// Returns the name of the interface with a hardware address: `None` if none has it, or if several do, as
    /// a bridge and its port, of which not just one is hardware.
    pub(crate) fn name(&self, address: &str) -> Option<&str> {
        let wanted = normal(address)?;
        let all = self.all.get_or_init(|| self.read());
        let fitting: Vec<&str> =
            all.iter().filter(|(known, _)| *known == wanted).map(|(_, name)| name.as_str()).collect();
        let hardware = |name: &&&str| self.tree.has(&format!("{FOLDER}/{name}/device"));
        match fitting.as_slice() {
            [only] => Some(only),
            several => {
                let mut hardware = several.iter().filter(hardware);
                hardware.next().filter(|_| hardware.next().is_none()).copied()
            }
        }
    }

    /// Returns whether the interface of this name has this hardware address: `None` where that is not known.
    pub(crate) fn fits(&self, address: &str, name: &str) -> Option<bool> {
        let wanted = normal(address)?;
        let all = self.all.get_or_init(|| self.read());
        all.iter().find(|(_, known)| known == name).map(|(known, _)| *known == wanted)
    }

    /// Returns the name of the driver of an interface's card, as the kernel has it: `None` of an interface
    /// without one, as a bridge, and where that is not known.
    pub(crate) fn driver(&self, name: &str) -> Option<String> {
        let content =
            self.tree.read(&format!("{FOLDER}/{}/device/uevent", Some(name).filter(is_name)?)).ok()??;
        let text = String::from_utf8_lossy(&content);
        text.lines().find_map(|line| line.strip_prefix("DRIVER=")).map(str::to_owned)
    }

    /// Returns the names of the cards that a connection of this type of NetworkManager can be for: none where
    /// they are not known, as in a container, whose interfaces are no cards.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<String> {
        let has = |name: &str, entry: &str| self.tree.has(&format!("{FOLDER}/{name}/{entry}"));
        let wireless = |name: &str| has(name, "wireless") || has(name, "phy80211");
        let fits = |name: &String| match kind {
            "ethernet" | "802-3-ethernet" => !wireless(name),
            "wifi" | "802-11-wireless" => wireless(name),
            _ => false,
        };
        let all = self.all.get_or_init(|| self.read()).iter().map(|(_, name)| name);
        all.filter(|name| has(name, "device") && fits(name)).cloned().collect()
    }

    /// Returns whether the kernel has an interface of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        is_name(&name) && self.tree.has(&format!("{FOLDER}/{name}"))
    }

    /// The hardware address and the name of each interface. One that cannot be read has none: the kernel, and
    /// not the configuration, would be at fault.
    fn read(&self) -> Vec<(String, String)> {
        let names = self.tree.names(FOLDER).unwrap_or_default();
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        let with_address = |name: String| {
            let content = self.tree.read(&format!("{FOLDER}/{name}/address")).ok()??;
            Some((normal(String::from_utf8_lossy(&content).trim())?, name))
        };
        names.filter_map(with_address).collect()
    }
}

/// Whether a text may be the name of an interface, and no path.
fn is_name(text: &&str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains('/')
}

/// Returns a hardware address of Ethernet or InfiniBand as the kernel prints it: `None` if the text is none.
pub(crate) fn normal(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split([':', '-', '.']).collect();
    let number = |field: &&str| u16::from_str_radix(field, 16).ok().filter(|_| !field.starts_with('+'));
    let numbers: Vec<u16> = fields.iter().map(number).collect::<Option<_>>()?;
    let octets: Vec<u8> = match numbers.len() {
        6 | 20 => numbers.iter().map(|number| u8::try_from(*number).ok()).collect::<Option<_>>()?,
        3 | 10 => numbers.iter().flat_map(|number| number.to_be_bytes()).collect(),
        _ => return None,
    };
    Some(octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":"))
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_hardware_address_is_written_in_several_ways() {
        let rows = [
            ("52:54:00:12:34:5A", Some("52:54:00:12:34:5a")),
            ("52-54-0-12-34-5a", Some("52:54:00:12:34:5a")),
            ("5254.0012.345a", Some("52:54:00:12:34:5a")),
            ("52:54:00:12:34", None),
            ("52:54:00:12:34:100", None),
            ("52:54:00:12:34:+5", None),
            ("permanent", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
        }
    }
}
