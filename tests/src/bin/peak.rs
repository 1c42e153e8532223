//! Runs a program to its end and prints the most memory that it had resident, in KiB, and the time that it
//! kept processors busy, in seconds. A program of its own, because a child's peak begins with what its parent
//! had resident when it forked: this parent is as small as they get.

use std::env;
use std::io::{Error, Result};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or_else(|| Error::other("peak PROGRAM [ARGUMENT ...]"))?;
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(Error::other(format!("the program ended with {status}")));
    }
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = [used.user_time(), used.system_time()]
        .iter()
        .map(|time| time.num_microseconds() as f64 / 1e6)
        .sum::<f64>();
    rustix::io::write(rustix::stdio::stdout(), format!("{} {seconds}\n", used.max_rss()).as_bytes())?;
    Ok(())
}
