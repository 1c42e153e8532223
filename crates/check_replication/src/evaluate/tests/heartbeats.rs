//! Whose heartbeat it is, and what an old one tells.

use super::*;

#[test]
fn a_heartbeat_of_another_server_is_named() {
    // A source that tells no number may be the one that beats.
    for (source, by) in [(3, "the heartbeat of server 1, its source has none"), (0, "its heartbeat")] {
        let mut answer = beating("mariadb1011-healthy", "2026-11-22T11:59:58.000000");
        answer.server.channels[0].source_server_id = source;
        let said = lines(answer, &["--heartbeat-table=percona.heartbeat"]);
        let line = format!("REPLICATION OK - db-02 from 127.0.0.1:13306: runs, 2 s behind by {by} | ");
        assert!(said.starts_with(&line), "{source}: {said}");
    }
}

/// What the writer has not written for longer than the delay, the server has applied long since.
#[test]
fn a_stopped_writer_is_told_beyond_the_delay() {
    let mut answer = beating("mariadb1011-delay", "2026-11-22T11:52:00.000000");
    answer.server.channels[0].lag = Some(0.0);
    let said = lines(answer, &["--heartbeat-table=percona.heartbeat"]);
    let line = "REPLICATION CRITICAL - db-02 from 127.0.0.1:13306: heartbeat 420 s old beyond its delay of 60 s: writer stopped or source frozen, limit 300, the server itself reports 0 s | ";
    assert!(said.starts_with(line), "{said}");
}
