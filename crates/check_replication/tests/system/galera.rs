//! Real nodes of a Galera cluster: two of them, of which one leaves and one is killed, and one that has a
//! channel from a server outside.

use std::path::PathBuf;

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Server, Setup};
use suite::needs::{Need, missing};
use suite::wait::{eventually, holds_within};

use super::{GROUP_LIMIT, await_line, check};

/// Galera's provider: that of the server's own tree where a server of another release runs, else Debian's,
/// which its MariaDB recommends.
fn provider() -> PathBuf {
    let server = suite::needs::program("mariadbd").unwrap_or_default();
    let beside = server.parent().map(|folder| folder.join("../root/usr/lib/galera/libgalera_smm.so"));
    beside.filter(|file| file.is_file()).unwrap_or_else(|| "/usr/lib/galera/libgalera_smm.so".into())
}

fn is_missing() -> bool {
    missing(&HOST_NEEDS) || missing(&[Need::Program("/usr/lib/galera/libgalera_smm.so")])
}

/// A node at an address of a host, in the cluster of the node at `first`: empty for a new cluster.
fn node<'a>(host: &'a Host, id: u32, first: &str) -> Setup<'a> {
    let address = format!("192.0.2.{id}");
    let options = [
        "--wsrep-on=ON".to_owned(),
        format!("--wsrep-provider={}", provider().display()),
        format!("--wsrep-provider-options=gmcast.listen_addr=tcp://{address}:4567;ist.recv_addr={address}"),
        format!("--wsrep-cluster-address=gcomm://{first}"),
        format!("--wsrep-node-address={address}"),
        "--wsrep-sst-method=rsync".to_owned(),
    ];
    options.into_iter().fold(Setup::new(id).at(host, &address).open(), Setup::option)
}

#[test]
fn a_galera_cluster_of_two_that_loses_one() {
    if is_missing() {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n192.0.2.3 db-03\n");
    let first = node(&host, 1, "").start();
    let mut second = node(&host, 2, "192.0.2.1").start();
    let folder = first.folder();
    let say = |what: &str, arguments: &[&str], code: i32, line: &str| {
        await_line(&host, folder, what, arguments, code, line);
    };
    let one = ["--hostname=db-01", "--expect-members=2"];
    let both = ["--hostname=db-01", "--hostname=db-02", "--expect=group", "--expect-members=2"];
    say("both", &both, 0, "OK - db-01: Synced, Galera cluster of 2 members");
    second.stop();
    say("one has left", &one, 2, "CRITICAL - db-01: 1 of 2 expected members");
    second.start();
    say("it is back", &both, 0, "OK - db-01: Synced, Galera cluster of 2 members");
    let outside = Setup::new(3).at(&host, "192.0.2.3").start();
    first.replicate("", &outside);
    say("one has a channel from outside", &both, 0, "OK - db-01 from 192.0.2.3: runs, 0 s behind");
    first.sql("STOP SLAVE");
    say(
        "its channel has stopped",
        &both,
        2,
        "CRITICAL - db-01 from 192.0.2.3: both threads stopped, no error",
    );
    // One of two that falls silent, unlike one that leaves, takes the majority with it.
    second.freeze();
    say(
        "one is frozen",
        &one,
        2,
        "CRITICAL - db-01: Galera node is non-Primary (Initialized), sees 1 member: writes are refused, 1 more fault",
    );
}

#[test]
fn a_node_of_a_galera_cluster() {
    if is_missing() {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n");
    let node = node(&host, 1, "").start();
    let say = |what: &str, arguments: &[&str], code: i32, line: &str| {
        await_line(&host, node.folder(), what, arguments, code, line);
    };
    let one = ["--hostname=db-01"];
    say("alone", &one, 0, "OK - db-01: Synced, Galera cluster of 1 member");
    let of_two = ["--hostname=db-01", "--expect=group", "--expect-members=2"];
    say("two are expected", &of_two, 2, "CRITICAL - db-01: 1 of 2 expected members");
    node.sql("SET GLOBAL wsrep_desync=ON");
    say("it lags behind on purpose", &one, 1, "WARNING - db-01: Galera node is Donor/Desynced");
    node.sql("SET GLOBAL wsrep_desync=OFF");
    replica_too(&host, &node, say);
}

/// A node with a channel from a server outside of its cluster.
fn replica_too(host: &Host, node: &Server, say: impl Fn(&str, &[&str], i32, &str)) {
    let source = Setup::new(2).at(host, "192.0.2.2").start();
    node.change_source("", &source, "");
    node.sql("START SLAVE");
    node.await_threads("", "Yes", "Yes");
    let one = ["--hostname=db-01"];
    let healthy = "OK - db-01 from 192.0.2.2: runs, 0 s behind";
    eventually("it is in sync", GROUP_LIMIT, || {
        node.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='wsrep_local_state'") == "4"
    });
    say("with a channel", &one, 0, healthy);
    say(
        "of two members",
        &["--hostname=db-01", "--expect-members=2"],
        2,
        "CRITICAL - db-01: 1 of 2 expected members",
    );
    let rows = [
        (
            "wsrep_reject_queries=ALL",
            "wsrep_reject_queries=NONE",
            "CRITICAL - db-01: Galera node rejects queries, wsrep_reject_queries is ALL",
        ),
        (
            "wsrep_on=OFF",
            "wsrep_on=ON",
            "CRITICAL - db-01: writes do not reach the other members, wsrep_on is OFF",
        ),
    ];
    for (set, reset, line) in rows {
        node.sql(&format!("SET GLOBAL {set}"));
        say(set, &one, 2, line);
        node.sql(&format!("SET GLOBAL {reset}"));
    }
    // An address that no node has: it is alone, and without a majority.
    let mut alone = node.client();
    let mut alone =
        alone.arg("--execute=SET GLOBAL wsrep_cluster_address='gcomm://192.0.2.99'").spawn().unwrap();
    let has_left = || check(host, node, &one).stdout.contains("Galera node is ");
    let left = holds_within(GROUP_LIMIT, has_left);
    alone.kill().and_then(|()| alone.wait()).unwrap();
    assert!(left);
    let outcome = check(host, node, &one);
    assert!(outcome.code == Some(2) && outcome.stdout.contains("db-01: Galera node is "), "{outcome:?}");
}
