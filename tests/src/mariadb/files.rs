//! What the servers of a test share and need: a data folder to copy, free ports, defaults files.

use super::*;

/// A folder with the data of a server that never ran, made once and kept as long as somebody uses it.
pub(super) fn template() -> Arc<TempDir> {
    static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut kept = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = kept.upgrade() {
        return template;
    }
    let folder = public_folder();
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]).args(SMALL);
    install.arg(format!("--datadir={}", folder.path().join("data").display()));
    if rustix::process::geteuid().is_root() {
        install.arg("--user=root");
    }
    succeed(&mut install);
    let template = Arc::new(folder);
    *kept = Arc::downgrade(&template);
    template
}

/// A port that nobody uses now.
pub(super) fn free_port(address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).and_then(|listener| listener.local_addr());
    listener.map_or(0, |address| address.port())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::missing;

    #[test]
    fn a_replica_gets_what_its_source_writes_and_a_stopped_server_knows_what_it_knew() {
        if missing(&NEEDS) {
            return;
        }
        let [mut source, replica] = start_all([Setup::new(1), Setup::new(2)]);
        replica.replicate("", &source);
        source.sql("CREATE TABLE mysql.kept (number INT PRIMARY KEY); INSERT INTO mysql.kept VALUES (41)");
        replica.await_applied(&source);
        assert_eq!(replica.value("SELECT number FROM mysql.kept"), "41");
        source.stop();
        replica.await_state("", "Slave_IO_Running", "Connecting");
        source.start();
        assert_eq!(source.value("SELECT number FROM mysql.kept"), "41");
        replica.await_threads("", "Yes", "Yes");
        reset(&[&replica, &source]);
        assert!(replica.status().is_empty());
    }
}
