//! A right clock behind a cache is never an alarm, however old the cached value is.

use std::thread;

use suite::clocks::{AGENT_NEEDS, Clock, PASS};
use suite::needs::missing;

use super::{check, network};

/// A hundred runs against one source, several at once. Each reads twice, 1.1 s apart, unless the first
/// reading is certain: so they spread over about half a minute where the cache is old.
fn never_alarms(source: &str) {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    let _agent = Clock::agent(&proxy, "+0s");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let reading = check(&monitor, &["--hostname=198.51.100.7", source, "--timeout=2.2"]);
                    assert_eq!(reading.0.code, Some(0), "{source}: {:?}", reading.0);
                    reading.holds(0.0, 0.01);
                }
            });
        }
    });
}

#[test]
fn behind_an_extend_of_five_seconds() {
    never_alarms("--oid=nsExtendOutput1Line.\"kept\"");
}

#[test]
fn behind_an_extend_of_thirty_seconds() {
    never_alarms("--oid=nsExtendOutput1Line.\"stale\"");
}

#[test]
fn behind_pass_whose_age_nobody_tells() {
    never_alarms(&format!("--oid={PASS}"));
}
