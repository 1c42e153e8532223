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

const ACCEPTS: &str = "--accept-filter=Replicate_Ignore_Domain_Ids";
const DROPS: &str = "db-02 from db-01 (channel a): Replicate_Ignore_Domain_Ids drops";

/// Whether another channel brings what is dropped is not known where its source is not asked.
#[test]
fn domains_beside_a_source_that_is_not_asked() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n192.0.2.3 db-03\n");
    let setup = |id: u32| {
        let setup = Setup::new(id).at(&host, &format!("192.0.2.{id}"));
        setup.option(format!("--gtid-domain-id={id}")).option("--gtid-ignore-duplicates=1")
    };
    let [source, replica, other] = start_all([1, 2, 3].map(setup));
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (v INT)");
    other.replicate("", &source);
    replica.replicate("z", &other);
    replica.await_applied(&source);
    let write = |v: u32| {
        source.sql(&format!("INSERT INTO shop.t VALUES ({v})"));
        source.sql(&format!("SET gtid_domain_id=7; INSERT INTO shop.t VALUES ({v}0)"));
        other.await_applied(&source);
    };
    let ignore = |channel: &str, from, domains: &str| {
        replica.try_sql(&format!("STOP SLAVE '{channel}'"));
        replica.change_source(channel, from, &format!(", IGNORE_DOMAIN_IDS=({domains})"));
        replica.sql(&format!("START SLAVE '{channel}'"));
        replica.await_threads(channel, "Yes", "Yes");
    };
    let two = ["--hostname=db-01", "--hostname=db-02"];
    let say = |hosts: &[&str], more: &[&str], code: i32, line: &str| {
        let outcome = check(&host, &source, &[hosts, &["--expect-shape=tree"], more].concat());
        assert_eq!(outcome.summary(), (code, format!("REPLICATION {line}").as_str()), "{hosts:?} {more:?}");
    };
    ignore("a", &source, "7");
    ignore("z", &other, "7");
    write(1);
    // What is not dropped comes by this channel.
    replica.await_value("SELECT GROUP_CONCAT(v) FROM shop.t", "1");
    let part = format!("WARNING - {DROPS} domain 7 of its source");
    say(&two, &[], 1, &part);
    say(&two, &[ACCEPTS], 0, "OK - 2 servers: 2 channels run, at most 0 s behind");
    say(
        &["--hostname=db-01", "--hostname=db-02", "--hostname=db-03"],
        &[ACCEPTS],
        0,
        "OK - 3 servers: 3 channels run, at most 0 s behind",
    );
    // The other source is down, or has nothing of it: all may be lost, which no option accepts.
    replica.sql("STOP SLAVE 'z'");
    ignore("a", &source, "1, 7");
    write(2);
    replica.await_applied(&source);
    assert_eq!(replica.value("SELECT GROUP_CONCAT(v) FROM shop.t"), "1");
    replica.change_source("z", &other, ", IGNORE_DOMAIN_IDS=()");
    replica.sql("START SLAVE 'z'");
    replica.await_threads("z", "Yes", "Yes");
    let all =
        format!("WARNING - {DROPS} all of its source, domain 1 and 1 more, perhaps nobody else sends it");
    say(&two, &[ACCEPTS], 1, &all);
}

/// Who writes is two servers above the source: its server_id is not the replica's of before.
#[test]
fn a_domain_that_comes_from_far_above() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n192.0.2.3 db-03\n");
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let [source, replica, above, first] = start_all([1, 2, 3, 4].map(setup));
    above.replicate("", &first);
    source.replicate("", &above);
    replica.change_source("a", &source, ", IGNORE_DOMAIN_IDS=(0)");
    replica.sql("START SLAVE 'a'");
    replica.await_threads("a", "Yes", "Yes");
    first.sql("CREATE DATABASE shop");
    source.await_applied(&first);
    replica.await_applied(&first);
    assert_eq!(
        replica.value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='shop'"),
        "0"
    );
    let two = ["--hostname=db-01", "--hostname=db-02", "--expect-shape=tree"];
    let say = |more: &[&str], code: i32, line: &str| {
        let outcome = check(&host, &source, &[&two, more].concat());
        assert_eq!(
            outcome.summary(),
            (code, format!("REPLICATION {line}").as_str()),
            "{more:?}: {outcome:?}"
        );
    };
    let perhaps = format!("WARNING - {DROPS} all of its source, domain 0, perhaps others wrote it");
    say(&[ACCEPTS], 1, &perhaps);
    say(&["--hostname=db-03"], 2, &format!("CRITICAL - {DROPS} all of its source, domain 0"));
}
