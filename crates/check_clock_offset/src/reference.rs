//! The NTP servers in words: who agrees, who does not, and why there is no time to compare with.

use std::cmp::Reverse;

use plugin::{Finding, Range, State};

use crate::ntp::{Consensus, Disagreement, NtpError, Sample, Verdict};
use crate::words;

/// How many causes, and how many servers of each, a first line names.
const SHOWN: usize = 2;

/// What an offset is measured against, and what is with the others: `2 of 4 NTP servers` and `, 1 gave no
/// time, falseticker 192.0.2.9`.
pub(crate) fn servers(reference: &Consensus, samples: &[Sample]) -> (String, String) {
    let agreeing = reference.agreeing();
    let servers = match samples {
        [only] if only.is_own => format!("its own NTP server {}", only.name),
        [only] => format!("NTP server {}", only.name),
        all if agreeing == all.len() => format!("{agreeing} NTP servers"),
        all => format!("{agreeing} of {} NTP servers", all.len()),
    };
    let silent = gave_none(samples);
    let verdicts = samples.iter().zip(&reference.verdicts);
    let falsetickers = verdicts.filter(|(_, verdict)| matches!(verdict, Verdict::Falseticker(_)));
    let names: Vec<&str> = falsetickers.map(|(sample, _)| sample.name.as_str()).collect();
    let falsetickers = match names.as_slice() {
        [] => String::new(),
        [one] => format!(", falseticker {one}"),
        [first, rest @ ..] => format!(", falsetickers {first} and {} more", rest.len()),
    };
    (servers, silent + &falsetickers)
}

/// How many servers gave no time: `, 1 gave no time`.
fn gave_none(samples: &[Sample]) -> String {
    match samples.iter().filter(|sample| sample.result.is_err()).count() {
        0 => String::new(),
        silent => format!(", {silent} gave no time"),
    }
}

/// Which servers gave no time and why, each cause once and what concerns most of them first: `192.0.2.1 and
/// 192.0.2.2 no answer, 192.0.2.3 not synchronised (leap 3, stratum 0)`.
fn causes(samples: &[Sample]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, why) in
        samples.iter().filter_map(|sample| Some((&*sample.name, sample.result.as_ref().err()?)))
    {
        let words = why.to_string();
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(name),
            // The resolver's words have the name.
            None if matches!(why, NtpError::Unresolved { .. }) => groups.push((words, vec![""])),
            None => groups.push((words, vec![name])),
        }
    }
    groups.sort_by_key(|(_, names)| Reverse(names.len()));
    let words = groups.iter().take(SHOWN).map(|(why, names)| match names.as_slice() {
        [""] | [] => why.clone(),
        [one] => format!("{one} {why}"),
        [one, other] => format!("{one} and {other} {why}"),
        [one, rest @ ..] => format!("{one} and {} more {why}", rest.len()),
    });
    let words = words.collect::<Vec<_>>().join(", ");
    match groups.iter().skip(SHOWN).map(|(_, names)| names.len()).sum::<usize>() {
        0 => words,
        more => format!("{words}, {more} with other causes"),
    }
}

/// The finding that the servers give no time to compare with; silence is reported as `silent`.
pub(crate) fn missing(disagreement: &Disagreement, samples: &[Sample], silent: State) -> Finding {
    let is_silent = |sample: &Sample| sample.result.as_ref().is_err_and(NtpError::is_silence);
    let state = if samples.iter().all(is_silent) { silent } else { State::Unknown };
    match (disagreement, samples) {
        (Disagreement::NoMajority(apart), samples) => {
            let usable = samples.iter().filter(|sample| sample.result.is_ok()).count();
            Finding::unknown(format!(
                "no majority among {usable} NTP servers, {} apart{}",
                words::seconds(*apart, 0.1),
                gave_none(samples)
            ))
        }
        (Disagreement::NoneUsable, [only]) => {
            let why = only.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
            Finding::new(state, format!("NTP server {}: {why}", only.name))
        }
        (Disagreement::NoneUsable, samples) => {
            let (count, causes) = (samples.len(), causes(samples));
            Finding::new(state, format!("none of {count} NTP servers gives a time: {causes}"))
        }
    }
}

/// The details about each server: those that agree show from `-v` on. A single one that gives no time is the
/// first line's.
pub(crate) fn details(samples: &[Sample], reference: Option<&Consensus>) -> Finding {
    samples.iter().enumerate().fold(Finding::ok(""), |finding, (place, sample)| {
        let verdict = reference.and_then(|reference| reference.verdicts.get(place));
        let name = &sample.name;
        match (&sample.result, verdict) {
            (Err(_), _) if samples.len() == 1 => finding,
            (Err(why), _) => finding.detail(format!("NTP server {name}: {why}")),
            (Ok(good), Some(Verdict::Falseticker(by))) => {
                let way = if *by > 0.0 { "ahead of" } else { "behind" };
                let by = words::seconds(*by, good.offset.half_width());
                finding.detail(format!("NTP server {name}: falseticker, {by} {way} the majority"))
            }
            (Ok(good), verdict) => {
                let (ahead, within) = (good.offset.middle(), words::bound(good.offset.half_width()));
                let line =
                    format!("NTP server {name}: {ahead:+.6} s, within {within}, stratum {}", good.stratum);
                let note = format!("NTP server {name}: never set its clock, by its reference timestamp");
                let finding = if good.never_set { finding.detail(note) } else { finding };
                if verdict.is_some() { finding.verbose_detail(line) } else { finding.detail(line) }
            }
        }
    })
}

/// The finding that servers that agree have a stratum outside of `range`, if there is one.
pub(crate) fn stratum(range: &Range, samples: &[Sample], reference: &Consensus) -> Option<Finding> {
    let outside: Vec<(&str, u8)> =
        strata(samples, reference).filter(|(_, stratum)| range.alerts(f64::from(*stratum))).collect();
    let ((name, stratum), rest) = outside.split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let text = format!("stratum {stratum} of NTP server {name}{more}, allowed {}", range.in_words());
    Some(Finding::warning(text))
}

/// The stratum that is judged: that of the server which the finding names, else the highest of those that
/// agree.
pub(crate) fn told_stratum(range: &Range, samples: &[Sample], reference: &Consensus) -> Option<u8> {
    let outside = strata(samples, reference).find(|(_, stratum)| range.alerts(f64::from(*stratum)));
    let all = || strata(samples, reference).map(|(_, stratum)| stratum).max();
    outside.map(|(_, stratum)| stratum).or_else(all)
}

/// The names of the servers that agree, and their strata.
fn strata<'a>(samples: &'a [Sample], reference: &Consensus) -> impl Iterator<Item = (&'a str, u8)> {
    let agrees = samples.iter().zip(&reference.verdicts).filter(|(_, verdict)| **verdict == Verdict::Agrees);
    agrees.filter_map(|(sample, _)| Some((sample.name.as_str(), sample.result.as_ref().ok()?.stratum)))
}
