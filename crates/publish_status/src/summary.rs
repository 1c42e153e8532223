//! `summary.json`, in the shape of Statuspage's public API v2, which readers and widgets know.

use crate::config::identifier;
use crate::moment::rfc3339;
use crate::notes::Note;
use crate::planned::Work;
use crate::status::Status;
use crate::view::{Shown, ShownGroup, ShownOutage, View};

mod shape;

use shape::{Affected, Component, Incident, Overall, Page, Summary, Update};

/// Renders it.
///
/// # Errors
/// What serde_json says; it cannot happen for what is written here.
pub(crate) fn render(view: &View<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let page_id = page_id(view);
    let made = rfc3339(view.made);
    let summary = Summary {
        page: Page {
            id: page_id.clone(),
            name: &view.config.title,
            url: &view.config.url,
            time_zone: "Etc/UTC",
            updated_at: made.clone(),
        },
        updated_at: made,
        expires_at: rfc3339(view.expires()),
        status: Overall { indicator: view.indicator.word(), description: view.description() },
        components: components(view, &page_id),
        incidents: incidents(view),
        scheduled_maintenances: maintenances(view),
    };
    let mut text = serde_json::to_vec_pretty(&summary)?;
    text.push(b'\n');
    Ok(text)
}

/// What is not over: outages, and incidents written by hand that are no planned work.
fn incidents<'a>(view: &'a View<'_>) -> Vec<Incident<'a>> {
    let notes =
        view.notes.iter().filter(|note| note.status != Status::Maintenance && note.is_running(view.made));
    let outages = view.own_outages().into_iter().filter(|shown| shown.outage.end.is_none());
    notes.map(|note| written(view, note)).chain(outages.map(|shown| incident(view, shown))).collect()
}

/// Planned work that is not over: downtimes, and what is written by hand.
fn maintenances<'a>(view: &'a View<'_>) -> Vec<Incident<'a>> {
    let notes =
        view.notes.iter().filter(|note| note.status == Status::Maintenance && !note.is_over(view.made));
    notes
        .map(|note| written(view, note))
        .chain(view.planned.iter().map(|work| maintenance(view, work)))
        .collect()
}

fn page_id(view: &View<'_>) -> String {
    identifier(&["page", &view.config.url])
}

fn components<'a>(view: &'a View<'_>, page_id: &str) -> Vec<Component<'a>> {
    let mut list: Vec<Component<'a>> = Vec::new();
    for ShownGroup { id, name, status, itself, components } in &view.groups {
        let members = components.iter().map(|component| component.id.as_str()).collect();
        let itself = itself.as_ref().map(|itself| component(view, itself, page_id));
        let group = itself.unwrap_or_else(|| bare(id, name, *status, page_id));
        list.push(Component { status: *status, group: true, components: Some(members), ..group });
        list.extend(
            components
                .iter()
                .map(|shown| Component { group_id: Some(id), ..component(view, shown, page_id) }),
        );
    }
    (1..).zip(&mut list).for_each(|(position, component)| component.position = position);
    list
}

fn bare<'a>(id: &'a str, name: &'a str, status: Status, page_id: &str) -> Component<'a> {
    Component {
        id,
        name,
        status,
        last_known_status: None,
        last_known_at: None,
        created_at: None,
        updated_at: None,
        position: 0,
        description: None,
        showcase: true,
        start_date: None,
        group_id: None,
        page_id: page_id.to_owned(),
        group: false,
        only_show_if_degraded: false,
        components: None,
    }
}

fn component<'a>(view: &View<'_>, shown: &'a Shown, page_id: &str) -> Component<'a> {
    let since = shown.by_hand.or(shown.known.map(|(_, since)| since)).map(rfc3339);
    // While the monitor is at fault, what was known is told beside the state, never as the state.
    let last = shown.known.filter(|_| view.fault.is_some());
    Component {
        last_known_status: last.map(|(status, _)| status),
        last_known_at: last.and(view.fault).map(rfc3339),
        created_at: since.clone(),
        updated_at: if last.is_some() { view.fault.map(rfc3339) } else { since },
        ..bare(&shown.id, &shown.name, shown.status, page_id)
    }
}

fn incident<'a>(view: &View<'_>, ShownOutage { name, outage }: &'a ShownOutage) -> Incident<'a> {
    Incident {
        id: outage.id(),
        name: format!("{name}: {}", outage.worst.text().to_lowercase()),
        status: "investigating",
        created_at: rfc3339(outage.start),
        updated_at: rfc3339(outage.changed),
        monitoring_at: None,
        resolved_at: outage.end.map(rfc3339),
        impact: if outage.worst == Status::Major { "major" } else { "minor" },
        shortlink: format!("{}#{}", view.config.url, outage.id()),
        started_at: rfc3339(outage.start),
        page_id: page_id(view),
        incident_updates: Vec::new(),
        components: vec![Affected { id: &outage.component, name }],
        scheduled_for: None,
        scheduled_until: None,
    }
}

fn maintenance<'a>(view: &View<'_>, work: &'a Work) -> Incident<'a> {
    let names = work.names();
    let id = identifier(&["work", &names, &work.start.to_string(), &work.end.to_string()]);
    Incident {
        shortlink: format!("{}#planned", view.config.url),
        id,
        name: format!("Maintenance: {names}"),
        status: if work.is_running { "in_progress" } else { "scheduled" },
        created_at: rfc3339(work.start),
        updated_at: rfc3339(work.start),
        monitoring_at: None,
        resolved_at: None,
        impact: "maintenance",
        started_at: rfc3339(work.start),
        page_id: page_id(view),
        incident_updates: Vec::new(),
        components: work.on.iter().map(|(id, name)| Affected { id, name }).collect(),
        scheduled_for: Some(rfc3339(work.start)),
        scheduled_until: Some(rfc3339(work.end)),
    }
}

/// An incident written by hand.
fn written<'a>(view: &'a View<'_>, note: &'a Note) -> Incident<'a> {
    let updated = rfc3339(note.updated(view.made));
    let is_planned = note.status == Status::Maintenance;
    let status = match (is_planned, note.is_running(view.made)) {
        (false, _) => "identified",
        (true, true) => "in_progress",
        (true, false) => "scheduled",
    };
    let update = Update {
        id: identifier(&["update", &note.id]),
        status,
        body: &note.text,
        incident_id: note.id.clone(),
        created_at: rfc3339(note.start),
        updated_at: updated.clone(),
        display_at: updated.clone(),
    };
    let observed = view.worse_outages(note).into_iter().map(|shown| shown.outage.worst);
    let worst = observed.max_by_key(|status| status.weight()).unwrap_or(note.status);
    let affected = view.shown().filter(|shown| note.on.contains(&shown.name));
    Incident {
        id: note.id.clone(),
        name: note.title.clone(),
        status,
        created_at: rfc3339(note.start),
        updated_at: updated,
        monitoring_at: None,
        resolved_at: None,
        impact: match worst {
            Status::Operational => "none",
            Status::Major => "major",
            Status::Maintenance => "maintenance",
            _ => "minor",
        },
        shortlink: format!("{}#{}", view.config.url, note.id),
        started_at: rfc3339(note.start),
        page_id: page_id(view),
        incident_updates: vec![update],
        components: affected.map(|shown| Affected { id: &shown.id, name: &shown.name }).collect(),
        scheduled_for: is_planned.then(|| rfc3339(note.start)),
        scheduled_until: note.end.filter(|_| is_planned).map(rfc3339),
    }
}
