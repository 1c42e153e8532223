//! The rows of check_replication: one question to a local replica, over its socket and by TCP.

use std::process::Command;

use suite::mariadb::{NEEDS, PASSWORD, Setup, defaults_file, start_all};
use suite::needs::missing;

use crate::Plan;
use crate::check_ip_bound::{again, command, says};
use crate::measure::{Subject, in_turn, resident};
use crate::programs::Programs;
use crate::table;

/// The most memory resident, in MiB.
const MEMORY: f64 = 6.0;
/// The greatest ratio to check_mysql.
const TARGET: f64 = 0.55;
const ROWS: [&str; 2] = ["a replica over its socket", "a replica by TCP"];

pub(crate) fn run(plan: &Plan, programs: &Programs) {
    if !ROWS.iter().any(|row| plan.wants(row)) || missing(&NEEDS) {
        return;
    }
    let [source, replica] = start_all([Setup::new(1), Setup::new(2)]);
    replica.replicate("", &source);
    let file = defaults_file(&replica, &format!("[client]\nuser=mon\npassword={PASSWORD}\n")).display().to_string();
    let (socket, port) = (replica.socket().display().to_string(), replica.port().to_string());
    let own = [format!("--socket={socket}"), format!("--hostname=127.0.0.1:{port}")];
    let peer = [vec!["-s", &socket], vec!["-H", "127.0.0.1", "-P", &port]];
    for ((row, own), peer) in ROWS.into_iter().zip(own).zip(peer) {
        if plan.wants(row) {
            let other =
                Programs::other("check_mysql").map(|path| command(path, &[&["-S", "-f", &file], peer.as_slice()].concat()));
            compare(plan, programs, row, &command(programs.own("check_replication"), &[&own, "-f", &file]), other.as_ref());
        }
    }
}

fn compare(plan: &Plan, programs: &Programs, row: &str, own: &Command, other: Option<&Command>) {
    says(again(own), "REPLICATION OK - ");
    let mut subjects = vec![Subject::new("check_replication", again(own)), Subject::new("itself", again(own))];
    subjects.extend(other.map(|other| Subject::new("check_mysql -S", again(other))));
    let times = in_turn(plan, &mut subjects);
    table::ratio(&times, (row, 0), ("itself (noise)", 1), None);
    let Some(other) = other else { return };
    table::ratio(&times, (row, 0), ("check_mysql -S", 2), Some(TARGET));
    let peak = programs.own("peak");
    let what = format!("peak resident, {row}");
    table::resident((&what, resident(&peak, own)), ("check_mysql -S", resident(&peak, other)), Some(MEMORY));
}
