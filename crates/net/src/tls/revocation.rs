//! Lists of certificates that their authorities revoked (RFC 5280, section 5), in PEM. As with openssl, every
//! certificate below an authority must have a list of its issuer, which has not expired.

use std::path::{Path, PathBuf};

use plugin::{Deadline, read_file};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject as _;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationOptions,
    RevocationOptionsBuilder,
};

use super::error::TlsError;
use super::hashed;

/// The most octets of a file of lists.
const LARGEST: u64 = 8 << 20;

/// Where revocation lists are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationLists {
    /// A PEM file of them.
    pub file: Option<PathBuf>,
    /// A folder of such files that are named by hashes. One that is not there has none.
    pub folder: Option<PathBuf>,
}

/// The lists themselves.
#[derive(Debug, Default)]
pub(super) struct Revocations(Vec<CertRevocationList<'static>>);

impl RevocationLists {
    /// Reads them: `None` if there is nowhere to look.
    ///
    /// # Errors
    /// [`TlsError`]: a file cannot be read, or one of its lists cannot be used.
    pub(super) fn read(&self, deadline: &Deadline) -> Result<Option<Revocations>, TlsError> {
        if self.file.is_none() && self.folder.is_none() {
            return Ok(None);
        }
        let mut lists = Vec::new();
        if let Some(path) = &self.file {
            lists = parse(path, &read_file(path, LARGEST, deadline)?)?;
            if lists.is_empty() {
                return Err(TlsError::Nothing { path: path.clone(), what: "revocation list" });
            }
        }
        let in_folder = self.folder.as_deref().map(|folder| hashed::files(folder, true).unwrap_or_default());
        for path in in_folder.into_iter().flatten() {
            lists.extend(parse(&path, &hashed::read(&path, deadline)?)?);
        }
        Ok(Some(Revocations(lists)))
    }
}

impl Revocations {
    pub(super) fn all(&self) -> Vec<&CertRevocationList<'static>> {
        self.0.iter().collect()
    }
}

/// Returns how a chain is verified by these lists; `None` if there are none.
pub(super) fn options<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(lists).ok()?;
    Some(options.with_expiration_policy(ExpirationPolicy::Enforce).build())
}

fn parse(path: &Path, pem: &[u8]) -> Result<Vec<CertRevocationList<'static>>, TlsError> {
    let numbered = (1..).zip(CertificateRevocationListDer::pem_slice_iter(pem));
    let one = |(number, found): (usize, Result<CertificateRevocationListDer<'_>, _>)| {
        let list = found.ok().and_then(|der| OwnedCertRevocationList::from_der(&der).ok());
        list.map(CertRevocationList::Owned).ok_or_else(|| TlsError::List { path: path.to_owned(), number })
    };
    numbered.map(one).collect()
}
