//! Judges the host's name: the kernel's, the one that the next boot sets, and whether it has an address.

use plugin::{Finding, State};

use crate::compare::{HOSTNAME, HOSTS, host_name, without_dot};
use crate::facts::Facts;
use crate::found::{Found, What};
use crate::lines::cut;
use crate::writer::{CLOUD, is_cloud, who};

/// What was seen of the host's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSeen {
    /// The name as it should be.
    pub expected: String,
    /// The kernel's: `None` where another tree is checked.
    pub kernel: Option<String>,
    /// /etc/hostname.
    pub file: Found,
    /// Where the name has an address.
    pub entry: Entry,
}

/// Where a name has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// In /etc/hosts or by the host's other name services.
    There,
    /// Nowhere. Where /etc/hosts could not be read, or names it in a line that does not count: how.
    Nowhere(Option<String>),
    /// It was not looked for.
    Untried,
    /// It could not be looked up, and why.
    Unknown(String),
}

impl NameSeen {
    /// Makes the observation before the name is looked up. The kernel keeps the dot at the end of a full
    /// name.
    pub(crate) fn new(expected: String, kernel: Option<&str>, file: Found) -> Self {
        let kernel = kernel.map(|name| without_dot(name).to_owned());
        Self { expected, kernel, file, entry: Entry::Untried }
    }

    /// Returns the name in /etc/hostname: `None` if there is no such file or no name in it.
    fn in_file(&self) -> Option<String> {
        if let What::Content(content) = &self.file.what { host_name(content) } else { None }
    }

    /// Returns what is wrong with /etc/hostname if it gives no name, as the end of a sentence. `None` if
    /// there is no such file: such a host sets its name in another way.
    fn lack(&self) -> Option<String> {
        match &self.file.what {
            What::Missing => None,
            What::Content(content) if content.is_empty() => Some("is empty".to_owned()),
            What::Content(content) if host_name(content).is_none() => Some("has no name in it".to_owned()),
            _ => self.file.in_place_of_a_file(),
        }
    }

    /// Returns whether no file tells the name after the next boot.
    pub(crate) fn is_without_file(&self) -> bool {
        self.file.what == What::Missing
    }

    /// Returns why the name after the next boot is not known. `None` if it is known, or if there is no file.
    pub(crate) fn unknown(&self) -> Option<String> {
        self.file.unread().map(|why| format!("{HOSTNAME} {why}"))
    }

    fn kernel_differs(&self) -> bool {
        self.kernel.as_ref().is_some_and(|kernel| *kernel != self.expected)
    }

    /// Returns whether /etc/hostname has another name, or none.
    pub(crate) fn file_differs(&self) -> bool {
        self.lack().is_some() || self.in_file().is_some_and(|name| name != self.expected)
    }

    /// Whether the kernel or /etc/hostname has another name.
    pub(crate) fn is_changed(&self) -> bool {
        self.kernel_differs() || self.file_differs()
    }
}

/// Makes the findings: another name in `state`, a name without an address as a warning.
pub(crate) fn judge(seen: &NameSeen, facts: &Facts, state: State) -> Vec<Finding> {
    let changed = difference(seen).map(|text| match who_changed(seen, facts) {
        Some(who) => Finding::new(state, format!("{text}: {who}")),
        None => Finding::new(state, text),
    });
    let expected = &seen.expected;
    let entry = match &seen.entry {
        Entry::There | Entry::Untried => None,
        Entry::Nowhere(None) => {
            // getent tells the same of a name without an address and of servers that do not answer.
            let text = format!("{expected} is not in {HOSTS}, and DNS has no address or does not answer");
            Some(Finding::warning(text))
        }
        Entry::Nowhere(Some(why)) => {
            Some(Finding::warning(format!("{expected} has no address, DNS has none and {HOSTS} {why}")))
        }
        Entry::Unknown(why) => Some(Finding::unknown(why.clone())),
    };
    let unknown = seen.unknown().map(Finding::unknown);
    changed.into_iter().chain(entry).chain(unknown).collect()
}

