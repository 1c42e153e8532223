//! An interface without the ports that it is configured with.

/// An interface that lacks configured ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortFault {
    /// The index of the bridge, bond, team or VRF.
    pub interface: u32,
    /// Whether none of its configured ports is there and up.
    pub none: bool,
    /// What is wrong, as "vmbr0 has none of its ports: there is no enp4s0 here".
    pub text: String,
}
