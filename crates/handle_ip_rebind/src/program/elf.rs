//! Whether the kernel would execute a binary: what elf(5) says of its first octets, held against its size. A
//! binary whose copy was interrupted has its name, its owner and its mode, and fails only when it is needed.

/// How a binary begins.
pub(crate) const MAGIC: &[u8] = b"\x7fELF";
/// The most octets of the headers that are read.
pub(crate) const HEAD: usize = 64 << 10;

/// e_type: a program at a fixed place, and one at any place, as a library too.
const PROGRAMS: [u64; 2] = [2, 3];
/// p_type: a part of the file that is loaded, and the name of the loader.
const LOAD: u64 = 1;
const INTERPRETER: u64 = 3;
/// p_flags: the part can be executed.
const EXECUTABLE: u64 = 1;

/// What is wrong with a binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// Parts that its headers tell of are not in the file.
    #[error("a binary that is cut off, install it again")]
    Cut,
    /// It is made for other machines.
    #[error("a binary for another kind of machine")]
    Machine,
    /// It is an object file, a core or a library: nothing in it can be started.
    #[error("a binary that is no program")]
    NotProgram,
}

/// The places of what is read, in the words of elf(5), for one of the two classes.
struct Layout {
    /// How many octets an address and an offset have.
    word: usize,
    e_phoff: usize,
    e_phentsize: usize,
    p_flags: usize,
    p_offset: usize,
    p_vaddr: usize,
    p_filesz: usize,
}

const LAYOUT_32: Layout =
    Layout { word: 4, e_phoff: 28, e_phentsize: 42, p_flags: 24, p_offset: 4, p_vaddr: 8, p_filesz: 16 };
const LAYOUT_64: Layout =
    Layout { word: 8, e_phoff: 32, e_phentsize: 54, p_flags: 4, p_offset: 8, p_vaddr: 16, p_filesz: 32 };
/// Where e_type, e_machine and e_entry are, in both classes.
const TYPE: usize = 16;
const MACHINE: usize = 18;
const ENTRY: usize = 24;

/// Reads the headers of a binary of this size, which begins with `head`. Returns the path of its loader, if
/// it names one. A table of headers that lies after `head` is not checked. `own` is the beginning of a binary
/// that runs here.
///
/// # Errors
/// [`ElfError`].
pub(crate) fn read(head: &[u8], size: u64, own: &[u8]) -> Result<Option<Vec<u8>>, ElfError> {
    let is_little = head.get(5) == Some(&1);
    let layout = match head.get(4) {
        None => return Err(ElfError::Cut),
        Some(1) => LAYOUT_32,
        _ => LAYOUT_64,
    };
    let number = |at: usize, octets: usize| number(head, at, octets, is_little).ok_or(ElfError::Cut);
    if !runs_here(head.get(5).copied(), number(MACHINE, 2)?, own) {
        return Err(ElfError::Machine);
    }
    if !PROGRAMS.contains(&number(TYPE, 2)?) {
        return Err(ElfError::NotProgram);
    }
    let (entry, table) = (number(ENTRY, layout.word)?, number(layout.e_phoff, layout.word)?);
    let (length, count) = (number(layout.e_phentsize, 2)?, number(layout.e_phentsize + 2, 2)?);
    match table.saturating_add(count * length) {
        end if end > size => return Err(ElfError::Cut),
        end if end > head.len() as u64 => return Ok(None),
        _ => {}
    }
    let (mut starts, mut loader) = (false, None);
    for place in 0..count {
        let at = table.saturating_add(place * length);
        let at = usize::try_from(at).map_err(|_| ElfError::Cut)?;
        let field = |field: usize, octets: usize| number(at.saturating_add(field), octets);
        let kind = field(0, 4)?;
        let (offset, octets) = (field(layout.p_offset, layout.word)?, field(layout.p_filesz, layout.word)?);
        if matches!(kind, LOAD | INTERPRETER) && offset.checked_add(octets).is_none_or(|end| end > size) {
            return Err(ElfError::Cut);
        }
        let from = field(layout.p_vaddr, layout.word)?;
        let is_executable = field(layout.p_flags, 4)? & EXECUTABLE != 0;
        starts |= kind == LOAD && is_executable && (from..from.saturating_add(octets)).contains(&entry);
        if kind == INTERPRETER {
            loader = text(head, offset, octets);
        }
    }
    if starts { Ok(loader) } else { Err(ElfError::NotProgram) }
}

