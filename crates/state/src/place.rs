//! Where checks keep what they learn.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkdirat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::{Fault, StateError};
use crate::folder::Folder;
use crate::trust::{Above, Access};

/// The folder of all checks of all users: made by the packages, sticky and for all to write, as /tmp is.
const SHARED: &str = "/var/lib/monitoring-plugins";
/// What names another one, the first of them first; an empty one names none.
const VARIABLES: [&str; 2] = ["MP_STATE_PATH", "NAGIOS_PLUGIN_STATE_DIRECTORY"];

impl Folder {
    /// Opens the folder in which `program` keeps its state, and makes it where it does not exist:
    /// BASE/UID/PROGRAM, where BASE is `MP_STATE_PATH`, else `NAGIOS_PLUGIN_STATE_DIRECTORY`, else
    /// /var/lib/monitoring-plugins. Each user has a private folder there.
    ///
    /// # Errors
    /// [`StateError`]; without BASE, the message names the command that makes it.
    pub fn of_program(program: &str) -> Result<Self, StateError> {
        Self::below(&base(|name| env::var_os(name))?, program)
    }

    /// Opens the folder of a program for reading, and makes nothing.
    ///
    /// # Errors
    /// [`StateError`]; [`StateError::is_not_found`] if `program` has kept nothing yet.
    pub fn existing_of_program(program: &str) -> Result<Self, StateError> {
        Self::existing_below(&base(|name| env::var_os(name))?, program)
    }

    fn existing_below(base: &Path, program: &str) -> Result<Self, StateError> {
        let own = base.join(geteuid().as_raw().to_string());
        Self::open(&own, Above::Unchecked, Access::Private)?;
        Self::open(&own.join(program), Above::Unchecked, Access::Private)
    }

    fn below(base: &Path, program: &str) -> Result<Self, StateError> {
        let own = base.join(geteuid().as_raw().to_string());
        let user = match mkdirat(CWD, &own, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Self::open(&own, Above::Unchecked, Access::Private),
            Err(errno) => Err(StateError::refused("making", &own)(errno)),
        };
        user.map_err(|error| advise(error, base, &own))?.subfolder(program)
    }
}

/// Returns the folder below which all users have theirs.
fn base(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, StateError> {
    let given = |name: &'static str| {
        Some((name, PathBuf::from(variable(name)?))).filter(|(_, path)| !path.as_os_str().is_empty())
    };
    match VARIABLES.into_iter().find_map(given) {
        None => Ok(PathBuf::from(SHARED)),
        Some((_, path)) if path.is_absolute() => Ok(path),
        Some((name, path)) => {
            Err(StateError::NoPlace(format!("{name}: {} is not an absolute path", path.display())))
        }
    }
}

/// Adds the command that mends it.
fn advise(error: StateError, base: &Path, own: &Path) -> StateError {
    let base = base.display();
    match &error {
        StateError::Refused { .. } if error.is_not_found() => {
            StateError::NoPlace(format!("{base} does not exist: install -d -m 1777 {base}"))
        }
        StateError::Refused { why, .. } if why.kind() == std::io::ErrorKind::PermissionDenied => {
            let (own, uid) = (own.display(), geteuid().as_raw());
            StateError::NoPlace(format!("{base} cannot be written: install -d -m 0700 -o {uid} {own}"))
        }
        StateError::Untrusted { fault: Fault::Another { owner, own: uid }, .. } => {
            let own = own.display();
            StateError::NoPlace(format!(
                "{own} belongs to uid {owner}: remove it, install -d -m 0700 -o {uid} {own}"
            ))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn the_variables_name_another_place() {
        let rows = [
            (None, None, Ok("/var/lib/monitoring-plugins")),
            (Some("/a"), Some("/b"), Ok("/a")),
            (None, Some("/b"), Ok("/b")),
            (Some(""), Some("/b"), Ok("/b")),
            (Some("a"), Some("/b"), Err("MP_STATE_PATH: a is not an absolute path")),
        ];
        for (first, second, expected) in rows {
            let variable = |name: &str| if name == VARIABLES[0] { first } else { second }.map(OsString::from);
            let found = base(variable).map_err(|error| error.to_string());
            assert_eq!(found, expected.map(PathBuf::from).map_err(str::to_owned), "{first:?} {second:?}");
        }
    }

    #[test]
    fn each_user_and_program_has_a_private_folder() {
        let top = tempfile::tempdir().unwrap();
        let base = top.path().join("shared");
        let made = |program: &str| Folder::below(&base, program).map(|folder| folder.path().to_owned());
        let refused = || made("check_x").unwrap_err().to_string();
        let shown = base.display();
        assert_eq!(refused(), format!("{shown} does not exist: install -d -m 1777 {shown}"));
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o1777)).unwrap();
        let uid = geteuid().as_raw();
        let own = base.join(uid.to_string());
        assert!(Folder::existing_below(&base, "check_x").unwrap_err().is_not_found());
        assert!(!own.exists(), "what is only read is not made");
        assert_eq!(made("check_x").unwrap(), own.join("check_x"));
        assert_eq!(made("check_y").unwrap(), own.join("check_y"));
        assert_eq!(Folder::existing_below(&base, "check_x").unwrap().path(), own.join("check_x"));
        assert!(Folder::existing_below(&base, "check_z").unwrap_err().is_not_found());
        for path in [&own, &own.join("check_x")] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o700);
        }
        fs::set_permissions(&own, fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(refused(), format!("chmod 0700 {0}: others have access to it", own.display()));
        fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
        if geteuid().is_root() {
            chown(&own, Some(64_999), None).unwrap();
            let advice = format!(
                "{0} belongs to uid 64999: remove it, install -d -m 0700 -o {uid} {0}",
                own.display()
            );
            assert_eq!(refused(), advice);
        }
    }
}
