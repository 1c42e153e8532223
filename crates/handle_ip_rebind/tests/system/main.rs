//! handle_ip_rebind on real hosts, alone and as the event handler of a real Nagios.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod acting;
#[cfg(test)]
mod again;
#[cfg(test)]
mod campaign;
#[cfg(test)]
mod carrier;
#[cfg(test)]
mod finish;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod later;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod masks;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod reboot;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod route;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod site;
#[cfg(test)]
mod sparing;
#[cfg(test)]
mod subnet;
#[cfg(test)]
mod trial;
