//! What the applier and the recovery channel of a member of a group say: how far it is behind the group, and
//! why it does not catch up.

use plugin::{Finding, State, Thresholds};

use crate::cause::io_cause;
use crate::redact::redact;
use crate::row::Row;
use crate::stopped_sql::with_error;

/// What is applied now, by the member's own clock: for how long, and how long ago it was committed. The
/// difference of the clocks shows in what was queued last. The columns are those of 8.0 and later.
const TIMES: &str = ", (SELECT COUNT(*) {applying}) AS applying, \
     (SELECT MAX({now} - UNIX_TIMESTAMP(a.APPLYING_TRANSACTION_START_APPLY_TIMESTAMP)) {applying}) AS applying_for, \
     (SELECT MAX({now} - UNIX_TIMESTAMP(a.APPLYING_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP)) {applying} \
     AND UNIX_TIMESTAMP(a.APPLYING_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP) > 0) AS committed_for, \
     (SELECT UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP) \
     - UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP) {queued} \
     AND UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_IMMEDIATE_COMMIT_TIMESTAMP) > 0) AS clocks_differ, \
     (SELECT c.LAST_ERROR_NUMBER {recovery}) AS recovery_number, \
     (SELECT c.LAST_ERROR_MESSAGE {recovery}) AS recovery_text";
/// What stands for these words in [`TIMES`].
const WORDS: [(&str, &str); 4] = [
    ("{now}", "UNIX_TIMESTAMP(NOW(6))"),
    (
        "{applying}",
        "FROM performance_schema.replication_applier_status_by_worker a \
         WHERE a.CHANNEL_NAME = 'group_replication_applier' AND a.APPLYING_TRANSACTION <> ''",
    ),
    (
        "{queued}",
        "FROM performance_schema.replication_connection_status c WHERE c.CHANNEL_NAME = 'group_replication_applier'",
    ),
    (
        "{recovery}",
        "FROM performance_schema.replication_connection_status c WHERE c.CHANNEL_NAME = 'group_replication_recovery'",
    ),
];

/// Returns the columns by which a member tells what its applier and its recovery channel say.
pub(super) fn columns() -> String {
    WORDS.iter().fold(TIMES.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}

/// Returns how many seconds the applier is behind: at least as long as it is at one transaction. `None` if
/// the answer does not tell.
pub(super) fn lag(row: &Row) -> Option<f64> {
    let number = |name: &str| row.number::<f64>(&[name]);
    if number("applying")? == 0.0 {
        return Some(0.0);
    }
    let committed = number("committed_for").zip(number("clocks_differ")).map(|(age, differ)| age - differ);
    Some(committed.into_iter().chain(number("applying_for")).fold(0.0, f64::max))
}

/// Returns the error of the recovery channel.
pub(super) fn recovery(row: &Row) -> Option<String> {
    let number = row.number(&["recovery_number"]).filter(|number| *number != 0)?;
    let text = row.owned(&["recovery_text"]);
    Some(with_error(number, io_cause(number, &text, ("", 0)).as_deref(), &redact(&text)))
}

/// Judges a member called `name` whose applier is that many seconds behind.
pub(super) fn judge(name: &str, seconds: f64, limits: &Thresholds) -> Option<Finding> {
    let state = limits.state(seconds);
    let limit = limits.alerting(seconds).map(|limit| format!(", limit {limit}")).unwrap_or_default();
    let tenths = (seconds * 10.0).round() / 10.0;
    let text = format!("{name}: applier is {tenths} s behind its group{limit}");
    (state != State::Ok).then(|| Finding::new(state, text))
}
