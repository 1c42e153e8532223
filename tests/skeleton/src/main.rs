//! The command `check_skeleton`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_skeleton::check)
}
