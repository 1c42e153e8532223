//! Hosts and ports of a command line: what is accepted prints as text that parses to the same value, and
//! never looks like an option or holds a character that a shell, a URL or another program would read in its
//! own way.

use net::{Host, HostPort};
use plugin::{Report, State};

pub(crate) fn run(text: &str) {
    let both = text.parse::<HostPort>();
    let host = text.parse::<Host>();
    match &both {
        Ok(read) => {
            let written = read.to_string();
            assert_eq!(written.parse().as_ref(), Ok(read), "{written}");
            assert_ne!(read.port, Some(0));
            assert_eq!(host.ok(), read.port.is_none().then(|| read.host.clone()));
            assert!(
                !written.starts_with('-') && written.bytes().all(|octet| octet.is_ascii_graphic()),
                "{written}"
            );
            let sendable = read.host.socket_address(read.port_or(1));
            assert_eq!(matches!(sendable, Ok(None)), read.host.name().is_some());
            if let Some(name) = read.host.name() {
                assert!(
                    name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet)),
                    "{name}"
                );
                assert!(name.bytes().any(|octet| !octet.is_ascii_digit() && octet != b'.'), "{name}");
            }
        }
        Err(why) => {
            assert!(host.is_err());
            // It quotes what was given: the report, where it is cleaned, has nothing that Nagios would
            // change.
            let line = Report::new(State::Unknown, why.to_string()).render("X", 0);
            let line = line.trim_end_matches('\n');
            assert!(line.starts_with("X UNKNOWN - ") && !line.contains(['\n', ';', '\'']), "{line}");
        }
    }
}
