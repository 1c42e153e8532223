//! check_replication against real MariaDB and MySQL servers that replicate.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod access;
#[cfg(test)]
mod channel;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod dropped;
#[cfg(test)]
mod floating;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod galera;
#[cfg(test)]
mod group;
#[cfg(test)]
mod heartbeats;
#[cfg(test)]
mod limit;
#[cfg(test)]
mod look;
#[cfg(test)]
mod monitor;
#[cfg(test)]
mod mysql;
#[cfg(test)]
mod mysql_together;
#[cfg(test)]
mod namesakes;
#[cfg(test)]
mod omissions;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod renamed;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod several;
#[cfg(test)]
mod started_again;
#[cfg(test)]
mod through;
#[cfg(test)]
mod unfetched;

use std::path::Path;
use std::sync::RwLock;
use std::time::Duration;

use suite::host::{Host, write};
use suite::mariadb::{PASSWORD, Server, defaults_file};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::wait::holds_within;

/// All hosts of one machine share its table of neighbours: a test that fills it is alone among those that
/// have a link.
static NEIGHBOURS: RwLock<()> = RwLock::new(());

/// How long a server may take to do what it was told.
const LIMIT: Duration = Duration::from_secs(20);

/// How long a group or a cluster may take to see that a member is gone.
const GROUP_LIMIT: Duration = Duration::from_secs(60);

/// Runs the plugin in a host, with the account that may see the state of replication. Its file is kept in the
/// folder of `server`.
fn check(host: &Host, server: &Server, arguments: &[&str]) -> Outcome {
    let file = defaults_file(server, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let mut command = host.command(plugins::binary("check_replication"));
    let outcome = run(command.arg(format!("--defaults-file={}", file.display())).args(arguments));
    assert!(outcome.stderr.is_empty() && !outcome.stdout.contains(PASSWORD), "{arguments:?}: {outcome:?}");
    outcome
}

/// Waits for what the plugin says in a host, since a group takes its time.
fn await_line(host: &Host, folder: &Path, what: &str, arguments: &[&str], code: i32, line: &str) {
    let file = folder.join("client.cnf");
    write(&file, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let ask = || {
        let mut command = host.command(plugins::binary("check_replication"));
        run(command.arg(format!("--defaults-file={}", file.display())).args(arguments))
    };
    let line = format!("REPLICATION {line}");
    if !holds_within(GROUP_LIMIT, || ask().summary() == (code, line.as_str())) {
        assert_eq!(ask().summary(), (code, line.as_str()), "{what}");
    }
}
