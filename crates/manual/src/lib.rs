//! The manual page and the shell completions of a plugin, from its command line and its README.md.
//!
//! It is not shipped: the feature `manual` of the crate `plugin` makes a plugin print these when
//! `packaging/build` asks. What clap knows comes out by `clap_mangen` and `clap_complete`; the sections of
//! README.md follow, but for Help, which the page has from clap itself. Folders stand as `@plugindir@`,
//! `@nrpedir@`, `@docdir@` and `@exampledir@`, which `packaging/install` replaces.

mod page;
mod sections;
mod values;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

pub use page::page;

/// The first argument that asks a plugin for its own description.
const WORD: &str = "describe";

/// Why a description could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ManualError {
    /// The arguments are not `describe man FILE` or `describe SHELL`.
    #[error("describe wants \"man README.md\", or one of bash, zsh and fish")]
    Arguments,
    /// The plugin's README.md cannot be read.
    #[error("reading {}: {}", .0.display(), .1)]
    Read(PathBuf, io::Error),
    /// The page or the script cannot be written down.
    #[error("writing")]
    Write(#[from] io::Error),
}

/// What the arguments of a plugin (its name first) ask for: `describe man README.md` for its manual page,
/// `describe bash` (`zsh`, `fish`) for a shell's completions. None if they do not start with that word.
pub fn described(command: &Command, arguments: &[OsString]) -> Option<Result<String, ManualError>> {
    match arguments {
        [_, word, rest @ ..] if word == WORD => Some(describe(command, rest)),
        _ => None,
    }
}

fn describe(command: &Command, wanted: &[OsString]) -> Result<String, ManualError> {
    match wanted {
        [what, file] if what == "man" => {
            let readme = fs::read_to_string(file).map_err(|error| ManualError::Read(file.into(), error))?;
            page(command, &readme)
        }
        [shell] => {
            let shell = shell.to_str().and_then(|shell| shell.parse().ok()).ok_or(ManualError::Arguments)?;
            completions(command, shell)
        }
        _ => Err(ManualError::Arguments),
    }
}

/// The script by which `shell` completes the plugin's options.
///
/// # Errors
/// [`ManualError::Write`]: it is not UTF-8.
pub fn completions(command: &Command, shell: Shell) -> Result<String, ManualError> {
    let mut command = command.clone().mut_args(|argument| values::hinted(argument, shell));
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = values::with_interfaces(&text(script)?, shell);
    Ok(if shell == Shell::Bash { script.replace(PREVIOUS, &format!("{PREVIOUS}{OPTION}")) } else { script })
}

/// Where a script for bash takes the word before the one that is completed.
const PREVIOUS: &str = "    prev=\"$3\"\n";
/// Bash breaks `--option=VALUE` into three words, of which that before the value is the equals sign.
const OPTION: &str = "    if [[ \"${prev}\" == \"=\" && ${COMP_CWORD} -ge 2 ]]; then
        prev=\"${COMP_WORDS[COMP_CWORD - 2]}\"
    fi
";

/// What was written into memory, as text.
fn text(written: Vec<u8>) -> Result<String, ManualError> {
    String::from_utf8(written)
        .map_err(|error| ManualError::Write(io::Error::new(io::ErrorKind::InvalidData, error)))
}

#[cfg(test)]
mod tests {
    use std::process;

    use clap::Arg;

    use super::*;

    /// What bash offers, as it calls the script's function for these words, the last of which is completed.
    fn offered(script: &str, words: &[&str]) -> String {
        let [.., before, last] = words else { return String::new() };
        // Bash counts an equals sign at the end as a word, and completes an empty one after it.
        let (cur, prev) = if *last == "=" { ("", before) } else { (*last, before) };
        let call = "COMP_WORDS=(\"${@:3}\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; }
            _x x \"$1\" \"$2\"; printf \"%s\" \"${COMPREPLY[*]}\"";
        let mut bash = process::Command::new("bash");
        bash.args(["-c", &format!("{script}\n{call}"), "bash", cur, prev]).args(words);
        String::from_utf8(bash.output().unwrap().stdout).unwrap()
    }

    #[test]
    fn bash_offers_values_in_both_forms() {
        let option = |name: &'static str| Arg::new(name).long(name);
        let level = option("level").help("Level: low, lower or high").short('l');
        let command = Command::new("x").args([level, option("name").value_name("HOST"), option("other")]);
        let script = completions(&command, Shell::Bash).unwrap();
        let rows: [(&[&str], &str); 8] = [
            (&["x", "--level", ""], "low lower high"),
            (&["x", "--level", "lo"], "low lower"),
            (&["x", "-l", "h"], "high"),
            (&["x", "--level", "="], "low lower high"),
            (&["x", "--level", "=", "lo"], "low lower"),
            (&["x", "--other", "=", "1", "--level", "=", "h"], "high"),
            // The word itself: no file.
            (&["x", "--name", "=", "s"], "s"),
            (&["x", "--le"], "--level"),
        ];
        for (words, expected) in rows {
            assert_eq!(offered(&script, words), expected, "{words:?}");
        }
    }

    #[test]
    fn interfaces_are_those_of_the_host() {
        let interface = Arg::new("interface").long("interface").value_name("NAME").help("Interface");
        let command = Command::new("x").arg(interface);
        let of = |shell| completions(&command, shell).unwrap();
        assert_eq!(offered(&of(Shell::Bash), &["x", "--interface", "l"]), "lo");
        assert!(of(Shell::Zsh).contains(":NAME:_net_interfaces'"), "{}", of(Shell::Zsh));
        assert!(of(Shell::Fish).contains("-a \"(__fish_print_interfaces)\""), "{}", of(Shell::Fish));
    }
}
