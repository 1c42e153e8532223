//! Reads the lists of addresses that `--file` names.

mod comments;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use addresses::{Fields, List};
use plugin::{Deadline, ReadError, read_file, read_opened};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::stdin;

use crate::promise::{ConfigError, Possible};
use crate::tree::LARGEST;
pub(crate) use comments::expectations;

/// The name of a file that stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// Returns which of the guesses of lists, each with the number of its list, stand: those of an address that
/// no list names without such a mark.
pub(crate) fn doubtful(guessed: Vec<(u32, Possible)>, lists: &[List]) -> Vec<Possible> {
    if guessed.is_empty() {
        return Vec::new();
    }
    let marked: HashSet<(u32, IpAddr)> =
        guessed.iter().map(|(list, possible)| (*list, possible.addresses.address)).collect();
    let addresses: HashSet<IpAddr> = marked.iter().map(|(_, address)| *address).collect();
    let entries = lists.iter().filter(|_| !addresses.is_empty()).flat_map(|list| &list.entries);
    let certain: HashSet<IpAddr> = entries
        .filter(|entry| addresses.contains(&entry.expected.address))
        .filter(|entry| !marked.contains(&(entry.list, entry.expected.address)))
        .map(|entry| entry.expected.address)
        .collect();
    let all = guessed.into_iter().map(|(_, possible)| possible);
    all.filter(|possible| !certain.contains(&possible.addresses.address)).collect()
}

/// Reads the list in the file `path`, or the standard input if that is `-`, which is the caller's list
/// `number`, with the ports and the labels of its lines.
///
/// # Errors
/// [`ConfigError::Read`] and [`ConfigError::List`]: the file cannot be read in time, holds more than 16 MiB,
/// a line that is no address, ports that are none or stand in another place, or no address at all.
/// [`ConfigError::Line`]: the program that wrote the list did not understand all that it was made of.
pub fn read_list_with_fields(
    path: &Path,
    number: u32,
    deadline: &Deadline,
) -> Result<(List, Fields), ConfigError> {
    let (name, content) = read_content(path, deadline)?;
    comments::complete(&name, &content)?;
    Ok(List::parse_with_fields(&name, number, &content)?)
}

/// Checks that no more than one of the files is the standard input, which the second would find at its end.
///
/// # Errors
/// [`ConfigError::StandardInputTwice`].
pub fn check_files(files: &[PathBuf]) -> Result<(), ConfigError> {
    match files.iter().filter(|file| *file == Path::new(STANDARD_INPUT)).count() {
        0 | 1 => Ok(()),
        _ => Err(ConfigError::StandardInputTwice),
    }
}

/// The name of a list for messages, and its content: of the standard input if it is called `-`.
fn read_content(path: &Path, deadline: &Deadline) -> Result<(String, Vec<u8>), ReadError> {
    if path != Path::new(STANDARD_INPUT) {
        return Ok((path.display().to_string(), read_file(path, LARGEST, deadline)?));
    }
    let name = "standard input";
    let open = || fcntl_dupfd_cloexec(stdin(), 0);
    Ok((name.to_owned(), read_opened(Path::new(name), LARGEST, deadline, open)?))
}
