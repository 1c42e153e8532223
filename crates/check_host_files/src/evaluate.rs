//! Judges what was observed: the name, each file, the immutable bits; and makes one report of it.

mod count;

use std::collections::BTreeSet;

use count::{Unchecked, changed, in_both, is_told_by_the_name, total, without_file, worst_first};
use plugin::{Finding, Findings, Metric, Progress, Report, State, Thresholds};

use crate::compare::HOSTNAME;
use crate::options::{Immutable, Strictness};
use crate::remarks::{all_well, remarks, unreadable};
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

impl Rules {
    /// Makes the rules. With a warning range alone, the critical range keeps its default, so that no change
    /// is allowed. The exception is a warning range that alerts at 0.
    pub(crate) fn new(changed: &Thresholds, strictness: Strictness, immutable: Immutable) -> Self {
        let default = Thresholds { warning: None, critical: "0".parse().ok() };
        Self { changed: changed.or_each(default, 0.0), strictness, immutable }
    }
}

/// Makes the report.
pub(crate) fn evaluate(rules: &Rules, observed: &Observations) -> Report {
    // Once: a file of 1 MiB takes a while to compare by meaning.
    let changes: Vec<Option<String>> =
        observed.files.iter().map(|file| file.change(rules.strictness.exact)).collect();
    let changed = changed(observed, &changes);
    let total = total(observed);
    let metric = Metric::count("changed", changed).thresholds(rules.changed.clone()).max(total as f64);
    let state = state(rules, changed, unreadable(observed) - in_both(&observed.files, &changes));
    let mut findings: Vec<Finding> = observed.unknown.iter().map(Finding::unknown).collect();
    findings.extend(unchanged_fault(rules, changed, total, state));
    findings.extend(observed.name.iter().flat_map(|seen| name::judge(seen, &observed.facts, state)));
    let unchecked = without_file(observed);
    if unchecked == Some(Unchecked::All) {
        findings.push(Finding::unknown(format!("there is no {HOSTNAME}: the name was not checked")));
    }
    for (file, change) in worst_first(&observed.files, &changes) {
        let own_state = (!is_told_by_the_name(observed, file)).then_some(state);
        findings.extend(file.judge(rules.strictness, change.as_deref(), &observed.facts, own_state));
        let bit =
            immutable::judge(rules.immutable, &file.path, &file.found, &observed.facts, change.is_some());
        findings.extend(bit.map(|(state, text)| Finding::new(state, text)));
    }
    // A folder of the reference that others can write is the fault of each file in it, and told once.
    let mut told = BTreeSet::new();
    findings.retain(|finding| finding.text.is_empty() || told.insert(finding.text.clone()));
    let mut all_well = all_well(observed, changed, total, &findings);
    let faults = findings.iter().filter(|finding| finding.state != State::Ok).count();
    if changed > 1 && faults > changed {
        count_on_the_first_line(&mut findings, changed, total);
    }
    if unchecked == Some(Unchecked::NextBoot) {
        all_well.push_str(&format!(", not checked for the next boot: no {HOSTNAME}"));
        let note = format!("note: there is no {HOSTNAME}: the name after the next boot was not checked");
        findings.extend((faults > 0).then(|| Finding::ok("").detail(note)));
    }
    findings.push(remarks(observed, metric));
    let findings: Findings = findings.into_iter().collect();
    if changed > 1 && faults == changed {
        findings.of(total, "changed").report(all_well)
    } else {
        findings.report(all_well)
    }
}

/// Judges the number of changes. Each `unreadable` file may be one more change. Returns the mildest state
/// that is possible.
fn state(rules: &Rules, changed: usize, unreadable: usize) -> State {
    let states = (changed..=changed + unreadable).map(|count| rules.changed.state(count as f64));
    states.min().unwrap_or(State::Unknown)
}

/// Returns the fault of an unchanged host. `None` if a file changed, or if no range alerts at 0.
fn unchanged_fault(rules: &Rules, changed: usize, total: usize, state: State) -> Option<Finding> {
    let range = rules.changed.alerting(0.0).filter(|_| changed == 0 && state != State::Ok)?;
    Some(Finding::new(state, format!("none of {total} changed, limit {range}")))
}

/// Starts the first line with the number of changes where other faults stand beside them.
fn count_on_the_first_line(findings: &mut [Finding], changed: usize, total: usize) {
    let worst = findings.iter().map(|finding| finding.state).max().unwrap_or(State::Ok);
    if let Some(first) = findings.iter_mut().find(|finding| finding.state == worst) {
        *first = first.clone().brief(format!("{changed} of {total} changed: {}", first.text));
    }
}

