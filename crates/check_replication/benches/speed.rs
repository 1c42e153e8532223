//! The rows of check_replication: one question to a local replica, over its socket and by TCP.

use std::process::Command;

use suite::bench::{self, Bench, Subject, again, command, says};
use suite::mariadb::{NEEDS, PASSWORD, Setup, defaults_file, start_all};
use suite::needs::missing;

/// The most memory resident, in MiB.
const MEMORY: f64 = 6.0;
/// The greatest ratio to check_mysql.
const TARGET: f64 = 0.55;
const ROWS: [&str; 2] = ["a replica over its socket", "a replica by TCP"];

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

fn rows(bench: &Bench<'_>) {
    if !ROWS.iter().any(|row| bench.wants(row)) || missing(&NEEDS) {
        return;
    }
    let [source, replica] = start_all([Setup::new(1), Setup::new(2)]);
    replica.replicate("", &source);
    let file =
        defaults_file(&replica, &format!("[client]\nuser=mon\npassword={PASSWORD}\n")).display().to_string();
    let (socket, port) = (replica.socket().display().to_string(), replica.port().to_string());
    let own = [format!("--socket={socket}"), format!("--hostname=127.0.0.1:{port}")];
    let peer = [vec!["-s", &socket], vec!["-H", "127.0.0.1", "-P", &port]];
    for ((row, own), peer) in ROWS.into_iter().zip(own).zip(peer) {
        if bench.wants(row) {
            let other = bench::other("check_mysql")
                .map(|path| command(path, &[&["-S", "-f", &file], peer.as_slice()].concat()));
            compare(
                bench,
                row,
                &command(bench.own("check_replication"), &[&own, "-f", &file]),
                other.as_ref(),
            );
        }
    }
}

fn compare(bench: &Bench<'_>, row: &str, own: &Command, other: Option<&Command>) {
    says(again(own), "REPLICATION OK - ");
    let mut subjects =
        vec![Subject::new("check_replication", again(own)), Subject::new("itself", again(own))];
    subjects.extend(other.map(|other| Subject::new("check_mysql -S", again(other))));
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (row, 0), ("itself (noise)", 1), None);
    let Some(other) = other else { return };
    bench.ratio(&times, (row, 0), ("check_mysql -S", 2), Some(TARGET));
    let what = format!("peak resident, {row}");
    bench.memory((&what, bench.peak(own)), ("check_mysql -S", bench.peak(other)), Some(MEMORY));
}
