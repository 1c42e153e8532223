//! `without_netlink ERRNO PROGRAM [ARGUMENT..]` runs a program to which the kernel refuses every netlink
//! socket with that error number, as containers and hardened services do.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use rustix::net::AddressFamily;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

/// The number of socket(2): x86_64 has its own table of system calls, later architectures share one
/// (asm-generic/unistd.h).
const SOCKET: i64 = if cfg!(target_arch = "x86_64") { 41 } else { 198 };

fn main() -> ExitCode {
    let error = run().err();
    #[expect(clippy::print_stderr, reason = "a tool of the tests, no plugin")]
    if let Some(error) = error {
        eprintln!("without_netlink: {error}");
    }
    ExitCode::from(125)
}

/// Returns only with an error.
fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let errno: u32 = arguments.next().and_then(|text| text.into_string().ok()).unwrap_or_default().parse()?;
    let program: OsString = arguments.next().ok_or("no program given")?;
    apply_filter(&refusal(errno)?)?;
    Err(Command::new(program).args(arguments).exec().into())
}

/// A filter that lets everything through but `socket(AF_NETLINK, ..)`.
fn refusal(errno: u32) -> Result<BpfProgram, seccompiler::BackendError> {
    let family = u64::from(AddressFamily::NETLINK.as_raw());
    let is_netlink = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
    let rules = [(SOCKET, vec![SeccompRule::new(vec![is_netlink])?])].into();
    let architecture = env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), architecture)?.try_into()
}