fn difference(seen: &NameSeen) -> Option<String> {
    let expected = &seen.expected;
    let kernel = seen.kernel.as_ref().filter(|_| seen.kernel_differs());
    if let Some(lack) = seen.lack() {
        return Some(match kernel {
            Some(kernel) => {
                format!("the name is {}, and {HOSTNAME} {lack}", instead(named(kernel), expected))
            }
            None => format!("{HOSTNAME} {lack}: no name after the next boot"),
        });
    }
    if seen.file_differs() && seen.file.is_private() {
        return Some(match kernel {
            Some(kernel) => format!("the name is {} now, and {HOSTNAME} differs", named(kernel)),
            None => format!("{HOSTNAME} differs"),
        });
    }
    let kernel = kernel.map(|kernel| named(kernel));
    let file = seen.in_file().map(|name| cut(&name));
    match (kernel, file.filter(|_| seen.file_differs())) {
        (None, None) => None,
        (Some(kernel), None) if seen.in_file().is_some() => {
            Some(format!("the name is {kernel} now, {expected} after the next boot"))
        }
        (Some(kernel), None) => Some(format!("the name is {}", instead(kernel, expected))),
        (None, Some(file)) => Some(format!("after the next boot the name is {}", instead(&file, expected))),
        (Some(kernel), Some(file)) if kernel == file => {
            Some(format!("the name is {}", instead(kernel, expected)))
        }
        (Some(kernel), Some(file)) => {
            Some(format!("the name is {kernel} now, {file} after the next boot, not {expected}"))
        }
    }
}

/// The kernel starts with the name (none), and takes an empty one.
fn named(kernel: &str) -> &str {
    if kernel.is_empty() { "empty" } else { kernel }
}

fn instead(found: &str, expected: &str) -> String {
    let is_short = expected.strip_prefix(found).is_some_and(|rest| rest.starts_with('.'));
    if is_short {
        format!("{found}, the short form of {expected}")
    } else {
        format!("{found}, not {expected}")
    }
}

