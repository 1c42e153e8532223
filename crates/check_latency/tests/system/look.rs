//! The quick look in README.md: what the plugin prints on a real path when all is well and when not.

use suite::look::hold;
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;
use tempfile::TempDir;

use crate::far_end::{FarEnd, Vice};
use crate::{NEEDS, private_folder};

#[test]
fn a_host_that_does_not_answer() {
    if missing(&NEEDS) || missing(&[Need::Program("mount")]) {
        return;
    }
    let addresses: Vec<String> = (1..=38).map(|number| format!("192.0.2.{number}")).collect();
    let far = FarEnd::create(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let list: String = (1..=38).map(|number| format!("192.0.2.{number} proxy{number}\n")).collect();
    far.monitor.etc("silent-outage/proxies", &list);
    far.set("192.0.2.12", Vice { loses: (1, 20), ..Vice::default() });
    let line = "check_latency --file=/etc/silent-outage/proxies";
    let check = |records: &TempDir, more: &[&str]| {
        let mut words = line.split(' ');
        let mut command = far.monitor.command(plugins::binary(words.next().unwrap()));
        command.env("MP_STATE_PATH", records.path());
        (line, run(command.args(words).args(more)))
    };
    // A busy machine may keep replies for longer than that: it starts anew.
    let learned = || {
        let records = private_folder();
        let hasty = ["--interval=0.02", "--wait=0.5", "--learn-every=0"];
        (0..13).all(|_| check(&records, &hasty).1.code == Some(0)).then_some(records)
    };
    let records = (0..10).find_map(|_| learned()).unwrap();
    let well = check(&records, &[]);
    far.set("192.0.2.9", Vice { loses: (1, 1), ..Vice::default() });
    let mut dead = check(&records, &[]);
    // The time of day is not that of the reader.
    let (before, after) = dead.1.stdout.split_once(" since ").unwrap();
    dead.1.stdout = format!("{before} since 14:05{}", &after[5..]);
    hold("check_latency", &[well, dead]);
}
