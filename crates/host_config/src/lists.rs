//! Reads the lists of addresses that `--file` names.

use std::path::{Path, PathBuf};

use addresses::{Fields, List};
use plugin::{Deadline, ReadError, read_file, read_opened};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::stdin;

use crate::located::Located;
use crate::promise::{ConfigError, Dynamic, Place, Promise, Promises};
use crate::tree::LARGEST;

/// The name of a file that stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// Reads the list in the file `path`, or the standard input if that is `-`, which is the caller's list `number`.
///
/// # Errors
/// [`ConfigError::Read`] and [`ConfigError::List`]: the file cannot be read in time, holds more than 16 MiB,
/// a line that is no address, or no address at all.
pub fn read_list(path: &Path, number: u32, deadline: &Deadline) -> Result<List, ConfigError> {
    let (name, content) = read_content(path, deadline)?;
    Ok(List::parse(&name, number, &content)?)
}

/// Reads the comments of a list, which is at `path`, that a program wrote there: `# dynamic: eth1 ipv4` for
/// an interface that gets its address from outside (ipv4, ipv6 or any), `# ports: vmbr0 enp4s0` for those of
/// a bridge or a bond, `# floating: 192.0.2.100` for an address that may be here or on another host.
pub(crate) fn expectations(path: &Path, content: &[u8], to: &mut Promises) {
    let text = String::from_utf8_lossy(content);
    for mark in ["# dynamic: ", "# ports: ", "# floating: "] {
        for (start, _) in text.match_indices(mark) {
            let before = text.get(..start).unwrap_or_default();
            let rest = text.get(start + mark.len()..).unwrap_or_default().lines().next().unwrap_or_default();
            if !before.is_empty() && !before.ends_with('\n') {
                continue;
            }
            let line = before.bytes().filter(|octet| *octet == b'\n').count() + 1;
            let place =
                Place { file: path.display().to_string(), line: u32::try_from(line).unwrap_or(u32::MAX) };
            let words: Vec<&str> =
                rest.split('#').next().unwrap_or_default().split_ascii_whitespace().collect();
            match words.as_slice() {
                [interface, family] if mark == "# dynamic: " => {
                    to.dynamic.extend(family.parse().ok().map(|family| Dynamic {
                        interface: (*interface).to_owned(),
                        family,
                        required: true,
                        place,
                    }))
                }
                [address] if mark == "# floating: " => to.promises.extend(
                    address
                        .parse()
                        .ok()
                        .map(|value| Promise { floating: true, ..Located { value, place }.promise(None) }),
                ),
                [interface, "none"] if mark == "# ports: " => to.add_port(interface, None, &place),
                [interface, ports @ ..] if mark == "# ports: " => {
                    ports.iter().for_each(|port| to.add_port(interface, Some(port), &place))
                }
                _ => {}
            }
        }
    }
}

/// Reads a list as [`read_list`] does, with the ports and the labels of its lines.
///
/// # Errors
/// As [`read_list`]; ports that are none, or stand in another place, make a bad line too.
pub fn read_list_with_fields(
    path: &Path,
    number: u32,
    deadline: &Deadline,
) -> Result<(List, Fields), ConfigError> {
    let (name, content) = read_content(path, deadline)?;
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
