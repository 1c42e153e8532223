//! The command `check_replication`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_replication::check)
}
