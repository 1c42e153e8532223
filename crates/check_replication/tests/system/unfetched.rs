//! An IO thread that is far behind: the replica has applied all that it has fetched, and says 0 s.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup, start_all};
use suite::needs::missing;

use super::check;

const BOTH: [&str; 3] = ["--hostname=192.0.2.1", "--hostname=192.0.2.2", "--expect-shape=tree"];
const INSERT: &str = "INSERT INTO shop.t VALUES (REPEAT('x', 2000)); ";

#[test]
fn an_io_thread_that_is_far_behind() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let [source, replica] = start_all([setup(1), setup(2)]);
    replica.replicate("", &source);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (v TEXT)");
    replica.await_applied(&source);
    // In kB a second.
    replica.sql("SET GLOBAL read_binlog_speed_limit=1; STOP SLAVE; START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    source.sql(&INSERT.repeat(100));
    let outcome = check(&host, &source, &[&BOTH[..], &["--warning=5"]].concat());
    let line = "REPLICATION WARNING - 192.0.2.2 from 192.0.2.1: 0 s behind by its own word, but up to ";
    let (code, summary) = outcome.summary();
    assert!(code == 1 && summary.starts_with(line) && summary.ends_with(" are not fetched"), "{outcome:?}");
    // The same as a single transaction: nothing of it counts before all of it is here, and its bytes come.
    replica.sql("SET GLOBAL read_binlog_speed_limit=0; STOP SLAVE; START SLAVE");
    replica.await_applied(&source);
    replica.sql("SET GLOBAL read_binlog_speed_limit=1; STOP SLAVE; START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    source.sql(&format!("BEGIN; {} COMMIT", INSERT.repeat(100)));
    let outcome = check(&host, &source, &BOTH);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("missing_192_0_2_2_192_0_2_1=1;"), "{outcome:?}");
    behind_a_large_transaction(&host, &source, &replica);
}

/// Commits behind a large transaction: the bytes of the source's binary log tell how long all of it takes.
fn behind_a_large_transaction(host: &Host, source: &Server, replica: &Server) {
    let go_on = |kilobytes: u32| {
        replica.sql("SET GLOBAL read_binlog_speed_limit=0; STOP SLAVE; START SLAVE");
        replica.await_applied(source);
        let limit = format!("SET GLOBAL read_binlog_speed_limit={kilobytes}; STOP SLAVE; START SLAVE");
        replica.sql(&limit);
        replica.await_threads("", "Yes", "Yes");
        source.sql(&format!("BEGIN; {} COMMIT; {INSERT}{INSERT}", INSERT.repeat(100)));
        check(host, source, &BOTH)
    };
    assert_eq!(go_on(10).code, Some(1), "the log is not shown");
    source.sql("SET sql_log_bin=0; GRANT BINLOG MONITOR ON *.* TO mon@'%'");
    // Some 20 s, and some 200 s.
    for (kilobytes, code) in [(10, 0), (1, 1)] {
        let outcome = go_on(kilobytes);
        assert_eq!(outcome.code, Some(code), "{kilobytes} kB a second: {outcome:?}");
        assert!(outcome.stdout.contains("missing_192_0_2_2_192_0_2_1=3;"), "{outcome:?}");
    }
}
