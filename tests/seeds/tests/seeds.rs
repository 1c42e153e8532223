//! Each fuzz target holds on its seeds and on what differs from one of them in little: cut off, an octet
//! changed, continued as another seed. `fuzz/run` takes it from there.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use seeds::Target;

#[path = "../../../fuzz/targets/answers/targets.rs"]
mod answers;
#[path = "../../../fuzz/targets/configurations/targets.rs"]
mod configurations;
#[path = "../../../fuzz/targets/texts/targets.rs"]
mod texts;

/// As `fuzz/run` has it.
const LONGEST: usize = 4096;
/// Inputs that are made of each seed, in each of three ways.
const VARIANTS: usize = 20;

#[test]
fn answers_hold() {
    hold("answers", answers::TARGETS);
}

#[test]
fn configurations_hold() {
    hold("configurations", configurations::TARGETS);
}

#[test]
fn texts_hold() {
    hold("texts", texts::TARGETS);
}

/// Each file of a folder is a target that is tried.
fn hold(folder: &str, targets: &[(&str, Target)]) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let named = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<String> = files(&fuzz.join("targets").join(folder)).iter().map(named).collect();
    files.retain(|name| name != "main" && name != "targets");
    assert_eq!(targets.iter().map(|(name, _)| *name).collect::<Vec<_>>(), files);
    let failed: Vec<String> = targets
        .iter()
        .filter_map(|&(name, target)| tried(name, target, &files_read(&fuzz.join("seeds").join(name))).err())
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Tries a target with all its seeds and what is made of them.
fn tried(name: &str, target: Target, seeds: &[(PathBuf, Vec<u8>)]) -> Result<(), String> {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for (path, seed) in seeds {
        let (_, other) = &seeds[chance.below(seeds.len())];
        for input in std::iter::once(seed.clone()).chain(variants(seed, other, &mut chance)) {
            if catch_unwind(|| target.run(&input)).is_err() {
                let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("seed-{name}"));
                fs::write(&kept, &input).unwrap();
                let kept = kept.display();
                return Err(format!("{name}: fails with {kept}, made of {}", path.display()));
            }
        }
    }
    Ok(())
}

fn variants(seed: &[u8], other: &[u8], chance: &mut Chance) -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for _ in 0..VARIANTS {
        let place = chance.below(seed.len());
        made.push(seed[..place].to_vec());
        let mut changed = seed.to_vec();
        if let Some(octet) = changed.get_mut(place) {
            *octet = SUSPECTS[chance.below(SUSPECTS.len())];
        }
        made.push(changed);
        made.push([&seed[..place], &other[chance.below(other.len())..]].concat());
    }
    made.iter_mut().for_each(|input| input.truncate(LONGEST));
    made
}

/// Octets at which parsers stumble: ends of what they count in, of words, of lines and of UTF-8.
const SUSPECTS: [u8; 20] = *b"\0\x01\x1e\x7f\x80\xc3\xff09-+.:/ \t\n\r\"%";

/// The same numbers at each run, by xorshift64 (Marsaglia 2003).
struct Chance(u64);

impl Chance {
    /// A number below `end`, or 0 where that is 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap().checked_rem(end).unwrap_or_default()
    }
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn files_read(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files(folder).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}
