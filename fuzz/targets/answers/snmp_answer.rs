//! Answers of an SNMP agent: whatever comes, nothing panics, what is believed fits the question, and the next
//! one can be asked. The seeds are a real agent's answers. (That no signature can be forged is shown
//! elsewhere: libFuzzer watches the comparison with the true signature, and so learns what nobody else
//! could.)

use std::sync::LazyLock;

use check_clock_offset::snmp::{Asked, Engine, Envelope, Level, Opened, User, Usm, Version, variables};
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension};
use snmp2::{Oid, Pdu};

/// The numbers of the questions that the seeds answer.
const IDS: [i32; 8] =
    [0x70c9_f9d4, 0x418b_56f0, 0x2abf_b094, 0x1a06_ad34, 0x4d39_7fad, 0x4629_be92, 0x751c_3053, 0x730b_67a3];
const ENGINE: [u8; 17] = [0x80, 0, 0x1f, 0x88, 0x80, 0x5d, 0x6a, 0xe5, 0x21, 0x51, 0x8d, 2, 0x6b, 0, 0, 0, 0];
static USERS: LazyLock<Vec<(Level, Usm)>> = LazyLock::new(|| {
    let aes = Auth::AuthPriv { cipher: Cipher::Aes128, privacy_password: b"privpass1".to_vec() };
    let des = Auth::AuthPriv { cipher: Cipher::Des, privacy_password: b"privpass1".to_vec() };
    let users = [
        ("noauth", Level::NoAuthNoPriv, AuthProtocol::Md5, Auth::NoAuthNoPriv),
        ("sha", Level::AuthNoPriv, AuthProtocol::Sha1, Auth::AuthNoPriv),
        ("shaaes", Level::AuthPriv, AuthProtocol::Sha1, aes),
        ("md5des", Level::AuthPriv, AuthProtocol::Md5, des),
    ];
    let engine = Engine { id: ENGINE.to_vec(), boots: 1, time: 0x4e6 };
    let usm = |(name, level, protocol, auth): (&str, Level, AuthProtocol, Auth)| {
        let (name, password, context) = (name.as_bytes().to_vec(), b"authpass1".to_vec(), String::new());
        let user =
            User { name, level, context, password, protocol, auth, extension: KeyExtension::Blumenthal };
        (level, Usm::new(&user, &engine).unwrap())
    };
    users.into_iter().map(usm).collect()
});

pub(crate) fn run(octets: &[u8]) {
    let oids = [Oid::from(&[1, 3, 6, 1, 2, 1, 25, 1, 2, 0]).unwrap()];
    for version in [Version::V1, Version::V2c] {
        let Ok(envelope) = Envelope::read(octets, &Asked { version, community: b"public", ids: &IDS }) else {
            continue;
        };
        assert!(IDS.contains(&envelope.id));
        let Ok(answer) = Pdu::from_bytes(octets) else { continue };
        assert_eq!((answer.req_id, answer.community), (envelope.id, &b"public"[..]));
        if let Ok(values) = variables(&answer, &oids) {
            assert_eq!(values.len(), 1);
            told(values.into_iter().flatten());
        }
    }
    let Ok(envelope) = Envelope::read(octets, &Asked { version: Version::V3, community: b"", ids: &IDS })
    else {
        return;
    };
    for (level, usm) in USERS.iter() {
        let mut usm = usm.clone();
        match usm.open(octets, &envelope, &oids) {
            Opened::Values(values) => {
                assert!(
                    *level == Level::NoAuthNoPriv || envelope.signed,
                    "an answer without a signature is believed at {level}"
                );
                told(values.into_iter().flatten().flatten());
            }
            Opened::Again => assert!(
                *level == Level::NoAuthNoPriv || envelope.signed,
                "anybody sets boots and time at {level}"
            ),
            _ => {}
        }
        // Whatever came, the next question can be asked.
        assert!(usm.question(IDS[0], &oids).is_ok());
    }
}

fn told(values: impl Iterator<Item = check_clock_offset::value::Value>) {
    for value in values {
        if let Ok(shown) = value.time(None) {
            assert!(
                shown.value.is_finite() && shown.value.abs() < 3e11 && shown.resolution > 0.0,
                "{shown:?}"
            );
        }
    }
}
