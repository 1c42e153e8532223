//! The comments of a list that a program wrote, and what is almost such a comment.

use std::borrow::Cow;
use std::path::Path;

use addresses::short;

use crate::located::Located;
use crate::promise::{ConfigError, Dynamic, Giver, Place, Possible, Promise, Promises};

/// Reads the comments of a list, which is at `path`, that a program wrote there: `# dynamic: eth1 ipv4` for
/// an interface that gets its address from outside (ipv4, ipv6 or any; with `optional`, one that may have
/// none, or a pattern of names, and `single`, if one interface of those has it at a time; with `shared` or
/// `pool`, one that this host itself gives an address), `# ports: vmbr0 enp4s0` for those of a bridge or a
/// bond (`none`, and `waits` where its addresses are bound with its first port), `# floating: 192.0.2.100`
/// for an address that may be here or on another host, `# possible: 192.0.2.101 eth0` for one that may be
/// bound on eth0, `# guessed: 192.0.2.102 eth0` for one of the list that is perhaps not configured, and,
/// after an address, `# on: eth0` for the interface that it is
/// configured on. A note names each comment that is almost one of these and is not read. What the program
/// did not understand, `# not understood: /etc/a line 1: ...`, is not understood here either: the list lacks
/// what it gives.
pub(crate) fn expectations(path: &Path, content: &[u8], to: &mut Promises) {
    // A list without a comment, which may be a long one, is not looked at line by line.
    if !content.contains(&b'#') {
        return;
    }
    for (number, line) in (1..).zip(content.split(|octet| *octet == b'\n')) {
        let Some((before, comment)) = split_comment(line) else { continue };
        let place = || Place { file: path.display().to_string(), line: number };
        if let Some(lack) = lack(before, comment) {
            to.unknown.push(place().remark(lack));
            continue;
        }
        let Some(written) = Written::parse(before, comment) else { continue };
        match written.mark {
            Mark::On => written.on(before, &place(), to),
            _ if before.trim_ascii().is_empty() => written.take(place(), to),
            // After an address, people note its ports so.
            Mark::Ports => {}
            _ if written.read(&place()).is_some() => to.notes.push(written.not_read(&place())),
            _ => {}
        }
    }
    *to = std::mem::take(to).merge_ports();
}

/// The comment for what the program that wrote the list did not understand.
const NOT_UNDERSTOOD: &[u8] = b" not understood: ";

/// Returns what a list lacks, if this comment says that something was not understood.
fn lack(before: &[u8], comment: &[u8]) -> Option<String> {
    let said = comment.strip_prefix(NOT_UNDERSTOOD).filter(|_| before.is_empty())?;
    let said = String::from_utf8_lossy(said.trim_ascii());
    Some(format!("incomplete list, not understood: {}: complete it and delete this line", short(&said)))
}

/// Checks that the program that wrote a list, which is at `path`, understood all of it.
///
/// # Errors
/// [`ConfigError::Line`], for the first comment that tells what it did not understand.
pub(crate) fn complete(path: &str, content: &[u8]) -> Result<(), ConfigError> {
    if !content.contains(&b'#') {
        return Ok(());
    }
    let mut lines = (1..).zip(content.split(|octet| *octet == b'\n'));
    let lack = lines.find_map(|(line, text)| {
        let (before, comment) = split_comment(text)?;
        Some(Place { file: path.to_owned(), line }.error(lack(before, comment)?))
    });
    lack.map_or(Ok(()), Err)
}

/// What stands before the first number sign of a line, and what follows it.
fn split_comment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.iter().position(|octet| *octet == b'#')?;
    Some((line.get(..start)?, line.get(start + 1..)?))
}

/// The kinds of comments that [`expectations`] reads.
#[derive(Clone, Copy)]
enum Mark {
    Dynamic,
    Ports,
    Floating,
    Possible,
    Guessed,
    On,
}

impl Mark {
    const ALL: [Self; 6] =
        [Self::Dynamic, Self::Ports, Self::Floating, Self::Possible, Self::Guessed, Self::On];

    /// Returns the word of the comment, and an example of it.
    fn word(self) -> (&'static str, &'static str) {
        match self {
            Self::Dynamic => ("dynamic", "eth0 ipv4"),
            Self::Ports => ("ports", "vmbr0 enp4s0"),
            Self::Floating => ("floating", "192.0.2.100"),
            Self::Possible => ("possible", "192.0.2.101 eth0"),
            Self::Guessed => ("guessed", "192.0.2.102 eth0"),
            Self::On => ("on", "eth0"),
        }
    }
}

/// A comment that begins with one of the words, in whatever spelling, and a colon.
struct Written<'a> {
    mark: Mark,
    /// Whether it is spelled and placed as a program writes it.
    exact: bool,
    /// All of it up to a comment of its own.
    whole: Cow<'a, str>,
    /// What follows the colon there.
    said: Cow<'a, str>,
}

