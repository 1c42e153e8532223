//! The addresses that this host's own configuration promises: what it should come up with after a boot.
//!
//! Each file format has a module that reads it by its documented rules, search path and precedence, and
//! yields [`Promises`]. What is understood but gives no static address is a [`Remark`]; what is not
//! understood is an error that names file and line, never a shorter list. A new format is a module, its lines
//! in [`Source`] and one in `read.rs`.
//!
//! - [`read()`] reads the sources that an [`Origin`] (the value of `--from`) names; [`Source::read`] reads
//!   one.
//! - [`Tree`] is where the files are: this host, the tree of an image, or in memory.
//! - [`AddressOptions`] are `--ip`, `--file`, `--from` and `--root`; [`read_list_with_fields`] reads a file
//!   of `--file`.
//! - [`Promises`] is what a source says: each [`Promise`] and each [`Remark`] with its [`Place`].
//! - [`container()`] is the engine of the container that this is, where it is one.
//! - [`ResolvConf`] is the meaning of a resolv.conf, which promises no address.
//!
//! Plugins use it that compare a host with its configuration, or take their targets from it. It leaves the
//! grammar of addresses and lists to `addresses`, the kernel to `host_net`, and the judgement of a missing
//! address to the plugins.
//!
//! ```
//! use std::time::Duration;
//!
//! use host_config::{Origin, Tree, read};
//! use plugin::Deadline;
//!
//! let deadline = Deadline::after(Duration::from_secs(8));
//! for (source, promises) in read(&[Origin::Auto], &Tree::new("/", &deadline))? {
//!     println!("{source}: {} addresses", promises.promises.len());
//! }
//! # Ok::<(), host_config::ConfigError>(())
//! ```

mod bad_lines;
mod container;
mod cpanel;
mod dhcpcd;
mod dhcpcd_at_boot;
mod folders;
mod glob;
mod hardware;
mod hsphere;
mod ifcfg;
mod ifupdown;
mod keepalived;
mod leftovers;
mod link_type;
mod lists;
mod located;
mod managed;
mod mask;
mod memory;
mod netplan;
mod networkd;
mod networkmanager;
mod options;
mod origin;
mod others;
mod outranked;
mod promise;
mod read;
mod resolv_conf;
mod selector;
mod source;
mod suse;
mod tree;
mod ungenerated;
mod unreadable;
mod wildcard;
mod wireguard;

pub use container::{container, process_start};
pub use link_type::{conditions_fit, type_fits, types};
pub use lists::{check_files, read_list_with_fields};
pub use options::AddressOptions;
pub use origin::Origin;
pub use others::unread;
pub use promise::{
    ANY_PORT, Choice, ConfigError, Dynamic, Family, Giver, OneOf, Place, Ports, Possible, Promise, Promises,
    Remark, Shadowed, UnknownFamily, Unnamed, Vlan,
};
pub use read::{read, read_usable};
pub use resolv_conf::{IgnoredServer, NotAServer, ResolvConf, SERVERS_ASKED, Server};
pub use selector::{device, is_for_guests, is_of_guest, is_pattern, selects};
pub use source::{Source, UnknownSource};
pub use tree::Tree;
pub use unreadable::Unreadable;
