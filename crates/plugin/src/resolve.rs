//! The addresses of a name, as the host's own `getent ahosts` gives them: by its nsswitch.conf, from hosts files, DNS, LDAP or
//! what else is configured there. A static binary cannot load the host's name service modules, and a child process can be killed
//! when the deadline comes.

use std::io::{self, Read};
use std::net::IpAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::{Deadline, reason};

/// The longest name (RFC 1035, section 2.3.4), in octets.
const LONGEST: usize = 253;
/// The most that getent may say, in octets: some 1,000 addresses, three lines each.
const LARGEST: usize = 256 << 10;
/// getent(1): one or more of the keys could not be found.
const NOT_FOUND: i32 = 2;

/// Why a name has no addresses. Each message names it.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Empty, longer than 253 octets, or with characters that no host name has.
    #[error("{0:?} is not a host name")]
    NoName(String),
    /// getent cannot be started or read.
    #[error("resolving {name}: running getent: {}", reason(.why))]
    Getent {
        /// The name.
        name: String,
        /// What the system said.
        why: io::Error,
    },
    /// The name has no address, or whoever could say so did not answer.
    #[error("resolving {0}: no address found")]
    NotFound(String),
    /// getent ended with an error, or said what is not understood.
    #[error("resolving {name}: {what}")]
    Answer {
        /// The name.
        name: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The deadline came first.
    #[error("resolving {name}: no answer within {seconds} s")]
    TooSlow {
        /// The name.
        name: String,
        /// The time given, in seconds.
        seconds: f64,
    },
}

/// Every address of `name`, each once, in the order in which the system would try them; at least one. An address stands for
/// itself. IPv6 addresses are left out on a host that has none of its own but loopback's (RFC 3493, AI_ADDRCONFIG).
///
/// # Errors
/// [`ResolveError`], with the name in each message.
pub fn resolve(name: &str, deadline: &Deadline) -> Result<Vec<IpAddr>, ResolveError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![address.to_canonical()]);
    }
    check_name(name)?;
    let _step = deadline.step(format!("resolving {name}"));
    // getent has no "--" everywhere; `check_name` sees to it that a name never looks like an option.
    let (answer, code) = ask(Command::new("getent").args(["ahosts", name]), name, deadline)?;
    match code {
        Some(0) => parse(name, &answer),
        Some(NOT_FOUND) => Err(ResolveError::NotFound(name.to_owned())),
        Some(code) => Err(ResolveError::Answer { name: name.to_owned(), what: format!("getent ended with {code}") }),
        None => Err(ResolveError::Answer { name: name.to_owned(), what: "getent was killed".to_owned() }),
    }
}

/// Letters, digits, dots, hyphens and underscores, and not a hyphen at the start, which would be an option.
fn check_name(name: &str) -> Result<(), ResolveError> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match (1..=LONGEST).contains(&name.len()) && !name.starts_with('-') && name.chars().all(fits) {
        true => Ok(()),
        false => Err(ResolveError::NoName(name.chars().take(60).collect())),
    }
}

