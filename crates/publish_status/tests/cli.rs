//! The command `publish_status` as Nagios runs it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what a test cannot set up fails the test"
)]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/downtimes.rs"]
mod downtimes;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/icinga.rs"]
mod icinga;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/incidents.rs"]
mod incidents;
#[path = "cli/livestatus.rs"]
mod livestatus;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/preview.rs"]
mod preview;
#[path = "cli/site.rs"]
mod site;
#[path = "cli/states.rs"]
mod states;
