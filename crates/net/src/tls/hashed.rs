//! Folders of certificates and revocation lists whose files are named by a hash, as `openssl rehash` makes
//! them: 5ed36f99.0 for a certificate, 5ed36f99.r0 for a list. Other files there are passed over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plugin::{Deadline, ReadError, read_file};

/// The most files that are read of one folder: those of systems have some 150.
const MOST: usize = 4096;
/// The most octets of one.
const LARGEST: u64 = 8 << 20;
/// How many digits a hash has.
const HASH: usize = 8;

/// Returns the files of certificates in this folder, or those of lists, in the order of their names.
///
/// # Errors
/// The folder cannot be listed.
pub(super) fn files(folder: &Path, are_lists: bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if is_hashed(name, are_lists) && found.len() < MOST {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads one of them.
///
/// # Errors
/// [`ReadError`]: it cannot be read.
pub(super) fn read(path: &Path, deadline: &Deadline) -> Result<Vec<u8>, ReadError> {
    read_file(path, LARGEST, deadline)
}

fn is_hashed(name: &str, is_list: bool) -> bool {
    let Some((hash, number)) = name.split_once('.') else { return false };
    let number = if is_list { number.strip_prefix('r').unwrap_or_default() } else { number };
    let is_hash = hash.len() == HASH && hash.bytes().all(|c| c.is_ascii_hexdigit());
    is_hash && !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hashes() {
        let rows = [
            ("5ed36f99.0", true, false),
            ("5ed36f99.12", true, false),
            ("5ed36f99.r0", false, true),
            ("5ed36f99.", false, false),
            ("5ed36f99.r", false, false),
            ("5ed36f99.0.pem", false, false),
            ("5ed36f9.0", false, false),
            ("5ed36f9g.0", false, false),
            ("ca.pem", false, false),
            ("", false, false),
        ];
        for (name, is_certificate, is_list) in rows {
            assert_eq!((is_hashed(name, false), is_hashed(name, true)), (is_certificate, is_list), "{name}");
        }
    }
}
