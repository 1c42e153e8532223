//! `history.json`: ninety days of each component, and the outages. Its form is described by
//! history-1.schema.json.

use serde::Serialize;

use crate::ledger::{DAYS, Sums, day_status, uptime};
use crate::moment::{date, rfc3339};
use crate::status::Status;
use crate::view::{Shown, View, percent};

/// The version of its form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct History<'a> {
    version: u32,
    name: &'a str,
    url: &'a str,
    days: u64,
    components: Vec<Component<'a>>,
    incidents: Vec<Incident<'a>>,
}

#[derive(Serialize)]
struct Component<'a> {
    id: &'a str,
    name: &'a str,
    group: &'a str,
    uptime_percent: Option<f64>,
    days: Vec<Day>,
}

#[derive(Serialize)]
struct Day {
    date: String,
    status: Status,
    uptime_percent: Option<f64>,
}

#[derive(Serialize)]
struct Incident<'a> {
    id: String,
    component_id: &'a str,
    component: &'a str,
    status: Status,
    started_at: String,
    ended_at: Option<String>,
    seconds: Option<u64>,
    changes: u64,
}

/// Renders it. While nothing changes it is the same, so that it need not be written again.
///
/// # Errors
/// What serde_json says; it cannot happen for what is written here.
pub(crate) fn render(view: &View<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let groups = view.groups.iter();
    let components = groups.flat_map(|group| {
        let all = group.itself.iter().chain(&group.components);
        all.map(|shown| component(shown, &group.name))
    });
    let incidents = view.outages.iter().map(|shown| Incident {
        id: shown.outage.id(),
        component_id: &shown.outage.component,
        component: &shown.name,
        status: shown.outage.worst,
        started_at: rfc3339(shown.outage.start),
        ended_at: shown.outage.end.map(rfc3339),
        seconds: shown.outage.end.map(|_| shown.outage.duration()),
        changes: shown.outage.changes,
    });
    let history = History {
        version: VERSION,
        name: &view.config.title,
        url: &view.config.url,
        days: DAYS,
        components: components.collect(),
        incidents: incidents.collect(),
    };
    let mut text = serde_json::to_vec(&history)?;
    text.push(b'\n');
    Ok(text)
}

fn component<'a>(shown: &'a Shown, group: &'a str) -> Component<'a> {
    let day = |(day, sums): &(u64, Option<Sums>)| {
        let sums = sums.as_ref()?;
        Some(Day { date: date(*day), status: day_status(sums), uptime_percent: uptime([sums]).map(percent) })
    };
    Component {
        id: &shown.id,
        name: &shown.name,
        group,
        uptime_percent: shown.uptime.map(percent),
        days: shown.days.iter().filter_map(day).collect(),
    }
}
