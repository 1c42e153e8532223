//! Removing many files: some file systems make each removal wait for the disk, so several threads wait side
//! by side.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

/// How many wait side by side.
const THREADS: usize = 16;
/// From how many files on it is worth it.
const MANY: usize = 32;
/// What a thread needs that removes files, in octets.
const STACK: usize = 64 << 10;

/// Removes these files; one that is gone already is not an error. After an error the others are removed all
/// the same.
pub(super) fn all(paths: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
    if paths.len() < MANY {
        return each(paths);
    }
    let chunks = paths.chunks(paths.len().div_ceil(THREADS));
    thread::scope(|scope| {
        let start = |chunk| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || each(chunk));
        let threads: Vec<_> = chunks.map(|chunk| (chunk, start(chunk))).collect();
        // Where no thread can be started, this one does it.
        let end = |(chunk, thread): (_, io::Result<thread::ScopedJoinHandle<'_, _>>)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|_| each(chunk)),
            Err(_) => each(chunk),
        };
        let ended: Vec<_> = threads.into_iter().map(end).collect();
        ended.into_iter().collect()
    })
}

/// Returns whether NFS has renamed a file so, which was removed while a process read it: `.nfs` and 24
/// hexadecimal digits. It goes when that process closes it.
pub(super) fn is_kept_by_nfs(name: &OsStr) -> bool {
    let digits = name.as_encoded_bytes().strip_prefix(b".nfs");
    digits.is_some_and(|digits| digits.len() == 24 && digits.iter().all(u8::is_ascii_hexdigit))
}

fn each(paths: &[PathBuf]) -> Result<(), (PathBuf, io::Error)> {
    let removed: Vec<_> = paths.iter().map(|path| one(path)).collect();
    removed.into_iter().collect()
}

fn one(path: &Path) -> Result<(), (PathBuf, io::Error)> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err((path.to_owned(), error)),
        _ => Ok(()),
    }
}
