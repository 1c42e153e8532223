//! What a check found, and how several findings become one report: the worst first, in one place for every
//! plugin.
//!
//! A [`Finding`] answers one question: is this target, channel or address as it should be? A plugin collects
//! them in any order; [`Findings::report`] sorts them, writes the first line and adds a line for each. A
//! plugin decides what is a fault and how to say it, and nothing else about the first line.

use std::cmp::Reverse;

use crate::metric::NO_REASON;
use crate::{Metric, Report, State};

/// How many characters one text should take on the first line, so that with the name and the state it stays
/// below 80.
const ONE: usize = 56;
/// How many characters several texts may take together: pagers show about 108 with the name and the state.
const SEVERAL: usize = 84;
/// How many characters [`room_after`] leaves at least: an IPv6 address or two IPv4 ones.
const LEAST_ROOM: usize = 32;

/// Returns how many characters of the first line are left for names or addresses after `head`.
pub fn room_after(head: &str) -> usize {
    ONE.saturating_sub(head.chars().count()).max(LEAST_ROOM)
}

/// Returns whether a text of several parts is short enough for the first line.
pub fn fits(text: &str) -> bool {
    text.chars().count() <= SEVERAL
}

/// The answer to one question of a check.
///
/// ```
/// use plugin::{Finding, Findings, Metric};
///
/// let findings = Findings::from_iter([
///     Finding::ok("").metric(Metric::count("lost_web1", 0)),
///     Finding::warning("web2 loses 22%").metric(Metric::count("lost_web2", 22)),
///     Finding::critical("web3 does not answer").detail("web3: no answer to 5 probes"),
/// ]);
/// let report = findings.of(3, "targets").report("3 targets answer");
/// assert_eq!(report.summary(), "2 of 3 targets: web3 does not answer, web2 loses 22%");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub state: State,
    /// Which thing, and what is wrong with it: for the first line. Empty where there is nothing to say.
    pub text: String,
    /// What stands there instead where several faults share that line.
    brief: Option<String>,
    /// Further lines, each with the verbosity from which on it shows.
    details: Vec<(u8, String)>,
    metrics: Vec<Metric>,
}

impl Finding {
    /// Creates a finding from its state and its text.
    pub fn new(state: State, text: impl Into<String>) -> Self {
        Self { state, text: text.into(), brief: None, details: Vec::new(), metrics: Vec::new() }
    }

    /// Creates a finding that something is as it should be.
    pub fn ok(text: impl Into<String>) -> Self {
        Self::new(State::Ok, text)
    }

    /// Creates a finding that something could not be checked.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self::new(State::Unknown, text)
    }

    /// Creates a finding that is a warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(State::Warning, text)
    }

    /// Creates a finding that is critical.
    pub fn critical(text: impl Into<String>) -> Self {
        Self::new(State::Critical, text)
    }

    /// Sets a shorter text for a first line that several faults share. The whole text then has a line below.
    pub fn brief(self, text: impl Into<String>) -> Self {
        Self { brief: Some(text.into()), ..self }
    }

    /// Adds a detail, which stands on a line of its own below the first one.
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push((0, text.into()));
        self
    }

    /// Adds a detail that shows from `-v` on.
    pub fn verbose_detail(mut self, text: impl Into<String>) -> Self {
        self.details.push((1, text.into()));
        self
    }

    /// Adds several details.
    pub fn details(self, texts: impl IntoIterator<Item = String>) -> Self {
        texts.into_iter().fold(self, Self::detail)
    }

    /// Adds several details that show from `-v` on.
    pub fn verbose_details(self, texts: impl IntoIterator<Item = String>) -> Self {
        texts.into_iter().fold(self, Self::verbose_detail)
    }

    /// Adds a metric, which does not change the state.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }
}

impl Finding {
    /// Says of a fault without a text which of its metrics is outside of its range: a first line without any
    /// reason helps no administrator.
    fn give_reason(&mut self) {
        if self.state != State::Ok && self.text.is_empty() {
            let fault = self.metrics.iter().filter(|metric| metric.state() == self.state);
            let reason = fault.filter_map(Metric::reason).next();
            self.text = reason.unwrap_or_else(|| NO_REASON.to_owned());
        }
    }
}

/// All findings of one run.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    counted: Option<(usize, &'static str)>,
    remark: String,
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self { all: findings.into_iter().collect(), ..Self::default() }
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.all.extend(findings);
    }
}

impl Findings {
    /// Starts the first line with the number of faults out of `total`: `3 of 38 targets: `. `noun` is in the
    /// plural.
    pub fn of(self, total: usize, noun: &'static str) -> Self {
        Self { counted: Some((total, noun)), ..self }
    }

