//! The rows of check_host_files: three files as they were left.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::fs;
use std::path::Path;

use suite::bench::{self, Bench, Subject, again, command, other, says};
use tempfile::TempDir;

const FILES: [&str; 3] = ["hostname", "hosts", "resolv.conf"];
/// The most that it may have resident, in MiB.
const MEMORY: f64 = 2.5;

fn main() {
    bench::run(env!("CARGO_PKG_NAME"), rows);
}

/// Copies of this machine's own files: what is compared is what a host compares.
fn reference() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    for name in FILES {
        fs::write(folder.path().join("etc").join(name), fs::read(Path::new("/etc").join(name)).unwrap())
            .unwrap();
    }
    folder
}

fn rows(bench: &Bench<'_>) {
    const WHAT: &str = "three files as they were left";
    if !bench.wants(WHAT) {
        return;
    }
    let folder = reference();
    let option = format!("--reference={}", folder.path().display());
    let own = || command(bench.own("check_host_files"), &[&option]);
    says(own(), &format!("HOST_FILES OK - 3 files as in {} |", folder.path().display()));
    let mut subjects = vec![Subject::new("check_host_files", own()), Subject::new("itself", own())];
    let peers = [("check_dummy", &["0"][..], Some(1.05)), ("true", &[], None)];
    let peers = peers
        .map(|(name, arguments, target)| other(name).map(|path| (name, command(path, arguments), target)));
    let peers: Vec<_> = peers.into_iter().flatten().collect();
    subjects.extend(peers.iter().map(|(name, peer, _)| Subject::new(*name, again(peer))));
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (WHAT, 0), ("itself (noise)", 1), None);
    for (number, (name, peer, target)) in peers.iter().enumerate() {
        bench.ratio(&times, (WHAT, 0), (name, number + 2), *target);
        let most = target.and(Some(MEMORY));
        let what = format!("peak resident, {WHAT}");
        bench.memory((&what, bench.peak(&own())), (name, bench.peak(peer)), most);
    }
}
