//! The chain from a server's certificate to an authority: which certificates are in it, which of them ends
//! first, and why there is none.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::authorities::Authorities;
use super::certificate::{self, End, is_for_servers, not_after, not_before};
use super::fault::Fault;
use super::key::{Unverifiable, Use};
use super::provider::ALGORITHMS;
use super::ways::{MOST, Ways};

impl Authorities {
    /// Verifies the certificates that a server showed, its own first, as of `now` after 1970. With a name,
    /// that must be in the first.
    ///
    /// # Errors
    /// [`Fault`]: the first thing that is wrong. What cannot be verified here comes last.
    pub fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        name: Option<&str>,
        now: Duration,
    ) -> Result<(), Fault> {
        let (own, shown) = chain.split_first().ok_or(Fault::NoCertificate)?;
        let certificate = EndEntityCert::try_from(own).map_err(Fault::from)?;
        let is_self_signed = certificate.issuer() == certificate.subject();
        let verified = match between(self, &certificate, shown, now) {
            // Its time was looked at before that.
            Err(webpki::Error::CaUsedAsEndEntity) if self.pinned.contains(own) => {
                if is_for_servers(own) {
                    Ok(())
                } else {
                    Err(Fault::Purpose)
                }
            }
            Err(error) => Err(explained(self, chain, error.into()).of_self_signed(is_self_signed)),
            Ok(_) => Ok(()),
        };
        if matches!(verified, Err(ref fault) if !matches!(fault, Fault::Unverifiable(..))) {
            return verified;
        }
        let Some(name) = name else { return verified };
        let server = ServerName::try_from(name).map_err(|_| Fault::Name(name.to_owned()))?;
        certificate.verify_is_valid_for_subject_name(&server).map_err(Fault::from)?;
        verified
    }

    /// Returns when the chain that the server showed, its own certificate first, is no longer valid, as of
    /// `now` after 1970: there is no other chain from then on. `None` if its own cannot be read.
    pub(super) fn first_end(&self, chain: &[CertificateDer<'_>], now: Duration) -> Option<End> {
        let (own, shown) = chain.split_first()?;
        let end = not_after(own)?;
        let is_earlier = |one: &CertificateDer<'_>| not_after(one).is_some_and(|at| at < end);
        if shown.iter().take(MOST).any(is_earlier)
            && let Ok(certificate) = EndEntityCert::try_from(own)
            && let Some(earlier) = first_end_between(self, &certificate, chain, now)
            && earlier.at < end
        {
            return Some(earlier);
        }
        Some(End::of_server(end))
    }
}

/// Returns the certificates between `certificate` and its authority, of those that were shown, as of `now`
/// after 1970.
fn between(
    authorities: &Authorities,
    certificate: &EndEntityCert<'_>,
    shown: &[CertificateDer<'_>],
    now: Duration,
) -> Result<Vec<CertificateDer<'static>>, webpki::Error> {
    let (usage, now) = (KeyUsage::server_auth(), UnixTime::since_unix_epoch(now));
    let path =
        certificate.verify_for_usage(ALGORITHMS.all, &authorities.anchors, shown, now, usage, None, None)?;
    Ok(path.intermediate_certificates().map(|between| between.der().into_owned()).collect())
}

/// When no chain is left since one between the server's own certificate and its authority has ended.
fn first_end_between(
    authorities: &Authorities,
    certificate: &EndEntityCert<'_>,
    chain: &[CertificateDer<'_>],
    now: Duration,
) -> Option<End> {
    let (_, shown) = chain.split_first()?;
    let Ok(mut path) = between(authorities, certificate, shown, now) else {
        return Ways::new(authorities, chain).first_end();
    };
    for _other_chain in 0..MOST {
        let ends = path.iter().filter_map(|one| Some((not_after(one)?, one)));
        let (at, first) = ends.min_by_key(|(at, _)| *at)?;
        match between(authorities, certificate, shown, Duration::from_secs(at.saturating_add(1))) {
            Ok(other) => path = other,
            Err(_) => return Some(End { at, intermediate: Some(certificate::name(first)) }),
        }
    }
    None
}

/// Returns what is wrong with a chain of which webpki says this: with more that can be told.
fn explained(authorities: &Authorities, chain: &[CertificateDer<'_>], fault: Fault) -> Fault {
    let named = |end: End, of: fn(&CertificateDer<'_>) -> Option<u64>| {
        let (own, shown) = chain.split_first()?;
        let intermediate = shown.iter().find(|one| of(one) == Some(end.at));
        let is_own = of(own) == Some(end.at);
        Some(End { intermediate: intermediate.filter(|_| !is_own).map(certificate::name), ..end })
    };
    match fault {
        Fault::Expired(end) => Fault::Expired(named(end.clone(), not_after).unwrap_or(end)),
        Fault::NotYetValid(end) => Fault::NotYetValid(named(end.clone(), not_before).unwrap_or(end)),
        Fault::Untrusted | Fault::Unverifiable(..) => {
            let ways = Ways::new(authorities, chain);
            match ways.unusable_key() {
                Some((name, Use::Weak(bits))) => Fault::WeakKey(bits, Some(name.to_owned())),
                Some((_, Use::Unverifiable(kind))) => {
                    Fault::Unverifiable(Unverifiable { kind, of_authority: true }, None)
                }
                // A signature on each way is verified, and wrong.
                _ if ways.is_empty() => Fault::Untrusted,
                _ => fault,
            }
        }
        fault => fault,
    }
}
