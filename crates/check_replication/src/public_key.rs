//! The RSA public key that a server sends for a password to be encrypted with (caching_sha2_password without
//! TLS). It is read here, since `mysql_common`'s own reader takes it on trust.

use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use num_bigint::BigUint;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

/// Sizes of a modulus that are taken, in bits.
const BITS: std::ops::RangeInclusive<u64> = 1024..=8192;
/// What OAEP adds to a text, in octets: two hashes of SHA-1 and two (RFC 8017, section 7.1.1).
const PADDING: u64 = 42;

/// DER's tags of an integer, a bit string and a sequence (X.690).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Encrypts `text` for the owner of the key in this PEM text (SubjectPublicKeyInfo, as all servers send it).
/// `None` if it is not such a key, or too short for the text.
pub(crate) fn encrypt(text: &[u8], pem: &[u8]) -> Option<Vec<u8>> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let (modulus, exponent) = read(der.as_ref())?;
    let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    let bits = modulus.bits();
    let fits = BITS.contains(&bits) && bits.is_multiple_of(8) && (2..=64).contains(&exponent.bits());
    let key = (fits && text.len() as u64 + PADDING <= bits / 8).then(|| PublicKey::new(modulus, exponent))?;
    Some(key.encrypt_block(text, Pkcs1OaepPadding::new(GetRandom)))
}

/// The modulus and exponent: a sequence of the algorithm and of a bit string, in which there is a sequence of
/// two integers (RFC 3279, section 2.3.1).
fn read(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (whole, _) = element(der, SEQUENCE)?;
    let (_algorithm, rest) = element(whole, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    let (numbers, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (exponent, _) = element(rest, INTEGER)?;
    Some((modulus, exponent))
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = der.strip_prefix(&[tag])?.split_first()?;
    match length {
        0..=0x7f => rest.split_at_checked(length.into()),
        // The next one or two octets are the length; no key of 8,192 bits needs more.
        0x81 => rest.split_first().and_then(|(&length, rest)| rest.split_at_checked(length.into())),
        0x82 => rest
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl genrsa 1024 | openssl rsa -pubout`.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKKqONF+xC0U/uDQreU4cTFYrJ
JBEB/5ApK+B0t0XWiSlU2kqI6mI2A/XgUdvOUs3LEz2MkcyoxxwpdcH7aLmxQjls
pZzbTvRlobcpwkxdzyz5NAHWgYsf/gHQRuAOZJtuNp9GBtyrbwGqKXEywh0aFf0G
sinS7YcQyeLJo/p5NwIDAQAB
-----END PUBLIC KEY-----
";

    #[test]
    fn only_a_key_is_a_key() {
        assert_eq!(encrypt(b"secret\0", KEY.as_bytes()).map(|octets| octets.len()), Some(128));
        assert_eq!(encrypt(&[0; 87], KEY.as_bytes()), None, "a text too long for the key");
        let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        for cut in 1..body.len() {
            let pem = format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                body.get(..cut).unwrap()
            );
            assert_eq!(encrypt(b"secret\0", pem.as_bytes()), None, "{cut} characters of it");
        }
        for pem in [
            "",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
            "\0\u{1}",
        ] {
            assert_eq!(encrypt(b"secret\0", pem.as_bytes()), None, "{pem:?}");
        }
    }
}
