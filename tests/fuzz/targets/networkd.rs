//! systemd-networkd's files and drop-ins: each promise and each error names a file that is there.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::time::Duration;

use addresses::config::{Source, Tree};
use libfuzzer_sys::fuzz_target;
use plugin::Deadline;
use tempfile::TempDir;

/// Where the parts of an input go: they are set apart by the octet 0x1e, which no such file has.
const FILES: [&str; 3] =
    ["etc/systemd/network/10-a.network", "run/systemd/network/10-a.network.d/10.conf", "usr/lib/systemd/network/20-b.network"];

thread_local! {
    static ROOT: RefCell<TempDir> = RefCell::new(tree());
}

fn tree() -> TempDir {
    let root = tempfile::tempdir().expect("a folder for the tree");
    for file in FILES {
        fs::create_dir_all(root.path().join(file).parent().expect("a folder")).expect("a folder");
    }
    root
}

fuzz_target!(|input: &[u8]| {
    ROOT.with_borrow(|root| {
        let mut parts = input.split(|octet| *octet == 0x1e);
        for file in FILES {
            fs::write(root.path().join(file), parts.next().unwrap_or_default()).expect("a file of the tree");
        }
        let deadline = Deadline::after(Duration::from_secs(60));
        match Source::Networkd.read(&Tree::new(root.path(), &deadline)) {
            Ok(read) => {
                for promise in read.expect("there are files").promises {
                    let address = promise.expected.address;
                    assert!(!address.is_unspecified() && !address.is_multicast(), "no host can have {address}");
                    assert!(FILES.iter().any(|file| promise.place.file == format!("/{file}")), "{}", promise.place);
                    assert_eq!(promise.expected.to_string().parse().ok(), Some(promise.expected));
                    assert!(promise.place.line >= 1 && !promise.floating);
                }
            }
            Err(error) => {
                let error = error.to_string();
                let named = FILES.iter().any(|file| error.starts_with(&format!("/{file} line ")));
                assert!(named, "file and line are not named: {error}");
            }
        }
    });
});
