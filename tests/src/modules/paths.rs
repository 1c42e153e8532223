//! What one source file declares, imports, exports and names: by its tokens, so that comments and texts count
//! for nothing.

use std::collections::BTreeMap;
use std::iter::Peekable;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree, token_stream};

/// A path as it is written: `crate::a::B` is `["crate", "a", "B"]`.
type Segments = Vec<String>;
type Tokens = Peekable<token_stream::IntoIter>;

/// A source file without what is for tests alone.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The modules that it declares and that are files of their own.
    pub(super) declared: Vec<String>,
    /// What `pub use` gives out, by its name there.
    pub(super) exported: BTreeMap<String, Segments>,
    /// What any `use` brings in, by its name here.
    pub(super) imported: BTreeMap<String, Segments>,
    /// All paths that it names, those of each `use` among them.
    pub(super) paths: Vec<Segments>,
}

impl Source {
    /// Parses the text of a file.
    pub(super) fn parse(text: &str) -> Result<Self, LexError> {
        let mut source = Self::default();
        source.read(text.parse::<TokenStream>()?);
        Ok(source)
    }

    fn read(&mut self, stream: TokenStream) {
        let mut tokens = stream.into_iter().peekable();
        let mut is_public = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.read_attribute(&mut tokens),
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(name) if name == "pub" => {
                    tokens
                        .next_if(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis));
                    is_public = true;
                    continue;
                }
                TokenTree::Ident(name) if name == "use" => self.read_use(&mut tokens, is_public),
                TokenTree::Ident(name) if name == "mod" => self.read_mod(&mut tokens),
                TokenTree::Ident(name) => {
                    let path = path(name.to_string(), &mut tokens);
                    if path.len() > 1 {
                        self.paths.push(path);
                    }
                }
                _ => {}
            }
            is_public = false;
        }
    }

    /// An attribute whose `#` has been read: `#[cfg(test)]` takes the whole item with it.
    fn read_attribute(&mut self, tokens: &mut Tokens) {
        let Some(TokenTree::Group(group)) = tokens.next_if(|token| matches!(token, TokenTree::Group(_)))
        else {
            return;
        };
        if group.stream().to_string().replace(' ', "") != "cfg(test)" {
            self.read(group.stream());
            return;
        }
        for token in tokens.by_ref() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ';' => return,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
                _ => {}
            }
        }
    }

    /// `mod name;` declares a file; what stands in braces is read as if it stood in this file.
    fn read_mod(&mut self, tokens: &mut Tokens) {
        if let Some(TokenTree::Ident(name)) = tokens.next()
            && tokens.next_if(|token| matches!(token, TokenTree::Punct(_))).is_some()
        {
            self.declared.push(name.to_string());
        }
    }

    fn read_use(&mut self, tokens: &mut Tokens, is_public: bool) {
        let tree = tokens
            .by_ref()
            .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'));
        let mut leaves = Vec::new();
        expand(&[], tree.collect(), &mut leaves);
        for (name, path) in leaves {
            if is_public {
                self.exported.insert(name.clone(), path.clone());
            }
            self.imported.insert(name, path.clone());
            self.paths.push(path);
        }
    }
}

/// A path whose first segment has been read.
fn path(first: String, tokens: &mut Tokens) -> Segments {
    let mut path = vec![first];
    let colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    // A single colon is that of a type, and no path goes on after it.
    while tokens.next_if(colon).is_some() && tokens.next_if(colon).is_some() {
        match tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
            Some(segment) => path.push(segment.to_string()),
            None => break,
        }
    }
    path
}

/// The leaves of the tree of a `use` below `start`: each with its name.
fn expand(start: &[String], tree: TokenStream, leaves: &mut Vec<(String, Segments)>) {
    let mut tokens = tree.into_iter().peekable();
    while tokens.peek().is_some() {
        let (mut path, mut name) = (start.to_vec(), None);
        let branch = tokens
            .by_ref()
            .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
        for token in branch {
            match token {
                TokenTree::Group(group) => {
                    expand(&path, group.stream(), leaves);
                    path.clear();
                }
                TokenTree::Ident(word) if word == "as" => name = Some(String::new()),
                TokenTree::Ident(word) if name.is_some() => name = Some(word.to_string()),
                // The module itself.
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(last) = path.last() {
            leaves.push((name.unwrap_or_else(|| last.clone()), path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Source {
        Source::parse(text).unwrap()
    }

    fn paths(text: &str) -> Vec<String> {
        parse(text).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn a_use_names_each_of_its_leaves() {
        let text = "use crate::{a::{self, B as C}, d}; use std::io::*;";
        assert_eq!(paths(text), ["crate::a", "crate::a::B", "crate::d", "std::io"]);
        let source = parse("pub use a::B as C; pub(crate) use self::d::E; use f::G;");
        assert_eq!(source.exported.keys().collect::<Vec<_>>(), ["C", "E"]);
        assert_eq!(source.imported.get("G").unwrap(), &["f", "G"]);
    }

    #[test]
    fn a_path_is_named_wherever_it_stands() {
        let text = "#[x(with = crate::one::f)] fn f(a: super::Two) -> B { m!(\"{}\", crate::three::g::<u8>()); a::b }";
        assert_eq!(paths(text), ["crate::one::f", "super::Two", "crate::three::g", "a::b"]);
        assert_eq!(paths("// crate::a\n/// crate::b\nconst X: &str = \"crate::c\";"), [""; 0]);
    }

    #[test]
    fn what_is_for_tests_counts_for_nothing() {
        let text = "mod a; #[cfg(test)] mod tests; #[cfg(test)] #[expect(x)] mod more { use crate::b; } #[cfg(test)] use crate::c; mod d;";
        let source = parse(text);
        assert_eq!(
            (source.declared.as_slice(), source.paths.len()),
            (["a", "d"].map(str::to_owned).as_slice(), 0)
        );
    }
}
