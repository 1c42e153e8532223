//! The suite: starts real systems, runs the plugins against them, and holds every plugin to its contract. Never shipped.
//!
//! What a test starts it owns: dropping the value stops the process or removes the namespace, also when the test fails.

pub mod plugins;
pub mod process;
