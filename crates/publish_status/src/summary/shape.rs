//! The shape of `summary.json`: names and order of its fields are those of Statuspage's API.

use serde::Serialize;

use crate::status::Status;

#[derive(Serialize)]
pub(super) struct Summary<'a> {
    pub(super) page: Page<'a>,
    pub(super) updated_at: String,
    pub(super) expires_at: String,
    pub(super) status: Overall<'a>,
    pub(super) components: Vec<Component<'a>>,
    pub(super) incidents: Vec<Incident<'a>>,
    pub(super) scheduled_maintenances: Vec<Incident<'a>>,
}

#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) id: String,
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) time_zone: &'a str,
    pub(super) updated_at: String,
}

#[derive(Serialize)]
pub(super) struct Overall<'a> {
    pub(super) indicator: &'a str,
    pub(super) description: String,
}

#[derive(Serialize)]
pub(super) struct Component<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_known_status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_known_at: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) position: usize,
    pub(super) description: Option<&'a str>,
    pub(super) showcase: bool,
    pub(super) start_date: Option<&'a str>,
    pub(super) group_id: Option<&'a str>,
    pub(super) page_id: String,
    pub(super) group: bool,
    pub(super) only_show_if_degraded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<Vec<&'a str>>,
}

#[derive(Serialize)]
pub(super) struct Incident<'a> {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: &'a str,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) monitoring_at: Option<&'a str>,
    pub(super) resolved_at: Option<String>,
    pub(super) impact: &'a str,
    pub(super) shortlink: String,
    pub(super) started_at: String,
    pub(super) page_id: String,
    pub(super) incident_updates: Vec<Update<'a>>,
    pub(super) components: Vec<Affected<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheduled_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheduled_until: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Update<'a> {
    pub(super) id: String,
    pub(super) status: &'a str,
    pub(super) body: &'a str,
    pub(super) incident_id: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) display_at: String,
}

#[derive(Serialize)]
pub(super) struct Affected<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}
