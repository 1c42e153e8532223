//! A server that gave no answer judged: whether that is its trouble, or ours.

pub(crate) mod privilege;

use plugin::{Finding, State};

use crate::answer::{Refusal, lacks_privilege};
use crate::failure::{Kind, Step};
use crate::heartbeat::Table;
use crate::redact::redact;

/// How much of a server's own words is kept, in characters.
const LONGEST: usize = 200;

/// The finding for a server called `name`, asked as `user`, after at most `seconds`; `table` is that of
/// heartbeats, if it was asked for.
pub(crate) fn judge(
    name: &str,
    user: &str,
    seconds: f64,
    table: Option<&Table>,
    refusal: &Refusal,
) -> Finding {
    let failure = &refusal.failure;
    let user = if user.is_empty() { "the anonymous account" } else { user };
    let finding = |state: State, text: String| Finding::new(state, format!("{name}: {text}"));
    match &failure.kind {
        Kind::Name(what) => Finding::new(State::Unknown, what.clone()),
        Kind::Closed => {
            finding(State::Critical, format!("the server closed the connection {}", when(failure.step)))
        }
        kind @ (Kind::Late | Kind::Here(_) | Kind::Connection(_) | Kind::Excused(_)) => {
            let (state, text) = unreached(failure.step, seconds, kind);
            finding(state, text)
        }
        Kind::Protocol(what) => finding(State::Critical, format!("not the protocol of MySQL: {what}")),
        Kind::FullPassword => Finding::unknown(format!(
            "{name} wants the full password and its certificate is not verified: give --tls-ca FILE (on a MySQL server: ca.pem of its datadir)"
        ))
        .detail(format!("{name}: a MySQL server asks the same of a user that does not exist")),
        Kind::Tls(what) => finding(State::Unknown, what.clone()),
        Kind::Method(what) => finding(State::Unknown, what.clone()),
        Kind::Server(..) if lacks_privilege(failure) => privilege::missing(name, user, table, refusal),
        Kind::Server(1049 | 1146, _) if table.is_some() && failure.step == Step::Statement => {
            let table = table.map(ToString::to_string).unwrap_or_default();
            finding(State::Unknown, format!("the table {table} does not exist"))
        }
        Kind::Server(1054, _) if table.is_some() && failure.step == Step::Statement => {
            let table = table.map(ToString::to_string).unwrap_or_default();
            finding(
                State::Unknown,
                format!("the table {table} has no columns ts and server_id, so no heartbeats"),
            )
        }
        Kind::Server(errno, text) => {
            let (state, what) = error(*errno, text, user, refusal);
            finding(state, what)
        }
    }
}

/// Any other error that the server said.
fn error(errno: u16, text: &str, user: &str, refusal: &Refusal) -> (State, String) {
    let (state, what) = said(errno, user, refusal);
    let is_login = matches!(refusal.failure.step, Step::Greeting | Step::Login);
    // No statement was sent yet that an error could hold.
    let own = || if is_login { text.chars().take(LONGEST).collect() } else { redact(text) };
    let told = || aborted(errno, text).or_else(|| offline(errno, text));
    let what = blocked(errno, user, text).or_else(told).or(what);
    (state, what.unwrap_or_else(|| format!("the server says error {errno}: {}", own())))
}

/// That an account is blocked after failed logins, with MySQL's own words for how long: "Access denied for
/// user 'mon'@'db-01'. Account is blocked for 2 day(s) (2 day(s) remaining) due to 1 consecutive failed
/// logins."
fn blocked(errno: u16, user: &str, text: &str) -> Option<String> {
    let own = match errno {
        3955 => text.split_once(". Account is blocked ").map(|(_, rest)| rest.trim_end_matches('.')),
        4150 => Some("after too many wrong passwords, until FLUSH PRIVILEGES"),
        _ => return None,
    };
    let why: String = own.unwrap_or("after failed logins").chars().take(LONGEST).collect();
    Some(format!("the account {user} is blocked {}, error {errno}", why.replace("day(s)", "days")))
}

