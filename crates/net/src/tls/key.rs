//! The kinds of keys of certificates: which of them this program can verify signatures by.

use std::fmt;

use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// The least and the most octets of an RSA modulus: fewer than 2048 bits no client accepts any more, and of
/// more than 8192 ring verifies nothing.
const LEAST: u32 = 256;
const MOST: u32 = 1024;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");

/// What a signature is by that cannot be verified here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An Ed448 key.
    Ed448,
    /// A key for RSA-PSS alone, of an authority.
    RsaPss,
    /// An RSA key of so many bits.
    LongRsa(u32),
    /// A key of another kind.
    Other,
    /// A method that is unknown here.
    Method,
    /// A key of RSA-PSS or Ed448, which rustls does not know in TLS 1.2.
    InTls12,
}

/// A signature that cannot be verified here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unverifiable {
    /// What it is by.
    pub kind: Kind,
    /// Whether it is that of an authority under a certificate, or of the server in the handshake.
    pub of_authority: bool,
}

impl fmt::Display for Unverifiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            Kind::Ed448 => "Ed448 key",
            Kind::RsaPss => "RSA-PSS key",
            Kind::LongRsa(bits) => return write!(f, "RSA key of {bits} bits"),
            Kind::Other => "key of an unknown kind",
            Kind::Method => "signature of an unknown method",
            Kind::InTls12 => "RSA-PSS or Ed448 key with TLS 1.2",
        };
        f.write_str(text)
    }
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Signatures by it can be verified.
    Verifiable,
    /// It is RSA with so many bits, which are too few.
    Weak(u32),
    /// Signatures by it cannot be verified here.
    Unverifiable(Kind),
}

/// Returns what the key of a server is good for, in the DER of SubjectPublicKeyInfo: `None` if it cannot be
/// read.
pub(super) fn of_server(spki: &[u8]) -> Option<Use> {
    let key = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    Some(match key.algorithm.oid {
        RSA | RSA_PSS => {
            let octets = modulus(key.subject_public_key.raw_bytes())?;
            match octets * 8 {
                bits if octets < LEAST => Use::Weak(bits),
                bits if octets > MOST => Use::Unverifiable(Kind::LongRsa(bits)),
                _ => Use::Verifiable,
            }
        }
        EC => match key.algorithm.parameters_oid() {
            Ok(P256 | P384 | P521) => Use::Verifiable,
            _ => Use::Unverifiable(Kind::Other),
        },
        ED25519 => Use::Verifiable,
        ED448 => Use::Unverifiable(Kind::Ed448),
        _ => Use::Unverifiable(Kind::Other),
    })
}

/// Returns whether a key of this kind makes signatures by this method (RFC 3279, 5758 and 8410): not every
/// such method is known here.
pub(super) fn signs_by(key: ObjectIdentifier, method: ObjectIdentifier) -> bool {
    let starts_with = |arcs: &[u32]| arcs.iter().copied().eq(method.arcs().take(arcs.len()));
    // Those with SHA-3 of NIST's have numbers of their own.
    let by_nist = |last: std::ops::RangeInclusive<u32>| {
        starts_with(&[2, 16, 840, 1, 101, 3, 4, 3])
            && method.arcs().nth(8).is_some_and(|arc| last.contains(&arc))
    };
    match key {
        RSA | RSA_PSS => starts_with(&[1, 2, 840, 113_549, 1, 1]) || by_nist(13..=16),
        EC => starts_with(&[1, 2, 840, 10_045, 4]) || by_nist(9..=12),
        ED25519 | ED448 => key == method,
        _ => ![ED25519, ED448].contains(&method),
    }
}

/// Returns the same of the key of an authority, by which webpki verifies certificates.
pub(super) fn of_authority(spki: &[u8]) -> Option<Use> {
    let found = of_server(spki)?;
    let is_pss = rsa_pss(spki).is_some() && found == Use::Verifiable;
    Some(if is_pss { Use::Unverifiable(Kind::RsaPss) } else { found })
}

/// Returns the public key in the DER of SubjectPublicKeyInfo if it is for RSA-PSS alone.
pub(super) fn rsa_pss(spki: &[u8]) -> Option<&[u8]> {
    let key = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    (key.algorithm.oid == RSA_PSS).then(|| key.subject_public_key.raw_bytes())
}

/// The octets of the modulus of an RSA key (RFC 8017, appendix A.1.1).
fn modulus(key: &[u8]) -> Option<u32> {
    let mut reader = SliceReader::new(key).ok()?;
    let length = reader.sequence(|key| {
        let length = UintRef::decode(key)?.len();
        UintRef::decode(key)?;
        Ok(length)
    });
    Some(u32::from(length.ok()?))
}
