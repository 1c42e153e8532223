//! A YAML document as a tree whose nodes know their lines.
//!
//! What an alias stands for is shared, not copied, so that a file that nests aliases cannot grow; and a node
//! may contain itself, so that whoever walks the tree has to go to a fixed depth. How often nodes are visited
//! is bounded too: aliases let a short file say the same many times.

use std::cell::Cell;
use std::collections::HashMap;

use addresses::short;
use saphyr_parser::{Event, Parser, ScanError};

use super::libyaml::Anchors;
use super::{flow, tabs};
use crate::promise::{ConfigError, Place};

/// How the error of a text begins that is not taken for YAML here.
pub(super) const NOT_YAML: &str = "not YAML";

/// How many more visits of nodes there may be than two to each.
const REPEATS: usize = 1_000_000;

/// A document; its first node is the root.
#[derive(Debug)]
pub(super) struct Document<'a> {
    file: &'a str,
    nodes: Vec<Node>,
    /// How many nodes have been handed out.
    visits: Cell<usize>,
    /// Where a second document starts, which netplan does not read.
    pub(super) second: Option<Place>,
    /// Where an anchor has the name of an earlier one.
    pub(super) anchored_again: Option<Place>,
}

#[derive(Debug)]
struct Node {
    line: u32,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The text of a scalar.
    Scalar(String),
    /// The children.
    Sequence(Vec<usize>),
    /// Keys and values in turn.
    Mapping(Vec<usize>),
}

/// A node of a document, and the line where it is used, which of an alias is that of the alias.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    document: &'a Document<'a>,
    node: usize,
}

impl<'a> Document<'a> {
    /// Parses the first document of a file.
    pub(super) fn parse(file: &'a str, text: &str) -> Result<Self, ConfigError> {
        let strict = Self::of_text(file, text);
        let moved = strict.or_else(|error| Self::of_text(file, &flow::moved_right(text)).map_err(|_| error));
        moved.or_else(|error| {
            let read = |text: String| {
                let plain = Self::of_text(file, &text);
                plain.or_else(|_| Self::of_text(file, &flow::moved_right(&text))).ok()
            };
            let blanked = tabs::blanked(text).and_then(read);
            blanked.ok_or(error)
        })
    }

    fn of_text(file: &'a str, text: &str) -> Result<Self, ConfigError> {
        let refuse = |error: ScanError| {
            Place::new(file, line(error.marker().line())).error(format!("{NOT_YAML}: {}", error.info()))
        };
        let visits = Cell::new(0);
        let mut document = Self { file, nodes: Vec::new(), visits, second: None, anchored_again: None };
        let mut named = Anchors::default();
        let mut open: Vec<usize> = Vec::new();
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        let mut started = false;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(refuse)?;
            let at = line(span.start.line());
            let (content, anchor) = match event {
                Event::Scalar(value, _, anchor, _) => (Content::Scalar(value.into_owned()), anchor),
                Event::SequenceStart(anchor, _) => (Content::Sequence(Vec::new()), anchor),
                Event::MappingStart(anchor, _) => (Content::Mapping(Vec::new()), anchor),
                Event::Alias(anchor) => {
                    let target = anchors.get(&anchor).copied();
                    let target = target.ok_or_else(|| Place::new(file, at).error("an alias of nothing"))?;
                    document.adopt(open.last(), target);
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::DocumentStart(_) if started => {
                    document.second = Some(Place::new(file, at));
                    break;
                }
                Event::DocumentStart(_) => {
                    started = true;
                    continue;
                }
                _ => continue,
            };
            if anchor > 0 {
                named.take(text, span.start.index(), Place::new(file, at));
            }
            let node = document.nodes.len();
            let collects = !matches!(content, Content::Scalar(_));
            document.nodes.push(Node { line: at, content });
            document.adopt(open.last(), node);
            anchors.insert(anchor, node);
            if collects {
                open.push(node);
            }
        }
        document.anchored_again = named.again;
        Ok(document)
    }

    fn adopt(&mut self, parent: Option<&usize>, child: usize) {
        let parent = parent.and_then(|parent| self.nodes.get_mut(*parent));
        if let Some(Content::Sequence(children) | Content::Mapping(children)) =
            parent.map(|node| &mut node.content)
        {
            children.push(child);
        }
    }

    /// Returns the root: `None` if the document is empty.
    pub(super) fn root(&'a self) -> Option<Value<'a>> {
        let root = Value { document: self, node: 0 };
        (!self.nodes.is_empty()).then_some(root)
    }
}

impl<'a> Value<'a> {
    fn content(self) -> Option<&'a Content> {
        Some(&self.document.nodes.get(self.node)?.content)
    }

    /// Counts visits of the children of this node.
    fn visit(self, children: &[usize]) -> Result<(), ConfigError> {
        let visits = self.document.visits.get() + children.len();
        self.document.visits.set(visits);
        let allowed = visits <= 2 * self.document.nodes.len() + REPEATS;
        allowed.then_some(()).ok_or_else(|| self.place().error("its aliases make too much of it"))
    }

    /// Where it is written.
    pub(super) fn place(self) -> Place {
        Place::new(self.document.file, self.document.nodes.get(self.node).map_or(0, |node| node.line))
    }

