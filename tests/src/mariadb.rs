//! Real MariaDB servers that replicate: each with its own data, socket, address and server id, killed when it
//! is dropped.

use std::collections::HashMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::needs::{Need, program};
use crate::ports;
use crate::process::{Outcome, run};
use crate::wait::eventually;

mod template;
#[cfg(test)]
mod tests;

use template::{SMALL, template};

/// What a test needs that starts a server on loopback.
pub const NEEDS: [Need; 3] =
    [Need::Program("mariadbd"), Need::Program("mariadb"), Need::Program("mariadb-install-db")];
/// What a test needs that starts servers in a host.
pub const HOST_NEEDS: [Need; 5] = [
    Need::Root,
    Need::Program("ip"),
    Need::Program("mariadbd"),
    Need::Program("mariadb"),
    Need::Program("mariadb-install-db"),
];

/// The password of the accounts that each server has from the start: `repl`, by which others replicate from
/// it, and `mon`, which may see the state of replication and nothing else. `root` needs none.
pub const PASSWORD: &str = "a-secret-word";

/// How long a server may take to do what it was told.
const LIMIT: Duration = Duration::from_secs(20);
/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    server_id: u32,
    host: Option<&'a Host>,
    address: String,
    port: u16,
    options: Vec<String>,
    is_open: bool,
}

impl<'a> Setup<'a> {
    /// On 127.0.0.1 and a free port, with binary logs, GTID domain 0, and patience of 60 s for its source.
    pub fn new(server_id: u32) -> Self {
        Self {
            server_id,
            host: None,
            address: "127.0.0.1".to_owned(),
            port: 0,
            options: Vec::new(),
            is_open: false,
        }
    }

    /// In a host, on an address that it gets here and port 3306.
    pub fn at(mut self, host: &'a Host, address: &str) -> Self {
        host.ip(&["addr", "add", &format!("{address}/32"), "dev", "lo"]);
        (self.host, self.address, self.port) = (Some(host), address.to_owned(), 3306);
        self
    }

    /// With one more option of the server, which wins over the same one given before.
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    /// With data that every user may write: where root joins a Galera cluster, rsync writes them as nobody.
    pub const fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it does not start within 20 s.
    pub fn start(self) -> Server {
        let folder = public_folder();
        let template = template();
        succeed(Command::new("cp").arg("-a").arg(template.path().join("data")).arg(folder.path()));
        if self.is_open {
            succeed(Command::new("chmod").args(["-R", "a+rwX"]).arg(folder.path().join("data")));
        }
        let port = if self.port == 0 { ports::reserved(&self.address).port() } else { self.port };
        let top = folder.path();
        let mut arguments = vec![format!("--datadir={}", top.join("data").display())];
        arguments.push(format!("--tmpdir={}", top.display()));
        arguments.extend(SMALL.map(str::to_owned));
        arguments.push(format!("--socket={}", top.join("socket").display()));
        arguments.push(format!("--pid-file={}", top.join("pid").display()));
        arguments.push(format!("--bind-address={}", self.address));
        arguments.push(format!("--port={port}"));
        arguments.push(format!("--server-id={}", self.server_id));
        arguments.extend(
            ["--log-bin=bin", "--log-slave-updates", "--binlog-format=ROW", "--relay-log=relay"]
                .map(str::to_owned),
        );
        arguments.extend(self.options);
        let host = self.host.map(|host| host.name().to_owned());
        let mut server = Server {
            daemon: None,
            folder,
            _template: template,
            host,
            address: self.address,
            port,
            arguments,
        };
        server.start();
        let grant = |user: &str, right: &str| {
            format!(
                "CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT {right} ON *.* TO {user}@'%';"
            )
        };
        let accounts = grant("repl", "REPLICATION SLAVE") + &grant("mon", "SLAVE MONITOR");
        // A node of Galera accepts connections before it takes statements (error 1047).
        eventually("the server takes statements", LIMIT, || {
            server.try_sql("SELECT COUNT(*) FROM mysql.db").code == Some(0)
        });
        server.sql(&format!("SET sql_log_bin=0; {accounts}"));
        server
    }
}

