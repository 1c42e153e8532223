//! A site in a folder: its configuration, its monitor's state, and what was published of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use suite::process::{self, Outcome};
use tempfile::TempDir;

/// When the fixture of a real Nagios was written.
const WRITTEN: u64 = 1_795_640_914;

pub(crate) struct Site {
    pub(crate) folder: TempDir,
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A service of a status.dat: its host, its name and its hard state.
pub(crate) type Service<'a> = (&'a str, &'a str, u8);

impl Site {
    /// One whose configuration and state are those of the fixtures: one component of each state.
    pub(crate) fn of_each_state() -> Self {
        let site = Self::new(include_str!("../fixtures/each-state.toml"));
        let text = include_str!("../../../monitor_state/tests/fixtures/one-of-each-state.dat");
        // As if it had been written now: the downtimes too.
        let moved = |line: &str| match line.rsplit_once('=') {
            Some((key, time)) if time.len() == 10 && time.starts_with("179") => {
                let time: u64 = time.parse().unwrap();
                format!("{key}={}", time + now() - WRITTEN)
            }
            _ => line.to_owned(),
        };
        let text: Vec<String> = text.lines().map(moved).collect();
        site.write("status.dat", text.join("\n") + "\n");
        site
    }

    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder };
        fs::create_dir(site.path("out")).unwrap();
        site.write("config.toml", config);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A status.dat of some services, written this long ago, in seconds.
    pub(crate) fn services(&self, services: &[Service<'_>], age: u64) {
        let created = now() - age;
        let mut text = format!(
            "info {{\n\tcreated={created}\n\t}}\nprogramstatus {{\n\tactive_service_checks_enabled=1\n\t\
             passive_service_checks_enabled=1\n\t}}\n"
        );
        let mut hosts: Vec<&str> = services.iter().map(|(host, ..)| *host).collect();
        hosts.dedup();
        for host in hosts {
            text += &format!(
                "hoststatus {{\n\thost_name={host}\n\tcurrent_state=0\n\thas_been_checked=1\n\tstate_type=1\n\t\
                 last_check={created}\n\tpassive_checks_enabled=1\n\t}}\n"
            );
        }
        for (host, service, state) in services {
            text += &format!(
                "servicestatus {{\n\thost_name={host}\n\tservice_description={service}\n\tcurrent_state={state}\n\t\
                 has_been_checked=1\n\tstate_type=1\n\tlast_check={created}\n\tpassive_checks_enabled=1\n\t}}\n"
            );
        }
        self.write("status.dat", text);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_publish_status"));
        let option = |name: &str, file: &str| format!("--{name}={}", self.path(file).display());
        command.arg(option("config", "config.toml")).arg(option("status-file", "status.dat"));
        command.arg(option("output", "out")).arg(option("state", "state")).args(arguments);
        command
    }

    /// The same with another folder of the state.
    pub(crate) fn line_in(&self, state: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_publish_status"));
        let state = ("state", state);
        for (option, name) in
            [("config", "config.toml"), ("status-file", "status.dat"), ("output", "out"), state]
        {
            command.arg(format!("--{option}={}", self.path(name).display()));
        }
        let outcome = process::run(&mut command);
        let (code, line) = outcome.summary();
        (code, line.replace(&self.folder.path().display().to_string(), "@"))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let outcome = process::run(&mut self.command(arguments));
        assert_eq!(outcome.stderr, "", "{outcome:?}");
        outcome
    }

    /// The exit code and the first line without the performance data, `@` in place of the folder.
    pub(crate) fn line(&self, arguments: &[&str]) -> (i32, String) {
        let outcome = self.run(arguments);
        let (code, line) = outcome.summary();
        (code, line.replace(&self.folder.path().display().to_string(), "@"))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(&format!("out/{name}"))).unwrap()
    }

    /// The public names with their states, from summary.json, without the groups.
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        let summary = self.json("summary.json");
        let components =
            summary["components"].as_array().unwrap().iter().filter(|component| component["group"] == false);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        components.map(|component| (text(&component["name"]), text(&component["status"]))).collect()
    }

    /// Takes a block out of status.dat: that of the service, or of the host alone.
    pub(crate) fn without(&self, name: &str) {
        let head = match name.split_once('!') {
            Some((host, service)) => format!("\thost_name={host}\n\tservice_description={service}\n"),
            None => format!("hoststatus {{\n\thost_name={name}\n"),
        };
        let text = self.read("status.dat");
        let blocks: Vec<&str> =
            text.split_inclusive("\n\t}\n").filter(|block| !block.contains(&head)).collect();
        assert!(blocks.concat().len() < text.len(), "no {name}");
        self.write("status.dat", blocks.concat());
    }

    /// Shifts the history into the past, as if its runs had been so many seconds ago.
    pub(crate) fn pass(&self, seconds: u64) {
        let text = self.read("state/history.jsonl");
        // Ninety days are kept. The key of a source, a hash, does not look like one of these times.
        let is_time = |number: u64| number.abs_diff(now()) < 100 * 86_400;
        let mut passed = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, digits) = rest.split_at(start);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let (digits, after) = digits.split_at(end);
            passed += before;
            match digits.parse::<u64>() {
                Ok(time) if is_time(time) => passed += &(time - seconds).to_string(),
                _ => passed += digits,
            }
            rest = after;
        }
        self.write("state/history.jsonl", passed + rest);
    }

    /// Everything that was published, by name.
    pub(crate) fn published(&self) -> Vec<(String, Vec<u8>)> {
        files(&self.path("out"))
    }
}

pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Two components of two services each.
pub(crate) const TWO: &str = r#"
title = "Example"
url = "https://status.example.com/"
[[group]]
name = "All"
  [[group.component]]
  name = "London"
  from = ["lon-*!proxy"]
  [[group.component]]
  name = "Paris"
  from = ["par-*!proxy"]
"#;

/// Its services in these states.
pub(crate) fn two(states: [u8; 4]) -> [Service<'static>; 4] {
    let [a, b, c, d] = states;
    [("lon-1", "proxy", a), ("lon-2", "proxy", b), ("par-1", "proxy", c), ("par-2", "proxy", d)]
}
