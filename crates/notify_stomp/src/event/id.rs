//! Identifiers that no two events share: UUIDs, also where the system gives no random numbers.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::rand::{GetRandomFlags, getrandom};
use uuid::{Builder, Uuid};

/// How many identifiers this process has made.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Makes a new one: random by getrandom(2), which needs no device.
pub(crate) fn new() -> Uuid {
    let mut octets = [0; 16];
    // Without waiting for the kernel's first random numbers after a start of the machine.
    if !matches!(getrandom(&mut octets, GetRandomFlags::NONBLOCK), Ok(length) if length == octets.len()) {
        octets = without_random();
    }
    Builder::from_random_bytes(octets).into_uuid()
}

/// Nanoseconds, process and count tell apart all events of a machine; its name tells it from others.
fn without_random() -> [u8; 16] {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        let name = rustix::system::uname();
        (salt, time, process::id(), count, name.nodename().to_bytes()).hash(&mut hasher);
        hasher.finish()
    };
    ((u128::from(half(0)) << 64) | u128::from(half(1))).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_another_one_with_and_without_random_numbers() {
        let random: BTreeSet<Uuid> = (0..1000).map(|_| new()).collect();
        let other: BTreeSet<[u8; 16]> = (0..1000).map(|_| without_random()).collect();
        assert_eq!((random.len(), other.len()), (1000, 1000));
        assert_eq!(Builder::from_random_bytes(without_random()).into_uuid().get_version_num(), 4);
    }
}
