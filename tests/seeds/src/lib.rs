//! What the fuzz targets have in common. The tests try each target with its seeds; `fuzz/run` lets libFuzzer
//! look for more. There each program holds the targets of a folder, so that what these share is compiled and
//! linked once. In one program with all of them the quickest target tried a tenth as many inputs as in one of
//! its own, because libFuzzer looks at the counters of the whole program after each.

use std::net::IpAddr;
use std::time::Duration;

use host_config::{Promise, Source, Tree};
use plugin::Deadline;

/// What a target does with an input.
#[derive(Clone, Copy)]
pub enum Target {
    Octets(fn(&[u8])),
    /// An input that is not UTF-8 is cut where it is not.
    Text(fn(&str)),
}

impl Target {
    /// Returns the one of these targets whose name the environment has as `FUZZ_TARGET`.
    pub fn chosen(targets: &[(&str, Self)]) -> Self {
        let wanted = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET is the name of a target");
        let found = targets.iter().find(|(name, _)| *name == wanted);
        found.unwrap_or_else(|| panic!("FUZZ_TARGET={wanted} is not a target of this program")).1
    }

    pub fn run(self, input: &[u8]) {
        match self {
            Self::Octets(run) => run(input),
            Self::Text(run) => run(input.utf8_chunks().next().map_or("", |chunk| chunk.valid())),
        }
    }
}

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
            let named = files.iter().any(named);
            assert!(
                named || include && error.starts_with("reading /"),
                "file and line are not named: {error}"
            );
        }
    }
}

fn hold(source: Source, files: &[&str], promise: &Promise) {
    let address = promise.expected.address;
    // No list has these, but the kernel binds them, and these two programs ask it to.
    let is_unlisted = match address {
        IpAddr::V4(four) => four.is_multicast() || four.is_broadcast(),
        IpAddr::V6(six) => six.to_ipv4_mapped().is_some(),
    };
    let is_unlisted = is_unlisted && matches!(source, Source::Networkd | Source::NetworkManager);
    let is_of_hosts = !address.is_unspecified() && !address.is_multicast();
    assert!(is_of_hosts || is_unlisted, "no host can have {address}");
    assert!(files.iter().any(|file| promise.place.file == format!("/{file}")), "{}", promise.place);
    assert!(is_unlisted || promise.expected.to_string().parse() == Ok(promise.expected), "{address}");
    assert!(promise.place.line >= 1);
    let may_float = matches!(source, Source::Keepalived | Source::Ifupdown);
    assert!(!promise.floating || may_float, "only keepalived's and ucarp's addresses float");
}
