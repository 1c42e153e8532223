//! publish_status on a real Nagios, and its page in a real browser.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod disturbed;
#[cfg(test)]
mod icinga;
#[cfg(test)]
mod import;
#[cfg(test)]
mod nagios;
