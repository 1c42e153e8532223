//! A tree of three whose server in the middle keeps what it replicates to itself: all threads run, and
//! nothing of the source gets to the last one.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Setup, start_all};
use suite::needs::missing;

use super::check;

#[test]
fn a_relay_that_does_not_pass_on() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    let setup = |id: u32| Setup::new(id).at(&host, &format!("192.0.2.{id}"));
    let relay = setup(2).option("--skip-log-slave-updates");
    let [source, relay, last] = start_all([setup(1), relay, setup(3)]);
    relay.replicate("", &source);
    last.replicate("", &relay);
    let tree =
        ["--hostname=192.0.2.1", "--hostname=192.0.2.2", "--hostname=192.0.2.3", "--expect-shape=tree"];
    let line =
        "REPLICATION CRITICAL - 192.0.2.2 does not pass on what it replicates, log_slave_updates is off";
    let outcome = check(&host, &source, &tree);
    assert_eq!(outcome.summary(), (2, line), "{outcome:?}");
    source.sql("CREATE DATABASE shop");
    relay.await_applied(&source);
    relay.sql("CREATE DATABASE own");
    last.await_value("SELECT GROUP_CONCAT(schema_name) FROM information_schema.schemata WHERE schema_name IN ('shop', 'own')", "own");
    let outcome = check(&host, &source, &tree[1..]);
    assert_eq!(outcome.code, Some(0), "the relay as the source: {outcome:?}");
    assert!(
        outcome.stdout.contains(" missing_192_0_2_3_192_0_2_2=0"),
        "it never sends what it applied: {outcome:?}"
    );
}
