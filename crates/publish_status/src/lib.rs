//! Publishes a status page for customers from what the monitor knows.
//!
//! The outage it catches: a page that still says that all is well when it is not renewed any more, and a page
//! that shows everything as down when only the monitor is. It reads the monitor's whole state, never single
//! events, so that a missed recovery leaves nothing stuck.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options`, and the file that `config` reads with its `pattern`s, `looks` and `characters`;
//!   `folders` refuses unsafe places.
//! - Read: `run` is the whole run, `busy` one that finds another at work. `store` has the history. `monitor`
//!   reads the monitor's state by status.dat, `api` over `http`, or `livestatus`; `sources` chooses what is
//!   public. `notes` reads incidents with their `names`.
//! - Judge: `look` has what was read and judged. `judge` makes each component's `status`. `fault` and `jump`
//!   find a monitor that must not be believed, `members` what vanished from it. `ledger` adds up the history,
//!   `outage` finds its outages.
//! - Write: `view` is what is shown, with `planned` work. `output` writes the files of `page`, `summary` and
//!   `history_json`; `markdown` formats notes, `moment` times.
//! - Report: `report` tells whether the page was published, in the `words` that several texts have.
//! - By hand, `preview` is --preview and `import` --import.

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
