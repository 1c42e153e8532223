//! Real MySQL servers. Debian's stable release has none: `tests/servers/fetch` unpacks one of a later
//! release. The variable MYSQLD names another program, and MYSQLD_SHARE its folder of messages and character
//! sets, where that is not at its place.

use std::collections::HashMap;
use std::env;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed};
use crate::mariadb::PASSWORD;
use crate::needs::{Need, missing, server};
use crate::wait::eventually;

/// How long a server may take to do what it was told.
const LIMIT: Duration = Duration::from_secs(20);
/// Small, and without what replication does not need.
const SMALL: [&str; 5] = [
    "--innodb-flush-method=nosync",
    "--innodb-redo-log-capacity=8M",
    "--innodb-buffer-pool-size=32M",
    "--secure-file-priv=",
    "--skip-name-resolve",
];

/// The server that `tests/servers/fetch` unpacks.
const UNPACKED: &str = "mysql97/bin/mysqld";

/// Returns the program that MYSQLD names, else the unpacked one.
///
/// # Panics
/// If there is none and the environment has CI=true, where nothing may be skipped; otherwise the test is.
pub fn program() -> Option<PathBuf> {
    if let Some(program) = env::var_os("MYSQLD") {
        return Some(program.into());
    }
    if missing(&[Need::Server(UNPACKED)]) { None } else { server(UNPACKED) }
}

/// The program with the arguments that it always needs.
fn mysqld(mut command: Command) -> Command {
    command.args(["--no-defaults", "--user=root"]).args(SMALL);
    if let Ok(share) = env::var("MYSQLD_SHARE") {
        command
            .args([format!("--lc-messages-dir={share}"), format!("--character-sets-dir={share}/charsets")]);
    }
    command
}

/// A server with GTIDs. Dropping it stops it and removes its data.
#[derive(Debug)]
pub struct Server {
    daemon: Option<Daemon>,
    folder: TempDir,
    _template: Arc<TempDir>,
    program: PathBuf,
    host: String,
    address: String,
    id: u32,
    options: Vec<String>,
}

impl Server {
    /// Starts the program in a host on an address that it gets here, and port 3306. It has the accounts
    /// `repl` and `mon` of [`crate::mariadb`].
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(program: PathBuf, host: &Host, address: &str, id: u32) -> Self {
        Self::start_with(program, host, address, id, Vec::new())
    }

