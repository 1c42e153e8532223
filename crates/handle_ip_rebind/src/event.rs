//! What Nagios says of the service: hostile until parsed.

use std::fmt;
use std::str::FromStr;

use plugin::State;

/// Why the handler runs: Nagios' macros SERVICESTATE, SERVICESTATETYPE and SERVICEATTEMPT joined by dashes,
/// or a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The service has, or keeps, this state.
    Service {
        /// Its state.
        state: State,
        /// Whether it has lasted for all attempts.
        kind: StateType,
    },
    /// The timer of systemd, without a monitor.
    Timer,
}

/// Nagios' type of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateType {
    /// The monitor checks again before it believes the state: the number of this attempt, from 1.
    Soft(u16),
    /// The monitor believes it. The attempt says nothing then: it is the last one, or the first one where the
    /// host is down.
    Hard,
}

/// The error of a text that is not an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is TIMER, STATE-SOFT-ATTEMPT as in CRITICAL-SOFT-2, or STATE-HARD as in CRITICAL-HARD")]
pub struct InvalidEvent;

impl FromStr for Event {
    type Err = InvalidEvent;

    fn from_str(text: &str) -> Result<Self, InvalidEvent> {
        let (state, kind) = match text.split('-').collect::<Vec<_>>()[..] {
            ["TIMER"] => return Ok(Event::Timer),
            [state, "HARD"] => (state, StateType::Hard),
            [state, "HARD", attempt] if self::attempt(attempt).is_some() => (state, StateType::Hard),
            [state, "SOFT", attempt] => (state, StateType::Soft(self::attempt(attempt).ok_or(InvalidEvent)?)),
            _ => return Err(InvalidEvent),
        };
        Ok(Event::Service { state: self::state(state).ok_or(InvalidEvent)?, kind })
    }
}

fn state(text: &str) -> Option<State> {
    [State::Ok, State::Warning, State::Critical, State::Unknown]
        .into_iter()
        .find(|known| name(*known) == text)
}

fn attempt(text: &str) -> Option<u16> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|attempt| digits && *attempt > 0)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Event::Timer => f.write_str("TIMER"),
            Event::Service { state, kind: StateType::Hard } => write!(f, "{}-HARD", name(state)),
            Event::Service { state, kind: StateType::Soft(attempt) } => {
                write!(f, "{}-SOFT-{attempt}", name(state))
            }
        }
    }
}

/// Events on which to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum When {
    /// All of a state.
    State(State),
    /// All soft ones of a state.
    Soft(State),
    /// This one alone.
    Event(Event),
}

/// The error of a text that is not a [`When`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidWhen {
    /// It has none of the known forms.
    #[error("{0} is not TIMER, STATE, STATE-HARD, STATE-SOFT or STATE-SOFT-ATTEMPT, as in CRITICAL-SOFT-2")]
    Form(String),
    /// It asks for one attempt of a hard state, which no event has.
    #[error("{0}: a hard state has no attempt, write {1}")]
    HardAttempt(String, Event),
}

impl FromStr for When {
    type Err = InvalidWhen;

    fn from_str(text: &str) -> Result<Self, InvalidWhen> {
        if let Some(state) = self::state(text.strip_suffix("-SOFT").unwrap_or(text)) {
            return Ok(if text.ends_with("-SOFT") { Self::Soft(state) } else { Self::State(state) });
        }
        let event: Event = text.parse().map_err(|_| InvalidWhen::Form(text.to_owned()))?;
        match event {
            Event::Service { kind: StateType::Hard, .. } if event.to_string() != text => {
                Err(InvalidWhen::HardAttempt(text.to_owned(), event))
            }
            event => Ok(Self::Event(event)),
        }
    }
}

impl TryFrom<String> for When {
    type Error = InvalidWhen;

    fn try_from(text: String) -> Result<Self, InvalidWhen> {
        text.parse()
    }
}

impl When {
    /// Returns whether this event is one of them.
    pub(crate) fn matches(self, event: Event) -> bool {
        match (self, event) {
            (Self::State(state), Event::Service { state: seen, .. }) => state == seen,
            (Self::Soft(state), Event::Service { state: seen, kind: StateType::Soft(_) }) => state == seen,
            (Self::Event(like), event) => like == event,
            _ => false,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::State(state) => f.write_str(name(state)),
            Self::Soft(state) => write!(f, "{}-SOFT", name(state)),
            Self::Event(event) => event.fmt(f),
        }
    }
}

/// The name of a state, as Nagios writes it.
pub(crate) fn name(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Warning => "WARNING",
        State::Critical => "CRITICAL",
        State::Unknown => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_on_as_much_as_is_said() {
        let rows = [
            ("CRITICAL", "CRITICAL-SOFT-1", true),
            ("CRITICAL", "CRITICAL-HARD-9", true),
            ("CRITICAL", "WARNING-HARD-9", false),
            ("CRITICAL-HARD", "CRITICAL-HARD-3", true),
            ("CRITICAL-HARD", "CRITICAL-HARD", true),
            ("CRITICAL-HARD", "UNKNOWN-HARD", false),
            ("CRITICAL-SOFT", "CRITICAL-SOFT-9", true),
            ("CRITICAL-SOFT", "CRITICAL-HARD-9", false),
            ("CRITICAL-SOFT", "WARNING-SOFT-9", false),
            ("CRITICAL-HARD", "CRITICAL-SOFT-3", false),
            ("CRITICAL-SOFT-2", "CRITICAL-SOFT-2", true),
            ("CRITICAL-SOFT-2", "CRITICAL-SOFT-1", false),
            ("CRITICAL", "TIMER", false),
            ("TIMER", "TIMER", true),
            ("TIMER", "OK-HARD-1", false),
        ];
        for (when, event, acts) in rows {
            let parsed: When = when.parse().unwrap();
            assert_eq!(parsed.matches(event.parse().unwrap()), acts, "{when} {event}");
            assert_eq!(parsed.to_string(), when);
        }
        for text in ["", "*", "CRITICAL-", "CRITICAL-MEDIUM", "CRITICAL-SOFT-0", "TIMER-1", "critical"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        let error = "CRITICAL-HARD-3".parse::<When>().unwrap_err().to_string();
        assert_eq!(error, "CRITICAL-HARD-3: a hard state has no attempt, write CRITICAL-HARD");
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in ["CRITICAL-SOFT-2", "OK-HARD", "WARNING-SOFT-999", "UNKNOWN-HARD", "TIMER"] {
            assert_eq!(text.parse::<Event>().map(|event| event.to_string()), Ok(text.to_owned()));
        }
        // Nagios numbers a hard state by its last attempt, or 1 where the host is down.
        assert_eq!("CRITICAL-HARD-1".parse::<Event>(), "CRITICAL-HARD".parse());
        let wrong = [
            "",
            "CRITICAL",
            "CRITICAL-SOFT",
            "CRITICAL-SOFT-",
            "CRITICAL-SOFT-0",
            "CRITICAL-SOFT-1000",
            "CRITICAL-SOFT-+1",
            "CRITICAL-HARD-0",
            "CRITICAL-HARD-",
            "CRITICAL-HARD-1-0-0",
            "CRITICAL-SOFT-2-",
            "critical-SOFT-2",
            "CRITICAL-soft-2",
            "CRITICAL-SOFT-2;reboot",
            "$(reboot)-SOFT-1",
            "CRITICAL-SOFT-2\n",
            " CRITICAL-SOFT-2",
            "timer",
            "CRITICAL--2",
            "-SOFT-2",
            "CRITICAL-SOFT-\u{0662}",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Event>(), Err(InvalidEvent), "{text:?}");
        }
    }
}
