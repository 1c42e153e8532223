//! What is expected of a server, and what is not known of it.

use super::*;

#[test]
fn each_expectation_has_its_line() {
    let from = "db-02 from 127.0.0.1:13306";
    let lag = |value: &str| changed(&[("Seconds_Behind_Master", value)]);
    let group = |sql: &str| {
        changed(&[
            ("Channel_Name", "group_replication_applier"),
            ("Slave_IO_Running", "No"),
            ("Slave_SQL_Running", sql),
        ])
    };
    let held =
        || changed(&[("SQL_Delay", "3600"), ("Slave_SQL_Running", "No"), ("Seconds_Behind_Master", "NULL")]);
    let rows: [(&[&str], Answer, String); 22] = [
        (&[], held(), format!("CRITICAL - {from}: SQL thread stopped, no error | lag=U;60;300;0 channels=1;;;0")),
        (
            &["--allow-stopped-sql"],
            held(),
            format!("OK - {from}: SQL thread stopped, allowed with its delay of 3600 s | lag=U;60;300;0 channels=1;;;0"),
        ),
        (
            &["--allow-stopped-sql"],
            changed(&[("Slave_SQL_Running", "No"), ("Seconds_Behind_Master", "NULL")]),
            format!("CRITICAL - {from}: SQL thread stopped, no error | lag=U;60;300;0 channels=1;;;0"),
        ),
        (
            &[],
            changed(&[("Slave_SQL_Running", "No"), ("Seconds_Behind_Master", "NULL"), ("Until_Condition", "Gtid")]),
            format!("CRITICAL - {from}: SQL thread stopped at the position of START REPLICA UNTIL | lag=U;60;300;0 channels=1;;;0"),
        ),
        (
            &[],
            changed(&[
                ("Slave_IO_Running", "No"),
                ("Slave_SQL_Running", "No"),
                ("Seconds_Behind_Master", "NULL"),
                ("Until_Condition", "Gtid"),
            ]),
            format!(
                "CRITICAL - {from}: both threads stopped, no error: perhaps at the end of START REPLICA UNTIL (Gtid) | \
                 lag=U;60;300;0 channels=1;;;0"
            ),
        ),
        (&[], lag("NULL"), format!("UNKNOWN - {from}: runs, lag not known (NULL) | lag=U;60;300;0 channels=1;;;0")),
        (&[], lag("60"), format!("OK - {from}: runs, 60 s behind | lag=60s;60;300;0 channels=1;;;0")),
        (&[], lag("61"), format!("WARNING - {from}: 61 s behind, limit 60 | lag=61s;60;300;0 channels=1;;;0")),
        (&[], lag("301"), format!("CRITICAL - {from}: 301 s behind, limit 300 | lag=301s;60;300;0 channels=1;;;0")),
        (
            &["-w5"],
            lag("299"),
            format!("WARNING - {from}: 299 s behind, limit 5 | lag=299s;5;300;0 channels=1;;;0"),
        ),
        (
            &["-w5"],
            lag("301"),
            format!("CRITICAL - {from}: 301 s behind, limit 300 | lag=301s;5;300;0 channels=1;;;0"),
        ),
        (
            &["-c600"],
            lag("301"),
            format!("WARNING - {from}: 301 s behind, limit 60 | lag=301s;60;600;0 channels=1;;;0"),
        ),
        (
            &[],
            changed(&[("Seconds_Behind_Master", "70"), ("SQL_Delay", "60")]),
            format!("OK - {from}: runs, 10 s behind its delay of 60 s | lag=10s;60;300;0 channels=1;;;0"),
        ),
        (
            &[],
            changed(&[("Slave_IO_Running", "Perhaps")]),
            format!("CRITICAL - {from}: IO thread in unknown state Perhaps | lag=0s;60;300;0 channels=1;;;0"),
        ),
        (
            &[],
            changed(&[
                ("Slave_SQL_Running", "No"),
                ("Last_SQL_Errno", "1064"),
                ("Slave_IO_Running", "No"),
                ("Last_IO_Errno", "2003"),
            ]),
            format!(
                "CRITICAL - {from}: SQL thread stopped, error 1064 syntax not understood, IO thread stopped, error 2003 source \
                 unreachable | lag=0s;60;300;0 channels=1;;;0"
            ),
        ),
        (
            &["--expect-channels=1", "--expect-source=127.0.0.1"],
            lag("0"),
            format!("OK - {from}: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0"),
        ),
        (
            &["--expect-source=127.0.0.1:13306", "--expect-source=127.0.0.1:3306"],
            lag("0"),
            "CRITICAL - db-02: no channel from 127.0.0.1 | lag=0s;60;300;0 channels=1;;;0".to_owned(),
        ),
        (
            &["--expect-channels=2"],
            lag("0"),
            "CRITICAL - db-02: 1 of 2 expected channels configured | lag=0s;60;300;0 channels=1;;;0".to_owned(),
        ),
        (
            &["--expect=none"],
            lag("0"),
            format!("CRITICAL - {from}: replication configured, none expected | lag=0s;60;300;0 channels=1;;;0"),
        ),
        (
            &["--expect=none"],
            captured("mariadb1011-not-replica"),
            "OK - db-02: not a replica, as expected | channels=0;;;0".to_owned(),
        ),
        // Its own channels make no replica, and fetch nothing by themselves.
        (&["--expect=none"], group("Yes"), "OK - db-02: not a replica, as expected | channels=0;;;0".to_owned()),
        (
            &["--expect=none"],
            group("No"),
            "CRITICAL - db-02 channel group_replication_applier: group replication stopped, no error | channels=0;;;0".to_owned(),
        ),
    ];
    for (options, answer, line) in rows {
        let said = lines(answer, options);
        assert_eq!(said.lines().next(), Some(format!("REPLICATION {line}").as_str()), "{options:?}");
    }
}

