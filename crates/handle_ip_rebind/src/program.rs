//! A program that is run as root: what is checked is what is run, whatever happens to its name meanwhile.
//!
//! It is opened with every component of its path checked, and executed by that descriptor. Of a script, the
//! interpreter is opened and executed in the same way. It gets the script by its name, so that a script which
//! asks for its own place by `$0` finds it: after the check no other user can put anything else on that path.

mod elf;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugin::reason;
use state::{StateError, Trust, open_trusted};

use elf::ElfError;

/// Where programs find others, and where the program that `env` names is searched for.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The most octets of a line that names an interpreter: linux/binfmts.h, BINPRM_BUF_SIZE.
const LONGEST: usize = 256;

/// Why a program is not run.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Another user could have made or changed it.
    #[error(transparent)]
    Trust(#[from] StateError),
    /// It cannot be read.
    #[error("{}: {}", .0.display(), reason(.1))]
    Refused(PathBuf, io::Error),
    /// No user may execute it.
    #[error("{}: not executable", .0.display())]
    NotExecutable(PathBuf),
    /// The kernel would not execute it.
    #[error("{}: neither a binary nor a script with #! in its first line", .0.display())]
    Format(PathBuf),
    /// It is a binary, and the kernel would not execute it.
    #[error("{}: {}", .0.display(), .1)]
    Binary(PathBuf, ElfError),
    /// The loader that it names is not there.
    #[error("{}: its loader {} is not there", .0.display(), .1.display())]
    Loader(PathBuf, PathBuf),
    /// Its first line ends as on Windows, so that the kernel would search for a name with a carriage return.
    #[error("{}: its first line ends with a carriage return, convert it with dos2unix", .0.display())]
    CarriageReturn(PathBuf),
    /// The program that its first line names by env is in none of the usual directories.
    #[error("{}: its first line names {name}, which is in no directory of {PATH}", .script.display())]
    NotFound {
        /// The script.
        script: PathBuf,
        /// What it names.
        name: String,
    },
    /// The interpreter of the script is a script itself.
    #[error("{}: its interpreter {} is a script too, name one that is a binary", .0.display(), .1.display())]
    NestedScript(PathBuf, PathBuf),
    /// Its first line does not name a program that could be checked.
    #[error("{}: its first line must name the interpreter by its path", .0.display())]
    Interpreter(PathBuf),
}

/// A checked program, open.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    file: File,
    interpreter: Option<Interpreter>,
}

/// What runs a script, and the one argument that its first line may have.
#[derive(Debug)]
struct Interpreter {
    path: PathBuf,
    file: File,
    argument: Option<String>,
}

impl Program {
    /// Opens and checks a program, and its interpreter.
    ///
    /// # Errors
    /// [`ProgramError`].
    pub(crate) fn open(path: &Path) -> Result<Self, ProgramError> {
        let file = open_executable(path)?;
        let interpreter = match first_line(&file, path)? {
            Some(line) => Some(Interpreter::open(path, &line)?),
            None => None,
        };
        Ok(Self { path: path.to_owned(), file, interpreter })
    }

    /// Returns a command that runs it. This value must live until it was started.
    pub(crate) fn command(&self) -> Command {
        let Some(Interpreter { path, file, argument }) = &self.interpreter else {
            let mut command = Command::new(by_descriptor(&self.file));
            command.arg0(&self.path);
            return command;
        };
        let mut command = Command::new(by_descriptor(file));
        command.arg0(path).args(argument).arg(&self.path);
        command
    }
}

