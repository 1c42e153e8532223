//! What the fuzz targets of the configuration formats have in common: a tree in memory whose files are the
//! parts of the input, and what must hold for whatever is read from it.

use std::time::Duration;

use host_config::{Promise, Source, Tree};
use plugin::Deadline;

/// Reads `source` from a tree that holds the parts of `input` as `files`; parts are set apart by the octet
/// 0x1e, which no such file has. Each promise and each error must name a file that is there; where a line of
/// the format can `include` another file, the error may be that of reading it.
pub fn read(source: Source, files: &[&str], include: bool, input: &[u8]) {
    let parts = input.split(|octet| *octet == 0x1e).chain(std::iter::repeat(&[][..]));
    let deadline = Deadline::after(Duration::from_secs(60));
    match source.read(&Tree::in_memory(files.iter().zip(parts), &deadline)) {
        Ok(read) => {
            read.expect("there are files").promises.iter().for_each(|promise| hold(source, files, promise))
        }
        Err(error) => {
            let error = error.to_string();
            // A list without an address has no line to name.
            let named = |file: &&str| {
                error.starts_with(&format!("/{file} line ")) || error == format!("/{file}: no address in it")
            };
            let named = files.iter().any(|file| named(file));
            assert!(
                named || include && error.starts_with("reading /"),
                "file and line are not named: {error}"
            );
        }
    }
}

fn hold(source: Source, files: &[&str], promise: &Promise) {
    let address = promise.expected.address;
    assert!(!address.is_unspecified() && !address.is_multicast(), "no host can have {address}");
    assert!(files.iter().any(|file| promise.place.file == format!("/{file}")), "{}", promise.place);
    assert_eq!(promise.expected.to_string().parse().ok(), Some(promise.expected));
    assert!(promise.place.line >= 1);
    let may_float = matches!(source, Source::Keepalived | Source::Ifupdown);
    assert!(!promise.floating || may_float, "only keepalived's and ucarp's addresses float");
}
