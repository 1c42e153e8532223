//! Whether a server asked for our own certificate, and we had none: rustls tells it only here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

/// Notes that a server asked, on one connection.
#[derive(Debug)]
pub(super) struct Asked {
    own: Arc<dyn ResolvesClientCert>,
    in_vain: AtomicBool,
}

impl Asked {
    /// Answers by what we have.
    pub(super) fn new(own: Arc<dyn ResolvesClientCert>) -> Self {
        Self { own, in_vain: AtomicBool::new(false) }
    }

    /// Returns whether the server asked and we had no certificate for it.
    pub(super) fn in_vain(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let found = self.own.resolve(hints, schemes);
        self.in_vain.store(found.is_none(), Ordering::Relaxed);
        found
    }

    fn has_certs(&self) -> bool {
        self.own.has_certs()
    }
}
