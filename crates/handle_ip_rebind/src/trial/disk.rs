//! Whether the file systems of the log and of the state take what a run writes, found without writing.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::config::Config;
use crate::record::fault_of_size;

/// Returns what keeps a run from writing its record or its state.
pub(crate) fn faults(config: &Config) -> Vec<String> {
    let mut all = Vec::new();
    for (name, path) in [("log", &config.log), ("state", &config.state)] {
        let fault = fault(&existing(path));
        all.extend(fault.map(|fault| format!("{name}: {}: {fault}", path.display())));
    }
    let size = fs::metadata(&config.log).ok().and_then(|log| fault_of_size(log.len()));
    all.extend(size.map(|fault| format!("log: {}: {fault}", config.log.display())));
    all
}

/// Returns the path, or the nearest folder above it that exists.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// Why nothing can be written on the file system of a path. `None` if it can, or where that is not known.
fn fault(path: &Path) -> Option<&'static str> {
    let found = statvfs(path).ok()?;
    match () {
        () if found.f_flag.contains(StatVfsMountFlags::RDONLY) => Some("read-only file system"),
        // Some file systems count no blocks or no files at all.
        () if found.f_blocks > 0 && found.f_bfree == 0 => Some("no space left on device"),
        () if found.f_files > 0 && found.f_ffree == 0 => Some("no free inodes left on device"),
        () => None,
    }
}
