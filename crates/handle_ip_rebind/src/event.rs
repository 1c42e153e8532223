//! What Nagios says of the service: hostile until parsed.

use std::fmt;
use std::str::FromStr;

use plugin::State;

/// Why the handler runs: Nagios' macros SERVICESTATE, SERVICESTATETYPE and SERVICEATTEMPT joined by dashes, or a timer.
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
        let [state, kind, attempt] = text.split('-').collect::<Vec<_>>()[..] else { return Err(InvalidEvent) };
        let state = [State::Ok, State::Warning, State::Critical, State::Unknown].into_iter().find(|known| name(*known) == state);
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
