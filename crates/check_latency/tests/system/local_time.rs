//! The time of day in a line is that of this machine, as `date` tells it.

use std::process::Command;

use suite::host::succeed;
use suite::needs::missing;
use suite::plugins;
use suite::process::run;

use crate::NEEDS;
use crate::paths::Lab;

#[test]
fn since_is_the_time_that_date_tells() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    // Half an hour off each other, so that no hour alone can be right.
    for zone in ["Asia/Kolkata", "America/New_York", "XST-9:30", "UTC"] {
        let date = || succeed(Command::new("date").arg("+%H:%M").env("TZ", zone)).stdout.trim().to_owned();
        let before = date();
        let mut command = lab.far.monitor.command(plugins::binary("check_latency"));
        command.args(["--ip=192.0.2.99", "--gateway=none", "--no-learn", "--pings=3", "--interval=0.02"]);
        let told = run(command.args(["--wait=0.1", "--state-file=/nowhere/x.json"]).env("TZ", zone));
        let since = |time: &str| told.first_line().contains(&format!(" does not answer since {time}"));
        assert!(since(&before) || since(&date()), "{zone}: {before}, {told:?}");
    }
}
