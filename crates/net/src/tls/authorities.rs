//! The files of certificates and keys, in PEM (RFC 7468), and where systems keep the certificates of the
//! authorities.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plugin::{Deadline, read_file};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use super::certificate::{name_of, not_after, not_before};
use super::error::{SYSTEM, TlsError};
use super::hashed;
use super::revocation::Revocations;

/// The most octets of a file with certificates: systems have some 250 KiB.
const LARGEST: u64 = 8 << 20;

/// The authorities that may have signed a server's certificate, and the certificates that are trusted as they
/// are.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    anchors: Vec<Anchor>,
    /// Whether a user named them. A server may show one of them itself, also where it is an authority's
    /// (CA:TRUE), as openssl makes self-signed ones: the user means this one.
    are_named: bool,
    /// The lists of revoked certificates: `None` if none is asked for.
    revocations: Option<Arc<Revocations>>,
}

/// The certificate of an authority.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    pub(super) trusted: TrustAnchor<'static>,
    pub(super) certificate: CertificateDer<'static>,
}

impl Anchor {
    fn new(certificate: CertificateDer<'static>) -> Option<Self> {
        Some(Self { trusted: anchor_from_trusted_cert(&certificate).ok()?.to_owned(), certificate })
    }

    pub(super) fn name(&self) -> String {
        name_of(&self.trusted.subject)
    }

    /// Returns whether it has ended, `now` after 1970.
    pub(super) fn has_ended(&self, now: Duration) -> bool {
        not_after(&self.certificate).is_some_and(|end| now.as_secs() > end)
    }

    /// Returns whether it is valid, `now` after 1970.
    pub(super) fn is_valid(&self, now: Duration) -> bool {
        !self.has_ended(now) && not_before(&self.certificate).is_none_or(|start| now.as_secs() >= start)
    }
}

impl Authorities {
    /// Reads a PEM file, each certificate of which must be one: a user named it.
    ///
    /// # Errors
    /// [`TlsError`]: it cannot be read, or holds no certificate or a broken one.
    pub fn read(path: &Path, deadline: &Deadline) -> Result<Self, TlsError> {
        let authorities = Self::parse(&read_file(path, LARGEST, deadline)?);
        authorities.map_err(|number| TlsError::Broken { path: path.to_owned(), number })?.not_empty(path)
    }

    /// Takes the certificates of PEM text, each of which must be one.
    ///
    /// # Errors
    /// Which of them is broken, from 1.
    pub fn parse(pem: &[u8]) -> Result<Self, usize> {
        let numbered = (1..).zip(Self::anchors(pem)).map(|(number, found)| found.ok_or(number));
        Ok(Self { anchors: numbered.collect::<Result<_, usize>>()?, are_named: true, revocations: None })
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.anchors.len()
    }

    /// Reads the first file of authorities that the system has. A certificate that is not understood there is
    /// left out: it is one of many that the user did not choose.
    ///
    /// # Errors
    /// [`TlsError`]: there is no such file, or it cannot be read or holds no certificate.
    pub fn system(deadline: &Deadline) -> Result<Self, TlsError> {
        let path = SYSTEM.iter().map(Path::new).find(|path| path.exists()).ok_or(TlsError::NoAuthorities)?;
        let content = read_file(path, LARGEST, deadline)?;
        let anchors = Self::anchors(&content).flatten().collect();
        Self { anchors, ..Self::default() }.not_empty(path)
    }

    /// Reads the files of a folder that are named by hashes. A certificate that is not understood there is
    /// left out, as of the system's.
    ///
    /// # Errors
    /// [`TlsError`]: the folder cannot be listed, a file cannot be read, or there is no certificate.
    pub fn folder(folder: &Path, deadline: &Deadline) -> Result<Self, TlsError> {
        let files = hashed::files(folder, false).map_err(|why| TlsError::Folder(folder.to_owned(), why))?;
        let mut anchors = Vec::new();
        for path in files {
            anchors.extend(Self::anchors(&hashed::read(&path, deadline)?).flatten());
        }
        if anchors.is_empty() {
            let what = "certificate named by its hash (openssl rehash)";
            return Err(TlsError::Nothing { path: folder.to_owned(), what });
        }
        Ok(Self { anchors, are_named: true, revocations: None })
    }

    /// Returns these and `more`.
    pub(super) fn and(mut self, more: Self) -> Self {
        self.anchors.extend(more.anchors);
        self
    }

    /// Returns the same without what these lists revoke, if any is asked for.
    pub(super) fn without(self, revocations: Option<Revocations>) -> Self {
        Self { revocations: revocations.map(Arc::new), ..self }
    }

    pub(super) fn revocations(&self) -> Option<&Revocations> {
        self.revocations.as_deref()
    }

    /// Returns those by whose names certificates of this chain are signed.
    pub(super) fn issuers_of(&self, chain: &[CertificateDer<'_>]) -> Vec<&Anchor> {
        let shown: Vec<EndEntityCert<'_>> =
            chain.iter().filter_map(|one| EndEntityCert::try_from(one).ok()).collect();
        let signs = |anchor: &&Anchor| {
            let subject = anchor.trusted.subject.as_ref();
            shown.iter().any(|certificate| certificate.issuer() == subject)
        };
        self.anchors.iter().filter(signs).collect()
    }

    /// Returns whether a user named this very certificate.
    pub(super) fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        self.are_named && self.anchors.iter().any(|anchor| anchor.certificate == *certificate)
    }

    /// The certificates of PEM text as authorities: `None` for a broken one.
    fn anchors(pem: &[u8]) -> impl Iterator<Item = Option<Anchor>> + '_ {
        parse_certificates(pem).map(|certificate| certificate.and_then(Anchor::new))
    }

    fn not_empty(self, path: &Path) -> Result<Self, TlsError> {
        let nothing = || TlsError::Nothing { path: path.to_owned(), what: "certificate" };
        if self.anchors.is_empty() { Err(nothing()) } else { Ok(self) }
    }
}

/// Returns the certificates of PEM text in their order, `None` for one whose PEM is broken, after which
/// nothing follows. What is not a certificate is passed over.
pub fn parse_certificates(pem: &[u8]) -> impl Iterator<Item = Option<CertificateDer<'static>>> + '_ {
    let mut is_over = false;
    CertificateDer::pem_slice_iter(pem).map(Result::ok).take_while(move |certificate| {
        let goes_on = !is_over;
        is_over |= certificate.is_none();
        goes_on
    })
}

/// Reads a chain of certificates.
pub(super) fn read_chain(path: &Path, deadline: &Deadline) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let octets = read_file(path, LARGEST, deadline)?;
    let numbered =
        (1..).zip(parse_certificates(&octets)).map(|(number, certificate)| certificate.ok_or(number));
    let chain = numbered.collect::<Result<Vec<_>, usize>>();
    let chain = chain.map_err(|number| TlsError::Broken { path: path.to_owned(), number })?;
    if chain.is_empty() {
        Err(TlsError::Nothing { path: path.to_owned(), what: "certificate" })
    } else {
        Ok(chain)
    }
}

/// Reads the first private key of a file.
pub(super) fn read_key(path: &Path, deadline: &Deadline) -> Result<PrivateKeyDer<'static>, TlsError> {
    let octets = read_file(path, LARGEST, deadline)?;
    let what =
        |error| if matches!(error, PemError::NoItemsFound) { "private key" } else { "readable private key" };
    PrivateKeyDer::from_pem_slice(&octets)
        .map_err(|error| TlsError::Nothing { path: path.to_owned(), what: what(error) })
}
