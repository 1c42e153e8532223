//! What a server showed and asked for on one connection, by which an error of it is read.

use std::sync::Arc;

use rustls::{AlertDescription, Error};

use super::asked::Asked;
use super::certificate::End;
use super::fault::Fault;
use super::verifier::Verifier;

/// What a server showed and asked for.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(super) verifier: Arc<Verifier>,
    pub(super) asked: Arc<Asked>,
}

impl Shown {
    /// Returns what an error of the connection means.
    pub(crate) fn fault(&self, error: &Error) -> Fault {
        match error {
            // TLS 1.2 has no alert of its own for it, and servers send one of these.
            Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::NoCertificate
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::AccessDenied,
            ) if self.asked.in_vain() && self.verifier.has_accepted() => Fault::WantsCertificate,
            error => Fault::from(error).ending(|| self.first_end()),
        }
    }

    /// Returns when the first certificate ends of the chain that the server showed. `None` until the chain is
    /// accepted, and if that cannot be read.
    pub(super) fn first_end(&self) -> Option<End> {
        self.verifier.first_end()
    }
}
