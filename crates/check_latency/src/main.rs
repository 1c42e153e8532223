//! The command `check_latency`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_latency::check)
}
