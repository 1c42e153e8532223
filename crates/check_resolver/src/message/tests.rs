//! Messages octet by octet: what is sent, and what an answer may be.

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
const OPT: &[u8] = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";
/// What follows the name of an address record.
const A_REST: &[u8] = A_RECORD.split_at(2).1;

/// An answer of one record and this rest, whose header counts so many more in the section of this place.
fn counting(place: usize, count: u8, rest: &[u8]) -> Vec<u8> {
    let mut octets = message(7, FLAGS, 1, rest);
    octets[place + 1] = count;
    octets
}

/// A name of 250 octets.
fn long_name() -> Vec<u8> {
    let label = |length: u8| [&[length][..], &vec![b'x'; usize::from(length)]].concat();
    [label(63), label(63), label(63), label(56), vec![0]].concat()
}

#[test]
fn the_data_of_other_types_is_read_too() {
    let of = |kind: Rtype, data: &[u8]| {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let mut octets = message(
            7,
            FLAGS,
            1,
            &[b"\xc0\x0c", &kind.to_int().to_be_bytes()[..], b"\0\x01\0\0\0\x05", &length, data].concat(),
        );
        octets[23..25].copy_from_slice(&kind.to_int().to_be_bytes());
        read(&octets, &[7], &name("a.example"), kind)
    };
    let rows: [(Rtype, &[u8], &[u8]); 7] = [
        (Rtype::MX, b"\0\x0a\xc0\x0c", b"\0\x0a"),
        (Rtype::NS, b"\xc0\x0c", b""),
        (Rtype::PTR, b"\xc0\x0c", b"\xc0\xff"),
        (Rtype::CNAME, b"\x01b\0", b"\x02b\0"),
        (Rtype::SRV, b"\0\x01\0\x01\0\x50\x01b\0", b"\0\x01\0\x01\0\x50\x01b\0\0"),
        (Rtype::TXT, b"\x01x", b"\x02x"),
        (Rtype::SOA, b"\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01", b"\0\0\0\0\0\x01"),
    ];
    for (kind, good, bad) in rows {
        assert!(
            matches!(of(kind, good), Heard::Reply(0, reply) if reply.records == 1),
            "{kind} {:?}",
            of(kind, good)
        );
        assert_eq!(of(kind, bad), Heard::Malformed("a record of its answer cannot be read"), "{kind}");
    }
    assert!(matches!(of(Rtype::CAA, b"\0\x05issueca.example"), Heard::Reply(..)));
    assert_eq!(of(Rtype::CAA, b"\0\x09is"), Heard::Malformed("a record of its answer cannot be read"));
}

#[test]
fn a_question_is_as_the_standards_write_it() {
    let octets = question(0x1234, &name("a.example"), Rtype::AAAA, PLAIN);
    assert_eq!(octets, b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x1c\0\x01");
    let octets = question(0x1234, &name("a.example"), Rtype::A, Form { unchecked: true, ..EDNS });
    let expected =
        b"\x12\x34\x01\x30\0\x01\0\0\0\0\0\x01\x01a\x07example\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0";
    assert_eq!(octets, expected);
}

#[test]
fn an_answer_is_read() {
    let Heard::Reply(1, reply) = heard(&message(8, FLAGS, 1, A_RECORD)) else { panic!() };
    assert_eq!((reply.addresses.as_slice(), reply.ttl), (&["192.0.2.80".parse().unwrap()][..], Some(300)));
    assert!(reply.ra && !reply.ad && !reply.aa && !reply.tc && !reply.edns && !reply.is_loop);
    let signature = b"\xc0\x0c\0\x2e\0\x01\0\0\x01\x2c\0\x02xx";
    let Heard::Reply(_, signed) = heard(&message(8, FLAGS, 2, &[A_RECORD, signature].concat())) else {
        panic!()
    };
    assert!(signed.is_signed && signed.records == 1 && !reply.is_signed);
    // Octets after the last record are harmless.
    assert!(matches!(heard(&message(8, FLAGS, 1, &[A_RECORD, b"xx"].concat())), Heard::Reply(..)));
}

#[test]
fn aliases_are_followed_in_any_order() {
    let alias = b"\xc0\x0c\0\x05\0\x01\0\0\0\x0a\0\x04\x01b\xc0\x0e";
    let target = b"\x01B\xc0\x0e\0\x01\0\x01\0\0\0\x05\0\x04\xc0\0\x02\x51";
    for (rest, is_in_order) in
        [([&alias[..], &target[..]].concat(), true), ([&target[..], &alias[..]].concat(), false)]
    {
        let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 2, &rest)) else { panic!() };
        let address: IpAddr = "192.0.2.81".parse().unwrap();
        assert_eq!((&*reply.addresses, reply.records, reply.ttl), (&[address][..], 1, Some(5)));
        // The C library finds none where the alias is the last.
        assert_eq!((reply.is_out_of_order, reply.found().is_empty()), (!is_in_order, !is_in_order));
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
        // One record more in the header than there is, in each section; one less hides nothing.
        (counting(8, 1, A_RECORD), Heard::Malformed("a record after its answer cannot be read")),
        (counting(10, 1, A_RECORD), Heard::Malformed("a record after its answer cannot be read")),
        (
            counting(10, 2, &[A_RECORD, OPT].concat()),
            Heard::Malformed("a record after its answer cannot be read"),
        ),
        // EDNS that is none: an option longer than the record, two of them, one with a name.
        (
            counting(10, 1, &[A_RECORD, b"\0\0\x29\x04\xd0\0\0\0\0\0\x04\0\x0f\0\x06"].concat()),
            Heard::Malformed("its EDNS record cannot be read"),
        ),
        (
            counting(10, 1, &[A_RECORD, &OPT[..9]].concat()),
            Heard::Malformed("a record after its answer cannot be read"),
        ),
        (counting(10, 2, &[A_RECORD, OPT, OPT].concat()), Heard::Malformed("it has two EDNS records")),
        (
            counting(10, 1, &[A_RECORD, b"\xc0\x0c", &OPT[1..]].concat()),
            Heard::Malformed("its EDNS record has a name"),
        ),
        // A name of 256 octets, by a pointer to one of 250.
        (
            message(7, FLAGS, 2, &[&long_name()[..], A_REST, b"\x05abcde\xc0\x1b", A_REST].concat()),
            Heard::Malformed("a record of its answer cannot be read"),
        ),
        // Data longer than an address, and than the message.
        (
            message(7, FLAGS, 1, &[b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x05", &A_RECORD[12..], b"x"].concat()),
            Heard::Malformed("a record of its answer cannot be read"),
        ),
        (
            message(7, FLAGS, 1, b"\xc0\x0c\0\x10\0\x01\0\0\0\0\xff\xff\x01x"),
            Heard::Malformed("a record of its answer cannot be read"),
        ),
        (message(7, FLAGS, 1, &A_RECORD[..10]), Heard::Malformed("a record of its answer cannot be read")),
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
    assert_eq!((reply.rcode, reply.errors.as_slice()), (OptRcode::SERVFAIL, &[(7, "late".to_owned())][..]));
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
        let next = if number == 1_999 { label(0) } else { [&label(number + 1)[..], b"\xc0\x0e"].concat() };
        rest.extend(owner);
        rest.extend(b"\0\x05\0\x01\0\0\0\0");
        rest.extend(u16::try_from(next.len()).unwrap().to_be_bytes());
        rest.extend(next);
    }
    let Heard::Reply(_, reply) = heard(&message(7, FLAGS, 2_000, &rest)) else { panic!() };
    assert!(reply.is_loop);
}
