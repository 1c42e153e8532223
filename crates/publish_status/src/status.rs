//! The state of a component and of the whole page, in the words that readers of status pages know.

use serde::{Deserialize, Serialize};

/// The state of a component as customers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// It works.
    #[serde(rename = "operational")]
    Operational,
    /// It works, but not as it should.
    #[serde(rename = "degraded_performance")]
    Degraded,
    /// A part of it does not work.
    #[serde(rename = "partial_outage")]
    Partial,
    /// It does not work.
    #[serde(rename = "major_outage")]
    Major,
    /// It is being worked on, as planned.
    #[serde(rename = "under_maintenance")]
    Maintenance,
    /// The monitor does not know.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Status {
    /// All of them, each at the place of its number.
    pub const ALL: [Self; 6] =
        [Self::Operational, Self::Degraded, Self::Partial, Self::Major, Self::Maintenance, Self::Unknown];

    /// Returns the word of Statuspage's API, or our own `unknown`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Degraded => "degraded_performance",
            Self::Partial => "partial_outage",
            Self::Major => "major_outage",
            Self::Maintenance => "under_maintenance",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the words for a reader.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::Degraded => "Degraded",
            Self::Partial => "Partial outage",
            Self::Major => "Major outage",
            Self::Maintenance => "Maintenance",
            Self::Unknown => "Unknown",
        }
    }

    /// Returns the letter that stands for it in the history and in the classes of the page.
    pub const fn letter(self) -> char {
        match self {
            Self::Operational => 'o',
            Self::Degraded => 'd',
            Self::Partial => 'p',
            Self::Major => 'm',
            Self::Maintenance => 'w',
            Self::Unknown => 'u',
        }
    }

    /// Returns the status of this letter.
    pub fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.letter() == letter)
    }

    /// Returns its place in [`Status::ALL`].
    pub(crate) const fn number(self) -> usize {
        self as usize
    }

    /// Returns how bad it is, to compare two states: the higher the worse.
    pub(crate) const fn weight(self) -> u8 {
        match self {
            Self::Operational => 0,
            Self::Maintenance => 1,
            Self::Unknown => 2,
            Self::Degraded => 3,
            Self::Partial => 4,
            Self::Major => 5,
        }
    }

    /// Returns whether customers cannot use it, or a part of it.
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::Partial | Self::Major)
    }
}

/// Returns the state of a group of components: a major outage only if all of them have one.
pub(crate) fn combine(statuses: &[Status]) -> Status {
    let any = |wanted: Status| statuses.contains(&wanted);
    match () {
        () if statuses.is_empty() => Status::Unknown,
        () if statuses.iter().all(|status| *status == Status::Major) => Status::Major,
        () if any(Status::Major) || any(Status::Partial) => Status::Partial,
        () if any(Status::Degraded) => Status::Degraded,
        () if any(Status::Unknown) => Status::Unknown,
        () if any(Status::Maintenance) => Status::Maintenance,
        () => Status::Operational,
    }
}

/// The state of the whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indicator {
    /// Everything works.
    None,
    /// Something is degraded, or a part of it does not work.
    Minor,
    /// Something does not work.
    Major,
    /// Nothing works.
    Critical,
    /// Something is being worked on.
    Maintenance,
    /// The monitor does not know of something.
    Unknown,
}

impl Indicator {
    /// Returns the state of a page that shows components of these states.
    pub fn of(shown: &[Status]) -> Self {
        let any = |wanted: Status| shown.contains(&wanted);
        match () {
            () if shown.is_empty() => Self::Unknown,
            () if shown.iter().all(|status| *status == Status::Major) => Self::Critical,
            () if any(Status::Major) => Self::Major,
            () if any(Status::Partial) || any(Status::Degraded) => Self::Minor,
            () if any(Status::Unknown) => Self::Unknown,
            () if any(Status::Maintenance) => Self::Maintenance,
            () => Self::None,
        }
    }

    /// Returns the word of Statuspage's API, or our own `unknown`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
            Self::Maintenance => "maintenance",
            Self::Unknown => "unknown",
        }
    }

    /// Returns a sentence for a reader.
    pub const fn description(self) -> &'static str {
        match self {
            Self::None => "All systems operational",
            Self::Minor => "Some systems are disturbed",
            Self::Major => "Some systems have a major outage",
            Self::Critical => "All systems have a major outage",
            Self::Maintenance => "Maintenance in progress",
            Self::Unknown => "The state of some systems is unknown",
        }
    }

    /// Returns the status whose colour and shape stand for it.
    pub const fn status(self) -> Status {
        match self {
            Self::None => Status::Operational,
            Self::Minor => Status::Degraded,
            Self::Major => Status::Partial,
            Self::Critical => Status::Major,
            Self::Maintenance => Status::Maintenance,
            Self::Unknown => Status::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(letters: &str) -> Vec<Status> {
        letters.chars().map(|letter| Status::of_letter(letter).unwrap()).collect()
    }

    #[test]
    fn words_letters_and_numbers_are_one_to_one() {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status.number(), number);
            assert_eq!(Status::of_letter(status.letter()), Some(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("{:?}", status.word()));
        }
        assert_eq!(Status::of_letter('x'), None);
    }

    #[test]
    fn the_page_is_what_its_components_are() {
        let rows = [
            ("", "unknown"),
            ("o", "none"),
            ("ooo", "none"),
            ("oow", "maintenance"),
            ("www", "maintenance"),
            ("owu", "unknown"),
            ("uuu", "unknown"),
            ("oud", "minor"),
            ("oup", "minor"),
            ("mop", "major"),
            ("mu", "major"),
            ("m", "critical"),
            ("mmm", "critical"),
        ];
        for (shown, word) in rows {
            assert_eq!(Indicator::of(&statuses(shown)).word(), word, "{shown}");
        }
    }

    #[test]
    fn a_group_is_down_only_if_all_of_it_is() {
        let rows = [
            ("", 'u'),
            ("oo", 'o'),
            ("ow", 'w'),
            ("owu", 'u'),
            ("oud", 'd'),
            ("om", 'p'),
            ("op", 'p'),
            ("mm", 'm'),
            ("mu", 'p'),
        ];
        for (components, letter) in rows {
            assert_eq!(combine(&statuses(components)).letter(), letter, "{components}");
        }
    }
}
