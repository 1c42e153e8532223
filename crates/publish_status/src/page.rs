//! `index.html`, the fragment for another page, the badge and the feed: templates that are compiled in, with
//! escaping on.

use askama::Template;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::ledger::DAYS;
use crate::moment::{DAY, length, readable, rfc3339};
use crate::outage::Outage;
use crate::status::Status;
use crate::view::{Shown, View, percent};
use crate::words::counted;

/// What the page looks like.
const STYLE: &str = include_str!("../templates/style.css");
/// What turns a page grey that was not renewed in time.
const SCRIPT: &str = include_str!("../templates/stale.js");

/// The whole page.
#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    view: &'a View<'a>,
    policy: String,
    style: String,
    script: &'static str,
}

/// A line of state for a front page.
#[derive(Template)]
#[template(path = "fragment.html")]
struct Fragment<'a> {
    view: &'a View<'a>,
}

/// A small picture of the state.
#[derive(Template)]
#[template(path = "status.svg", escape = "html")]
struct Badge<'a> {
    view: &'a View<'a>,
    text: &'static str,
    colour: &'static str,
    width: usize,
}

/// The outages as news.
#[derive(Template)]
#[template(path = "feed.atom", escape = "html")]
struct Feed<'a> {
    view: &'a View<'a>,
    updated: u64,
}

/// Renders the page.
///
/// # Errors
/// What askama says; it cannot happen for what is written here.
pub(crate) fn index(view: &View<'_>) -> Result<String, askama::Error> {
    let style = format!("{STYLE}{}", view.config.style);
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source_hash(&style),
        source_hash(SCRIPT)
    );
    Index { view, policy, style, script: SCRIPT }.render()
}

/// Renders the fragment.
///
/// # Errors
/// See [`index`].
pub(crate) fn fragment(view: &View<'_>) -> Result<String, askama::Error> {
    Fragment { view }.render()
}

/// Renders the badge.
///
/// # Errors
/// See [`index`].
pub(crate) fn badge(view: &View<'_>) -> Result<String, askama::Error> {
    let (text, colour) = match view.indicator.status() {
        Status::Operational => ("operational", "#1a6b2d"),
        Status::Degraded => ("disturbed", "#7a4f00"),
        Status::Partial => ("outage", "#9a3b00"),
        Status::Major => ("major outage", "#a8071a"),
        Status::Maintenance => ("maintenance", "#0b4f8a"),
        Status::Unknown => ("unknown", "#595959"),
    };
    // Seven pixels a character of the font, and a margin.
    let width = text.len() * 7 + 16;
    Badge { view, text, colour, width }.render()
}

/// Renders the feed.
///
/// # Errors
/// See [`index`].
pub(crate) fn feed(view: &View<'_>) -> Result<String, askama::Error> {
    let first_day =
        view.shown().flat_map(|shown| &shown.days).find(|(_, sums)| sums.is_some()).map(|(day, _)| day * DAY);
    let notes = view.recent_notes().map(|note| note.updated(view.made));
    let changed = view.outages.iter().map(|shown| shown.outage.changed).chain(notes).max();
    Feed { view, updated: changed.or(first_day).unwrap_or(view.made) }.render()
}

/// The hash by which a Content-Security-Policy allows an inline style or script.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
}

impl Shown {
    /// Returns the uptime in words, with the number of days of which anything is known.
    fn uptime_text(&self) -> String {
        let observed = self.days.iter().filter(|(_, sums)| sums.is_some()).count();
        let known = |part| format!("{} % uptime in {}", percent(part), counted(observed, "day"));
        self.uptime.map_or_else(|| "No uptime known yet".to_owned(), known)
    }

    /// Returns what the bar of days shows, in words.
    fn bar_text(&self) -> String {
        let count = |wanted: Status| self.bar().filter(|status| *status == wanted).count();
        let parts = [
            (count(Status::Major), "with a major outage"),
            (count(Status::Partial), "with a partial outage"),
            (count(Status::Degraded), "degraded"),
            (count(Status::Maintenance), "of maintenance"),
            (count(Status::Unknown), "unknown"),
        ];
        let parts = parts.iter().filter(|(days, _)| *days > 0);
        let parts = parts.map(|(days, what)| format!("{} {what}", counted(*days, "day")));
        let parts: Vec<String> = parts.collect();
        let rest = if parts.is_empty() { "all operational".to_owned() } else { parts.join(", ") };
        format!("Last {DAYS} days: {rest}")
    }

    /// Returns a path for each state that occurs: a line over each run of days in it.
    fn paths(&self) -> Vec<(char, String)> {
        let bar: Vec<Status> = self.bar().collect();
        let path = |status: Status| {
            let mut path = String::new();
            let (mut day, mut drawn) = (0, 0);
            for run in bar.chunk_by(|a, b| a == b) {
                if run.first() == Some(&status) {
                    // From the end of the line before, which takes fewer characters than the day itself.
                    let start = match path.as_str() {
                        "" => format!("M{day} {}", height(status)),
                        _ => format!("m{} 0", day - drawn),
                    };
                    path += &format!("{start}h{}", run.len());
                    drawn = day + run.len();
                }
                day += run.len();
            }
            (status.letter(), path)
        };
        Status::ALL.into_iter().map(path).filter(|(_, path)| !path.is_empty()).collect()
    }
}

/// The middle of a line in the bar, so that lines of each width (see style.css) stand on the same ground.
fn height(status: Status) -> u8 {
    match status {
        Status::Operational => 18,
        Status::Degraded => 16,
        Status::Partial => 14,
        Status::Major => 12,
        Status::Maintenance => 20,
        Status::Unknown => 22,
    }
}

/// A number of seconds, however many references the templates put before it.
trait Seconds {
    fn seconds(&self) -> u64;
}

impl Seconds for u64 {
    fn seconds(&self) -> u64 {
        *self
    }
}

impl<T: Seconds> Seconds for &T {
    fn seconds(&self) -> u64 {
        (**self).seconds()
    }
}

fn iso(moment: impl Seconds) -> String {
    rfc3339(moment.seconds())
}

fn human(moment: impl Seconds) -> String {
    readable(moment.seconds())
}

/// Writes how long an outage was observed, as `6 min`, or as `6 min observed` where it has pauses.
fn observed(outage: &Outage) -> String {
    let is_whole = outage.end.is_none_or(|end| outage.duration() == end.saturating_sub(outage.start));
    let observed = length(outage.duration());
    if is_whole { observed } else { format!("{observed} observed") }
}
