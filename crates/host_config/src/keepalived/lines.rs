//! The lines of keepalived's files once includes, conditions and parameters are resolved.
//!
//! It resolves `include` and its variants, `@id` and `@^id`, `$NAME=value` also of several lines, the
//! parameters that keepalived defines itself, and the blocks `~SEQ` and `~LST`, which repeat a line. A random
//! number is an error.

use std::borrow::Cow;
use std::collections::HashMap;

use addresses::short;
use rustix::fs::{FileType, Mode};

use super::repeat::{Repeated, repeated};
use super::words;
use crate::promise::{ConfigError, Place, Promises, Remark};
use crate::tree::Tree;
use crate::{glob, wildcard};

/// The name that keepalived asks the kernel for.
const KERNELS_NAME: &str = "/proc/sys/kernel/hostname";
const DEPTH: usize = 32;
const INCLUDES: usize = 4096;
/// The most octets, and the most lines, of expanded parameters and repeated lines. Parameters may name each
/// other, and blocks that repeat a line may be nested.
const GROWTH: usize = 64 << 20;
const NESTED: usize = 1 << 20;
/// How deep parameters may name each other.
const DEEP: usize = 64;
/// The longest line with parameters in it, in octets.
const LINE: usize = 1 << 20;
/// The longest name of a parameter, in octets.
const LONGEST: usize = 128;

/// What is done with each line.
type Take<'t> = &'t mut dyn FnMut(Vec<String>, &Place) -> Result<(), ConfigError>;

/// Hands each line to `take`, in words, and returns whether there is a file `path`. Lines that are not
/// understood, and what else was left out, go to `promises`.
pub(crate) fn read(
    tree: &Tree<'_>,
    path: &str,
    take: Take<'_>,
    promises: &mut Promises,
) -> Result<bool, ConfigError> {
    let mut reader = Reader {
        tree,
        take,
        parameters: HashMap::new(),
        id: None,
        includes: 0,
        growth: 0,
        promises,
        given_up: false,
    };
    reader.file(path, 0)
}

/// What is to be done for a line.
enum Step {
    /// To read a line, which came of parameters that name each other so many times.
    Line(String, usize),
    /// To set a parameter.
    Set(String, String),
}

struct Reader<'a, 't> {
    tree: &'a Tree<'a>,
    take: Take<'t>,
    parameters: HashMap<String, String>,
    id: Option<String>,
    includes: usize,
    growth: usize,
    promises: &'a mut Promises,
    /// A limit is reached: no further line is read.
    given_up: bool,
}

impl Reader<'_, '_> {
    /// Reads one file: whether it is there.
    fn file(&mut self, path: &str, depth: usize) -> Result<bool, ConfigError> {
        if let Some(skipped) = skipped(self.tree, path) {
            self.promises.unknown.extend(skipped);
            return Ok(true);
        }
        let Some(content) = self.tree.read(path)? else { return Ok(false) };
        let text = str::from_utf8(&content).map_or_else(|_| String::from_utf8_lossy(&content), Cow::from);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut lines = (1..).zip(text.lines());
        while let Some((line, text)) = lines.next().filter(|_| !self.given_up) {
            let place = Place { file: path.to_owned(), line };
            let text = words::without_comment(text);
            let (keyword, rest) = text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
            if matches!(keyword, "include" | "includer" | "includem" | "includew" | "includeb" | "includea") {
                let included = self.include(keyword, rest.trim_ascii(), &place, depth);
                self.promises.survive(included)?;
                continue;
            }
            let mut whole = Cow::Borrowed(text);
            while defines(&whole) && whole.ends_with('\\') {
                let whole = whole.to_mut();
                whole.pop();
                whole.truncate(whole.trim_ascii_end().len());
                whole.push('\n');
                let Some((_, more)) = lines.next() else { break };
                whole.push_str(words::without_comment(more));
            }
            let taken = self.line(whole.into_owned(), folder, &place);
            self.promises.survive(taken)?;
        }
        Ok(true)
    }

