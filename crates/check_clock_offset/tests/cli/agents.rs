//! The real binary against SNMP agents of the test.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_number_digits_and_dates_are_read() {
    type Value = fn() -> Vec<u8>;
    let rows: [(Value, i32); 8] = [
        (|| integer(now()), 0),
        (|| tlv(4, format!("{}\0", now()).as_bytes()), 0),
        (|| tlv(0x41, &integer(now())[2..]), 0),
        (|| tlv(0x42, &integer(now() + 30)[2..]), 1),
        (|| tlv(0x46, &integer(now() - 90)[2..]), 2),
        (|| tlv(4, format!("{}\n", now()).as_bytes()), 0),
        (|| tlv(4, format!("{}.5", now() + 7).as_bytes()), 1),
        (|| integer(4_102_444_800), 2),
    ];
    for (number, (value, code)) in rows.into_iter().enumerate() {
        let agent = agent(value);
        for version in ["--protocol=1", "--protocol=2c"] {
            let outcome = ask(&agent, &["--oid=.1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0", version]);
            assert_eq!(outcome.code, Some(code), "row {number} {version}: {}", outcome.stdout);
        }
    }
}

#[test]
fn what_is_no_time_is_unknown() {
    let rows: [(Vec<u8>, &str); 17] = [
        (tlv(4, b"soon\0"), "not a time: soon"),
        (
            tlv(4, &[7, 234, 11, 22, 3, 50, 7, 0, b'+']),
            "9 octets, neither text nor a date, which has 8 or 11",
        ),
        (
            tlv(4, &[7, 234, 11, 22, 3, 50, 7, 0, b'+', 0]),
            "10 octets, neither text nor a date, which has 8 or 11",
        ),
        (tlv(0x43, &[1, 2, 3, 4]), "TimeTicks, not a time"),
        (tlv(5, &[]), "NULL, not a time"),
        (tlv(0x44, b"\x9f\x78\x04\x4e\xd6"), "Opaque, not a time"),
        (tlv(4, b""), "empty string, not a time"),
        (tlv(4, b"/nonexistent/cmd: No such file"), "not a time: /nonexistent/cmd: No such file"),
        (tlv(4, b"a|b=1\n"), "not a time: a/b=1"),
        (tlv(4, &[0; 8]), "a date of zeros: the agent does not know its time"),
        (tlv(4, &[0; 11]), "a date of zeros: the agent does not know its time"),
        (tlv(4, &[7, 234, 11, 22, 3, 50, 7, 0]), "local time without a zone: name the zone by --timezone"),
        (tlv(4, &[7, 234, 13, 32, 25, 61, 61, 10]), "not a date: hour is 25"),
        (tlv(4, &[7, 234, 11, 22, 24, 0, 0, 0, b'+', 0, 0]), "not a date: hour is 24"),
        (tlv(4, &[7, 234, 11, 22, 12, 0, 60, 0, b'+', 0, 0]), "not a date: second is 60"),
        (tlv(2, &[0x80, 0, 0, 0]), "-2147483648 is below zero, perhaps a 32-bit overflow in January 2038"),
        (
            tlv(2, &[1, 0xa2, 2, 2, 2, 2]),
            "1795330015746 is too large for seconds since the epoch, perhaps milliseconds",
        ),
    ];
    for (value, why) in rows {
        let agent = agent(move || value.clone());
        let outcome = ask(&agent, &[]);
        let line = format!("CLOCK_OFFSET UNKNOWN - hrSystemDate.0 of {}: {why}", agent.address());
        assert_eq!(text(&outcome), (3, line.as_str()));
    }
}

