//! The lines of resolv.conf that mean a server and give none, in words.

use plugin::Finding;

use crate::file::File;
use crate::resolv_conf::Ignored;

/// Returns the finding on the lines that the C library passes over: the fallback names them where none is
/// left.
pub(crate) fn ignored(file: &File) -> Option<Finding> {
    let text = ignored_text(file)?;
    let of = |ignored: &Ignored| format!("line {} of {}: {}", ignored.line, file.path, ignored.why);
    let finding = match file.conf.servers.is_empty() {
        true => Finding::ok(""),
        false => Finding::warning(text),
    };
    Some(finding.details(file.conf.ignored.iter().skip(1).map(of)))
}

/// Returns why a file lists no server.
pub(crate) fn none_text(file: &File) -> String {
    match (&file.missing, ignored_text(file)) {
        (Some(missing), _) => format!("{} {missing}", file.path),
        (None, Some(ignored)) => ignored,
        (None, None) => format!("no nameserver in {}", file.path),
    }
}

/// Returns the first of them in words: `line 1 of /etc/resolv.conf is ignored: it ends with a carriage
/// return, and 2 more lines`
pub(crate) fn ignored_text(file: &File) -> Option<String> {
    let first = file.conf.ignored.first()?;
    let text = first.why.after(&format!("line {} of {}", first.line, file.path));
    let more = match file.conf.ignored.len() {
        1 => String::new(),
        2 => ", and 1 more line".to_owned(),
        count => format!(", and {} more lines", count - 1),
    };
    Some(text + &more)
}
