//! The exchange of keys on the curve P-521 (RFC 8422), which ring does not know. A server whose certificate
//! has such a key needs it in TLS 1.2: it takes only clients that offer the curve (section 5.1).

use p521::elliptic_curve::sec1::ToEncodedPoint as _;
use p521::{PublicKey, SecretKey};
use rustls::crypto::{
    ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup, ring::default_provider,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};

/// The octets of a number below the order of the curve, of which the first has one bit alone.
const OCTETS: usize = 66;
/// The first octet of a point that has both coordinates, the only form in TLS (RFC 8422, section 5.4.1).
const UNCOMPRESSED: u8 = 4;

/// The exchange of keys on P-521.
pub(super) static GROUP: &dyn SupportedKxGroup = &Group;

#[derive(Debug)]
struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = secret()?;
        let public = secret.public_key().to_encoded_point(false).as_bytes().to_vec();
        Ok(Box::new(Exchange { secret, public }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

/// Returns a random number from one to the order of the curve less one.
fn secret() -> Result<SecretKey, GetRandomFailed> {
    let random = default_provider().secure_random;
    loop {
        let mut octets = [0; OCTETS];
        random.fill(&mut octets)?;
        if let Some(first) = octets.first_mut() {
            *first &= 1;
        }
        // Nearly all numbers of so many bits are below the order.
        if let Ok(secret) = SecretKey::from_slice(&octets) {
            return Ok(secret);
        }
    }
}

/// One exchange of keys.
struct Exchange {
    secret: SecretKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let refused = || Error::from(PeerMisbehaved::InvalidKeyShare);
        let peer = Some(peer).filter(|peer| peer.first() == Some(&UNCOMPRESSED));
        let peer = PublicKey::from_sec1_bytes(peer.ok_or_else(refused)?).map_err(|_| refused())?;
        let shared = p521::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp521r1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_an_exchange_have_the_same_secret() {
        let (one, other) = (GROUP.start().unwrap(), GROUP.start().unwrap());
        let (to_other, to_one) = (one.pub_key().to_vec(), other.pub_key().to_vec());
        assert_ne!(to_other, to_one);
        let secrets = (one.complete(&to_one).unwrap(), other.complete(&to_other).unwrap());
        assert_eq!(secrets.0.secret_bytes(), secrets.1.secret_bytes());
        assert_eq!(secrets.0.secret_bytes().len(), OCTETS);
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let good = GROUP.start().unwrap().pub_key().to_vec();
        let changed = |place: usize| {
            let mut octets = good.clone();
            octets[place] ^= 1;
            octets
        };
        let compressed = [&[2], &good[1..=OCTETS]].concat();
        // The point at infinity, nothing, too short and too long ones, one off the curve.
        let longer = [&good[..], &[0]].concat();
        for octets in [&[0][..], &[], &good[..132], &longer, &compressed, &changed(0), &changed(100)] {
            assert!(GROUP.start().unwrap().complete(octets).is_err(), "{octets:?}");
        }
    }
}
