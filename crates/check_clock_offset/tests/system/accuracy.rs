//! The stated interval holds the true offset, in every one of 200 runs by each source.

use suite::clocks::{AGENT_NEEDS, Clock, PASS, PASS_PERSIST, SERVER_NEEDS};
use suite::host::Host;
use suite::needs::missing;

use super::{check, network};

const RUNS: usize = 200;

#[test]
fn of_an_agent_by_each_source() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let host = Host::create();
    let _agent = Clock::agent(&host, "+7s");
    let extend = |name: &str| format!("--oid=nsExtendOutput1Line.\"{name}\"");
    let sources = [
        "--oid=.1.3.6.1.2.1.25.1.2.0".to_owned(),
        extend("fresh"),
        extend("brief"),
        extend("kept"),
        extend("stale"),
        format!("--oid={PASS}"),
        format!("--oid={PASS_PERSIST}"),
    ];
    for source in sources {
        for _ in 0..RUNS {
            // No time for a second reading: the first one must be right by itself.
            let reading = check(&host, &["--hostname=127.0.0.1", &source, "--timeout=0.6"]);
            reading.holds(7.0, 0.001);
        }
    }
}

#[test]
fn of_a_server_to_two_milliseconds() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    let _server = Clock::server(&proxy, "+7s", "local stratum 10");
    let errors = (0..RUNS).map(|_| {
        let reading = check(&monitor, &["--ntp=198.51.100.7"]);
        assert_eq!(reading.0.code, Some(1), "{:?}", reading.0);
        reading.holds(-7.0, 0.001);
        (reading.value("offset") + 7.0).abs()
    });
    let mut errors: Vec<f64> = errors.collect();
    errors.sort_by(f64::total_cmp);
    // A machine that is busy with something else makes some of the answers late; most are not.
    assert!(errors[RUNS / 2] < 0.002, "half of them are off by {} s and more", errors[RUNS / 2]);
}
