//! What one connection profile says about addresses, by nm-settings-keyfile(5) and what libnm accepts of it.

mod denied;
mod dynamic;
mod made;
mod refused;

use addresses::HostAddress;

use super::address::{address, number};
use super::kept::Kept;
use super::keyfile::{Keyfile, is_yes};
use super::shared::shared;
use crate::hardware::{self, Cards};
use crate::located::Located;
use crate::promise::{ConfigError, Possible, Promises, Remark};
use crate::selector::{is_pattern, selects};

/// The groups of the settings of cards.
const CARDS: [&str; 5] = ["ethernet", "802-3-ethernet", "wifi", "802-11-wireless", "infiniband"];

/// A profile, and where its file lies.
#[derive(Debug)]
pub(super) struct Profile {
    /// The folder it came from: 0 counts most.
    pub(super) rank: usize,
    pub(super) path: String,
    /// What NetworkManager looks at of its file besides the content.
    pub(super) kept: Kept,
    /// The first line for which NetworkManager ignores the file.
    pub(super) bad: Option<Remark>,
    file: Keyfile,
    /// The name that NetworkManager gives to its VLAN.
    made: Option<String>,
    /// The interface that it matches, where it has no name of its own.
    matched: Option<String>,
}

impl Profile {
    pub(super) fn parse(rank: usize, path: String, content: &[u8]) -> Self {
        let (file, bad) = Keyfile::read(&path, content);
        Self { rank, bad, ..Self::new(path, file) }
    }

    pub(super) fn new(path: String, file: Keyfile) -> Self {
        let made = made::name(&file);
        Self { rank: 0, path, kept: Kept::default(), bad: None, file, made, matched: None }
    }

    /// Returns what makes it the same profile in another folder, with the line where it stands.
    pub(super) fn uuid(&self) -> Option<&Located> {
        self.file.value("connection", "uuid")
    }

    pub(super) fn interface(&self) -> Option<&str> {
        self.named().or(self.matched.as_deref())
    }

    /// Its own name for its interface. That of a bridge, a bond or a VLAN was once in a group of its own.
    fn named(&self) -> Option<&str> {
        let of_kind = || self.file.value(self.kind(), "interface-name");
        let named = self.file.value("connection", "interface-name").or_else(of_kind);
        named.map(|name| name.value.as_str()).or(self.made.as_deref())
    }

    /// Takes the name of the one interface that it matches by its hardware address or by `[match]
    /// interface-name=`.
    pub(super) fn resolve(&mut self, cards: &Cards<'_>) {
        let by_address = self.hardware().and_then(|address| cards.name(&address)).map(str::to_owned);
        let names = self.match_names();
        self.matched = self
            .matched_name()
            .or(by_address.filter(|name| names.is_empty() || selects(&names.join(","), name)));
    }

    /// Returns the one interface that it names, also when that is gone.
    pub(super) fn written_name(&self) -> Option<String> {
        self.named().map(str::to_owned).or_else(|| self.matched_name())
    }

    /// Returns the only name in `[match] interface-name=`.
    fn matched_name(&self) -> Option<String> {
        match self.match_names().as_slice() {
            [only] if !is_pattern(only) => Some(only.clone()),
            _ => None,
        }
    }

    /// Returns the interfaces that an address may come to, and whether one of them must have it: `None` if
    /// the profile fits any interface of its type.
    pub(super) fn selector(&self) -> Option<(String, bool)> {
        if let Some(name) = self.interface() {
            return Some((name.to_owned(), true));
        }
        let names = self.match_names();
        match self.hardware() {
            _ if !names.is_empty() => Some((names.join(","), names.iter().all(|name| !is_pattern(name)))),
            address => address.map(|address| (address, true)),
        }
    }

    /// Returns whether its own words fit a card.
    pub(super) fn fits(&self, card: &str, cards: &Cards<'_>) -> bool {
        let has_address = |address: String| cards.fits(&address, card) != Some(false);
        self.selector().is_none_or(|(selector, _)| selects(&selector, card))
            && self.hardware().is_none_or(has_address)
    }

