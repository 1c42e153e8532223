//! The receiver of what a monitor knows.

use crate::{Downtime, Monitor, Object};

/// Receives the hosts, services and downtimes of a monitor, one by one. Hosts come before the services in
/// status.dat, but nothing promises that.
pub trait Collect {
    /// Returns whether this host, or this service of it, is wanted. What is not wanted is skipped without
    /// being parsed.
    fn wants(&mut self, host: &str, service: Option<&str>) -> bool {
        let _ = (host, service);
        true
    }

    /// Takes what the monitor says of itself, where that comes before its hosts and services. `created` is 0
    /// where that comes later.
    fn monitor(&mut self, monitor: &Monitor) {
        let _ = monitor;
    }

    /// Takes a host or a service that was wanted.
    fn object(&mut self, object: &Object<'_>);

    /// Takes a downtime of a host or a service that was wanted, running or still to come.
    fn downtime(&mut self, downtime: &Downtime<'_>) {
        let _ = downtime;
    }

    /// Forgets everything: the source changed while it was read, and all of it comes again.
    fn restart(&mut self);
}
