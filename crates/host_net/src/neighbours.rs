//! The kernel's tables of neighbours (arp(7)): how full they are, and whether they overflowed. They are
//! shared by all network namespaces, and rtnetlink shows them in each of them, where /proc/sys does not.

use std::io;

use netlink_packet_core::NlasIterator;
use plugin::Deadline;

use crate::netlink::{NetlinkError, NetlinkSocket};

/// linux/rtnetlink.h.
const RTM_NEWNEIGHTBL: u16 = 64;
const RTM_GETNEIGHTBL: u16 = 66;
/// linux/neighbour.h: struct ndtmsg, and the attributes behind it.
const HEADER: usize = 4;
const NDTA_THRESH3: u16 = 4;
const NDTA_CONFIG: u16 = 5;
const NDTA_STATS: u16 = 7;
/// The places of ndtc_entries in struct ndt_config and of ndts_table_fulls in struct ndt_stats, in octets.
const ENTRIES: usize = 4;
const TABLE_FULLS: usize = 80;
/// sys/socket.h: AF_INET6.
const INET6: u8 = 10;
/// From how full on, in per cent, a further neighbour may not fit: some leave the table at any time.
const FULL: u64 = 95;

/// A table of neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeighbourTable {
    /// Whether it is IPv6's, else IPv4's.
    pub v6: bool,
    /// The neighbours in it.
    pub entries: u32,
    /// The most that fit: gc_thresh3.
    pub limit: u32,
    /// How often one did not fit since the machine was started.
    pub overflows: u64,
}

impl NeighbourTable {
    /// That nothing can be sent to a new neighbour, in few words.
    pub const FULL_HERE: &str = "neighbour table full here";
    /// What to do about that.
    pub const REMEDY: &str =
        "raise net.ipv4.neigh.default.gc_thresh3 (and net.ipv6) above the number of neighbours";

    /// Returns whether no further neighbour fits, or hardly one.
    pub fn is_full(&self) -> bool {
        self.limit > 0 && u64::from(self.entries) * 100 >= u64::from(self.limit) * FULL
    }

    /// Reads the tables of IPv4 and IPv6.
    ///
    /// # Errors
    /// If the kernel does not answer in time, or refuses.
    pub fn read_all(deadline: &Deadline) -> io::Result<Vec<Self>> {
        let mut tables = Vec::new();
        let add = |payload: &[u8]| {
            tables.extend(parse(payload)?);
            Ok(())
        };
        let run =
            |mut dump: NetlinkSocket| dump.run(RTM_GETNEIGHTBL, &[0; HEADER], deadline, RTM_NEWNEIGHTBL, add);
        NetlinkSocket::open().and_then(run).map_err(io::Error::other)?;
        Ok(tables)
    }
}

/// One message: `None` if it is about the settings of a single interface.
fn parse(payload: &[u8]) -> Result<Option<NeighbourTable>, NetlinkError> {
    let v6 = payload.first() == Some(&INET6);
    let mut table = NeighbourTable { v6, ..NeighbourTable::default() };
    let mut whole = false;
    for attribute in NlasIterator::new(payload.get(HEADER..).unwrap_or_default()) {
        let attribute = attribute?;
        let value = attribute.value();
        let number = |place: usize| {
            value.get(place..).and_then(|rest| rest.first_chunk().copied()).map_or(0, u32::from_ne_bytes)
        };
        match attribute.kind() {
            NDTA_THRESH3 => (table.limit, whole) = (number(0), true),
            NDTA_CONFIG => table.entries = number(ENTRIES),
            NDTA_STATS => {
                let count = value.get(TABLE_FULLS..).and_then(|rest| rest.first_chunk().copied());
                table.overflows = count.map_or(0, u64::from_ne_bytes);
            }
            _ => {}
        }
    }
    Ok(whole.then_some(table))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The tables of the very machine that runs the test, against what /proc shows where it does.
    #[test]
    fn both_families_have_a_table() {
        let tables = NeighbourTable::read_all(&Deadline::after(Duration::from_secs(8))).unwrap();
        let v4 = tables.iter().find(|table| !table.v6).unwrap();
        assert!(v4.limit > 0, "{v4:?}");
        if let Ok(text) = std::fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3") {
            assert_eq!(v4.limit.to_string(), text.trim());
        }
    }

    #[test]
    fn a_table_is_full_from_some_entries_below_its_limit_on() {
        let rows = [
            (0, 0, false),
            (7, 0, false),
            (972, 1_024, false),
            (973, 1_024, true),
            (u32::MAX, u32::MAX, true),
        ];
        for (entries, limit, is_full) in rows {
            let table = NeighbourTable { entries, limit, ..NeighbourTable::default() };
            assert_eq!(table.is_full(), is_full, "{table:?}");
        }
    }

    #[test]
    fn a_short_message_is_no_table() {
        assert_eq!(parse(&[]).unwrap(), None);
        assert_eq!(parse(&[2, 0, 0, 0]).unwrap(), None);
        assert!(parse(&[2, 0, 0, 0, 200, 0, 4, 0]).is_err());
        let limit = [2, 0, 0, 0, 8, 0, 4, 0, 0, 4, 0, 0];
        assert_eq!(
            parse(&limit).unwrap(),
            Some(NeighbourTable { limit: u32::from_ne_bytes([0, 4, 0, 0]), ..Default::default() })
        );
    }
}
