//! The command `check_proxy`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_proxy::check)
}
