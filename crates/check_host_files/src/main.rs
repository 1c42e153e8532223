//! The command `check_host_files`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_host_files::check)
}
