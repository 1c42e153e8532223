//! What a source contributes to its component, and why.

/// What a source contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Operational,
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Down,
    /// The monitor does not know.
    Unknown,
}

/// Why a source counts otherwise than its own state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It does not.
    State,
    /// Its host is down.
    HostDown,
    /// Its host is unreachable.
    HostUnreachable,
    /// It was never checked.
    NeverChecked,
    /// The monitor does not tell of its host, or a state that there is not.
    NoHost,
    /// It is checked by the monitor, without an interval, so that nothing tells when it should have been.
    NoInterval,
    /// Its last check is in the future.
    Future,
    /// No result can come: neither active nor passive checks are enabled, for it or for all.
    Disabled,
    /// It was not checked for too long.
    TooOld,
    /// A soft problem is public.
    Soft,
    /// The monitor told of it in the last runs and does so no more.
    Vanished,
}

impl Why {
    /// Returns the words for an administrator; empty for [`Why::State`].
    pub const fn text(self) -> &'static str {
        match self {
            Self::State => "",
            Self::HostDown => "its host is down",
            Self::HostUnreachable => "its host is unreachable",
            Self::NeverChecked => "never checked",
            Self::NoHost => "the monitor tells no state of its host",
            Self::NoInterval => "no check interval, give the component a max_age",
            Self::Future => "checked in the future",
            Self::Disabled => "checks disabled",
            Self::TooOld => "not checked for too long",
            Self::Soft => "soft problem",
            Self::Vanished => "the monitor no longer tells of it",
        }
    }
}

/// A source as it counts, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it contributes.
    pub health: Health,
    /// Whether it is in a downtime now, and so left out.
    pub in_downtime: bool,
    /// Why, where the source's own state does not say it.
    pub why: Why,
}

impl Verdict {
    /// The verdict on a source of which the monitor no longer tells.
    pub const VANISHED: Self = Self { health: Health::Unknown, in_downtime: false, why: Why::Vanished };
}
