//! check_host_files on real hosts: mount and UTS namespaces with /etc on a file system that knows the
//! immutable bit, and a real NRPE.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails.

#[cfg(test)]
mod bits;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod look;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod reboots;
#[cfg(test)]
mod states;
mod stopped;
