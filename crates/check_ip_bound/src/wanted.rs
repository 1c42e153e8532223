//! Which addresses are wanted here, and who says so.

use std::net::IpAddr;
use std::path::Path;

use addresses::{Bound, Entry, Expected, List, ListError};
use plugin::Deadline;

use crate::Args;

/// The lists that are taken where none is named: H-Sphere's and cPanel's.
const USUAL_LISTS: [&str; 2] = ["/hsphere/local/network/ips", "/etc/ips"];

/// The wanted addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Sorted by address, each once for each prefix length that is wanted of it. Its list is a place in `files`.
    pub wants: Vec<Entry>,
    /// The names of the files which the wants come from; beyond them is the command line.
    pub files: Vec<String>,
    /// Who chose them.
    pub source: Source,
}

/// Who chose the wanted addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line, by --ip and --file.
    Named,
    /// Nobody: this is one of the usual lists.
    UsualList(String),
    /// Nobody, and there is no such list: what is bound is what is wanted.
    Bound,
}

impl Wanted {
    /// The addresses of --ip and --file, or of a usual list: none where there is neither.
    pub(crate) fn read(args: &Args, deadline: &Deadline) -> Result<Option<Self>, ListError> {
        let usual = || USUAL_LISTS.iter().map(Path::new).find(|path| path.exists());
        let named = !args.ip.is_empty() || !args.file.is_empty();
        let (files, source) = match (named, usual()) {
            (true, _) => (args.file.iter().map(|file| file.as_path()).collect(), Source::Named),
            (false, Some(file)) => (vec![file], Source::UsualList(file.display().to_string())),
            (false, None) => return Ok(None),
        };
        let lists = (0..).zip(&files).map(|(number, file)| List::read(file, number, deadline));
        let lists = lists.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Self::new(&args.ip, lists, source)))
    }

    /// The addresses of the command line and of the lists.
    pub(crate) fn new(ips: &[Expected], lists: Vec<List>, source: Source) -> Self {
        let mut wants: Vec<Entry> = Vec::new();
        let mut files = Vec::new();
        for mut list in lists {
            // A single list, the usual case, is taken over as it is.
            if wants.is_empty() {
                wants = list.entries
            } else {
                wants.append(&mut list.entries)
            }
            files.push(list.source);
        }
        wants.extend(ips.iter().map(|&expected| Entry { expected, list: u32::MAX, line: 0 }));
        Self { wants: unique(wants), files, source }
    }

    /// What is bound is wanted.
    pub(crate) fn all(bound: &Bound) -> Self {
        let want = |address: IpAddr| Entry { expected: Expected { address, prefix: None }, list: u32::MAX, line: 0 };
        let wants = bound.addresses.iter().map(|bound| want(bound.address)).collect();
        Self { wants: unique(wants), files: Vec::new(), source: Source::Bound }
    }

    /// Where a want is written: nothing for those that come from what is bound.
    pub(crate) fn origin(&self, want: &Entry) -> String {
        let file = usize::try_from(want.list).ok().and_then(|file| self.files.get(file));
        match (file, &self.source) {
            (Some(file), _) => format!(" ({file} line {})", want.line),
            (None, Source::Bound) => String::new(),
            (None, _) => " (--ip)".to_owned(),
        }
    }
}

/// Sorted; of the same address with and without a prefix length only the stricter stays.
fn unique(mut wants: Vec<Entry>) -> Vec<Entry> {
    wants.sort();
    // Without a prefix length sorts first, and goes if the next is of the same address.
    wants.dedup_by(|later, kept| {
        let same = later.expected.address == kept.expected.address;
        let weaker = kept.expected.prefix.is_none();
        if same && weaker && later.expected.prefix.is_some() {
            *kept = *later;
        }
        same && (weaker || later.expected.prefix == kept.expected.prefix)
    });
    wants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_each_address_once() {
        let list = List::parse("a", 0, b"192.0.2.2\n192.0.2.1\n192.0.2.2/24\n2001:DB8::1\n192.0.2.2/32\n").unwrap();
        let other = List::parse("b", 1, b"2001:db8::1\n192.0.2.3\n").unwrap();
        let ips = ["192.0.2.1".parse().unwrap(), "192.0.2.4/24".parse().unwrap()];
        let wanted = Wanted::new(&ips, vec![list, other], Source::Named);
        let printed: Vec<String> = wanted.wants.iter().map(|want| format!("{}{}", want.expected, wanted.origin(want))).collect();
        let expected = [
            "192.0.2.1 (a line 2)",
            "192.0.2.2/24 (a line 3)",
            "192.0.2.2/32 (a line 5)",
            "192.0.2.3 (b line 2)",
            "192.0.2.4/24 (--ip)",
            "2001:db8::1 (a line 4)",
        ];
        assert_eq!(printed, expected);
    }
}
