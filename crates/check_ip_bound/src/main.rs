//! The command `check_ip_bound`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run_stepwise(check_ip_bound::check)
}
