//! What of the rule can be set.

/// The settings of the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The least rise of loss that is told, as a share.
    pub loss_rise: f64,
    /// The least rise of the round-trip time that is told, as a share of the normal one.
    pub rtt_rise: f64,
    /// The least rise of the round-trip time that is told, in seconds.
    pub rtt_floor: f64,
    /// The rise of loss, as a share, from which on it is never accepted.
    pub critical_loss: f64,
    /// How many runs that answer are learned before a target is judged by its own record.
    pub learn_runs: u32,
    /// After how many seconds a changed level is the new normal.
    pub accept: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loss_rise: 0.05,
            rtt_rise: 0.15,
            rtt_floor: 0.005,
            critical_loss: 0.4,
            learn_runs: 12,
            accept: 86_400,
        }
    }
}