impl Interpreter {
    /// Opens what the first line of `script` names. `env NAME` is followed: NAME is checked, and env is left
    /// out.
    fn open(script: &Path, line: &str) -> Result<Self, ProgramError> {
        let invalid = || ProgramError::Interpreter(script.to_owned());
        let (path, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let argument = Some(argument.trim_matches([' ', '\t'])).filter(|argument| !argument.is_empty());
        let mut path = PathBuf::from(path);
        let mut argument = argument.map(str::to_owned);
        if path.file_name().is_some_and(|name| name == "env") {
            let name = argument
                .take()
                .filter(|name| !name.contains(['/', ' ', '\t', '=']) && !name.starts_with('-'));
            let name = name.ok_or_else(invalid)?;
            path = PATH
                .split(':')
                .map(|folder| Path::new(folder).join(&name))
                .find(|path| path.exists())
                .ok_or_else(|| ProgramError::NotFound { script: script.to_owned(), name })?;
        }
        if !path.is_absolute() {
            return Err(invalid());
        }
        let file = open_executable(&path)?;
        match first_line(&file, &path)? {
            Some(_) => Err(ProgramError::NestedScript(script.to_owned(), path)),
            None => Ok(Self { path, file, argument }),
        }
    }
}

fn open_executable(path: &Path) -> Result<File, ProgramError> {
    let file: OwnedFd = open_trusted(path, &Trust::PROGRAM)?;
    let file = File::from(file);
    let status = file.metadata().map_err(|why| ProgramError::Refused(path.to_owned(), why))?;
    if status.mode() & 0o111 == 0 {
        return Err(ProgramError::NotExecutable(path.to_owned()));
    }
    Ok(file)
}

/// The text after `#!`. `None` if the file is not a script.
fn first_line(file: &File, path: &Path) -> Result<Option<String>, ProgramError> {
    let mut room = [0; LONGEST];
    let length = file.read_at(&mut room, 0).map_err(|why| ProgramError::Refused(path.to_owned(), why))?;
    let start = room.get(..length).unwrap_or_default();
    if start.starts_with(elf::MAGIC) {
        return check_binary(file, path).map(|()| None);
    }
    let rest = start.strip_prefix(b"#!").ok_or_else(|| ProgramError::Format(path.to_owned()))?;
    let line = rest.split(|octet| *octet == b'\n').next().filter(|line| line.len() < rest.len());
    let line = line.ok_or_else(|| ProgramError::Interpreter(path.to_owned()))?;
    if line.ends_with(b"\r") {
        return Err(ProgramError::CarriageReturn(path.to_owned()));
    }
    Ok(Some(String::from_utf8_lossy(line).trim_matches([' ', '\t']).to_owned()))
}

/// Refuses a binary that the kernel would not execute. Other formats, which a kernel may be taught, would not
/// be run as what is checked here.
fn check_binary(file: &File, path: &Path) -> Result<(), ProgramError> {
    let refused = |why| ProgramError::Refused(path.to_owned(), why);
    let size = file.metadata().map_err(refused)?.len();
    let head = head_of(file, elf::HEAD).map_err(refused)?;
    // Without /proc nothing is known of this machine, and nothing is run.
    let own = File::open("/proc/self/exe").and_then(|own| head_of(&own, 64)).unwrap_or_default();
    let loader =
        elf::read(&head, size, &own).map_err(|error| ProgramError::Binary(path.to_owned(), error))?;
    match loader.map(|loader| PathBuf::from(OsString::from_vec(loader))) {
        Some(loader) if !loader.exists() => Err(ProgramError::Loader(path.to_owned(), loader)),
        _ => Ok(()),
    }
}

/// The first octets of a file, at most so many.
fn head_of(file: &File, most: usize) -> io::Result<Vec<u8>> {
    let (mut room, mut filled) = (vec![0; most], 0);
    while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    room.truncate(filled);
    Ok(room)
}

fn by_descriptor(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn printed(path: &Path) -> Result<String, String> {
        let program = Program::open(path).map_err(|error| error.to_string())?;
        let output = program.command().arg("one").output().map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&output.stdout).replace('\0', " ").trim().to_owned())
    }

    #[test]
    fn a_program_sees_the_name_that_was_configured() {
        let top = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let path = top.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        // A multi-call program chooses by argv[0]; /bin is a link on most systems.
        let echo = top.path().join("echo");
        symlink("/bin/sh", &echo).unwrap();
        let program = Program::open(&echo).unwrap();
        let output =
            program.command().args(["-c", "tr '\\0' ' ' </proc/self/cmdline; echo $0"]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains(&echo.display().to_string()), "{output:?}");
        // A script, its own line with an argument, and one by env.
        let plain = script("plain", "#!/bin/sh\necho \"$0 $1\"\n");
        assert_eq!(printed(&plain), Ok(format!("{} one", plain.display())), "a script finds its own place");
        assert_eq!(printed(&script("flag", "#! /bin/sh -e\nfalse\necho \"$1\"\n")), Ok(String::new()));
        assert_eq!(printed(&script("env", "#!/usr/bin/env sh\necho \"$1\"\n")), Ok("one".to_owned()));
        let refused = |name, text: &str| printed(&script(name, text)).unwrap_err();
        for (name, text) in [
            ("options", "#!/usr/bin/env -S sh -e\n"),
            ("relative", "#!sh\n"),
            ("empty", "#!\n"),
            ("cut", "#!/bin/sh"),
        ] {
            assert!(
                refused(name, text).ends_with("its first line must name the interpreter by its path"),
                "{name}"
            );
        }
        let error = refused("nested", &format!("#!{}\n", plain.display()));
        let what = format!("its interpreter {} is a script too, name one that is a binary", plain.display());
        assert!(error.ends_with(&what), "{error}");
        let error = refused("unknown", "#!/usr/bin/env no_program_is_called_so\n");
        assert!(
            error.contains(
                "unknown: its first line names no_program_is_called_so, which is in no directory of /"
            ),
            "{error}"
        );
        for (name, text) in [("windows", "#!/bin/sh\r\n"), ("windows-env", "#!/usr/bin/env sh\r\n")] {
            let error = refused(name, text);
            assert!(error.ends_with("its first line ends with a carriage return, convert it with dos2unix"));
        }
        let theirs = script("theirs", "#!/bin/sh\n");
        fs::copy("/bin/sh", &theirs).unwrap();
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o777)).unwrap();
        let error = refused("by", &format!("#!{}\n", theirs.display()));
        assert_eq!(error, format!("chmod go-w {}: others can write it", theirs.display()));
        for (name, text) in
            [("nothing", ""), ("no-interpreter", "echo \"$1\"\n"), ("bom", "\u{feff}#!/bin/sh\n")]
        {
            let error = refused(name, text);
            assert!(error.ends_with(": neither a binary nor a script with #! in its first line"), "{error}");
        }
        let shell = fs::read("/bin/sh").unwrap();
        for (length, why) in
            [(4, "cut off, install it again"), (shell.len() / 2, "cut off, install it again")]
        {
            let cut = script("cut-binary", "");
            fs::write(&cut, &shell[..length]).unwrap();
            let error = printed(&cut).unwrap_err();
            assert_eq!(error, format!("{}: a binary that is {why}", cut.display()));
            let by = script("by-cut", &format!("#!{}\n", cut.display()));
            assert_eq!(printed(&by).unwrap_err(), error, "as an interpreter too");
        }
        let mut object = shell;
        object[16] = 1;
        let path = script("object", "");
        fs::write(&path, object).unwrap();
        assert!(printed(&path).unwrap_err().ends_with("/object: a binary that is no program"));
        fs::set_permissions(top.path().join("plain"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(printed(&top.path().join("plain")).unwrap_err().ends_with("/plain: not executable"));
    }
}