/// Rows by its documentation: a reader has no channel, and is neither a replica that lost its own nor a
/// source.
#[test]
fn an_aurora_without_a_channel_is_told() {
    let aurora = |name: &str| {
        let mut answer = captured(name);
        answer.server.aurora = Some("3.04.0".to_owned());
        answer
    };
    let rows: [(&[&str], &str, &str); 5] = [
        (
            &[],
            "mysql97-not-replica",
            "UNKNOWN - db-02: Aurora 3.04.0 without a channel, its readers are not checked here | channels=0;;;0",
        ),
        (
            &["--expect=none"],
            "mysql97-not-replica",
            "OK - db-02: no channel, as expected (Aurora 3.04.0: the lag of its readers is not checked) | channels=0;;;0",
        ),
        (
            &["--expect=replica"],
            "mysql97-not-replica",
            "CRITICAL - db-02: not a replica: no channel is configured | channels=0;;;0",
        ),
        (
            &["--expect-channels=1"],
            "mysql97-not-replica",
            "CRITICAL - db-02: not a replica: no channel is configured | channels=0;;;0",
        ),
        (
            &["--expect-source=db-01"],
            "mysql97-not-replica",
            "CRITICAL - db-02: not a replica: no channel is configured, and db-02: no channel from db-01 | channels=0;;;0",
        ),
    ];
    for (options, name, line) in rows {
        let said = lines(aurora(name), options);
        assert_eq!(said.lines().next(), Some(format!("REPLICATION {line}").as_str()), "{options:?}");
    }
    let running = lines(aurora("mysql97-healthy"), &[]);
    assert!(running.starts_with("REPLICATION OK - db-02 from "), "{running}");
}

