//! The daemon itself: its options, and whether it starts at boot.

use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

/// Where the options of the daemon are kept.
const OPTIONS: [&str; 2] = ["/etc/default/keepalived", "/etc/sysconfig/keepalived"];

/// The program, and what starts it at boot.
const PROGRAMS: [&str; 3] = ["/usr/sbin/keepalived", "/sbin/keepalived", "/usr/local/sbin/keepalived"];
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/keepalived.service";

/// Whether keepalived is here and systemd starts it.
pub(super) fn is_enabled(tree: &Tree<'_>) -> bool {
    tree.has(ENABLED) && PROGRAMS.iter().any(|program| tree.has(program))
}

/// The options that the distribution's unit passes on, each with its line.
pub(super) fn options(tree: &Tree<'_>, to: &mut Promises) -> Result<Vec<Located>, ConfigError> {
    let mut all = Vec::new();
    for path in OPTIONS {
        let content = to.readable(tree.read(path))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&content).into_owned();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let value = line.split_once('=').filter(|(name, _)| is_options(name)).map(|(_, value)| value);
            all.extend(value.map(|value| Located {
                value: value.trim_matches(['"', '\'']).to_owned(),
                place: Place::new(path, number),
            }));
        }
    }
    Ok(all)
}

fn is_options(name: &str) -> bool {
    matches!(name.trim().trim_start_matches("export "), "DAEMON_ARGS" | "KEEPALIVED_OPTIONS" | "OPTIONS")
}

/// The short options of keepalived(8) that take an argument, and those whose argument must be joined to them.
const WITH_ARGUMENT: [char; 13] = ['f', 'S', 'p', 'c', 'r', 'b', 'a', 'A', 'u', 'i', 's', 'g', 'M'];
const OPTIONAL: &str = "gM";

/// The argument of an option with this letter and this long name, in each of the forms of getopt_long(3).
pub(super) fn argument<'a>(options: &'a str, letter: &str, long: &str) -> Option<&'a str> {
    let mut words = options.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if word == long {
            return words.next();
        }
        if let Some(value) = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value);
        }
        // Short options may be joined: the first that takes an argument takes the rest of the word.
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
        let Some(at) = letters.find(WITH_ARGUMENT) else { continue };
        let (option, rest) = letters.split_at(at).1.split_at(1);
        let argument = if rest.is_empty() && !OPTIONAL.contains(option) { words.next() } else { Some(rest) };
        if option == letter {
            return argument;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_name_a_file_in_each_form() {
        let rows = [
            ("-f /etc/a.conf", Some("/etc/a.conf")),
            ("-f/etc/a.conf -D", Some("/etc/a.conf")),
            ("-Df /etc/a.conf", Some("/etc/a.conf")),
            ("-DPf/etc/a.conf", Some("/etc/a.conf")),
            ("-D -S 7 --use-file=/etc/a.conf", Some("/etc/a.conf")),
            ("--use-file /etc/a.conf", Some("/etc/a.conf")),
            ("-S -f", None),
            ("-pfile -D", None),
            ("--log-detail", None),
            ("", None),
        ];
        for (options, expected) in rows {
            assert_eq!(argument(options, "f", "--use-file"), expected, "{options}");
        }
    }
}
