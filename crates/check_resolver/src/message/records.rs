//! The records of an answer: those of the name that was asked, over all its aliases, and the one of EDNS. A
//! record that cannot be read makes the whole message worthless, in whatever section it stands.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use domain::base::iana::Class;
use domain::base::message::RecordSection;
use domain::base::opt::{Opt, OptRecord};
use domain::base::wire::ParseError;
use domain::base::{Message, ParsedName, ParsedRecord, Rtype};
use domain::rdata::{A, Aaaa, Caa, Cname, Mx, Ns, Ptr, Soa, Srv, Txt};

/// The records of an answer that matter, by the lower-case names of their owners.
#[derive(Default)]
pub(crate) struct Answer {
    aliases: HashMap<String, String>,
    found: HashMap<String, Vec<Found>>,
    /// Whether there are signatures.
    pub(crate) is_signed: bool,
    /// Whether the C library finds a record: it reads them in their order, once, and takes the target of each
    /// alias for the name from there on, whatever the owner of the alias is (resolv/nss_dns/dns-host.c).
    pub(crate) is_found_in_order: bool,
}

/// The address of a record, if it has one, and its time to live in seconds.
type Found = (Option<IpAddr>, u32);

impl Answer {
    /// Reads the records of the answer section that are of this type, or aliases. `name` is in lower case.
    pub(crate) fn read(message: &Message<&[u8]>, name: &str, kind: Rtype) -> Result<Self, &'static str> {
        let records = message.answer().map_err(|_| "its answer cannot be read")?;
        Self::collect(records, name, kind).map_err(|_| "a record of its answer cannot be read")
    }

    fn collect(records: RecordSection<'_, &[u8]>, name: &str, kind: Rtype) -> Result<Self, ParseError> {
        let (mut answer, mut expected) = (Self::default(), name.to_owned());
        for record in records {
            let record = record?;
            let owner = || record.owner().to_string().to_ascii_lowercase();
            match record.rtype() {
                _ if record.class() != Class::IN => {}
                rtype if rtype == kind => {
                    let (address, owner) = (data(&record, kind)?, owner());
                    answer.is_found_in_order |= owner == expected;
                    answer.found.entry(owner).or_default().push((address, record.ttl().as_secs()));
                }
                Rtype::CNAME => {
                    if let Some(alias) = record.to_record::<Cname<_>>()? {
                        expected = alias.data().cname().to_string().to_ascii_lowercase();
                        answer.aliases.insert(owner(), expected.clone());
                    }
                }
                Rtype::RRSIG => answer.is_signed = true,
                _ => {}
            }
        }
        Ok(answer)
    }

    /// Follows the aliases from `name`, in whatever order they stand, and returns the records at their end:
    /// `None` if they lead in a circle.
    pub(crate) fn follow(&self, mut name: String) -> Option<&[Found]> {
        let mut passed = HashSet::new();
        while let Some(next) = self.aliases.get(&name) {
            if !passed.insert(name) {
                return None;
            }
            name = next.clone();
        }
        Some(self.found.get(&name).map(Vec::as_slice).unwrap_or_default())
    }
}

/// Reads the data of a record of a type that can be asked for. Returns its address if it has one.
fn data(record: &ParsedRecord<'_, &[u8]>, kind: Rtype) -> Result<Option<IpAddr>, ParseError> {
    type Name<'a> = ParsedName<&'a [u8]>;
    match kind {
        Rtype::A => return Ok(record.to_record::<A>()?.map(|record| record.data().addr().into())),
        Rtype::AAAA => return Ok(record.to_record::<Aaaa>()?.map(|record| record.data().addr().into())),
        Rtype::CAA => record.to_record::<Caa<_>>().map(drop),
        Rtype::CNAME => record.to_record::<Cname<Name<'_>>>().map(drop),
        Rtype::MX => record.to_record::<Mx<Name<'_>>>().map(drop),
        Rtype::NS => record.to_record::<Ns<Name<'_>>>().map(drop),
        Rtype::PTR => record.to_record::<Ptr<Name<'_>>>().map(drop),
        Rtype::SOA => record.to_record::<Soa<Name<'_>>>().map(drop),
        Rtype::SRV => record.to_record::<Srv<Name<'_>>>().map(drop),
        Rtype::TXT => record.to_record::<Txt<_>>().map(drop),
        _ => Ok(()),
    }?;
    Ok(None)
}

/// Reads the sections after the answer. Returns the record of EDNS: `None` if there is none.
pub(crate) fn opt<'a>(message: &Message<&'a [u8]>) -> Result<Option<OptRecord<&'a [u8]>>, &'static str> {
    const UNREADABLE: &str = "a record after its answer cannot be read";
    let mut found = None;
    let additional = message.additional().map_err(|_| UNREADABLE)?;
    for record in additional {
        let record = record.map_err(|_| UNREADABLE)?;
        if record.rtype() != Rtype::OPT {
            continue;
        }
        // RFC 6891, section 6.1.1
        if found.is_some() {
            return Err("it has two EDNS records");
        }
        if !record.owner().is_root() {
            return Err("its EDNS record has a name");
        }
        found =
            record.to_record::<Opt<_>>().map_err(|_| "its EDNS record cannot be read")?.map(OptRecord::from);
    }
    Ok(found)
}
