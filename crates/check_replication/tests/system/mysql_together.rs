//! Two real MySQL servers seen together: sets of transactions with tags, super_read_only, two channels of one
//! replica.

use suite::host::{Host, write};
use suite::mariadb::{HOST_NEEDS, PASSWORD};
use suite::mysql::{Server, program};
use suite::needs::missing;
use suite::plugins;
use suite::process::{Outcome, run};
use suite::wait::holds_within;

use super::LIMIT;

struct Two {
    host: Host,
    a: Server,
    b: Server,
}

impl Two {
    fn ask(&self, arguments: &[&str]) -> Outcome {
        let file = self.a.folder().join("client.cnf");
        write(&file, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
        let mut command = self.host.command(plugins::binary("check_replication"));
        let outcome = run(command
            .arg(format!("--defaults-file={}", file.display()))
            .arg("--tls=require-unverified")
            .args(arguments));
        assert!(
            outcome.stderr.is_empty() && !outcome.stdout.contains(PASSWORD),
            "{arguments:?}: {outcome:?}"
        );
        outcome
    }

    /// Asserts what the plugin says. A replica may call itself a second behind just after it has applied
    /// something; until it does no more, what it has not fetched may be on its way.
    fn are(&self, what: &str, arguments: &[&str], state: i32, line: &str) {
        let line = format!("REPLICATION {line}");
        if state == 0 && holds_within(LIMIT, || self.ask(arguments).summary() == (state, &line)) {
            return;
        }
        let mut outcome = self.ask(arguments);
        holds_within(LIMIT, || {
            let is_behind = outcome.stdout.contains("runs, 1 s behind");
            if is_behind {
                outcome = self.ask(arguments);
            }
            !is_behind
        });
        assert_eq!(outcome.summary(), (state, line.as_str()), "{what}: {outcome:?}");
    }

    /// The same of the second server.
    fn b_is(&self, what: &str, state: i32, line: &str) {
        self.are(what, &["--hostname=db-02"], state, line);
    }

    /// The same of both.
    fn both_are(&self, what: &str, arguments: &[&str], state: i32, line: &str) {
        self.are(what, &[&["--hostname=db-01", "--hostname=db-02"], arguments].concat(), state, line);
    }
}

#[test]
fn channels_errant_transactions_and_both_directions() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let a = Server::start(program.clone(), &host, "192.0.2.1", 1);
    let b = Server::start(program, &host, "192.0.2.2", 2);
    let two = Two { host, a, b };
    named_channels(&two);
    errant(&two);
    both_directions(&two);
    reset(&two);
}

/// Without GTIDs a replica goes by the names of files and positions in them: it gets nothing more from a
/// source that was reset, and no thread minds. What the source wrote meanwhile never comes.
#[test]
fn a_source_without_gtids_that_was_reset() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let start = |id: u32| {
        let without = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"].map(str::to_owned).to_vec();
        Server::start_with(program.clone(), &host, &format!("192.0.2.{id}"), id, without)
    };
    let (a, b) = (start(1), start(2));
    let two = Two { host, a, b };
    two.a.sql("RESET BINARY LOGS AND GTIDS; CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    two.b.sql(&format!(
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.1', SOURCE_USER='repl', SOURCE_PASSWORD='{PASSWORD}', \
         SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=4, SOURCE_AUTO_POSITION=0, GET_SOURCE_PUBLIC_KEY=1; \
         START REPLICA"
    ));
    two.b.await_threads("", "Yes", "Yes");
    let end = |server: &Server| {
        let status = server.sql("SHOW BINARY LOG STATUS");
        let line = status.lines().nth(1).unwrap_or_default();
        line.split('\t').take(2).collect::<Vec<_>>().join(":")
    };
    let before = end(&two.a);
    let position = before.rsplit(':').next().unwrap_or_default();
    two.b.await_state("", "Exec_Source_Log_Pos", position);
    let kept = format!("--state={}", two.b.folder().join("state").display());
    let tree = ["--expect-shape=tree", &kept];
    let well = "OK - db-02 from db-01: runs, 0 s behind";
    two.both_are("both run", &tree, 0, well);
    // How many are missing is not known.
    let said = two.ask(&["--hostname=db-01", "--hostname=db-02", "--expect-shape=tree"]).stdout;
    assert!(!said.contains("missing"), "{said}");
    two.a.sql("RESET BINARY LOGS AND GTIDS");
    let after = end(&two.a);
    let line = format!(
        "CRITICAL - db-02 is ahead of its source db-01 ({before} past {after}): source reset, restored or log lost"
    );
    two.both_are("the source was reset", &["--expect-shape=tree"], 2, &line);
    two.b_is("the replica sees nothing", 0, "OK - db-02 from 192.0.2.1: runs, 0 s behind");
    let line = format!(
        "CRITICAL - db-01: binary log started again ({before}, then {after}): replicas may have skipped transactions"
    );
    two.are("the source alone", &["--hostname=db-01", "--expect=none", &kept], 2, &line);
}

