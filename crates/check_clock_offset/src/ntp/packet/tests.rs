//! What an answer of an NTP server promises, row by row.

use super::*;

const NONCE: u64 = 0x0123_4567_89ab_cdef;
/// 2026-11-22 03:50:07.5 UTC.
const NOW: f64 = 1_795_319_407.5;

fn ntp(unix: f64) -> [u8; 8] {
    let seconds = (unix + TO_UNIX).floor();
    let fraction = ((unix + TO_UNIX - seconds) * 4_294_967_296.0) as u64;
    (((seconds.rem_euclid(4_294_967_296.0) as u64) << 32) | fraction).to_be_bytes()
}

/// A good answer of a server that is ahead by `ahead`, to a question sent at `sent`, 10 ms on the way in
/// each direction.
fn answer(sent: f64, ahead: f64) -> [u8; 48] {
    let mut packet = [0; 48];
    packet[..16].copy_from_slice(&[0x24, 2, 6, 0xe7, 0, 0, 0x02, 0, 0, 0, 0x01, 0, 192, 0, 2, 1]);
    packet[16..24].copy_from_slice(&ntp(sent + ahead - 60.0));
    packet[24..32].copy_from_slice(&NONCE.to_be_bytes());
    packet[32..40].copy_from_slice(&ntp(sent + ahead + 0.010));
    packet[40..48].copy_from_slice(&ntp(sent + ahead + 0.011));
    packet
}

fn tell(packet: &[u8]) -> Result<Measured, NtpError> {
    read(packet, Question::new(NONCE), NOW, NOW + 0.021)
}

fn changed(at: usize, octets: &[u8]) -> Vec<u8> {
    let mut packet = answer(NOW, 0.0).to_vec();
    packet[at..at + octets.len()].copy_from_slice(octets);
    packet
}

#[test]
fn a_question_is_version_4_mode_3_and_a_nonce() {
    let octets = Question::new(NONCE).octets();
    assert_eq!((octets[0], &octets[40..]), (0x23, &NONCE.to_be_bytes()[..]));
    assert!(octets[1..40].iter().all(|octet| *octet == 0));
}

#[test]
fn a_good_answer_tells_offset_delay_and_distance() {
    for ahead in [0.0, 7.0, -90.0, 3600.25, -1_795_000_000.0] {
        let seen = tell(&answer(NOW, ahead)).unwrap();
        assert!((seen.offset.middle() - ahead).abs() < 1e-5, "{ahead}: {seen:?}");
        assert!((seen.round_trip - 0.020).abs() < 1e-5, "{seen:?}");
        // Half of the round trip, half of the root delay of 1/128 s, a root dispersion of 1/256 s, a
        // precision of 2^-25 s.
        assert!((seen.offset.half_width() - 0.010 - 1.0 / 256.0 - 1.0 / 256.0).abs() < 1e-5, "{seen:?}");
        assert_eq!(seen.stratum, 2);
    }
}

#[test]
fn the_end_of_an_era_is_no_end() {
    // 2036-02-07 06:28:16 UTC, and January 2038.
    for start in [2_085_978_496.0, 2_147_483_648.0] {
        for (early, ahead) in [(0.005, 0.0), (3.0, 7.0), (-3.0, -7.0), (0.5, -0.25)] {
            let sent = start - early;
            let seen = read(&answer(sent, ahead), Question::new(NONCE), sent, sent + 0.021).unwrap();
            assert!((seen.offset.middle() - ahead).abs() < 1e-5, "{start} {early} {ahead}: {seen:?}");
        }
    }
}

