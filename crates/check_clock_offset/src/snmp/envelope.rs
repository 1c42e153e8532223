//! The outside of an answer, read strictly before `snmp2` sees it: does it belong to a question of ours, and
//! is it well-formed?
//!
//! Nothing may follow where something ends, so that `snmp2` and this file read the same message.

use snmp2::AsnReader;
use snmp2::asn1::{TYPE_OBJECTIDENTIFIER, TYPE_SEQUENCE};
use snmp2::snmp::{
    MSG_REPORT, MSG_RESPONSE, TYPE_COUNTER32, TYPE_TIMETICKS, TYPE_UNSIGNED32, V3_MSG_FLAGS_AUTH,
    V3_MSG_FLAGS_PRIVACY,
};

use super::message::USM;
use super::version::Version;

/// The greatest message size that `snmp2` takes from an agent, in octets.
const GREATEST_SIZE: i64 = 65_507;
/// The encoding of usmStats, whose children are what reports are about (RFC 3414): 1.3.6.1.6.3.15.1.1.
const USM_STATS: [u8; 8] = [0x2b, 6, 1, 6, 3, 15, 1, 1];

/// What an answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The version that we asked in.
    pub version: Version,
    /// The community that we asked with, in versions 1 and 2c.
    pub community: &'a [u8],
    /// The numbers of the questions that are open: request ids, in version 3 message ids.
    pub ids: &'a [i32],
}

/// An answer that belongs to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The number of the question.
    pub id: i32,
    /// Whether it claims to be authentic, which is still to be tested.
    pub signed: bool,
    /// What the agent says of itself in version 3.
    pub engine: Engine,
    /// What a report of version 3 is about; none if it is an answer, or encrypted.
    pub report: Option<Report>,
}

/// The agent's SNMP engine (RFC 3411, section 3.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// 5 to 32 octets; empty in versions 1 and 2c.
    pub id: Vec<u8>,
    /// How often it was started, 31 bits.
    pub boots: i64,
    /// Seconds since it was started, 31 bits.
    pub time: i64,
}

/// What a report is about (RFC 3414, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The user may not ask at this security level.
    UnsupportedLevel,
    /// Boots and time of the question are not the agent's.
    NotInTimeWindow,
    /// There is no such user.
    UnknownUser,
    /// The engine's id was not known to us: the answer to the first question.
    UnknownEngine,
    /// The signature is wrong.
    WrongDigest,
    /// The question could not be decrypted.
    Decryption,
    /// Something else.
    Other,
}

/// Why a datagram is not taken for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not well-formed.
    Malformed,
    /// It is of another version than our questions.
    OtherVersion,
    /// It has another community than our questions.
    OtherCommunity,
    /// It has the number of no question of ours.
    OtherNumber,
    /// It announces a message size that `snmp2` refuses.
    MessageSize(i64),
}

impl From<snmp2::Error> for Refused {
    fn from(_: snmp2::Error) -> Self {
        Self::Malformed
    }
}

impl Envelope {
    /// Reads the outside of a datagram.
    ///
    /// # Errors
    /// [`Refused`]: it is not to be taken for an answer.
    pub fn read(octets: &[u8], asked: &Asked<'_>) -> Result<Self, Refused> {
        let mut message = only(&mut AsnReader::from_bytes(octets), TYPE_SEQUENCE)?;
        if message.read_asn_integer()? != asked.version as i64 {
            return Err(Refused::OtherVersion);
        }
        if asked.version == Version::V3 {
            return Self::read_v3(message, asked);
        }
        if message.read_asn_octetstring()? != asked.community {
            return Err(Refused::OtherCommunity);
        }
        let (id, _) = pdu(&mut message, MSG_RESPONSE)?;
        Ok(Self { id: known(id, asked)?, signed: false, engine: Engine::default(), report: None })
    }