    /// The same with more options of the server.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_with(program: PathBuf, host: &Host, address: &str, id: u32, options: Vec<String>) -> Self {
        host.ip(&["addr", "add", &format!("{address}/32"), "dev", "lo"]);
        let template = template(&program);
        let folder = public_folder();
        succeed(Command::new("cp").arg("-a").arg(template.path().join("data")).arg(folder.path()));
        let host = host.name().to_owned();
        let mut server = Self {
            daemon: None,
            folder,
            _template: template,
            program,
            host,
            address: address.to_owned(),
            id,
            options,
        };
        server.restart();
        let account = |user: &str, right: &str| {
            format!("CREATE USER {user} IDENTIFIED BY '{PASSWORD}'; GRANT {right} ON *.* TO {user};")
        };
        let accounts = account("repl", "REPLICATION SLAVE") + &account("mon", "REPLICATION CLIENT");
        server.sql(&format!("SET sql_log_bin=0; {accounts}"));
        server
    }

    /// Starts it, after it was stopped if it runs.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.host]).arg(&self.program);
        let mut command = mysqld(command);
        let top = self.folder.path().display();
        command
            .arg(format!("--datadir={top}/data"))
            .arg(format!("--tmpdir={top}"))
            .arg(format!("--socket={top}/socket"))
            .arg(format!("--pid-file={top}/pid"));
        command.arg(format!("--bind-address={}", self.address)).arg(format!("--server-id={}", self.id));
        command.args([
            "--port=3306",
            "--mysqlx=OFF",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            "--skip-replica-start",
        ]);
        command.args(&self.options);
        let socket = self.socket();
        let log = self.folder.path().join("log");
        self.daemon = Some(Daemon::start(&mut command, &log, |_| UnixStream::connect(&socket).is_ok()));
    }

    /// Kills it as a crash does; it keeps its data.
    pub fn kill(&mut self) {
        let id = self.daemon.as_ref().and_then(|daemon| Pid::from_raw(i32::try_from(daemon.id()).ok()?));
        if let Some(id) = id {
            let _ = kill_process(id, Signal::KILL);
        }
        self.stop();
    }

    /// Shuts it down; it keeps its data.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Its folder, which lasts as long as it does.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs statements as root and returns what they print: tabs between columns, a line of their names
    /// first. A line feed in a value, as between the parts of a set of GTIDs, is written as a backslash and
    /// an n.
    ///
    /// # Panics
    /// If the server refuses one.
    pub fn sql(&self, statements: &str) -> String {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", "--batch"]).arg("--socket").arg(self.socket());
        succeed(client.args(["--execute", statements])).stdout
    }

    /// Makes this a replica of `source` by a channel of this name, empty for the default one, and waits until
    /// it runs.
    ///
    /// # Panics
    /// If it does not.
    pub fn replicate(&self, channel: &str, source: &Self) {
        self.sql(&format!(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='{}', SOURCE_PORT=3306, SOURCE_USER='repl', SOURCE_PASSWORD='{PASSWORD}', \
             SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1 FOR CHANNEL '{channel}'; \
             START REPLICA FOR CHANNEL '{channel}'",
            source.address
        ));
        self.await_threads(channel, "Yes", "Yes");
    }

    /// A value of the state of one channel: empty if there is none.
    ///
    /// # Panics
    /// If the server refuses to tell.
    pub fn state(&self, channel: &str, column: &str) -> String {
        let table = self.sql("SHOW REPLICA STATUS");
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let rows =
            lines.map(|line| names.iter().copied().zip(line.split('\t')).collect::<HashMap<&str, &str>>());
        let row = rows.into_iter().find(|row| row.get("Channel_Name") == Some(&channel));
        row.and_then(|row| row.get(column).map(|value| (*value).to_owned())).unwrap_or_default()
    }

    /// Waits until a column of the state of one channel has a value.
    ///
    /// # Panics
    /// If it has another after 20 s.
    pub fn await_state(&self, channel: &str, column: &str, value: &str) {
        eventually(&format!("{column} = {value} of channel '{channel}'"), LIMIT, || {
            self.state(channel, column) == value
        });
    }

    /// Waits until both threads are in these states.
    ///
    /// # Panics
    /// If they are not after 20 s.
    pub fn await_threads(&self, channel: &str, io: &str, sql: &str) {
        self.await_state(channel, "Replica_IO_Running", io);
        self.await_state(channel, "Replica_SQL_Running", sql);
    }

    /// Waits until this server has applied everything that `source` has.
    ///
    /// # Panics
    /// If it has not after 20 s.
    pub fn await_applied(&self, source: &Self) {
        let set =
            source.sql("SELECT @@global.gtid_executed").lines().nth(1).unwrap_or_default().replace("\\n", "");
        let waited = self.sql(&format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{set}', {})", LIMIT.as_secs()));
        assert_eq!(waited.lines().nth(1), Some("0"), "{set} is not applied");
    }
}

/// A folder with the data of a server that never ran, made once and kept as long as somebody uses it.
fn template(program: &PathBuf) -> Arc<TempDir> {
    static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut kept = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = kept.upgrade() {
        return template;
    }
    let folder = public_folder();
    let mut install = mysqld(Command::new(program));
    install.arg("--initialize-insecure").arg(format!("--datadir={}", folder.path().join("data").display()));
    install.arg(format!("--tmpdir={}", folder.path().display()));
    succeed(&mut install);
    // Each copy makes a uuid of its own.
    let _ = std::fs::remove_file(folder.path().join("data/auto.cnf"));
    let template = Arc::new(folder);
    *kept = Arc::downgrade(&template);
    template
}
