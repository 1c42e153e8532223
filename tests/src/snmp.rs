//! Answers of an SNMP agent in BER (X.690), made from the question, for values that no real agent gives.

/// A tag, a length and a content of up to 65,535 octets.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut octets = match (length, content.len()) {
        ([_, short], 0..=127) => vec![tag, short],
        ([high, low], _) => vec![tag, 0x82, high, low],
    };
    octets.extend(content);
    octets
}

/// The parts of a question of version 1 or 2c about one variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// 0 or 1.
    pub version: u8,
    /// The community.
    pub community: Vec<u8>,
    /// The request id, as an encoded INTEGER.
    pub id: Vec<u8>,
    /// The names of the variables, as encoded OBJECT IDENTIFIERs.
    pub names: Vec<Vec<u8>>,
}

impl Question {
    /// Reads a question; what is not there is empty.
    pub fn read(octets: &[u8]) -> Self {
        let mut question = Self::default();
        let (_, message, _) = split(octets);
        let (_, version, rest) = split(message);
        question.version = version.first().copied().unwrap_or_default();
        let (_, community, rest) = split(rest);
        question.community = community.to_vec();
        let (_, pdu, _) = split(rest);
        let (tag, id, rest) = split(pdu);
        question.id = tlv(tag, id);
        let (_, _, rest) = split(rest);
        let (_, _, rest) = split(rest);
        let (_, mut variables, _) = split(rest);
        while !variables.is_empty() {
            let (_, variable, others) = split(variables);
            let (tag, name, _) = split(variable);
            question.names.push(tlv(tag, name));
            variables = others;
        }
        question
    }

    /// The answer with these values, each encoded.
    pub fn answer(&self, values: &[Vec<u8>]) -> Vec<u8> {
        self.answer_with_status(0, values)
    }

    /// The answer with this error-status, about the first variable.
    pub fn answer_with_status(&self, status: u8, values: &[Vec<u8>]) -> Vec<u8> {
        let variables =
            self.names.iter().zip(values).map(|(name, value)| tlv(0x30, &[&name[..], value].concat()));
        let variables = tlv(0x30, &variables.collect::<Vec<_>>().concat());
        let pdu =
            tlv(0xa2, &[&self.id[..], &[2, 1, status, 2, 1, u8::from(status > 0)], &variables].concat());
        tlv(0x30, &[&[2, 1, self.version][..], &tlv(4, &self.community), &pdu].concat())
    }
}

/// The tag and the content of the first thing, and what follows it.
fn split(octets: &[u8]) -> (u8, &[u8], &[u8]) {
    let (start, length) = match octets {
        [_, 0x81, length, ..] => (3, usize::from(*length)),
        [_, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [_, length, ..] => (2, usize::from(*length)),
        _ => return (0, &[], &[]),
    };
    let content = octets.get(start..start + length).unwrap_or_default();
    (octets.first().copied().unwrap_or_default(), content, octets.get(start + length..).unwrap_or_default())
}
