//! check_replication against real MariaDB and MySQL servers that replicate.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod access;
#[cfg(test)]
mod channel;
#[cfg(test)]
mod floating;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod group;
#[cfg(test)]
mod heartbeats;
#[cfg(test)]
mod look;
#[cfg(test)]
mod mysql;
#[cfg(test)]
mod mysql_together;
#[cfg(test)]
mod omissions;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod several;
#[cfg(test)]
mod through;

use std::time::Duration;

use suite::host::Host;
use suite::mariadb::{PASSWORD, Server, defaults_file};
use suite::plugins;
use suite::process::{Outcome, run};

/// How long a server may take to do what it was told.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the plugin in a host, with the account that may see the state of replication. Its file is kept in the
/// folder of `server`.
fn check(host: &Host, server: &Server, arguments: &[&str]) -> Outcome {
    let file = defaults_file(server, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let mut command = host.command(plugins::binary("check_replication"));
    let outcome = run(command.arg(format!("--defaults-file={}", file.display())).args(arguments));
    assert!(outcome.stderr.is_empty() && !outcome.stdout.contains(PASSWORD), "{arguments:?}: {outcome:?}");
    outcome
}
