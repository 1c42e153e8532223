//! Two contents of a host's file: nothing panics, the same octets are no difference but for a CR that breaks
//! a resolv.conf, and what differs by meaning differs by octets too. The first octet says which file it is.

use check_host_files::{Expected, difference};

const PATHS: [&str; 4] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/ntp.conf"];

pub(crate) fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let middle = rest.iter().position(|octet| *octet == 0).unwrap_or(rest.len());
    let (expected, found) = (&rest[..middle], rest.get(middle + 1..).unwrap_or_default());
    let copy = Expected::Copy(expected.to_vec());
    let same = difference(path, &copy, expected, false);
    assert!(same.is_none() || path == "/etc/resolv.conf" && expected.contains(&b'\r'), "{same:?}");
    assert_eq!(difference(path, &copy, expected, true), None);
    let meaning = difference(path, &copy, found, false);
    let is_cr = path == "/etc/resolv.conf" && found.contains(&b'\r');
    assert!(meaning.is_none() || is_cr || difference(path, &copy, found, true).is_some(), "{meaning:?}");
    let given = Expected::Resolver(vec!["127.0.0.1".to_owned()], vec!["example.com".to_owned()]);
    difference("/etc/resolv.conf", &given, found, false);
}
