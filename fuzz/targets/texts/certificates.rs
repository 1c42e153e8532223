//! The files of authorities, and the certificates that a server shows: nothing panics, and what is wrong with
//! them is in words. The first octet says whether the rest is PEM text of a file, or the DER of a server's
//! certificate.

use std::sync::LazyLock;
use std::time::Duration;

use net::tls::{Authorities, parse_certificates};
use rustls_pki_types::CertificateDer;

/// The authority that signed the seeds.
static AUTHORITY: LazyLock<Authorities> =
    LazyLock::new(|| Authorities::parse(include_bytes!("../../seeds/certificates/authority")).unwrap());
/// A day on which the seeds are valid, in seconds after 1970.
const DAY: u64 = 1_800_000_000;

pub(crate) fn run(input: &[u8]) {
    match input.split_first() {
        Some((b'D', der)) => server(der),
        _ => file(input),
    }
}

/// A file is taken whole or not at all, and the number of its broken certificate is one that it has.
fn file(pem: &[u8]) {
    let certificates = parse_certificates(pem).count();
    match Authorities::parse(pem) {
        Ok(authorities) => assert_eq!(authorities.count(), certificates),
        Err(number) => assert!((1..=certificates).contains(&number), "{number} of {certificates}"),
    }
}

fn server(der: &[u8]) {
    let chain = [CertificateDer::from(der)];
    if let Err(fault) = AUTHORITY.verify(&chain, Some("db.example.com"), Duration::from_secs(DAY)) {
        let words = fault.to_string();
        assert!(words.starts_with("the ") && words.chars().count() < 500, "{words}");
        assert!(!words.contains("Context") && !words.contains("Other("), "{words}");
    }
}
