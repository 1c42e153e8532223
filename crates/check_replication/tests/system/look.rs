//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::host::Host;
use suite::look::{hold, run_line};
use suite::mariadb::{HOST_NEEDS, PASSWORD, Setup, start_all};
use suite::needs::{Need, missing};

#[test]
fn a_replica_that_has_stopped() {
    if missing(&HOST_NEEDS) || missing(&[Need::Program("mount")]) {
        return;
    }
    let host = Host::create();
    let [source, replica] =
        start_all([Setup::new(1).at(&host, "192.0.2.1"), Setup::new(2).at(&host, "192.0.2.2")]);
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    host.etc_private("silent-outage/replication.cnf", &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    replica.replicate("", &source);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    replica.await_value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop'", "1");
    let line = "check_replication --hostname=db-02 --defaults-file=/etc/silent-outage/replication.cnf";
    let well = run_line(&host, line);
    // Somebody has written to the replica.
    replica.sql("SET sql_log_bin=0; INSERT INTO shop.orders VALUES (1)");
    source.sql("INSERT INTO shop.orders VALUES (1)");
    replica.await_state("", "Last_SQL_Errno", "1062");
    hold("check_replication", &[well, run_line(&host, line)]);
}
