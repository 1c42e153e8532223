//! Real members: three of MySQL's Group Replication, of which one is lost and then another, and a node of a
//! Galera cluster.

use std::path::Path;
use std::thread;
use std::time::Duration;

use suite::host::{Host, write};
use suite::mariadb;
use suite::mariadb::{HOST_NEEDS, PASSWORD, Setup};
use suite::mysql::{Server, program};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;
use suite::wait::{eventually, holds_within};

use super::check;

/// How long a group may take to see that a member is gone.
const LIMIT: Duration = Duration::from_secs(60);
/// Where Debian has the provider of Galera, which its MariaDB recommends.
const GALERA: &str = "/usr/lib/galera/libgalera_smm.so";

/// Waits for what the plugin says in a host, since a group takes its time.
fn say(host: &Host, folder: &Path, what: &str, arguments: &[&str], code: i32, line: &str) {
    let file = folder.join("client.cnf");
    write(&file, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let ask = || {
        let mut command = host.command(plugins::binary("check_replication"));
        run(command.arg(format!("--defaults-file={}", file.display())).args(arguments))
    };
    let line = format!("REPLICATION {line}");
    if !holds_within(LIMIT, || ask().summary() == (code, line.as_str())) {
        assert_eq!(ask().summary(), (code, line.as_str()), "{what}");
    }
}

/// The options of a member of a group of three at 127.0.0.1 to 3. Members of one machine know themselves by
/// the port alone.
fn member(id: u32) -> Vec<String> {
    let seeds = [1, 2, 3].map(|id| format!("127.0.0.{id}:3306{id}")).join(",");
    vec![
        "--plugin-load-add=group_replication.so".to_owned(),
        "--group-replication-group-name=aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb".to_owned(),
        format!("--group-replication-local-address=127.0.0.{id}:3306{id}"),
        format!("--group-replication-group-seeds={seeds}"),
        "--group-replication-start-on-boot=OFF".to_owned(),
        "--group-replication-member-expel-timeout=0".to_owned(),
        "--group-replication-recovery-get-public-key=ON".to_owned(),
        format!("--report-host=127.0.0.{id}"),
    ]
}

#[test]
fn a_group_of_three_that_loses_one_and_then_two() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = Host::create();
    host.etc("hosts", "127.0.0.1 db-01\n127.0.0.2 db-02\n127.0.0.3 db-03\n");
    let start =
        |id: u32| Server::start_with(program.clone(), &host, &format!("127.0.0.{id}"), id, member(id));
    let mut servers = thread::scope(|scope| {
        let starting = [1, 2, 3].map(|id| scope.spawn(move || start(id)));
        starting.map(|thread| thread.join().unwrap())
    });
    let folder = servers[0].folder().to_owned();
    let say = |what: &str, arguments: &[&str], code: i32, line: &str| {
        let arguments = [arguments, &["--tls=require-unverified"]].concat();
        say(&host, &folder, what, &arguments, code, line);
    };
    let line = "UNKNOWN - db-01: mon may not see the group: GRANT SELECT ON performance_schema.* TO mon@%";
    say("without the right", &["--hostname=db-01"], 3, line);
    for server in &servers {
        server.sql(&format!(
            "SET sql_log_bin=0; GRANT SELECT ON performance_schema.* TO mon; SET sql_log_bin=1; RESET BINARY LOGS AND GTIDS; \
             CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='{PASSWORD}' FOR CHANNEL 'group_replication_recovery'"
        ));
    }
    say(
        "before it joins",
        &["--hostname=db-01", "--expect=none"],
        2,
        "CRITICAL - db-01: OFFLINE in its group",
    );
    servers[0].sql(
        "SET GLOBAL group_replication_bootstrap_group=ON; START GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group=OFF",
    );
    servers[1].sql("START GROUP_REPLICATION");
    servers[2].sql("START GROUP_REPLICATION");
    let all =
        ["--hostname=db-01", "--hostname=db-02", "--hostname=db-03", "--expect=group", "--expect-members=3"];
    say("all three", &all, 0, "OK - db-01: ONLINE as primary, group of 3 members");
    say("by default", &["--hostname=db-02"], 0, "OK - db-02: ONLINE as secondary, group of 3 members");
    servers[2].kill();
    let of_three = ["--hostname=db-01", "--expect=group", "--expect-members=3"];
    say("one is lost", &of_three, 2, "CRITICAL - db-01: 2 of 3 expected members");
    servers[1].kill();
    let line = "CRITICAL - db-01: no majority, reaches 1 of 2 members: writes block";
    say("two are lost", &["--hostname=db-01", "--expect=none"], 2, line);
}

#[test]
fn a_node_of_a_galera_cluster() {
    if missing(&HOST_NEEDS) || missing(&[Need::Program(GALERA)]) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n");
    let options = [
        "--wsrep-on=ON",
        "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
        "--wsrep-cluster-address=gcomm://",
        "--wsrep-node-address=192.0.2.1",
    ];
    let node = options.into_iter().fold(Setup::new(1).at(&host, "192.0.2.1"), Setup::option).start();
    let say = |what: &str, arguments: &[&str], code: i32, line: &str| {
        say(&host, node.folder(), what, arguments, code, line);
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
fn replica_too(host: &Host, node: &mariadb::Server, say: impl Fn(&str, &[&str], i32, &str)) {
    let source = Setup::new(2).at(host, "192.0.2.2").start();
    node.change_source("", &source, "");
    node.sql("START SLAVE");
    node.await_threads("", "Yes", "Yes");
    let one = ["--hostname=db-01"];
    let healthy = "OK - db-01 from 192.0.2.2: runs, 0 s behind";
    eventually("it is in sync", LIMIT, || {
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
    let left = holds_within(LIMIT, has_left);
    alone.kill().and_then(|()| alone.wait()).unwrap();
    assert!(left);
    let outcome = check(host, node, &one);
    assert!(outcome.code == Some(2) && outcome.stdout.contains("db-01: Galera node is "), "{outcome:?}");
}
