//! What is said where nothing is wrong, the metrics, and what -v shows.

use std::collections::BTreeSet;

use plugin::{Finding, Metric, Unit};

use crate::compare::{Expected, HOSTNAME};
use crate::facts::Facts;
use crate::file::Checked;
use crate::name::NameSeen;
use crate::{Observations, immutable};

/// Returns the first line of a report without a fault. As many changed as are allowed are no fault, and not
/// left out.
pub(crate) fn all_well(
    observed: &Observations,
    changed: usize,
    total: usize,
    findings: &[Finding],
) -> String {
    if let Some(text) = findings.iter().map(|finding| &finding.text).find(|text| !text.is_empty()) {
        return format!("{changed} of {total} changed, as allowed: {text}");
    }
    let is_given = |file: &&Checked| matches!(file.expected, Ok(Expected::Resolver(..)));
    let copied: Vec<&Checked> = observed.files.iter().filter(|file| !is_given(file)).collect();
    let copied = match copied.as_slice() {
        [] => None,
        [file] => Some(file.path.clone()),
        files => Some(format!("{} files", files.len())),
    };
    let given = observed.files.iter().find(is_given).map(|file| file.path.clone());
    let name = observed.name.as_ref().map(|seen| seen.expected.clone());
    let (copied, given) = match (copied, given) {
        (None, given) => (None, name.into_iter().chain(given).collect::<Vec<_>>()),
        (Some(copied), given) => {
            let copied: Vec<String> = name.into_iter().chain([copied]).collect();
            (Some(copied.join(" and ")), given.into_iter().collect())
        }
    };
    let given = (!given.is_empty()).then(|| format!("{} as given", given.join(" and ")));
    let copied = copied.zip(observed.reference.as_ref());
    let copied = copied.map(|(copied, reference)| format!("{copied} as in {}", reference.display()));
    copied.into_iter().chain(given).collect::<Vec<_>>().join(", ")
}

/// Makes the finding with the metrics and with what -v shows.
pub(crate) fn remarks(observed: &Observations, changed: Metric) -> Finding {
    let files = &observed.files;
    let told = files.iter().filter_map(|file| file.found.status).any(|status| status.bits.is_some());
    let locked = files.iter().filter(|file| file.found.is_locked());
    let immutable =
        if told || locked.clone().next().is_some() { locked.clone().count() as f64 } else { f64::NAN };
    let unreadable = unreadable(observed);
    let youngest = files.iter().filter_map(|file| file.found.changed()).max();
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

/// Counts the files that could not be compared and the folders of the reference that could not be read.
/// Includes /etc/hostname if only the name needs it.
pub(crate) fn unreadable(observed: &Observations) -> usize {
    let files = &observed.files;
    let is_file = files.iter().any(|file| file.path == HOSTNAME && file.unknown().is_some());
    let name = observed.name.as_ref().filter(|_| !is_file).and_then(NameSeen::unknown);
    let unknown = files.iter().filter(|file| file.unknown().is_some()).count();
    unknown + usize::from(name.is_some()) + observed.unknown.len()
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
