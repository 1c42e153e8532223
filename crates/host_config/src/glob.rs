//! The files that a pattern with shell wildcards names, in a tree.

use crate::promise::{ConfigError, Place};
use crate::tree::Tree;
use crate::wildcard::{is_pattern, matches};

/// The most files that one pattern may name.
const MOST: usize = 10_000;

/// The most patterns that the braces of one may stand for.
const ALTERNATIVES: usize = 1 << 10;

/// Returns the patterns that the braces of one stand for, as `GLOB_BRACE` of glob(3) does: `None` if they are
/// too many. A brace without its other one is a character as any other, and so is an empty pair.
pub(crate) fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let mut left = vec![(String::new(), pattern.to_owned())];
    let mut all = Vec::new();
    while let Some((done, rest)) = left.pop() {
        let Some((before, items, after)) = braces(&rest) else {
            all.push(done + &rest);
            continue;
        };
        if all.len() + left.len() + items.len() > ALTERNATIVES {
            return None;
        }
        let done = done + before;
        // The last one is taken first.
        left.extend(items.iter().rev().map(|item| (done.clone(), format!("{item}{after}"))));
    }
    Some(all)
}

/// What is before the first pair of braces, its items, and what is after it.
fn braces(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = text
        .match_indices('{')
        .map(|(at, _)| at)
        .find(|at| text.get(*at..).is_some_and(|rest| !rest.starts_with("{}")))?;
    let (mut depth, mut begin, mut items) = (0, open + 1, Vec::new());
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                items.push(text.get(begin..at)?);
                begin = at + 1;
            }
            '}' if depth == 1 => {
                items.push(text.get(begin..at)?);
                return Some((text.get(..open)?, items, text.get(at + 1..)?));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The paths that the absolute `pattern` names, sorted in each folder; without a wildcard it is the path
/// itself, there or not.
///
/// # Errors
/// [`ConfigError`]: a folder cannot be read, a name is not UTF-8, or there are more than 10,000; `place` is
/// where the pattern stands.
pub(crate) fn expand(tree: &Tree<'_>, pattern: &str, place: &Place) -> Result<Vec<String>, ConfigError> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !is_pattern(part) {
            paths.iter_mut().for_each(|path| *path = format!("{path}/{part}"));
            continue;
        }
        let mut longer = Vec::new();
        for path in &paths {
            let names = tree.names(if path.is_empty() { "/" } else { path })?;
            for name in names {
                let name = name
                    .into_string()
                    .map_err(|name| place.error(format!("{path}/{}: not UTF-8", name.display())))?;
                if matches(part, &name) && (!name.starts_with('.') || part.starts_with('.')) {
                    longer.push(format!("{path}/{name}"));
                }
            }
            if longer.len() > MOST {
                return Err(place.error(format!("{pattern}: more than {MOST} files")));
            }
        }
        paths = longer;
    }
    paths.iter_mut().filter(|path| path.is_empty()).for_each(|path| path.push('/'));
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_each_of_their_items() {
        let rows: [(&str, &[&str]); 9] = [
            ("/etc/a.conf", &["/etc/a.conf"]),
            ("/etc/{b,a}.conf", &["/etc/b.conf", "/etc/a.conf"]),
            ("/{a,b}/{1,2}*", &["/a/1*", "/a/2*", "/b/1*", "/b/2*"]),
            ("/x{a,b{c,d}}", &["/xa", "/xbc", "/xbd"]),
            ("/x{a}", &["/xa"]),
            ("/x{a,}", &["/xa", "/x"]),
            ("/x{}{1,2}", &["/x{}1", "/x{}2"]),
            ("/x{a,b", &["/x{a,b"]),
            ("/x{1..3}", &["/x1..3"]),
        ];
        for (pattern, expected) in rows {
            assert_eq!(alternatives(pattern).unwrap(), expected, "{pattern}");
        }
        assert_eq!(alternatives(&"{a,b}".repeat(11)), None);
        assert_eq!(alternatives(&"{a,b}".repeat(10)).unwrap().len(), 1024);
        assert_eq!(alternatives(&"{".repeat(9_000)).unwrap().len(), 1);
    }
}
