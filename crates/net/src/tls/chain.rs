//! The chain from a server's certificate to an authority: which certificates are in it, which of them ends
//! first, and why there is none.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, spki_for_anchor};

use super::authorities::Authorities;
use super::certificate::{self, End, is_for_servers, not_after, not_before};
use super::fault::Fault;
use super::key::{self, Unverifiable, Use};

/// The most certificates that a server shows of which each is looked at.
const MOST: usize = 16;

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
            Err(error) => Err(explained(self, chain, Fault::from(error).of_self_signed(is_self_signed))),
            Ok(_) => Ok(()),
        };
        if matches!(verified, Err(ref fault) if !matches!(fault, Fault::Unverifiable(_))) {
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
            && let Some(earlier) = first_end_between(self, &certificate, shown, now)
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
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
    let (usage, now) = (KeyUsage::server_auth(), UnixTime::since_unix_epoch(now));
    let path =
        certificate.verify_for_usage(algorithms, &authorities.anchors, shown, now, usage, None, None)?;
    Ok(path.intermediate_certificates().map(|between| between.der().into_owned()).collect())
}

/// When no chain is left since one between the server's own certificate and its authority has ended.
fn first_end_between(
    authorities: &Authorities,
    certificate: &EndEntityCert<'_>,
    shown: &[CertificateDer<'_>],
    now: Duration,
) -> Option<End> {
    let mut path = between(authorities, certificate, shown, now).ok()?;
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
        Fault::Untrusted => by_key(authorities, chain).unwrap_or(fault),
        Fault::Unverifiable(what) => {
            let end = chain.first().and_then(not_after);
            let dated = Fault::Unverifiable(Unverifiable { not_after: what.not_after.or(end), ..what });
            by_key(authorities, chain).unwrap_or(dated)
        }
        fault => fault,
    }
}

/// What is wrong with the key of an authority by which one of a chain seems to be signed: `None` if nothing,
/// or if the names lead to no trusted authority.
fn by_key(authorities: &Authorities, chain: &[CertificateDer<'_>]) -> Option<Fault> {
    let end = chain.first().and_then(not_after);
    let chain: Vec<EndEntityCert<'_>> =
        chain.iter().take(MOST).filter_map(|one| EndEntityCert::try_from(one).ok()).collect();
    let of_key = |spki: &[u8], subject: &[u8]| match key::of_authority(spki)? {
        Use::Verifiable => None,
        Use::Weak(bits) => Some(Fault::WeakKey(bits, Some(certificate::name_of(subject)))),
        Use::Unverifiable(kind) => {
            Some(Fault::Unverifiable(Unverifiable { kind, of_authority: true, not_after: end }))
        }
    };
    let path = led_to_anchors(authorities, &chain);
    path.iter().find_map(|one| {
        let anchors = authorities.anchors.iter().filter(|anchor| anchor.subject.as_ref() == one.issuer());
        let mut trusted =
            anchors.filter_map(|anchor| of_key(&spki_for_anchor(anchor), anchor.subject.as_ref()));
        let shown = || path.iter().filter(|other| other.subject() == one.issuer());
        trusted
            .next()
            .or_else(|| shown().find_map(|other| of_key(&other.subject_public_key_info(), other.subject())))
    })
}

/// Returns those certificates of a chain that are, by the names of their issuers, on a way from the server's
/// own, which is the first, to a trusted authority: none if there is no such way.
fn led_to_anchors<'a, 'b>(
    authorities: &Authorities,
    chain: &'a [EndEntityCert<'b>],
) -> Vec<&'a EndEntityCert<'b>> {
    let Some(own) = chain.first() else { return Vec::new() };
    let (mut from_own, mut to_anchors) = (vec![own.subject(), own.issuer()], Vec::new());
    to_anchors.extend(authorities.anchors.iter().map(|anchor| anchor.subject.as_ref()));
    // Each round takes at least one step of the longest way.
    for _step in chain {
        for one in chain {
            if from_own.contains(&one.subject()) && !from_own.contains(&one.issuer()) {
                from_own.push(one.issuer());
            }
            if to_anchors.contains(&one.issuer()) && !to_anchors.contains(&one.subject()) {
                to_anchors.push(one.subject());
            }
        }
    }
    // One that is self-signed leads to itself alone, whatever its name.
    let is_on_way = |one: &&EndEntityCert<'_>| {
        one.issuer() != one.subject()
            && from_own.contains(&one.subject())
            && to_anchors.contains(&one.issuer())
    };
    chain.iter().filter(is_on_way).collect()
}
