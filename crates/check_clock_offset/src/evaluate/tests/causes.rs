//! Which servers gave no time, and why.

use super::*;

#[test]
fn who_gave_no_time_is_named_with_the_cause() {
    let silent = |number: u8| broken(&format!("192.0.2.{number}"), NtpError::Silent);
    let refused =
        |number: u8| broken(&format!("192.0.2.{number}"), NtpError::System("connection refused".to_owned()));
    let unresolved = |name: &str| {
        let why = format!("resolving {name}: no address found, see check_resolver");
        broken(name, NtpError::Unresolved { why, is_silence: false })
    };
    let hanging = |name: &str| {
        let why = format!("resolving {name}: no answer within 2.57 s, see check_resolver");
        broken(name, NtpError::Unresolved { why, is_silence: true })
    };
    let rows = [
        (vec![silent(1), silent(2), silent(3)], "3 NTP servers gives a time: 192.0.2.1 and 2 more no answer"),
        (
            vec![silent(1), refused(2), refused(3)],
            "3 NTP servers gives a time: 192.0.2.2 and 192.0.2.3 connection refused, 192.0.2.1 no answer",
        ),
        (
            vec![unresolved("ntp1"), unresolved("ntp2"), unresolved("ntp3")],
            "3 NTP servers gives a time: 3 names unresolved (no address found): ntp1 and 2 more",
        ),
        (
            vec![hanging("a.test"), hanging("b.test"), unresolved("ntp1"), silent(1)],
            "4 NTP servers gives a time: 2 names unresolved (no answer within 2.57 s): a.test and b.test, \
             resolving ntp1: no address found, see check_resolver, 1 with other causes",
        ),
    ];
    for (samples, line) in rows {
        let seen = judge(&[], None, samples);
        assert!(seen.contains(&format!(" - none of {line} | ")), "{seen}");
    }
    let split = judge(&[], None, vec![server("192.0.2.1", 0.0), server("192.0.2.2", 7.0), silent(3)]);
    assert!(split.contains(" - no majority among 2 NTP servers, 7.0 s apart, 1 gave no time | "), "{split}");
}
