//! Three real members of MySQL's Group Replication, of which one is lost and then another.

use std::thread;

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, PASSWORD};
use suite::mysql::{Server, program};
use suite::needs::missing;
use suite::plugins;
use suite::process::run;
use suite::wait::holds_within;

use super::{GROUP_LIMIT, await_line};

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

/// A transaction that is prepared keeps the applier of a secondary from what the primary wrote.
fn is_stuck(host: &Host, primary: &Server, secondary: &Server, all: &[&str]) {
    primary.sql("CREATE DATABASE held; CREATE TABLE held.t (id INT PRIMARY KEY)");
    let is_there = || {
        secondary
            .sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='held'")
            .trim()
            .ends_with('1')
    };
    assert!(holds_within(GROUP_LIMIT, is_there), "the table did not come");
    secondary.sql(
        "SET sql_log_bin=0; XA START 'held'; INSERT INTO held.t VALUES (1); XA END 'held'; XA PREPARE 'held'; \
         SET GLOBAL super_read_only=ON",
    );
    primary.sql("INSERT INTO held.t VALUES (1)");
    let file = format!("--defaults-file={}", primary.folder().join("client.cnf").display());
    let options = [all, &["--warning=1", "--critical=600", "--tls=require-unverified", &file]].concat();
    let said = || {
        let asked = run(host.command(plugins::binary("check_replication")).args(&options));
        asked.summary().1.to_owned()
    };
    let line = "REPLICATION WARNING - db-02: applier is ";
    assert!(holds_within(GROUP_LIMIT, || said().starts_with(line)), "{}", said());
    secondary.sql("SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; XA ROLLBACK 'held'; SET GLOBAL super_read_only=ON");
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
        await_line(&host, &folder, what, &arguments, code, line);
    };
    let line = "UNKNOWN - db-01: mon may not see the group: GRANT SELECT ON performance_schema.* TO mon@%";
    say("without the right", &["--hostname=db-01"], 3, line);
    for server in &servers {
        server.sql(&format!(
            "SET sql_log_bin=0; GRANT SELECT ON performance_schema.* TO mon; GRANT CONNECTION_ADMIN ON *.* TO mon; \
             CREATE USER poor IDENTIFIED BY '{PASSWORD}'; GRANT REPLICATION CLIENT ON *.* TO poor; \
             SET sql_log_bin=1; RESET BINARY LOGS AND GTIDS; \
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
    let line = "UNKNOWN - db-01: poor may not see the group: GRANT SELECT ON performance_schema.* TO poor@%";
    say(
        "of several without the right",
        &[&all[..], &["--user=poor"]].concat(),
        3,
        &format!("{line}, 2 more faults"),
    );
    servers[0].sql("SET GLOBAL super_read_only=ON");
    let line = "CRITICAL - db-01: primary of its group takes no writes, super_read_only is ON";
    say("a primary that is read-only", &all, 2, line);
    servers[0].sql("SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF");
    say(
        "it takes writes again",
        &["--hostname=db-01"],
        0,
        "OK - db-01: ONLINE as primary, group of 3 members",
    );
    servers[1].sql("SET GLOBAL offline_mode=ON");
    let line = "CRITICAL - db-02: lets no ordinary account in, offline_mode is ON";
    say("a member in offline mode", &["--hostname=db-02"], 2, line);
    servers[1].sql("SET GLOBAL offline_mode=OFF");
    say("by default", &["--hostname=db-02"], 0, "OK - db-02: ONLINE as secondary, group of 3 members");
    servers[1].sql("SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF");
    let line = "WARNING - db-02: secondary of its group takes writes, super_read_only is OFF";
    say("a secondary that takes writes", &all, 1, line);
    servers[1].sql("SET GLOBAL super_read_only=ON");
    let plugin = vec!["--plugin-load-add=group_replication.so".to_owned()];
    let outside = Server::start_with(program, &host, "127.0.0.4", 4, plugin);
    // It shows a row of an OFFLINE member, and has no group to be a member of.
    outside.sql("SET sql_log_bin=0; GRANT SELECT ON performance_schema.* TO mon; SET sql_log_bin=1");
    let plugin = ["--hostname=127.0.0.4", "--expect=none"];
    say("the plugin without a group", &plugin, 0, "OK - 127.0.0.4: not a replica, as expected");
    let plugin = ["--hostname=127.0.0.4", "--expect=group"];
    say("which is expected", &plugin, 2, "CRITICAL - 127.0.0.4: OFFLINE in its group");
    servers[0].replicate("dr", &outside);
    let line = "OK - db-01 from 127.0.0.4 (channel dr): runs, 0 s behind";
    say("with a channel", &["--hostname=db-01"], 0, line);
    let tree = ["--hostname=db-01", "--hostname=db-02", "--hostname=127.0.0.4", "--expect-shape=tree"];
    say("a group below a source", &tree, 0, line);
    servers[1].sql("SET GLOBAL super_read_only=OFF");
    is_stuck(&host, &servers[0], &servers[1], &all);
    say("it goes on", &all, 0, line);
    servers[2].kill();
    let of_three = ["--hostname=db-01", "--expect=group", "--expect-members=3"];
    say("one is lost", &of_three, 2, "CRITICAL - db-01: 2 of 3 expected members");
    servers[1].kill();
    let line = "CRITICAL - db-01: no majority, reaches 1 of 2 members: writes block";
    say("two are lost", &["--hostname=db-01"], 2, line);
}
