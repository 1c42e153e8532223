//! The user that a run by root becomes: the spool must stay that of the user who runs the event handlers.

use std::io;
use std::path::Path;

use plugin::{Deadline, ReadError, read_file, reason};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::spool_options::SpoolOptions;

const ACCOUNTS: &str = "/etc/passwd";
/// The most octets of that file.
const LARGEST: u64 = 16 << 20;

/// Why the user is not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Only root can.
    #[error("--user={0}: this runs as uid {1}, and only root can become another user")]
    NotRoot(String, u32),
    /// There is no user of this name.
    #[error("--user={0}: {ACCOUNTS} has no such user")]
    Unknown(String),
    /// The users cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system refuses.
    #[error("--user={user}: {}", reason(.why))]
    Refused {
        /// The user.
        user: String,
        /// What the system said.
        why: io::Error,
    },
}

/// Becomes the user that the options name, if they name one.
pub(crate) fn switch_user(options: &SpoolOptions, deadline: &Deadline) -> Result<(), UserError> {
    options.user.as_deref().map_or(Ok(()), |user| become_user(user, deadline))
}

/// Becomes this user, by name or number. Threads and processes that are started from now on have it too; the
/// threads before it only watch the clock.
fn become_user(name: &str, deadline: &Deadline) -> Result<(), UserError> {
    let accounts = read_file(Path::new(ACCOUNTS), LARGEST, deadline)?;
    let (uid, gid) =
        find(&String::from_utf8_lossy(&accounts), name).ok_or_else(|| UserError::Unknown(name.to_owned()))?;
    let now = geteuid();
    if now.as_raw() == uid {
        return Ok(());
    }
    if !now.is_root() {
        return Err(UserError::NotRoot(name.to_owned(), now.as_raw()));
    }
    let gid = Gid::from_raw(gid);
    let changed = set_thread_groups(&[gid])
        .and_then(|()| set_thread_gid(gid))
        .and_then(|()| set_thread_uid(Uid::from_raw(uid)));
    changed.map_err(|errno| UserError::Refused { user: name.to_owned(), why: errno.into() })
}

/// User and group of a name or number: passwd(5).
fn find(accounts: &str, name: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (known, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if known != name && uid != name {
            return None;
        }
        Some((uid.parse().ok()?, gid.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_and_numbers() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nnagios:x:107:113::/var/lib/nagios:/bin/false\n";
        let rows = [
            ("root", Some((0, 0))),
            ("nagios", Some((107, 113))),
            ("107", Some((107, 113))),
            ("nagio", None),
            ("broken", None),
            ("", None),
        ];
        for (name, expected) in rows {
            assert_eq!(find(accounts, name), expected, "{name}");
        }
    }
}
