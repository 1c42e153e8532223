//! The sources of host names by nsswitch.conf(5), as the C library reads them (nss/nss_database.c).

/// The hosts file and the nameservers, which are judged elsewhere.
const PLAIN: [&str; 2] = ["files", "dns"];
/// The sources of this host's own names, and of the machines that it runs.
const NEAR: [&str; 4] = ["myhostname", "mymachines", "libvirt", "libvirt_guest"];

/// Returns the sources of host names in the text of the file. `None` if the file has no such line. The
/// keyword may end in a colon or a blank.
pub(crate) fn sources(text: &str) -> Option<String> {
    let value = |line: &'_ str| {
        let line = line.split('#').next()?.trim();
        let rest = line.strip_prefix("hosts").filter(|rest| rest.starts_with([' ', '\t', ':']))?;
        let words = rest.strip_prefix(':').unwrap_or(rest).split_whitespace();
        Some(words.filter(|word| *word != ":").collect::<Vec<_>>().join(" "))
    };
    text.lines().filter_map(value).next_back()
}

/// Returns whether the nameservers are asked for a name that no earlier source has.
pub(crate) fn reaches_dns(sources: &str, name: &str) -> bool {
    reached(sources, name).contains(&"dns")
}

/// Returns the sources that are asked for names that stand in no hosts file, as those of other networks do:
/// those that only know hosts nearby are left out.
pub(crate) fn of_other_names(sources: &str) -> Vec<&str> {
    let is_wide = |source: &&str| *source != "files" && !NEAR.contains(source) && may_have(source, "");
    reached(sources, "").into_iter().filter(is_wide).collect()
}

/// Returns the sources that are asked for a name that none of them has.
fn reached<'a>(sources: &'a str, name: &str) -> Vec<&'a str> {
    let mut reached: Vec<&str> = Vec::new();
    for part in parts(sources) {
        let former = reached.last().copied().unwrap_or_default();
        match part.strip_prefix('[') {
            Some(actions) if ends(actions, former) && may_have(former, name) => break,
            Some(_) => {}
            None => reached.push(part),
        }
    }
    reached
}

/// Returns the sources, besides the hosts file and the nameservers, that may have this name.
pub(crate) fn others<'a>(sources: &'a str, name: &str) -> Vec<&'a str> {
    let is_other = |part: &&str| !part.starts_with('[') && !PLAIN.contains(part) && may_have(part, name);
    parts(sources).into_iter().filter(is_other).collect()
}

/// Returns whether a source may have this name. mDNS knows only one zone and passes over all others (RFC
/// 6762).
fn may_have(source: &str, name: &str) -> bool {
    let is_local = name.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("local"));
    is_local || !source.starts_with("mdns")
}

/// Returns the sources, and their actions in brackets.
fn parts(sources: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = sources.trim_start();
    while !rest.is_empty() {
        let end = match rest.starts_with('[') {
            true => rest.find(']').map(|place| place + 1),
            false => rest.find([' ', '\t', '[']),
        };
        let (part, others) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        parts.push(part);
        rest = others.trim_start();
    }
    parts
}

/// Returns whether these actions end the search if the source has no such name, or if it is not available.
/// The hosts file is always available.
fn ends(actions: &str, source: &str) -> bool {
    let spaced = actions.trim_end_matches(']').replace('=', " = ").to_ascii_lowercase();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_end = |words: &&[&str]| matches!(words, [_, "=", "return"]);
    let applies = |words: &[&str]| {
        let status = words.first().copied().unwrap_or_default();
        match (status.strip_prefix('!'), source) {
            (Some(status), "files") => status != "notfound",
            (Some(_), _) => true,
            (None, "files") => status == "notfound",
            (None, _) => status != "success",
        }
    };
    words.windows(3).filter(is_end).any(applies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_hosts_is_found() {
        let rows = [
            ("passwd: files\nhosts:\tfiles  dns # both\n", Some("files dns")),
            ("#hosts: dns\n", None),
            ("hosts:files\n", Some("files")),
            (
                "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
                Some("files mdns4_minimal [NOTFOUND=return] dns"),
            ),
            ("hosts:\n", Some("")),
            ("", None),
            ("hosts : files\n", Some("files")),
            (" hosts files\n", Some("files")),
            ("hosts\tfiles dns\n", Some("files dns")),
            ("hosts: dns\nhosts: files\n", Some("files")),
            ("hostsfiles dns\nHosts: files\nhosts2: dns\n", None),
        ];
        for (text, expected) in rows {
            assert_eq!(sources(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn nameservers_are_reached_unless_an_action_ends_the_search() {
        let mdns = "files mdns4_minimal [NOTFOUND=return] dns";
        let rows = [
            ("files dns", "www.example.com", true),
            ("dns", "www.example.com", true),
            ("files", "www.example.com", false),
            ("", "www.example.com", false),
            ("files [NOTFOUND=return] dns", "www.example.com", false),
            ("files[NOTFOUND=return]dns", "www.example.com", false),
            ("files [ notfound = RETURN ] dns", "www.example.com", false),
            ("files [!SUCCESS=return] dns", "www.example.com", false),
            ("files [SUCCESS=return] dns", "www.example.com", true),
            ("files [UNAVAIL=return] dns", "www.example.com", true),
            ("files [!NOTFOUND=return] dns", "www.example.com", true),
            ("files [NOTFOUND=continue] dns", "www.example.com", true),
            ("files [SUCCESS=merge NOTFOUND=return] dns", "www.example.com", false),
            ("files dns [NOTFOUND=return]", "www.example.com", true),
            ("files ldap [UNAVAIL=return] dns", "www.example.com", false),
            ("files resolve [!UNAVAIL=return] dns", "www.example.com", false),
            ("files [NOTFOUND=return", "www.example.com", false),
            (mdns, "www.example.com", true),
            (mdns, "printer.local", false),
            (mdns, "printer.LOCAL", false),
            (mdns, "local.example", true),
        ];
        for (sources, name, reached) in rows {
            assert_eq!(reaches_dns(sources, name), reached, "{sources} {name}");
        }
    }

    #[test]
    fn other_names_come_from_sources_that_know_more_than_hosts_nearby() {
        let rows = [
            ("files", ""),
            ("files myhostname mymachines libvirt_guest mdns4_minimal [NOTFOUND=return]", ""),
            ("files dns", "dns"),
            ("files [NOTFOUND=return] dns", ""),
            ("files mdns4_minimal [NOTFOUND=return] dns", "dns"),
            ("files ldap [NOTFOUND=return] dns", "ldap"),
            ("mymachines resolve [!UNAVAIL=return] files myhostname dns", "resolve"),
            ("", ""),
        ];
        for (sources, expected) in rows {
            assert_eq!(of_other_names(sources).join(" "), expected, "{sources}");
        }
    }

    #[test]
    fn mdns_has_names_of_its_zone_alone() {
        let sources = "files mdns4_minimal [NOTFOUND=return] dns sss";
        assert_eq!(others(sources, "printer.local"), ["mdns4_minimal", "sss"]);
        assert_eq!(others(sources, "www.example.com"), ["sss"]);
    }
}
