//! Ciphers by the names that openssl gives them: those that can be used here.

use net::tls::CipherSuite;

/// Those of TLS 1.2.
const TLS12: [(&str, CipherSuite); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-AES256-GCM-SHA384", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-AES128-GCM-SHA256", CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-CHACHA20-POLY1305", CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];
/// Those of TLS 1.3.
const TLS13: [(&str, CipherSuite); 3] = [
    ("TLS_AES_256_GCM_SHA384", CipherSuite::TLS13_AES_256_GCM_SHA384),
    ("TLS_AES_128_GCM_SHA256", CipherSuite::TLS13_AES_128_GCM_SHA256),
    ("TLS_CHACHA20_POLY1305_SHA256", CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
];

/// Returns those of a list for TLS 1.2; what cannot be used here is passed over, since a server takes one of
/// several. `None` if the list has something other than names of ciphers, as HIGH, !aNULL or @STRENGTH.
pub(crate) fn of_tls12(list: &str) -> Option<Vec<CipherSuite>> {
    let names = || list.split([':', ',', ' ', ';']).filter(|name| !name.is_empty());
    let is_name = |name: &str| {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        is_plain && !name.starts_with('-') && (name.contains('-') || name.starts_with("TLS_"))
    };
    names().all(is_name).then(|| known(&TLS12, names()))
}

/// Returns those of a list for TLS 1.3; `None` if it has something other than names of ciphers.
pub(crate) fn of_tls13(list: &str) -> Option<Vec<CipherSuite>> {
    list.split(':').all(|name| name.starts_with("TLS_")).then(|| known(&TLS13, list.split(':')))
}

/// Returns all for TLS 1.2.
pub(crate) fn all_of_tls12() -> Vec<CipherSuite> {
    TLS12.map(|(_, cipher)| cipher).to_vec()
}

/// Returns all for TLS 1.3.
pub(crate) fn all_of_tls13() -> Vec<CipherSuite> {
    TLS13.map(|(_, cipher)| cipher).to_vec()
}

fn known<'a>(table: &[(&str, CipherSuite)], names: impl Iterator<Item = &'a str>) -> Vec<CipherSuite> {
    let cipher = |name: &str| table.iter().find(|(known, _)| *known == name).map(|(_, cipher)| *cipher);
    names.filter_map(cipher).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_ciphers_and_nothing_else() {
        let rows = [
            ("ECDHE-RSA-AES128-GCM-SHA256", Some(1)),
            ("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", Some(2)),
            ("ECDHE-RSA-AES128-GCM-SHA256, DHE-RSA-AES128-GCM-SHA256", Some(1)),
            ("AES128-SHA", Some(0)),
            ("TLS_AES_128_GCM_SHA256", Some(0)),
            ("HIGH", None),
            ("ECDHE-RSA-AES128-GCM-SHA256:!aNULL", None),
            ("ECDHE-RSA-AES128-GCM-SHA256:-SHA1", None),
            ("kECDHE+AESGCM", None),
            ("ECDHE-RSA-AES128-GCM-SHA256:@STRENGTH", None),
            ("DEFAULT:@SECLEVEL=1", None),
        ];
        for (list, count) in rows {
            assert_eq!(of_tls12(list).map(|ciphers| ciphers.len()), count, "{list}");
        }
        let rows = [
            ("TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256", Some(1)),
            ("TLS_AES_128_CCM_SHA256", Some(0)),
            ("x", None),
        ];
        for (list, count) in rows {
            assert_eq!(of_tls13(list).map(|ciphers| ciphers.len()), count, "{list}");
        }
        assert_eq!((all_of_tls12().len(), all_of_tls13().len()), (6, 3));
    }
}
