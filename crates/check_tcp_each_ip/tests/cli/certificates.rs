//! Keys of every kind, and the certificates between a server's and its authority.

use suite::needs::missing;
use suite::tls::{Authority, NEEDS, Pair, TlsServer};

use super::tls::ask;
use super::*;

const HERE: &str = "subjectAltName=IP:127.0.0.1";
const CA: &str = "basicConstraints=critical,CA:TRUE";
/// What keys openssl makes.
const P256: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
const P521: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes";
const P384: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes";
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
    let (p256, p384, p521) = (authority.sign("p256", HERE), by("p384", P384), by("p521", P521));
    let (ed448, pss) = (by("ed448", ED448), by("pss", RSA_PSS));
    let (none, days): (&[&str], &[&str]) = (&["--tls-verify=none"], &["--certificate-days=14:"]);
    let in_tls_12 = "RSA-PSS or Ed448 key with TLS 1.2 not verifiable here";
    let rows: [(&Pair, &str, &[&str], i32, &str); 15] = [
        (&pss, "", &[], 0, ""),
        (&pss, "", none, 0, ""),
        (&pss, "-tls1_2", &[], 3, in_tls_12),
        (&p521, "", &[], 0, ""),
        (&p521, "-tls1_2", &[], 0, ""),
        // It exchanges keys on that curve alone.
        (&p521, "-groups P-521", &[], 0, ""),
        (&p521, "-tls1_2 -groups P-521", &[], 0, ""),
        (&p521, "-tls1_2", &["--sni=www.example.com"], 2, "certificate of 127.0.0.1"),
        (&p256, "-tls1_2 -sigalgs ECDSA+SHA512", &[], 0, ""),
        (&p384, "-tls1_2 -sigalgs ECDSA+SHA512", &[], 0, ""),
        (&p256, "-tls1_2 -sigalgs ECDSA+SHA384", &[], 0, ""),
        (&p384, "-tls1_2 -sigalgs ECDSA+SHA256", &[], 0, ""),
        (&ed448, "", &[], 3, "Ed448 key not verifiable here"),
        (&ed448, "", none, 0, ""),
        (&ed448, "", &["--sni=www.example.com"], 2, "certificate of 127.0.0.1"),
    ];
    for (pair, server, more, code, words) in rows {
        let name = pair.certificate.display();
        assert_eq!(
            reason(&authority, pair, server, more),
            (code, words.to_owned()),
            "{name} {server} {more:?}"
        );
    }
    let (code, soon) = reason(&authority, &ed448, "", days);
    assert!(code == 2 && soon.starts_with("certificate expires 20"), "{code} {soon}");
    let other = Authority::create_by("sop", ED448);
    let good = other.sign("good", HERE);
    assert_eq!(reason(&other, &good, "", &[]), (3, "Ed448 key not verifiable here".to_owned()));
    assert_eq!(reason(&other, &good, "", &["--sni=a.example"]), (2, "certificate of 127.0.0.1".to_owned()));
    // Another authority of that name has a key that is known.
    assert_eq!(reason(&authority, &good, "", &[]), (2, "untrusted certificate".to_owned()));
}

/// A certificate that ends is an alarm, whatever the server signs its handshake by.
#[test]
fn days_count_where_the_handshake_cannot_be_verified() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let pss = authority.sign_key("pss", HERE, RSA_PSS);
    let old = authority.sign_key_between("old", HERE, RSA_PSS, ("20200101000000Z", "20200229120000Z"));
    let rsa = Authority::create_by("rsa", "-newkey rsa:2048 -nodes");
    // ring verifies a salt as long as the hash alone.
    let salted = |octets: u8| {
        let by = format!("-days 2 -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{octets}");
        rsa.sign_by(&format!("salt{octets}"), HERE, &by)
    };
    let days: &[&str] = &["--certificate-days=14:"];
    let unknown = "signature of an unknown method not verifiable here";
    let rows = [
        (&authority, &pss, "-tls1_2", 3, "RSA-PSS or Ed448 key with TLS 1.2 not verifiable here"),
        (&rsa, &salted(32), "", 0, ""),
        (&rsa, &salted(20), "", 3, unknown),
        (&rsa, &salted(222), "-tls1_2", 3, unknown),
    ];
    for (authority, pair, server, code, words) in rows {
        let name = pair.certificate.display();
        assert_eq!(reason(authority, pair, server, &[]), (code, words.to_owned()), "{name}");
        let (code, soon) = reason(authority, pair, server, days);
        assert!(code == 2 && soon.starts_with("certificate expires 20"), "{name}: {code} {soon}");
        let few: &[&str] = &["--certificate-days=0.5:"];
        assert_eq!(reason(authority, pair, server, few).1, words, "{name}");
    }
    let expired = (2, "certificate expired 2020-02-29".to_owned());
    assert_eq!(reason(&authority, &old, "-tls1_2", &[]), expired);
}

