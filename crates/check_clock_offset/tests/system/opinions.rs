//! Second opinions: what the crates rsntp and snmp2 read by themselves from the same daemons is in the
//! interval that is stated here.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rsntp::{Config, SntpClient};
use snmp2::{Oid, SyncSession, Value};
use suite::bench::enter;
use suite::clocks::{AGENT_NEEDS, Clock, SERVER_NEEDS};
use suite::host::Host;
use suite::needs::missing;

use super::{check, network};

/// Runs it in the network of a host.
fn inside<T: Send>(host: &Host, task: impl FnOnce() -> T + Send) -> T {
    let task = || {
        enter(host);
        task()
    };
    thread::scope(|scope| scope.spawn(task).join()).unwrap()
}

#[test]
fn rsntp_reads_the_same_from_chronyd() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    for (offset, code) in [("+0s", 0), ("+7s", 1), ("-3600s", 2)] {
        let _server = Clock::server(&proxy, offset, "local stratum 10");
        for (address, from) in [("198.51.100.7", "0.0.0.0:0"), ("2001:db8::7", "[::]:0")] {
            let config = Config::default().bind_address(from.parse().unwrap());
            let client = SntpClient::with_config(config);
            let theirs = inside(&monitor, || client.synchronize(address)).unwrap();
            let reading = check(&monitor, &["--ntp", address]);
            assert_eq!(reading.0.code, Some(code), "{:?}", reading.0);
            // Ours is by how much this machine is ahead, theirs by how much the server is; half of their
            // round trip is their uncertainty.
            let slack = theirs.round_trip_delay().as_secs_f64() / 2.0 + 0.001;
            reading.holds(-theirs.clock_offset().as_secs_f64(), slack);
        }
    }
}

#[test]
fn snmp2_reads_the_same_from_snmpd() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let host = Host::create();
    let _agent = Clock::agent(&host, "+7s");
    let oid = Oid::from(&[1, 3, 6, 1, 4, 1, 8072, 1, 3, 2, 3, 1, 1, 5, 102, 114, 101, 115, 104]).unwrap();
    let (theirs, before, after) = inside(&host, || {
        let limit = Some(Duration::from_secs(5));
        let mut session = SyncSession::new_v2c("127.0.0.1:161", b"public", limit, 1).unwrap();
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let before = now();
        let answer = session.get(&oid).unwrap();
        let Some((_, Value::OctetString(text))) = answer.varbinds.clone().next() else { panic!() };
        let value: f64 = String::from_utf8_lossy(text).trim().parse().unwrap();
        (value, before, now())
    });
    let reading = check(&host, &["--hostname=127.0.0.1", "--oid=nsExtendOutput1Line.\"fresh\""]);
    let (low, high) = (theirs - after, theirs - before);
    let (offset, half) = (reading.value("offset"), reading.value("uncertainty"));
    assert!(offset - half <= high && low <= offset + half, "{low} to {high}: {:?}", reading.0);
}
