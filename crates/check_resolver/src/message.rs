//! DNS messages: a question as it is sent, and what a datagram or a TCP message says to it (RFC 1035, 2181,
//! 6891, 8914).

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use domain::base::iana::{Class, OptRcode, Rcode};
use domain::base::message::RecordSection;
use domain::base::opt::exterr::ExtendedError;
use domain::base::wire::ParseError;
use domain::base::{Message, MessageBuilder, ParsedRecord, Rtype, ToName as _};
use domain::rdata::{A, Aaaa, Cname};

use crate::question::WireName;

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
}

impl Reply {
    /// Whether it comes of resolving, or from the cache of names that others asked for. A server may answer for
    /// its own zones.
    pub(crate) fn resolves(&self) -> bool {
        let answers = matches!(self.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN | OptRcode::SERVFAIL);
        answers && (self.ra || (self.records > 0 && !self.aa))
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
        Err(_) if header.tc() => Heard::Reply(place, Box::new(bare(&message))),
        Err(why) => Heard::Malformed(why),
        Ok(reply) => Heard::Reply(place, Box::new(reply)),
    }
}

/// What the header alone says.
fn bare(message: &Message<&[u8]>) -> Reply {
    let header = message.header();
    let opt = message.opt();
    let rcode = opt.as_ref().map_or_else(|| OptRcode::from_rcode(header.rcode()), |opt| opt.rcode(header));
    let errors = opt
        .iter()
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
    }
}

fn described(error: &ExtendedError<impl AsRef<[u8]>>) -> (u16, String) {
    let text = error.text_slice().map(String::from_utf8_lossy).unwrap_or_default();
    (error.code().to_int(), text.chars().take(TEXT).collect())
}

fn reply(message: &Message<&[u8]>, name: &WireName, kind: Rtype) -> Result<Reply, &'static str> {
    let mut reply = bare(message);
    let records = message.answer().map_err(|_| "its answer cannot be read")?;
    let answer = Answer::collect(records, kind).map_err(|_| "a record of its answer cannot be read")?;
    answer.follow(name.to_string().to_ascii_lowercase(), &mut reply);
    Ok(reply)
}

/// The records of an answer that matter, by the lower-case names of their owners.
#[derive(Default)]
struct Answer {
    aliases: HashMap<String, String>,
    found: HashMap<String, Vec<(Option<IpAddr>, u32)>>,
}

impl Answer {
    fn collect(records: RecordSection<'_, &[u8]>, kind: Rtype) -> Result<Self, ParseError> {
        let mut answer = Self::default();
        for record in records {
            let record = record?;
            let owner = || record.owner().to_string().to_ascii_lowercase();
            match record.rtype() {
                _ if record.class() != Class::IN => {}
                rtype if rtype == kind => {
                    let address = address(&record, kind)?;
                    answer.found.entry(owner()).or_default().push((address, record.ttl().as_secs()));
                }
                Rtype::CNAME => {
                    if let Some(alias) = record.to_record::<Cname<_>>()? {
                        answer.aliases.insert(owner(), alias.data().cname().to_string().to_ascii_lowercase());
                    }
                }
                _ => {}
            }
        }
        Ok(answer)
    }

    /// Follows the aliases from `name`, in whatever order they stand.
    fn follow(&self, mut name: String, reply: &mut Reply) {
        let mut passed = HashSet::new();
        while let Some(next) = self.aliases.get(&name) {
            if !passed.insert(name) {
                reply.is_loop = true;
                return;
            }
            name = next.clone();
        }
        let found = self.found.get(&name).map(Vec::as_slice).unwrap_or_default();
        reply.records = found.len();
        reply.addresses = found.iter().filter_map(|(address, _)| *address).collect();
        reply.ttl = found.iter().map(|(_, ttl)| *ttl).min();
    }
}