/// What the command printed, and its exit code: none after death by a signal.
fn ask(command: &mut Command, name: &str, deadline: &Deadline) -> Result<(Vec<u8>, Option<i32>), ResolveError> {
    let failed = |why: io::Error| ResolveError::Getent { name: name.to_owned(), why };
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = Killed(child.map_err(failed)?);
    let mut output = child.0.stdout.take();
    let mut answer = Vec::new();
    let mut room = [0; 4096];
    while let Some(pipe) = &mut output {
        wait(pipe, name, deadline)?;
        match pipe.read(&mut room) {
            Ok(0) => break,
            Ok(length) => answer.extend(room.iter().take(length)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
        if answer.len() > LARGEST {
            let what = format!("getent said more than {LARGEST} octets");
            return Err(ResolveError::Answer { name: name.to_owned(), what });
        }
    }
    // It has closed its output, so it is about to end; the watchdog stands behind this.
    let status = child.0.wait().map_err(failed)?;
    Ok((answer, status.code()))
}

/// Waits until there is something to read or the end has come.
fn wait(pipe: &ChildStdout, name: &str, deadline: &Deadline) -> Result<(), ResolveError> {
    let late = || ResolveError::TooSlow { name: name.to_owned(), seconds: deadline.limit().as_secs_f64() };
    loop {
        let remaining = Timespec::try_from(deadline.remaining()).map_err(|_| late())?;
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&remaining)) {
            Ok(0) => return Err(late()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(ResolveError::Getent { name: name.to_owned(), why: errno.into() }),
        }
    }
}

/// A child that does not outlive the question.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Does nothing where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first field of each line is an address. One with a zone cannot be reached by its number alone and is left out.
fn parse(name: &str, answer: &[u8]) -> Result<Vec<IpAddr>, ResolveError> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for line in String::from_utf8_lossy(answer).lines() {
        let field = line.split_ascii_whitespace().next().unwrap_or_default();
        match field.parse::<IpAddr>() {
            Ok(address) if addresses.contains(&address.to_canonical()) => {}
            Ok(address) => addresses.push(address.to_canonical()),
            Err(_) if field.contains('%') => {}
            Err(_) => {
                let what = format!("getent said what is no address: {}", line.chars().take(60).collect::<String>());
                return Err(ResolveError::Answer { name: name.to_owned(), what });
            }
        }
    }
    if addresses.is_empty() { Err(ResolveError::NotFound(name.to_owned())) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn resolved(name: &str) -> Result<Vec<IpAddr>, String> {
        resolve(name, &Deadline::after(Duration::from_secs(8))).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_stand_for_themselves() {
        assert_eq!(resolved("192.0.2.1"), Ok(vec!["192.0.2.1".parse().unwrap()]));
        assert_eq!(resolved("::ffff:192.0.2.1"), Ok(vec!["192.0.2.1".parse().unwrap()]));
        assert_eq!(resolved("2001:db8::1"), Ok(vec!["2001:db8::1".parse().unwrap()]));
    }

    #[test]
    fn asks_the_system() {
        assert!(resolved("localhost").unwrap().iter().all(IpAddr::is_loopback));
        assert_eq!(resolved("no-such-name.invalid").unwrap_err(), "resolving no-such-name.invalid: no address found");
    }

    #[test]
    fn what_is_no_name_never_reaches_getent() {
        for name in ["", "-s", "--service=files", "a b", "a\nb", "a/b", "a\0b", "%", &"x".repeat(254)] {
            let shown: String = name.chars().take(60).collect();
            assert_eq!(resolved(name).unwrap_err(), format!("{shown:?} is not a host name"));
        }
    }

    #[test]
    fn an_answer_is_hostile_until_parsed() {
        let read = |answer: &[u8]| parse("example.com", answer).map_err(|error| error.to_string());
        let twice = b"192.0.2.1       STREAM example.com\n192.0.2.1       DGRAM\n2001:db8::1 STREAM\n::ffff:192.0.2.1 RAW\n";
        assert_eq!(read(twice), Ok(vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()]));
        assert_eq!(read(b""), Err("resolving example.com: no address found".to_owned()));
        assert_eq!(read(b"fe80::1%eth0 STREAM x\n"), Err("resolving example.com: no address found".to_owned()));
        let strange = "resolving example.com: getent said what is no address: so sorry";
        assert_eq!(read(b"192.0.2.1 STREAM\nso sorry\n"), Err(strange.to_owned()));
    }

    #[test]
    fn a_silent_child_is_killed_at_the_deadline() {
        let start = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(100));
        let error = ask(Command::new("sleep").arg("60"), "example.com", &deadline).unwrap_err();
        assert_eq!(error.to_string(), "resolving example.com: no answer within 0.1 s");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[test]
    fn an_endless_answer_ends() {
        let error = ask(&mut Command::new("yes"), "example.com", &Deadline::after(Duration::from_secs(8))).unwrap_err();
        assert_eq!(error.to_string(), "resolving example.com: getent said more than 262144 octets");
    }

    #[test]
    fn without_the_program_the_error_says_so() {
        let error = ask(&mut Command::new("/nonexistent/getent"), "example.com", &Deadline::after(Duration::from_secs(8)));
        assert_eq!(error.unwrap_err().to_string(), "resolving example.com: running getent: no such file or directory");
    }
}
