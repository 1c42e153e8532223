//! The signature of a certificate (RFC 5280, section 4.1), and which key may have made it.

use rustls::pki_types::CertificateDer;
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};

use super::key;
use super::provider::ALGORITHMS;

/// What is signed in a certificate, by which method, and the signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    message: &'a [u8],
    method: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Parses the DER of a certificate: `None` if it is none.
    pub(super) fn parse(certificate: &'a CertificateDer<'_>) -> Option<Self> {
        let mut reader = SliceReader::new(certificate).ok()?;
        let parsed = reader.sequence(|parts| {
            let message = parts.tlv_bytes()?;
            let method = AnyRef::decode(parts)?.value();
            Ok((message, method, BitStringRef::decode(parts)?))
        });
        let (message, method, signature) = parsed.ok()?;
        Some(Self { message, method, signature: signature.as_bytes()? })
    }

    /// Returns whether the key in this DER of SubjectPublicKeyInfo may have made the signature: it has, or
    /// that cannot be verified here. Counts what is verified down from `left`; with none left the answer is
    /// no.
    pub(super) fn may_be_by(&self, spki: &[u8], left: &mut usize) -> bool {
        let Some((kind, key)) = parse_key(spki) else { return false };
        let identifiers = first_identifier(kind).zip(first_identifier(self.method));
        if !identifiers.is_some_and(|(key, method)| key::signs_by(key, method)) {
            return false;
        }
        let known = ALGORITHMS.all.iter().find(|algorithm| {
            algorithm.public_key_alg_id().as_ref() == kind
                && algorithm.signature_alg_id().as_ref() == self.method
        });
        let Some(known) = known.filter(|_| key::of_authority(spki) == Some(key::Use::Verifiable)) else {
            return true;
        };
        let Some(fewer) = left.checked_sub(1) else { return false };
        *left = fewer;
        known.verify_signature(key, self.message, self.signature).is_ok()
    }
}

/// The kind of a key and the key itself.
fn parse_key(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(spki).ok()?;
    let parsed = reader.sequence(|parts| Ok((AnyRef::decode(parts)?.value(), BitStringRef::decode(parts)?)));
    let (kind, key) = parsed.ok()?;
    Some((kind, key.as_bytes()?))
}

/// The identifier with which an AlgorithmIdentifier begins.
fn first_identifier(algorithm: &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::decode(&mut SliceReader::new(algorithm).ok()?).ok()
}
