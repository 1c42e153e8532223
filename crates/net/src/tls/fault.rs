//! What is wrong with a server's certificate or with the handshake, as data; its words are the same in every
//! plugin.

mod reading;

use std::fmt;

use super::certificate::{Day, End};
use super::key::{Kind, Unverifiable};

/// How many names of a certificate are shown.
const NAMES: usize = 3;

/// What is wrong with a server's certificate or with the handshake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No trusted authority signed the certificate.
    Untrusted,
    /// The certificate signed itself, and is not among the trusted ones.
    SelfSigned,
    /// The certificate is that of an authority.
    Authority,
    /// The certificate, or one between it and its authority, has expired.
    Expired(End),
    /// The certificate, or one between it and its authority, is not valid before this.
    NotYetValid(End),
    /// The certificate is for other names.
    OtherName {
        /// The name or address that was asked for.
        asked: String,
        /// Those in the certificate.
        names: Vec<String>,
    },
    /// The certificate is for another use than servers'.
    Purpose,
    /// The certificate is of X.509 version 1 or 2.
    Version,
    /// The certificate, or one between it and its authority, is signed by this method, which is too weak.
    Method(&'static str),
    /// The server has an RSA key of so many bits, which are too few; or an authority of this name has.
    WeakKey(u32, Option<String>),
    /// A signature cannot be verified here, which is not the server's fault; and when the chain ends, if that
    /// is known.
    Unverifiable(Unverifiable, Option<End>),
    /// The certificate, or one between it and its authority, was revoked.
    Revoked,
    /// No list tells whether the certificate, or one between it and its authority, was revoked.
    NoRevocationList,
    /// The list that tells it has expired.
    RevocationListExpired,
    /// The certificate cannot be read.
    Broken,
    /// The server showed no certificate.
    NoCertificate,
    /// Something else is wrong with the certificate.
    Unusable(String),
    /// The server speaks TLS 1.1 or older only.
    TooOld,
    /// The server does not speak the one version that the settings allow: 1.2 or 1.3.
    OnlyVersion(&'static str),
    /// The server has no cipher, group or signature that we have too.
    NothingInCommon,
    /// What answers does not speak TLS.
    NotTls,
    /// The server wants a client certificate.
    WantsCertificate,
    /// The server ended the handshake since it has nothing in common with us, or for a fault of its own.
    HandshakeFailure,
    /// The server ended the handshake by another alert.
    Alert(String),
    /// No certificate can be for this name.
    Name(String),
    /// Another error of TLS.
    Other(String),
}

impl Fault {
    /// Returns the fault in few words, for a line that names many servers.
    pub fn brief(&self) -> String {
        let text = match self {
            Fault::Untrusted => "untrusted certificate",
            Fault::SelfSigned => "self-signed certificate",
            Fault::Expired(end) => return format!("{} expired {}", end.whose(), Day(end.at)),
            Fault::NotYetValid(end) => return format!("{} valid from {}", end.whose(), Day(end.at)),
            Fault::OtherName { names, .. } => return brief_names(names),
            Fault::NoCertificate => "no certificate",
            Fault::TooOld => "only TLS 1.1 or older",
            Fault::OnlyVersion(version) => return format!("no TLS {version}"),
            Fault::NotTls => "no TLS",
            Fault::WantsCertificate => "wants a client certificate",
            Fault::Authority => "certificate of an authority",
            Fault::Purpose => "wrong extendedKeyUsage",
            Fault::Version => "certificate of X.509 version 1",
            Fault::Method(method) => return format!("certificate signed by {method}"),
            Fault::WeakKey(bits, None) => return format!("key too weak: RSA {bits} bits"),
            Fault::WeakKey(bits, Some(_)) => return format!("CA key too weak: RSA {bits} bits"),
            Fault::Unverifiable(what, _) => return format!("{what} not verifiable here"),
            Fault::Revoked => "revoked certificate",
            Fault::NoRevocationList => "no revocation list",
            Fault::RevocationListExpired => "expired revocation list",
            Fault::Broken => "broken certificate",
            Fault::Unusable(why) => return format!("unusable certificate: {why}"),
            Fault::NothingInCommon => "no TLS cipher in common",
            Fault::HandshakeFailure => "TLS alert: handshake failure (perhaps no cipher in common)",
            Fault::Alert(why) => return format!("TLS alert: {why}"),
            Fault::Name(_) => "not a name for TLS",
            Fault::Other(why) => return format!("TLS: {why}"),
        };
        text.to_owned()
    }

    /// Returns whether it is a verdict on a certificate that the server showed: that is a fact, whatever it
    /// shows on another connection.
    pub fn is_of_certificate(&self) -> bool {
        match self {
            Fault::Untrusted
            | Fault::SelfSigned
            | Fault::Authority
            | Fault::Expired(_)
            | Fault::NotYetValid(_)
            | Fault::OtherName { .. }
            | Fault::Purpose
            | Fault::Version
            | Fault::Method(_)
            | Fault::WeakKey(..)
            | Fault::Revoked
            | Fault::Broken
            | Fault::Unusable(_) => true,
            Fault::Unverifiable(..)
            | Fault::NoRevocationList
            | Fault::RevocationListExpired
            | Fault::NoCertificate
            | Fault::TooOld
            | Fault::OnlyVersion(_)
            | Fault::NothingInCommon
            | Fault::NotTls
            | Fault::WantsCertificate
            | Fault::HandshakeFailure
            | Fault::Alert(_)
            | Fault::Name(_)
            | Fault::Other(_) => false,
        }
    }

    /// Returns the same fault, with the end of the chain if what is wrong cannot be verified.
    pub(super) fn ending(self, end: impl FnOnce() -> Option<End>) -> Self {
        match self {
            Fault::Unverifiable(what, None) => Fault::Unverifiable(what, end()),
            fault => fault,
        }
    }

    /// Returns the same fault, with the more that is known of it if the certificate `is_self_signed`.
    pub(super) fn of_self_signed(self, is_self_signed: bool) -> Self {
        match self {
            Fault::Untrusted | Fault::Authority if is_self_signed => Fault::SelfSigned,
            fault => fault,
        }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Fault::Untrusted => "the server certificate is not signed by a trusted authority",
            Fault::SelfSigned => "the server certificate is self-signed and not trusted",
            Fault::Authority => {
                "the server certificate is that of an authority (CA:TRUE): use one for servers"
            }
            Fault::Expired(end) => {
                return write!(f, "the {} expired on {}", end.whose_in_full(), Day(end.at));
            }
            Fault::NotYetValid(end) => {
                let (whose, day) = (end.whose_in_full(), Day(end.at));
                return write!(f, "the {whose} is not valid before {day}, or the clock of this host is slow");
            }
            Fault::OtherName { asked, names } => return write_names(f, asked, names),
            Fault::Purpose => "the server certificate is not for servers (extendedKeyUsage)",
            Fault::Version => "the server certificate is X.509 version 1, needed is version 3",
            Fault::Method(method) => {
                return write!(f, "the server certificate is signed by {method}, which is too weak");
            }
            Fault::WeakKey(bits, None) => {
                return write!(f, "the server has an RSA key of {bits} bits, needed are 2048");
            }
            Fault::WeakKey(bits, Some(name)) => {
                return write!(f, "the authority {name} has an RSA key of {bits} bits, needed are 2048");
            }
            Fault::Unverifiable(what, _) => {
                let whose = if what.of_authority { "the authority of the server" } else { "the server" };
                let article = if matches!(what.kind, Kind::Other | Kind::Method) { "a" } else { "an" };
                return write!(f, "{whose} has {article} {what}, which cannot be verified here");
            }
            Fault::Revoked => "the server certificate, or one above it, was revoked",
            Fault::NoRevocationList => {
                "no revocation list tells of the server certificate, or of one above it"
            }
            Fault::RevocationListExpired => "the revocation list for the server certificate has expired",
            Fault::Broken => "the server certificate is broken",
            Fault::NoCertificate => "the server showed no certificate",
            Fault::Unusable(why) => return write!(f, "the server certificate is not usable: {why}"),
            Fault::TooOld => "the server speaks no TLS 1.2 or later",
            Fault::OnlyVersion(version) => {
                return write!(f, "the server does not speak TLS {version}, the only version allowed");
            }
            Fault::NothingInCommon => "the server has no TLS cipher or signature method that this host has",
            Fault::NotTls => "the server does not speak TLS on this port",
            Fault::WantsCertificate => "the server wants a client certificate",
            Fault::HandshakeFailure => {
                "the server ended the TLS handshake: handshake failure, perhaps no cipher in common"
            }
            Fault::Alert(why) => return write!(f, "the server ended the TLS handshake: {why}"),
            Fault::Name(name) => return write!(f, "no certificate can be for the name {name}"),
            Fault::Other(why) => return write!(f, "TLS: {why}"),
        };
        f.write_str(text)
    }
}