    /// Returns the text of a scalar; `what` names the thing where it is none.
    pub(super) fn text(self, what: &str) -> Result<&'a str, ConfigError> {
        match self.content() {
            Some(Content::Scalar(text)) => Ok(text),
            _ => Err(self.place().error(format!("{what} is not a plain value"))),
        }
    }

    /// Returns the entries of a mapping, keys that come again too.
    pub(super) fn entries(
        self,
        what: &str,
    ) -> Result<impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a>, ConfigError> {
        let Some(Content::Mapping(children)) = self.content() else {
            return Err(self.place().error(format!("{what} is not a mapping: check the indentation")));
        };
        self.visit(children)?;
        let value = move |node: &usize| Value { document: self.document, node: *node };
        Ok(children.as_chunks::<2>().0.iter().map(move |[key, of]| (value(key), value(of))))
    }

    /// Returns the items of a sequence.
    pub(super) fn items(self, what: &str) -> Result<impl Iterator<Item = Value<'a>> + use<'a>, ConfigError> {
        let Some(Content::Sequence(children)) = self.content() else {
            return Err(self.place().error(format!("{what} is not a sequence")));
        };
        self.visit(children)?;
        Ok(children.iter().map(move |node| Value { document: self.document, node: *node }))
    }

    /// Returns whether it is a plain value.
    pub(super) fn is_scalar(self) -> bool {
        matches!(self.content(), Some(Content::Scalar(_)))
    }

    /// Returns whether it is a mapping.
    pub(super) fn is_mapping(self) -> bool {
        matches!(self.content(), Some(Content::Mapping(_)))
    }
}

/// Returns the drivers of a condition, which is one or a list.
pub(super) fn drivers(said: Value<'_>) -> Vec<String> {
    let text = |value: Value<'_>| value.text("a driver").ok().map(str::to_owned);
    match said.items("driver") {
        Ok(items) => items.filter_map(text).collect(),
        Err(_) => text(said).into_iter().collect(),
    }
}

/// Returns the name of a renderer that netplan knows.
pub(super) fn renderer(value: Value<'_>) -> Result<String, ConfigError> {
    match value.text("renderer")? {
        known @ ("networkd" | "NetworkManager" | "sriov") => Ok(known.to_owned()),
        other => Err(value.place().error(format!("{} is no renderer of netplan", short(other)))),
    }
}

/// Returns a boolean as netplan reads it.
pub(super) fn boolean(value: Value<'_>) -> Result<bool, ConfigError> {
    let text = value.text("a boolean")?;
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match () {
        () if is(["true", "on", "yes", "y"]) => Ok(true),
        () if is(["false", "off", "no", "n"]) => Ok(false),
        () => Err(value.place().error(format!("{} is neither true nor false", short(text)))),
    }
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value<'_>) -> String {
        let line = value.place().line;
        match value.content().unwrap() {
            Content::Scalar(text) => format!("{line}:{text}"),
            Content::Sequence(_) => {
                format!("[{}]", value.items("").unwrap().map(shown).collect::<Vec<_>>().join(" "))
            }
            Content::Mapping(_) => {
                let entry = |(key, value)| format!("{}={}", shown(key), shown(value));
                format!("{{{}}}", value.entries("").unwrap().map(entry).collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn parsed(text: &str) -> Result<String, String> {
        let document = Document::parse("f", text).map_err(|error| error.to_string())?;
        Ok(document.root().map_or_else(|| "nothing".to_owned(), shown))
    }

    #[test]
    fn knows_the_line_of_each_node() {
        let rows = [
            ("a:\n  - b\n  - {c: d}\n", "{1:a=[2:b {3:c=3:d}]}"),
            ("a: &x [b]\nc: *x\n", "{1:a=[1:b] 2:c=[1:b]}"),
            ("a:\n", "{1:a=1:}"),
            ("a: b\na: c\n", "{1:a=1:b 2:a=2:c}"),
            ("", "nothing"),
            ("# c\n", "nothing"),
            ("---\n", "2:"),
            ("--- # c\na: b\n---\nc: d\n", "{2:a=2:b}"),
            ("\"on\": 'off'\n", "{1:on=1:off}"),
            // As libyaml, whatever the indentation within brackets.
            ("a:\n  b: [\n  c,\nd\n ]\n  e: f\n", "{1:a={2:b=[3:c 4:d] 6:e=6:f}}"),
            ("a: {\nb: [c]\n}\n", "{1:a={2:b=[2:c]}}"),
        ];
        for (text, expected) in rows {
            assert_eq!(parsed(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn names_the_line_that_is_no_yaml() {
        let rows =
            [("a:\n\tc: d\n", 2), ("a: [b\nc: d\n", 2), ("a: *x\n", 1), ("a: b\n c: d\n", 2), ("a: 'b\n", 1)];
        let lines = rows.map(|(text, _)| {
            let error = parsed(text).unwrap_err();
            let line = error.strip_prefix("f line ").and_then(|rest| rest.split_once(": not YAML: "));
            (
                text,
                line.map(|(line, _)| line.parse::<u32>().unwrap())
                    .unwrap_or_else(|| panic!("{text:?}: {error}")),
            )
        });
        assert_eq!(lines, rows);
    }

    #[test]
    fn aliases_do_not_grow() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..64 {
            text += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
        }
        assert_eq!(Document::parse("f", &text).unwrap().nodes.len(), 1 + 64 + 64 + 2);
        let itself = Document::parse("f", "a: &a [*a]\n").unwrap();
        assert_eq!(itself.nodes.len(), 3);
    }
}
