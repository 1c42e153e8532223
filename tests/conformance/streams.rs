//! Standard output that is closed, full or not read.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};
use suite::wait::eventually;
use suite::{plugins, process};

use super::all;

/// Calls that answer at once, whatever the plugin is for: a check, as far as it comes, and what needs no
/// check.
const CALLS: [&str; 4] = ["--timeout=0.3", "--help", "--version", "--bogus"];

#[test]
fn an_answer_that_nobody_can_get_is_unknown() {
    for plugin in all() {
        for (call, redirection) in
            CALLS.iter().flat_map(|call| [">&-", ">/dev/full", "<&- >&- 2>&-"].map(|to| (call, to)))
        {
            let script = format!("exec \"$0\" {call} {redirection}");
            let outcome =
                process::run(Command::new("sh").args(["-c", &script]).arg(plugins::binary(&plugin.name)));
            assert_eq!(
                (outcome.code, outcome.stderr.as_str()),
                (Some(3), ""),
                "{} {call} {redirection}",
                plugin.name
            );
        }
    }
}

/// The output of a program, or a file that it writes, may exceed the limit on the size of files.
#[test]
fn a_limit_on_the_size_of_files_is_no_death_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    for plugin in all() {
        for call in CALLS {
            let script = format!("ulimit -f 0; exec \"$0\" {call} >\"$1\"");
            let mut command = Command::new("sh");
            command
                .args(["-c", &script])
                .arg(plugins::binary(&plugin.name))
                .arg(folder.path().join("answer"));
            let outcome = process::run(&mut command);
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{} {call}", plugin.name);
        }
    }
}

/// A program answers UNKNOWN under any memory limit in which it starts.
#[test]
fn too_little_memory_is_no_death_by_a_signal() {
    for plugin in all() {
        let file = plugins::binary(&plugin.name);
        let within = |kibibytes: u64, call: &str| {
            let script = format!("ulimit -v {kibibytes}; exec \"$0\" {call}");
            process::run(Command::new("bash").args(["-c", &script]).arg(&file))
        };
        let size = std::fs::metadata(&file).unwrap().len() / 1024;
        let starts =
            (size / 2..4 * size).step_by(64).find(|limit| within(*limit, "--version").code == Some(3));
        let least = starts.unwrap_or_else(|| panic!("{} does not start", plugin.name));
        for more in [32, 64, 120, 160, 250, 500, 900, 1_000, 1_100, 1_500] {
            for call in CALLS {
                let outcome = within(least + more, call);
                let seen = format!("{} {call} within {} KiB: {}", plugin.name, least + more, outcome.stdout);
                assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{seen}");
                assert!(!outcome.first_line().is_empty(), "{seen}");
            }
        }
    }
}

#[test]
fn a_pipe_that_nobody_reads_is_given_up() {
    for plugin in all() {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
        fcntl_setfl(&writer, OFlags::empty()).unwrap();
        let mut command = plugins::command(&plugin.name);
        command.arg("--timeout=0.3").stdin(Stdio::null()).stdout(Stdio::from(writer)).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        eventually(&format!("the end of {}", plugin.name), Duration::from_secs(5), || {
            child.try_wait().unwrap().is_some()
        });
        assert_eq!(child.wait().unwrap().code(), Some(3), "{}", plugin.name);
        drop(reader);
    }
}

#[test]
fn nothing_is_said_on_standard_error_and_exit_ok_is_obeyed() {
    for plugin in all() {
        let (code, line) = plugin.ask(&["--timeout=5", "--exit-ok"]);
        assert_eq!(code, 0, "{line}");
        assert!(line.starts_with(&format!("{} ", plugin.title)), "{line}");
        let (code, same) = plugin.ask(&["--timeout=5"]);
        let state = same.split(' ').nth(1).unwrap_or_default();
        let codes = [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)];
        assert!(codes.contains(&(state, code)), "{code} with {same}");
    }
}
