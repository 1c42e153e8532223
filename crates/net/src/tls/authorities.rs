//! The files of certificates and keys, in PEM (RFC 7468), and where systems keep the certificates of the
//! authorities.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin::{Deadline, ReadError, read_file};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use super::certificate::{name_of, not_after, not_before};
use super::fault::Fault;

/// Where systems keep the certificates of the authorities: Debian and Arch, Red Hat, SUSE, FreeBSD, Alpine
/// and macOS.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/etc/ssl/cert.pem",
];
/// The most octets of a file with certificates: systems have some 250 KiB.
const LARGEST: u64 = 8 << 20;

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

/// The authorities that may have signed a server's certificate, and the certificates that are trusted as they
/// are.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    anchors: Vec<Anchor>,
    /// Whether a user named them. A server may show one of them itself, also where it is an authority's
    /// (CA:TRUE), as openssl makes self-signed ones: whoever names it means this one.
    are_named: bool,
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
        Ok(Self { anchors: numbered.collect::<Result<_, usize>>()?, are_named: true })
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
        Self { anchors: Self::anchors(&content).flatten().collect(), are_named: false }.not_empty(path)
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