impl<'a> Written<'a> {
    /// Parses the comment of a line, with what stands `before` its number sign.
    fn parse(before: &[u8], comment: &'a [u8]) -> Option<Self> {
        let text = comment.trim_ascii_start();
        let end = text.iter().position(|octet| !octet.is_ascii_alphabetic())?;
        let (word, rest) = text.split_at_checked(end)?;
        let mark = Mark::ALL.into_iter().find(|mark| word.eq_ignore_ascii_case(mark.word().0.as_bytes()))?;
        let said = up_to_comment(rest.trim_ascii_start().strip_prefix(b":")?);
        let as_program =
            comment.strip_prefix(b" ").and_then(|rest| rest.strip_prefix(mark.word().0.as_bytes()));
        let exact = before.is_empty() && as_program.is_some_and(|rest| rest.starts_with(b": "));
        let whole = String::from_utf8_lossy(up_to_comment(comment));
        Some(Self { mark, exact, whole, said: String::from_utf8_lossy(said) })
    }

    /// Takes up what it says. One that says something else is told by a note; `# dynamic:`, without which an
    /// interface would need no address, is not understood then. In another spelling, only what asks for
    /// more is taken.
    fn take(&self, place: Place, to: &mut Promises) {
        let asks = matches!(self.mark, Mark::Dynamic | Mark::Ports);
        match (self.read(&place), self.mark) {
            (Some(read), _) if self.exact || asks => add(read, to),
            (None, Mark::Dynamic) if self.exact => {
                to.unknown.push(place.remark(format!("# dynamic: {}: {DYNAMIC}", short(self.said.trim()))));
            }
            _ => to.notes.push(self.not_read(&place)),
        }
    }

    /// Takes the interfaces of the address that stands `before` it.
    fn on(&self, before: &[u8], place: &Place, to: &mut Promises) {
        let address = str::from_utf8(before).ok().and_then(|text| text.trim_ascii().parse().ok());
        let Some(value) = address else { return };
        let on = |name| Located { value, place: place.clone() }.promise(Some(name));
        to.promises.extend(self.said.split_ascii_whitespace().map(on));
    }

    /// Returns the note that it is a comment like any other.
    fn not_read(&self, place: &Place) -> String {
        let (word, example) = self.mark.word();
        format!(
            "note: {place}: not read: #{}: write # {word}: {example} on a line of its own, or no colon",
            short(self.whole.trim_end())
        )
    }

    /// Returns what it says: `None` where the words are others.
    fn read(&self, place: &Place) -> Option<Promises> {
        let mut to = Promises::default();
        let words: Vec<&str> = self.said.split_ascii_whitespace().collect();
        match (self.mark, words.as_slice()) {
            (Mark::Dynamic, _) => to.dynamic.push(dynamic(&self.said, place)?),
            (Mark::Floating, [address]) => {
                let value = address.parse().ok()?;
                let floating = Located { value, place: place.clone() }.promise(None);
                to.promises.push(Promise { floating: true, ..floating });
            }
            (Mark::Possible | Mark::Guessed, [address, interface @ ..]) if interface.len() < 2 => {
                let interface = interface.first().map(|name| (*name).to_owned());
                let possible =
                    Possible { addresses: address.parse().ok()?, interface, why: format!("{place}") };
                let list =
                    if matches!(self.mark, Mark::Guessed) { &mut to.guessed } else { &mut to.possible };
                list.push(possible);
            }
            (Mark::Ports, [interface, "none", waits @ ..]) if matches!(waits, [] | ["waits"]) => {
                to.add_port(interface, None, place);
                waits.iter().for_each(|_| to.wait_for_carrier(interface));
            }
            (Mark::Ports, [interface, ports @ ..]) if !ports.is_empty() => {
                ports.iter().for_each(|port| to.add_port(interface, Some(port), place));
            }
            _ => return None,
        }
        Some(to)
    }
}

fn up_to_comment(text: &[u8]) -> &[u8] {
    text.split(|octet| *octet == b'#').next().unwrap_or_default()
}

