//! Judges what was observed: the name, each file, the immutable bits; and makes one report of it.

use std::collections::BTreeSet;

use plugin::{Finding, Findings, Metric, Report, State, Thresholds, Unit};

use crate::compare::HOSTNAME;
use crate::facts::Facts;
use crate::file::Checked;
use crate::options::{Immutable, Strictness};
use crate::{Observations, immutable, name};

/// What is judged how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// How many may be changed.
    pub(crate) changed: Thresholds,
    /// What is compared.
    pub(crate) strictness: Strictness,
    /// What is said of the immutable bit.
    pub(crate) immutable: Immutable,
}

/// Makes the report.
pub(crate) fn evaluate(rules: &Rules, observed: &Observations) -> Report {
    // Once: a file of 1 MiB takes a while to compare by meaning.
    let changes: Vec<Option<String>> =
        observed.files.iter().map(|file| file.change(rules.strictness.exact)).collect();
    let changed = changed(observed, &changes);
    let total = observed.files.len() + usize::from(observed.name.is_some());
    let metric = Metric::count("changed", changed).thresholds(rules.changed.clone()).max(total as f64);
    let state = metric.state();
    let mut findings: Vec<Finding> = observed.unknown.iter().map(Finding::unknown).collect();
    findings.extend(observed.name.iter().flat_map(|seen| name::judge(seen, &observed.facts, state)));
    for (file, change) in observed.files.iter().zip(&changes) {
        let own_state = (!is_told_by_the_name(observed, file)).then_some(state);
        findings.extend(file.judge(rules.strictness, change.as_deref(), &observed.facts, own_state));
        let bit =
            immutable::judge(rules.immutable, &file.path, &file.found, &observed.facts, change.is_some());
        findings.extend(bit.map(|(state, text)| Finding::new(state, text)));
    }
    // A folder of the reference that others can write is the fault of each file in it, and told once.
    let mut told = BTreeSet::new();
    findings.retain(|finding| finding.text.is_empty() || told.insert(finding.text.clone()));
    let all_well = all_well(observed, changed, total, &findings);
    let faults = findings.iter().filter(|finding| finding.state != State::Ok).count();
    findings.push(remarks(observed, metric));
    let findings: Findings = findings.into_iter().collect();
    if changed > 1 && faults == changed {
        findings.of(total, "changed").report(all_well)
    } else {
        findings.report(all_well)
    }
}

/// Counts the name, and the files with another content or without one.
fn changed(observed: &Observations, changes: &[Option<String>]) -> usize {
    let name = observed.name.as_ref().is_some_and(|seen| seen.is_changed());
    let files = observed.files.iter().zip(changes);
    let files = files.filter(|(file, change)| change.is_some() && !is_told_by_the_name(observed, file));
    usize::from(name) + files.count()
}

/// Whether what differs in this file is the host's name, which is judged by itself.
fn is_told_by_the_name(observed: &Observations, file: &Checked) -> bool {
    let Some(seen) = observed.name.as_ref().filter(|_| file.path == HOSTNAME) else { return false };
    seen.is_changed()
        && file.change(false).is_some_and(|text| text.ends_with(&format!(", not {}", seen.expected)))
}

/// Returns the first line of a report without a fault. As many changed as are allowed are no fault, and not
/// left out.
fn all_well(observed: &Observations, changed: usize, total: usize, findings: &[Finding]) -> String {
    if let Some(text) = findings.iter().map(|finding| &finding.text).find(|text| !text.is_empty()) {
        return format!("{changed} of {total} changed, as allowed: {text}");
    }
    let files = match observed.files.as_slice() {
        [] => None,
        [file] => Some(file.path.clone()),
        files => Some(format!("{} files", files.len())),
    };
    let name = observed.name.as_ref().map(|seen| seen.expected.clone());
    let subjects: Vec<String> = name.into_iter().chain(files).collect();
    match &observed.reference {
        Some(reference) => format!("{} as in {}", subjects.join(" and "), reference.display()),
        None => format!("{} as given", subjects.join(" and ")),
    }
}

