//! A file system whose server answers late, as one of the network does whose server is about to die: by FUSE
//! (linux/fuse.h, protocol 7.31), with this thread as the server.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The operations that are answered; each other one gets ENOSYS, but for those that have no answer.
const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const INIT: u32 = 26;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;
/// The numbers of the folder and of the file.
const FOLDER: u64 = 1;
const FILE: u64 = 2;
/// For how long the kernel need not ask again, in seconds.
const VALID: u64 = 3600;
const SIZE: u64 = 10;
const EIO: i32 = 5;
const ENOSYS: i32 = 38;

/// A mounted folder with the file `list`, which the kernel knows and which takes long to open; then that
/// fails.
#[derive(Debug)]
pub struct SlowMount {
    folder: TempDir,
}

impl SlowMount {
    /// Mounts it. Each opening of the file takes this long.
    ///
    /// # Errors
    /// It cannot be mounted: a test asks for [`Need::Fuse`](crate::needs::Need::Fuse) first.
    pub fn create(delay: Duration) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let device = File::options().read(true).write(true).open("/dev/fuse")?;
        let options = "fd=0,rootmode=40000,user_id=0,group_id=0,allow_other";
        let mut mount = Command::new("mount");
        mount.args(["-i", "-t", "fuse", "-o", options, "slow"]).arg(folder.path());
        let mounted = mount.stdin(device.try_clone()?).status()?;
        if !mounted.success() {
            return Err(io::Error::other(format!("{mount:?}: {mounted}")));
        }
        thread::spawn(move || serve(&device, delay));
        let mount = Self { folder };
        // From now on the kernel knows the file without asking.
        mount.list().metadata()?;
        Ok(mount)
    }

    /// The file.
    pub fn list(&self) -> PathBuf {
        self.folder.path().join("list")
    }
}

impl Drop for SlowMount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Answers until the file system is gone.
fn serve(mut device: &File, delay: Duration) {
    let mut room = vec![0; 1 << 17];
    while device.read(&mut room).is_ok() {
        let Some((answer, late)) = answer(&room) else { continue };
        thread::sleep(if late { delay } else { Duration::ZERO });
        if device.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The answer to a question, and whether it comes late: `None` where there is none.
fn answer(question: &[u8]) -> Option<(Vec<u8>, bool)> {
    // struct fuse_in_header: the length, the operation, the number of the question, that of the file.
    let (header, _) = question.split_first_chunk::<24>()?;
    let [_, _, _, _, o0, o1, o2, o3, number @ .., f0, f1, f2, f3, _, _, _, _] = *header;
    let number: [u8; 8] = number;
    let file = u32::from_ne_bytes([f0, f1, f2, f3]).into();
    let operation = u32::from_ne_bytes([o0, o1, o2, o3]);
    let (error, body) = match operation {
        INIT => (0, init()),
        LOOKUP => (0, [numbers(&[FILE, 1, VALID, VALID, 0]), attributes(FILE)].concat()),
        GETATTR => (0, [numbers(&[VALID, 0]), attributes(file)].concat()),
        OPEN => (-EIO, Vec::new()),
        FORGET | BATCH_FORGET | INTERRUPT => return None,
        _ => (-ENOSYS, Vec::new()),
    };
    // struct fuse_out_header: the length, the error, the number of the question.
    let length = u32::try_from(16 + body.len()).ok()?.to_ne_bytes();
    Some(([&length[..], &i32::to_ne_bytes(error), &number, &body].concat(), operation == OPEN))
}

fn numbers(all: &[u64]) -> Vec<u8> {
    all.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn words(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// struct fuse_init_out: the version, the greatest readahead, no flags, the room for a write.
fn init() -> Vec<u8> {
    let mut body = words(&[7, 31, 65536, 0, 0, 65536]);
    body.resize(64, 0);
    body
}

/// struct fuse_attr.
fn attributes(file: u64) -> Vec<u8> {
    let (mode, size) = if file == FOLDER { (0o40755, 0) } else { (0o100_644, SIZE) };
    let times = [0; 3];
    [numbers(&[file, size, 1]), numbers(&times), words(&[0, 0, 0, mode, 1, 0, 0, 0, 4096, 0])].concat()
}