    /// Ends the first line with a remark that stands there whatever is left out.
    pub fn remark(self, text: impl Into<String>) -> Self {
        Self { remark: text.into(), ..self }
    }

    /// Returns the worst state: UNKNOWN where there is no finding.
    pub fn state(&self) -> State {
        self.all.iter().map(|finding| finding.state).max().unwrap_or(State::Unknown)
    }

    /// Makes the report. Its first line says the faults, the worst first, as many as there is room for, or
    /// `all_well` where there is none. Where several findings have a text, each has a line below; the details
    /// of a finding follow its line. The metrics keep the order in which the findings were collected.
    pub fn report(mut self, all_well: impl Into<String>) -> Report {
        self.all.iter_mut().for_each(Finding::give_reason);
        let metrics: Vec<Metric> =
            self.all.iter_mut().flat_map(|finding| std::mem::take(&mut finding.metrics)).collect();
        // The sort is stable: equally bad ones keep their order.
        self.all.sort_by_key(|finding| Reverse(finding.state));
        let summary = if self.all.is_empty() {
            "nothing was checked".to_owned()
        } else {
            self.summary(all_well.into())
        };
        let lines = self.all.iter().filter(|finding| !finding.text.is_empty()).count() > 1;
        let mut report = Report::new(self.state(), summary);
        for Finding { state, text, details, .. } in self.all {
            if lines && !text.is_empty() {
                report = report.detail(format!("{state}: {text}"));
            }
            for (verbosity, line) in details {
                report = if verbosity == 0 { report.detail(line) } else { report.verbose_detail(line) };
            }
        }
        metrics.into_iter().fold(report, Report::metric)
    }

    fn summary(&self, all_well: String) -> String {
        let faults: Vec<&Finding> = self.all.iter().filter(|finding| finding.state != State::Ok).collect();
        let brief = |fault: &Finding| {
            fault.brief.clone().filter(|_| faults.len() > 1).unwrap_or_else(|| fault.text.clone())
        };
        let faults: Vec<String> = faults.iter().map(|fault| brief(fault)).collect();
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let text = match (faults.len(), self.counted) {
            (0, _) => all_well,
            (count, Some((total, noun))) => {
                let head = format!("{count} of {total} {noun}: ");
                let room = SEVERAL.saturating_sub(head.len());
                head + &join(&faults, ", ", room, |more| format!(" and {more} more"))
            }
            (_, None) => {
                let more = |more| format!(", {more} more fault{}", if more == 1 { "" } else { "s" });
                join(&faults, ", and ", SEVERAL, more)
            }
        };
        if self.remark.is_empty() { text } else { format!("{text} ({})", self.remark) }
    }
}

