//! The name that NetworkManager gives to a VLAN whose profile names none.

use crate::networkmanager::keyfile::Keyfile;

/// The longest name of an interface, in octets.
const LONGEST: usize = 15;

/// Returns the name of such a VLAN: that of the interface below it, as far as there is room, and the number.
/// A UUID or a hardware address in place of that name tells nothing.
pub(super) fn name(file: &Keyfile) -> Option<String> {
    file.value("connection", "type").filter(|kind| kind.value == "vlan")?;
    let number: u16 = file.value("vlan", "id")?.value.trim_ascii().parse().ok()?;
    let parent = file.value("vlan", "parent")?.value.as_str();
    let is_name = parent.len() <= LONGEST && !parent.contains(':');
    let end = format!(".{number}");
    let begin = parent.get(..parent.len().min(LONGEST - end.len())).filter(|_| is_name)?;
    Some(format!("{begin}{end}"))
}

#[cfg(test)]
mod tests {
    use crate::networkmanager::profile::Profile;

    #[test]
    fn a_vlan_without_a_name_is_named_by_what_is_below_it() {
        let rows = [
            ("type=vlan\n[vlan]\nid=5\nparent=eth0\n", Some("eth0.5")),
            ("type=vlan\ninterface-name=web\n[vlan]\nid=5\nparent=eth0\n", Some("web")),
            ("type=vlan\n[vlan]\nid=4000\nparent=enp129s0f0np12\n", Some("enp129s0f0.4000")),
            ("type=vlan\n[vlan]\nid=5\nparent=30000000-0000-0000-0000-000000000001\n", None),
            ("type=vlan\n[vlan]\nparent=eth0\n", None),
            ("type=macvlan\n[macvlan]\nparent=eth0\n", None),
        ];
        for (text, expected) in rows {
            let profile = Profile::parse(0, "f".to_owned(), format!("[connection]\n{text}").as_bytes());
            assert_eq!(profile.interface(), expected, "{text}");
        }
    }
}
