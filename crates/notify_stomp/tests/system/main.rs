//! notify_stomp against real brokers, and from a real Nagios.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test cannot read fails the test")]

#[cfg(test)]
mod brokers;
#[cfg(test)]
mod full;
#[cfg(test)]
mod icinga;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod syslog;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use suite::brokers::{LOGIN, PORT};
use suite::host::{Host, write};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::stomp::make_spool;

/// The configuration of a monitor: where to send, as whom, and the spool.
fn configuration(folder: &Path, destination: &str) -> PathBuf {
    let path = folder.join("notify_stomp.ini");
    let (login, passcode) = LOGIN;
    let broker =
        format!("broker=127.0.0.1:{PORT}\ndestination={destination}\nlogin={login}\npasscode={passcode}\n");
    if !folder.join("spool").exists() {
        make_spool(folder);
    }
    write(&path, &format!("[notify_stomp]\n{broker}spool={}\n", folder.join("spool").display()));
    // It holds a passcode, which others may not read.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Runs notify_stomp in a host, with this configuration.
fn notify(host: &Host, configuration: &Path, arguments: &[&str]) -> Outcome {
    let extra = format!("--extra-opts=@{}", configuration.display());
    let outcome = run(host.command(plugins::binary("notify_stomp")).arg(extra).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// The events that so many whole lines are, as they came. The last line of a file that is being written may
/// be a part of one.
fn events(text: &str) -> Vec<BTreeMap<String, Value>> {
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Asserts that no event is missing, that first copies come in order, and that copies have one id. How many
/// copies there were.
fn complete(events: &[BTreeMap<String, Value>], last: u64) -> usize {
    let mut seen: BTreeMap<u64, &Value> = BTreeMap::new();
    for event in events {
        let sequence = event["sequence"].as_u64().unwrap();
        match seen.get(&sequence) {
            Some(id) => assert_eq!(**id, event["id"], "event {sequence} has two ids"),
            None => {
                assert_eq!(
                    sequence,
                    seen.len() as u64 + 1,
                    "event {sequence} out of order, or one before it is missing"
                );
                seen.insert(sequence, &event["id"]);
            }
        }
    }
    assert_eq!(seen.len() as u64, last);
    events.len() - seen.len()
}
