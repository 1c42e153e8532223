//! What the plugins really printed while a monitor ran them: each is replaced by a script that keeps a copy
//! of its output.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::host::{public_folder, write};
use crate::plugins;
use crate::status::Service;

/// The script: what the plugin prints goes through unchanged, and a copy of it and of the exit code into a
/// file.
const SCRIPT: &str = "#!/bin/sh
copy=$(mktemp '@copies@/@plugin@.XXXXXXXXXX') || exit 3
'@real@' \"$@\" >\"$copy.out\"
code=$?
cat \"$copy.out\"
echo $code >\"$copy\"
exit $code
";

/// The copies, in a folder that is removed when this is dropped.
#[derive(Debug)]
pub struct Printed {
    copies: TempDir,
}

impl Printed {
    /// No copies yet.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn create() -> Self {
        let copies = public_folder();
        let opened = fs::set_permissions(copies.path(), fs::Permissions::from_mode(0o777));
        assert!(opened.is_ok(), "{opened:?}");
        Self { copies }
    }

    /// From now on, keeps what each plugin in `folder` prints.
    ///
    /// # Panics
    /// If a plugin is not there.
    pub fn keep(&self, folder: &Path) {
        for plugin in plugins::names() {
            let (path, real) = (folder.join(&plugin), folder.join(format!("{plugin}.real")));
            let moved = fs::rename(&path, &real);
            assert!(moved.is_ok(), "{}: {moved:?}", path.display());
            let script = SCRIPT
                .replace("@copies@", &self.copies.path().to_string_lossy())
                .replace("@plugin@", &plugin);
            write(&path, &script.replace("@real@", &real.to_string_lossy()));
            let made = fs::set_permissions(&path, fs::Permissions::from_mode(0o755));
            assert!(made.is_ok(), "{}: {made:?}", path.display());
        }
    }

    /// What all plugins printed so far, as a monitor must have it.
    pub fn all(&self) -> Vec<Service> {
        let entries =
            fs::read_dir(self.copies.path()).into_iter().flatten().flatten().map(|entry| entry.path());
        entries
            .filter(|path| path.extension().is_none_or(|ending| ending != "out"))
            .filter_map(|path| service(&path))
            .collect()
    }
}

/// A copy: none if the plugin still ran.
fn service(path: &PathBuf) -> Option<Service> {
    let mut output = path.clone().into_os_string();
    output.push(".out");
    let code = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    Some(Service::of_output(code, &fs::read_to_string(output).ok()?))
}
