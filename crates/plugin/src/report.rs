//! What a check found, and its rendering: one first line with all the performance data, then the details,
//! inside NRPE's limits.

use crate::metric::{Labels, NO_REASON};
use crate::text::clean_first_line;
use crate::{Metric, State, clean};

/// The most octets of the first line with its performance data: an NRPE v2 or v3 packet keeps 1,023 of the
/// whole output.
const FIRST_LINE: usize = 1_000;
/// The most octets of the whole output: an NRPE v4 packet keeps 65,504.
const WHOLE: usize = 60 * 1024;
/// What the summary keeps of the first line, in octets, however much performance data there is.
const SUMMARY: usize = 300;

/// The result of a check. Texts may hold anything: they are cleaned when it is rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The state of the service.
    pub state: State,
    summary: String,
    details: Vec<(u8, String)>,
    metrics: Vec<Metric>,
    bare: bool,
    room: usize,
}

impl Report {
    /// Its summary, as it was given.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// A report with its summary: what is wrong with which thing, how many of how many.
    pub fn new(state: State, summary: impl Into<String>) -> Self {
        Self {
            state,
            summary: summary.into(),
            details: Vec::new(),
            metrics: Vec::new(),
            bare: false,
            room: FIRST_LINE,
        }
    }

    /// Not the result of a check but lines to be used as they are, such as a list: OK, without name and
    /// state, and all of them.
    pub fn listing(lines: impl IntoIterator<Item = String>) -> Self {
        let details = lines.into_iter().map(|line| (0, line)).collect();
        Self { details, bare: true, ..Self::new(State::Ok, "") }
    }

    /// Replaces the summary.
    pub fn summarised(self, summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..self }
    }

    /// With a detail, which stands on a line of its own. Line ends in it become blanks: a text from outside
    /// must not make lines that read like ours.
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push((0, text.into()));
        self
    }

    /// With a detail that shows from `-v` on.
    pub fn verbose_detail(mut self, text: impl Into<String>) -> Self {
        self.details.push((1, text.into()));
        self
    }

    /// With a metric. It does not change the state: that is for `evaluate` to decide. Its label is made
    /// [distinct](Labels::distinct) where it is printed.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// The report of a run that ended because of `why` with this one as what is known until then: at least
    /// `state`.
    pub(crate) fn of_part(mut self, state: State, why: &str) -> Self {
        self.summary = match self.summary.as_str() {
            "" => why.to_owned(),
            known => format!("{why}, partial: {known}"),
        };
        self.state = self.state.max(state);
        self
    }

    /// The summary as the first line has it, whole.
    pub(crate) fn first_line_text(&self) -> String {
        let text = clean_first_line(&self.summary);
        if !text.is_empty() || self.bare || self.state == State::Ok {
            return text;
        }
        // What a metric tells is better than a line that says nothing.
        let fault = self.metrics.iter().find(|metric| metric.state() == self.state);
        let reason = fault.and_then(Metric::reason).map(|reason| clean_first_line(&reason));
        reason.unwrap_or_else(|| NO_REASON.to_owned())
    }

    /// The metrics, each with a label of its own.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = Metric> {
        let mut labels = Labels::default();
        self.metrics.iter().map(move |metric| labels.distinct(metric.clone()))
    }

    /// The lines of the details that show with `verbosity`.
    pub(crate) fn lines(&self, verbosity: u8) -> impl Iterator<Item = String> {
        let shown = self.details.iter().filter(move |(level, _)| *level <= verbosity);
        shown.map(|(_, text)| clean(text)).filter(|line| !line.is_empty())
    }

    /// Whether it is lines to be used as they are.
    pub(crate) fn is_listing(&self) -> bool {
        self.bare
    }

    /// Whether it is a list of nothing, for which nothing is printed.
    pub(crate) fn is_silent(&self) -> bool {
        self.bare && self.details.is_empty()
    }

    /// With room for so many octets on the first line, in place of 1,000: for what a monitor runs itself, and
    /// never through NRPE.
    pub fn room(self, room: usize) -> Self {
        Self { room, ..self }
    }

    /// The output of the plugin `name`: `NAME STATE - summary | performance data`, then the details. Without
    /// `verbosity` the first line holds at most 1,000 octets and the whole at most 60 KiB; what is cut is
    /// counted.
    pub fn render(&self, name: &str, verbosity: u8) -> String {
        if self.bare {
            let mut output = String::new();
            append(&mut output, self.details.iter().map(|(_, text)| text.as_str()), usize::MAX);
            return output;
        }
        let unlimited = verbosity > 0;
        let (first_line, whole) = if unlimited { (usize::MAX, usize::MAX) } else { (self.room, WHOLE) };
        let head = format!("{name} {}", self.state);
        let mut metrics: Vec<String> = self.metrics().map(|metric| metric.to_string()).collect();
        let summary = self.first_line_text();
        let room = first_line.saturating_sub(head.len() + " - ".len() + summary.len().min(SUMMARY));
        let left_out = keep(&mut metrics, room);
        let data = if metrics.is_empty() { String::new() } else { format!(" | {}", metrics.join(" ")) };
        let summary = cut(&summary, first_line.saturating_sub(head.len() + " - ".len() + data.len()));
        let dash = if summary.is_empty() { "" } else { " - " };
        let mut output = format!("{head}{dash}{summary}{data}\n");
        let note = (left_out > 0).then(|| format!("and {left_out} more metrics, which -v shows"));
        let details =
            self.details.iter().filter(|(level, _)| *level <= verbosity).map(|(_, text)| text.as_str());
        append(&mut output, note.as_deref().into_iter().chain(details), whole);
        output
    }
}