/// The texts, as many as fit into `room` characters, and how many `more` there are. At least the first one
/// stands there.
fn join(texts: &[&str], separator: &str, room: usize, more: impl Fn(usize) -> String) -> String {
    let mut joined = String::new();
    for (shown, text) in texts.iter().enumerate() {
        let left = texts.len() - shown - 1;
        let tail = if left == 0 { 0 } else { more(left).len() };
        let length = joined.chars().count() + separator.len() + text.chars().count() + tail;
        if shown > 0 && length > room {
            return joined + &more(left + 1);
        }
        joined = if shown == 0 { (*text).to_owned() } else { joined + separator + text };
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(findings: Findings) -> String {
        findings.report("all is well").render("X", 0)
    }

    #[test]
    fn one_fault_is_the_first_line() {
        let fault = Finding::warning("eth1 is slow").detail("eth1: 10 Mbit/s").verbose_detail("by ethtool");
        let findings: Findings = [Finding::ok("").detail("note: eth0 is new"), fault].into_iter().collect();
        assert_eq!(
            output(findings.clone()),
            "X WARNING - eth1 is slow\neth1: 10 Mbit/s\nnote: eth0 is new\n"
        );
        let verbose = findings.remark("up for 4 s").report("").render("X", 1);
        assert_eq!(
            verbose,
            "X WARNING - eth1 is slow (up for 4 s)\neth1: 10 Mbit/s\nby ethtool\nnote: eth0 is new\n"
        );
    }

    #[test]
    fn without_a_fault_all_is_well() {
        let rows = [
            (vec![], "X UNKNOWN - nothing was checked\n"),
            (vec![Finding::ok("")], "X OK - all is well\n"),
            (vec![Finding::ok("a runs")], "X OK - all is well\n"),
            (
                vec![Finding::ok("a runs"), Finding::ok("b runs")],
                "X OK - all is well\nOK: a runs\nOK: b runs\n",
            ),
        ];
        for (findings, expected) in rows {
            assert_eq!(output(findings.into_iter().collect()), expected);
        }
    }

    #[test]
    fn the_worst_stands_first_and_the_metrics_keep_their_order() {
        let mut findings = Findings::from_iter([
            Finding::ok("a runs").metric(Metric::count("a", 1)),
            Finding::warning("b is late").metric(Metric::count("b", 2)).detail("b: 3 s"),
        ]);
        findings.extend([
            Finding::critical("c is down").metric(Metric::count("c", 3)),
            Finding::unknown("d is mute"),
        ]);
        assert_eq!(findings.state(), State::Critical);
        let expected = "X CRITICAL - c is down, and b is late, and d is mute | a=1;;;0 b=2;;;0 c=3;;;0\n\
                        CRITICAL: c is down\nWARNING: b is late\nb: 3 s\nUNKNOWN: d is mute\nOK: a runs\n";
        assert_eq!(output(findings), expected);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let fault = |number: usize| Finding::critical(format!("server-{number} does not answer"));
        let first =
            |count: usize| output((1..=count).map(fault).collect()).lines().next().unwrap().to_owned();
        assert_eq!(first(2), "X CRITICAL - server-1 does not answer, and server-2 does not answer");
        assert_eq!(
            first(3).matches("server").count(),
            3,
            "the last one fits where nothing has to be counted"
        );
        assert_eq!(
            first(4),
            "X CRITICAL - server-1 does not answer, and server-2 does not answer, 2 more faults"
        );
        let long = Findings::from_iter([Finding::critical("x".repeat(100)), fault(1)]);
        assert_eq!(
            output(long).lines().next().unwrap(),
            format!("X CRITICAL - {}, 1 more fault", "x".repeat(100))
        );
    }

    #[test]
    fn faults_may_be_counted_out_of_all() {
        let targets = |total: usize| {
            let ok = (3..total).map(|_| Finding::ok(""));
            let faults = [
                ("proxy7 loses 22% (usual 0.4%)", State::Warning),
                ("proxy9 does not answer", State::Critical),
                ("proxy1 is slow", State::Warning),
            ];
            ok.chain(faults.map(|(text, state)| Finding::new(state, text)))
                .collect::<Findings>()
                .of(total, "targets")
        };
        let first = output(targets(38)).lines().next().unwrap().to_owned();
        assert_eq!(
            first,
            "X CRITICAL - 3 of 38 targets: proxy9 does not answer, proxy7 loses 22% (usual 0.4%) and 1 more"
        );
        let brief = |name: &str| {
            Finding::warning(format!("{name} is slow since 14:05")).brief(format!("{name} is slow"))
        };
        let two = output(Findings::from_iter([brief("a"), brief("b")]).of(3, "targets"));
        assert_eq!(
            two,
            "X WARNING - 2 of 3 targets: a is slow, b is slow\nWARNING: a is slow since 14:05\nWARNING: b is slow since 14:05\n"
        );
        assert_eq!(
            output(Findings::from_iter([brief("a"), Finding::ok("")])),
            "X WARNING - a is slow since 14:05\n"
        );
        let all_well = Findings::from_iter([Finding::ok("")]).of(1, "targets");
        assert_eq!(output(all_well), "X OK - all is well\n");
    }

    #[test]
    fn addresses_have_room_whatever_stands_before_them() {
        assert_eq!(room_after("1 of 1: "), 48);
        assert!(fits(&"ü".repeat(SEVERAL)) && !fits(&"x".repeat(SEVERAL + 1)));
        assert_eq!(room_after(&"x".repeat(90)), LEAST_ROOM);
    }

    #[test]
    fn no_fault_is_without_a_reason() {
        let thresholds =
            |critical: &str| crate::Thresholds { warning: None, critical: critical.parse().ok() };
        let metric = |critical| Metric::count("missing", 0).thresholds(thresholds(critical));
        let rows = [
            (Finding::critical("").metric(metric("@0")), "missing is 0, limit @0"),
            (Finding::critical("").metric(metric("1:")), "missing is 0, limit 1:"),
            (Finding::critical("").metric(metric("5")), NO_REASON),
            (Finding::unknown(""), NO_REASON),
            (Finding::critical("web1 is down").metric(metric("@0")), "web1 is down"),
        ];
        for (finding, expected) in rows {
            assert_eq!(Findings::from_iter([finding]).report("fine").summary(), expected);
        }
        let bare = Report::new(State::Critical, "").metric(metric("@0"));
        assert_eq!(bare.render("X", 0), "X CRITICAL - missing is 0, limit @0 | missing=0;;@0;0\n");
        assert_eq!(Report::new(State::Warning, " ").render("X", 0), format!("X WARNING - {NO_REASON}\n"));
    }
}
