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
    /// The one version that may be spoken.
    pub(super) only: Option<&'static str>,
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
            // Its certificate came after the agreement on a cipher: that is not what is missing.
            Error::AlertReceived(alert) if self.verifier.has_accepted() => match Fault::from(error) {
                Fault::HandshakeFailure => Fault::of_alert(*alert),
                fault => fault,
            },
            error => match (Fault::from(error), self.only) {
                (Fault::TooOld, Some(version)) => Fault::OnlyVersion(version),
                (fault, _) => fault.ending(|| self.first_end()),
            },
        }
    }

    /// Returns when the first certificate ends of the chain that the server showed. `None` until the chain is
    /// accepted, and if that cannot be read.
    pub(super) fn first_end(&self) -> Option<End> {
        self.verifier.first_end()
    }
}

#[cfg(test)]
mod tests {
    use rustls::SignatureScheme;
    use rustls::client::ResolvesClientCert;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::sign::CertifiedKey;

    use super::super::provider::provider;
    use super::super::{Authorities, Verify};
    use super::*;

    /// A client without a certificate.
    #[derive(Debug)]
    struct NoCertificate;

    impl ResolvesClientCert for NoCertificate {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            None
        }

        fn has_certs(&self) -> bool {
            false
        }
    }

    /// After its certificate, which follows the agreement on a cipher, a server refuses for another cause.
    #[test]
    fn a_cipher_is_blamed_only_before_the_certificate() {
        let verifier = Verifier::new(Verify::Nothing, Authorities::default(), Arc::new(provider()));
        let asked = Asked::new(Arc::new(NoCertificate));
        let shown = Shown { verifier: Arc::new(verifier), asked: Arc::new(asked), only: None };
        let brief = |alert| shown.fault(&Error::AlertReceived(alert)).brief();
        let rows = [
            (AlertDescription::HandshakeFailure, "TLS alert: handshake failure"),
            (AlertDescription::InsufficientSecurity, "TLS alert: insufficient security"),
            (AlertDescription::UnknownCA, "TLS alert: unknown CA"),
            (AlertDescription::ProtocolVersion, "only TLS 1.1 or older"),
        ];
        let before = "TLS alert: handshake failure (perhaps no cipher in common)";
        assert_eq!(brief(AlertDescription::HandshakeFailure), before);
        let name = ServerName::try_from("192.0.2.1").unwrap();
        let (own, now) = (CertificateDer::from(Vec::new()), UnixTime::since_unix_epoch(Default::default()));
        shown.verifier.verify_server_cert(&own, &[], &name, &[], now).unwrap();
        for (alert, words) in rows {
            assert_eq!(brief(alert), words);
        }
        shown.asked.resolve(&[], &[]);
        assert_eq!(brief(AlertDescription::HandshakeFailure), "wants a client certificate");
    }
}
