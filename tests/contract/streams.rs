//! Standard input, output and error that are closed, full, gone, or not what they should be.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use suite::plugins;

use super::{in_time, outcome, plugin};

/// Runs the plugin by a shell that redirects as in `>&-`, and takes the exit code; standard error must stay
/// empty.
fn redirected(redirection: &str, arguments: &str) -> Option<i32> {
    let program = plugins::binary("contract_plugin");
    let script = format!("exec \"$0\" {arguments} {redirection}");
    let outcome = suite::process::run(Command::new("sh").arg("-c").arg(script).arg(program));
    assert_eq!(outcome.stderr, "", "{redirection} {arguments}");
    outcome.code
}

/// Runs the plugin with `output` as its standard output, until it ends by itself.
fn writing_to(output: Stdio, arguments: &[&str]) -> (Option<i32>, Duration) {
    let start = Instant::now();
    let mut command = plugin(arguments);
    let mut child = command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped()).spawn().unwrap();
    // The command still holds the writing end, and a pipe would never come to its end.
    drop(command);
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let elapsed = start.elapsed();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(error, "", "{arguments:?}");
    (child.wait().unwrap().code(), elapsed)
}

/// A pipe with no room left.
fn full_pipe() -> (OwnedFd, OwnedFd) {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    loop {
        match rustix::io::write(&writer, &[b'x'; 4096]) {
            Ok(_) => {}
            Err(Errno::AGAIN) => return (reader, writer),
            Err(errno) => panic!("filling a pipe: {errno}"),
        }
    }
}

#[test]
fn an_answer_that_nobody_can_get_is_unknown() {
    for redirection in [">&-", ">/dev/full", "1</dev/null", "<&- >&-", "<&- >&- 2>&-"] {
        for arguments in
            ["", "--state=critical", "--act=panic", "--act=error", "--help", "--version", "--bogus"]
        {
            assert_eq!(redirected(redirection, arguments), Some(3), "{redirection} {arguments}");
        }
        assert_eq!(redirected(redirection, "--exit-ok"), Some(0), "{redirection}");
    }
}

#[test]
fn other_streams_do_not_matter() {
    for redirection in
        [">/dev/null", "<&- >/dev/null", "2>&- >/dev/null", "<&- 2>&- >/dev/null", "</dev/full >/dev/null"]
    {
        assert_eq!(redirected(redirection, "--state=critical"), Some(2), "{redirection}");
        assert_eq!(redirected(redirection, "--act=panic"), Some(3), "{redirection}");
    }
    let folder = tempfile::tempdir().unwrap();
    for streams in ["<&- 2>&-", "<&-", "2>&-"] {
        let file = folder.path().join("output");
        assert_eq!(redirected(&format!("{streams} >{}", file.display()), "--state=warning"), Some(1));
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            text, "CONTRACT_PLUGIN WARNING - items , single , flag false, thresholds /\n",
            "{streams}"
        );
    }
}

#[test]
fn a_full_pipe_is_given_up_in_time() {
    for non_blocking in [false, true] {
        for arguments in [
            &["--timeout=0.3:critical"][..],
            &["--timeout=0.3", "--act=hang"],
            &["--timeout=0.3", "--act=panic"],
        ] {
            let code = in_time(Duration::from_millis(300), || {
                let (reader, writer) = full_pipe();
                if !non_blocking {
                    fcntl_setfl(&writer, OFlags::empty()).unwrap();
                }
                let ended = writing_to(writer.into(), arguments);
                drop(reader);
                ended
            });
            assert_eq!(code, Some(3), "{arguments:?}, non-blocking: {non_blocking}");
        }
    }
}

#[test]
fn a_reader_who_leaves_in_the_middle_gets_no_answer() {
    // The report is written whole however busy the machine is; what ends the run is that the reader leaves.
    let code = in_time(Duration::from_secs(10), || {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let arguments = ["--act=large", "--size=50000", "-v", "--timeout=20"];
        let leaving = std::thread::spawn(move || rustix::io::read(&reader, &mut [0; 1000]).unwrap());
        let ended = writing_to(writer.into(), &arguments);
        assert_eq!(leaving.join().unwrap(), 1000);
        ended
    });
    assert_eq!(code, Some(3));
}

#[test]
fn a_reader_who_is_gone_is_not_death_by_a_signal() {
    for arguments in
        [&["--state=ok"][..], &["--act=large", "--size=50000", "-v"], &["--help"], &["--act=panic"]]
    {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        drop(reader);
        assert_eq!(writing_to(writer.into(), arguments).0, Some(3), "{arguments:?}");
    }
}

#[test]
fn a_slow_reader_gets_everything() {
    let arguments = ["--act=large", "--size=20000", "-v", "--state=warning", "--timeout=20"];
    let expected = outcome(&mut plugin(&arguments)).stdout;
    assert!(expected.len() > 1 << 18, "{} octets do not fill a pipe", expected.len());
    for flags in [OFlags::empty(), OFlags::NONBLOCK] {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        fcntl_setfl(&writer, flags).unwrap();
        let reading = std::thread::spawn(move || {
            let (mut reader, mut text, mut part) = (File::from(reader), Vec::new(), [0; 777]);
            while let Ok(length @ 1..) = reader.read(&mut part) {
                text.extend_from_slice(&part[..length]);
                std::thread::yield_now();
            }
            String::from_utf8(text).unwrap()
        });
        assert_eq!(writing_to(writer.into(), &arguments).0, Some(1), "{flags:?}");
        assert_eq!(reading.join().unwrap(), expected, "{flags:?}");
    }
}

#[test]
fn the_lines_are_written_at_once() {
    // In a pipe of packets each write is read on its own.
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::DIRECT).unwrap();
    let arguments = ["--act=hostile", "-v"];
    let expected = outcome(&mut plugin(&arguments)).stdout;
    assert_eq!(writing_to(writer.into(), &arguments).0, Some(0));
    let mut packet = [0; 4096];
    let length = rustix::io::read(&reader, &mut packet).unwrap();
    assert_eq!(String::from_utf8_lossy(&packet[..length]), expected);
    assert!(expected.lines().count() > 2, "{expected}");
}