fn who_changed(seen: &NameSeen, facts: &Facts) -> Option<String> {
    if seen.file_differs() {
        return who(HOSTNAME, &seen.file, None, facts);
    }
    seen.kernel.as_ref().filter(|kernel| is_cloud(kernel, facts)).map(|_| CLOUD.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Cloud;

    const EXPECTED: &str = "proxy7.example.com";

    fn seen(kernel: Option<&str>, file: Option<&str>) -> NameSeen {
        let what = file.map_or(What::Missing, |file| What::Content(file.into()));
        let file = Found { what, ..Found::default() };
        NameSeen {
            expected: EXPECTED.to_owned(),
            kernel: kernel.map(str::to_owned),
            file,
            entry: Entry::There,
        }
    }

    #[test]
    fn the_kernels_name_and_the_files_are_told_apart() {
        let rows = [
            (Some(EXPECTED), Some("proxy7.example.com\n"), None),
            (Some(EXPECTED), None, None),
            (Some("vz2542"), Some("vz2542\n"), Some("the name is vz2542, not proxy7.example.com")),
            (Some("vz2542"), None, Some("the name is vz2542, not proxy7.example.com")),
            (
                Some("vz2542"),
                Some(EXPECTED),
                Some("the name is vz2542 now, proxy7.example.com after the next boot"),
            ),
            (
                Some(EXPECTED),
                Some("vz2542"),
                Some("after the next boot the name is vz2542, not proxy7.example.com"),
            ),
            (None, Some("vz2542"), Some("after the next boot the name is vz2542, not proxy7.example.com")),
            (Some("a"), Some("b"), Some("the name is a now, b after the next boot, not proxy7.example.com")),
            (
                Some("proxy7"),
                Some("proxy7"),
                Some("the name is proxy7, the short form of proxy7.example.com"),
            ),
            (Some("proxy"), Some("proxy"), Some("the name is proxy, not proxy7.example.com")),
            (Some(""), None, Some("the name is empty, not proxy7.example.com")),
            (Some(""), Some(EXPECTED), Some("the name is empty now, proxy7.example.com after the next boot")),
        ];
        for (kernel, file, text) in rows {
            let seen = seen(kernel, file);
            assert_eq!(difference(&seen).as_deref(), text);
            assert_eq!(seen.is_changed(), text.is_some());
        }
    }

    #[test]
    fn a_name_wants_an_address_and_a_file() {
        let texts = |seen: &NameSeen| -> Vec<(State, String)> {
            let findings = judge(seen, &Facts::default(), State::Critical);
            findings.into_iter().map(|finding| (finding.state, finding.text)).collect()
        };
        let unread = NameSeen {
            entry: Entry::Nowhere(Some("is not readable: permission denied".to_owned())),
            ..seen(Some(EXPECTED), Some(EXPECTED))
        };
        let text = "proxy7.example.com has no address, DNS has none and /etc/hosts is not readable: permission denied";
        assert_eq!(texts(&unread), [(State::Warning, text.to_owned())]);
        let nowhere = NameSeen { entry: Entry::Nowhere(None), ..seen(Some("vz2542"), Some("vz2542")) };
        let lost = (
            State::Warning,
            "proxy7.example.com is not in /etc/hosts, and DNS has no address or does not answer".to_owned(),
        );
        let name = (State::Critical, "the name is vz2542, not proxy7.example.com".to_owned());
        assert_eq!(texts(&nowhere), [name, lost]);
        let silent = NameSeen {
            entry: Entry::Unknown("no answer".to_owned()),
            ..seen(Some(EXPECTED), Some(EXPECTED))
        };
        assert_eq!(texts(&silent), [(State::Unknown, "no answer".to_owned())]);
        assert_eq!(texts(&seen(Some(EXPECTED), None)), []);
    }

    #[test]
    fn a_file_without_a_name_is_a_change() {
        let content = |text: &str| What::Content(text.into());
        let rows = [
            (content(""), "is empty"),
            (content("# proxy7\n\n"), "has no name in it"),
            (content("\n"), "has no name in it"),
            (What::Dangling, "is a dangling link to nothing"),
            (What::Loop, "is a loop of links"),
            (What::Special("a FIFO"), "is a FIFO"),
        ];
        for (what, text) in rows {
            let with = |kernel: &str| {
                let fine = seen(Some(kernel), None);
                NameSeen { file: Found { what: what.clone(), ..fine.file.clone() }, ..fine }
            };
            let fine = with(EXPECTED);
            let line = format!("/etc/hostname {text}: no name after the next boot");
            assert_eq!((difference(&fine), fine.is_changed(), fine.unknown()), (Some(line), true, None));
            let line = format!("the name is vz2542, not {EXPECTED}, and /etc/hostname {text}");
            assert_eq!(difference(&with("vz2542")), Some(line));
        }
        let rows = [
            (What::TooLarge, "/etc/hostname is larger than 1 MiB"),
            (
                What::Unreadable("permission denied".to_owned()),
                "/etc/hostname is not readable: permission denied",
            ),
        ];
        for (what, text) in rows {
            let fine = seen(Some(EXPECTED), None);
            let unread = NameSeen { file: Found { what, ..fine.file.clone() }, ..fine };
            let findings = judge(&unread, &Facts::default(), State::Critical);
            assert_eq!(findings.len(), 1);
            assert_eq!((findings[0].state, findings[0].text.as_str()), (State::Unknown, text));
            assert!(!unread.is_changed());
        }
    }

    #[test]
    fn the_dot_at_the_end_of_the_kernels_name_is_no_part_of_it() {
        for (kernel, is_changed) in
            [("a.example", false), ("a.example.", false), ("b.example.", true), (".", true)]
        {
            let file = seen(None, None).file;
            let file = Found { what: What::Content(b"a.example.\n".to_vec()), ..file };
            assert_eq!(
                NameSeen::new("a.example".to_owned(), Some(kernel), file).is_changed(),
                is_changed,
                "{kernel}"
            );
        }
    }

    #[test]
    fn cloud_init_is_told_by_its_cache() {
        let cloud = Some(Cloud { names: vec!["vz2542".to_owned()], ..Cloud::default() });
        let facts = Facts { cloud, ..Facts::default() };
        let text = judge(&seen(Some("vz2542"), Some(EXPECTED)), &facts, State::Critical).remove(0).text;
        assert_eq!(text, format!("the name is vz2542 now, {EXPECTED} after the next boot: {CLOUD}"));
    }
}
