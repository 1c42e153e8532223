//! Programs that run another program, and the arguments that come before its name.

use super::words::program;

/// A program, its options with an argument, and the number of arguments before the other program's name.
type Wrapper = (&'static str, &'static [&'static str], usize);

const WRAPPERS: [Wrapper; 17] = [
    ("busybox", &[], 0),
    ("chronic", &[], 0),
    ("chrt", &["-T", "-P", "-D"], 1),
    ("command", &[], 0),
    ("env", &["-u", "--unset", "-C", "--chdir"], 0),
    ("exec", &["-a"], 0),
    ("flock", &["-w", "--wait", "--timeout", "-E", "--conflict-exit-code"], 1),
    ("ionice", &["-c", "--class", "-n", "--classdata"], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("sudo", &["-u", "--user", "-g", "--group", "-p", "-T", "-D", "-C"], 0),
    ("systemd-run", &["-u", "--unit", "-p", "--property", "-E", "--setenv", "--description", "--slice"], 0),
    ("taskset", &[], 1),
    ("time", &["-f", "-o"], 0),
    ("timeout", &["-s", "--signal", "-k", "--kill-after"], 1),
];

/// Options by which systemd-run runs a program on another machine.
const ELSEWHERE: [&str; 4] = ["-M", "-H", "--machine", "--host"];

/// Returns the command inside all programs around it, without the variables that are set for it.
pub(super) fn unwrapped<'a>(mut words: &'a [&'a str]) -> &'a [&'a str] {
    loop {
        let assigns = |word: &&str| word.split_once('=').is_some_and(|(name, _)| !name.contains(['/', '$']));
        let assigned = words.iter().take_while(|word| assigns(word)).count();
        words = words.get(assigned..).unwrap_or_default();
        match wrapped(words) {
            Some(rest) => words = rest,
            None => return words,
        }
    }
}

/// Returns the arguments from the name of the other program on. `None` if the first word is not a program
/// that runs another one.
fn wrapped<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let (head, mut rest) = words.split_first()?;
    let (name, with_argument, before) = WRAPPERS.iter().find(|(name, ..)| *name == program(head))?;
    while let Some((option, after)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        if *name == "systemd-run" && ELSEWHERE.iter().any(|elsewhere| option.starts_with(elsewhere)) {
            return None;
        }
        rest = if with_argument.contains(option) { after.get(1..).unwrap_or_default() } else { after };
    }
    Some(rest.get(*before..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_inside_is_found() {
        let rows = [
            ("ip a", "ip a"),
            ("A=b ip a", "ip a"),
            ("flock /run/x ip a", "ip a"),
            ("flock -w 5 -x /run/ip ip a", "ip a"),
            ("flock --timeout=5 /run/x env A=b ip a", "ip a"),
            ("setsid -w timeout 5 ip a", "ip a"),
            ("timeout -k 1 --signal=INT 5s ip a", "ip a"),
            ("nice -n 5 ionice -c3 ip a", "ip a"),
            ("nice -5 ip a", "ip a"),
            ("sudo -n -u root ip a", "ip a"),
            ("systemd-run -q --scope -p CPUWeight=1 ip a", "ip a"),
            ("systemd-run -M web ip a", "systemd-run -M web ip a"),
            ("/usr/bin/env -i -u X ip a", "ip a"),
            ("timeout", ""),
            ("", ""),
        ];
        for (line, inside) in rows {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            assert_eq!(unwrapped(&words).join(" "), inside, "{line}");
        }
    }
}
