//! Reads the lists of addresses that `--file` names.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use addresses::{Fields, HostAddress, List, short};
use plugin::{Deadline, ReadError, read_file, read_opened};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::stdin;

use crate::located::Located;
use crate::promise::{ConfigError, Dynamic, Giver, Place, Possible, Promise, Promises};
use crate::tree::LARGEST;

/// The name of a file that stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// Reads the comments of a list, which is at `path`, that a program wrote there: `# dynamic: eth1 ipv4` for
/// an interface that gets its address from outside (ipv4, ipv6 or any; with `optional`, one that may have
/// none, or a pattern of names, and `single`, if one interface of those has it at a time; with `shared` or
/// `pool`, one that this host itself gives an address), `# ports: vmbr0 enp4s0` for those of a bridge or a
/// bond, `# floating: 192.0.2.100` for an address that may be here or on another host, `# possible:
/// 192.0.2.101 eth0` for one that may be bound on eth0, `# guessed: 192.0.2.102 eth0` for one of the list
/// that is perhaps not configured, and, after an address, `# on: eth0` for the interface that it is
/// configured on.
pub(crate) fn expectations(path: &Path, content: &[u8], to: &mut Promises) {
    // A list without a comment, which may be a long one, is not looked at line by line.
    if !content.contains(&b'#') {
        return;
    }
    for (number, line) in (1..).zip(content.split(|octet| *octet == b'\n')) {
        let place = || Place { file: path.display().to_string(), line: number };
        if let Some((mark, rest)) = line.strip_prefix(b"# ").and_then(marked) {
            expectation(mark, &rest, place(), to);
        } else if let Some((address, names)) = placed(line) {
            let on = |name| Located { value: address, place: place() }.promise(Some(name));
            to.promises.extend(names.split_ascii_whitespace().map(on));
        }
    }
    *to = std::mem::take(to).merge_ports();
}

/// What a comment that a program wrote is about, and what it says of it up to a comment of its own.
fn marked(comment: &[u8]) -> Option<(Mark, Cow<'_, str>)> {
    const MARKS: [(&[u8], Mark); 5] = [
        (b"dynamic: ", Mark::Dynamic),
        (b"ports: ", Mark::Ports),
        (b"floating: ", Mark::Floating),
        (b"possible: ", Mark::Possible),
        (b"guessed: ", Mark::Guessed),
    ];
    let (mark, rest) = MARKS.iter().find_map(|(word, mark)| Some((*mark, comment.strip_prefix(*word)?)))?;
    let said = rest.split(|octet| *octet == b'#').next().unwrap_or_default();
    Some((mark, String::from_utf8_lossy(said)))
}

/// The address of a line, and the interfaces that a program wrote after it.
fn placed(line: &[u8]) -> Option<(HostAddress, &str)> {
    let mut parts = line.split(|octet| *octet == b'#');
    let (address, comment) = (parts.next()?, parts.next()?.strip_prefix(b" on: ")?);
    let address = str::from_utf8(address).ok()?.trim_ascii().parse().ok()?;
    Some((address, str::from_utf8(comment).ok()?))
}

/// The kinds of comments that [`expectations`] reads.
#[derive(Clone, Copy)]
enum Mark {
    Dynamic,
    Ports,
    Floating,
    Possible,
    Guessed,
}

/// Returns which of the guesses of lists, each with the number of its list, stand: those of an address that
/// no list names without such a mark.
pub(crate) fn doubtful(guessed: Vec<(u32, Possible)>, lists: &[List]) -> Vec<Possible> {
    let marked: HashSet<(u32, IpAddr)> =
        guessed.iter().map(|(list, possible)| (*list, possible.addresses.address)).collect();
    let addresses: HashSet<IpAddr> = marked.iter().map(|(_, address)| *address).collect();
    let entries = lists.iter().filter(|_| !addresses.is_empty()).flat_map(|list| &list.entries);
    let certain: HashSet<IpAddr> = entries
        .filter(|entry| addresses.contains(&entry.expected.address))
        .filter(|entry| !marked.contains(&(entry.list, entry.expected.address)))
        .map(|entry| entry.expected.address)
        .collect();
    let all = guessed.into_iter().map(|(_, possible)| possible);
    all.filter(|possible| !certain.contains(&possible.addresses.address)).collect()
}