    fn read_v3(mut message: AsnReader<'_>, asked: &Asked<'_>) -> Result<Self, Refused> {
        let mut header = AsnReader::from_bytes(message.read_raw(TYPE_SEQUENCE)?);
        let (id, size) = (header.read_asn_integer()?, header.read_asn_integer()?);
        let id = known(id, asked)?;
        let &[flags] = header.read_asn_octetstring()? else { return Err(Refused::Malformed) };
        let model = header.read_asn_integer()?;
        ended(&header)?;
        let (signed, encrypted) = (flags & V3_MSG_FLAGS_AUTH != 0, flags & V3_MSG_FLAGS_PRIVACY != 0);
        if model != USM || (encrypted && !signed) {
            return Err(Refused::Malformed);
        }
        let engine = Engine::read(message.read_asn_octetstring()?)?;
        let report = if encrypted {
            message.read_asn_octetstring()?;
            ended(&message)?;
            None
        } else {
            let mut scoped = only(&mut message, TYPE_SEQUENCE)?;
            scoped.read_asn_octetstring()?;
            scoped.read_asn_octetstring()?;
            match scoped.peek_byte()? {
                MSG_REPORT => Some(Report::about(pdu(&mut scoped, MSG_REPORT)?.1)),
                _ => pdu(&mut scoped, MSG_RESPONSE).map(|_| None)?,
            }
        };
        if size > GREATEST_SIZE {
            return Err(Refused::MessageSize(size));
        }
        Ok(Self { id, signed, engine, report })
    }
}

impl Engine {
    /// From the security parameters of RFC 3414.
    fn read(parameters: &[u8]) -> Result<Self, Refused> {
        let mut fields = only(&mut AsnReader::from_bytes(parameters), TYPE_SEQUENCE)?;
        let id = fields.read_asn_octetstring()?.to_vec();
        let (boots, time) = (fields.read_asn_integer()?, fields.read_asn_integer()?);
        for _name_signature_and_salt in 0..3 {
            fields.read_asn_octetstring()?;
        }
        ended(&fields)?;
        let counters = 0..=i64::from(i32::MAX);
        let fits = (5..=32).contains(&id.len()) && counters.contains(&boots) && counters.contains(&time);
        if fits { Ok(Self { id, boots, time }) } else { Err(Refused::Malformed) }
    }
}

impl Report {
    /// By the name of its first variable.
    fn about(name: Option<&[u8]>) -> Self {
        match name.and_then(|name| name.strip_prefix(&USM_STATS)) {
            Some([1, 0]) => Self::UnsupportedLevel,
            Some([2, 0]) => Self::NotInTimeWindow,
            Some([3, 0]) => Self::UnknownUser,
            Some([4, 0]) => Self::UnknownEngine,
            Some([5, 0]) => Self::WrongDigest,
            Some([6, 0]) => Self::Decryption,
            _ => Self::Other,
        }
    }
}

/// The content of the one thing that is left, which must have this tag.
fn only<'a>(reader: &mut AsnReader<'a>, tag: u8) -> Result<AsnReader<'a>, Refused> {
    let content = reader.read_raw(tag)?;
    ended(reader)?;
    Ok(AsnReader::from_bytes(content))
}

fn ended(reader: &AsnReader<'_>) -> Result<(), Refused> {
    if reader.bytes_left() == 0 { Ok(()) } else { Err(Refused::Malformed) }
}

fn known(id: i64, asked: &Asked<'_>) -> Result<i32, Refused> {
    let id = i32::try_from(id).ok().filter(|id| asked.ids.contains(id));
    id.ok_or(Refused::OtherNumber)
}

/// The last thing of `reader`: a PDU with this tag. Its request id, and the encoded name of its first
/// variable.
fn pdu<'a>(reader: &mut AsnReader<'a>, tag: u8) -> Result<(i64, Option<&'a [u8]>), Refused> {
    let mut pdu = only(reader, tag)?;
    let id = pdu.read_asn_integer()?;
    pdu.read_asn_integer()?;
    pdu.read_asn_integer()?;
    let mut variables = only(&mut pdu, TYPE_SEQUENCE)?;
    let mut first = None;
    while variables.bytes_left() > 0 {
        let mut variable = AsnReader::from_bytes(variables.read_raw(TYPE_SEQUENCE)?);
        let name = variable.read_raw(TYPE_OBJECTIDENTIFIER)?;
        let kind = variable.peek_byte()?;
        let value = variable.read_raw(kind)?;
        ended(&variable)?;
        if matches!(kind, TYPE_COUNTER32 | TYPE_UNSIGNED32 | TYPE_TIMETICKS) && !is_32_bits(value) {
            return Err(Refused::Malformed);
        }
        first.get_or_insert(name);
    }
    Ok((id, first))
}

/// An unsigned number of 32 bits: in up to 4 octets, whose first bit some agents let stand for 2^31, or in 5
/// that start with 0.
fn is_32_bits(value: &[u8]) -> bool {
    matches!(value, [_] | [_, _] | [_, _, _] | [_, _, _, _] | [0, _, _, _, _])
}
