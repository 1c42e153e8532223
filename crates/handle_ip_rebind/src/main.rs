//! The command `handle_ip_rebind`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(handle_ip_rebind::handle)
}
