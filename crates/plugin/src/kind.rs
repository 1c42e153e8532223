//! The kinds of programs, told by the first word of a program's name. This is the one table of them: `run`,
//! the tests, the documents and the packages go by it.

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `check_*`: judges.
    Check,
    /// `handle_*`: mends.
    Handle,
    /// `notify_*`: tells others.
    Notify,
    /// `publish_*`: writes for others to read.
    Publish,
}

/// One row: the kind, how its names start, what it does, and what it may keep on disk.
type Row = (Kind, &'static str, &'static str, &'static str);

const TABLE: [Row; 4] = [
    (
        Kind::Check,
        "check_",
        "judges and changes nothing",
        "nothing, or a learned baseline where its README.md says so",
    ),
    (Kind::Handle, "handle_", "mends something on this host when a state changes", "its state and a log"),
    (Kind::Notify, "notify_", "tells others of a change", "a spool"),
    (Kind::Publish, "publish_", "writes something for others to read", "its pages and a history"),
];

impl Kind {
    /// All kinds, in the order of the documents.
    pub const ALL: [Self; 4] = [Self::Check, Self::Handle, Self::Notify, Self::Publish];

    /// Returns the kind of a program of this name, or `None` if its first word names no kind.
    pub fn of(program: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| program.starts_with(kind.prefix()))
    }

    /// Returns how the names of its programs start, as in `check_`.
    pub const fn prefix(self) -> &'static str {
        self.row().1
    }

    /// Returns what such a program does, as the end of a sentence.
    pub const fn does(self) -> &'static str {
        self.row().2
    }

    /// Returns what such a program may keep on disk.
    pub const fn keeps(self) -> &'static str {
        self.row().3
    }

    const fn row(self) -> &'static Row {
        let [check, handle, notify, publish] = &TABLE;
        match self {
            Self::Check => check,
            Self::Handle => handle,
            Self::Notify => notify,
            Self::Publish => publish,
        }
    }
}

/// Returns a program's name in its output: `check_x_y` is X_Y.
pub(crate) fn display_name(program: &str) -> String {
    let prefix = Kind::of(program).map_or("", Kind::prefix);
    program.strip_prefix(prefix).unwrap_or(program).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_row() {
        for kind in Kind::ALL {
            assert_eq!(kind.row().0, kind);
            assert!(
                kind.prefix().ends_with('_') && !kind.does().is_empty() && !kind.keeps().is_empty(),
                "{kind:?}"
            );
            assert_eq!(Kind::of(&format!("{}x", kind.prefix())), Some(kind));
        }
        assert_eq!(Kind::of("checkers"), None);
    }

    #[test]
    fn the_name_in_the_output_leaves_out_the_kind() {
        let rows = [
            ("check_x_y", "X_Y"),
            ("handle_x", "X"),
            ("notify_x_y", "X_Y"),
            ("publish_x", "X"),
            ("contract_plugin", "CONTRACT_PLUGIN"),
        ];
        for (program, expected) in rows {
            assert_eq!(display_name(program), expected);
        }
    }
}
