//! Publishes a status page for customers from what the monitor knows.
//!
//! The outage it catches: the page that goes on saying that all is well when nobody renews it, and the page
//! that shows everything as down when only the monitor is. It reads the monitor's whole state, never single
//! events, so that a missed recovery leaves nothing stuck.
//!
//! [`publish`] shows the order of the steps. [`config`] reads what is public, [`sources`] chooses it from the
//! monitor's state, and [`judge`] makes states of components out of it. [`fault`] and [`jump`] find a monitor
//! that is not to be believed, and [`members`] finds what vanished from it. [`ledger`] keeps the history,
//! [`view`] puts together what is shown, and the templates write it. `import` fills the history from the
//! monitor's old logs.

mod api;
mod busy;
mod characters;
pub mod config;
pub mod fault;
mod folders;
mod history_json;
mod http;
mod import;
pub mod judge;
pub mod jump;
pub mod ledger;
mod livestatus;
mod look;
mod looks;
pub mod markdown;
pub mod members;
mod moment;
mod monitor;
mod names;
pub mod notes;
pub mod options;
mod outage;
mod output;
mod page;
pub mod pattern;
pub mod planned;
mod preview;
mod report;
mod run;
pub mod sources;
pub mod status;
mod store;
mod summary;
pub mod view;
mod words;

pub use api::{ApiError, ApiUrl};
pub use config::reading::ConfigError;
pub use folders::FolderError;
pub use import::ImportError;
pub use livestatus::LivestatusError;
pub use monitor::SourceError;
pub use options::Args;
pub use run::{PublishError, publish};
pub use store::HistoryError;
