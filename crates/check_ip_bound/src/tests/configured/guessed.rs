//! Addresses that are expected by a guess: nothing that is bound tells which of several profiles is active.

use std::path::PathBuf;

use super::profiles::FOLDER;
use super::rivals::named;
use super::*;

/// Returns the files of two profiles for one card.
fn two() -> Vec<(String, String)> {
    [1, 2].map(|last| (format!("{FOLDER}/{last}.nmconnection"), named("eth0", last))).to_vec()
}

/// Returns the observations of a host with these lists of expected addresses.
fn of_lists(lists: &[PathBuf], more: &[&str], files: Vec<(String, String)>, present: &str) -> Observations {
    let deadline = Deadline::after(Duration::from_secs(60));
    let mut args = args();
    args.addresses.file = lists.to_vec();
    args.addresses.ip = more.iter().map(|address| address.parse().unwrap()).collect();
    args.addresses.from = if files.is_empty() { Vec::new() } else { vec!["auto".parse().unwrap()] };
    observed(&args, &Tree::in_memory(files, &deadline), present)
}

/// Returns the addresses that are guessed.
fn guessed(observed: &Observations) -> String {
    let found = observed.expected.guessed.iter().map(|each| each.addresses.to_string());
    found.collect::<Vec<_>>().join(" ")
}

/// Returns the addresses that are expected.
fn expected(observed: &Observations) -> String {
    let found = observed.expected.entries.iter().map(|each| each.expected.address.to_string());
    found.collect::<Vec<_>>().join(" ")
}

/// A handler does not bind a guess.
#[test]
fn an_address_of_a_profile_that_may_be_active_is_a_guess() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let certain = ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\n\taddress 192.0.2.1/24\n");
    let rows = [
        ("203.0.113.1/24@eth0", false, "192.0.2.2", "192.0.2.1"),
        ("192.0.2.2/24@eth0", false, "192.0.2.1", ""),
        // Another source says so, too.
        ("203.0.113.1/24@eth0", true, "192.0.2.2", ""),
    ];
    for (present, with, may_be, expected) in rows {
        let mut files = two();
        files.extend(with.then(|| (certain.0.to_owned(), certain.1.to_owned())));
        let found = observed(&args(), &Tree::in_memory(files, &deadline), present);
        let possible: Vec<String> =
            found.expected.possible.iter().map(|each| each.addresses.to_string()).collect();
        assert_eq!((possible.join(" ").as_str(), &*guessed(&found)), (may_be, expected), "{present} {with}");
    }
}

/// A list is renewed while an address is missing, too: it keeps the address, and says that it is a guess.
#[test]
fn a_list_keeps_a_guess_as_a_guess() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("list"), folder.path().join("other"));
    let down = "203.0.113.1/24@eth0";
    let configured = |present| of_lists(&[], &[], two(), present);
    let listed = |present| {
        let observed = configured(present);
        observed.expected.listing(&observed.bound).render("IP_BOUND", 0)
    };
    let list = listed(down);
    assert!(list.contains("\n# guessed: 192.0.2.1 eth0 # eth0 has one profile at a time\n"), "{list}");
    assert!(list.contains("\n192.0.2.1/24 # on: eth0 # "), "{list}");
    assert!(!listed("192.0.2.2/24@eth0").contains("guessed"));
    std::fs::write(&path, list).unwrap();
    let lists = std::slice::from_ref(&path);
    let read = of_lists(lists, &[], Vec::new(), down);
    let text = evaluate(&args().limits(), &read).render("IP_BOUND", 0);
    assert!(text.starts_with("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1 | "), "{text}");
    assert_eq!(guessed(&read), "192.0.2.1");
    // An address that an option or another list names too is certain.
    assert_eq!(guessed(&of_lists(lists, &["192.0.2.1"], Vec::new(), down)), "");
    for (content, expected) in [("192.0.2.1\n", ""), ("192.0.2.9\n", "192.0.2.1")] {
        std::fs::write(&other, content).unwrap();
        for both in [[&path, &other], [&other, &path]] {
            let found = of_lists(&both.map(Clone::clone), &[], Vec::new(), down);
            assert_eq!(guessed(&found), expected, "{content}");
        }
    }
    let rows = [
        (two(), down, "192.0.2.1"),
        (two(), "192.0.2.1/24@eth0", ""),
        // Which profile is active is known by now, and the list is old.
        (two(), "192.0.2.2/24@eth0", "192.0.2.1"),
        (two()[..1].to_vec(), down, ""),
        (two()[1..].to_vec(), down, "192.0.2.1"),
    ];
    for (files, present, doubtful) in rows {
        let found = of_lists(lists, &[], files, present);
        assert_eq!(guessed(&found), doubtful, "{present}");
        assert!(expected(&found).contains("192.0.2.1"), "{present}");
    }
}
