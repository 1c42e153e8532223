//! The data folder that each server starts from, and free ports.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::host::{public_folder, succeed};

/// Small, and in no hurry to bring anything to the disk: a server lives for seconds.
pub(super) const SMALL: [&str; 7] = [
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-data-file-path=ibdata1:10M:autoextend",
    "--innodb-undo-tablespaces=0",
    "--skip-name-resolve",
];

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
    // A server that starts removes the temporary tables of others from its folder for them.
    install.arg(format!("--tmpdir={}", folder.path().display()));
    if rustix::process::geteuid().is_root() {
        install.arg("--user=root");
    }
    succeed(&mut install);
    let template = Arc::new(folder);
    *kept = Arc::downgrade(&template);
    template
}
