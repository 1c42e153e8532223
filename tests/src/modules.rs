//! The modules of a crate and who uses what of whom, read from the source files: which of them use each other
//! in a circle.
//!
//! An edge leads from one file's module to the module in which an item is defined that a `use` or a path of
//! it names. What is for tests alone makes no edge, and neither do items that lib.rs itself defines. What a
//! module re-exports counts as its own only where it defines it.

mod graph;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use paths::Source;

/// A module by its path from the crate's root: empty for lib.rs.
pub type Module = Vec<String>;

/// A crate's modules, and the edges between them.
#[derive(Debug)]
pub struct Modules {
    sources: BTreeMap<Module, Source>,
}

/// Modules that use each other: their names, sorted, and each edge with the name that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// As in `snmp::session`.
    pub modules: Vec<String>,
    /// As in `snmp -> snmp::session (Session)`.
    pub edges: Vec<String>,
}

impl Modules {
    /// Reads the modules of the crate whose sources are in `folder`.
    ///
    /// # Panics
    /// If a file cannot be read, or is not Rust.
    pub fn read(folder: &Path) -> Self {
        let mut modules = Self { sources: BTreeMap::new() };
        modules.add(folder, Vec::new());
        modules
    }

    /// Reads the module of this path and those that it declares.
    fn add(&mut self, folder: &Path, module: Module) {
        let base = folder.join(module.join("/"));
        let files = if module.is_empty() {
            [base.join("lib.rs"), base.join("main.rs")]
        } else {
            [base.with_extension("rs"), base.join("mod.rs")]
        };
        let Some(file) = files.iter().find(|file| file.is_file()) else { return };
        let text = fs::read_to_string(file);
        assert!(text.is_ok(), "reading {}: {text:?}", file.display());
        let source = Source::parse(&text.unwrap_or_default());
        assert!(source.is_ok(), "{} is not Rust: {source:?}", file.display());
        let source = source.unwrap_or_default();
        let declared = source.declared.clone();
        self.sources.insert(module.clone(), source);
        for name in declared {
            self.add(folder, [module.as_slice(), &[name]].concat());
        }
    }

    /// Returns the circles, sorted.
    pub fn circles(&self) -> Vec<Circle> {
        let edges = self.edges();
        let graph = edges
            .iter()
            .map(|(from, to)| (from.clone(), to.keys().cloned().collect::<BTreeSet<_>>()))
            .collect();
        graph::circles(&graph).into_iter().map(|modules| circle(&modules, &edges)).collect()
    }

    /// What each module uses of each other: the names.
    fn edges(&self) -> BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>> {
        let mut edges: BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>> = BTreeMap::new();
        for (module, source) in self.sources.iter().filter(|(module, _)| !module.is_empty()) {
            let targets = edges.entry(module.clone()).or_default();
            for path in &source.paths {
                let Some((target, item)) = self.absolute(module, path).map(|path| self.definer(&path, 0))
                else {
                    continue;
                };
                if target != *module && !target.is_empty() {
                    targets.entry(target).or_default().insert(item);
                }
            }
        }
        edges
    }

    /// A path from the crate's root: `None` where it leads into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let (_, parent) = module.split_last()?;
                if rest.first().is_some_and(|next| next == "super") {
                    self.absolute(parent, rest)
                } else {
                    Some([parent, rest].concat())
                }
            }
            _ if self.sources.contains_key(&[module, std::slice::from_ref(first)].concat()) => {
                Some([module, path].concat())
            }
            _ => {
                let source = self.sources.get(module)?;
                let imported =
                    source.imported.get(first).filter(|imported| imported.first() != Some(first))?;
                self.absolute(module, imported).map(|path| [path.as_slice(), rest].concat())
            }
        }
    }

    /// The module that defines what a path from the root names, and the item there: the module itself is
    /// `self`.
    fn definer(&self, path: &[String], depth: usize) -> (Module, String) {
        let mut module = Vec::new();
        for (number, name) in path.iter().enumerate() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.sources.contains_key(&child) {
                module = child;
                continue;
            }
            let exported = self.sources.get(&module).and_then(|source| source.exported.get(name));
            let rest = path.get(number + 1..).unwrap_or_default();
            // So deep goes no chain of re-exports: one that leads to itself ends here.
            return match exported.filter(|_| depth < 16).and_then(|exported| self.absolute(&module, exported))
            {
                Some(target) => self.definer(&[target.as_slice(), rest].concat(), depth + 1),
                None => (module, name.clone()),
            };
        }
        (module, "self".to_owned())
    }
}

fn circle(
    modules: &BTreeSet<Module>,
    edges: &BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>,
) -> Circle {
    let inside = |module: &Module| {
        edges.get(module).into_iter().flatten().filter(|(target, _)| modules.contains(*target))
    };
    let edge = |from: &Module, (to, names): (&Module, &BTreeSet<String>)| {
        format!(
            "{} -> {} ({})",
            from.join("::"),
            to.join("::"),
            names.iter().cloned().collect::<Vec<_>>().join(", ")
        )
    };
    Circle {
        modules: modules.iter().map(|module| module.join("::")).collect(),
        edges: modules.iter().flat_map(|from| inside(from).map(move |to| edge(from, to))).collect(),
    }
}