/// Makes the finding with the metrics and with what -v shows.
fn remarks(observed: &Observations, changed: Metric) -> Finding {
    let files = &observed.files;
    let told = files.iter().filter_map(|file| file.found.status).any(|status| status.bits.is_some());
    let locked = files.iter().filter(|file| file.found.is_locked());
    let immutable =
        if told || locked.clone().next().is_some() { locked.clone().count() as f64 } else { f64::NAN };
    let unreadable = files.iter().filter(|file| file.unknown().is_some()).count() + observed.unknown.len();
    let youngest = files.iter().filter_map(|file| file.found.status).map(|status| status.changed).max();
    let age = youngest.map_or(f64::NAN, |changed| (observed.facts.now - changed).max(0) as f64);
    let links = files
        .iter()
        .filter_map(|file| Some(format!("{} is a link to {}", file.path, file.found.link.as_ref()?)));
    Finding::ok("")
        .metric(changed)
        .metric(Metric::new("immutable", immutable).min(0.0))
        .metric(Metric::count("unreadable", unreadable))
        .metric(Metric::new("age_of_change", age).unit(Unit::Seconds).min(0.0))
        .verbose_details(links)
        .verbose_details(bits(files))
        .verbose_details(about_the_host(&observed.facts))
}

/// Returns each file and each folder with a bit, once.
fn bits(files: &[Checked]) -> BTreeSet<String> {
    let own = |file: &Checked| Some(format!("{} is {}", file.path, file.found.bit()?));
    let folders =
        |file: &Checked| Some(format!("{} is {}", immutable::folder(&file.path), file.found.folder_bit()?));
    files.iter().flat_map(|file| [own(file), folders(file)]).flatten().collect()
}

