//! A line of a monitor's log: nothing panics, and names are parts of the line and never empty.

use monitor_state::{LogEvent, LogLine, LogState, log};

pub(crate) fn run(line: &str) {
    let Some(LogLine { event, .. }) = log::parse(line) else { return };
    let (host, service) = match event {
        LogEvent::State(LogState { host, service, .. }) | LogEvent::Downtime { host, service, .. } => {
            (host, service)
        }
        _ => return,
    };
    assert!(!host.is_empty() && service != Some(""), "without a name");
    assert!(line.contains(host) && service.is_none_or(|service| line.contains(service)));
    assert!(!host.contains(';') && service.is_none_or(|service| !service.contains(';')));
}
