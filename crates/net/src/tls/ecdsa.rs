//! The ECDSA signatures that ring does not verify (FIPS 186-5): by keys on the curve P-521, and with SHA-512
//! by keys on P-256 and P-384.

use p521::ecdsa::Error;
use p521::ecdsa::signature::hazmat::PrehashVerifier as _;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The octets of a number below the order of P-521.
const OCTETS_OF_P521: usize = 66;

/// By a key on P-256, with SHA-512.
pub(super) static P256_SHA512: &dyn SignatureVerificationAlgorithm = &Ecdsa {
    key: alg_id::ECDSA_P256,
    signature: alg_id::ECDSA_SHA512,
    digest: |message| Sha512::digest(message).to_vec(),
    verify: |key, digest, signature| {
        use p256::ecdsa::{Signature, VerifyingKey};
        VerifyingKey::from_sec1_bytes(key)?.verify_prehash(digest, &Signature::from_der(signature)?)
    },
};
/// By a key on P-384, with SHA-512.
pub(super) static P384_SHA512: &dyn SignatureVerificationAlgorithm = &Ecdsa {
    key: alg_id::ECDSA_P384,
    signature: alg_id::ECDSA_SHA512,
    digest: |message| Sha512::digest(message).to_vec(),
    verify: |key, digest, signature| {
        use p384::ecdsa::{Signature, VerifyingKey};
        VerifyingKey::from_sec1_bytes(key)?.verify_prehash(digest, &Signature::from_der(signature)?)
    },
};
/// By a key on P-521, with SHA-256.
pub(super) static P521_SHA256: &dyn SignatureVerificationAlgorithm =
    &Ecdsa::by_p521(alg_id::ECDSA_SHA256, |message| Sha256::digest(message).to_vec());
/// By a key on P-521, with SHA-384.
pub(super) static P521_SHA384: &dyn SignatureVerificationAlgorithm =
    &Ecdsa::by_p521(alg_id::ECDSA_SHA384, |message| Sha384::digest(message).to_vec());
/// By a key on P-521, with SHA-512.
pub(super) static P521_SHA512: &dyn SignatureVerificationAlgorithm =
    &Ecdsa::by_p521(alg_id::ECDSA_SHA512, |message| Sha512::digest(message).to_vec());

/// Verifies by the octets of a key that a hash has this signature, in DER.
type Verify = fn(&[u8], &[u8], &[u8]) -> Result<(), Error>;

/// ECDSA by keys on one curve and with one hash.
#[derive(Debug)]
struct Ecdsa {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    /// The hash of a message.
    digest: fn(&[u8]) -> Vec<u8>,
    verify: Verify,
}

impl Ecdsa {
    const fn by_p521(signature: AlgorithmIdentifier, digest: fn(&[u8]) -> Vec<u8>) -> Self {
        Self { key: alg_id::ECDSA_P521, signature, digest, verify: verify_by_p521 }
    }
}

