//! A replica of MySQL whose relay log has no room on its disk: both threads run, without an error or a lag.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::host::{Host, succeed};
use suite::mariadb::HOST_NEEDS;
use suite::mysql::{Server, program};
use suite::needs::missing;

use super::await_line;

/// A small file system of its own, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Self {
        succeed(Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(at));
        Self(at.to_owned())
    }

    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_mysql_relay_log_without_room() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let Some(program) = program() else { return };
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path());
    let source = Server::start(program.clone(), &host, "192.0.2.1", 1);
    let relay = format!("--relay-log={}/relay", folder.path().display());
    let mut replica = Server::start_with(program, &host, "192.0.2.2", 2, vec![relay]);
    replica.replicate("", &source);
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.t (b MEDIUMTEXT)");
    replica.await_applied(&source);
    let say = |what: &str, code: i32, line: &str| {
        let one = ["--hostname=db-02", "--tls=require-unverified"];
        await_line(&host, source.folder(), what, &one, code, line);
    };
    say("before", 0, "OK - db-02 from 192.0.2.1: runs, 0 s behind");
    disk.fill();
    source.sql(
        "INSERT INTO shop.t VALUES (REPEAT('x', 300000)); INSERT INTO shop.t VALUES (REPEAT('x', 300000))",
    );
    let line = "CRITICAL - db-02 from 192.0.2.1: IO thread waits for disk space for its relay log";
    say("full", 2, line);
    replica.kill();
}