fn brief_names(names: &[String]) -> String {
    match names {
        [] => "certificate without a name".to_owned(),
        [name] => format!("certificate of {}", name.chars().take(80).collect::<String>()),
        [name, ..] => format!("certificate of {} and others", name.chars().take(80).collect::<String>()),
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, asked: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return write!(f, "the server certificate has no subjectAltName, needed is {asked}");
    }
    // As a name of type dNSName, where an address needs iPAddress (RFC 5280, section 4.2.1.6).
    if names.iter().any(|name| name == asked) {
        return write!(f, "the server certificate has {asked} as a host name, not as an address");
    }
    let more = names.len().saturating_sub(NAMES);
    let shown = names.iter().take(NAMES).map(|name| name.chars().take(80).collect::<String>());
    let shown = shown.collect::<Vec<String>>().join(", ");
    let rest = match more {
        0 => String::new(),
        1 => " and 1 more name".to_owned(),
        more => format!(" and {more} more names"),
    };
    write!(f, "the server certificate is for {shown}{rest}, not for {asked}")
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{AlertDescription, CertificateError, Error};

    use super::reading::other_name;
    use super::*;

    #[test]
    fn what_has_no_words_of_its_own_is_never_debug_text() {
        let rows = [
            (
                Fault::from(webpki::Error::NameConstraintViolation),
                "the server certificate is not usable: name constraint violation",
            ),
            (
                Fault::from(webpki::Error::TrailingData(webpki::DerTypeId::Certificate)),
                "the server certificate is broken",
            ),
            (
                Fault::from(&Error::AlertReceived(AlertDescription::UnknownCA)),
                "the server ended the TLS handshake: unknown CA",
            ),
            (
                Fault::from(&Error::AlertReceived(AlertDescription::HandshakeFailure)),
                "the server ended the TLS handshake: handshake failure, perhaps no cipher in common",
            ),
            (
                Fault::from(&Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
                "the server certificate is not usable: application verification failure",
            ),
            (
                Fault::from(&Error::InappropriateMessage {
                    expect_types: vec![],
                    got_type: rustls::ContentType::Alert,
                }),
                "TLS: inappropriate message",
            ),
            (
                Fault::from(&Error::AlertReceived(AlertDescription::Unknown(99))),
                "the server ended the TLS handshake: unknown alert 99",
            ),
        ];
        for (fault, words) in rows {
            assert_eq!(fault.to_string(), words);
        }
    }

    #[test]
    fn few_words_tell_the_faults_apart() {
        let other = |names: &[&str]| Fault::OtherName {
            asked: "www.example.com".to_owned(),
            names: names.iter().map(ToString::to_string).collect(),
        };
        let rows = [
            (Fault::Expired(End::of_server(1_767_225_599)), "certificate expired 2025-12-31"),
            (Fault::NotYetValid(End::of_server(1_767_225_600)), "certificate valid from 2026-01-01"),
            (other(&[]), "certificate without a name"),
            (other(&["a.example.com"]), "certificate of a.example.com"),
            (other(&["a.example.com", "b.example.com"]), "certificate of a.example.com and others"),
            (Fault::SelfSigned, "self-signed certificate"),
            (Fault::NotTls, "no TLS"),
            (Fault::TooOld, "only TLS 1.1 or older"),
            (Fault::OnlyVersion("1.3"), "no TLS 1.3"),
            (Fault::HandshakeFailure, "TLS alert: handshake failure (perhaps no cipher in common)"),
        ];
        for (fault, words) in rows {
            assert_eq!(fault.brief(), words);
        }
    }

    #[test]
    fn names_are_shown_as_hosts_are_called() {
        let asked = ServerName::try_from("db.example.com").unwrap();
        let rows: [(&[&str], &str); 4] = [
            (&[], "has no subjectAltName, needed is db.example.com"),
            (&["DirectoryName", "Unsupported(0x81)"], "has no subjectAltName, needed is db.example.com"),
            (
                &["DnsName(\"a.example\")", "IpAddress(192.0.2.1)"],
                "is for a.example, 192.0.2.1, not for db.example.com",
            ),
            (&["DnsName(\"a\")"; 9], "is for a, a, a and 6 more names, not for db.example.com"),
        ];
        for (presented, words) in rows {
            let presented: Vec<String> = presented.iter().map(ToString::to_string).collect();
            assert_eq!(other_name(&asked, &presented).to_string(), format!("the server certificate {words}"));
        }
        let address = ServerName::try_from("10.0.0.1").unwrap();
        let named = ["DnsName(\"10.0.0.1\")".to_owned()];
        let words = "the server certificate has 10.0.0.1 as a host name, not as an address";
        assert_eq!(other_name(&address, &named).to_string(), words);
    }
}
