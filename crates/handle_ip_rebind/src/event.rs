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
        /// Whether that is a hard one: it has lasted for all attempts.
        hard: bool,
        /// The number of the attempt, from 1.
        attempt: u16,
    },
    /// Nobody but a timer asks.
    Timer,
}

/// The error of a text that is no [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is TIMER, or STATE-TYPE-ATTEMPT as in CRITICAL-SOFT-2")]
pub struct InvalidEvent;

impl FromStr for Event {
    type Err = InvalidEvent;

    fn from_str(text: &str) -> Result<Self, InvalidEvent> {
        if text == "TIMER" {
            return Ok(Event::Timer);
        }
        let [state, kind, attempt] = text.split('-').collect::<Vec<_>>()[..] else {
            return Err(InvalidEvent);
        };
        let state = [State::Ok, State::Warning, State::Critical, State::Unknown]
            .into_iter()
            .find(|known| name(*known) == state);
        let digits = (1..=3).contains(&attempt.len()) && attempt.bytes().all(|octet| octet.is_ascii_digit());
        Ok(Event::Service {
            state: state.ok_or(InvalidEvent)?,
            hard: match kind {
                "SOFT" => false,
                "HARD" => true,
                _ => return Err(InvalidEvent),
            },
            attempt: attempt.parse().ok().filter(|attempt| digits && *attempt > 0).ok_or(InvalidEvent)?,
        })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Event::Timer => f.write_str("TIMER"),
            Event::Service { state, hard, attempt } => {
                write!(f, "{}-{}-{attempt}", name(state), if hard { "HARD" } else { "SOFT" })
            }
        }
    }
}

/// Events on which to act: all of a state, all of a state and type, or those of one attempt; or the timer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct When {
    /// An event, of which as much must match as is said.
    like: Event,
    exact: Exact,
}

/// How much of a service's event must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exact {
    State,
    Type,
    All,
}

/// The error of a text that is no [`When`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of TIMER, STATE, STATE-TYPE and STATE-TYPE-ATTEMPT, as in CRITICAL-SOFT-2")]
pub(crate) struct InvalidWhen(String);

impl FromStr for When {
    type Err = InvalidWhen;

    fn from_str(text: &str) -> Result<Self, InvalidWhen> {
        let (filled, exact) = match text.split('-').count() {
            _ if text == "TIMER" => (text.to_owned(), Exact::All),
            1 => (format!("{text}-HARD-1"), Exact::State),
            2 => (format!("{text}-1"), Exact::Type),
            _ => (text.to_owned(), Exact::All),
        };
        filled.parse().map(|like| Self { like, exact }).map_err(|_| InvalidWhen(text.to_owned()))
    }
}

impl TryFrom<String> for When {
    type Error = InvalidWhen;

    fn try_from(text: String) -> Result<Self, InvalidWhen> {
        text.parse()
    }
}

impl When {
    /// Whether this event is one of them.
    pub(crate) fn matches(self, event: Event) -> bool {
        match (self.like, event, self.exact) {
            (Event::Service { state, .. }, Event::Service { state: seen, .. }, Exact::State) => state == seen,
            (
                Event::Service { state, hard, .. },
                Event::Service { state: seen, hard: seen_hard, .. },
                Exact::Type,
            ) => (state, hard) == (seen, seen_hard),
            (like, event, _) => like == event,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.like.to_string();
        let parts = match self.exact {
            Exact::State => 1,
            Exact::Type => 2,
            Exact::All => 3,
        };
        f.write_str(&text.split('-').take(parts).collect::<Vec<_>>().join("-"))
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
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in ["CRITICAL-SOFT-2", "OK-HARD-1", "WARNING-SOFT-999", "UNKNOWN-HARD-10", "TIMER"] {
            assert_eq!(text.parse::<Event>().map(|event| event.to_string()), Ok(text.to_owned()));
        }
        let wrong = [
            "",
            "CRITICAL",
            "CRITICAL-SOFT",
            "CRITICAL-SOFT-",
            "CRITICAL-SOFT-0",
            "CRITICAL-SOFT-1000",
            "CRITICAL-SOFT-+1",
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
