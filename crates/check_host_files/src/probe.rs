//! All the reading: what should be, what is, and what kind of host this is.

mod seen;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use host_config::{SERVERS_ASKED, Tree};
use plugin::{Deadline, reason};

use crate::compare::{Expected, HOSTNAME, RESOLVER, host_name};
use crate::facts::Facts;
use crate::file::Checked;
use crate::look::{is_below_private, is_sheltered};
use crate::name::NameSeen;
use crate::options::{ExpectedOptions, Immutable, Strictness};
use crate::reference::{self, Reference, ReferenceError};
use crate::{Observations, host};
use seen::{Seen, is_here};

/// The value of `--name` that stands for the copy of /etc/hostname.
const OF_REFERENCE: &str = "reference";

/// Explains why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// An option needs the reference.
    #[error("{0} needs --reference, see --help")]
    NeedsReference(&'static str),
    /// There is nothing to check.
    #[error("nothing to check: name it by --reference, --name, --nameserver or --search, see --help")]
    Nothing,
    /// Each file would be its own copy.
    #[error("--reference is the folder that is checked: no file can differ from itself, see --help")]
    Itself,
    /// --root does not name a folder.
    #[error("--root: reading {}: {}", .0.display(), reason(.1))]
    Root(PathBuf, std::io::Error),
    /// The C library would not ask them all.
    #[error("--nameserver is given {0} times: the C library asks {SERVERS_ASKED} servers, see --help")]
    TooManyServers(usize),
    /// An option has the same value twice.
    #[error("{0} is given twice, see --help")]
    Twice(String),
}

/// Reads the reference, the files, and, where something has to be explained, the facts about this host. All
/// but the look-up of the name is handed to `known` before that, which may take seconds.
///
/// # Errors
/// [`ProbeError`]: the options do not fit together, or the reference as a whole cannot be used.
pub fn probe(
    args: &ExpectedOptions,
    strictness: Strictness,
    immutable: Immutable,
    deadline: &Deadline,
    known: impl FnOnce(&Observations),
) -> Result<Observations, ProbeError> {
    validate(args)?;
    is_folder(&args.root)?;
    let tree = Tree::new(&args.root, deadline);
    let mut seen = Seen { tree: &tree, deadline, found: BTreeMap::new() };
    let Reference { copies, closed: mut unknown } = read_reference(args, deadline)?;
    let mut files: Vec<Checked> = copies.into_iter().map(|copy| seen.checked(copy)).collect();
    let name = expected_name(args, deadline).unwrap_or_else(|why| {
        unknown.push(format!("--name=reference: {why}"));
        None
    });
    if !args.nameserver.is_empty() || !args.search.is_empty() {
        files.retain(|file| file.path != RESOLVER);
        let expected = Ok(Expected::Resolver(args.nameserver.clone(), args.search.clone()));
        files.push(Checked { path: RESOLVER.to_owned(), expected, access: None, found: seen.at(RESOLVER) });
    }
    let name = name.map(|name| seen.name(name, args));
    let mut is_odd = name.as_ref().is_some_and(NameSeen::is_changed);
    for file in files.iter_mut().filter(|file| file.is_odd()) {
        is_odd = true;
        file.found.is_sheltered = is_sheltered(&tree, &file.path) || is_copy_sheltered(args, file);
    }
    let is_wanted = immutable == Immutable::Want && files.iter().any(|file| !file.found.is_immutable());
    let mut facts = if is_odd || is_wanted {
        let is_locked = files.iter().any(|file| file.path == RESOLVER && file.found.is_locked());
        host::read(&tree, &args.proc, is_locked, deadline)
    } else {
        Facts { now: host::now(), ..Facts::default() }
    };
    if strictness.mode && files.iter().any(Checked::has_other_owner) {
        facts.owners = host::owners(&tree, deadline);
    }
    let mut observed = Observations { reference: args.reference.clone(), files, unknown, name, facts };
    if observed.name.is_some() {
        known(&observed);
    }
    if let Some(name) = &mut observed.name {
        name.entry = seen.entry(&name.expected, is_here(args));
    }
    Ok(observed)
}

/// Whether the folders of the reference say that its copy is not for all. Those above the reference say
/// nothing.
fn is_copy_sheltered(args: &ExpectedOptions, file: &Checked) -> bool {
    let top = args.reference.as_ref().filter(|_| file.access.is_some());
    top.is_some_and(|top| is_below_private(top, &top.join(file.path.trim_start_matches('/'))))
}

/// Reads the reference, if there is one. Where something else is checked too, what is wrong with it does not
/// hide that.
fn read_reference(args: &ExpectedOptions, deadline: &Deadline) -> Result<Reference, ReferenceError> {
    let Some(top) = &args.reference else { return Ok(Reference::default()) };
    let has_more = !args.nameserver.is_empty()
        || !args.search.is_empty()
        || args.name.as_ref().is_some_and(|name| name != OF_REFERENCE);
    match reference::read(top, &args.file, deadline) {
        Err(error) if has_more => Ok(Reference { copies: Vec::new(), closed: vec![error.to_string()] }),
        read => read,
    }
}

fn validate(args: &ExpectedOptions) -> Result<(), ProbeError> {
    let ExpectedOptions { reference, file, name, nameserver, search, .. } = args;
    match reference {
        None if !file.is_empty() => return Err(ProbeError::NeedsReference("--file")),
        None if name.as_deref() == Some(OF_REFERENCE) => {
            return Err(ProbeError::NeedsReference("--name=reference"));
        }
        None if name.is_none() && nameserver.is_empty() && search.is_empty() => {
            return Err(ProbeError::Nothing);
        }
        Some(top) if *top == args.root => return Err(ProbeError::Itself),
        _ => {}
    }
    if nameserver.len() > SERVERS_ASKED {
        return Err(ProbeError::TooManyServers(nameserver.len()));
    }
    let files = file.iter().map(|path| path.as_str().to_owned());
    let mut values: Vec<String> =
        files.chain(nameserver.iter().cloned()).chain(search.iter().cloned()).collect();
    values.sort();
    match values.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => {
            Err(ProbeError::Twice(pair.concat().chars().take(pair.concat().chars().count() / 2).collect()))
        }
        None => Ok(()),
    }
}

/// A root that is no folder would make each file missing.
fn is_folder(root: &Path) -> Result<(), ProbeError> {
    let found = match fs::metadata(root) {
        Ok(status) if status.is_dir() => return Ok(()),
        Ok(_) => std::io::ErrorKind::NotADirectory.into(),
        Err(error) => error,
    };
    Err(ProbeError::Root(root.to_owned(), found))
}

/// Returns the name that the host should have, if one is given; or why the copy of /etc/hostname does not
/// tell.
fn expected_name(args: &ExpectedOptions, deadline: &Deadline) -> Result<Option<String>, String> {
    let top = args.reference.as_ref().filter(|_| args.name.as_deref() == Some(OF_REFERENCE));
    let Some(top) = top else { return Ok(args.name.clone()) };
    let copy = reference::copy(top, HOSTNAME.to_owned(), deadline).content?;
    host_name(&copy).map(Some).ok_or_else(|| format!("the copy of {HOSTNAME} has no name in it"))
}
