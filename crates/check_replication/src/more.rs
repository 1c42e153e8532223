//! What a server is asked beyond its variables and channels: each only where it was asked for, or where there
//! is something to tell.

use std::thread;
use std::time::{Duration, Instant};

use crate::answer::{Answer, if_told, lacks_privilege, refusal};
use crate::binary_log::BinaryLog;
use crate::connection::Packets;
use crate::existence::{self, Existence};
use crate::failure::Failure;
use crate::names::Names;
use crate::renamed::own_names;
use crate::request::Request;
use crate::row::Row;
use crate::semi_sync::{self, SemiSync};
use crate::server::{Flavour, Server};
use crate::statements;

/// How long a commit may wait for an acknowledgement before it is looked at again.
const ACKNOWLEDGEMENT: Duration = Duration::from_millis(1000);
/// How long after a look at those commits comes the next.
const BETWEEN: Duration = Duration::from_millis(100);
/// What is left of the deadline after that second.
const RESERVE: Duration = Duration::from_secs(1);

/// Asks all of it.
pub(crate) fn ask(
    packets: &mut Packets,
    greeting: &str,
    request: &Request<'_>,
    answer: &mut Answer,
) -> Result<(), Failure> {
    if request.semi_sync {
        answer.server.semi_sync = Some(ask_semi_sync(packets, request)?);
    }
    if !request.databases.is_empty() {
        answer.server.existence = ask_existence(packets, request, &answer.server)?;
    }
    if request.log {
        match ask_log(packets, &mut answer.server) {
            Err(failure) if lacks_privilege(&failure) => {
                answer.hidden_log = Some(Box::new(refusal(packets, greeting, failure)));
            }
            // What is only noted has no bearing on the rest.
            Err(failure) if request.databases.is_empty() => drop(if_told(failure)?),
            asked => asked?,
        }
    }
    // MySQL does not count what it skips.
    if answer.server.skip_errors.is_some() && answer.server.flavour == Flavour::MariaDb {
        let rows = packets.query("SHOW GLOBAL STATUS LIKE 'Slave_skipped_errors'").or_else(if_told)?;
        answer.server.skipped = rows.first().and_then(|row| row.number(&["Value"])).unwrap_or_default();
    }
    Ok(())
}

/// Asks for the databases by their names there. How names are compared is in the answer.
fn ask_existence(
    packets: &mut Packets,
    request: &Request<'_>,
    server: &Server,
) -> Result<Option<Existence>, Failure> {
    let is_mariadb = server.flavour == Flavour::MariaDb;
    // What its sources have is not known yet.
    let own = |is_lower| {
        own_names(request.databases, &server.channels, Names { is_mariadb, is_lower }, &|_, _| Some(true))
    };
    let shown = packets.query(&existence::query(&[own(false), own(true)].concat())).or_else(if_told)?;
    Ok(Existence::read(&shown))
}

fn ask_semi_sync(packets: &mut Packets, request: &Request<'_>) -> Result<SemiSync, Failure> {
    let variables = packets.query(semi_sync::VARIABLES)?;
    let first = SemiSync::read(&variables, &packets.query(semi_sync::STATUS)?);
    if !first.needs_second_look() || request.deadline.remaining() < ACKNOWLEDGEMENT + RESERVE {
        return Ok(first);
    }
    thread::sleep(ACKNOWLEDGEMENT);
    Ok(first.then(SemiSync::read(&variables, &packets.query(semi_sync::STATUS)?)))
}

/// Asks how many commits wait for an acknowledgement of a replica, while none came for a second: MariaDB has
/// them in its log meanwhile, so that no GTID tells. On a busy source some nearly always wait, but not long.
pub(crate) fn ask_stuck(packets: &mut Packets, request: &Request<'_>) -> Result<u64, Failure> {
    const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN \
        ('Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_master_yes_tx')";
    if request.deadline.remaining() < ACKNOWLEDGEMENT + RESERVE {
        return Ok(0);
    }
    let start = Instant::now();
    let look = || {
        let status = Row::of_pairs(&packets.query(STATUS).or_else(if_told)?);
        let waiting = status.number(&["rpl_semi_sync_master_wait_sessions"]).unwrap_or_default();
        Ok((waiting, status.number(&["rpl_semi_sync_master_yes_tx"])))
    };
    let pause = || {
        thread::sleep(BETWEEN);
        start.elapsed() < ACKNOWLEDGEMENT
    };
    stuck(look, pause)
}

/// How many wait at the last look, or 0 as soon as none waits or one was acknowledged. A look tells how many
/// wait, and how many were acknowledged; `pause` whether there is time for another look after the next.
fn stuck(
    mut look: impl FnMut() -> Result<(u64, Option<u64>), Failure>,
    mut pause: impl FnMut() -> bool,
) -> Result<u64, Failure> {
    let (mut waiting, acknowledged) = look()?;
    let mut goes_on = true;
    while waiting > 0 && goes_on {
        goes_on = pause();
        let (now, later) = look()?;
        waiting = if later == acknowledged { now } else { 0 };
    }
    Ok(waiting)
}

/// Asks where the binary log is, and what it leaves out.
pub(crate) fn ask_log(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    server.log = read_log(packets, server)?;
    Ok(())
}

/// Returns the same; `None` if the server writes none.
fn read_log(packets: &mut Packets, server: &Server) -> Result<Option<BinaryLog>, Failure> {
    let rows = packets.query(statements::binary_log(server.flavour, server.version))?;
    Ok(BinaryLog::read(&rows))
}

/// Asks once more where the binary log ends. MariaDB shows every account the end of the last commit, which is
/// the same where no commit waits for replicas that have read it already.
pub(crate) fn ask_end(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    server.log_later = match read_log(packets, server) {
        Err(failure) if lacks_privilege(&failure) && server.is_async => {
            BinaryLog::of_snapshot(&packets.query("SHOW GLOBAL STATUS LIKE 'binlog_snapshot_%'")?)
        }
        log => log?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// A run waits no longer than it takes to see that commits are acknowledged.
    #[test]
    fn a_look_for_commits_that_wait_ends_with_the_first_acknowledgement() {
        // How many wait and were acknowledged at each look, what is said, and after how many pauses.
        type Looked<'a> = (&'a [(u64, u64)], u64, usize);
        let rows: [Looked<'_>; 7] = [
            (&[(0, 5)], 0, 0),
            (&[(3, 5), (3, 6)], 0, 1),
            (&[(3, 5), (0, 5)], 0, 1),
            (&[(3, 5), (3, 5), (9, 6)], 0, 2),
            (&[(3, 5), (4, 5), (4, 5), (7, 5)], 7, 3),
            (&[(3, 5), (3, 5), (3, 5), (3, 6)], 0, 3),
            (&[(1, 5), (1, 5), (1, 5), (1, 5), (0, 6)], 1, 3),
        ];
        for (looks, expected, expected_pauses) in rows {
            let (mut left, mut pauses) = (looks.iter(), 0);
            let look = || Ok(left.next().map(|(waiting, came)| (*waiting, Some(*came))).unwrap());
            let said = stuck(look, || {
                pauses += 1;
                pauses < 3
            });
            assert_eq!((said.unwrap(), pauses), (expected, expected_pauses), "{looks:?}");
        }
    }
}
