//! Signed answers of a real agent, changed on the way: whatever is changed, they are not believed, and the
//! true one still is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use check_clock_offset::snmp::{Asked, Engine, Envelope, Level, Opened, Report, User, Usm, Version};
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension, Security};
use snmp2::{Oid, Pdu};

/// An answer, the number of its question, and the user who asked.
struct Signed {
    answer: &'static [u8],
    id: i32,
    user: User,
}

/// What net-snmp 5.9.3 answered when it was asked for hrSystemDate.0.
fn signed() -> [Signed; 3] {
    let user = |name: &str, level, protocol, auth| User {
        name: name.as_bytes().to_vec(),
        level,
        context: String::new(),
        password: b"authpass1".to_vec(),
        protocol,
        auth,
        extension: KeyExtension::Blumenthal,
    };
    let privacy = |cipher| Auth::AuthPriv { cipher, privacy_password: b"privpass1".to_vec() };
    [
        Signed {
            answer: include_bytes!("fixtures/v3_signed"),
            id: 0x1a06_ad34,
            user: user("sha", Level::AuthNoPriv, AuthProtocol::Sha1, Auth::AuthNoPriv),
        },
        Signed {
            answer: include_bytes!("fixtures/v3_encrypted"),
            id: 0x4d39_7fad,
            user: user("shaaes", Level::AuthPriv, AuthProtocol::Sha1, privacy(Cipher::Aes128)),
        },
        Signed {
            answer: include_bytes!("fixtures/v3_des"),
            id: 0x4629_be92,
            user: user("md5des", Level::AuthPriv, AuthProtocol::Md5, privacy(Cipher::Des)),
        },
    ]
}

/// The user at the agent that gave the answers.
fn usm(user: &User) -> Usm {
    let id = b"\x80\0\x1f\x88\x80\x5d\x6a\xe5\x21\x51\x8d\x02\x6b\0\0\0\0".to_vec();
    Usm::new(user, &Engine { id, boots: 1, time: 0x4e6 }).unwrap()
}

/// What comes of an answer: nothing if it does not even look like one.
fn open(usm: &mut Usm, octets: &[u8], id: i32) -> Option<Opened> {
    let oids = [Oid::from(&[1, 3, 6, 1, 2, 1, 25, 1, 2, 0]).unwrap()];
    let envelope =
        Envelope::read(octets, &Asked { version: Version::V3, community: b"", ids: &[id] }).ok()?;
    Some(usm.open(octets, &envelope, &oids))
}

fn believed(opened: &Option<Opened>) -> bool {
    matches!(opened, Some(Opened::Values(_) | Opened::Again))
}

#[test]
fn the_true_answers_are_believed() {
    for Signed { answer, id, user } in signed() {
        let opened = open(&mut usm(&user), answer, id);
        assert!(
            matches!(&opened, Some(Opened::Values(Ok(values))) if values.len() == 1),
            "{user:?}: {opened:?}"
        );
        assert_eq!(open(&mut usm(&user), answer, id + 1), None, "it answers no other question");
    }
}

#[test]
fn no_octet_of_a_signed_answer_can_be_changed() {
    for Signed { answer, id, user } in signed() {
        let mut usm = usm(&user);
        let mut looked_right = 0;
        for place in 0..answer.len() {
            for change in 1..=255 {
                let mut forged = answer.to_vec();
                forged[place] ^= change;
                let opened = open(&mut usm, &forged, id);
                looked_right += usize::from(opened.is_some());
                assert!(!believed(&opened), "{user:?}: octet {place} ^ {change}: {opened:?}");
            }
        }
        assert!(
            looked_right > 1000,
            "only {looked_right} of the forged answers came as far as the signature"
        );
        assert!(believed(&open(&mut usm, answer, id)), "{user:?}: the true answer after the forged ones");
    }
}

#[test]
fn nothing_can_be_added_or_taken_away() {
    for Signed { answer, id, user } in signed() {
        let mut usm = usm(&user);
        for place in 0..=answer.len() {
            assert!(!believed(&open(&mut usm, &answer[..place.min(answer.len() - 1)], id)));
            for octet in [0, 1, 2, 4, 0x30, 0x7f, 0x80, 0xff] {
                let longer = [&answer[..place], &[octet], &answer[place..]].concat();
                assert!(!believed(&open(&mut usm, &longer, id)), "{user:?}: {octet} at {place}");
            }
        }
    }
}

#[test]
fn an_answer_of_a_version_without_signatures_is_none() {
    // `snmp2` itself takes it, if the community is the user's name.
    let plain =
        b"\x30\x32\x02\x01\x01\x04\x03sha\xa2\x28\x02\x04\x1a\x06\xad\x34\x02\x01\x00\x02\x01\x00\x30\x1a\x30\x18\x06\x09\
                  \x2b\x06\x01\x02\x01\x19\x01\x02\x00\x04\x0b\x07\xea\x0b\x16\x06\x38\x37\x00\x2b\x00\x00";
    for Signed { user, .. } in signed() {
        assert_eq!(open(&mut usm(&user), plain, 0x1a06_ad34), None);
    }
    let asked = Asked { version: Version::V2c, community: b"sha", ids: &[0x1a06_ad34] };
    assert!(Envelope::read(plain, &asked).is_ok(), "where version 2c was asked, it is an answer");
}

/// A report that the questions of the user "sha" are not in the agent's time window, signed by the agent
/// after 9 starts.
fn not_in_time_window() -> Vec<u8> {
    let engine = b"\x80\0\x1f\x88\x80\x5d\x6a\xe5\x21\x51\x8d\x02\x6b\0\0\0\0";
    let security = |auth, boots, time| {
        let security =
            Security::new(b"sha", b"authpass1").with_auth(auth).with_auth_protocol(AuthProtocol::Sha1);
        security.with_engine_id(engine).unwrap().with_engine_boots_and_time(boots, time)
    };
    // The same agent's report of a wrong signature, which it did not sign, with the other counter's name.
    let mut plain = include_bytes!("fixtures/v3_wrong_digest").to_vec();
    let wrong_digests = [6, 3, 15, 1, 1, 5, 0];
    let place = plain.windows(7).position(|name| name == wrong_digests).unwrap();
    plain.splice(place + 5..place + 6, [2]);
    let mut unsigned = security(Auth::NoAuthNoPriv, 1, 0x4e6);
    let report = Pdu::from_bytes_with_security(&plain, Some(&mut unsigned)).unwrap();
    report.to_bytes_with_security(Some(&security(Auth::AuthNoPriv, 9, 5000))).unwrap()
}

#[test]
fn boots_and_time_are_taken_from_a_signed_report_only() {
    const ID: i32 = 0x730b_67a3;
    let oids = [Oid::from(&[1, 3, 6, 1, 2, 1, 25, 1, 2, 0]).unwrap()];
    let clock = |question: &[u8]| question.windows(7).any(|part| part == [2, 1, 9, 2, 2, 0x13, 0x88]);
    let [signed, ..] = signed();
    let mut usm = usm(&signed.user);
    let report = not_in_time_window();
    let mut forged = report.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(open(&mut usm, &forged, ID), Some(Opened::Forged));
    assert!(!clock(&usm.question(ID, &oids).unwrap()));
    assert_eq!(open(&mut usm, &report, ID), Some(Opened::Again));
    assert!(clock(&usm.question(ID, &oids).unwrap()), "the next question has the agent's boots and time");
    let unsigned = include_bytes!("fixtures/v3_wrong_digest");
    assert_eq!(open(&mut usm, unsigned, ID), Some(Opened::Report(Report::WrongDigest)));
}
