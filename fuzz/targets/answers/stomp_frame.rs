//! What a broker says: nothing panics, memory is bounded, the same frames come of the same octets however
//! they are cut, and each frame reads back from what it is encoded to. The first octet says the version and
//! the cut.

use notify_stomp::frame::{BODY, Decoder, Frame, FrameError, Version};

const VERSIONS: [Version; 3] = [Version::V10, Version::V11, Version::V12];

fn decode<'a>(version: Version, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = Decoder::default();
    decoder.set_version(version);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

pub(crate) fn run(input: &[u8]) {
    let Some((first, octets)) = input.split_first() else { return };
    let version = VERSIONS[usize::from(*first) % 3];
    let size = usize::from(*first / 3) % 40 + 1;
    let (whole, error) = decode(version, std::iter::once(octets));
    let (pieces, piece_error) = decode(version, octets.chunks(size));
    assert_eq!(whole, pieces, "cut into pieces of {size}");
    assert_eq!(
        error.is_some(),
        piece_error.is_some(),
        "{error:?} whole, {piece_error:?} in pieces of {size}"
    );
    for frame in whole {
        assert!(
            ["CONNECTED", "MESSAGE", "RECEIPT", "ERROR"].contains(&frame.command.as_str()),
            "{}",
            frame.command
        );
        assert!(frame.body.len() <= BODY);
        back(frame, version);
    }
}

/// A frame that can be said in this version says the same again.
fn back(frame: Frame, version: Version) {
    // CONNECTED is never escaped, and a length of its own would stand twice.
    if frame.command == "CONNECTED" || frame.header("content-length").is_some() {
        return;
    }
    let mut octets = Vec::new();
    if frame.encode(version, &mut octets).is_err() {
        return;
    }
    let (again, error) = decode(version, std::iter::once(octets.as_slice()));
    assert_eq!(error, None);
    let mut expected = frame.clone();
    if !frame.body.is_empty() {
        expected.headers.push(("content-length".to_owned(), frame.body.len().to_string()));
    }
    assert_eq!(again, [expected]);
}
