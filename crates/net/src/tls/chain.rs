//! The chain from a server's certificate to an authority: which certificates are in it, which of them ends
//! first, and why there is none.

use std::cmp::Reverse;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::authorities::{Anchor, Authorities};
use super::certificate::{self, End, Whose, is_for_servers, not_after, not_before};
use super::fault::Fault;
use super::key::{Unverifiable, Use};
use super::provider::ALGORITHMS;
use super::revocation::{self, Revocations};
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
        let anchors = self.issuers_of(chain);
        let verified = match path(&anchors, &certificate, shown, now, self.revocations()) {
            // Its time was looked at before that.
            Err(webpki::Error::CaUsedAsEndEntity) if self.names(own) => {
                if is_for_servers(own) {
                    Ok(())
                } else {
                    Err(Fault::Purpose)
                }
            }
            Err(error) => Err(explained(&anchors, chain, error.into(), now).of_self_signed(is_self_signed)),
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
        let anchors = self.issuers_of(chain);
        let all = shown.iter().take(MOST).chain(anchors.iter().map(|anchor| &anchor.certificate));
        if all.filter_map(not_after).any(|at| at < end)
            && let Ok(certificate) = EndEntityCert::try_from(own)
            && let Some(earlier) = first_end_above(&anchors, &certificate, chain, now)
            && earlier.at < end
        {
            return Some(earlier);
        }
        Some(End::of_server(end))
    }
}

/// What leads from a server's certificate to a trusted authority.
struct Path {
    between: Vec<CertificateDer<'static>>,
    anchor: TrustAnchor<'static>,
}

impl Path {
    /// Returns when the first of its certificates ends, of which the authority's may be any of `anchors` that
    /// has its key.
    fn first_end(&self, anchors: &[&Anchor]) -> Option<End> {
        let between = self.between.iter().filter_map(|one| {
            Some(End { at: not_after(one)?, whose: Whose::Intermediate(certificate::name(one)) })
        });
        let same = anchors.iter().filter(|anchor| anchor.trusted == self.anchor);
        let last = same.filter_map(|anchor| {
            let whose = Whose::Authority(anchor.name());
            Some(End { at: not_after(&anchor.certificate)?, whose })
        });
        between.chain(last.max_by_key(|end| end.at)).min_by_key(|end| end.at)
    }
}

/// Returns what leads from `certificate` to an authority that is valid, of what was shown, as of `now` after
/// 1970. As openssl does and webpki does not, an authority counts only in its time.
fn path(
    anchors: &[&Anchor],
    certificate: &EndEntityCert<'_>,
    shown: &[CertificateDer<'_>],
    now: Duration,
    revocations: Option<&Revocations>,
) -> Result<Path, webpki::Error> {
    let valid: Vec<TrustAnchor<'_>> =
        anchors.iter().filter(|anchor| anchor.is_valid(now)).map(|anchor| anchor.trusted.clone()).collect();
    let (usage, now) = (KeyUsage::server_auth(), UnixTime::since_unix_epoch(now));
    let lists = revocations.map(Revocations::all);
    let revocation = match &lists {
        Some(lists) => Some(revocation::options(lists).ok_or(webpki::Error::UnknownRevocationStatus)?),
        None => None,
    };
    let path = certificate.verify_for_usage(ALGORITHMS.all, &valid, shown, now, usage, revocation, None)?;
    let between = path.intermediate_certificates().map(|between| between.der().into_owned()).collect();
    Ok(Path { between, anchor: path.anchor().to_owned() })
}

/// When no chain is left since one above the server's own certificate has ended.
fn first_end_above(
    anchors: &[&Anchor],
    certificate: &EndEntityCert<'_>,
    chain: &[CertificateDer<'_>],
    now: Duration,
) -> Option<End> {
    let (_, shown) = chain.split_first()?;
    let Ok(mut found) = path(anchors, certificate, shown, now, None) else {
        return Ways::new(&valid(anchors, now), chain).first_end();
    };
    for _other_chain in 0..MOST {
        let end = found.first_end(anchors)?;
        match path(anchors, certificate, shown, Duration::from_secs(end.at.saturating_add(1)), None) {
            Ok(other) => found = other,
            Err(_) => return Some(end),
        }
    }
    None
}

fn valid<'a>(anchors: &[&'a Anchor], now: Duration) -> Vec<&'a Anchor> {
    anchors.iter().copied().filter(|anchor| anchor.is_valid(now)).collect()
}

/// Returns the fault of a chain that leads to an authority only out of its time.
fn out_of_time(anchors: &[&Anchor], chain: &[CertificateDer<'_>], now: Duration) -> Option<Fault> {
    let mut invalid: Vec<&Anchor> =
        anchors.iter().copied().filter(|anchor| !anchor.is_valid(now)).take(MOST).collect();
    // The latest first, as openssl takes it.
    invalid.sort_by_key(|anchor| Reverse(not_after(&anchor.certificate)));
    let anchor = invalid.into_iter().find(|anchor| !Ways::new(&[*anchor], chain).is_empty())?;
    let whose = Whose::Authority(anchor.name());
    Some(if anchor.has_ended(now) {
        Fault::Expired(End { at: not_after(&anchor.certificate)?, whose })
    } else {
        Fault::NotYetValid(End { at: not_before(&anchor.certificate)?, whose })
    })
}

/// Returns what is wrong with a chain of which webpki says this: with more that can be told.
fn explained(anchors: &[&Anchor], chain: &[CertificateDer<'_>], fault: Fault, now: Duration) -> Fault {
    let named = |end: End, of: fn(&CertificateDer<'_>) -> Option<u64>| {
        let (own, shown) = chain.split_first()?;
        let is_own = of(own) == Some(end.at);
        let above = shown.iter().find(|one| of(one) == Some(end.at)).filter(|_| !is_own);
        Some(End { whose: above.map_or(Whose::Server, whose), ..end })
    };
    match fault {
        Fault::Expired(end) => Fault::Expired(named(end.clone(), not_after).unwrap_or(end)),
        Fault::NotYetValid(end) => Fault::NotYetValid(named(end.clone(), not_before).unwrap_or(end)),
        Fault::Untrusted | Fault::Unverifiable(..) => {
            let ways = Ways::new(&valid(anchors, now), chain);
            match ways.unusable_key() {
                Some((name, Use::Weak(bits))) => Fault::WeakKey(bits, Some(name.to_owned())),
                Some((_, Use::Unverifiable(kind))) => {
                    Fault::Unverifiable(Unverifiable { kind, of_authority: true }, None)
                }
                // A signature on each way is verified, and wrong.
                _ if ways.is_empty() => out_of_time(anchors, chain, now).unwrap_or(Fault::Untrusted),
                _ => fault,
            }
        }
        fault => fault,
    }
}

/// Whose certificate is one that a server shows beside its own.
fn whose(certificate: &CertificateDer<'_>) -> Whose {
    let name = certificate::name(certificate);
    let is_root = EndEntityCert::try_from(certificate).is_ok_and(|one| one.issuer() == one.subject());
    if is_root { Whose::Authority(name) } else { Whose::Intermediate(name) }
}
