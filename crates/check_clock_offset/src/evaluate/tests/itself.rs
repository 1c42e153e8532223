//! The clock of this machine compared with itself, by its agent or its own NTP server.

use super::*;

#[test]
fn a_clock_that_is_compared_with_itself_is_named() {
    let own = |whose, offset| Some(HostClock { whose, ..host(offset, 0.0) });
    let words =
        "192.0.2.7 is this machine, whose clock is compared with itself: give the --ntp of another machine";
    let note = format!("\nnote: {words}\n");
    let certain = judge(&[], own(Whose::Own, 0.0), vec![]);
    assert!(certain.starts_with(&format!("CLOCK_OFFSET UNKNOWN - {words} | ")), "{certain}");
    assert!(!certain.contains("note"), "{certain}");
    let perhaps = judge(&[], own(Whose::Perhaps, 0.0), vec![]);
    assert!(perhaps.starts_with("CLOCK_OFFSET OK - ") && perhaps.ends_with(&note), "{perhaps}");
    // An alarm stays one.
    for whose in [Whose::Own, Whose::Perhaps] {
        let off = judge(&[], own(whose, 90.0), vec![]);
        assert!(off.starts_with("CLOCK_OFFSET CRITICAL - ") && off.ends_with(&note), "{off}");
        let fast = judge(&["--warning=290:310"], own(whose, 0.0), vec![]);
        assert!(fast.starts_with("CLOCK_OFFSET WARNING - ") && fast.ends_with(&note), "{fast}");
    }
    assert!(!judge(&[], own(Whose::Own, 0.0), vec![server("192.0.2.1", 0.0)]).contains("itself"));
    // Its own server takes its time from the same clock.
    let served = |offset| vec![Sample { is_own: true, ..server("127.0.0.1", offset) }];
    let words = "192.0.2.7 is this machine, compared with no other: give the --ntp of another machine";
    let certain = judge(&[], own(Whose::Own, 0.0), served(0.0));
    assert!(certain.starts_with(&format!("CLOCK_OFFSET UNKNOWN - {words} | ")), "{certain}");
    let off = judge(&[], own(Whose::Own, 0.0), served(90.0));
    assert!(
        off.starts_with("CLOCK_OFFSET CRITICAL - ") && off.ends_with(&format!("\nnote: {words}\n")),
        "{off}"
    );
    assert!(!judge(&[], Some(host(0.0, 0.0)), served(0.0)).contains("no other"));
    assert!(!judge(&[], Some(host(0.0, 0.0)), vec![]).contains("itself"));
}

#[test]
fn an_agent_that_answers_from_another_address_is_named() {
    let elsewhere = Some("192.0.2.8".parse().unwrap());
    let seen = judge(&[], Some(HostClock { elsewhere, ..host(0.0, 0.0) }), vec![]);
    assert!(seen.starts_with("CLOCK_OFFSET OK - proxy7 is right within 0.51 s | "), "{seen}");
    assert!(seen.ends_with("\nnote: 192.0.2.7 answers from 192.0.2.8\n"), "{seen}");
}

/// Its own agent shows the clock that follows the one server, whatever time that gives.
#[test]
fn the_own_agent_is_no_second_opinion() {
    let own = |whose, offset| Some(HostClock { whose, ..host(offset, 0.0) });
    let few = || vec![server("192.0.2.2", 0.0), broken_server(), broken_server()];
    let line = "WARNING - only 1 of 3 NTP servers gave a time, proxy7 is right within ";
    for whose in [Whose::Own, Whose::Perhaps] {
        let seen = judge(&[], own(whose, 0.0), few());
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line}")), "{seen}");
        let off = judge(&[], own(whose, 90.0), few());
        assert!(off.starts_with("CLOCK_OFFSET CRITICAL - "), "{off}");
        let both = vec![server("192.0.2.2", 0.0), server("192.0.2.3", 0.0), broken_server()];
        let enough = judge(&[], own(whose, 0.0), both);
        assert!(enough.starts_with("CLOCK_OFFSET OK - "), "{enough}");
    }
}

#[test]
fn the_own_server_is_no_second_opinion() {
    let own = |offset| vec![Sample { is_own: true, ..server("127.0.0.1", offset) }];
    let line =
        "OK - own NTP server 127.0.0.1 is synchronised, 0.008 s from this clock, compared with no other | ";
    assert!(judge(&[], None, own(0.0)).starts_with(&format!("CLOCK_OFFSET {line}")));
    let free = |name| Sample { is_own: true, ..broken(name, NtpError::FreeRunning(10)) };
    let line =
        "UNKNOWN - NTP server 127.0.0.1: not synchronised (takes its time from its own clock, stratum 10) | ";
    assert!(judge(&[], None, vec![free("127.0.0.1")]).starts_with(&format!("CLOCK_OFFSET {line}")));
    let line = "UNKNOWN - none of 2 NTP servers gives a time: localhost (::1) and localhost (127.0.0.1) \
                not synchronised (takes its time from its own clock, stratum 10) | ";
    let both = judge(&[], None, vec![free("localhost (::1)"), free("localhost (127.0.0.1)")]);
    assert!(both.starts_with(&format!("CLOCK_OFFSET {line}")), "{both}");
    let slow = "WARNING - this host is 7.00 s slow by its own NTP server 127.0.0.1, allowed -5 to 5 s | ";
    assert!(judge(&[], None, own(7.0)).starts_with(&format!("CLOCK_OFFSET {slow}")));
}
