//! Real servers that replicate, stop and start.

use super::*;
use crate::needs::missing;

#[test]
fn a_replica_gets_what_its_source_writes_and_a_stopped_server_knows_what_it_knew() {
    if missing(&NEEDS) {
        return;
    }
    let [mut source, replica] = start_all([Setup::new(1), Setup::new(2)]);
    replica.replicate("", &source);
    source.sql("CREATE TABLE mysql.kept (number INT PRIMARY KEY); INSERT INTO mysql.kept VALUES (41)");
    replica.await_applied(&source);
    assert_eq!(replica.value("SELECT number FROM mysql.kept"), "41");
    source.stop();
    replica.await_state("", "Slave_IO_Running", "Connecting");
    source.start();
    assert_eq!(source.value("SELECT number FROM mysql.kept"), "41");
    replica.await_threads("", "Yes", "Yes");
    reset(&[&replica, &source]);
    assert!(replica.status().is_empty());
}