/// Adds what one comment says.
fn add(mut read: Promises, to: &mut Promises) {
    to.dynamic.append(&mut read.dynamic);
    to.promises.append(&mut read.promises);
    to.possible.append(&mut read.possible);
    to.guessed.append(&mut read.guessed);
    to.ports.append(&mut read.ports);
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
        let ports = to.ports.iter().map(|each| {
            let waits = if each.waits { " waits" } else { "" };
            format!("{} {:?}{waits}", each.interface, each.ports)
        });
        let possible = to.possible.iter().map(|each| format!("{} {:?}", each.addresses, each.interface));
        let guessed =
            to.guessed.iter().map(|each| format!("guessed {} {:?}", each.addresses, each.interface));
        let notes = to.notes.iter().cloned();
        let unknown = to.unknown.iter().map(|each| format!("{}: {}", each.place, each.what));
        unknown
            .chain(dynamic)
            .chain(floating)
            .chain(ports)
            .chain(possible)
            .chain(guessed)
            .chain(notes)
            .collect()
    }

    /// The note that a comment is not read.
    fn not_read(line: u32, comment: &str, example: &str) -> String {
        format!(
            "note: list line {line}: not read: {comment}: write # {example} on a line of its own, or no colon"
        )
    }

    #[test]
    fn what_is_almost_such_a_comment_is_read_or_told() {
        let read = [
            ("#dynamic: eth0 ipv4", "list line 1 eth0 ipv4"),
            ("# Dynamic: eth0 ipv4", "list line 1 eth0 ipv4"),
            ("\t#  DYNAMIC : eth0 ipv4 # mine", "list line 1 eth0 ipv4"),
            ("# dynamic:eth0 ipv4", "list line 1 eth0 ipv4"),
            ("#Ports: vmbr0 eth1", "vmbr0 [\"eth1\"]"),
            ("# ports: vmbr0 none", "vmbr0 []"),
            ("# ports: vmbr0 none waits", "vmbr0 [] waits"),
            ("192.0.2.1 #on: eth0", "list line 1 192.0.2.1 on eth0"),
            ("192.0.2.1/24 # On:eth0\r", "list line 1 192.0.2.1/24 on eth0"),
        ];
        for (line, expected) in read {
            assert_eq!(said(line.as_bytes()), [expected], "{line}");
        }
        let told = [
            ("# ports: vmbr0", "ports: vmbr0 enp4s0"),
            ("#Dynamic: see the wiki", "dynamic: eth0 ipv4"),
            ("# Dynamic:", "dynamic: eth0 ipv4"),
            // What asks for less is read only as a program writes it.
            ("#floating: 192.0.2.9", "floating: 192.0.2.100"),
            ("# Possible: 192.0.2.9 eth0", "possible: 192.0.2.101 eth0"),
            ("#guessed: 192.0.2.9", "guessed: 192.0.2.102 eth0"),
            ("192.0.2.1 # floating: 192.0.2.9", "floating: 192.0.2.100"),
            ("192.0.2.1 #Guessed: 192.0.2.1", "guessed: 192.0.2.102 eth0"),
        ];
        for (line, example) in told {
            let comment = line.trim_start_matches("192.0.2.1 ");
            assert_eq!(said(line.as_bytes()), [not_read(1, comment, example)], "{line}");
        }
        let ordinary = [
            "# dynamic eth0 ipv4",
            "# the floating: 192.0.2.9",
            "## dynamic: eth0 ipv4",
            "# http://example.com",
            "192.0.2.1 # ports: 80 443",
            "192.0.2.1 # dynamic: leased by the office",
            "192.0.2.1 # floating: no",
            "# on: eth0",
            "# not understood",
            "#not understood: /etc/a line 1",
            "192.0.2.1 # not understood: by me",
            "#",
        ];
        for line in ordinary {
            assert!(said(line.as_bytes()).is_empty(), "{line}: {:?}", said(line.as_bytes()));
        }
    }

    /// A list that `--list` wrote in part, by a shell that does not see its exit code.
    #[test]
    fn a_list_that_lacks_something_is_not_understood() {
        let list = b"192.0.2.1\n# not understood: /etc/netplan/b.yaml line 4: not YAML\r\n";
        let told = "list line 2: incomplete list, not understood: /etc/netplan/b.yaml line 4: not YAML: complete it \
                    and delete this line";
        assert_eq!(said(list), [told]);
        assert_eq!(complete("list", list).unwrap_err().to_string(), told);
        assert!(complete("list", b"192.0.2.1 # not understood: by me\n").is_ok());
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
        ];
        let rest = [
            "list line 6 eth8 ipv4".to_owned(),
            "list line 4 192.0.2.9".to_owned(),
            "vmbr0 [\"eth2\", \"eth3\"]".to_owned(),
            not_read(1, "# dynamic: eth9 ipv4", "dynamic: eth0 ipv4"),
        ];
        assert_eq!(said(list), [&first[..], &rest].concat());
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
        let notes = [
            not_read(3, "# possible: x eth0", "possible: 192.0.2.101 eth0"),
            not_read(4, "# possible: 192.0.2.1 a b", "possible: 192.0.2.101 eth0"),
            not_read(6, "# guessed: 192.0.2.1 a b", "guessed: 192.0.2.102 eth0"),
        ];
        assert_eq!(possible[..3], ["192.0.2.1 Some(\"eth0\")", "10.42.0.0/16 None", guessed]);
        assert_eq!(possible[3..], notes);
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
