//! `ip route add local NETWORK ...` (ip-route(8)): the host answers for each address of the network, and
//! binds none of them.

/// Returns the network of the arguments of ip(8): `None` if they add no such route.
pub(super) fn added<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let mut words = arguments.iter().copied().skip_while(|word| word.starts_with('-'));
    let (object, verb, kind) = (words.next()?, words.next()?, words.next()?);
    let is_route = "route".starts_with(object) && object.starts_with('r') && !"rule".starts_with(object);
    let is_route = is_route || object == "r" || object == "ro";
    let verbs = ["add", "append", "change", "replace", "prepend", "chg"];
    let adds = verbs.iter().any(|whole| whole.starts_with(verb));
    (is_route && adds && kind == "local").then(|| words.next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_route_has_a_network() {
        let rows = [
            ("route add local 192.0.2.0/28 dev lo", Some("192.0.2.0/28")),
            ("-6 r a local 2001:db8::/64 dev lo", Some("2001:db8::/64")),
            ("ro replace local 192.0.2.0/28 dev lo", Some("192.0.2.0/28")),
            ("route del local 192.0.2.0/28 dev lo", None),
            ("route add 192.0.2.0/28 via 192.0.2.254", None),
            ("rule add local", None),
            ("addr add local 192.0.2.1/24 dev lo", None),
            ("route", None),
        ];
        for (arguments, expected) in rows {
            let words: Vec<&str> = arguments.split(' ').collect();
            assert_eq!(added(&words), expected, "{arguments}");
        }
    }
}
