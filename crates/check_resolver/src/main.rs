//! The command `check_resolver`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_resolver::check)
}