fn verify_by_p521(key: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Error> {
    use p521::ecdsa::{DerSignature, Signature, VerifyingKey};
    // A hash is a number: that of SHA-256 is too short for the crate unless it has its zeros.
    let mut number = [0; OCTETS_OF_P521];
    for (place, octet) in number.iter_mut().rev().zip(digest.iter().rev()) {
        *place = *octet;
    }
    let signature = Signature::try_from(DerSignature::from_bytes(signature)?)?;
    VerifyingKey::from_sec1_bytes(key)?.verify_prehash(&number, &signature)
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(&self, key: &[u8], message: &[u8], signed: &[u8]) -> Result<(), InvalidSignature> {
        (self.verify)(key, &(self.digest)(message), signed).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use suite::host::{public_folder, succeed, write};
    use suite::needs::missing;
    use suite::tls::NEEDS;
    use x509_cert::der::asn1::UintRef;
    use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};

    use super::*;

    const MESSAGE: &str = "what the server signs";

    /// The orders of the curves, by FIPS 186-5 and SP 800-186.
    const P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const P384: &str = "ffffffffffffffffffffffffffffffffffffffffffffffff\
                        c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    const P521: &str = "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                        fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

    /// Makes a key by openssl and signs by it: returns the public point and the signature.
    fn sign(curve: &str, hash: &str) -> (Vec<u8>, Vec<u8>) {
        let folder = public_folder();
        let path = |name: &str| folder.path().join(name).display().to_string();
        write(&folder.path().join("message"), MESSAGE);
        for arguments in [
            format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {}", path("key")),
            format!("pkey -in {} -pubout -outform DER -out {}", path("key"), path("public")),
            format!("dgst -{hash} -sign {} -out {} {}", path("key"), path("signature"), path("message")),
        ] {
            succeed(Command::new("openssl").args(arguments.split_ascii_whitespace()));
        }
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let public = read("public");
        // The point is the end of SubjectPublicKeyInfo, with one octet before its coordinates.
        let octets = match curve {
            "P-256" => 65,
            "P-384" => 97,
            _ => 133,
        };
        (public[public.len() - octets..].to_vec(), read("signature"))
    }

    /// The two numbers of a signature.
    fn numbers(signature: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut reader = SliceReader::new(signature).unwrap();
        let pair = reader.sequence(|parts| Ok((UintRef::decode(parts)?, UintRef::decode(parts)?)));
        let (r, s) = pair.unwrap();
        (r.as_bytes().to_vec(), s.as_bytes().to_vec())
    }

    fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
        let number = |octets| UintRef::new(octets).unwrap().to_der().unwrap();
        let content = [number(r), number(s)].concat();
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 128 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
        [head, content].concat()
    }

    fn octets(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn what_openssl_signs_is_verified_and_nothing_else() {
        if missing(&NEEDS) {
            return;
        }
        let rows = [
            (P256_SHA512, "P-256", "sha512", P256),
            (P384_SHA512, "P-384", "sha512", P384),
            (P521_SHA256, "P-521", "sha256", P521),
            (P521_SHA384, "P-521", "sha384", P521),
            (P521_SHA512, "P-521", "sha512", P521),
        ];
        for (algorithm, curve, hash, order) in rows {
            let ((key, good), (other_key, _)) = (sign(curve, hash), sign(curve, hash));
            let verify = |key: &[u8], message: &str, signature: &[u8]| {
                algorithm.verify_signature(key, message.as_bytes(), signature).is_ok()
            };
            let name = format!("{curve} {hash}");
            assert!(verify(&key, MESSAGE, &good), "{name}");
            assert!(!verify(&key, "another message", &good), "{name}");
            assert!(!verify(&other_key, MESSAGE, &good), "{name}");
            let (r, s) = numbers(&good);
            assert_eq!(signature(&r, &s), good);
            let (order, mut changed) = (octets(order), s.clone());
            *changed.last_mut().unwrap() ^= 1;
            let zero = [0];
            let pairs: [(&[u8], &[u8]); 10] = [
                (&s, &r),
                (&r, &r),
                (&r, &changed),
                (&zero, &zero),
                (&zero, &s),
                (&r, &zero),
                (&order, &s),
                (&r, &order),
                (&order, &order),
                (&[1], &[1]),
            ];
            for (r, s) in pairs {
                assert!(!verify(&key, MESSAGE, &signature(r, s)), "{name}: {r:?} {s:?}");
            }
            let longer = [&good[..], &[0]].concat();
            for forged in [&[][..], &[0x30, 0], &good[..good.len() - 1], &longer] {
                assert!(!verify(&key, MESSAGE, forged), "{name}: {forged:?}");
            }
            let mut off_the_curve = key.clone();
            *off_the_curve.last_mut().unwrap() ^= 1;
            for no_key in [&[][..], &[0], &off_the_curve, &key[1..]] {
                assert!(!verify(no_key, MESSAGE, &good), "{name}: {no_key:?}");
            }
        }
    }
}
