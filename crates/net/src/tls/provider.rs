//! What TLS is made of: ring, and what ring lacks.

use rustls::SignatureScheme;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use webpki::ring as known;

use super::{ecdsa, p521};

/// How signatures are verified. In TLS 1.2 a scheme tells the hash alone, and the key tells the curve.
pub(super) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        known::ECDSA_P256_SHA256,
        known::ECDSA_P256_SHA384,
        known::ECDSA_P384_SHA256,
        known::ECDSA_P384_SHA384,
        known::ED25519,
        known::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        known::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        known::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        known::RSA_PKCS1_2048_8192_SHA256,
        known::RSA_PKCS1_2048_8192_SHA384,
        known::RSA_PKCS1_2048_8192_SHA512,
        known::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        known::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        known::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        ecdsa::P256_SHA512,
        ecdsa::P384_SHA512,
        ecdsa::P521_SHA256,
        ecdsa::P521_SHA384,
        ecdsa::P521_SHA512,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[known::ECDSA_P384_SHA384, known::ECDSA_P256_SHA384, ecdsa::P521_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[known::ECDSA_P256_SHA256, known::ECDSA_P384_SHA256, ecdsa::P521_SHA256],
        ),
        (SignatureScheme::ED25519, &[known::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[known::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[known::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[known::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[known::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[known::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[known::RSA_PKCS1_2048_8192_SHA256]),
        // The last, since servers take the first that they have a key for, and ring verifies the others.
        (
            SignatureScheme::ECDSA_NISTP521_SHA512,
            &[ecdsa::P521_SHA512, ecdsa::P256_SHA512, ecdsa::P384_SHA512],
        ),
    ],
};

/// Returns what a client makes TLS of.
pub(super) fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    // The last, since it is slow.
    provider.kx_groups.push(p521::GROUP);
    provider.signature_verification_algorithms = ALGORITHMS;
    provider
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ring_knows_is_left_out() {
        let ring = ring::default_provider().signature_verification_algorithms;
        for algorithm in ring.all {
            let ids = (algorithm.public_key_alg_id(), algorithm.signature_alg_id());
            let mut ours = ALGORITHMS.all.iter().map(|one| (one.public_key_alg_id(), one.signature_alg_id()));
            assert!(ours.any(|one| one == ids), "{algorithm:?}");
        }
        for scheme in ring.supported_schemes() {
            assert!(ALGORITHMS.supported_schemes().contains(&scheme), "{scheme:?}");
        }
    }
}
