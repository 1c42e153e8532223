//! What a replica of MariaDB drops while its positions go past it, or stay behind it for good.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Setup, start_all};
use suite::needs::missing;
use suite::wait::eventually;

use super::{LIMIT, check};

#[test]
fn domains_and_marked_events_that_a_replica_drops() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let [source, replica] = start_all([setup(1), setup(2)]);
    replica.replicate("", &source);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (v INT)");
    replica.await_applied(&source);
    let both = ["--hostname=db-01", "--hostname=db-02", "--expect-shape=tree"];
    let say = |more: &[&str], code: i32, line: &str| {
        let line = format!("REPLICATION {line}");
        assert_eq!(check(&host, &source, &[&both, more].concat()).summary(), (code, line.as_str()));
    };
    let well = "OK - db-02 from db-01: runs, 0 s behind";
    let ignore = |domains: &str| {
        replica.sql(&format!("STOP SLAVE; CHANGE MASTER TO IGNORE_DOMAIN_IDS=({domains}); START SLAVE"));
        replica.await_threads("", "Yes", "Yes");
    };
    ignore("0");
    source.sql("INSERT INTO shop.t VALUES (1)");
    let line = "CRITICAL - db-02 from db-01: Replicate_Ignore_Domain_Ids drops all of its source, domain 0";
    say(&[], 2, line);
    source.sql("SET gtid_domain_id=7; INSERT INTO shop.t VALUES (7)");
    ignore("7");
    let line = "WARNING - db-02 from db-01: Replicate_Ignore_Domain_Ids drops domain 7 of its source";
    say(&[], 1, line);
    say(&["--accept-filter=Replicate_Ignore_Domain_Ids"], 0, well);
    ignore("");
    replica.sql("STOP SLAVE; SET GLOBAL replicate_events_marked_for_skip=FILTER_ON_MASTER; START SLAVE");
    replica.await_threads("", "Yes", "Yes");
    source.sql("SET skip_replication=1; INSERT INTO shop.t VALUES (9)");
    // Its position stays behind what is not sent.
    eventually("only the marked transaction is missing", LIMIT, || {
        check(&host, &source, &both).stdout.contains("missing_db-02_db-01=1;")
    });
    say(&[], 0, well);
    // The account may see neither the binary logs nor all databases, which has warnings of its own.
    let line = "WARNING - db-02: drops what sessions with skip_replication write, \
                replicate_events_marked_for_skip is FILTER_ON_MASTER, 2 more faults";
    say(&["--expect-database=shop"], 1, line);
}