/// A member with one channel or none, of a group that is well or has lost its majority.
#[test]
fn a_member_is_judged_with_and_without_channels() {
    let is_well = "1 ONLINE PRIMARY, 2 ONLINE";
    let member = |name: &str, members: &str| {
        let mut answer = captured(name);
        answer.server.membership = Some(crate::membership::tests::group(members, "1", ("0", "")));
        answer
    };
    let from = "db-02 from 127.0.0.1:13406";
    let (replica, plain) = ("mysql97-healthy", "mysql97-not-replica");
    let rows: [(&str, &str, &[&str], String); 8] = [
        (replica, is_well, &[], format!("OK - {from}: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0")),
        (
            replica,
            "1 ONLINE PRIMARY, 2 UNREACHABLE",
            &[],
            "CRITICAL - db-02: no majority, reaches 1 of 2 members: writes block | lag=0s;60;300;0 channels=1;;;0"
                .to_owned(),
        ),
        (
            plain,
            is_well,
            &[],
            "OK - db-02: ONLINE as primary, group of 2 members | channels=0;;;0".to_owned(),
        ),
        (
            plain,
            is_well,
            &["--expect-channels=1"],
            "CRITICAL - db-02: 0 of 1 expected channels configured | channels=0;;;0".to_owned(),
        ),
        (
            plain,
            is_well,
            &["--expect=group", "--expect-source=db-09"],
            "CRITICAL - db-02: no channel from db-09 | channels=0;;;0".to_owned(),
        ),
        (
            replica,
            is_well,
            &["--expect=group", "--expect-source=db-09"],
            "CRITICAL - db-02: no channel from db-09 | lag=0s;60;300;0 channels=1;;;0".to_owned(),
        ),
        (
            plain,
            is_well,
            &["--expect=group"],
            "OK - db-02: ONLINE as primary, group of 2 members | channels=0;;;0".to_owned(),
        ),
        (
            plain,
            is_well,
            &["--expect=none"],
            "OK - db-02: ONLINE as primary, group of 2 members | channels=0;;;0".to_owned(),
        ),
    ];
    for (name, members, options, line) in rows {
        let said = lines(member(name, members), options);
        let line = format!("REPLICATION {line} lag_group_replication_applier=U;60;300;0 members=2;;;0");
        assert_eq!(said.lines().next(), Some(line.as_str()), "{name} {members} {options:?}");
    }
}

/// A server has the series that it has when it is as expected, also when it does not answer.
#[test]
fn the_series_of_a_server_that_does_not_answer() {
    let lag = "lag=U;60;300;0 channels=U;;;0";
    let rows: [(&[&str], &str); 6] = [
        (&[], lag),
        (&["--expect=none"], "channels=U;;;0"),
        (&["--expect=group"], "channels=U;;;0 members=U;;;0"),
        (&["--expect-members=2"], "channels=U;;;0 members=U;;;0"),
        (&["--expect-members=2", "--expect-channels=1"], "lag=U;60;300;0 channels=U;;;0 members=U;;;0"),
        (&["--expect-source=db-01"], lag),
    ];
    for (options, series) in rows {
        let args = Args::parse_from(["check_replication"].iter().chain(options));
        let lost = Failure::new(crate::failure::Step::Connect, Kind::Late);
        let seen = Observations {
            servers: vec![("db-02".to_owned(), Err(lost.into()))],
            remembered: None,
            user: "nagios".to_owned(),
            seconds: 8.0,
        };
        let said = evaluate(&Policy::new(&args), &seen).render("REPLICATION", 0);
        let line = said.lines().next().unwrap();
        assert_eq!(line.split_once(" | ").unwrap().1, series, "{options:?}");
    }
}

#[test]
fn tables_that_are_missing_or_differ_are_named() {
    let rows = [
        ("1146", "Error executing row event: 'Table 'a.t' doesn't exist'", "table a.t is missing"),
        ("1146", "Error ...", "missing table"),
        (
            "1677",
            "Column 0 of table 'a.u' cannot be converted from type 'int' to type 'varchar(3 octets)'",
            "column types differ in a.u",
        ),
    ];
    for (errno, error, expected) in rows {
        let answer =
            changed(&[("Slave_SQL_Running", "No"), ("Last_SQL_Errno", errno), ("Last_SQL_Error", error)]);
        let line = format!("SQL thread stopped, error {errno} {expected} | ");
        assert!(lines(answer, &[]).contains(&line), "{error}");
    }
}

