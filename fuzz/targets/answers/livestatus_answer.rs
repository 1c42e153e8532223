//! What Livestatus answers: nothing panics, and numbers stay within what the rest counts on.

use monitor_state::{Collect, Downtime, Object, livestatus};

struct Hold;

impl Collect for Hold {
    fn object(&mut self, object: &Object<'_>) {
        assert!(object.check_interval.is_finite() && object.check_interval >= 0.0);
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        assert!(!downtime.is_running || (downtime.start..downtime.end).contains(&1_000));
    }

    fn restart(&mut self) {}
}

pub(crate) fn run(input: &[u8]) {
    let _ = livestatus::hosts(input, &mut Hold);
    let _ = livestatus::services(input, &mut Hold);
    let _ = livestatus::downtimes(input, 1_000, &mut Hold);
    let _ = livestatus::status(input, 1_000);
}