/// Why and since when a server of MySQL is in offline mode, as in "The server is currently in offline mode
/// since 2026-11-27 19:26:14, reason: (GR) leave group on failure". None if it is not in words of its own.
fn offline(errno: u16, text: &str) -> Option<String> {
    const OFFLINE: u16 = 6400;
    let (_, why) = text.split_once(" in offline mode since ").filter(|_| errno == OFFLINE)?;
    let (since, reason) = why.split_once(", reason: ")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | ':' | '.' | '(' | ')');
    let is_plain = |text: &str| !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits);
    let since = since.split('.').next().filter(|_| is_plain(since) && is_plain(reason))?;
    Some(format!("offline mode, {reason}, since {since}: lets no ordinary account in, error {errno}"))
}

/// Why the server aborts a connection, as in "Aborted connection 9 to db: 'unconnected' user: 'mon' host:
/// 'db-02' (init_connect command failed)". None if it is not in words of its own.
fn aborted(errno: u16, text: &str) -> Option<String> {
    let (_, why) = text.strip_suffix(')')?.rsplit_once(" (")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-');
    let is_plain = !why.is_empty() && why.len() <= LONGEST && why.chars().all(fits);
    (errno == 1184 && is_plain).then(|| format!("the server aborts the connection ({why}), error {errno}"))
}

/// That the server did not answer, or why this machine could not ask.
fn unreached(step: Step, seconds: f64, kind: &Kind) -> (State, String) {
    match kind {
        Kind::Late => (State::Critical, late(step, seconds)),
        Kind::Excused(excuse) if excuse.is_refuted => {
            let (state, text) = unreached(step, seconds, &excuse.otherwise);
            (state, format!("{text} ({}, but others answer)", excuse.fault))
        }
        Kind::Here(_) | Kind::Excused(_) => (State::Unknown, format!("{}: {kind}", during(step))),
        why => (State::Critical, format!("{}: {why}", during(step))),
    }
}

fn late(step: Step, seconds: f64) -> String {
    match step {
        Step::Connect => format!("no connection within {seconds} s"),
        Step::Greeting => format!("connected, but no greeting within {seconds} s: frozen server"),
        Step::Login => format!("no answer to the login within {seconds} s: frozen server"),
        Step::Statement => {
            format!(
                "no answer to a statement within {seconds} s: frozen or overloaded server, or its disk is full"
            )
        }
    }
}

fn when(step: Step) -> &'static str {
    match step {
        Step::Connect | Step::Greeting => "before its greeting",
        Step::Login => "during the login",
        Step::Statement => "in its answer",
    }
}

fn during(step: Step) -> &'static str {
    match step {
        Step::Connect => "connecting",
        Step::Greeting => "waiting for the greeting",
        Step::Login => "logging in",
        Step::Statement => "asking",
    }
}

/// What the account may need beyond a password: servers have the same error for all. One that got a
/// certificate trusts its authority, else the handshake would have failed.
fn needs_more(refusal: &Refusal) -> &'static str {
    match (refusal.private && !refusal.socket, refusal.certified) {
        // Servers refuse an account that needs TLS on a socket too.
        (false, _) => "the account needs TLS",
        (true, false) => "the account needs a client certificate or another cipher",
        (true, true) => "the account requires another subject, issuer or cipher",
    }
}