/// One of both loses its log and its GTIDs, and no thread minds.
fn reset(two: &Two) {
    two.b.sql("RESET BINARY LOGS AND GTIDS");
    for server in [&two.a, &two.b] {
        server.await_threads("", "Yes", "Yes");
    }
    let line = "CRITICAL - db-01 is ahead of its source db-02 (2 transactions): source reset, restored or log lost, 1 more fault";
    two.both_are("one was reset", &[], 2, line);
    two.a.sql("STOP REPLICA; RESET REPLICA ALL");
    let line = "WARNING - db-02 from db-01: 0 s behind by its own word, but 5 transactions are not fetched";
    two.both_are("a replica was reset", &["--expect-shape=tree"], 1, line);
}

fn named_channels(two: &Two) {
    two.b.replicate("east", &two.a);
    two.b_is("a named channel", 0, "OK - db-02 from 192.0.2.1 (channel east): runs, 0 s behind");
    // The source takes the second connection for another server with the same uuid, and ends the first.
    two.b.replicate("west", &two.a);
    two.b.await_state("east", "Last_IO_Errno", "13114");
    let line = "IO thread stopped, error 13114 another replica has the same server id or uuid";
    two.b_is("one stopped", 2, &format!("CRITICAL - db-02 from 192.0.2.1 (channel east): {line}"));
    two.b.sql("STOP REPLICA; RESET REPLICA ALL");
}

fn errant(two: &Two) {
    two.a.sql("CREATE DATABASE shop");
    let tree = ["--expect-shape=tree"];
    two.b.replicate("", &two.a);
    let well = "OK - db-02 from db-01: runs, 0 s behind";
    two.both_are("a tree", &tree, 0, well);
    // The source has them, but not in its log.
    let restored = "SET GLOBAL gtid_purged='+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3'";
    two.a.sql(restored);
    let line = "WARNING - db-02 from db-01: 0 s behind by its own word, but 3 transactions are not fetched";
    two.both_are("what never comes", &tree, 1, line);
    two.b.sql(restored);
    two.both_are("a tree again", &tree, 0, well);
    two.b.sql("CREATE TABLE shop.stray (id INT); SET gtid_next='AUTOMATIC:nightly'; CREATE TABLE shop.stray2 (id INT)");
    let uuid = two.b.sql("SELECT @@server_uuid").lines().nth(1).unwrap().to_owned();
    let line = format!("WARNING - db-02 has 2 errant transactions, unknown to db-01: {uuid}:1:nightly:1");
    two.both_are("the replica was written to", &tree, 1, &line);
    two.both_are(
        "the same as a ring",
        &[],
        2,
        "CRITICAL - db-01 does not replicate from db-02, 2 more faults",
    );
    two.a.replicate("", &two.b);
    two.a.await_applied(&two.b);
}

fn both_directions(two: &Two) {
    let numbers = |server: &Server, offset: u32| {
        server.sql(&format!(
            "SET GLOBAL auto_increment_increment=2; SET GLOBAL auto_increment_offset={offset}"
        ));
    };
    numbers(&two.a, 1);
    two.both_are(
        "the same numbers",
        &[],
        1,
        "WARNING - db-01 and db-02: auto_increment collides, steps 2 and 1",
    );
    numbers(&two.b, 2);
    let healthy = "OK - 2 servers: 2 channels run, at most 0 s behind";
    two.both_are("both ways", &[], 0, healthy);
    for (server, name, other) in [(&two.a, "db-01", "db-02"), (&two.b, "db-02", "db-01")] {
        server.sql("STOP REPLICA SQL_THREAD");
        two.both_are(
            "one way stopped",
            &[],
            2,
            &format!("CRITICAL - {name} from {other}: SQL thread stopped, no error"),
        );
        server.sql("START REPLICA");
        server.await_threads("", "Yes", "Yes");
        two.both_are("both ways again", &[], 0, healthy);
    }
    let one = ["--expect-writable=one"];
    two.both_are("both writable", &one, 2, "CRITICAL - db-01 and db-02 are writable, one expected");
    two.b.sql("SET GLOBAL super_read_only=1");
    two.both_are("one writable", &one, 0, healthy);
    two.both_are("one closed", &["--expect-writable=all"], 2, "CRITICAL - db-02 is read-only");
}