#[test]
fn each_wrong_answer_is_refused_by_its_name() {
    // What NTPsec 1.2.2 answers before it is synchronised.
    let no_time = |code: &[u8; 4]| {
        let head = [0xe4, 0, 0, 0xe9, 0, 0, 0, 0, 0, 0, 0, 1];
        [&head[..], code, &[0; 8], &answer(NOW, 0.0)[24..]].concat()
    };
    let rows: [(Vec<u8>, &str); 25] = [
        (vec![], "an answer of 0 octets, not 48"),
        (vec![0x24, 2], "an answer of 2 octets, not 48"),
        (answer(NOW, 0.0)[..40].to_vec(), "an answer of 40 octets, not 48"),
        (answer(NOW, 0.0)[..47].to_vec(), "an answer of 47 octets, not 48"),
        (changed(0, &[0x23]), "an answer of mode 3, not of a server"),
        (changed(0, &[0x25]), "an answer of mode 5, not of a server"),
        (Question::new(NONCE).octets().to_vec(), "an answer of mode 3, not of a server"),
        (changed(0, &[0x14]), "an answer of version 2"),
        (changed(24, &[9; 8]), "an answer to another question (wrong origin timestamp)"),
        (changed(24, &[0; 8]), "an answer to another question (wrong origin timestamp)"),
        (changed(0, &[0xe4]), "not synchronised (leap 3, stratum 2)"),
        (changed(1, &[16]), "not synchronised (leap 0, stratum 16)"),
        (changed(1, &[0]), "not synchronised (leap 0, stratum 0)"),
        (changed(1, &[255]), "not synchronised (leap 0, stratum 255)"),
        (
            [&changed(0, &[0xe4, 0])[..12], b"RATE", &answer(NOW, 0.0)[16..]].concat(),
            "refuses: kiss of death RATE (asked too often)",
        ),
        (
            [&changed(0, &[0xe4, 0])[..12], b"DENY", &answer(NOW, 0.0)[16..]].concat(),
            "refuses: kiss of death DENY (access denied)",
        ),
        (
            [&changed(0, &[0xe4, 0])[..12], b"XXXX", &answer(NOW, 0.0)[16..]].concat(),
            "refuses: kiss of death XXXX",
        ),
        (no_time(b"INIT"), "not synchronised (leap 3, INIT: not since its start)"),
        (no_time(b"STEP"), "not synchronised (leap 3, STEP: it has just stepped its clock)"),
        (changed(40, &[0; 8]), "an answer without a transmit timestamp"),
        (changed(32, &[0; 8]), "an answer without a receive timestamp"),
        (changed(8, &[0, 30, 0, 0]), "up to 30.0 s from its own reference"),
        (changed(4, &[0, 3, 0, 0]), "up to 1.5 s from its own reference"),
        (changed(32, &ntp(NOW + 5.0)), "impossible timestamps: sent before the question came"),
        (changed(16, &ntp(NOW + 5.0)), "impossible timestamps: sent before the clock was set"),
    ];
    for (packet, message) in rows {
        assert_eq!(tell(&packet).map_err(|error| error.to_string()), Err(message.to_owned()));
    }
    let stale = tell(&changed(16, &ntp(NOW - 100_000.0))).unwrap_err();
    assert_eq!(stale.to_string(), "last set its clock 28 h ago");
    let mut held = answer(NOW, 0.0);
    held[40..48].copy_from_slice(&ntp(NOW + 0.5));
    assert_eq!(
        tell(&held).unwrap_err().to_string(),
        "impossible timestamps: held the question for longer than we waited"
    );
    assert!(tell(&[&answer(NOW, 0.0)[..], &[0; 20]].concat()).is_ok(), "extensions may follow");
    assert!(tell(&changed(16, &[0; 8])).unwrap().never_set, "a clock that was never set may be right");
    assert!(!tell(&answer(NOW, 0.0)).unwrap().never_set);
}

#[test]
fn a_clock_without_a_reference_is_known() {
    let rows = [
        (10, [127, 127, 1, 1], true),
        (1, [127, 127, 1, 0], true),
        (15, [127, 127, 1, 255], true),
        (1, *b"LOCL", true),
        // At stratum 2 it is an address.
        (2, *b"LOCL", false),
        (1, *b"GPS\0", false),
        (4, [127, 127, 20, 0], false),
        (2, [127, 0, 0, 1], false),
        (2, [192, 0, 2, 1], false),
    ];
    for (stratum, reference, expected) in rows {
        let mut packet = changed(1, &[stratum]);
        packet[12..16].copy_from_slice(&reference);
        assert_eq!(tell(&packet).unwrap().is_free_running, expected, "{stratum} {reference:?}");
    }
}

#[test]
fn a_late_answer_is_uncertain_by_half_its_delay() {
    let seen = read(&answer(NOW, 0.0), Question::new(NONCE), NOW, NOW + 2.011).unwrap();
    assert!(seen.offset.low < -2.0 && seen.offset.high > 0.0, "{seen:?}");
}
