//! The command `check_tcp_each_ip`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(check_tcp_each_ip::check)
}