/// Whether binaries of this order of octets and this machine run where `own` does: those of the same machine,
/// and those of its older kind with 32 bits, which most kernels run too.
fn runs_here(order: Option<u8>, machine: u64, own: &[u8]) -> bool {
    const OLDER: [(u64, u64); 4] = [(62, 3), (183, 40), (21, 20), (22, 22)];
    let Some(own_machine) = number(own, MACHINE, 2, own.get(5) == Some(&1)) else { return true };
    order.as_ref() == own.get(5) && (machine == own_machine || OLDER.contains(&(own_machine, machine)))
}

/// A text that ends with a zero, as far as it is in the head.
fn text(head: &[u8], offset: u64, octets: u64) -> Option<Vec<u8>> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(octets).ok()?)?;
    let text = head.get(start..end)?.split(|octet| *octet == 0).next()?;
    (!text.is_empty()).then(|| text.to_vec())
}

fn number(octets: &[u8], at: usize, length: usize, is_little: bool) -> Option<u64> {
    let octets = octets.get(at..at.checked_add(length)?)?;
    let add = |number: u64, octet: &u8| number << 8 | u64::from(*octet);
    Some(if is_little { octets.iter().rev().fold(0, add) } else { octets.iter().fold(0, add) })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read as _;

    use super::*;

    /// The beginning of this program, which is large.
    fn own() -> Vec<u8> {
        let mut head = Vec::new();
        let program = File::open("/proc/self/exe").unwrap();
        program.take(HEAD as u64).read_to_end(&mut head).unwrap();
        head
    }

    fn checked(binary: &[u8]) -> Result<Option<Vec<u8>>, ElfError> {
        read(binary.get(..HEAD.min(binary.len())).unwrap(), binary.len() as u64, &own())
    }

    #[test]
    fn what_this_system_runs_is_right() {
        for path in ["/bin/sh", "/bin/cat", "/usr/bin/env", "/proc/self/exe"] {
            let found = checked(&fs::read(path).unwrap());
            assert!(found.is_ok(), "{path}: {found:?}");
        }
        let shell = checked(&fs::read("/bin/sh").unwrap()).unwrap();
        let loader = shell.map(|loader| String::from_utf8(loader).unwrap());
        assert!(loader.is_none_or(|loader| fs::exists(loader).unwrap()));
    }

    #[test]
    fn one_that_is_cut_anywhere_is_told() {
        let shell = fs::read("/bin/sh").unwrap();
        let end = shell.len();
        for length in (4..64).chain([100, 4_096, end / 4, end / 2]) {
            assert_eq!(checked(&shell[..length]), Err(ElfError::Cut), "{length} of {end} octets");
        }
    }

    /// Linkers for small systems write such files, and so do tools that add a header to a binary.
    #[test]
    fn headers_at_the_end_of_a_long_file_are_not_missed() {
        let shell = fs::read("/bin/sh").unwrap();
        let word = |at: usize| u16::from_le_bytes([shell[at], shell[at + 1]]);
        let length = usize::from(word(LAYOUT_64.e_phentsize)) * usize::from(word(LAYOUT_64.e_phentsize + 2));
        let mut moved = [shell.as_slice(), &vec![0; HEAD]].concat();
        let end = moved.len();
        moved.extend_from_within(64..64 + length);
        moved[LAYOUT_64.e_phoff..LAYOUT_64.e_phoff + 8].copy_from_slice(&(end as u64).to_le_bytes());
        assert_eq!(checked(&moved), Ok(None));
        for less in [1, length, length + 1] {
            assert_eq!(checked(&moved[..moved.len() - less]), Err(ElfError::Cut), "{less}");
        }
    }

    #[test]
    fn what_is_no_program_for_this_machine_is_told() {
        let shell = fs::read("/bin/sh").unwrap();
        let with = |at: usize, octets: &[u8]| {
            let mut other = shell.clone();
            other[at..at + octets.len()].copy_from_slice(octets);
            checked(&other)
        };
        // An object file, a core, what there is not.
        for kind in [[1, 0], [4, 0], [0, 0]] {
            assert_eq!(with(TYPE, &kind), Err(ElfError::NotProgram), "{kind:?}");
        }
        // Without a place to start at, as a library.
        assert_eq!(with(ENTRY, &[0; 8]), Err(ElfError::NotProgram));
        // SPARC, and the other order of octets.
        assert_eq!(with(MACHINE, &[2, 0]), Err(ElfError::Machine));
        assert_eq!(with(5, &[3 - shell[5]]), Err(ElfError::Machine));
    }
}
