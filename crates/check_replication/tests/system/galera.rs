//! Real nodes of a Galera cluster: two of them, of which one leaves and one is killed, and one that has a
//! channel from a server outside.

use std::path::PathBuf;
use std::time::{Duration, Instant};

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

/// What a node has in one of its status variables.
fn status(node: &Server, name: &str) -> String {
    let from = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME";
    node.value(&format!("{from}='{name}'"))
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
    first.sql("SET GLOBAL read_only=ON");
    say("one is read-only", &both, 0, "OK - db-01: Synced, Galera cluster of 2 members");
    second.sql("SET GLOBAL read_only=ON");
    let line = "CRITICAL - db-01: all 2 nodes of its Galera cluster are read-only: applications cannot write";
    say("both are", &both, 2, line);
    let on_purpose = [&both[..], &["--expect-writable=none"]].concat();
    say("on purpose", &on_purpose, 0, "OK - db-01: Synced, Galera cluster of 2 members");
    first.sql("SET GLOBAL read_only=OFF");
    second.sql("SET GLOBAL read_only=OFF");
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
    let mut out = self::node(&host, 4, "192.0.2.1").option("--wsrep-on=OFF").start();
    let line = "not in the Galera cluster of its configuration, wsrep_on is OFF";
    let alone = ["--hostname=192.0.2.4", "--expect=none"];
    say("started without Galera", &alone, 1, &format!("WARNING - 192.0.2.4: {line}"));
    let line = "CRITICAL - 192.0.2.4: not a member of a group or a Galera cluster: wsrep_on is OFF";
    say("expected to be a member", &["--hostname=192.0.2.4", "--expect=group"], 2, line);
    out.stop();
    node.sql("SET GLOBAL wsrep_desync=ON");
    say("it lags behind on purpose", &one, 1, "WARNING - db-01: Galera node is Donor/Desynced");
    node.sql("SET GLOBAL wsrep_desync=OFF");
    replica_too(&host, &node, say);
}

/// A node whose applier is slow holds the writes of all for most of the time, to and fro, and is seen in each
/// check, whatever flow control does at its first look. Ten rows of 0.1 s and a pause of 0.33 s make it three
/// quarters: with five rows a loaded machine came down to the half that is not told.
#[test]
fn flow_control_that_holds_most_writes() {
    if is_missing() {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let first = node(&host, 1, "").start();
    let second = node(&host, 2, "192.0.2.1").start();
    let both = ["--hostname=db-01", "--hostname=db-02", "--expect=group"];
    let well = "OK - db-01: Synced, Galera cluster of 2 members";
    await_line(&host, first.folder(), "both", &both, 0, well);
    // A glance lasts half a second: one check that takes less has not waited for it.
    let is_one_look = || {
        let start = Instant::now();
        assert_eq!(check(&host, &first, &both).code, Some(0));
        start.elapsed() < Duration::from_millis(400)
    };
    assert!((0..20).any(|_| is_one_look()), "a look is not enough");
    first.sql("CREATE DATABASE lab; CREATE TABLE lab.t (id INT AUTO_INCREMENT PRIMARY KEY); CREATE TABLE lab.stop LIKE lab.t");
    first.sql(&format!(
        "DELIMITER /\nCREATE PROCEDURE lab.busy() BEGIN REPEAT {} DO SLEEP(0.33); \
         UNTIL EXISTS (SELECT * FROM lab.stop) END REPEAT; END /",
        "INSERT INTO lab.t VALUES ();".repeat(10)
    ));
    second.await_value("SELECT COUNT(*) FROM information_schema.routines WHERE routine_name='busy'", "1");
    // MariaDB 11.8 has the options of Galera as variables, and FLUSH STATUS is for the session alone.
    let options = "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name='wsrep_provider'";
    let (limit, flush) = match second.value(options).as_str() {
        "0" => ("wsrep_provider_options='gcs.fc_limit=1'", "FLUSH STATUS"),
        _ => ("wsrep_provider_gcs_fc_limit=1", "FLUSH GLOBAL STATUS"),
    };
    second.sql(&format!(
        "SET wsrep_on=OFF; SET GLOBAL slave_run_triggers_for_rbr=YES; \
         CREATE TRIGGER lab.slow BEFORE INSERT ON lab.t FOR EACH ROW SET @slept=SLEEP(0.1); \
         SET GLOBAL {limit}"
    ));
    let mut writer = first.client().arg("--execute=CALL lab.busy()").spawn().unwrap();
    let paused = || status(&first, "wsrep_flow_control_paused_ns") != "0";
    let is_paused = holds_within(GROUP_LIMIT, paused);
    let said: Vec<String> = (0..8).map(|_| check(&host, &first, &["--hostname=db-01"]).stdout).collect();
    first.sql("INSERT INTO lab.stop VALUES ()");
    assert!(writer.wait().unwrap().success() && is_paused);
    // For a time it may be as good as all.
    let (most, all) = ("% of the last ", "flow control holds all writes of the cluster");
    assert!(said.iter().all(|said| said.contains(most) || said.contains(all)), "{said:?}");
    first.sql(flush);
    await_line(&host, first.folder(), "no longer", &both, 0, well);
    hold_all(&host, &first, &second);
}

/// Its applier is stuck.
fn hold_all(host: &Host, first: &Server, second: &Server) {
    second.sql(
        "SET wsrep_on=OFF; DROP TRIGGER lab.slow; \
         CREATE TRIGGER lab.stuck BEFORE INSERT ON lab.t FOR EACH ROW SET @slept=SLEEP(600)",
    );
    let rows = "INSERT INTO lab.t VALUES ();".repeat(60);
    let mut writer = first.client().arg(format!("--execute={rows}")).spawn().unwrap();
    let short = ["--hostname=db-01", "--timeout=3"];
    let line = "CRITICAL - db-01: flow control holds all writes of the cluster, asked for by another node";
    await_line(host, first.folder(), "stuck", &short, 2, line);
    let brief = ["--hostname=db-01", "--timeout=2"];
    await_line(host, first.folder(), "stuck, in 2 s", &brief, 2, line);
    let line = "WARNING - db-01: flow control held all writes for the 0.5 s watched, --timeout=3 tells whether it stays";
    await_line(host, first.folder(), "stuck, in 1 s", &["--hostname=db-01", "--timeout=1"], 1, line);
    writer.kill().and_then(|()| writer.wait()).unwrap();
}

/// A node with a channel from a server outside of its cluster.
fn replica_too(host: &Host, node: &Server, say: impl Fn(&str, &[&str], i32, &str)) {
    let source = Setup::new(2).at(host, "192.0.2.2").start();
    node.change_source("", &source, "");
    node.sql("START SLAVE");
    node.await_threads("", "Yes", "Yes");
    let one = ["--hostname=db-01"];
    let healthy = "OK - db-01 from 192.0.2.2: runs, 0 s behind";
    eventually("it is in sync", GROUP_LIMIT, || status(node, "wsrep_local_state") == "4");
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
