//! The command `publish_status`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::run(publish_status::publish)
}
