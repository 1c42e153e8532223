//! The ways from a server's certificate to a trusted authority where a signature on them cannot be verified
//! here. All others on them are, so that only what is really unknown excuses a server.

use rustls::pki_types::CertificateDer;
use webpki::{EndEntityCert, spki_for_anchor};

use super::authorities::Anchor;
use super::certificate::{self, End, Whose, not_after};
use super::key::{self, Use};
use super::signature::Signed;

/// The most certificates that a server shows of which each is looked at.
pub(super) const MOST: usize = 16;
/// The most signatures that are verified: a server that needs more is not trusted.
const MOST_VERIFIED: usize = 32;

/// The certificates that a server showed, its own first, and what may have signed each.
#[derive(Debug)]
pub(super) struct Ways {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    /// The places of those shown that may have signed it.
    shown: Vec<usize>,
    /// The authorities that may have signed it.
    anchors: Vec<Issuer>,
    /// It as one that signs.
    issuer: Issuer,
}

/// What may have signed a certificate.
#[derive(Clone, Debug)]
struct Issuer {
    name: String,
    found: Option<Use>,
    /// When it expires, in seconds since 1970: `None` if that cannot be read.
    not_after: Option<u64>,
}

impl Issuer {
    fn new(certificate: &CertificateDer<'_>, subject: &[u8], spki: &[u8]) -> Self {
        Self {
            name: certificate::name_of(subject),
            found: key::of_authority(spki),
            not_after: not_after(certificate),
        }
    }

    /// Returns whether it is valid after `end`, in seconds since 1970.
    fn outlives(&self, end: u64) -> bool {
        self.not_after.is_none_or(|at| at > end)
    }
}

impl Ways {
    /// Finds the ways of a chain, the server's own certificate first, to these authorities.
    pub(super) fn new(anchors: &[&Anchor], chain: &[CertificateDer<'_>]) -> Self {
        let shown: Vec<(&CertificateDer<'_>, EndEntityCert<'_>)> = chain
            .iter()
            .take(MOST)
            .filter_map(|one| Some((one, EndEntityCert::try_from(one).ok()?)))
            .collect();
        let mut left = MOST_VERIFIED;
        let mut steps = Vec::new();
        for (place, (der, one)) in shown.iter().enumerate() {
            let signed = Signed::parse(der);
            let mut may_be_by = |spki: &[u8]| {
                let Some(signed) = &signed else { return false };
                signed.may_be_by(spki, &mut left)
            };
            // One that is self-signed leads to itself alone, whatever its name, unless it is the server's.
            let is_self_signed = one.issuer() == one.subject();
            let mut step = Step {
                shown: Vec::new(),
                anchors: Vec::new(),
                issuer: Issuer::new(der, one.subject(), &one.subject_public_key_info()),
            };
            if !is_self_signed || place == 0 {
                for anchor in anchors {
                    let spki = spki_for_anchor(&anchor.trusted);
                    if anchor.trusted.subject.as_ref() == one.issuer() && may_be_by(&spki) {
                        step.anchors.push(Issuer::new(&anchor.certificate, &anchor.trusted.subject, &spki));
                    }
                }
            }
            if !is_self_signed {
                for (other, (_, issuer)) in shown.iter().enumerate() {
                    if issuer.subject() == one.issuer() && may_be_by(&issuer.subject_public_key_info()) {
                        step.shown.push(other);
                    }
                }
            }
            steps.push(step);
        }
        Self { steps }
    }

    /// Returns whether there is no way.
    pub(super) fn is_empty(&self) -> bool {
        self.places(|_| true).is_empty()
    }

    /// Returns the first key on the ways by which signatures cannot be verified, with the name of its owner:
    /// `None` if there is no way, or no such key.
    pub(super) fn unusable_key(&self) -> Option<(&str, Use)> {
        let places = self.places(|_| true);
        let steps = places.iter().filter_map(|place| self.steps.get(*place));
        let mut issuers = steps.flat_map(|step| {
            let shown = step.shown.iter().filter(|place| places.contains(place));
            step.anchors.iter().chain(shown.filter_map(|place| Some(&self.steps.get(*place)?.issuer)))
        });
        issuers.find_map(|issuer| match issuer.found? {
            Use::Verifiable => None,
            found => Some((issuer.name.as_str(), found)),
        })
    }

    /// Returns from when on there is no way any more, since a certificate has ended: `None` if there is none
    /// at all, or if that cannot be read.
    pub(super) fn first_end(&self) -> Option<End> {
        if self.is_empty() {
            return None;
        }
        let mut ends = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            let name = || step.issuer.name.clone();
            let whose = if place == 0 { Whose::Server } else { Whose::Intermediate(name()) };
            ends.extend(step.issuer.not_after.map(|at| End { at, whose }));
            ends.extend(step.anchors.iter().filter_map(|anchor| {
                Some(End { at: anchor.not_after?, whose: Whose::Authority(anchor.name.clone()) })
            }));
        }
        ends.sort_by_key(|end| end.at);
        ends.into_iter().find(|end| self.places(|issuer| issuer.outlives(end.at)).is_empty())
    }

    /// Returns the places of the certificates on a way of those that `counts`.
    fn places(&self, counts: impl Fn(&Issuer) -> bool) -> Vec<usize> {
        let step = |place: usize| self.steps.get(place).filter(|step| counts(&step.issuer));
        let (mut from_own, mut next) = (Vec::new(), vec![0]);
        while let Some(place) = next.pop() {
            let Some(step) = step(place).filter(|_| !from_own.contains(&place)) else { continue };
            from_own.push(place);
            next.extend(&step.shown);
        }
        from_own.sort_unstable();
        let mut to_anchors: Vec<usize> = Vec::new();
        // Each round takes at least one step of the longest way.
        for _step in &from_own {
            for place in &from_own {
                let leads = |step: &Step| {
                    step.anchors.iter().any(&counts)
                        || step.shown.iter().any(|next| to_anchors.contains(next))
                };
                if !to_anchors.contains(place) && step(*place).is_some_and(leads) {
                    to_anchors.push(*place);
                }
            }
        }
        to_anchors.sort_unstable();
        to_anchors
    }
}
