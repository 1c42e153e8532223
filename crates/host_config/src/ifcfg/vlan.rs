//! The interface of a VLAN whose file names none.

use super::assignments::Assignments;

/// The highest number of a VLAN, and the longest name of an interface.
const HIGHEST: u16 = 4094;
const LONGEST: usize = 15;

/// Returns the name that NetworkManager makes of what carries the VLAN and of its number: `None` of any other
/// file, and where the carrier is told by the UUID of its profile.
pub(super) fn name(settings: &Assignments) -> Option<String> {
    let text = |name| settings.text(name).ok().filter(|text| !text.is_empty());
    text("TYPE").filter(|kind| kind.eq_ignore_ascii_case("vlan"))?;
    let number = text("VLAN_ID")?.parse::<u16>().ok().filter(|number| *number <= HIGHEST)?;
    let carrier = text("PHYSDEV").filter(|carrier| carrier.len() <= LONGEST)?;
    let end = format!(".{number}");
    let begin = carrier.get(..carrier.len().min(LONGEST.saturating_sub(end.len())))?;
    Some(format!("{begin}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlan_is_named_by_its_carrier_and_its_number() {
        let uuid = "30000000-0000-0000-0000-000000000001";
        let rows = [
            ("TYPE=Vlan\nPHYSDEV=eth0\nVLAN_ID=5\n".to_owned(), Some("eth0.5")),
            ("TYPE=vlan\nPHYSDEV=\"eth0\"\nVLAN_ID=4094\n".to_owned(), Some("eth0.4094")),
            ("TYPE=Vlan\nPHYSDEV=enp130s0f0np12\nVLAN_ID=100\n".to_owned(), Some("enp130s0f0n.100")),
            (format!("TYPE=Vlan\nPHYSDEV={uuid}\nVLAN_ID=5\n"), None),
            ("TYPE=Vlan\nPHYSDEV=eth0\nVLAN_ID=4096\n".to_owned(), None),
            ("TYPE=Vlan\nPHYSDEV=eth0\n".to_owned(), None),
            ("TYPE=Ethernet\nPHYSDEV=eth0\nVLAN_ID=5\n".to_owned(), None),
        ];
        for (text, expected) in rows {
            assert_eq!(name(&Assignments::parse("f", text.as_bytes())).as_deref(), expected, "{text}");
        }
    }
}
