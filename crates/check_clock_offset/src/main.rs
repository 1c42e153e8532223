//! The command `check_clock_offset`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_clock_offset::check)
}