/// Starts several at once.
///
/// # Panics
/// If one does not start.
#[expect(clippy::panic, reason = "a test's helper: a server that does not start must fail the test")]
pub fn start_all<const N: usize>(setups: [Setup<'_>; N]) -> [Server; N] {
    let _template = template();
    std::thread::scope(|scope| {
        let starting = setups.map(|setup| scope.spawn(move || setup.start()));
        starting.map(|thread| thread.join().unwrap_or_else(|_| panic!("a server did not start")))
    })
}

/// A server. Dropping it kills it and removes its data.
#[derive(Debug)]
pub struct Server {
    daemon: Option<Daemon>,
    folder: TempDir,
    _template: Arc<TempDir>,
    host: Option<String>,
    address: String,
    port: u16,
    arguments: Vec<String>,
}

impl Server {
    /// The address that it listens on.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its Unix socket, which everybody may use.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Its folder, which lasts as long as it does.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id: none while it is stopped.
    pub fn id(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::id)
    }

    /// Starts it again after [`Server::stop`], with what it knew.
    ///
    /// # Panics
    /// If it does not start within 20 s.
    pub fn start(&mut self) {
        let server = program("mariadbd").unwrap_or_default();
        let mut command = match &self.host {
            None => Command::new(server),
            Some(host) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", host]).arg(server);
                command
            }
        };
        command.arg("--no-defaults").args(&self.arguments);
        if rustix::process::geteuid().is_root() {
            command.arg("--user=root");
        }
        let socket = self.socket();
        let daemon = Daemon::start(&mut command, &self.folder.path().join("log"), |_| {
            UnixStream::connect(&socket).is_ok()
        });
        self.daemon = Some(daemon);
    }

    /// Shuts it down; it keeps its data.
    pub fn stop(&mut self) {
        self.daemon = None;
        let _ = fs::remove_file(self.socket());
    }

    /// Stops it where it stands, with SIGSTOP: the kernel goes on accepting connections for it.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`Server::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(pid, signal);
        }
    }

    /// A client of `root` over the socket, to which arguments can be added.
    pub fn client(&self) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--user=root", "--batch", "--raw"]).arg("--socket").arg(self.socket());
        command
    }

    /// Runs statements as root, and returns what they print: tabs between columns, a
    /// line of their names first.
    ///
    /// # Panics
    /// If the server refuses one.
    pub fn sql(&self, statements: &str) -> String {
        succeed(self.client().args(["--execute", statements])).stdout
    }

    /// The same where the server may refuse.
    pub fn try_sql(&self, statements: &str) -> Outcome {
        run(self.client().args(["--execute", statements]))
    }

    /// The first value that a statement returns: empty if none.
    ///
    /// # Panics
    /// If the server refuses it.
    pub fn value(&self, statement: &str) -> String {
        self.sql(statement)
            .lines()
            .nth(1)
            .unwrap_or_default()
            .split('\t')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Makes this a replica of `source` by a connection of this name, empty for the unnamed one, by GTID, and
    /// waits until it runs.
    ///
    /// # Panics
    /// If it does not.
    pub fn replicate(&self, connection: &str, source: &Self) {
        self.change_source(connection, source, "");
        self.sql(&format!("START SLAVE '{connection}'"));
        self.await_threads(connection, "Yes", "Yes");
    }

    /// CHANGE MASTER for a connection, with more settings, as in ", MASTER_DELAY=60"; it is not started.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn change_source(&self, connection: &str, source: &Self, settings: &str) {
        let (address, port) = (source.address(), source.port());
        self.sql(&format!(
            "CHANGE MASTER '{connection}' TO MASTER_HOST='{address}', MASTER_PORT={port}, MASTER_USER='repl', \
             MASTER_PASSWORD='{PASSWORD}', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos{settings}"
        ));
    }

    /// The state of each connection: names of columns and their values.
    ///
    /// # Panics
    /// If the server refuses to tell.
    pub fn status(&self) -> Vec<HashMap<String, String>> {
        let table = self.sql("SHOW ALL SLAVES STATUS");
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let row = |line: &str| {
            names
                .iter()
                .zip(line.split('\t'))
                .map(|(name, value)| ((*name).to_owned(), value.to_owned()))
                .collect()
        };
        lines.map(row).collect()
    }

    /// A value of the state of one connection: empty if there is none.
    ///
    /// # Panics
    /// If the server refuses to tell.
    pub fn state(&self, connection: &str, column: &str) -> String {
        let rows = self.status();
        let row = rows.iter().find(|row| row.get("Connection_name").is_some_and(|name| name == connection));
        row.and_then(|row| row.get(column)).cloned().unwrap_or_default()
    }

    /// Waits until a column of the state of one connection has a value.
    ///
    /// # Panics
    /// If it has another after 20 s.
    pub fn await_state(&self, connection: &str, column: &str, value: &str) {
        let what =
            format!("{column} = {value} of connection '{connection}' at {}:{}", self.address, self.port);
        eventually(&what, LIMIT, || self.state(connection, column) == value);
    }

    /// Waits until both threads are in these states.
    ///
    /// # Panics
    /// If they are not after 20 s.
    pub fn await_threads(&self, connection: &str, io: &str, sql: &str) {
        self.await_state(connection, "Slave_IO_Running", io);
        self.await_state(connection, "Slave_SQL_Running", sql);
    }

    /// Waits until a statement returns this value.
    ///
    /// # Panics
    /// If it returns another after 20 s.
    pub fn await_value(&self, statement: &str, value: &str) {
        let what = format!("{statement} = {value} at {}:{}", self.address, self.port);
        eventually(&what, LIMIT, || {
            let outcome = self.try_sql(statement);
            outcome.code == Some(0) && outcome.stdout.lines().nth(1) == Some(value)
        });
    }

    /// Waits until this server has applied everything that `source` has written, by GTID.
    ///
    /// # Panics
    /// If it has not after 20 s.
    pub fn await_applied(&self, source: &Self) {
        let position = source.value("SELECT @@gtid_binlog_pos");
        self.await_value(&format!("SELECT MASTER_GTID_WAIT('{position}', 0)"), "0");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data goes with it: there is no sense in a slow shutdown.
        self.signal(Signal::KILL);
    }
}

/// Forgets everything about replication on these servers, and their binary logs: no server loses its log
/// while another reads it.
///
/// # Panics
/// If a server refuses.
pub fn reset(servers: &[&Server]) {
    for server in servers {
        for row in server.status() {
            let name = row.get("Connection_name").cloned().unwrap_or_default();
            server.sql(&format!("STOP SLAVE '{name}'; RESET SLAVE '{name}' ALL"));
        }
    }
    for server in servers {
        server.sql("RESET MASTER; SET GLOBAL gtid_slave_pos=''");
    }
}

/// Writes a defaults file for the plugin in the server's folder, as in `[client]\nuser=mon\n`, and returns
/// where it is.
///
/// # Panics
/// If it cannot be written.
pub fn defaults_file(server: &Server, text: &str) -> PathBuf {
    let path = server.folder().join("client.cnf");
    write(&path, text);
    path
}
