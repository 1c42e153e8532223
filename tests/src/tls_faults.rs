//! What can be wrong with a TLS server or with a file of authorities, with the words that every plugin has
//! for it.

use std::path::{Path, PathBuf};

use crate::tls::{Authority, Pair};

/// One server that must not be trusted or cannot be talked to, and what a client says of it.
#[derive(Debug)]
pub struct Fault {
    /// What is wrong.
    pub what: &'static str,
    /// What the server shows.
    pub pair: Pair,
    /// The server's own arguments.
    pub server: &'static str,
    /// Whom the client trusts.
    pub authority: PathBuf,
    /// The exact words of the client.
    pub words: &'static str,
}

/// Every fault that a client of 127.0.0.1 can meet, with the words that every plugin has for it.
///
/// # Panics
/// If openssl refuses.
pub fn faults(authority: &Authority) -> Vec<Fault> {
    const HERE: &str = "subjectAltName=IP:127.0.0.1";
    let good = authority.sign("good", HERE);
    let signed = |name: &str, extensions: &str| authority.sign(name, extensions);
    let alone = authority.self_signed("alone", &[HERE, "basicConstraints=critical,CA:FALSE"]);
    let own = authority.self_signed("own", &[HERE]);
    let stranger = authority.self_signed("stranger", &[]).certificate;
    let rows: Vec<(&'static str, Pair, &'static str, Option<&Path>, &'static str)> = vec![
        (
            "another authority",
            good.clone(),
            "",
            Some(&stranger),
            "the server certificate is not signed by a trusted authority",
        ),
        (
            "signed by itself",
            alone.clone(),
            "",
            None,
            "the server certificate is self-signed and not trusted",
        ),
        (
            "an authority of its own",
            own.clone(),
            "",
            None,
            "the server certificate is self-signed and not trusted",
        ),
        (
            "the authority itself, which names no server",
            authority.own(),
            "",
            None,
            "the server certificate has no subjectAltName, needed is 127.0.0.1",
        ),
        (
            "expired",
            authority.sign_between("expired", HERE, "20200101000000Z", "20200229120000Z"),
            "",
            None,
            "the server certificate expired on 2020-02-29",
        ),
        (
            "not yet valid",
            authority.sign_between("future", HERE, "20981231235959Z", "20990201000000Z"),
            "",
            None,
            "the server certificate is not valid before 2098-12-31, or the clock of this host is slow",
        ),
        (
            "another name",
            signed(
                "other",
                "subjectAltName=DNS:broker.example.com,DNS:*.example.org,IP:192.0.2.1,IP:192.0.2.2",
            ),
            "",
            None,
            "the server certificate is for broker.example.com, *.example.org, 192.0.2.1 and 1 more name, not for 127.0.0.1",
        ),
        (
            "no name",
            signed("nameless", "keyUsage=digitalSignature"),
            "",
            None,
            "the server certificate has no subjectAltName, needed is 127.0.0.1",
        ),
        (
            "for clients",
            signed("client", &format!("{HERE}\nextendedKeyUsage=clientAuth")),
            "",
            None,
            "the server certificate is not for servers (extendedKeyUsage)",
        ),
        (
            "version 1",
            authority.sign_by("first", "", "-days 2"),
            "",
            None,
            "the server certificate is X.509 version 1, needed is version 3",
        ),
        (
            "SHA-1",
            authority.sign_by("weak", HERE, "-days 2 -sha1"),
            "-cipher DEFAULT@SECLEVEL=0",
            None,
            "the server certificate is signed by SHA-1, which is too weak",
        ),
        (
            "a weak key",
            authority.sign_key("short", HERE, "-newkey rsa:1024 -nodes"),
            "-cipher DEFAULT@SECLEVEL=0",
            None,
            "the server has an RSA key of 1024 bits, needed are 2048",
        ),
        (
            "TLS 1.1",
            good.clone(),
            "-tls1_1 -cipher DEFAULT@SECLEVEL=0",
            None,
            "the server speaks no TLS 1.2 or later",
        ),
        (
            "no common cipher",
            good.clone(),
            "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA",
            None,
            "the server ended the TLS handshake: handshake failure, perhaps no cipher in common",
        ),
    ];
    let fault = |(what, pair, server, authorities, words): (_, _, _, Option<&Path>, _)| {
        let authority = authorities.map_or_else(|| authority.path("ca.pem"), Path::to_owned);
        Fault { what, pair, server, authority, words }
    };
    rows.into_iter().map(fault).collect()
}

/// Files of authorities that are refused, with the words for each; `good` is one that is not.
pub fn bad_files(good: &str) -> Vec<(String, &'static str)> {
    const EMPTY: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    vec![
        (String::new(), "no certificate in it"),
        ("no PEM at all\n".to_owned(), "no certificate in it"),
        (format!("{good}{EMPTY}"), "certificate 2 is broken"),
        (format!("{EMPTY}{good}"), "certificate 1 is broken"),
        (good.replace("-----END CERTIFICATE-----\n", ""), "certificate 1 is broken"),
        (
            format!("{good}-----BEGIN CERTIFICATE-----\nM?\n-----END CERTIFICATE-----\n"),
            "certificate 2 is broken",
        ),
    ]
}
