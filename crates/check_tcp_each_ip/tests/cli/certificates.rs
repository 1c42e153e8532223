//! Keys of every kind, and the certificates between a server's and its authority.

use suite::needs::missing;
use suite::tls::{Authority, NEEDS, Pair, TlsServer};

use super::tls::ask;
use super::*;

const HERE: &str = "subjectAltName=IP:127.0.0.1";
const CA: &str = "basicConstraints=critical,CA:TRUE";
/// What keys openssl makes.
const P521: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes";
const ED448: &str = "-newkey ed448 -nodes";
const RSA_PSS: &str = "-newkey rsa-pss -nodes";
const RSA_1024: &str = "-newkey rsa:1024 -nodes";
/// What makes openssl show what is too weak.
const WEAK: &str = "-cipher ALL:@SECLEVEL=0";

/// Asks a server with the certificate `pair`, started with `server`, and returns the code and the reason on
/// the first line: empty if it is OK.
fn reason(authority: &Authority, pair: &Pair, server: &str, more: &[&str]) -> (i32, String) {
    let server = TlsServer::start(pair, server);
    let outcome = ask(server.port(), &authority.path("ca.pem"), &[&["--tries=1"], more].concat());
    let (code, line) = text(&outcome);
    (code, line.split_once(": 127.0.0.1 ").map(|(_, reason)| reason.to_owned()).unwrap_or_default())
}

/// A server is not to blame for a key that curl and openssl know and this program does not.
#[test]
fn what_cannot_be_verified_is_not_the_servers_fault() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let by = |name: &str, key| authority.sign_key(name, HERE, key);
    let (p521, ed448, pss) = (by("p521", P521), by("ed448", ED448), by("pss", RSA_PSS));
    let (none, days): (&[&str], &[&str]) = (&["--tls-verify=none"], &["--certificate-days=14:"]);
    let in_tls_12 = "RSA-PSS or Ed448 key with TLS 1.2 not verifiable here";
    let rows: [(&Pair, &str, &[&str], i32, &str); 8] = [
        (&pss, "", &[], 0, ""),
        (&pss, "", none, 0, ""),
        (&pss, "-tls1_2", &[], 3, in_tls_12),
        (&p521, "", &[], 3, "P-521 key not verifiable here"),
        (&p521, "", none, 0, ""),
        (&p521, "", &["--sni=www.example.com"], 2, "certificate of 127.0.0.1"),
        (&ed448, "", &[], 3, "Ed448 key not verifiable here"),
        (&ed448, "", none, 0, ""),
    ];
    for (pair, server, more, code, words) in rows {
        let name = pair.certificate.display();
        assert_eq!(
            reason(&authority, pair, server, more),
            (code, words.to_owned()),
            "{name} {server} {more:?}"
        );
    }
    let (code, soon) = reason(&authority, &p521, "", days);
    assert!(code == 2 && soon.starts_with("certificate expires 20"), "{code} {soon}");
    let other = Authority::create_by("sop", P521);
    let good = other.sign("good", HERE);
    assert_eq!(reason(&other, &good, "", &[]), (3, "P-521 key not verifiable here".to_owned()));
    assert_eq!(reason(&other, &good, "", &["--sni=a.example"]), (2, "certificate of 127.0.0.1".to_owned()));
    // Another authority of that name has a key that is known.
    assert_eq!(reason(&authority, &good, "", &[]), (2, "untrusted certificate".to_owned()));
}

/// A key that cannot be verified excuses only what leads to a trusted authority.
#[test]
fn an_unknown_authority_with_such_a_key_is_untrusted() {
    if missing(&NEEDS) {
        return;
    }
    let trusted = Authority::create("sop");
    let untrusted = (2, "untrusted certificate".to_owned());
    for name in ["evil", "sop"] {
        let evil = Authority::create_by(name, P521);
        let leaf = evil.sign("leaf", HERE);
        assert_eq!(reason(&trusted, &leaf, "-cert_chain ca.pem", &[]), untrusted, "{name}");
    }
    let other = Authority::create_by("other", P521);
    let short = other.sign_key("short", HERE, RSA_1024);
    assert_eq!(reason(&other, &short, WEAK, &[]), (2, "key too weak: RSA 1024 bits".to_owned()));
}

#[test]
fn weak_keys_are_named() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let short = authority.sign_key("short", HERE, RSA_1024);
    assert_eq!(reason(&authority, &short, WEAK, &[]), (2, "key too weak: RSA 1024 bits".to_owned()));
    assert_eq!(reason(&authority, &short, WEAK, &["--tls-verify=none"]).0, 0);
    let other = Authority::create_by("short", RSA_1024);
    let good = other.sign("good", HERE);
    assert_eq!(reason(&other, &good, WEAK, &[]), (2, "CA key too weak: RSA 1024 bits".to_owned()));
    let old = authority.sign_by("old", HERE, "-days 2 -sha1");
    assert_eq!(reason(&authority, &old, WEAK, &[]), (2, "certificate signed by SHA-1".to_owned()));
}

/// The chain breaks where its first certificate ends.
#[test]
fn a_certificate_in_between_is_named() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    authority.sign_between("old", CA, "20200101000000Z", "20200229120000Z");
    authority.sign_by("soon", CA, "-days 5");
    let (old, soon) = (authority.sign_below("old", "a", HERE), authority.sign_below("soon", "b", HERE));
    let days: &[&str] = &["--certificate-days=14:"];
    let expired = (2, "intermediate certificate old expired 2020-02-29".to_owned());
    assert_eq!(reason(&authority, &old, "-cert_chain old.pem", &[]), expired);
    let (code, reason_of_soon) = reason(&authority, &soon, "-cert_chain soon.pem", days);
    assert_eq!(code, 2);
    assert!(reason_of_soon.starts_with("intermediate certificate soon expires 20"), "{reason_of_soon}");
    assert!(reason_of_soon.ends_with(" (4 days, limit 14:)"), "{reason_of_soon}");
    assert_eq!(reason(&authority, &soon, "-cert_chain soon.pem", &["--certificate-days=3:"]).0, 0);
    // One that is shown and not needed counts for nothing.
    let direct = authority.sign_by("direct", HERE, "-days 90");
    assert_eq!(reason(&authority, &direct, "-cert_chain soon.pem", days).0, 0);
    // With another way to the authority that is longer, the chain does not break.
    authority.sign_again("soon", "longer", CA, "-days 60");
    authority.join("both", &["soon", "longer"]);
    assert_eq!(reason(&authority, &soon, "-cert_chain both.pem", days).0, 0);
}
