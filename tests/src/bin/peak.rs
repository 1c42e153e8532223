//! Runs a program to its end and prints the most memory that it had resident, in KiB. A program of its own,
//! because a child's peak begins with what its parent had resident when it forked: this parent is as small as
//! they get.

use std::env;
use std::io::{Error, Result};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or_else(|| Error::other("peak PROGRAM [ARGUMENT ...]"))?;
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(Error::other(format!("the program ended with {status}")));
    }
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    rustix::io::write(rustix::stdio::stdout(), format!("{peak}\n").as_bytes())?;
    Ok(())
}