/// Tells what is known before the name is looked up: a run that is stopped there says it.
pub(crate) fn tell(rules: &Rules, observed: &Observations, progress: &Progress) {
    let changes: Vec<Option<String>> =
        observed.files.iter().map(|file| file.change(rules.strictness.exact)).collect();
    let metric = Metric::count("changed", changed(observed, &changes)).thresholds(rules.changed.clone());
    progress.expect(total(observed), "compared");
    let name = observed.name.iter().flat_map(|seen| name::judge(seen, &observed.facts, metric.state()));
    name.filter(|finding| finding.state != State::Ok).take(1).for_each(|finding| progress.add(finding));
    for (file, change) in worst_first(&observed.files, &changes) {
        let state = (!is_told_by_the_name(observed, file)).then_some(metric.state());
        let findings = file.judge(rules.strictness, change.as_deref(), &observed.facts, state);
        match findings.into_iter().find(|finding| finding.state != State::Ok) {
            Some(fault) => progress.add(fault),
            None => progress.count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Expected, HOSTS, RESOLVER};
    use crate::facts::{Facts, Platform};
    use crate::file::Checked;
    use crate::found::{Bits, Found, Status, What};
    use crate::name::{Entry, NameSeen};

    const NOW: i64 = 1_795_651_200;
    const IMMUTABLE: Bits = Bits { immutable: true, append_only: false };
    const NTP: &str = "/etc/ntp.conf";

    fn found(what: What) -> Found {
        let status =
            Status { mode: 0o644, changed: NOW - 7200, bits: Some(Bits::default()), ..Status::default() };
        let status = (!matches!(what, What::Missing | What::Dangling | What::Loop)).then_some(status);
        Found { what, status, folder_bits: Some(Bits::default()), ..Found::default() }
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
        let lost = |kernel: &str| Observations { reference: None, ..named(kernel, "", vec![]) };
        let without_file = |kernel: &str| {
            let mut lost = lost(kernel);
            lost.name.iter_mut().for_each(|name| name.file = found(What::Missing));
            lost
        };
        let text = "OK - proxy7 as given, not checked for the next boot: no /etc/hostname";
        assert_eq!(line(&rules(), &without_file("proxy7")), text);
        let note = "\nnote: there is no /etc/hostname: the name after the next boot was not checked\n";
        let text = output(&rules(), &without_file("vz2542"));
        assert!(text.starts_with("HOST_FILES CRITICAL - the name is vz2542, not proxy7 | "), "{text}");
        assert!(text.ends_with(note), "{text}");
        let empty = "CRITICAL - /etc/hostname is empty: no name after the next boot: ";
        assert!(line(&rules(), &lost("proxy7")).starts_with(empty), "{}", line(&rules(), &lost("proxy7")));
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
    fn what_is_known_before_the_look_up_is_told() {
        let told = |rules: &Rules, observed: &Observations| {
            let progress = Progress::default();
            tell(rules, observed, &progress);
            progress.to_string()
        };
        let lost = checked("/etc/b", "a\n", What::Missing);
        let renamed = named("vz2542", "vz2542\n", vec![file(NTP, "", ""), lost.clone()]);
        assert!(
            told(&rules(), &renamed).starts_with("partial: 3 of 3 compared, "),
            "{}",
            told(&rules(), &renamed)
        );
        let fine = named("proxy7", "proxy7\n", vec![file(NTP, "", ""), lost]);
        assert_eq!(told(&rules(), &fine), "partial: 2 of 3 compared, /etc/b is missing");
        let allowed = Rules {
            changed: Thresholds { warning: None, critical: Some("1".parse().unwrap()) },
            ..Rules::default()
        };
        assert_eq!(told(&allowed, &fine), "partial: 2 of 3 compared");
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
        for (warning, critical) in
            [(None, Some("1:")), (None, Some("5:10")), (None, Some("@0")), (Some("1:"), None)]
        {
            let read = |range: Option<&str>| range.map(|range| range.parse().unwrap());
            let thresholds = Thresholds { warning: read(warning), critical: read(critical) };
            let rules = Rules::new(&thresholds, Strictness::default(), Immutable::Warn);
            let range = critical.or(warning).unwrap();
            let word = if critical.is_some() { "CRITICAL" } else { "WARNING" };
            let same = || vec![file(NTP, "", ""), file(HOSTS, "", "")];
            let text = format!("{word} - none of 2 changed, limit {range}");
            assert_eq!(line(&rules, &observed(same())), text);
            // The large file may be changed, so no alarm is certain.
            let unread = vec![checked(NTP, "", What::TooLarge), file(HOSTS, "", "")];
            let text = if range == "5:10" {
                "CRITICAL - none of 2 changed, limit 5:10, and /etc/ntp.conf is larger than 1 MiB"
            } else {
                "UNKNOWN - /etc/ntp.conf is larger than 1 MiB"
            };
            assert_eq!(line(&rules, &observed(unread)), text);
            let text = if range == "5:10" {
                "CRITICAL - /etc/ntp.conf is missing"
            } else {
                "OK - 1 of 2 changed, as allowed: /etc/ntp.conf is missing"
            };
            assert_eq!(line(&rules, &lost()), text);
        }
        // A file that differs, and whose copy has a fault, is one change.
        let one = Thresholds { warning: None, critical: "@1:1".parse().ok() };
        let both = file(RESOLVER, "nameserver ::1\nsearch a\r\n", "nameserver ::2\nsearch a\n");
        let text = line(&Rules::new(&one, Strictness::default(), Immutable::Warn), &observed(vec![both]));
        assert!(text.starts_with("CRITICAL - /etc/resolv.conf: nameserver ::2, not ::1"), "{text}");
        let nothing = observed(vec![checked(NTP, "", What::Missing)]);
        let data = " | changed=1;;0;0;1 immutable=U;;;0 unreadable=0;;;0 age_of_change=U;;;0\n";
        assert!(output(&rules(), &nothing).ends_with(data));
    }
}
