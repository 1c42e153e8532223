//! The addresses of a profile that no file names: by DHCP, from a router, or of a shared connection.

use super::Profile;
use crate::promise::{Family, Giver, Place, Promises};

impl Profile {
    /// Returns the families of which the interface gets an address that no file names, with what gives it.
    /// NetworkManager takes what router advertisements give by default, so IPv6 is demanded only where it may
    /// not fail. An IPv6 address of a shared connection depends on what a router delegates.
    pub(in crate::networkmanager) fn dynamic(&self) -> Vec<(Family, Giver, Place)> {
        let v4 = self.method("ipv4").and_then(|(method, place)| match method {
            "auto" => Some((Family::V4, Giver::Network, place.clone())),
            "shared" if !self.has_address("ipv4") => Some((Family::V4, Giver::Shared, place.clone())),
            _ => None,
        });
        let may_fail = self
            .file
            .value("ipv6", "may-fail")
            .is_none_or(|value| !matches!(value.value.trim_ascii_end(), "false" | "0"));
        let v6_alone = self.method("ipv4").is_none_or(|(method, _)| method == "disabled");
        let v6 = self
            .method("ipv6")
            .filter(|(method, _)| matches!(*method, "auto" | "dhcp"))
            .filter(|(method, _)| !may_fail || v6_alone && *method == "dhcp")
            .map(|(_, place)| (Family::V6, Giver::Network, place.clone()));
        v4.into_iter().chain(v6).collect()
    }

    fn method(&self, family: &str) -> Option<(&str, &Place)> {
        self.file.value(family, "method").map(|method| (method.value.as_str(), &method.place))
    }

    /// Whether it has an address that NetworkManager understands.
    fn has_address(&self, family: &str) -> bool {
        self.addresses(family, &mut Promises::default()).is_ok_and(|addresses| !addresses.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NetworkManager 1.42.4 reads it, which passes over blanks at the end of a boolean.
    #[test]
    fn ipv6_is_demanded_where_it_may_not_fail() {
        for (may_fail, expected) in [("false", 1), ("false ", 1), ("0\t", 1), ("true", 0), ("no", 0), ("", 0)]
        {
            let text = format!("[ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\nmay-fail={may_fail}\n");
            let profile = Profile::parse(0, "f".to_owned(), text.as_bytes());
            assert_eq!(profile.dynamic().len(), expected, "{may_fail:?}");
        }
    }
}
