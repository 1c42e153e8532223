//! The suite: starts real systems, runs the plugins against them, and holds every plugin to its contract.
//! Never shipped.
//!
//! What a test starts it owns: dropping the value stops the process or removes the namespace, also when the
//! test fails.

pub mod bench;
pub mod blocks;
pub mod brokers;
pub mod clocks;
pub mod daemon;
pub mod getent;
pub mod help;
pub mod host;
pub mod icinga;
pub mod look;
pub mod mariadb;
pub mod modules;
pub mod mysql;
pub mod nagios;
pub mod needs;
pub mod neighbours;
pub mod nrpe;
pub mod ntp;
pub mod plugins;
pub mod ports;
pub mod printed;
pub mod process;
pub mod responder;
pub mod slow_mount;
pub mod snmp;
pub mod status;
pub mod stomp;
pub mod tls;
pub mod tls_faults;
pub mod wait;