    /// `include PATTERN`, relative to the folder of the file that says so.
    fn include(&mut self, keyword: &str, rest: &str, place: &Place, depth: usize) -> Result<(), ConfigError> {
        self.includes += 1;
        if depth >= DEPTH || self.includes > INCLUDES {
            self.given_up = true;
            return Err(place
                .error(format!("files included more than {DEPTH} deep or by more than {INCLUDES} lines")));
        }
        let name = rest.trim_matches(['"', '\'']);
        let patterns = glob::alternatives(name).filter(|_| !name.is_empty() && !name.contains(['$', '~']));
        let Some(patterns) = patterns else {
            return Err(place.error(format!("{keyword} {}: only wildcards are understood", short(name))));
        };
        let folder = place.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut found = false;
        for name in patterns {
            let pattern = if name.starts_with('/') { name } else { format!("{folder}/{name}") };
            for path in glob::expand(self.tree, &pattern, place)? {
                self.includes += 1;
                found |= self.file(&path, depth + 1)?;
            }
        }
        match (found, keyword) {
            (true, _) => {}
            (false, "include") => {
                self.promises.remarks.push(Remark {
                    what: format!("include {}: no such file", short(name)),
                    place: place.clone(),
                });
            }
            (false, "includer") if wildcard::is_pattern(name) => {}
            (false, _) => return Err(place.error(format!("{keyword} {}: no such file", short(name)))),
        }
        Ok(())
    }

    /// One line and what its parameters make of it.
    fn line(&mut self, text: String, folder: &str, place: &Place) -> Result<(), ConfigError> {
        let mut steps = vec![Step::Line(text, 0)];
        let mut taken = 0;
        while let Some(step) = steps.pop() {
            let (line, deep) = match step {
                Step::Line(line, deep) => (line, deep),
                Step::Set(name, value) => {
                    self.parameters.insert(name, value);
                    continue;
                }
            };
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            taken += 1;
            if taken > NESTED {
                self.given_up = true;
                return Err(place.error("a line is repeated too often"));
            }
            if let Some(repeated) = repeated(line) {
                let repeated = repeated.map_err(|what| place.error(what))?;
                let each = repeated.rest.len() + size_of::<Step>();
                self.grow(repeated.values.len().saturating_mul(each), place)?;
                steps.extend(repeat(repeated, deep));
            } else if let Some(condition) = line.strip_prefix('@') {
                steps.extend(self.condition(condition)?.map(|rest| Step::Line(rest, deep)));
            } else if defines(line) {
                self.define(line);
            } else if let Some(expanded) = self.expand(line, folder, place)? {
                self.grow(expanded.len(), place)?;
                if deep == DEEP {
                    return Err(self.give_up(place));
                }
                steps.extend(expanded.split('\n').rev().map(|line| Step::Line(line.to_owned(), deep + 1)));
            } else {
                (self.take)(words::split(words::without_comment(line)), place)?;
            }
        }
        Ok(())
    }

    /// Counts the octets of a line before it is expanded.
    fn grow(&mut self, octets: usize, place: &Place) -> Result<(), ConfigError> {
        self.growth = self.growth.saturating_add(octets);
        if self.growth > GROWTH { Err(self.give_up(place)) } else { Ok(()) }
    }

    fn give_up(&mut self, place: &Place) -> ConfigError {
        self.given_up = true;
        place.error("parameters or repeated lines grow too long")
    }

    /// What is left of a line behind `@id` or `@^id`: `None` if it is for another host.
    fn condition(&mut self, text: &str) -> Result<Option<String>, ConfigError> {
        let (word, rest) = text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
        let id = self.id()?;
        let holds = word.strip_prefix('^').map_or(word == id, |other| other != id);
        Ok(holds.then(|| rest.to_owned()))
    }

