//! What a monitor knows of a host or a service, whichever monitor it is.

use std::borrow::Cow;

/// The state of a host or a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A service: OK.
    Ok,
    /// A service: WARNING.
    Warning,
    /// A service: CRITICAL.
    Critical,
    /// A service: UNKNOWN. Also a number that no monitor writes.
    Unknown,
    /// A host: UP.
    Up,
    /// A host: DOWN.
    Down,
    /// A host: UNREACHABLE, which means that a host or router before it is down.
    Unreachable,
}

impl Condition {
    /// The state of a service of this number: 0 OK, 1 WARNING, 2 CRITICAL, and UNKNOWN for any other.
    pub fn of_service(number: u64) -> Self {
        match number {
            0 => Self::Ok,
            1 => Self::Warning,
            2 => Self::Critical,
            _ => Self::Unknown,
        }
    }

    /// The state of a host of this number: 0 UP, 1 DOWN, 2 UNREACHABLE, and UNKNOWN for any other.
    pub fn of_host(number: u64) -> Self {
        match number {
            0 => Self::Up,
            1 => Self::Down,
            2 => Self::Unreachable,
            _ => Self::Unknown,
        }
    }

    /// The word that monitors use: `OK`, `WARNING`, `UP`...
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Unreachable => "UNREACHABLE",
        }
    }
}

/// A host, or a service of a host. Times are seconds since 1970; 0 stands for never.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<'a> {
    /// The name of the host.
    pub host: Cow<'a, str>,
    /// The description of the service; `None` for the host itself.
    pub service: Option<Cow<'a, str>>,
    /// Whether it was ever checked. If not, the states below say OK or UP and mean nothing.
    pub is_checked: bool,
    /// The current state, which may be soft.
    pub state: Condition,
    /// The state that was last hard: while `is_hard`, the current one.
    pub last_hard_state: Condition,
    /// Whether the current state is hard: it has lasted for all the attempts.
    pub is_hard: bool,
    /// The attempt at which the check is, and how many make a state hard.
    pub attempt: (u64, u64),
    /// When the current state began.
    pub last_state_change: u64,
    /// When the last hard state began.
    pub last_hard_state_change: u64,
    /// When it was last checked.
    pub last_check: u64,
    /// Time between two checks, in units of the monitor's `interval_length` (60 s by default) in status.dat.
    pub check_interval: f64,
    /// Whether the monitor checks it by itself.
    pub active_checks: bool,
    /// Whether the monitor takes results of others for it.
    pub passive_checks: bool,
    /// How many downtimes of its own run now.
    pub downtime_depth: u64,
    /// Whether an administrator acknowledged the problem.
    pub is_acknowledged: bool,
    /// Whether the monitor says that it flaps.
    pub is_flapping: bool,
    /// Nagios 4: the event of the current state, the one before, and the current problem; 0 elsewhere. The
    /// problems of Naemon have UUIDs and no numbers.
    pub events: (u64, u64, Option<u64>),
    /// What the plugin printed.
    pub output: Output<'a>,
    /// Keys of status.dat whose values no monitor writes, as `current_state=9`, each with its value. What is
    /// above has a default for them.
    pub invalid: Vec<(&'static str, Cow<'a, str>)>,
}

impl Object<'_> {
    /// The state that is hard: the current one, or the one before while the current one is soft.
    pub fn hard_state(&self) -> Condition {
        if self.is_hard { self.state } else { self.last_hard_state }
    }
}

/// What a plugin printed. Anyone may have written it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output<'a> {
    /// The first line without the performance data.
    pub text: Cow<'a, str>,
    /// The further lines, escaped as the monitor wrote them: [`Output::details`] has them as they were.
    pub long_text: Cow<'a, str>,
    /// The performance data.
    pub performance_data: Cow<'a, str>,
}

impl Output<'_> {
    /// The further lines as the plugin printed them: `\n` is the end of a line, `\\` a backslash, and any
    /// other backslash is itself.
    pub fn details(&self) -> String {
        let mut details = String::with_capacity(self.long_text.len());
        let mut rest = self.long_text.as_ref();
        while let Some((before, behind)) = rest.split_once('\\') {
            details.push_str(before);
            let (c, skip) = match behind.as_bytes().first() {
                Some(b'n') => ('\n', 1),
                Some(b'\\') => ('\\', 1),
                _ => ('\\', 0),
            };
            details.push(c);
            rest = behind.get(skip..).unwrap_or_default();
        }
        details + rest
    }
}

/// A downtime that runs or is still to come. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downtime<'a> {
    /// The name of the host.
    pub host: Cow<'a, str>,
    /// The description of the service; `None` if the whole host is meant.
    pub service: Option<Cow<'a, str>>,
    /// When it begins, or the earliest time at which a flexible one may.
    pub start: u64,
    /// When it ends, or the latest time at which a flexible one may begin; once that has begun, when it ends.
    pub end: u64,
    /// Whether it begins at its start, rather than with the first problem after that.
    pub is_fixed: bool,
    /// Whether it runs now.
    pub is_running: bool,
}

/// What the monitor says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Monitor {
    /// When it wrote this, in seconds since 1970.
    pub created: u64,
    /// When the monitor was started, in seconds since 1970; 0 if it does not say.
    pub started: u64,
    /// Whether it checks services at all.
    pub active_service_checks: bool,
    /// Whether it takes results of others for services at all.
    pub passive_service_checks: bool,
    /// Whether it checks hosts at all.
    pub active_host_checks: bool,
    /// Whether it takes results of others for hosts at all.
    pub passive_host_checks: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_states() {
        let words = |of: fn(u64) -> Condition| [0, 1, 2, 3, 4, 255, 256].map(|number| of(number).word());
        assert_eq!(
            words(Condition::of_service),
            ["OK", "WARNING", "CRITICAL", "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"]
        );
        assert_eq!(
            words(Condition::of_host),
            ["UP", "DOWN", "UNREACHABLE", "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"]
        );
    }

    #[test]
    fn details_are_as_they_were_printed() {
        let rows = [
            ("", ""),
            ("one\\ntwo\\n", "one\ntwo\n"),
            ("a\\\\nb", "a\\nb"),
            ("\\", "\\"),
            ("\\\\", "\\"),
            ("\\x\\", "\\x\\"),
            ("\\é\\n", "\\é\n"),
            ("\\\\\\n", "\\\n"),
        ];
        for (written, details) in rows {
            let output = Output { long_text: written.into(), ..Output::default() };
            assert_eq!(output.details(), details, "{written}");
        }
    }
}
