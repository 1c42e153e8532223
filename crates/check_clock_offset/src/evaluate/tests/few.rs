//! Rows in which fewer than half of the NTP servers gave a time.

use super::*;

#[test]
fn an_ok_by_fewer_than_half_of_the_servers_is_a_warning() {
    let one_of_three = |offset| vec![server("192.0.2.2", offset), broken_server(), broken_server()];
    let few = "only 1 of 3 NTP servers gave a time";
    let right = judge(&[], None, one_of_three(0.0));
    let line = format!("WARNING - {few}, this host is right within 0.008 s of NTP server 192.0.2.2 | ");
    assert!(right.starts_with(&format!("CLOCK_OFFSET {line}")), "{right}");
    let slow = judge(&[], None, one_of_three(90.0));
    let line = format!(
        "CRITICAL - {few}, this host is 90.00 s slow by NTP server 192.0.2.2, allowed -60 to 60 s | "
    );
    assert!(slow.starts_with(&format!("CLOCK_OFFSET {line}")), "{slow}");
    let coarse = judge(&["-w-0.001:0.001"], None, one_of_three(0.0));
    let line = format!(
        "WARNING - undecided: {few}, this host is 0.008 s slow to 0.008 s fast by NTP server 192.0.2.2"
    );
    assert!(coarse.starts_with(&format!("CLOCK_OFFSET {line}")), "{coarse}");
    // Half of them are enough; one that another address of its name replaces is not missing.
    let replaced = || Sample { is_replaced: true, ..broken_server() };
    let own = || broken("ntp1", NtpError::ThisMachine("192.0.2.1 is this machine".to_owned()));
    for servers in [
        vec![server("192.0.2.2", 0.0), broken_server()],
        vec![own(), server("192.0.2.2", 0.0), broken_server()],
        vec![replaced(), replaced(), server("192.0.2.2", 0.0), replaced()],
    ] {
        let seen = judge(&[], None, servers);
        assert!(seen.starts_with("CLOCK_OFFSET OK - this host is right within 0.008 s of 1 of "), "{seen}");
    }
    let both = judge(&[], None, vec![own(), server("192.0.2.2", 0.0), server("192.0.2.3", 0.0)]);
    assert!(both.contains(" of 2 NTP servers | ") && both.contains(" ntp_servers=2;;;0;2\n"), "{both}");
    // The only one that could be asked is named once; this machine alone is no silence.
    let silent = judge(&[], None, vec![own(), broken("192.0.2.2", NtpError::Silent)]);
    assert!(silent.starts_with("CLOCK_OFFSET CRITICAL - NTP server 192.0.2.2: no answer | "), "{silent}");
    assert!(silent.ends_with("\nNTP server ntp1: 192.0.2.1 is this machine\n"), "{silent}");
    let alone = judge(&[], None, vec![own(), own()]);
    assert!(alone.starts_with("CLOCK_OFFSET UNKNOWN - none of 2 NTP servers gives a time: "), "{alone}");
    let five = [vec![server("192.0.2.1", 7.0), server("192.0.2.2", 7.0)], vec![broken_server(); 3]].concat();
    let seen = judge(&[], None, five);
    let line = "WARNING - only 2 of 5 NTP servers gave a time, this host is 7.00 s slow by 2 of 5 NTP servers, allowed";
    assert!(seen.starts_with(&format!("CLOCK_OFFSET {line}")), "{seen}");
}

#[test]
fn a_host_that_is_ok_only_by_few_servers_is_a_warning() {
    let one_of_three = |offset| vec![server("192.0.2.2", offset), broken_server(), broken_server()];
    let few = "only 1 of 3 NTP servers gave a time";
    let rows = [
        (
            0.0,
            0.0,
            "OK - proxy7 is right within 0.52 s, this monitor right within 0.008 s of 1 of 3 NTP servers, \
             2 gave no time | "
                .to_owned(),
        ),
        (
            90.0,
            90.0,
            format!(
                "WARNING - {few}, proxy7 is right within 0.52 s, this monitor 90.00 s slow by NTP server 192.0.2.2 | "
            ),
        ),
        (
            0.0,
            90.0,
            format!(
                "CRITICAL - {few}, this monitor 90.00 s slow by NTP server 192.0.2.2, proxy7 is 90.0 s slow, "
            ),
        ),
    ];
    for (host_offset, servers, line) in rows {
        let seen = judge(&[], Some(host(host_offset, 0.0)), one_of_three(servers));
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line}")), "{seen}");
    }
}