#[test]
fn what_does_not_belong_to_the_question_is_passed_over() {
    // Each of these would be an alarm if it were believed; the last one is the answer.
    let agent = Responder::start(|octets| {
        let question = Question::read(octets);
        let wrong = integer(now() - 4000);
        let other = |change: fn(&mut Question)| {
            let mut other = question.clone();
            change(&mut other);
            other.answer(&[integer(now() - 4000)])
        };
        let mut followed = question.answer(&[wrong]);
        followed.push(0);
        vec![
            other(|question| question.id = tlv(2, &[1, 2, 3, 4])),
            other(|question| question.community = b"private".to_vec()),
            other(|question| question.version = 0),
            followed,
            question.answer(&[tlv(0x41, &[1, 0, 0, 0, 0])]),
            octets.to_vec(),
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            vec![],
            question.answer(&[integer(now())]),
        ]
    });
    let agent = agent.unwrap();
    let outcome = ask(&agent, &["--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
}

#[test]
fn an_answer_to_another_variable_is_unknown() {
    let agent = Responder::start(|octets| {
        let question = Question { names: vec![tlv(6, &[43, 6, 1])], ..Question::read(octets) };
        vec![question.answer(&[integer(now())])]
    });
    let outcome = ask(&agent.unwrap(), &[]);
    assert_eq!(outcome.code, Some(3));
    assert!(text(&outcome).1.ends_with(": an answer without the variable"), "{}", outcome.stdout);
}

#[test]
fn errors_of_an_agent_are_told_by_name() {
    let rows: [(u8, Vec<u8>, &str); 5] = [
        (0, tlv(0x80, &[]), " has no hrSystemDate.0 (noSuchObject): give --oid"),
        (0, tlv(0x81, &[]), " has no hrSystemDate.0 (noSuchInstance): give --oid"),
        (2, tlv(5, &[]), " has no hrSystemDate.0 (noSuchName): give --oid"),
        (5, tlv(5, &[]), ": genErr"),
        (99, tlv(5, &[]), ": error-status 99"),
    ];
    for (status, value, why) in rows {
        let answers = move |octets: &[u8]| {
            vec![Question::read(octets).answer_with_status(status, std::slice::from_ref(&value))]
        };
        let agent = Responder::start(answers).unwrap();
        let outcome = ask(&agent, &[]);
        assert_eq!(text(&outcome), (3, format!("CLOCK_OFFSET UNKNOWN - {}{why}", agent.address()).as_str()));
    }
}

#[test]
fn silence_is_what_the_timeout_says() {
    let silent = Responder::start(|_| vec![]).unwrap();
    let line = |state: &str, tries: &str| {
        let what = "wrong community, blocked or down";
        format!("CLOCK_OFFSET {state} - no SNMP answer from {} (v2c, {tries}): {what}", silent.address())
    };
    let arguments = ["--hostname=127.0.0.1", "--port", &silent.port()];
    let outcome = check(&[&arguments[..], &["--timeout=0.5"]].concat());
    assert_eq!(text(&outcome), (3, line("UNKNOWN", "3 tries").as_str()));
    let all = [&arguments[..], &["--timeout=0.5:critical", "--retries=0"]].concat();
    let outcome = in_time(Duration::from_millis(750), || check(&all));
    assert_eq!(text(&outcome), (2, line("CRITICAL", "1 try").as_str()));
}

#[test]
fn a_late_answer_is_read_in_its_own_interval() {
    // Every try is answered after the next one was sent: the moment of the first question counts.
    let mut late: Option<Vec<u8>> = None;
    let agent = Responder::start(move |octets| {
        let answer = Question::read(octets).answer(&[integer(now())]);
        late.replace(answer).into_iter().collect()
    });
    let outcome =
        ask(&agent.unwrap(), &["--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0", "--timeout=2.4"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let trip: f64 = outcome.stdout.split("rtt=").nth(1).unwrap().split('s').next().unwrap().parse().unwrap();
    assert!((0.5..1.2).contains(&trip), "{}", outcome.stdout);
}

#[test]
fn a_zone_gives_local_time_its_moment() {
    // The same moment in Kolkata: UTC and half past five.
    let agent = agent(|| {
        let local = now() + 19_800;
        let (hour, minute, second) = (local / 3600 % 24, local / 60 % 60, local % 60);
        let (year, month, day) = civil(local / 86_400);
        let year = u16::try_from(year).unwrap().to_be_bytes();
        let rest = [month, day, hour, minute, second, 0].map(|part| u8::try_from(part).unwrap());
        tlv(4, &[&year[..], &rest].concat())
    });
    let outcome = ask(&agent, &["--timezone=Asia/Kolkata"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    for zone in ["--timezone=+0530", "--timezone=+05:30"] {
        let outcome = ask(&agent, &[zone]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    }
    let outcome = ask(&agent, &["--timezone", "-1830"]);
    assert_eq!(outcome.code, Some(3), "no zone is so far west: {}", outcome.stdout);
    let outcome = ask(&agent, &["--timezone=UTC"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(
        outcome.first_line().contains(" is 5 h 30 min fast, perhaps a time zone mistake |"),
        "{}",
        outcome.stdout
    );
    let outcome = ask(&agent, &["--timezone=Mars/Olympus"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.first_line().contains("unknown time zone Mars/Olympus"), "{}", outcome.stdout);
}

/// Year, month and day of a day since the epoch (the usual arithmetic on years that begin in March).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[test]
fn secrets_come_from_a_file_and_are_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.ini");
    fs::write(&file, "[check_clock_offset]\ncommunity=s3cret-c0mmunity\n").unwrap();
    let agent = agent(|| integer(now()));
    let extra = format!("--extra-opts=@{}", file.display());
    let outcome = ask(&agent, &[&extra, "--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0", "-vvv"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("s3cret"), "{}", outcome.stdout);
}

#[test]
fn secrets_that_others_can_read_are_named() {
    let folder = suite::host::public_folder();
    let file = folder.path().join("plugins.ini");
    let extra = format!("--extra-opts=@{}", file.display());
    let detail = |what: &str| {
        format!("{0} holds {what} and every account here can read it: chmod o= {0}", file.display())
    };
    let (passwords, community) = (["authpasswd", "privpasswd"].map(detail), [detail("community")]);
    let version_3 =
        "protocol=3\nsecname=x\nseclevel=authPriv\nauthpasswd=longenough\nprivpasswd=longenough\n";
    let none: &[String] = &[];
    for (options, mode, expected) in [
        (version_3, 0o644, &passwords[..]),
        (version_3, 0o640, none),
        ("community=mine\n", 0o644, &community),
        ("community=mine\n", 0o640, none),
        ("community=public\n", 0o644, none),
    ] {
        fs::write(&file, format!("[check_clock_offset]\n{options}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let outcome = check(&["--hostname=127.0.0.1", "--port=1", "--retries=0", "--timeout=2", &extra]);
        let details: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains("chmod")).collect();
        assert_eq!(
            (outcome.code, details),
            (Some(3), expected.iter().map(String::as_str).collect()),
            "{options}"
        );
    }
}

/// An agent that answers is not down.
#[test]
fn answers_that_do_not_fit_are_told() {
    type Change = fn(&mut Question);
    let rows: [(Change, &str); 3] = [
        (|question| question.community = b"secret".to_vec(), "other community"),
        (|question| question.version = 0, "other version"),
        (
            |question| {
                if let Some(last) = question.id.last_mut() {
                    *last ^= 1;
                }
            },
            "other request id",
        ),
    ];
    for (change, why) in rows {
        let agent = Responder::start(move |octets| {
            let mut question = Question::read(octets);
            change(&mut question);
            vec![question.answer(&[integer(now())])]
        });
        let agent = agent.unwrap();
        let outcome = ask(&agent, &["--timeout=3"]);
        let line = format!(
            "CLOCK_OFFSET UNKNOWN - no SNMP answer from {} (v2c, 3 tries): 3 answers that do not fit ({why})",
            agent.address()
        );
        assert_eq!(outcome.summary(), (3, line.as_str()));
    }
}
