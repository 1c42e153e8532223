//! Lists of addresses: every line is an address, blank, or named as bad; nothing is skipped, and nothing is
//! made up.

use std::collections::HashSet;
use std::net::IpAddr;

use addresses::{Fields, HostAddress, List, ListError, ambiguous};

pub(crate) fn run(content: &[u8]) {
    let plain = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let lines: Vec<&[u8]> = plain.split(|&octet| octet == b'\n').collect();
    match List::parse("/etc/ips", 7, content) {
        Ok(list) => accepted(&list, &lines),
        Err(error) => refused(&error, &lines),
    }
    // The understood lines are the list itself, or the rest beside its error.
    match List::parse_understood("/etc/ips", 7, content) {
        (list, None) => assert_eq!(List::parse("/etc/ips", 7, content).ok(), Some(list)),
        (list, Some(error)) => {
            assert_eq!(
                List::parse("/etc/ips", 7, content).map_err(|other| other.to_string()),
                Err(error.to_string())
            );
            let ListError::Lines { lines: bad, .. } = error else { return assert!(list.entries.is_empty()) };
            assert!(list.entries.iter().all(|entry| bad.iter().all(|(number, _)| *number != entry.line)));
        }
    }
    // Ports and labels stand beside the addresses: they never change which addresses there are. Zones are for
    // those who connect to them.
    if let Ok((list, fields)) = List::parse_with_fields("/etc/ips", 7, content) {
        if fields.zones.is_empty() {
            assert_eq!(List::parse("/etc/ips", 7, content).ok().as_ref(), Some(&list));
        }
        assert!(
            fields.ports.iter().all(|own| own.range.first > 0 && (own.entry as usize) < list.entries.len()),
            "{fields:?}"
        );
        assert!(fields.ports.is_sorted_by_key(|own| own.entry), "{fields:?}");
        labelled(&list, &fields, &lines);
    }
}

/// Each entry has at most one label, which stands on its line and is no address.
fn labelled(list: &List, fields: &Fields, lines: &[&[u8]]) {
    assert!(fields.labels.windows(2).all(|pair| pair[0].entry < pair[1].entry), "{fields:?}");
    for own in &fields.labels {
        let line = lines[list.entries[own.entry as usize].line as usize - 1];
        assert!(String::from_utf8_lossy(line).contains(&own.label), "{own:?}");
        assert!(!own.label.is_empty() && own.label.parse::<IpAddr>().is_err(), "{own:?}");
        assert!(!own.label.contains(|c: char| c.is_ascii_whitespace() || c == ',' || c == '#'), "{own:?}");
    }
    let addresses = fields
        .labels
        .iter()
        .map(|own| (list.entries[own.entry as usize].expected.address, own.label.as_str()));
    let pairs: HashSet<(IpAddr, &str)> = addresses.clone().collect();
    for label in ambiguous(addresses) {
        assert!(pairs.iter().filter(|(_, other)| *other == label).count() > 1, "{label}");
    }
}

/// A line with nothing on it but white space and a comment, which no carriage return ends early.
fn is_blank(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !line.contains(&b'\r') && line.first().is_none_or(|&first| first == b'#')
}

fn accepted(list: &List, lines: &[&[u8]]) {
    let filled: Vec<usize> =
        (1..).zip(lines).filter(|(_, line)| !is_blank(line)).map(|(number, _)| number).collect();
    let entries: Vec<usize> = list.entries.iter().map(|entry| entry.line as usize).collect();
    assert_eq!(entries, filled, "not each line that is filled is an entry");
    assert!(!entries.is_empty(), "an empty list was accepted");
    for entry in &list.entries {
        assert_eq!(entry.list, 7);
        let HostAddress { address, prefix } = entry.expected;
        assert!(!address.is_unspecified() && !address.is_multicast(), "no host can have {address}");
        assert!(
            prefix.is_none_or(|prefix| prefix <= if address.is_ipv4() { 32 } else { 128 }),
            "{}",
            entry.expected
        );
        assert_eq!(entry.expected.to_string().parse().ok(), Some(entry.expected), "does not read back");
        let line = lines[entry.line as usize - 1].trim_ascii();
        let field: Vec<u8> = line
            .iter()
            .copied()
            .take_while(|octet| !octet.is_ascii_whitespace() && !b",#".contains(octet))
            .collect();
        if let Ok(plain) = String::from_utf8_lossy(&field).parse::<IpAddr>() {
            assert_eq!((plain.to_canonical(), None), (address, prefix), "line {}", entry.line);
        }
    }
    let again: Vec<String> = list.entries.iter().map(|entry| entry.expected.to_string()).collect();
    let again = List::parse("again", 0, again.join("\r\n").as_bytes())
        .expect("what was read can be written and read again");
    assert!(
        again.entries.iter().map(|entry| entry.expected).eq(list.entries.iter().map(|entry| entry.expected))
    );
}

fn refused(error: &ListError, lines: &[&[u8]]) {
    let message = error.to_string();
    assert!(message.starts_with("/etc/ips"), "the file is not named: {message}");
    match error {
        ListError::Empty(_) => assert!(lines.iter().all(|line| is_blank(line)), "not empty"),
        ListError::Lines { lines: bad, count, .. } => {
            assert!(
                !bad.is_empty() && bad.len() <= *count && *count <= lines.len(),
                "{} named of {count}",
                bad.len()
            );
            assert!(message.len() <= 40_000, "the message holds {} octets", message.len());
            for (number, what) in bad {
                assert!(!what.is_empty() && !is_blank(lines[*number as usize - 1]), "line {number}: {what}");
                let line = lines[*number as usize - 1];
                // A byte order mark is none but at the start of a list.
                assert!(
                    List::parse("one", 0, line).is_err() || line.starts_with(b"\xef\xbb\xbf"),
                    "line {number} is fine: {what}"
                );
            }
        }
    }
}
