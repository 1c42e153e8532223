//! Running a program to its end, bounded in time, and what came of it.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time for which a program may be busy because it was just written.
const BUSY: Duration = Duration::from_secs(5);

/// What a finished program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; none after death by a signal.
    pub code: Option<i32>,
    /// Standard output, broken UTF-8 replaced.
    pub stdout: String,
    /// Standard error, broken UTF-8 replaced.
    pub stderr: String,
    /// From start to exit.
    pub elapsed: Duration,
}

impl Outcome {
    /// The first line of standard output: empty if there is none.
    pub fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }

    /// The exit code and the first line, to be compared in one go.
    pub fn verdict(&self) -> (i32, &str) {
        (self.code.unwrap_or(-1), self.first_line())
    }

    /// The same without the performance data.
    pub fn summary(&self) -> (i32, &str) {
        let (code, line) = self.verdict();
        (code, line.split(" | ").next().unwrap_or_default())
    }
}

/// Starts a program that may have been written a moment ago. The system refuses to start it while a child
/// that another thread forked meanwhile keeps its file open for writing.
fn spawn(command: &mut Command, start: Instant) -> io::Result<Child> {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && start.elapsed() < BUSY => {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// Runs `command` without standard input and takes what it prints.
///
/// # Panics
/// If it cannot be started, or still runs after 30 s: then it is killed first.
#[expect(clippy::panic, reason = "a test's helper: a program that hangs must fail the test")]
pub fn run(command: &mut Command) -> Outcome {
    let start = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(command, start).unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let readers = [thread::spawn(move || drain(stdout)), thread::spawn(move || drain(stderr))];
    let code = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.code(),
            Ok(None) if start.elapsed() < Duration::from_secs(30) => thread::sleep(Duration::from_millis(1)),
            waited => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{command:?} did not end within 30 s: {waited:?}");
            }
        }
    };
    let elapsed = start.elapsed();
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap_or_default());
    Outcome { code, stdout, stderr, elapsed }
}

/// The most runs that a busy machine may hold up.
const ATTEMPTS: usize = 10;

/// Returns the outcome of the first of some runs that ends before `limit`: a busy machine holds up any of
/// them, but a program that waits too long is late each time.
///
/// # Panics
/// If each run is late.
#[expect(clippy::panic, reason = "a test's helper: a program that is late must fail the test")]
pub fn in_time(limit: Duration, attempt: impl FnMut() -> Outcome) -> Outcome {
    let mut late = Vec::new();
    for outcome in std::iter::repeat_with(attempt).take(ATTEMPTS) {
        if outcome.elapsed < limit {
            return outcome;
        }
        late.push(outcome);
    }
    panic!("later than {limit:?} each time: {late:?}")
}

fn drain(pipe: Option<impl std::io::Read>) -> String {
    let mut octets = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read before an error still tells what the program said.
        let _ = pipe.read_to_end(&mut octets);
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// How many threads `command` starts beside its first, as strace counts the calls of the kernel.
///
/// # Errors
/// The trace cannot be had.
pub fn threads(command: &Command) -> io::Result<usize> {
    let folder = tempfile::tempdir()?;
    let trace = folder.path().join("trace");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-e", "trace=clone,clone3", "-o"]).arg(&trace);
    traced.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    run(&mut traced);
    Ok(fs::read_to_string(&trace)?.matches("CLONE_THREAD").count())
}
