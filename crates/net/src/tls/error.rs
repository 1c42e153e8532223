//! Why TLS cannot be set up on our side.

use std::path::PathBuf;

use plugin::ReadError;

use super::fault::Fault;

/// Where systems keep the certificates of the authorities: Debian and Arch, Red Hat, SUSE, FreeBSD, Alpine
/// and macOS.
pub(super) const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/etc/ssl/cert.pem",
];

/// Why TLS cannot be set up on our side. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file has no certificate or key.
    #[error("reading {}: no {what} in it", .path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A certificate of a file is not one.
    #[error("reading {}: certificate {number} is broken", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Which of its certificates, from 1.
        number: usize,
    },
    /// A revocation list of a file is not one.
    #[error("reading {}: revocation list {number} is broken or not of version 2", .path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// Which of its lists, from 1.
        number: usize,
    },
    /// A folder cannot be listed.
    #[error("reading {}: {}", .0.display(), plugin::reason(.1))]
    Folder(PathBuf, std::io::Error),
    /// Our own certificate cannot be used.
    #[error("reading {}: not an X.509 certificate of version 3", .0.display())]
    Own(PathBuf),
    /// The key does not belong to the certificate, or its kind is not supported.
    #[error("the key in {} is not that of the certificate in {}", .1.display(), .0.display())]
    Pair(PathBuf, PathBuf),
    /// The system has no file of authorities where one is expected.
    #[error("no authorities to verify the server by: name a PEM file by --tls-ca (none of {} is there)", SYSTEM.join(", "))]
    NoAuthorities,
    /// rustls refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Setup(Fault),
}
