//! What a broker refuses: one event, a destination, or everything. Brokers say it in words alone.

use crate::brokers::Telling as _;
use crate::session::SessionError;

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Neither an event nor its destination: the network, the login, silence.
    Other,
    /// Login, virtual host, permission or destination, or a lack in the broker itself.
    Place,
    /// The size, the headers or the content of one event.
    Event,
    /// A hang-up, or words that could mean either.
    Unclear,
}

/// What brokers say of anything but one event.
const PLACE: [&str; 28] = [
    "access",
    "permission",
    "denied",
    "authori",
    "authenticat",
    "not found",
    "not_found",
    "no exchange",
    "no queue",
    "destination",
    "vhost",
    "virtual host",
    "login",
    "password",
    "credential",
    "forced",
    "shutdown",
    "shutting",
    "memory",
    "disk",
    "resource",
    "usage manager",
    "locked",
    "not allowed",
    " full",
    "overflow",
    "quota",
    "limit reached",
];
/// What they say where there is no room for now: what other events come to proves nothing then.
const FULL: [&str; 5] = [" full", "overflow", "quota", "limit reached", "usage manager"];
/// The same, unless it is said of an event.
const LACK: [&str; 3] = ["memory", "disk", "resource"];
/// What they say of one event.
const EVENT: [&str; 9] =
    ["size", "too large", "too big", "larger", "exceed", "header", "content", "malformed", "body"];

impl Blame {
    /// Returns what ended a session in which events were sent.
    pub(crate) fn of(error: &SessionError) -> Self {
        match error {
            SessionError::Refused { is_login: true, .. } => Self::Other,
            SessionError::Refused { message, .. } => Self::of_words(message),
            SessionError::Connection(error) if error.is_hang_up() => Self::Unclear,
            _ => Self::Other,
        }
    }

    /// Returns whether there is no room for now.
    pub(crate) fn is_full(error: &SessionError) -> bool {
        matches!(error, SessionError::Refused { is_login: false, message, .. } if says_full(message))
    }

    /// Returns whether a broker refused an event or its destination in words, and had room.
    pub(crate) fn is_of_events(error: &SessionError) -> bool {
        error.is_refusal() && Self::of(error) != Self::Other && !Self::is_full(error)
    }

    fn of_words(words: &str) -> Self {
        let words = words.to_lowercase();
        let says = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
        match (says(&PLACE), says(&EVENT)) {
            (true, _) => Self::Place,
            (false, true) => Self::Event,
            (false, false) => Self::Unclear,
        }
    }
}

fn says_full(words: &str) -> bool {
    let words = words.to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
    says(&FULL) || says(&LACK) && !says(&EVENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_room_is_told_from_an_event_that_is_too_large() {
        let rows = [
            ("Queue is full", true),
            ("AMQ229102: Address \"nagios\" is full", true),
            ("Usage Manager Memory Limit reached (size exceeded)", true),
            ("no disk space", true),
            ("too large for this resource", false),
            ("could not write the message to disk, it is larger than a page", false),
            ("access refused", false),
        ];
        for (words, is_full) in rows {
            assert_eq!(says_full(words), is_full, "{words}");
        }
    }

    #[test]
    fn words_of_brokers_are_told_apart() {
        let rows = [
            ("Bad CONNECT, Access refused for user lab", Blame::Place),
            ("Unknown destination, /nosuch/x is not a valid destination.", Blame::Place),
            ("not_found, NOT_FOUND - no exchange x in vhost /", Blame::Place),
            ("access_refused, ACCESS_REFUSED - write access to exchange amq.topic refused", Blame::Place),
            ("User lab is not authorized to write to: topic://nagios", Blame::Place),
            ("Usage Manager Memory Limit reached (size exceeded)", Blame::Place),
            (
                "precondition_failed, PRECONDITION_FAILED - message size 70001 larger than max size 50000",
                Blame::Event,
            ),
            ("The maximum data length was exceeded", Blame::Event),
            ("The maximum number of headers was exceeded", Blame::Event),
            ("Queue is full", Blame::Place),
            ("AMQ229102: Address \"nagios\" is full", Blame::Place),
            ("Processing error", Blame::Unclear),
            ("no, not here", Blame::Unclear),
        ];
        for (words, blame) in rows {
            assert_eq!(Blame::of_words(words), blame, "{words}");
        }
    }
}