/// Drops metrics from the end until the rest, joined by blanks after a `" | "`, fits into `room`. Returns how
/// many it dropped.
fn keep(metrics: &mut Vec<String>, room: usize) -> usize {
    let mut length = " |".len();
    let fitting = metrics.iter().take_while(|metric| {
        length += 1 + metric.len();
        length <= room
    });
    let fitting = fitting.count();
    let dropped = metrics.len() - fitting;
    metrics.truncate(fitting);
    dropped
}

/// `text` if it fits into `room` octets, else its start and the number of characters that were cut.
fn cut(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let tail = |cut: usize| format!("... and {cut} more characters");
    let end = text.floor_char_boundary(room.saturating_sub(tail(text.len()).len()));
    let (kept, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    format!("{kept}{}", tail(rest.chars().count()))
}

/// Appends the details line by line, up to `whole` octets in all, and counts what does not fit.
fn append<'a>(output: &mut String, details: impl Iterator<Item = &'a str>, whole: usize) {
    let lines = details.map(clean).filter(|line| !line.is_empty());
    let tail = "and 18446744073709551615 more lines\n".len();
    let mut missed = 0_usize;
    for line in lines {
        if missed > 0 || output.len() + line.len() + 1 + tail > whole {
            missed += 1;
            continue;
        }
        output.push_str(&line);
        output.push('\n');
    }
    if missed > 0 {
        output.push_str(&format!("and {missed} more lines\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_summary_data_and_details() {
        let report = Report::new(State::Critical, "2 of 40 addresses missing")
            .metric(Metric::count("missing", 2).max(40.0))
            .metric(Metric::count("bound", 57))
            .detail("192.0.2.22: not bound")
            .detail(" \n")
            .detail("192.0.2.31: not bound")
            .verbose_detail("from /etc/ips");
        let first = "IP_BOUND CRITICAL - 2 of 40 addresses missing | missing=2;;;0;40 bound=57;;;0\n";
        let details = "192.0.2.22: not bound\n192.0.2.31: not bound\n";
        assert_eq!(report.render("IP_BOUND", 0), format!("{first}{details}"));
        assert_eq!(report.render("IP_BOUND", 1), format!("{first}{details}from /etc/ips\n"));
    }

    #[test]
    fn a_first_line_may_have_more_room() {
        let report = (0..200).fold(Report::new(State::Ok, "fine").room(8_000), |report, number| {
            report.metric(Metric::count(format!("a_label_of_some_length_{number:03}"), number))
        });
        let output = report.render("X", 0);
        assert!(output.lines().next().unwrap().len() > 6_000 && output.lines().count() == 1, "{output}");
    }

    #[test]
    fn a_listing_is_bare_and_whole() {
        let lines = (0..20_000).map(|number| format!("192.0.2.1 # line|{number}\n"));
        let output = Report::listing(lines).render("X", 0);
        assert_eq!(output.lines().count(), 20_000);
        assert!(output.starts_with("192.0.2.1 # line/0\n192.0.2.1 # line/1\n"));
    }

    #[test]
    fn nothing_from_outside_breaks_the_lines() {
        let report = Report::new(State::Unknown, "a|b\nc\u{0}").detail("x|y=1\r\u{1b}[2J\n|\u{7}");
        assert_eq!(report.render("X", 0), "X UNKNOWN - a/b c\nx/y=1  [2J /\n");
        assert_eq!(Report::new(State::Ok, " \n ").render("X", 0), "X OK\n");
    }

    #[test]
    fn the_first_line_fits_and_counts_what_is_cut() {
        let long = Report::new(State::Ok, "ü".repeat(2_000)).metric(Metric::count("a", 1));
        let output = long.render("X", 0);
        assert!(output.len() <= FIRST_LINE + 1, "{}", output.len());
        assert!(output.contains(" more characters | a=1;;;0\n"), "{output}");
        let shown = output.matches('ü').count();
        assert!(output.contains(&format!("... and {} more characters", 2_000 - shown)));

        let many = (0..100).fold(Report::new(State::Ok, "fine"), |report, number| {
            report.metric(Metric::count(format!("a_rather_long_label_{number}"), number))
        });
        let output = many.render("X", 0);
        let (first, rest) = output.split_once('\n').unwrap();
        assert!(first.len() <= FIRST_LINE, "{}", first.len());
        let shown = first.matches("a_rather_long_label_").count();
        assert!(shown > 20, "{shown}");
        assert_eq!(rest, format!("and {} more metrics, which -v shows\n", 100 - shown));
        assert_eq!(many.render("X", 1).matches("a_rather_long_label_").count(), 100);
    }

    #[test]
    fn a_long_summary_leaves_room_for_the_data() {
        let both = (0..60).fold(Report::new(State::Ok, "s".repeat(900)), |report, number| {
            report.metric(Metric::count(format!("label_{number}"), number))
        });
        let first = both.render("X", 0).lines().next().unwrap().to_owned();
        assert!(first.len() <= FIRST_LINE, "{}", first.len());
        assert!(first.matches('s').count() > 250 && first.contains("| label_0=0;;;0 label_1=1"), "{first}");
    }

    #[test]
    fn the_whole_fits_and_counts_what_is_cut() {
        let report = (0..10_000)
            .fold(Report::new(State::Critical, "many"), |report, n| report.detail(format!("detail {n}")));
        let output = report.render("X", 0);
        assert!(output.len() <= WHOLE && output.len() > WHOLE - 100, "{}", output.len());
        let shown = output.matches("detail ").count();
        assert!(output.ends_with(&format!("\nand {} more lines\n", 10_000 - shown)));
        assert_eq!(report.render("X", 1).matches("detail ").count(), 10_000);
    }
}