    /// Returns the interfaces that it names, where it has no pattern: empty if it names none.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.match_names();
        if names.iter().any(|name| is_pattern(name)) { Vec::new() } else { names }
    }

    /// A condition of `[match]`.
    pub(super) fn condition(&self, key: &str) -> Option<&Located> {
        self.file.value("match", key)
    }

    /// The patterns of `[match] interface-name=`, without the marks by which NetworkManager joins them.
    fn match_names(&self) -> Vec<String> {
        let written = self.file.value("match", "interface-name").map_or("", |names| names.value.as_str());
        let names = written.split([';', ',']).map(str::trim_ascii).filter(|name| !name.is_empty());
        names.map(|name| name.trim_start_matches(['|', '&']).to_owned()).collect()
    }

    /// The hardware address of its card.
    pub(super) fn hardware(&self) -> Option<String> {
        let address = CARDS.iter().find_map(|group| self.file.value(group, "mac-address"))?;
        hardware::normal(address.value.trim_ascii())
    }

    /// The type of the connection, as it is written.
    pub(super) fn kind(&self) -> &str {
        self.file.value("connection", "type").map_or("", |kind| kind.value.as_str())
    }

    /// Of several profiles for one interface, that with the highest is activated.
    pub(super) fn priority(&self) -> i64 {
        let written = self.file.value("connection", "autoconnect-priority");
        written.and_then(|written| written.value.trim_ascii_end().parse().ok()).unwrap_or(0)
    }

    /// Returns why it is not activated at boot, or has no addresses of its own. `by_other`: another profile
    /// activates it, whether or not it comes up by itself.
    pub(super) fn idle(&self, by_other: bool) -> Option<Located> {
        let ports = if self.keeps_addresses() { &[][..] } else { &["controller", "master"] };
        self.off(by_other).or_else(|| ports.iter().find_map(|key| self.because("connection", key)))
    }

    /// Returns whether it is activated at boot, as a port too.
    pub(super) fn comes_up(&self, by_other: bool) -> bool {
        self.off(by_other).is_none()
    }

    fn off(&self, by_other: bool) -> Option<Located> {
        // NetworkManager knows no other words, and takes what it does not know for the default.
        let manual = self
            .file
            .value("connection", "autoconnect")
            .filter(|written| !by_other && matches!(written.value.trim_ascii_end(), "false" | "0"));
        if manual.is_some() {
            return self.because("connection", "autoconnect");
        }
        let vpn = self.because("connection", "type").filter(|_| self.kind() == "vpn");
        vpn.or_else(|| self.because("connection", "permissions"))
    }

    /// A key with its value, as a reason.
    fn because(&self, group: &str, key: &str) -> Option<Located> {
        let written = self.file.value(group, key)?;
        Some(Located { value: format!("{key}={}", written.value), place: written.place.clone() })
    }

    /// Whether it is a port that keeps its own addresses: those of a VRF do, and the interface of an Open
    /// vSwitch port.
    fn keeps_addresses(&self) -> bool {
        let text =
            |key: &str| self.file.value("connection", key).map_or("", |written| written.value.as_str());
        text("slave-type") == "vrf" || text("port-type") == "vrf" || text("type") == "ovs-interface"
    }

    /// The bridge, bond, team or VRF that it is a port of, as it is written: the interface or the UUID of its
    /// profile.
    pub(super) fn controller(&self) -> Option<&Located> {
        let kind = ["port-type", "slave-type"].iter().find_map(|key| self.file.value("connection", key));
        let kernel =
            kind.is_none_or(|kind| matches!(kind.value.as_str(), "bridge" | "bond" | "team" | "vrf"));
        self.master().filter(|_| kernel)
    }

    /// Returns an error where NetworkManager does not know what kind of port it is, and ignores the profile.
    fn check_port_type(&self) -> Result<(), ConfigError> {
        let known = ["bond", "bridge", "ovs-bridge", "ovs-port", "team", "vrf"];
        for key in ["port-type", "slave-type"] {
            let unknown = |kind: &&Located| !known.contains(&kind.value.as_str());
            if let Some(kind) = self.file.value("connection", key).filter(unknown) {
                return Err(kind.place.error(format!("[connection] {key}={} is not known", kind.value)));
            }
        }
        Ok(())
    }

    /// What it is a port of, also where that is no interface of the kernel's, as it is written.
    pub(super) fn master(&self) -> Option<&Located> {
        ["controller", "master"].iter().find_map(|key| self.file.value("connection", key))
    }

    /// Whether it activates the profiles of its ports.
    pub(super) fn activates_ports(&self) -> bool {
        let keys = ["autoconnect-ports", "autoconnect-slaves"];
        let written = keys.iter().find_map(|key| self.file.value("connection", key));
        written.is_some_and(|written| written.value.trim_ascii_end() == "1")
    }

    /// Whether NetworkManager brings up all devices that it fits, in place of one.
    pub(super) fn is_multiple(&self) -> bool {
        let written = self.file.value("connection", "multi-connect").map_or("", |written| &written.value);
        let digits = written.trim_ascii().trim_start_matches('+').to_ascii_lowercase();
        let is_zero_or_x = |c| matches!(c, '0' | 'x');
        digits.trim_start_matches(is_zero_or_x) == "3"
    }

    /// Whether NetworkManager made it for itself, for a card that has no other: only such a file is in /run.
    pub(super) fn is_generated(&self) -> bool {
        let mark = self.file.value(".nmmeta", "nm-generated").filter(|_| self.rank == 0);
        mark.is_some_and(|written| is_yes(&written.value))
    }

    /// Whether its interface takes ports.
    pub(super) fn takes_ports(&self) -> bool {
        matches!(self.kind(), "bridge" | "bond" | "team" | "vrf" | "ovs-bridge" | "ovs-port")
    }

    /// What carries a VLAN or the like: an interface, or the UUID of its profile.
    pub(super) fn carrier(&self) -> Option<&Located> {
        ["vlan", "macvlan", "macsec"].into_iter().find_map(|group| self.file.value(group, "parent"))
    }

    /// The line that makes it the profile of a bridge.
    pub(super) fn bridge(&self) -> Option<&Located> {
        self.file.value("connection", "type").filter(|kind| kind.value == "bridge")
    }

    /// Returns the addresses and remarks of both families.
    pub(super) fn promises(&self) -> Result<Promises, ConfigError> {
        self.check_port_type()?;
        let mut promises = Promises::default();
        for family in ["ipv4", "ipv6"] {
            self.add(family, &mut promises)?;
        }
        Ok(promises)
    }

    fn add(&self, family: &str, to: &mut Promises) -> Result<(), ConfigError> {
        let mut addresses = self.addresses(family, to)?;
        let name = self.interface().unwrap_or("unnamed interface");
        let Some(method) = self.file.value(family, "method") else {
            let refuse = |address: &Located<HostAddress>| {
                Err(address.place.error(format!("[{family}] has an address and no method")))
            };
            return addresses.first().map_or(Ok(()), refuse);
        };
        let remark = || method.place.remark(format!("{name}: {family} method={}", method.value));
        match (method.value.as_str(), family) {
            ("manual", _) if addresses.is_empty() => {
                return Err(method.place.error(format!("[{family}] method=manual and no address")));
            }
            ("manual", _) => {}
            // Of several addresses, a shared connection takes the first.
            ("shared", "ipv4") => {
                addresses.truncate(1);
                if addresses.is_empty() {
                    to.possible.push(shared(self.interface()));
                }
                to.remarks.push(remark());
            }
            ("auto" | "dhcp", "ipv6") => {
                to.possible.extend(Possible::advertised(self.interface(), &method.place));
                to.remarks.push(remark());
            }
            ("auto", _) | ("shared", "ipv6") => to.remarks.push(remark()),
            ("disabled" | "link-local", _) | ("ignore", "ipv6") if addresses.is_empty() => {
                to.remarks.push(remark())
            }
            ("disabled" | "link-local", _) | ("ignore", "ipv6") => {
                return Err(method
                    .place
                    .error(format!("[{family}] method={} with an address", method.value)));
            }
            (other, _) => return Err(method.place.error(format!("[{family}] method={other} is not known"))),
        }
        to.add_of_interface(addresses.into_iter().map(|address| address.promise(self.interface())));
        Ok(())
    }

    /// The addresses of a family, in the order of their numbers. NetworkManager passes over those that it
    /// does not understand.
    fn addresses(&self, family: &str, to: &mut Promises) -> Result<Vec<Located<HostAddress>>, ConfigError> {
        let mut addresses = Vec::new();
        for (key, written) in self.file.keys(family) {
            // An empty value counts as none.
            if written.value.is_empty() {
                continue;
            }
            match number(key) {
                Some(Ok(number)) => match address(family, written)? {
                    Ok(address) => addresses.push((number, address)),
                    Err(what) => {
                        to.notes.push(format!("note: {}: {what}: NetworkManager ignores it", written.place));
                    }
                },
                Some(Err(what)) => to.remarks.push(written.place.remark(what)),
                None => {}
            }
        }
        addresses.sort_by_key(|(number, _)| *number);
        Ok(addresses.into_iter().map(|(_, address)| address).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<String>, String> {
        let profile = Profile::parse(0, "f".to_owned(), text.as_bytes());
        let promises = profile.promises().map_err(|error| error.to_string())?;
        let addresses =
            promises.promises.iter().map(|promise| format!("{}: {}", promise.place.line, promise.expected));
        Ok(addresses
            .chain(promises.remarks.iter().map(|remark| format!("{}: {}", remark.place.line, remark.what)))
            .collect())
    }

    #[test]
    fn takes_the_addresses_that_libnm_takes() {
        let rows: [(&str, &[&str]); 10] = [
            ("method=manual\naddress1=192.0.2.1/25,192.0.2.254", &["3: 192.0.2.1/25"]),
            ("method=manual\naddresses1=192.0.2.1;25;192.0.2.254;", &["3: 192.0.2.1/25"]),
            ("method=manual\naddress=192.0.2.1", &["3: 192.0.2.1/24"]),
            ("method=manual\naddress1=192.0.2.1/255.255.255.0", &["3: 192.0.2.1/24"]),
            (
                "method=manual\naddress2=192.0.2.2/24\naddress10=192.0.2.3/24\naddress1=192.0.2.1/24,192.0.2.254",
                &["5: 192.0.2.1/24", "3: 192.0.2.2/24", "4: 192.0.2.3/24"],
            ),
            (
                "method=auto\naddress1=192.0.2.1/24",
                &["3: 192.0.2.1/24", "2: unnamed interface: ipv4 method=auto"],
            ),
            (
                "method=shared\naddress1=192.0.2.1/24\naddress2=192.0.2.2/24",
                &["3: 192.0.2.1/24", "2: unnamed interface: ipv4 method=shared"],
            ),
            (
                "method=disabled\nroute1=192.0.2.0/24,192.0.2.1",
                &["2: unnamed interface: ipv4 method=disabled"],
            ),
            ("method=manual\naddress1=192.0.2.1,192.0.2.254\naddress-data=x", &["3: 192.0.2.1/24"]),
            ("method=manual\naddress1=192.0.2.9/24\naddress1=192.0.2.1/24", &["4: 192.0.2.1/24"]),
        ];
        for (text, expected) in rows {
            assert_eq!(parsed(&format!("[ipv4]\n{text}\n")).unwrap(), expected, "{text}");
        }
        let six = parsed("[ipv6]\nmethod=manual\naddress1=2001:db8::1\naddress2=2001:db8::2/128,fe80::1\n");
        assert_eq!(six.unwrap(), ["3: 2001:db8::1/64", "4: 2001:db8::2/128"]);
    }

    #[test]
    fn names_what_is_not_understood() {
        let rows = [
            ("address1=192.0.2.1/24", "f line 2: [ipv4] has an address and no method"),
            ("method=manual", "f line 2: [ipv4] method=manual and no address"),
            ("method=disabled\naddress1=192.0.2.1/24", "f line 2: [ipv4] method=disabled with an address"),
            ("method=bogus", "f line 2: [ipv4] method=bogus is not known"),
            ("method=ignore", "f line 2: [ipv4] method=ignore is not known"),
            ("method=manual\naddress1=", "f line 2: [ipv4] method=manual and no address"),
            ("method=manual\naddress1=,192.0.2.1", "f line 2: [ipv4] method=manual and no address"),
            ("method=manual\naddress1=2001:db8::1/64", "f line 2: [ipv4] method=manual and no address"),
            ("method=manual\naddress01=192.0.2.1/24", "f line 2: [ipv4] method=manual and no address"),
            (
                "method=manual\naddress1=192.0.2.1/24,,",
                "f line 3: the gateway of 192.0.2.1/24,, is no address: NetworkManager ignores the profile",
            ),
        ];
        for (text, message) in rows {
            assert_eq!(parsed(&format!("[ipv4]\n{text}\n")), Err(message.to_owned()), "{text}");
        }
        for port in ["slave-type=bridge ", "port-type=junk"] {
            let error = format!("f line 2: [connection] {port} is not known");
            assert_eq!(parsed(&format!("[connection]\n{port}\n")), Err(error), "{port}");
        }
    }
}
