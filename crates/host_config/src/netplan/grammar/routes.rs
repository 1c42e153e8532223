//! What netplan refuses of a route or of a rule for routes as a whole.

use super::super::yaml::Value;
use super::scalars;

/// Returns the text of a key of a mapping, the last one where it comes again.
fn said<'a>(mapping: Value<'a>, key: &str) -> Option<&'a str> {
    let is = |name: Value<'_>| name.text(key).is_ok_and(|name| name == key);
    let entries = mapping.entries("a route").into_iter().flatten();
    entries.filter(|(name, _)| is(*name)).last().and_then(|(_, value)| value.text(key).ok())
}

/// Returns that the addresses under these keys are not of one family.
fn families(mapping: Value<'_>, keys: &[&str]) -> Option<String> {
    let texts = keys.iter().filter_map(|key| said(mapping, key));
    let mut addresses = texts.filter_map(scalars::network);
    let first = addresses.next()?;
    let other = addresses.find(|other| other.is_ipv4() != first.is_ipv4())?;
    Some(format!("{first} and {other} are not of one family"))
}

/// Returns what is wrong with a route.
pub(super) fn route(mapping: Value<'_>) -> Option<String> {
    let is = |key: &str, word: &str| said(mapping, key).map(|said| said.eq_ignore_ascii_case(word));
    let of_type = |word: &str| is("type", word).unwrap_or(word == "unicast");
    let (has_to, has_via) = (said(mapping, "to").is_some(), said(mapping, "via").is_some());
    let is_local = match said(mapping, "scope") {
        Some(scope) => ["link", "host"].iter().any(|local| local.eq_ignore_ascii_case(scope)),
        None => {
            ["local", "nat", "broadcast", "multicast", "anycast"].into_iter().any(of_type)
                || of_type("unicast") && !has_via
        }
    };
    let lacking = match () {
        () if !has_to => Some("to"),
        () if !has_via && of_type("unicast") && !is_local => Some("via"),
        () => None,
    };
    let lacking = lacking.map(|key| format!("a route without {key}"));
    families(mapping, &["from", "to", "via"]).or(lacking)
}

/// Returns what is wrong with a rule for routes.
pub(super) fn rule(mapping: Value<'_>) -> Option<String> {
    let has_network = ["from", "to"].into_iter().any(|key| said(mapping, key).is_some());
    let lacking = (!has_network).then(|| "a rule without from and to".to_owned());
    families(mapping, &["from", "to"]).or(lacking)
}