/// Takes up what one of these comments says; one that says something else is a comment like any other, but
/// for `# dynamic:`, without which an interface would need no address.
fn expectation(mark: Mark, said: &str, place: Place, to: &mut Promises) {
    if matches!(mark, Mark::Dynamic) {
        let remark = || place.remark(format!("# dynamic: {}: {DYNAMIC}", short(said.trim())));
        match dynamic(said, &place) {
            Some(dynamic) => to.dynamic.push(dynamic),
            None => to.unknown.push(remark()),
        }
        return;
    }
    let words: Vec<&str> = said.split_ascii_whitespace().collect();
    match (mark, words.as_slice()) {
        (Mark::Floating, [address]) => {
            let floating = |value| Promise { floating: true, ..Located { value, place }.promise(None) };
            to.promises.extend(address.parse().ok().map(floating));
        }
        (Mark::Possible | Mark::Guessed, [address, interface @ ..]) if interface.len() < 2 => {
            let interface = interface.first().map(|name| (*name).to_owned());
            let possible = |addresses| Possible { addresses, interface, why: format!("{place}") };
            let list = if matches!(mark, Mark::Guessed) { &mut to.guessed } else { &mut to.possible };
            list.extend(address.parse().ok().map(possible));
        }
        (Mark::Ports, [interface, "none"]) => to.add_port(interface, None, &place),
        (Mark::Ports, [interface, ports @ ..]) => {
            ports.iter().for_each(|port| to.add_port(interface, Some(port), &place))
        }
        _ => {}
    }
}

/// What a comment `# dynamic:` means, and what to write.
const DYNAMIC: &str =
    "it asks for an address of an interface: write \"# dynamic: eth0 ipv4\", or the comment with no colon";

/// Returns the interface that gets an address from outside: `None` where the words are others.
fn dynamic(said: &str, place: &Place) -> Option<Dynamic> {
    let mut words: Vec<&str> = said.split_ascii_whitespace().collect();
    let givers = [Giver::Shared, Giver::Pool];
    let named = givers.into_iter().find(|giver| words.len() > 2 && words.last().copied() == giver.word());
    words.truncate(words.len() - named.iter().count());
    let (interface, family, required) = match words.as_slice() {
        [interface, family] => ((*interface).to_owned(), family, true),
        [interface @ .., family, "optional"] | [interface @ .., family, "optional", "single"] => {
            (interface.join(" "), family, false)
        }
        _ => return None,
    };
    Some(Dynamic {
        interface: Some(interface).filter(|name| !name.is_empty())?,
        family: family.parse().ok()?,
        giver: named.unwrap_or(Giver::Network),
        required,
        spare: false,
        single: !required && words.last() == Some(&"single"),
        place: place.clone(),
    })
}

/// Reads the list in the file `path`, or the standard input if that is `-`, which is the caller's list
/// `number`, with the ports and the labels of its lines.
///
/// # Errors
/// [`ConfigError::Read`] and [`ConfigError::List`]: the file cannot be read in time, holds more than 16 MiB,
/// a line that is no address, ports that are none or stand in another place, or no address at all.
pub fn read_list_with_fields(
    path: &Path,
    number: u32,
    deadline: &Deadline,
) -> Result<(List, Fields), ConfigError> {
    let (name, content) = read_content(path, deadline)?;
    Ok(List::parse_with_fields(&name, number, &content)?)
}

/// Checks that no more than one of the files is the standard input, which the second would find at its end.
///
/// # Errors
/// [`ConfigError::StandardInputTwice`].
pub fn check_files(files: &[PathBuf]) -> Result<(), ConfigError> {
    match files.iter().filter(|file| *file == Path::new(STANDARD_INPUT)).count() {
        0 | 1 => Ok(()),
        _ => Err(ConfigError::StandardInputTwice),
    }
}

