//! Answers of an NTP server: nothing panics, and what is believed repeats the question, is synchronised and
//! near its reference, and states an uncertainty of at least half the round trip.

use check_clock_offset::ntp::{Question, read};

const NONCE: u64 = 0x0123_4567_89ab_cdef;
/// 2026-11-22 03:50:07.5 UTC, and moments around the ends of eras.
const MOMENTS: [f64; 6] = [1_795_319_407.5, 2_085_978_495.999, 2_085_978_496.0, 2_147_483_648.25, 0.0, -5.5];

pub(crate) fn run(octets: &[u8]) {
    for sent in MOMENTS {
        for trip in [0.0, 0.01, 2.0] {
            let Ok(measured) = read(octets, Question::new(NONCE), sent, sent + trip) else { continue };
            assert!(octets.len() >= 48 && octets[24..32] == NONCE.to_be_bytes());
            assert!(octets[0] & 7 == 4 && octets[0] >> 6 != 3 && (1..=15).contains(&octets[1]));
            assert!([32, 40].iter().all(|at| octets[*at..at + 8] != [0; 8]));
            assert_eq!(measured.never_set, octets[16..24] == [0; 8]);
            assert!(measured.round_trip >= 0.0 && measured.round_trip <= trip + 1e-6, "{measured:?}");
            let uncertainty = measured.offset.half_width();
            assert!(
                uncertainty >= measured.round_trip / 2.0 - 1e-6 && uncertainty < 1.5 + trip + 1.0,
                "{measured:?}"
            );
            assert!(measured.offset.middle().abs() < 2_200_000_000.0, "{measured:?}");
        }
    }
}
