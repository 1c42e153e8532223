//! The sections of a README.md as parts of a manual page: paragraphs, tables, lists and what stands in code.

use std::mem;

use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What stands under one heading of the second level.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// The heading.
    pub(crate) title: String,
    /// The rest, in roff's man macros.
    pub(crate) body: Roff,
}

impl Section {
    /// The sections of a text in Markdown. What stands before the first is left out.
    pub(crate) fn all(markdown: &str) -> Vec<Self> {
        let mut writer = Writer::default();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            writer.take(event);
        }
        writer.sections
    }
}

/// Writes what the parser finds.
#[derive(Debug, Default)]
struct Writer {
    sections: Vec<Section>,
    /// The text since the last paragraph, cell or heading.
    line: Vec<Inline>,
    /// Whether nothing came since a heading, which begins a paragraph by itself.
    after_heading: bool,
    /// What the running text is set in.
    face: Face,
    /// Inside of a fenced block, an item of a list, the head of a table.
    in_code: bool,
    in_item: bool,
    in_head: bool,
    /// The cells of a table's head, and how many of the current row are written.
    head: Vec<String>,
    cells: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Face {
    #[default]
    Roman,
    Bold,
    Italic,
}

impl Writer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Code(text) => self.line.push(bold(text.into_string())),
            Event::Text(text) if self.in_code => self.block(&text),
            Event::Text(text) => self.line.push(match self.face {
                Face::Roman => roman(text.into_string()),
                Face::Bold => bold(text.into_string()),
                Face::Italic => italic(text.into_string()),
            }),
            Event::SoftBreak | Event::HardBreak => self.line.push(roman(" ")),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::CodeBlock(_) => {
                self.in_code = true;
                self.paragraph();
                self.control("nf", &[]);
            }
            Tag::Strong => self.face = Face::Bold,
            Tag::Emphasis => self.face = Face::Italic,
            Tag::TableHead => {
                self.in_head = true;
                self.head.clear();
            }
            Tag::TableRow => self.cells = 0,
            Tag::Item => {
                self.in_item = true;
                self.control("IP", &["\\(bu", "2"]);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(HeadingLevel::H2) => {
                let title = self.plain();
                self.sections.push(Section { title, ..Section::default() });
                self.after_heading = true;
            }
            TagEnd::Heading(level) => {
                let title = self.plain();
                if level > HeadingLevel::H2 {
                    self.control("SS", &[&title]);
                    self.after_heading = true;
                }
            }
            TagEnd::Paragraph if self.in_item => self.flush(),
            TagEnd::Paragraph => {
                self.paragraph();
                self.flush();
            }
            TagEnd::Item => {
                self.flush();
                self.in_item = false;
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.control("fi", &[]);
            }
            TagEnd::Strong | TagEnd::Emphasis => self.face = Face::Roman,
            TagEnd::TableHead => self.in_head = false,
            TagEnd::TableCell => self.cell(),
            _ => {}
        }
    }

    /// The first cell of a row is what the others, of which a third and further ones are named by their head,
    /// are about.
    fn cell(&mut self) {
        if self.in_head {
            let name = self.plain();
            self.head.push(name);
            return;
        }
        match self.cells {
            0 => {
                self.control("TP", &[]);
                self.line = vec![bold(self.plain())];
            }
            1 => {}
            column => {
                let name = self.head.get(column).cloned().unwrap_or_default();
                self.control("br", &[]);
                self.line.insert(0, roman(format!("{name}: ")));
            }
        }
        self.cells += 1;
        if self.line.is_empty() {
            self.line.push(roman("-"));
        }
        self.flush();
    }

    /// The lines of a fenced block, set as they are.
    fn block(&mut self, text: &str) {
        for line in text.lines() {
            self.line.push(roman(line));
            self.flush();
        }
    }

    /// The text since the last paragraph, without its faces.
    fn plain(&mut self) -> String {
        let text = |inline| match inline {
            Inline::Roman(text) | Inline::Bold(text) | Inline::Italic(text) => text,
            Inline::LineBreak => " ".to_owned(),
        };
        mem::take(&mut self.line).into_iter().map(text).collect()
    }

    fn flush(&mut self) {
        let line = mem::take(&mut self.line);
        if let Some(section) = self.sections.last_mut() {
            section.body.text(line);
            self.after_heading = false;
        }
    }

    fn paragraph(&mut self) {
        if !self.after_heading {
            self.control("PP", &[]);
        }
    }

    fn control(&mut self, name: &str, arguments: &[&str]) {
        if let Some(section) = self.sections.last_mut() {
            section.body.control(name, arguments.iter().copied());
            self.after_heading = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of the only section of `markdown`, without roff's preamble.
    fn body(markdown: &str) -> String {
        let sections = Section::all(&format!("# Title\nleft out\n\n## One\n\n{markdown}"));
        let [section] = sections.as_slice() else { return format!("{sections:?}") };
        assert_eq!(section.title, "One");
        section.body.to_roff()
    }

    #[test]
    fn writes_what_our_readmes_have() {
        let rows = [
            ("a `b`\nc **d** *e* [f](g.md)\n\ng", "a \\fBb\\fR c \\fBd\\fR \\fIe\\fR f\n.PP\ng\n"),
            ("a\n```sh\n.x a-b\n```\n", "a\n.PP\n.nf\n\\&.x a\\-b\n.fi\n"),
            ("### Two\nx", ".SS Two\nx\n"),
            ("- a\n- b\n", ".IP \\(bu 2\na\n.IP \\(bu 2\nb\n"),
            (
                "| k | v |\n| --- | --- |\n| `a`, b | c |\n| d | |\n",
                ".TP\n\\fBa, b\\fR\nc\n.TP\n\\fBd\\fR\n\\-\n",
            ),
            ("| k | v | w |\n| --- | --- | --- |\n| a | b | c |\n", ".TP\n\\fBa\\fR\nb\n.br\nw: c\n"),
        ];
        for (markdown, expected) in rows {
            assert_eq!(body(markdown), expected, "{markdown}");
        }
    }
}
