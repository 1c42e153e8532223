//! The faults that rustls and webpki report.

use std::fmt;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible, PeerMisbehaved};

use super::Fault;
use crate::tls::certificate::End;
use crate::tls::key::{Kind, Unverifiable};

impl From<webpki::Error> for Fault {
    fn from(error: webpki::Error) -> Self {
        use webpki::Error as E;
        match error {
            // Authorities of one name, as MySQL makes them by itself, differ in their keys only.
            E::UnknownIssuer | E::InvalidSignatureForPublicKey => Fault::Untrusted,
            E::CaUsedAsEndEntity => Fault::Authority,
            E::CertExpired { not_after, .. } => Fault::Expired(End::of_server(not_after.as_secs())),
            E::CertNotValidYet { not_before, .. } => Fault::NotYetValid(End::of_server(not_before.as_secs())),
            E::CertNotValidForName(context) => other_name(&context.expected, &context.presented),
            E::RequiredEkuNotFoundContext(_) => Fault::Purpose,
            E::UnsupportedCertVersion => Fault::Version,
            E::UnsupportedSignatureAlgorithmContext(context) => method(&context.signature_algorithm_id),
            E::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
                method(&context.signature_algorithm_id)
            }
            E::CertRevoked => Fault::Revoked,
            E::UnknownRevocationStatus => Fault::NoRevocationList,
            E::CrlExpired { .. } => Fault::RevocationListExpired,
            E::BadDer | E::BadDerTime | E::TrailingData(_) => Fault::Broken,
            other => Fault::Unusable(words(&other)),
        }
    }
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => certificate(error),
            Error::AlertReceived(AlertDescription::ProtocolVersion) => Fault::TooOld,
            Error::AlertReceived(AlertDescription::CertificateRequired) => Fault::WantsCertificate,
            Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
            ) => Fault::HandshakeFailure,
            Error::AlertReceived(alert) => Fault::of_alert(*alert),
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Fault::TooOld,
            Error::PeerIncompatible(_) => Fault::NothingInCommon,
            Error::InvalidMessage(_) => Fault::NotTls,
            // In TLS 1.2 rustls knows no name for what such keys sign by, which the verifier offers.
            Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => {
                Fault::Unverifiable(Unverifiable { kind: Kind::InTls12, of_authority: false }, None)
            }
            Error::NoCertificatesPresented => Fault::NoCertificate,
            other => Fault::Other(words(other)),
        }
    }
}

impl Fault {
    /// Returns that the server ended the handshake by this alert, without a guess at the cause.
    pub(in crate::tls) fn of_alert(alert: AlertDescription) -> Self {
        Fault::Alert(match alert {
            AlertDescription::Unknown(number) => format!("unknown alert {number}"),
            alert => words(&alert),
        })
    }
}

/// The signature methods that no client accepts any more, by the octets of their names (RFC 8017, appendix C,
/// and RFC 3279, section 2.2.3).
const WEAK_METHODS: [(&[u8], &str); 4] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "SHA-1"),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1"),
    (b"\x2a\x86\x48\xce\x38\x04\x03", "SHA-1"),
];

/// What a signature by a method that cannot be verified is: too weak, or unknown here.
fn method(algorithm: &[u8]) -> Fault {
    let is_this = |(name, _): &&(&[u8], &str)| algorithm.windows(name.len()).any(|part| part == *name);
    match WEAK_METHODS.iter().find(is_this) {
        Some((_, method)) => Fault::Method(method),
        None => Fault::Unverifiable(Unverifiable { kind: Kind::Method, of_authority: true }, None),
    }
}

/// What rustls says of a certificate: the verifier's own word, or that of the signature in the handshake.
fn certificate(error: &CertificateError) -> Fault {
    match error {
        CertificateError::Other(OtherError(inner)) => {
            inner.downcast_ref::<Fault>().cloned().unwrap_or_else(|| Fault::Unusable(words(inner)))
        }
        CertificateError::BadEncoding => Fault::Broken,
        // In TLS 1.2 a server may sign by any hash of those that it is offered, whatever its curve.
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Fault::Unverifiable(Unverifiable { kind: Kind::Method, of_authority: false }, None)
        }
        CertificateError::BadSignature => Fault::Unusable("the server does not have its key".to_owned()),
        other => Fault::Unusable(words(other)),
    }
}

/// webpki has the names as `DnsName("example.com")` and `IpAddress("192.0.2.1")`, and others that no host is
/// called.
pub(super) fn other_name(asked: &ServerName<'_>, presented: &[String]) -> Fault {
    let name = |text: &String| {
        let rest = text.strip_prefix("DnsName(").or_else(|| text.strip_prefix("IpAddress("))?;
        Some(rest.strip_suffix(')')?.trim_matches('"').to_owned())
    };
    Fault::OtherName {
        asked: asked.to_str().into_owned(),
        names: presented.iter().filter_map(name).collect(),
    }
}

/// The name of a variant as words, as in `HandshakeFailure`; without what it holds.
fn words(error: &impl fmt::Debug) -> String {
    let name = format!("{error:?}");
    let mut words = String::new();
    for c in name.chars().take_while(|c| c.is_ascii_alphanumeric()) {
        if c.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(c);
    }
    // Abbreviations stay as they are.
    let lower = |word: &str| {
        if word.chars().any(|c| c.is_ascii_lowercase()) { word.to_ascii_lowercase() } else { word.to_owned() }
    };
    words.split(' ').map(lower).collect::<Vec<String>>().join(" ")
}
