//! Answers of an NTP server (RFC 5905), good ones and, with some octets changed, bad ones.

use std::time::{SystemTime, UNIX_EPOCH};

/// From the first second of NTP to the first one of UNIX.
const TO_UNIX: u64 = 2_208_988_800;

/// A timestamp of this machine's clock, put ahead by some seconds.
pub fn timestamp(ahead: f64) -> [u8; 8] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let now = (now.as_secs().wrapping_add(TO_UNIX) << 32) | fraction;
    now.wrapping_add_signed((ahead * 4_294_967_296.0) as i64).to_be_bytes()
}

/// What a good server of stratum 2 that is ahead by some seconds answers to a question.
pub fn answer(question: &[u8], ahead: f64) -> Vec<u8> {
    let origin = question.get(40..48).unwrap_or(&[0; 8]);
    let (set, now) = (timestamp(ahead - 60.0), timestamp(ahead));
    let header = [0x24, 2, 6, 0xe7, 0, 0, 0, 0x42, 0, 0, 0, 0x42, 192, 0, 2, 1];
    [&header[..], &set, origin, &now, &now].concat()
}

/// The same with other octets from `at` on.
pub fn changed(mut answer: Vec<u8>, at: usize, octets: &[u8]) -> Vec<u8> {
    if let Some(place) = answer.get_mut(at..at + octets.len()) {
        place.copy_from_slice(octets);
    }
    answer
}
