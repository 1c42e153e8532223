//! The plugins of this workspace, found by looking into `crates/`, and their binaries.

use std::cell::Cell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use plugin::Kind;

/// The top of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Returns the kind of a program of this name.
///
/// # Panics
/// If the name tells none.
pub fn kind(name: &str) -> Kind {
    let kind = Kind::of(name);
    assert!(kind.is_some(), "{name}: its name starts as none of {:?}", Kind::ALL.map(Kind::prefix));
    kind.unwrap_or(Kind::Check)
}

/// Returns the names of all checks, sorted.
pub fn checks() -> impl Iterator<Item = String> {
    names().into_iter().filter(|name| kind(name) == Kind::Check)
}

/// The names of all plugins and event handlers, sorted: each folder under `crates/` with a `src/main.rs`.
pub fn names() -> Vec<String> {
    let folders = fs::read_dir(workspace().join("crates")).into_iter().flatten().flatten();
    let plugins = folders.filter(|folder| folder.path().join("src/main.rs").is_file());
    let mut names: Vec<String> =
        plugins.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The plugin to start from, which is held to the same rules and never shipped.
pub const SKELETON: &str = "check_skeleton";

/// Returns the folder of a plugin or an event handler.
pub fn folder(name: &str) -> PathBuf {
    match name {
        SKELETON => workspace().join("tests/skeleton"),
        _ => workspace().join("crates").join(name),
    }
}

/// Returns the path of a program built from this workspace: in the folder of the variable SUITE_BINARIES, by
/// which the tests try those of the release, or beside the running test.
///
/// # Panics
/// If it is not there.
pub fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap_or_default();
    let folders: Vec<PathBuf> = match env::var_os("SUITE_BINARIES") {
        Some(folder) => vec![folder.into()],
        None => test.ancestors().skip(1).map(Path::to_owned).collect(),
    };
    let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    assert!(
        path.is_some(),
        "no program {name} beside {}: build it with `cargo build --workspace`",
        test.display()
    );
    path.unwrap_or_default()
}

/// Returns a command that runs a program built from this workspace where /var/spool is empty, and what it
/// writes there goes with the next such command: a program that is tried with its defaults must leave nothing
/// on this machine. Only the calling thread may start the command. Without root it could not write there.
///
/// # Panics
/// If /var/spool cannot be covered.
pub fn confined(name: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        let covered = cover_spool();
        assert!(covered.is_ok(), "covering /var/spool: {covered:?}");
    }
    command(name)
}

/// Puts an empty file system over /var/spool, for the calling thread and the programs that it starts alone.
/// The kernel's calls cost a hundredth of `unshare`, a shell and `mount`, and the tests do it thousands of
/// times.
fn cover_spool() -> nix::Result<()> {
    thread_local! {
        static IS_COVERED: Cell<bool> = const { Cell::new(false) };
    }
    let spool = "/var/spool";
    if IS_COVERED.get() {
        umount2(spool, MntFlags::MNT_DETACH)?;
    } else {
        unshare(CloneFlags::CLONE_NEWNS)?;
        // Nothing that is mounted here is to be seen elsewhere.
        mount::<str, str, str, str>(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
    }
    mount(Some("none"), spool, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))?;
    IS_COVERED.set(true);
    Ok(())
}

/// Returns a command that runs a program built from this workspace. The width of its help does not depend on
/// the caller's COLUMNS.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(binary(name));
    command.env_remove("COLUMNS");
    command
}
