//! dhcpcd: `/etc/dhcpcd.conf`, by dhcpcd.conf(5): the static addresses of its `interface` blocks. What an
//! interface without one gets by DHCP is no expectation: dhcpcd takes every interface that it finds.

use std::borrow::Cow;

use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

const FILE: &str = "/etc/dhcpcd.conf";

/// Returns the static addresses: `None` if the file has none.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let Some(content) = tree.read(FILE)? else { return Ok(None) };
    let text = str::from_utf8(&content).map_or_else(|_| String::from_utf8_lossy(&content), Cow::from);
    let mut all = Promises::default();
    let mut interface: Option<String> = None;
    // Within `ssid`, `profile` and `arping` blocks, the settings depend on what is found on the link.
    let mut depends = false;
    for (number, line) in (1..).zip(text.lines()) {
        let place = Place::new(FILE, number);
        let mut words = line.trim_ascii().splitn(2, |c: char| c.is_ascii_whitespace());
        let (keyword, rest) =
            (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_ascii());
        match keyword {
            "interface" => (interface, depends) = (Some(rest.to_owned()), false),
            "ssid" | "profile" | "arping" => depends = true,
            "static" | "inform" | "inform6" if !depends => {
                let read = take(keyword, rest, interface.as_deref(), &place, &mut all);
                all.survive(read)?;
            }
            _ => {}
        }
    }
    let found = !all.promises.is_empty() || !all.unknown.is_empty();
    Ok(found.then_some(all))
}

fn take(
    keyword: &str,
    rest: &str,
    interface: Option<&str>,
    place: &Place,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let value = match keyword {
        "static" => {
            let address = ["ip_address=", "ip6_address="].iter().find_map(|name| rest.strip_prefix(name));
            address.filter(|address| !address.is_empty())
        }
        _ => rest.split_ascii_whitespace().next(),
    };
    let Some(value) = value else { return Ok(()) };
    let value = crate::mask::parse(value.trim_matches('"')).map_err(|error| place.error(error))?;
    all.promises.push(Located { value, place: place.clone() }.promise(interface));
    Ok(())
}
