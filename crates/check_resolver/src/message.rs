//! DNS messages: a question as it is sent, and what a datagram or a TCP message says to it (RFC 1035, 2181,
//! 6891, 8914).

mod records;

use std::net::IpAddr;

use domain::base::iana::{Class, OptRcode, Rcode};
use domain::base::opt::OptRecord;
use domain::base::opt::exterr::ExtendedError;
use domain::base::{Message, MessageBuilder, Rtype, ToName as _};

use crate::fault::is_stale;
use crate::question::WireName;
use records::{Answer, opt};

/// The UDP payload that we take, in octets: it fits into every path (DNS Flag Day 2020).
const PAYLOAD: u16 = 1232;
/// The octets of a header.
const HEADER: usize = 12;
/// How many characters of an extended error's text are kept.
const TEXT: usize = 100;

/// How a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Over TCP in place of UDP.
    pub(crate) tcp: bool,
    /// With EDNS.
    pub(crate) edns: bool,
    /// With CD: the server shall not validate.
    pub(crate) unchecked: bool,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The response code, with the bits that EDNS adds.
    pub rcode: OptRcode,
    /// AA: the server is an authority for the name.
    pub aa: bool,
    /// TC: the answer did not fit.
    pub tc: bool,
    /// RA: the server recurses.
    pub ra: bool,
    /// AD: the server has validated the answer.
    pub ad: bool,
    /// Whether EDNS came back.
    pub edns: bool,
    /// The extended errors: code and text.
    pub errors: Vec<(u16, String)>,
    /// The addresses of the name, over all its aliases.
    pub addresses: Vec<IpAddr>,
    /// How many records of the type asked for it has.
    pub records: usize,
    /// The least time to live of these records, in seconds.
    pub ttl: Option<u32>,
    /// Whether the aliases lead in a circle.
    pub is_loop: bool,
    /// Whether the C library finds none of the addresses that it has, because of the order of its records.
    pub is_out_of_order: bool,
    /// Whether signatures came with the records (RRSIG, RFC 4034).
    pub is_signed: bool,
}

impl Reply {
    /// Whether it comes of resolving, or from the cache of names that others asked for. A server may answer
    /// for its own zones.
    pub(crate) fn resolves(&self) -> bool {
        let answers = matches!(self.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN | OptRcode::SERVFAIL);
        answers && (self.ra || (self.records > 0 && !self.aa))
    }

    /// The addresses that the C library finds.
    pub(crate) fn found(&self) -> &[IpAddr] {
        if self.is_out_of_order { &[] } else { &self.addresses }
    }

    /// Whether the server has validated an answer.
    pub(crate) fn is_validated(&self) -> bool {
        self.ad && matches!(self.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN)
    }

    /// Whether the server says that it is kept beyond its time to live.
    pub(crate) fn is_stale(&self) -> bool {
        self.errors.iter().any(|(code, _)| is_stale(*code))
    }
}

/// What a message is to a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// An answer to the question of this place among the ids.
    Reply(usize, Box<Reply>),
    /// Its id is none of ours.
    WrongId,
    /// It answers another question.
    OtherQuestion,
    /// It is the question.
    Echo,
    /// It cannot be read, and why.
    Malformed(&'static str),
}

/// Returns the octets of a question: recursion desired, and with EDNS the wish for DNSSEC's verdict.
pub(crate) fn question(id: u16, name: &WireName, kind: Rtype, form: Form) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec();
    let header = builder.header_mut();
    header.set_id(id);
    header.set_rd(true);
    header.set_ad(form.edns);
    header.set_cd(form.unchecked);
    let mut builder = builder.question();
    // One question and one option always fit into a vector.
    let _ = builder.push((name, kind));
    let mut builder = builder.additional();
    if form.edns {
        let _ = builder.opt(|opt| {
            opt.set_udp_payload_size(PAYLOAD);
            opt.set_dnssec_ok(true);
            Ok(())
        });
    }
    builder.finish()
}

/// Reads a message as an answer to a question that was sent with each of these ids.
pub fn read(octets: &[u8], ids: &[u16], name: &WireName, kind: Rtype) -> Heard {
    let Ok(message) = Message::from_octets(octets) else {
        return Heard::Malformed("shorter than its header");
    };
    let header = message.header();
    let Some(place) = ids.iter().position(|id| *id == header.id()) else { return Heard::WrongId };
    if !header.qr() {
        return Heard::Echo;
    }
    let counts = message.header_counts();
    if counts.qdcount() == 0 {
        // Small servers refuse so.
        let refuses =
            matches!(header.rcode(), Rcode::FORMERR | Rcode::NOTIMP | Rcode::SERVFAIL | Rcode::REFUSED);
        if !refuses || octets.len() < HEADER {
            return Heard::Malformed("without the question");
        }
    } else {
        let Ok(question) = message.sole_question() else {
            return Heard::Malformed("its question cannot be read");
        };
        // Some servers change the case of letters.
        if !question.qname().name_eq(name) || question.qtype() != kind || question.qclass() != Class::IN {
            return Heard::OtherQuestion;
        }
    }
    match reply(&message, name, kind) {
        // What did not fit may be cut anywhere, and is asked for again.
        Err(_) if header.tc() => Heard::Reply(place, Box::new(bare(&message, None))),
        Err(why) => Heard::Malformed(why),
        Ok(reply) => Heard::Reply(place, Box::new(reply)),
    }
}

/// What the header says, and EDNS where that came back.
fn bare<'a>(message: &Message<&'a [u8]>, opt: Option<&OptRecord<&'a [u8]>>) -> Reply {
    let header = message.header();
    let rcode = opt.map_or_else(|| OptRcode::from_rcode(header.rcode()), |opt| opt.rcode(header));
    let errors = opt
        .into_iter()
        .flat_map(|opt| opt.opt().iter::<ExtendedError<_>>().flatten().map(|error| described(&error)));
    Reply {
        rcode,
        aa: header.aa(),
        tc: header.tc(),
        ra: header.ra(),
        ad: header.ad(),
        edns: opt.is_some(),
        errors: errors.collect(),
        addresses: Vec::new(),
        records: 0,
        ttl: None,
        is_loop: false,
        is_out_of_order: false,
        is_signed: false,
    }
}

fn described(error: &ExtendedError<impl AsRef<[u8]>>) -> (u16, String) {
    let text = error.text_slice().map(String::from_utf8_lossy).unwrap_or_default();
    (error.code().to_int(), text.chars().take(TEXT).collect())
}

fn reply(message: &Message<&[u8]>, name: &WireName, kind: Rtype) -> Result<Reply, &'static str> {
    let name = name.to_string().to_ascii_lowercase();
    let answer = Answer::read(message, &name, kind)?;
    let mut reply = bare(message, opt(message)?.as_ref());
    let found = answer.follow(name);
    (reply.is_loop, reply.is_signed) = (found.is_none(), answer.is_signed);
    for (address, ttl) in found.unwrap_or_default() {
        reply.records += 1;
        reply.addresses.extend(address);
        reply.ttl = reply.ttl.into_iter().chain([*ttl]).min();
    }
    reply.is_out_of_order = !reply.addresses.is_empty() && !answer.is_found_in_order;
    Ok(reply)
}

#[cfg(test)]
mod tests;
