//! The command `notify_stomp`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run_salvaging(notify_stomp::TIMEOUT, notify_stomp::publish, notify_stomp::salvage)
}
