//! What a certificate says of itself (X.509, RFC 5280).

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, SliceReader};
use x509_cert::ext::pkix::ExtendedKeyUsage;
use x509_cert::name::RelativeDistinguishedName;

/// The most characters of a certificate's name that are shown.
const NAME: usize = 60;
/// The object identifier of the common name (X.520).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// An end of the time for which a certificate that a server showed is valid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Whose certificate it is.
    pub whose: Whose,
}

/// A certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The server's own.
    Server,
    /// The one of this name between the server's and its authority.
    Intermediate(String),
    /// The authority of this name, by which it is trusted.
    Authority(String),
}

impl End {
    /// Returns an end of the server's own certificate, in seconds since 1970.
    pub fn of_server(at: u64) -> Self {
        Self { at, whose: Whose::Server }
    }

    /// Returns which certificate it is, in few words.
    pub fn whose(&self) -> String {
        match &self.whose {
            Whose::Server => "certificate".to_owned(),
            Whose::Intermediate(name) => format!("intermediate certificate {name}"),
            Whose::Authority(name) => format!("authority {name}"),
        }
    }

    pub(super) fn whose_in_full(&self) -> String {
        if self.whose == Whose::Server { "server certificate".to_owned() } else { self.whose() }
    }
}

/// Returns when a certificate expires, in seconds since 1970: `None` if it cannot be read.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<u64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs())
}

/// Returns since when a certificate is valid, in seconds since 1970: `None` if it cannot be read.
pub(super) fn not_before(certificate: &CertificateDer<'_>) -> Option<u64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_before.to_unix_duration().as_secs())
}

/// Returns the name of a certificate, as [`name_of`].
pub(super) fn name(certificate: &CertificateDer<'_>) -> String {
    let certificate = Certificate::from_der(certificate).ok();
    shown(&certificate.map(|certificate| certificate.tbs_certificate.subject.0).unwrap_or_default())
}

/// Returns the common name of a subject, or its last name if it has none, cleaned and short. The octets are
/// the content of the DER of its name.
pub(super) fn name_of(subject: &[u8]) -> String {
    let mut names = Vec::new();
    if let Ok(mut reader) = SliceReader::new(subject) {
        while let Ok(name) = RelativeDistinguishedName::decode(&mut reader) {
            names.push(name);
        }
    }
    shown(&names)
}

fn shown(names: &[RelativeDistinguishedName]) -> String {
    let mut all = names.iter().flat_map(|names| names.0.iter());
    let common = all.clone().find(|name| name.oid == COMMON_NAME).or_else(|| all.next_back());
    let text = common.map(|name| String::from_utf8_lossy(name.value.value())).unwrap_or_default();
    let text: String = plugin::clean(&text).chars().take(NAME).collect();
    if text.is_empty() { "without a name".to_owned() } else { text }
}

/// The purposes that let a certificate be a server's (RFC 5280, section 4.2.1.12): id-kp-serverAuth and
/// anyExtendedKeyUsage.
const SERVERS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), ObjectIdentifier::new_unwrap("2.5.29.37.0")];

/// Returns whether a certificate may be a server's by its extended key usage: also without one.
pub(super) fn is_for_servers(certificate: &CertificateDer<'_>) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    match certificate.tbs_certificate.get::<ExtendedKeyUsage>() {
        Ok(Some((_, usage))) => usage.0.iter().any(|purpose| SERVERS.contains(purpose)),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// The day of a time in seconds since 1970, in UTC: `2026-12-31`.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub u64);

impl fmt::Display for Day {
    /// By the years from March to February, 400 of which have 146,097 days (proleptic Gregorian calendar).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let rows = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_582_934_400, "2020-02-29"),
            (4_070_908_799, "2098-12-31"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ];
        for (seconds, day) in rows {
            assert_eq!(Day(seconds).to_string(), day);
        }
        // Times of certificates end with the year 9999; more is no panic.
        let _ = Day(u64::MAX).to_string();
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(not_after(&CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x00])), None);
        assert_eq!(not_after(&CertificateDer::from(Vec::new())), None);
    }
}