fn address(record: &ParsedRecord<'_, &[u8]>, kind: Rtype) -> Result<Option<IpAddr>, ParseError> {
    Ok(match kind {
        Rtype::A => record.to_record::<A>()?.map(|record| record.data().addr().into()),
        Rtype::AAAA => record.to_record::<Aaaa>()?.map(|record| record.data().addr().into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Form = Form { tcp: false, edns: false, unchecked: false };
    const EDNS: Form = Form { tcp: false, edns: true, unchecked: false };

    fn name(text: &str) -> WireName {
        WireName::vec_from_str(text).unwrap()
    }

    /// A message with this id, these flags, one question for a.example A and these further octets, counted as
    /// `answers` records.
    fn message(id: u16, flags: u16, answers: u16, rest: &[u8]) -> Vec<u8> {
        let mut octets = Vec::new();
        for word in [id, flags, 1, answers, 0, 0] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(b"\x01a\x07example\0\0\x01\0\x01");
        octets.extend(rest);
        octets
    }

    fn heard(octets: &[u8]) -> Heard {
        read(octets, &[7, 8], &name("a.example"), Rtype::A)
    }

    const A_RECORD: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x50";
    const FLAGS: u16 = 0x8180;

    #[test]
    fn a_question_is_as_the_standards_write_it() {
        let octets = question(0x1234, &name("a.example"), Rtype::AAAA, PLAIN);
        assert_eq!(octets, b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x1c\0\x01");
        let octets = question(0x1234, &name("a.example"), Rtype::A, Form { unchecked: true, ..EDNS });
        let expected = b"\x12\x34\x01\x30\0\x01\0\0\0\0\0\x01\x01a\x07example\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0";
        assert_eq!(octets, expected);
    }

    #[test]
    fn an_answer_is_read() {
        let Heard::Reply(1, reply) = heard(&message(8, FLAGS, 1, A_RECORD)) else { panic!() };
        assert_eq!(
            (reply.addresses.as_slice(), reply.ttl),
            (&["192.0.2.80".parse().unwrap()][..], Some(300))
        );
        assert!(reply.ra && !reply.ad && !reply.aa && !reply.tc && !reply.edns && !reply.is_loop);
        // Octets after the last record are harmless.
        assert!(matches!(heard(&message(8, FLAGS, 1, &[A_RECORD, b"xx"].concat())), Heard::Reply(..)));
    }

    #[test]
    fn aliases_are_followed_in_any_order() {
        let alias = b"\xc0\x0c\0\x05\0\x01\0\0\0\x0a\0\x04\x01b\xc0\x0e";
        let target = b"\x01B\xc0\x0e\0\x01\0\x01\0\0\0\x05\0\x04\xc0\0\x02\x51";
        for rest in [[&alias[..], &target[..]].concat(), [&target[..], &alias[..]].concat()] {
            let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 2, &rest)) else { panic!() };
            assert_eq!((reply.addresses, reply.ttl), (vec!["192.0.2.81".parse().unwrap()], Some(5)));
        }
        let own_loop = b"\xc0\x0c\0\x05\0\x01\0\0\0\x0a\0\x02\xc0\x0c";
        let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 1, own_loop)) else { panic!() };
        assert!(reply.is_loop);
    }

    #[test]
    fn an_address_of_another_name_is_none() {
        let other = b"\x01x\xc0\x0e\0\x01\0\x01\0\0\0\x05\0\x04\xc0\0\x02\x51";
        let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 1, other)) else { panic!() };
        assert_eq!((reply.records, reply.addresses.len()), (0, 0));
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        let rows = [
            (vec![], Heard::Malformed("shorter than its header")),
            (vec![0; 11], Heard::Malformed("shorter than its header")),
            (message(9, FLAGS, 1, A_RECORD), Heard::WrongId),
            (message(7, 0x0100, 0, b""), Heard::Echo),
            (message(7, FLAGS, 2, A_RECORD), Heard::Malformed("a record of its answer cannot be read")),
            (
                message(7, FLAGS, 1, &A_RECORD[..10]),
                Heard::Malformed("a record of its answer cannot be read"),
            ),
            // A pointer to itself, and one forward.
            (
                message(7, FLAGS, 1, b"\xc0\x1b\0\x01\0\x01\0\0\0\0\0\0"),
                Heard::Malformed("a record of its answer cannot be read"),
            ),
            (
                message(7, FLAGS, 1, b"\xc0\xff\0\x01\0\x01\0\0\0\0\0\0"),
                Heard::Malformed("a record of its answer cannot be read"),
            ),
            // An address of three octets.
            (
                message(7, FLAGS, 1, b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x03\xc0\0\x02"),
                Heard::Malformed("a record of its answer cannot be read"),
            ),
            ([&message(7, FLAGS, 0, b"")[..4], &[0; 8]].concat(), Heard::Malformed("without the question")),
            (
                [&message(7, FLAGS, 0, b"")[..4], &[0, 2, 0, 0, 0, 0, 0, 0]].concat(),
                Heard::Malformed("its question cannot be read"),
            ),
        ];
        for (octets, expected) in rows {
            assert_eq!(heard(&octets), expected, "{octets:?}");
        }
        let other = read(&message(7, FLAGS, 1, A_RECORD), &[7], &name("b.example"), Rtype::A);
        let other_type = read(&message(7, FLAGS, 1, A_RECORD), &[7], &name("a.example"), Rtype::AAAA);
        assert_eq!((other, other_type), (Heard::OtherQuestion, Heard::OtherQuestion));
        // The case of letters is no difference; a refusal needs no question; what was cut is still an answer.
        assert!(matches!(
            read(&message(7, FLAGS, 1, A_RECORD), &[7], &name("A.exAMPLE"), Rtype::A),
            Heard::Reply(..)
        ));
        assert!(matches!(heard(&[&[0, 7, 0x81, 0x82][..], &[0; 8]].concat()), Heard::Reply(0, _)));
        let Heard::Reply(0, cut) = heard(&message(7, 0x8380, 2, A_RECORD)) else { panic!() };
        assert!(cut.tc);
    }

    #[test]
    fn extended_errors_and_codes_are_read() {
        let mut octets = message(7, 0x8182, 0, b"\0\0\x29\x04\xd0\0\0\0\0\0\x0a\0\x0f\0\x06\0\x07late");
        octets[11] = 1;
        let Heard::Reply(_, reply) = heard(&octets) else { panic!() };
        assert_eq!(
            (reply.rcode, reply.errors.as_slice()),
            (OptRcode::SERVFAIL, &[(7, "late".to_owned())][..])
        );
        assert!(reply.edns);
        let mut octets = message(7, 0x8180, 0, b"\0\0\x29\x04\xd0\x01\0\0\0\0\0");
        octets[11] = 1;
        let Heard::Reply(_, reply) = heard(&octets) else { panic!() };
        assert_eq!(reply.rcode, OptRcode::BADVERS);
    }

    #[test]
    fn thousands_of_aliases_end() {
        // Each name is an alias of the next: the chain is followed once, and a circle of them is found.
        let mut rest = Vec::new();
        for number in 0..2_000_u16 {
            let label = |number: u16| {
                if number == 0 { b"\xc0\x0c".to_vec() } else { format!("\x04{number:04}").into_bytes() }
            };
            let owner = if number == 0 { label(0) } else { [&label(number)[..], b"\xc0\x0e"].concat() };
            let next =
                if number == 1_999 { label(0) } else { [&label(number + 1)[..], b"\xc0\x0e"].concat() };
            rest.extend(owner);
            rest.extend(b"\0\x05\0\x01\0\0\0\0");
            rest.extend(u16::try_from(next.len()).unwrap().to_be_bytes());
            rest.extend(next);
        }
        let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 2_000, &rest)) else { panic!() };
        assert!(reply.is_loop);
    }
}
