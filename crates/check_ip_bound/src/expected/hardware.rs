//! Interfaces that the configuration tells by a hardware address: their names are those of the kernel that
//! the addresses are compared with. A list has them from another host, and another root may lack /sys.

use host_net::Bound;

use super::{Expected, merge};

impl Expected {
    /// Replaces the hardware addresses of interfaces that are here by the names of these.
    pub(super) fn name_hardware(&mut self, bound: &Bound) {
        let name = |written: &mut String| {
            // All but names with an alias, of which there may be many, are passed over at once.
            let card = Some(&*written).filter(|written| written.contains(':'));
            if let Some(here) = card.and_then(|address| bound.by_hardware(address)) {
                written.clone_from(&here.name);
            }
        };
        let mut all = std::mem::take(&mut self.dynamic);
        all.iter_mut().for_each(|dynamic| name(&mut dynamic.interface));
        merge::dynamic(&mut self.dynamic, all.into_iter());
        self.ports.iter_mut().flat_map(|ports| &mut ports.ports).for_each(name);
        self.interfaces.iter_mut().chain(&mut self.listed).for_each(|(_, interface)| name(interface));
        self.interfaces.sort();
        self.listed.sort();
        for profile in self.one_of.iter_mut().flat_map(|one_of| &mut one_of.profiles) {
            profile.dynamic.iter_mut().for_each(|dynamic| name(&mut dynamic.interface));
            profile.port.iter_mut().for_each(|(port, _)| name(port));
        }
    }
}
