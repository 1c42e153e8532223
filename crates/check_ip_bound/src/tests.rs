//! The tests of all modules together.

mod configured;