/// The name of a list for messages, and its content: of the standard input if it is called `-`.
fn read_content(path: &Path, deadline: &Deadline) -> Result<(String, Vec<u8>), ReadError> {
    if path != Path::new(STANDARD_INPUT) {
        return Ok((path.display().to_string(), read_file(path, LARGEST, deadline)?));
    }
    let name = "standard input";
    let open = || fcntl_dupfd_cloexec(stdin(), 0);
    Ok((name.to_owned(), read_opened(Path::new(name), LARGEST, deadline, open)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(content: &[u8]) -> Vec<String> {
        let mut to = Promises::default();
        expectations(Path::new("list"), content, &mut to);
        let dynamic = to.dynamic.iter().map(|each| {
            let optional = if each.required { "" } else { " optional" };
            let single = if each.single { " single" } else { "" };
            format!("{} {} {}{optional}{single}", each.place, each.interface, each.family)
        });
        let floating = to.promises.iter().map(|each| {
            let on = each.interface.iter().map(|name| format!(" on {name}")).collect::<String>();
            format!("{} {}{on}", each.place, each.expected)
        });
        let ports = to.ports.iter().map(|each| format!("{} {:?}", each.interface, each.ports));
        let possible = to.possible.iter().map(|each| format!("{} {:?}", each.addresses, each.interface));
        let guessed =
            to.guessed.iter().map(|each| format!("guessed {} {:?}", each.addresses, each.interface));
        let unknown = to.unknown.iter().map(|each| format!("{}: {}", each.place, each.what));
        unknown.chain(dynamic).chain(floating).chain(ports).chain(possible).chain(guessed).collect()
    }

    #[test]
    fn a_comment_that_a_program_wrote_is_read_with_its_line() {
        let list = b"192.0.2.1 # dynamic: eth9 ipv4\n\xff # \xfe\n# dynamic: eth1 ipv4 # by hand\r\n# floating: 192.0.2.9\n\
                     # ports: vmbr0 eth2 eth3\n  # dynamic: eth8 ipv4\n# dynamic: eth7 \xff\n# dynamic: eth7 ipv5\n";
        let not_understood = |line, what| format!("list line {line}: # dynamic: {what}: {DYNAMIC}");
        let first = [
            not_understood(7, "eth7 \u{fffd}"),
            not_understood(8, "eth7 ipv5"),
            "list line 3 eth1 ipv4".to_owned(),
            "list line 4 192.0.2.9".to_owned(),
        ];
        let found = said(list);
        assert_eq!(found[..4], first);
        assert!(found.len() == 5 && found[4].starts_with("vmbr0 "), "{found:?}");
        assert!(said(b"").is_empty() && said(b"192.0.2.1\n").is_empty());
        let on = said(
            b"192.0.2.1/24 # on: eth0 # /etc/netplan/a.yaml line 3\n192.0.2.2 # on: eth0:1 eth1\r\n192.0.2.3 # on eth0\n\
              192.0.2.4 # on: \n192.0.2.x # on: eth0\n2001:db8::1/64 # on: eth0\n192.0.2.5 # mine # on: eth0\n",
        );
        let first = "list line 1 192.0.2.1/24 on eth0";
        let second = ["list line 2 192.0.2.2 on eth0:1", "list line 2 192.0.2.2 on eth1"];
        assert_eq!(on, [first, second[0], second[1], "list line 6 2001:db8::1/64 on eth0"]);
        let possible = said(
            b"# possible: 192.0.2.1 eth0 # why\n# possible: 10.42.0.0/16\n# possible: x eth0\n\
              # possible: 192.0.2.1 a b\n# guessed: 192.0.2.1 eth0 # why\n# guessed: 192.0.2.1 a b\n",
        );
        let guessed = "guessed 192.0.2.1 Some(\"eth0\")";
        assert_eq!(possible, ["192.0.2.1 Some(\"eth0\")", "10.42.0.0/16 None", guessed]);
        let optional = said(
            b"# dynamic: eth1 eth* any optional # by hand\n# dynamic: eth1 eth2 any\n# dynamic: optional\n\
              # dynamic: eth* ipv4 optional single # f line 1\n# dynamic: eth1 ipv4 single\n",
        );
        let wrong = [(2, "eth1 eth2 any"), (3, "optional"), (5, "eth1 ipv4 single")];
        let wrong = wrong.map(|(line, what)| not_understood(line, what));
        let right = ["list line 1 eth1 eth* any optional", "list line 4 eth* ipv4 optional single"];
        assert_eq!(optional, [&wrong[..], &right.map(str::to_owned)].concat());
        let wrong = ["eth0 pool ipv4", "eth0 ipv4 bogus", "eth0", "ipv4 optional"];
        for what in wrong {
            let found = said(format!("# dynamic: {what}\n").as_bytes());
            assert_eq!(found, [not_understood(1, what)]);
        }
    }
}