/// What could explain a change or a bit, where there is one.
fn about_the_host(facts: &Facts) -> Vec<String> {
    let Some(programs) = &facts.programs else { return Vec::new() };
    let programs = if programs.is_empty() { "none".to_owned() } else { programs.join(", ") };
    vec![
        format!("this host is {}", facts.platform.in_words()),
        format!("programs here that rewrite name or resolver: {programs}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Expected, HOSTS, RESOLVER};
    use crate::facts::Platform;
    use crate::found::{Bits, Found, Status, What};
    use crate::name::{Entry, NameSeen};

    const NOW: i64 = 1_795_651_200;
    const IMMUTABLE: Bits = Bits { immutable: true, append_only: false };
    const NTP: &str = "/etc/ntp.conf";

    fn found(what: What) -> Found {
        let status =
            Status { mode: 0o644, changed: NOW - 7200, bits: Some(Bits::default()), ..Status::default() };
        let status = (!matches!(what, What::Missing | What::Dangling | What::Loop)).then_some(status);
        Found { link: None, what, status, is_sheltered: false, folder_bits: Some(Bits::default()) }
    }

    fn checked(path: &str, copy: &str, what: What) -> Checked {
        let access = Some((0o644, 0, 0));
        Checked {
            path: path.to_owned(),
            expected: Ok(Expected::Copy(copy.into())),
            access,
            found: found(what),
        }
    }

    fn file(path: &str, copy: &str, content: &str) -> Checked {
        checked(path, copy, What::Content(content.into()))
    }

    fn with(mut file: Checked, change: impl Fn(&mut Status)) -> Checked {
        file.found.status.iter_mut().for_each(change);
        file
    }

    fn observed(files: Vec<Checked>) -> Observations {
        let facts = Facts { platform: Platform::Xen, now: NOW, booted: Some(NOW - 7210), ..Facts::default() };
        Observations { reference: Some("/ref".into()), files, unknown: Vec::new(), name: None, facts }
    }

    fn named(kernel: &str, file: &str, files: Vec<Checked>) -> Observations {
        let file = found(What::Content(file.into()));
        let name = NameSeen {
            expected: "proxy7".to_owned(),
            kernel: Some(kernel.to_owned()),
            file,
            entry: Entry::There,
        };
        Observations { name: Some(name), ..observed(files) }
    }

    fn rules() -> Rules {
        Rules {
            changed: Thresholds { warning: None, critical: Some("0".parse().unwrap()) },
            ..Rules::default()
        }
    }

    fn output(rules: &Rules, observed: &Observations) -> String {
        evaluate(rules, observed).render("HOST_FILES", 0)
    }

    /// The first line without its name and its performance data.
    fn line(rules: &Rules, observed: &Observations) -> String {
        let output = output(rules, observed);
        output.split(" | ").next().unwrap().strip_prefix("HOST_FILES ").unwrap().to_owned()
    }

    #[test]
    fn each_condition_of_a_file_has_its_line() {
        let boot = "probably by the provider at the boot of 21:59 UTC";
        let link = |what| Checked {
            found: Found { link: Some("/x/y".to_owned()), ..found(what) },
            ..file(NTP, "a\n", "")
        };
        let rows = [
            (file(NTP, "a\n", "a\n"), "OK - /etc/ntp.conf as in /ref".to_owned()),
            (checked(NTP, "", What::SameAsCopy), "OK - /etc/ntp.conf as in /ref".to_owned()),
            (file(NTP, "a\n", "b\n"), format!("CRITICAL - /etc/ntp.conf line 1 differs: {boot}")),
            (file(NTP, "a\n", ""), format!("CRITICAL - /etc/ntp.conf is empty: {boot}")),
            (checked(NTP, "a\n", What::Missing), "CRITICAL - /etc/ntp.conf is missing".to_owned()),
            (link(What::Dangling), "CRITICAL - /etc/ntp.conf is a dangling link to /x/y".to_owned()),
            (link(What::Loop), "CRITICAL - /etc/ntp.conf is a loop of links".to_owned()),
            (checked(NTP, "a\n", What::Special("a FIFO")), format!("CRITICAL - /etc/ntp.conf is a FIFO: {boot}")),
            (checked(NTP, "a\n", What::TooLarge), "UNKNOWN - /etc/ntp.conf is larger than 1 MiB".to_owned()),
            (
                checked(NTP, "a\n", What::Unreadable("permission denied".to_owned())),
                "UNKNOWN - /etc/ntp.conf is not readable: permission denied".to_owned(),
            ),
            (Checked { expected: Err("unsafe".to_owned()), ..file(NTP, "", "b") }, "UNKNOWN - unsafe".to_owned()),
            (
                file(RESOLVER, "nameserver 127.0.0.1\n", "# Generated by NetworkManager\nnameserver 198.51.100.53\n"),
                "CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1: by NetworkManager (dns=none stops it)"
                    .to_owned(),
            ),
            (
                with(checked(RESOLVER, "", What::Unreadable("permission denied".to_owned())), |status| status.mode = 0o600),
                "CRITICAL - /etc/resolv.conf has mode 0600: only root can resolve names".to_owned(),
            ),
            (with(file(HOSTS, "", ""), |status| status.bits = Some(IMMUTABLE)), "OK - /etc/hosts as in /ref".to_owned()),
            (
                with(file(NTP, "a\n", "b\n"), |status| status.bits = Some(IMMUTABLE)),
                format!("CRITICAL - /etc/ntp.conf line 1 differs: {boot}, 1 more fault"),
            ),
        ];
        for (file, expected) in rows {
            assert_eq!(line(&rules(), &observed(vec![file])), expected);
        }
    }

    #[test]
    fn the_lines_of_a_difference_are_shown_if_all_may_read_them() {
        let shown = "HOST_FILES CRITICAL - /etc/ntp.conf line 1 differs: probably by the provider at the boot of 21:59 UTC | \
                     changed=1;;0;0;1 immutable=0;;;0 unreadable=0;;;0 age_of_change=7200s;;;0\n\
                     /etc/ntp.conf: - a\n/etc/ntp.conf: + b\n";
        assert_eq!(output(&rules(), &observed(vec![file(NTP, "a\n", "b\n")])), shown);
        let secret = with(file(NTP, "a\n", "b\n"), |status| status.mode = 0o640);
        let secret_copy = Checked { access: Some((0o600, 0, 0)), ..file(NTP, "a\n", "b\n") };
        for file in [secret, secret_copy] {
            let output = output(&rules(), &observed(vec![file]));
            assert!(
                output.starts_with("HOST_FILES CRITICAL - /etc/ntp.conf differs: ")
                    && output.lines().count() == 1,
                "{output}"
            );
        }
    }

    #[test]
    fn owner_group_and_mode_count_if_wanted() {
        let other =
            with(file(NTP, "a\n", "a\n"), |status| (status.mode, status.uid, status.gid) = (0o666, 33, 5));
        assert_eq!(line(&rules(), &observed(vec![other.clone()])), "OK - /etc/ntp.conf as in /ref");
        let strict = Rules { strictness: Strictness { exact: false, mode: true }, ..rules() };
        let text = "WARNING - /etc/ntp.conf has mode 0666, not 0644, owner 33, not 0, group 5, not 0";
        assert_eq!(line(&strict, &observed(vec![other])), text);
        assert_eq!(line(&strict, &observed(vec![file(NTP, "a\n", "a\n")])), "OK - /etc/ntp.conf as in /ref");
    }

    #[test]
    fn the_name_and_its_file_are_one_fault() {
        let name = |content: &str| file(HOSTNAME, "proxy7\n", content);
        let fine = named("proxy7", "proxy7\n", vec![name("proxy7\n"), file(NTP, "", "")]);
        assert_eq!(line(&rules(), &fine), "OK - proxy7 and 2 files as in /ref");
        let boot = "probably by the provider at the boot of 21:59 UTC";
        let renamed = named("vz2542", "vz2542\n", vec![name("vz2542\n"), file(NTP, "", "")]);
        let text = output(&rules(), &renamed);
        let first =
            format!("HOST_FILES CRITICAL - the name is vz2542, not proxy7: {boot} | changed=1;;0;0;3 ");
        assert!(
            text.starts_with(&first) && text.ends_with("/etc/hostname: - proxy7\n/etc/hostname: + vz2542\n"),
            "{text}"
        );
        let now = named("vz2542", "proxy7\n", vec![name("proxy7\n")]);
        assert_eq!(line(&rules(), &now), "CRITICAL - the name is vz2542 now, proxy7 after the next boot");
        let only = Observations { reference: None, ..named("proxy7", "proxy7\n", vec![]) };
        assert_eq!(line(&rules(), &only), "OK - proxy7 as given");
    }

    #[test]
    fn several_are_counted_and_stand_worst_first() {
        let lost = |path: &str| checked(path, "a\n", What::Missing);
        let two = vec![lost("/etc/a"), file(NTP, "", ""), lost("/etc/b"), file(HOSTS, "", "")];
        assert_eq!(
            line(&rules(), &observed(two)),
            "CRITICAL - 2 of 4 changed: /etc/a is missing, /etc/b is missing"
        );
        let refused =
            |path: &str| Checked { expected: Err("chmod go-w /ref".to_owned()), ..file(path, "", "") };
        let same = observed(vec![refused("/etc/a"), refused("/etc/b")]);
        assert_eq!(line(&rules(), &same), "UNKNOWN - chmod go-w /ref");
        let mixed = vec![checked("/etc/a", "a\n", What::TooLarge), lost("/etc/b")];
        let text = output(&rules(), &observed(mixed));
        assert!(
            text.starts_with("HOST_FILES CRITICAL - /etc/b is missing, and /etc/a is larger than 1 MiB | "),
            "{text}"
        );
        assert!(
            text.ends_with("\nCRITICAL: /etc/b is missing\nUNKNOWN: /etc/a is larger than 1 MiB\n"),
            "{text}"
        );
        assert!(
            text.contains(" | changed=1;;0;0;2 immutable=0;;;0 unreadable=1;;;0 age_of_change=7200s;;;0\n"),
            "{text}"
        );
    }

    #[test]
    fn as_many_as_are_allowed_are_no_fault() {
        let lenient = |warning: &str| Rules {
            changed: Thresholds { warning: Some(warning.parse().unwrap()), critical: None },
            ..Rules::default()
        };
        let lost = || observed(vec![checked(NTP, "", What::Missing), file(HOSTS, "", "")]);
        assert_eq!(line(&lenient("0"), &lost()), "WARNING - /etc/ntp.conf is missing");
        assert_eq!(line(&lenient("1"), &lost()), "OK - 1 of 2 changed, as allowed: /etc/ntp.conf is missing");
        let nothing = observed(vec![checked(NTP, "", What::Missing)]);
        let data = " | changed=1;;0;0;1 immutable=U;;;0 unreadable=0;;;0 age_of_change=U;;;0\n";
        assert!(output(&rules(), &nothing).ends_with(data));
    }
}
