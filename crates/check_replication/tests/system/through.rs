//! Through a real NRPE on the database host, by a file that is for NRPE's user alone: and nobody sees the
//! password.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::thread;
use std::time::Duration;

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Setup, start_all};
use suite::needs::missing;
use suite::nrpe::{self, Nrpe};

/// Known to this test alone: others name their own on command lines of clients, at the same time.
const SECRET: &str = "known-to-nrpe-alone";

/// The user of NRPE, by its name in /etc/passwd.
fn nagios() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("nagios:"))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Every command line and environment that can be seen now, as one text.
fn processes() -> String {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |path: &Path, file: &str| fs::read(path.join(file)).unwrap_or_default();
    let texts =
        folders.map(|entry| [read(&entry.path(), "cmdline"), read(&entry.path(), "environ")].concat());
    texts.map(|octets| String::from_utf8_lossy(&octets).into_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn through_nrpe_the_answer_comes_and_the_password_stays() {
    if missing(&HOST_NEEDS) || missing(&nrpe::NEEDS) {
        return;
    }
    let host = Host::create();
    let [source, replica] =
        start_all([Setup::new(1).at(&host, "192.0.2.1"), Setup::new(2).at(&host, "192.0.2.2")]);
    replica.replicate("", &source);
    replica.sql(&format!(
        "CREATE USER nrpe@localhost IDENTIFIED BY '{SECRET}'; GRANT SLAVE MONITOR ON *.* TO nrpe@localhost"
    ));
    let folder = suite::host::public_folder();
    let file = folder.path().join("replication.cnf");
    fs::write(
        &file,
        format!("[client]\nuser=nrpe\npassword={SECRET}\nsocket={}\n", replica.socket().display()),
    )
    .unwrap();
    let (user, group) = nagios().unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    chown(&file, Some(user), Some(group)).unwrap();
    let line =
        |more: &str| format!("@plugindir@/check_replication --defaults-file={} {more}", file.display());
    let commands = format!(
        "command[replication]={}\ncommand[verbose]={}\n",
        line(""),
        line("-vvv --show-query --timeout=4")
    );
    let nrpe = Nrpe::start(&host, &commands);
    let name = replica.value("SELECT @@hostname");
    let (healthy, stopped) = (
        format!("REPLICATION OK - {name} from 192.0.2.1: runs, 0 s behind | lag=0s;60;300;0 channels=1;;;0"),
        format!(
            "REPLICATION CRITICAL - {name} from 192.0.2.1: SQL thread stopped, no error | lag=U;60;300;0 channels=1;;;0"
        ),
    );
    for options in [&[][..], &["-2"], &["-3"]] {
        assert_eq!(nrpe.check("replication", options).verdict(), (0, healthy.as_str()), "{options:?}");
    }
    replica.sql("STOP SLAVE SQL_THREAD");
    let outcome = nrpe.check("replication", &[]);
    assert_eq!(outcome.verdict(), (2, stopped.as_str()));
    assert!(!outcome.stdout.contains(SECRET));

    // While a check hangs on a frozen server there is time to look at it.
    replica.freeze();
    let outcome = thread::scope(|scope| {
        let asking = scope.spawn(|| nrpe.check("verbose", &[]));
        let mut seen = false;
        while !asking.is_finished() {
            let list = processes();
            seen |= list.contains("check_replication\0--defaults-file");
            assert!(!list.contains(SECRET), "the password is in the list of processes");
            thread::sleep(Duration::from_millis(200));
        }
        assert!(seen, "the plugin was never in the list of processes");
        asking.join().unwrap()
    });
    replica.thaw();
    let socket = replica.socket().display().to_string();
    let frozen =
        format!("REPLICATION CRITICAL - {socket}: connected, but no greeting within 4 s: frozen server");
    assert_eq!(outcome.summary(), (2, frozen.as_str()));
    let log = fs::read_to_string(nrpe.folder().join("nrpe.log")).unwrap_or_default();
    assert!(log.contains("check_replication") && !log.contains(SECRET), "NRPE's log");
    let log = fs::read_to_string(replica.folder().join("log")).unwrap();
    assert!(log.contains("ready for connections") && !log.contains(SECRET), "the server's log");
}