/// The errors that have words of their own, or whose kind is known. Those that concern this account or this
/// host leave the server's state unknown; where the server lets no ordinary account in, that is CRITICAL.
fn said(errno: u16, user: &str, refusal: &Refusal) -> (State, Option<String>) {
    let step = refusal.failure.step;
    let (state, text) = match errno {
        1040 => (State::Critical, "too many connections".to_owned()),
        1053 => (State::Critical, "the server is shutting down".to_owned()),
        1129 => (
            State::Critical,
            "the server blocks this host after failed connections, until FLUSH HOSTS".to_owned(),
        ),
        1203 => (State::Critical, format!("too many connections of {user}")),
        3032 | 6400 => {
            (State::Critical, "the server is in offline mode and lets no ordinary account in".to_owned())
        }
        1130 => (State::Unknown, "this host may not connect".to_owned()),
        // MariaDB's word for accounts that are bound to a user of the system, and for those that do not
        // exist.
        1698 => (
            State::Unknown,
            format!(
                "access denied for {user}: no such user over TCP, or an account bound to the Unix socket"
            ),
        ),
        1044 | 1045 => {
            let needs = needs_more(refusal);
            (State::Unknown, format!("access denied for {user}: wrong user or password, or {needs}"))
        }
        1226 => (State::Unknown, format!("{user} has used up a limit of its account")),
        1820 | 1862 => (State::Unknown, format!("the password of {user} has expired")),
        3118 | 4151 => (State::Unknown, format!("the account {user} is locked")),
        3159 => (State::Unknown, "the server takes only connections with TLS: --tls=require".to_owned()),
        1251 | 1524 => (State::Unknown, format!("the authentication method of {user} is not available")),
        4031 => (State::Unknown, "the server ended the connection since it was idle".to_owned()),
        // Out of memory, files, threads or disk; no server behind a proxy.
        1021 | 1037 | 1038 | 1041 | 1114 | 1135 | 3168 => return (State::Critical, None),
        // Whatever else it says to a login may be about the login.
        _ if matches!(step, Step::Greeting | Step::Login) => return (State::Unknown, None),
        _ => return (State::Critical, None),
    };
    (state, Some(format!("{text}, error {errno}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::server::{Flavour, Version};

    /// What is said of a server called db-01 that answers a login of mon like this.
    fn line(errno: u16, step: Step) -> String {
        let failure = Failure::new(step, Kind::Server(errno, "some text for 'x', and more".to_owned()));
        let finding = judge("db-01", "mon", 8.0, None, &failure.into());
        format!("{} {}", finding.state, finding.text)
    }

    #[test]
    fn an_account_that_is_blocked_says_for_how_long() {
        let denied = "Access denied for user 'mon'@'192.0.2.9'.";
        let mysql = |days: &str| {
            format!("{denied} Account is blocked for {days} due to 3 consecutive failed logins.")
        };
        let rows = [
            (
                3955,
                mysql("2 day(s) (1 day(s) remaining)"),
                "the account mon is blocked for 2 days (1 days remaining) due to 3 consecutive failed logins, error 3955",
            ),
            (
                3955,
                mysql("unlimited day(s) (unlimited day(s) remaining)"),
                "the account mon is blocked for unlimited days (unlimited days remaining) due to 3 consecutive failed logins, error 3955",
            ),
            (3955, "something else".to_owned(), "the account mon is blocked after failed logins, error 3955"),
            (
                4150,
                "User is blocked because of too many credential errors".to_owned(),
                "the account mon is blocked after too many wrong passwords, until FLUSH PRIVILEGES, error 4150",
            ),
        ];
        for (errno, text, expected) in rows {
            let failure = Failure::new(Step::Login, Kind::Server(errno, text));
            let finding = judge("db-01", "mon", 8.0, None, &failure.into());
            assert_eq!((finding.state, finding.text), (State::Unknown, format!("db-01: {expected}")));
        }
    }

    #[test]
    fn a_connection_that_the_server_aborts_says_why() {
        let aborted = "Aborted connection 9 to db: 'unconnected' user: 'mon' host: 'localhost'";
        let rows = [
            (
                format!("{aborted} (init_connect command failed)"),
                "the server aborts the connection (init_connect command failed), error 1184",
            ),
            (
                format!("{aborted} (near 'secret')"),
                "the server says error 1184: Aborted connection 9 to db ...",
            ),
            (format!("{aborted} ()"), "the server says error 1184: Aborted connection 9 to db ..."),
            (aborted.to_owned(), "the server says error 1184: Aborted connection 9 to db ..."),
        ];
        for (text, expected) in rows {
            let failure = Failure::new(Step::Statement, Kind::Server(1184, text));
            let finding = judge("db-01", "mon", 8.0, None, &failure.into());
            assert_eq!((finding.state, finding.text), (State::Critical, format!("db-01: {expected}")));
        }
    }

    #[test]
    fn a_server_in_offline_mode_says_why() {
        let line = "db-01: the server is in offline mode and lets no ordinary account in, error";
        let left = "reason: (GR) leave group on failure";
        let said =
            format!("The server is currently in offline mode since 2026-11-27 19:26:14.991426, {left}");
        let known = "db-01: offline mode, (GR) leave group on failure, since 2026-11-27 19:26:14: \
            lets no ordinary account in, error 6400";
        let rows = [
            (6400, said.clone(), known.to_owned()),
            (6400, format!("{said} by \u{27}x\u{27}"), format!("{line} 6400")),
            (6400, format!("{said}{}", "y".repeat(LONGEST)), format!("{line} 6400")),
            (6400, "The server is currently in offline mode".to_owned(), format!("{line} 6400")),
            (3032, said, format!("{line} 3032")),
        ];
        for (errno, text, expected) in rows {
            let failure = Failure::new(Step::Login, Kind::Server(errno, text));
            let finding = judge("db-01", "mon", 8.0, None, &failure.into());
            assert_eq!((finding.state, finding.text), (State::Critical, expected));
        }
    }

    #[test]
    fn a_role_is_made_active_in_the_words_of_the_server() {
        for (flavour, word) in [(Flavour::MySql, "TO"), (Flavour::MariaDb, "FOR")] {
            let failure = Failure::new(Step::Statement, Kind::Server(1227, String::new()));
            let refusal = Refusal {
                server: Some((flavour, Version(10, 11, 0))),
                account: Some("mon@%".to_owned()),
                role: Some("r1".to_owned()),
                ..failure.into()
            };
            let finding = judge("db-01", "mon", 8.0, None, &refusal);
            let line = format!("db-01: the role r1 of mon is not active: SET DEFAULT ROLE r1 {word} mon@%");
            let detail = format!("SET DEFAULT ROLE 'r1' {word} 'mon'@'%'");
            assert_eq!(finding, Finding::unknown(line).detail(detail));
        }
    }

    #[test]
    fn a_login_that_is_denied_names_what_the_account_may_need() {
        let rows = [
            ((false, false, false), "the account needs TLS"),
            ((true, true, false), "the account needs TLS"),
            ((true, false, false), "the account needs a client certificate or another cipher"),
            ((true, false, true), "the account requires another subject, issuer or cipher"),
        ];
        for ((private, socket, certified), needs) in rows {
            let failure = Failure::new(Step::Login, Kind::Server(1045, String::new()));
            let refusal = Refusal { private, socket, certified, ..failure.into() };
            let line =
                format!("db-01: access denied for mon: wrong user or password, or {needs}, error 1045");
            assert_eq!(judge("db-01", "mon", 8.0, None, &refusal), Finding::unknown(line));
        }
    }

    #[test]
    fn errors_at_login_are_sorted_by_kind() {
        let ours = [
            1044, 1045, 1130, 1142, 1226, 1227, 1251, 1524, 1698, 1820, 1862, 3118, 3159, 3955, 4031, 4150,
            4151,
        ];
        let theirs = [1021, 1037, 1040, 1041, 1053, 1129, 1135, 1203, 3032, 3168, 6400];
        for errno in ours {
            assert!(line(errno, Step::Login).starts_with("UNKNOWN db-01: "), "{errno}");
        }
        for errno in theirs {
            for step in [Step::Greeting, Step::Login] {
                assert!(line(errno, step).starts_with("CRITICAL db-01: "), "{errno}");
            }
        }
        assert_eq!(
            line(9999, Step::Login),
            "UNKNOWN db-01: the server says error 9999: some text for 'x', and more"
        );
        assert_eq!(
            line(9999, Step::Statement),
            "CRITICAL db-01: the server says error 9999: some text for ..."
        );
        let rows = [
            (
                3032,
                "CRITICAL db-01: the server is in offline mode and lets no ordinary account in, error 3032",
            ),
            (
                6400,
                "CRITICAL db-01: the server is in offline mode and lets no ordinary account in, error 6400",
            ),
            (
                1698,
                "UNKNOWN db-01: access denied for mon: no such user over TCP, or an account bound to the Unix socket, error 1698",
            ),
        ];
        for (errno, expected) in rows {
            assert_eq!(line(errno, Step::Login), expected);
        }
    }
}