#[test]
fn a_domain_that_is_gone_is_a_warning() {
    let remembered = |before: &str, after: &str| {
        let restart = Restart { before: before.to_owned(), after: after.to_owned(), by_another: false };
        let kept =
            Remembered { name: "db-02".to_owned(), restarts: Ok(vec![restart]), acknowledged: Vec::new() };
        let said = super::remembered(false, &Ok(vec![kept]));
        said.into_iter().map(|finding| format!("{} {}", finding.state, finding.text)).collect::<String>()
    };
    let gone = "WARNING db-02: domain 5 is gone from its binary log (5-1-1): deleted there, or the log started again";
    let lost =
        "CRITICAL db-02: binary log started again (5-1-1, then none): replicas may have skipped transactions";
    assert_eq!(
        (remembered("5-1-1", "domain gone").as_str(), remembered("5-1-1", "none").as_str()),
        (gone, lost)
    );
}

/// All of one report is told, by the first line as a number and then each.
#[test]
fn every_restart_is_told() {
    let restart = |before: &str, after: &str| Restart {
        before: before.to_owned(),
        after: after.to_owned(),
        by_another: false,
    };
    let all = || vec![restart("0-1-9", "0-1-5"), restart("5-1-1", "domain gone")];
    let said = |restarts, acknowledged| {
        let kept = Remembered { name: "db-02".to_owned(), restarts: Ok(restarts), acknowledged };
        let mut findings = plugin::Findings::default();
        findings.extend(super::remembered(true, &Ok(vec![kept])));
        findings.report("").render("REPLICATION", 0)
    };
    let left = said(all(), Vec::new());
    let first = "REPLICATION CRITICAL - db-02: binary log started again (0-1-9, then 0-1-5) and 1 more: replicas may have skipped transactions\n";
    assert!(left.starts_with(first), "{left}");
    assert!(left.contains("\ndb-02: domain 5 is gone from its binary log (5-1-1)\n"), "{left}");
    let done = said(Vec::new(), all());
    for what in
        ["binary log started again (0-1-9, then 0-1-5)", "domain 5 is gone from its binary log (5-1-1)"]
    {
        assert!(done.contains(&format!("db-02: acknowledged: {what}")), "{done}");
    }
}

/// MySQL counts the tries of every error, and only a source that could not be reached may be by now.
#[test]
fn what_the_source_refuses_is_not_mended_by_a_start() {
    for (errno, ends) in [
        ("2003", "error 2003 source unreachable, gave up after 10 tries: START REPLICA | "),
        ("1045", "error 1045 credentials refused by the source, or its account needs TLS | "),
        ("1130", "| "),
        ("3118", "| "),
    ] {
        let error = "Error connecting to source. This was attempt 10/10, with a delay of 60 seconds";
        let answer =
            changed(&[("Slave_IO_Running", "No"), ("Last_IO_Errno", errno), ("Last_IO_Error", error)]);
        let lines = lines(answer, &[]);
        let line = lines.split_inclusive(" | ").next().unwrap_or_default();
        assert!(line.ends_with(ends), "{line}");
        assert_eq!(line.contains("START REPLICA"), errno == "2003", "{line}");
    }
}

#[test]
fn statements_are_shown_to_who_asks_for_them() {
    let error = "Error 'Operation CREATE USER failed for 'shop'@'%'' on query. Default database: ''. \
                 Query: 'CREATE USER shop IDENTIFIED BY 'x7''";
    let answer =
        || changed(&[("Slave_SQL_Running", "No"), ("Last_SQL_Errno", "6445"), ("Last_SQL_Error", error)]);
    let shown = |options: &[&str], verbosity| {
        let args = Args::parse_from(["check_replication"].iter().chain(options));
        let seen = Observations {
            servers: vec![("db-02".to_owned(), Ok(answer()))],
            remembered: None,
            user: "nagios".to_owned(),
            seconds: 8.0,
        };
        evaluate(&Policy::new(&args), &seen).render("REPLICATION", verbosity)
    };
    for verbosity in 0..4 {
        let said = shown(&[], verbosity);
        assert!(
            said.starts_with(
                "REPLICATION CRITICAL - db-02 from 127.0.0.1:13306: SQL thread stopped, error 6445 Operation CREATE USER failed for ..."
            ),
            "{said}"
        );
        assert!(!said.contains("x7") && !said.contains("shop"), "{said}");
    }
    assert!(shown(&["--show-query"], 0).contains("Query: 'CREATE USER shop IDENTIFIED BY 'x7''"));
}
