//! A delayed replica at the limit of its relay logs: both threads run, and what it does not fetch is on the
//! source alone.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Setup, start_all};
use suite::needs::missing;

use super::check;

#[test]
fn a_delayed_replica_fetches_no_more() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let small = setup(2).option("--relay-log-space-limit=16384").option("--max-relay-log-size=4096");
    let [source, replica] = start_all([setup(1), small]);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (v LONGTEXT)");
    replica.replicate("", &source);
    replica.await_applied(&source);
    replica.sql("STOP SLAVE");
    replica.change_source("", &source, ", MASTER_DELAY=3600");
    replica.sql("START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    let say = |options: &[&str], code: i32, line: &str| {
        let outcome = check(&host, &source, &[&["--hostname=192.0.2.2"], options].concat());
        assert_eq!(outcome.summary(), (code, format!("REPLICATION {line}").as_str()), "{outcome:?}");
    };
    say(&[], 0, "OK - 192.0.2.2 from 192.0.2.1: up to date with its delay of 3600 s");
    for _ in 0..10 {
        source.sql("INSERT INTO shop.t VALUES (REPEAT('x', 3000))");
    }
    let state = "Waiting for the slave SQL thread to free enough relay log space";
    replica.await_state("", "Slave_IO_State", state);
    let line =
        "WARNING - 192.0.2.2 from 192.0.2.1: IO thread fetches no more, relay_log_space_limit is reached";
    say(&[], 1, line);
    replica.sql("STOP SLAVE SQL_THREAD");
    say(&["--allow-stopped-sql"], 1, line);
}
