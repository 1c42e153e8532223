//! The NTP servers in words: who agrees, who does not, and why there is no time to compare with.

use std::cmp::Reverse;

use plugin::{Finding, Range, State};

use crate::ntp::{Consensus, Disagreement, NtpError, Sample, Verdict, minority, voters};
use crate::words;

/// How many causes, and how many servers of each, a first line names.
const SHOWN: usize = 2;

/// What an offset is measured against, and what is with the others: `2 of 4 NTP servers` and `, 1 gave no
/// time, falseticker 192.0.2.9`. After [`few`] the others are told already.
pub(crate) fn servers(reference: &Consensus, samples: &[Sample], is_told: bool) -> (String, String) {
    let agreeing = reference.agreeing();
    let mut agree =
        samples.iter().zip(&reference.verdicts).filter(|(_, verdict)| **verdict == Verdict::Agrees);
    let servers = match voters(samples).as_slice() {
        [only] if only.is_own => format!("its own NTP server {}", only.name),
        [only] => format!("NTP server {}", only.name),
        all if agreeing == all.len() => format!("{agreeing} NTP servers"),
        _ if is_told && agreeing == 1 => {
            agree.next().map(|(sample, _)| format!("NTP server {}", sample.name)).unwrap_or_default()
        }
        all => format!("{agreeing} of {} NTP servers", all.len()),
    };
    let silent = if is_told { String::new() } else { gave_none(samples) };
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

/// The words that fewer than half of the servers gave a time: `only 1 of 3 NTP servers gave a time`. `None`
/// if at least half of them did.
pub(crate) fn few(samples: &[Sample]) -> Option<String> {
    let (usable, asked) = minority(samples).filter(|(usable, _)| *usable > 0)?;
    Some(format!("only {usable} of {asked} NTP servers gave a time"))
}

/// How many servers gave no time: `, 1 gave no time`.
fn gave_none(samples: &[Sample]) -> String {
    match voters(samples).iter().filter(|sample| sample.result.is_err()).count() {
        0 => String::new(),
        silent => format!(", {silent} gave no time"),
    }
}

/// Servers that gave no time for one cause.
struct Group<'a> {
    why: String,
    names: Vec<&'a str>,
    /// What the resolver says of the first one, which has its name.
    resolver: Option<&'a str>,
}

impl Group<'_> {
    fn words(&self) -> String {
        let (why, count) = (&self.why, self.names.len());
        let names = match self.names.as_slice() {
            [] => String::new(),
            [one] => one.to_string(),
            [one, other] => format!("{one} and {other}"),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        };
        match self.resolver {
            Some(told) if count < 2 => told.to_owned(),
            Some(_) => format!("{count} names unresolved ({why}): {names}"),
            None => format!("{names} {why}"),
        }
    }
}

/// Which servers gave no time and why, each cause once and what concerns most of them first: `192.0.2.1 and
/// 192.0.2.2 no answer, 192.0.2.3 not synchronised (leap 3, stratum 0)`.
fn causes(samples: &[&Sample]) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for sample in samples.iter().copied() {
        let Err(why) = &sample.result else { continue };
        let resolver = match why {
            NtpError::Unresolved { why, .. } | NtpError::ThisMachine(why) => Some(why.as_str()),
            _ => None,
        };
        let why = resolver.map_or_else(|| why.to_string(), |told| without_name(told).to_owned());
        let is_same =
            |group: &&mut Group<'_>| group.why == why && group.resolver.is_some() == resolver.is_some();
        match groups.iter_mut().find(is_same) {
            Some(group) => group.names.push(&sample.name),
            None => groups.push(Group { why, names: vec![&sample.name], resolver }),
        }
    }
    groups.sort_by_key(|group| Reverse(group.names.len()));
    let words = groups.iter().take(SHOWN).map(Group::words).collect::<Vec<_>>().join(", ");
    match groups.iter().skip(SHOWN).map(|group| group.names.len()).sum::<usize>() {
        0 => words,
        more => format!("{words}, {more} with other causes"),
    }
}

/// What the resolver says of a name, without the name and what to do.
fn without_name(told: &str) -> &str {
    let why = told.strip_prefix("resolving ").and_then(|rest| rest.split_once(": "));
    let why = why.map_or(told, |(_, why)| why);
    why.split_once(": see ").or_else(|| why.split_once(", see ")).map_or(why, |(why, _)| why)
}

/// The finding that the servers give no time to compare with; silence is reported as `silent`.
pub(crate) fn missing(disagreement: &Disagreement, samples: &[Sample], silent: State) -> Finding {
    let is_silent = |sample: &&Sample| sample.result.as_ref().is_err_and(NtpError::is_silence);
    let voters = voters(samples);
    let state = if voters.iter().all(is_silent) { silent } else { State::Unknown };
    match (disagreement, voters.as_slice()) {
        (Disagreement::NoMajority(apart), _) => {
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
        (Disagreement::NoneUsable, voters) => {
            let (count, causes) = (voters.len(), causes(voters));
            Finding::new(state, format!("none of {count} NTP servers gives a time: {causes}"))
        }
    }
}

/// The details about each server: those that agree show from `-v` on. A single one that gives no time is the
/// first line's.
pub(crate) fn details(samples: &[Sample], reference: Option<&Consensus>) -> Finding {
    let voters = voters(samples);
    let is_told = |sample: &Sample| matches!(voters.as_slice(), [only] if *only == sample);
    samples.iter().enumerate().fold(Finding::ok(""), |finding, (place, sample)| {
        let verdict = reference.and_then(|reference| reference.verdicts.get(place));
        let name = &sample.name;
        match (&sample.result, verdict) {
            (Err(_), _) if is_told(sample) => finding,
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
