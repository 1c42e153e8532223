//! What a nameserver answers: nothing is believed but an answer to the question with its id, its numbers
//! agree with each other, and hostile aliases and pointers end.

use check_resolver::message::{Heard, read};
use domain::base::Rtype;
use domain::base::name::Name;

pub(crate) fn run(octets: &[u8]) {
    let name = Name::vec_from_str("a.example").unwrap();
    for kind in [Rtype::A, Rtype::AAAA, Rtype::TXT] {
        let Heard::Reply(place, reply) = read(octets, &[0x0707, 0x0808], &name, kind) else { continue };
        assert!(place < 2 && octets.starts_with(if place == 0 { &[7, 7] } else { &[8, 8] }));
        assert!(octets[2] & 0x80 != 0, "a question is no answer");
        assert!(reply.addresses.len() <= reply.records && (kind != Rtype::TXT || reply.addresses.is_empty()));
        assert!(reply.addresses.iter().all(|address| address.is_ipv4() == (kind == Rtype::A)));
        assert_eq!(reply.ttl.is_some(), reply.records > 0);
        assert!(!reply.is_loop || reply.records == 0);
    }
}