/// ring verifies by none of these: other crates do.
#[test]
fn authorities_that_sign_with_any_curve_and_hash_are_verified() {
    if missing(&NEEDS) {
        return;
    }
    for (key, digests) in [
        (P521, &["-sha256", "-sha384", "-sha512"][..]),
        (P384, &["-sha256", "-sha512"]),
        (P256, &["-sha512"]),
    ] {
        let (authority, same_name) = (Authority::create_by("sop", key), Authority::create_by("sop", key));
        for digest in digests {
            let good = authority.sign_by("good", HERE, &format!("-days 2 {digest}"));
            assert_eq!(reason(&authority, &good, "", &[]), (0, String::new()), "{key} {digest}");
            let untrusted = (2, "untrusted certificate".to_owned());
            assert_eq!(reason(&same_name, &good, "", &[]), untrusted, "{key} {digest}");
        }
    }
}

/// What a server shows between its certificate and its authority excuses nothing if the authority, by a key
/// that is known, has not signed it.
#[test]
fn a_forged_certificate_in_between_is_untrusted() {
    if missing(&NEEDS) {
        return;
    }
    let (authority, evil) = (Authority::create("sop"), Authority::create("sop"));
    for (kind, key, good_code) in [("p521", P521, 0), ("ed448", ED448, 3)] {
        for (from, code) in [(&authority, good_code), (&evil, 2)] {
            from.sign_key(kind, CA, key);
            let below = from.sign_below(kind, "below", HERE);
            let (seen, words) = reason(&authority, &below, &format!("-cert_chain {kind}.pem"), &[]);
            let expected = match code {
                0 => "",
                2 => "untrusted certificate",
                _ => "Ed448 key not verifiable here",
            };
            assert_eq!((seen, words.as_str()), (code, expected), "{kind}");
        }
    }
}

/// A key that cannot be verified excuses only what leads to a trusted authority.
#[test]
fn an_unknown_authority_with_such_a_key_is_untrusted() {
    if missing(&NEEDS) {
        return;
    }
    let trusted = Authority::create("sop");
    let untrusted = (2, "untrusted certificate".to_owned());
    for (name, key) in [("evil", P521), ("sop", P521), ("evil", ED448), ("sop", ED448)] {
        let evil = Authority::create_by(name, key);
        let leaf = evil.sign("leaf", HERE);
        assert_eq!(reason(&trusted, &leaf, "-cert_chain ca.pem", &[]), untrusted, "{name}");
    }
    let other = Authority::create_by("other", ED448);
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
    // The same where the chain cannot be verified.
    authority.sign_by_key("unknown", CA, "-days 5", ED448);
    let below = authority.sign_below("unknown", "c", HERE);
    let unverifiable = (3, "Ed448 key not verifiable here".to_owned());
    let (code, reason_of_soon) = reason(&authority, &below, "-cert_chain unknown.pem", days);
    assert_eq!(code, 2, "{reason_of_soon}");
    assert!(reason_of_soon.starts_with("intermediate certificate unknown expires 20"), "{reason_of_soon}");
    let three: &[&str] = &["--certificate-days=3:"];
    assert_eq!(reason(&authority, &below, "-cert_chain unknown.pem", three), unverifiable);
    // With another way that is longer, the chain does not break.
    authority.sign_again("unknown", "longer_unknown", CA, "-days 60");
    authority.join("both_unknown", &["unknown", "longer_unknown"]);
    assert_eq!(reason(&authority, &below, "-cert_chain both_unknown.pem", days), unverifiable);
    // One that is shown and not needed counts for nothing.
    let direct = authority.sign_by("direct", HERE, "-days 90");
    assert_eq!(reason(&authority, &direct, "-cert_chain soon.pem", days).0, 0);
    // With another way to the authority that is longer, the chain does not break.
    authority.sign_again("soon", "longer", CA, "-days 60");
    authority.join("both", &["soon", "longer"]);
    assert_eq!(reason(&authority, &soon, "-cert_chain both.pem", days).0, 0);
}

/// An authority that ends before the certificate is an alarm too: nothing else tells it.
#[test]
fn the_end_of_an_authority_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let good = authority.sign_by("good", HERE, "-days 90");
    let days: &[&str] = &["--certificate-days=14:"];
    authority.renew("long", "20000101000000Z", "20981231000000Z");
    assert_eq!(reason(&authority, &good, "", days).0, 0);
    authority.renew("ca", "20000101000000Z", &suite::tls::in_days(5));
    let (code, soon) = reason(&authority, &good, "", days);
    assert!(code == 2 && soon.starts_with("authority sop expires 20"), "{code} {soon}");
    assert!(soon.ends_with(" (4 days, limit 14:)"), "{soon}");
    assert_eq!(reason(&authority, &good, "", &["--certificate-days=3:"]).0, 0);
    // It was renewed already, and both are trusted.
    authority.join("ca", &["ca", "long"]);
    assert_eq!(reason(&authority, &good, "", days).0, 0);
    authority.renew("ca", "20200101000000Z", "20200229120000Z");
    let server = TlsServer::start(&good, "");
    let outcome = ask(server.port(), &authority.path("ca.pem"), &[]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    let line = ": 127.0.0.1 authority sop expired 2020-02-29 | failed=1;;0;0;1";
    assert!(outcome.first_line().contains(line), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(" certificate_days=-"), "{}", outcome.stdout);
    let detail = "\n127.0.0.1: authority sop expired 2020-02-29: the authority sop expired on 2020-02-29\n";
    assert!(outcome.stdout.ends_with(detail), "{}", outcome.stdout);
}
