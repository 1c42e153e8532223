//! Tests of frame.rs: rows of what is given and what must come of it.

use super::*;

fn encoded(frame: &Frame, version: Version) -> Result<String, FrameError> {
    let mut octets = Vec::new();
    frame.encode(version, &mut octets).map(|()| String::from_utf8(octets).unwrap())
}

/// The frames in these octets, fed in pieces of `size`.
fn decoded(octets: &[u8], version: Version, size: usize) -> Result<Vec<Frame>, FrameError> {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    decoder.set_version(version);
    for piece in octets.chunks(size) {
        decoder.feed(piece);
        while let Some(frame) = decoder.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

#[test]
fn headers_are_escaped_as_each_version_wants() {
    let frame = Frame { body: b"x\0y".to_vec(), ..Frame::new("SEND").with("destination", "/a:b\\c\nd") };
    let twelve = "SEND\ndestination:/a\\cb\\\\c\\nd\ncontent-length:3\n\nx\0y\0";
    assert_eq!(encoded(&frame, Version::V12).unwrap(), twelve);
    assert_eq!(encoded(&frame, Version::V11).unwrap(), twelve);
    assert_eq!(
        encoded(&frame, Version::V10),
        Err(FrameError::Unsayable("destination".to_owned(), Version::V10))
    );
    let plain = Frame::new("SEND").with("destination", "/a:b\\c");
    assert_eq!(encoded(&plain, Version::V10).unwrap(), "SEND\ndestination:/a:b\\c\n\n\0");
    let returns = Frame::new("SEND").with("a", "\r");
    assert_eq!(encoded(&returns, Version::V12).unwrap(), "SEND\na:\\r\n\n\0");
    for version in [Version::V10, Version::V11] {
        assert!(encoded(&returns, version).is_err(), "{version}");
    }
    for version in [Version::V10, Version::V11, Version::V12] {
        assert!(encoded(&Frame::new("SEND").with("a", "\0"), version).is_err(), "{version}");
        // CONNECT is read by servers of all versions.
        assert_eq!(
            encoded(&Frame::new("CONNECT").with("passcode", "a:\\b"), version).unwrap(),
            "CONNECT\npasscode:a:\\b\n\n\0"
        );
        for passcode in ["a\nb", "a\rb", "a\0b"] {
            assert!(
                encoded(&Frame::new("CONNECT").with("passcode", passcode), version).is_err(),
                "{version} {passcode:?}"
            );
        }
    }
}

#[test]
fn frames_are_read_however_they_are_cut() {
    let octets = b"\n\r\nCONNECTED\r\nversion:1.2\r\n\r\n\0\nMESSAGE\na\\c:b\\\\\\n\\r\na:second\ncontent-length:3\n\nx\0y\0\n\nRECEIPT\nreceipt-id:7\n\n\0\n";
    for size in [1, 2, 3, 7, octets.len()] {
        let frames = decoded(octets, Version::V12, size).unwrap();
        let commands: Vec<&str> = frames.iter().map(|frame| frame.command.as_str()).collect();
        assert_eq!(commands, ["CONNECTED", "MESSAGE", "RECEIPT"], "{size}");
        assert_eq!(frames[0].header("version"), Some("1.2"));
        assert_eq!((frames[1].header("a:"), frames[1].body.as_slice()), (Some("b\\\n\r"), &b"x\0y"[..]));
        assert_eq!(frames[2].header("receipt-id"), Some("7"));
    }
}

#[test]
fn what_is_no_frame_is_refused_as_soon_as_that_is_certain() {
    let rows: [(&[u8], FrameError); 10] = [
        (b"H", FrameError::Command("H".to_owned())),
        (b"CONNECTEDX", FrameError::Command("CONNECTEDX".to_owned())),
        (b"CONNECT\n", FrameError::Command("CONNECT\n".to_owned())),
        (b"\0", FrameError::Command("\0".to_owned())),
        (b"ERROR\nmessage\n\n\0", FrameError::Header("message".to_owned())),
        (b"ERROR\nmessage:\\t\n\n\0", FrameError::Header("message:\\t".to_owned())),
        (b"ERROR\nmessage:\xff\n\n\0", FrameError::Header("message:\u{fffd}".to_owned())),
        (b"ERROR\ncontent-length:x\n\n\0", FrameError::Length),
        (b"ERROR\ncontent-length:+1\n\nx\0", FrameError::Length),
        (b"ERROR\ncontent-length:1\n\nxy\0", FrameError::Length),
    ];
    for (octets, error) in rows {
        assert_eq!(decoded(octets, Version::V12, octets.len()), Err(error), "{octets:?}");
    }
    let endless = [b"MESSAGE\n\n".to_vec(), vec![b'x'; BODY + 1]].concat();
    assert_eq!(decoded(&endless, Version::V12, 1 << 20), Err(FrameError::Body));
    let headers = [b"MESSAGE\n".to_vec(), b"a:b\n".repeat(HEAD / 4 + 1)].concat();
    assert_eq!(decoded(&headers, Version::V12, 1 << 10), Err(FrameError::Head));
    // Version 1.1 has no \r, and 1.0 no escapes at all.
    assert!(decoded(b"ERROR\na:\\r\n\n\0", Version::V11, 99).is_err());
    assert_eq!(decoded(b"ERROR\na:\\r\n\n\0", Version::V10, 99).unwrap()[0].header("a"), Some("\\r"));
}
