//! The sources of host names by nsswitch.conf(5), as the C library reads them (nss/nss_database.c).

/// The hosts file and the nameservers, which are judged elsewhere.
const PLAIN: [&str; 2] = ["files", "dns"];
/// How a search in a source ends.
const STATUSES: [&str; 4] = ["success", "notfound", "unavail", "tryagain"];
/// The place of the second one.
const NOT_FOUND: usize = 1;
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

/// Returns whether the search goes on once nameservers have a name, by `[SUCCESS=continue]` or `merge`: then
/// what the next source has counts.
pub(crate) fn passes_over_dns(sources: &str) -> bool {
    let parts = parts(sources);
    parts.windows(3).any(|parts| match parts {
        ["dns", actions_of_dns, _] => {
            actions(actions_of_dns).is_some_and(|[success, ..]| success != "return")
        }
        _ => false,
    })
}

/// Returns the sources that are asked for a name that none of them has. The C library asks none if it cannot
/// read a part of the line.
fn reached<'a>(sources: &'a str, name: &str) -> Vec<&'a str> {
    let mut reached: Vec<&str> = Vec::new();
    let (mut is_over, mut is_after_source) = (false, false);
    for part in parts(sources) {
        let former = reached.last().copied().unwrap_or_default();
        match (part.starts_with('['), actions(part)) {
            (true, Some(actions)) if is_after_source => {
                is_over |= ends(&actions, former) && may_have(former, name)
            }
            (true, _) => return Vec::new(),
            (false, _) if is_over => {}
            (false, _) => reached.push(part),
        }
        is_after_source = !part.starts_with('[');
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
/// The hosts file is always available. `merge` ends it as well, where nothing was found.
fn ends(actions: &[String; 4], source: &str) -> bool {
    let statuses = if source == "files" { NOT_FOUND..=NOT_FOUND } else { NOT_FOUND..=3 };
    let mut relevant = actions.get(statuses).into_iter().flatten();
    relevant.any(|action| action != "continue")
}

/// Returns what these actions, in brackets, do after each of the statuses: `None` if the C library cannot
/// read them. The last one counts, and `!` stands for all other statuses.
fn actions(text: &str) -> Option<[String; 4]> {
    let spaced = text.strip_prefix('[')?.strip_suffix(']')?.replace('=', " = ").to_ascii_lowercase();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut actions = ["return", "continue", "continue", "continue"].map(str::to_owned);
    if words.is_empty() {
        return None;
    }
    for words in words.chunks(3) {
        let [status, "=", action @ ("return" | "continue" | "merge")] = words else { return None };
        let named = status.strip_prefix('!');
        let status = STATUSES.iter().position(|known| *known == named.unwrap_or(status))?;
        for (place, known) in actions.iter_mut().enumerate() {
            if (place == status) != named.is_some() {
                *known = (*action).to_owned();
            }
        }
    }
    Some(actions)
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
            ("files [NOTFOUND=merge] dns", "www.example.com", false),
            ("files [!SUCCESS=merge] dns", "www.example.com", false),
            ("files [SUCCESS=merge] dns", "www.example.com", true),
            ("files [UNAVAIL=merge] dns", "www.example.com", true),
            ("files [NOTFOUND=return NOTFOUND=continue] dns", "www.example.com", true),
            ("files [NOTFOUND=return !UNAVAIL=continue] dns", "www.example.com", true),
            ("files [!NOTFOUND=return NOTFOUND=merge] dns", "www.example.com", false),
            // None of these can be read, and no source is asked.
            ("files [] dns", "www.example.com", false),
            ("files [NOTFOUND=foo] dns", "www.example.com", false),
            ("files [FOO=return] dns", "www.example.com", false),
            ("files [NOTFOUND return] dns", "www.example.com", false),
            ("files [! NOTFOUND=return] dns", "www.example.com", false),
            ("files [NOTFOUND=continue][UNAVAIL=return] dns", "www.example.com", false),
            ("[NOTFOUND=continue] dns", "www.example.com", false),
            ("files dns [NOTFOUND=bar]", "www.example.com", false),
            ("dns [NOTFOUND=bar] files", "www.example.com", false),
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
    fn what_nameservers_have_is_passed_over_by_an_action_on_success() {
        let rows = [
            ("dns [SUCCESS=merge] files", true),
            ("files dns [SUCCESS=continue] myhostname", true),
            ("dns [!UNAVAIL=merge] files", true),
            ("dns [SUCCESS=merge]", false),
            ("files [SUCCESS=merge] dns", false),
            ("dns [NOTFOUND=merge] files", false),
            ("dns files", false),
        ];
        for (sources, passes) in rows {
            assert_eq!(passes_over_dns(sources), passes, "{sources}");
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