    /// The configuration's id: that of the option `-i` in the service's settings, or the first part of the
    /// host's name.
    fn id(&mut self) -> Result<&str, ConfigError> {
        if self.id.is_none() {
            let mut id = None;
            for file in ["/etc/default/keepalived", "/etc/sysconfig/keepalived"] {
                let content = self.promises.readable(self.tree.read(file))?.unwrap_or_default();
                id = id.or_else(|| option_id(&String::from_utf8_lossy(&content)));
            }
            if id.is_none() {
                // Without the file, no name is known, and none that is given fits.
                let file = if self.tree.is_own() { KERNELS_NAME } else { "/etc/hostname" };
                let name = self.tree.read(file)?.unwrap_or_default();
                let name = String::from_utf8_lossy(&name);
                id = name
                    .lines()
                    .map(str::trim_ascii)
                    .find(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(short_name);
            }
            self.id = id.or_else(|| Some(String::new()));
        }
        Ok(self.id.as_deref().unwrap_or_default())
    }

    fn define(&mut self, line: &str) {
        if let Some((name, value)) = line.strip_prefix('$').and_then(|rest| rest.split_once('=')) {
            self.parameters.insert(name.to_owned(), value.trim_ascii_start().to_owned());
        }
    }

    /// The line with each parameter replaced once: `None` if it has none that is defined.
    fn expand(&mut self, line: &str, folder: &str, place: &Place) -> Result<Option<String>, ConfigError> {
        let mut expanded = String::new();
        let mut rest = line;
        let mut changed = false;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let name = parameter(after);
            let value = match name.map_or("", |(name, _)| name) {
                "" => None,
                "_PWD" => Some(Cow::Borrowed(folder)),
                "_INSTANCE" => Some(Cow::Owned(self.id()?.to_owned())),
                "_HASH" | "_BANG" => Some(Cow::Borrowed("")),
                random if random.starts_with("_RANDOM") => {
                    return Err(place.error("a random number (_RANDOM) is not understood"));
                }
                name => self.parameters.get(name).map(|value| Cow::Borrowed(value.as_str())),
            };
            match (name, value) {
                (Some((_, after)), Some(value)) => {
                    changed = true;
                    expanded.push_str(&value);
                    rest = after;
                }
                _ => {
                    expanded.push('$');
                    rest = after;
                }
            }
            if expanded.len() > LINE {
                return Err(self.give_up(place));
            }
        }
        expanded.push_str(rest);
        Ok(changed.then_some(expanded))
    }
}

/// Returns whether keepalived skips a file, with what is to be said of that: nothing of a folder.
fn skipped(tree: &Tree<'_>, path: &str) -> Option<Option<Remark>> {
    let (kind, mode) = tree.mode(path)?;
    match kind {
        FileType::Directory => Some(None),
        _ if mode.intersects(Mode::XUSR | Mode::XGRP | Mode::XOTH) => {
            Some(Some(Place::new(path, 1).remark("keepalived skips a file that is executable")))
        }
        _ => None,
    }
}

/// The steps of a block that repeats a line, the last one first.
fn repeat(Repeated { names, values, rest }: Repeated<'_>, deep: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for values in values.into_iter().rev() {
        steps.push(Step::Line(rest.to_owned(), deep));
        let pairs = names.iter().zip(values);
        steps.extend(pairs.map(|(name, value)| Step::Set((*name).to_owned(), value)));
    }
    steps
}

/// `${NAME}`, or `$NAME` before white space, behind its dollar sign: the name and what follows. `${_RANDOM 1
/// 9}` has blanks.
fn parameter(text: &str) -> Option<(&str, &str)> {
    if let Some(inside) = text.strip_prefix('{') {
        // Up to what no name has in it, so that no octet is looked at for more than one dollar sign.
        let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b' ' | b'\t');
        let end = inside.bytes().take(LONGEST).take_while(is_name).count();
        if inside.as_bytes().get(end) != Some(&b'}') {
            return None;
        }
        return Some((inside.get(..end)?, inside.get(end + 1..)?));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    (after.is_empty() || after.starts_with(|c: char| c.is_ascii_whitespace())).then_some((name, after))
}

/// Whether a line is `$NAME=...`, perhaps behind a condition.
fn defines(line: &str) -> bool {
    let line = match line.strip_prefix('@') {
        Some(condition) => condition
            .split_once(|c: char| c.is_ascii_whitespace())
            .map_or("", |(_, rest)| rest.trim_ascii_start()),
        None => line,
    };
    let name = line.strip_prefix('$').and_then(|rest| rest.split_once('=')).map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// The argument of `-i` or `--config-id` in a file of settings.
fn option_id(settings: &str) -> Option<String> {
    let lines = settings.lines().map(str::trim_ascii).filter(|line| !line.starts_with('#'));
    let mut words = lines
        .flat_map(|line| line.split(|c: char| c.is_ascii_whitespace() || c == '=' || c == '"' || c == '\''));
    words.find(|word| matches!(*word, "-i" | "--config-id"))?;
    words.find(|word| !word.is_empty()).map(str::to_owned)
}

fn short_name(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}
