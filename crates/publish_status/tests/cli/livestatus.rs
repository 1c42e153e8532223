//! The state by Livestatus, from a socket that answers well, wrongly or not at all.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;

use suite::process;

use crate::site::{Site, TWO, now};

/// The row of a service in this state, or of a host: there, the name stands in the place of the service's
/// too.
fn row(host: &str, name: &str, state: u8) -> String {
    format!("[\"{host}\",\"{name}\",{state},{state},1,1,1,3,1,1,{},1,1,1,0,0,0]", now())
}

/// What a well monitor answers to the query of a table.
fn well(table: &str) -> String {
    let states = [("lon-1", 0), ("lon-2", 2), ("par-1", 0)];
    let services = states.map(|(host, state)| row(host, "proxy", state));
    let hosts = states.map(|(host, _)| row(host, host, 0));
    let body = match table {
        "status" => "[[1,1,1,1,7,60]]".to_owned(),
        "hosts" => format!("[{}]", hosts.join(",\n")),
        "services" => format!("[{}]", services.join(",\n")),
        _ => "[]\n".to_owned(),
    };
    format!("200 {:>11}\n{body}", body.len())
}

/// Publishes from a socket at which `answer` is given the name of each table that is asked for.
fn publish(site: &Site, answer: impl Fn(&str) -> String + Send + 'static) -> (i32, String) {
    let socket = site.path("live");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            let _ = lines.find(String::is_empty);
            // It may have been closed: what was asked for was seen.
            let _ = stream.write_all(answer(first.trim_start_matches("GET ")).as_bytes());
        }
    });
    line(site, &[])
}

fn line(site: &Site, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_publish_status"));
    for (option, name) in
        [("config", "config.toml"), ("livestatus", "live"), ("output", "out"), ("state", "state")]
    {
        command.arg(format!("--{option}={}", site.path(name).display()));
    }
    let outcome = process::run(command.args(arguments));
    let (code, line) = outcome.summary();
    (code, line.replace(&site.folder.path().display().to_string(), "@"))
}

#[test]
fn what_livestatus_tells_is_published() {
    let site = Site::new(TWO);
    let ok = "STATUS OK - 2 components published, 1 operational, 1 major outage";
    assert_eq!(publish(&site, well), (0, ok.to_owned()));
    // In units of 1 s, a check each second is due after three.
    let old = |table: &str| match table {
        "status" => "200          15\n[[1,1,1,1,7,1]]".to_owned(),
        _ => well(table).replace(&format!("{},1,1,1", now()), &format!("{},1,1,1", now() - 10)),
    };
    let (code, line) = publish(&site, old);
    assert_eq!((code, line.as_str()), (2, line.as_str()), "both checks are too old: {line}");
    assert!(line.contains("sources went bad, limit 50% in 10 min"), "{line}");
    let disabled = |table: &str| well(table).replace("[[1,1,1,1,7,60]]", "[[0,0,1,1,7,60]]");
    let (code, line) = publish(&site, disabled);
    assert!(code == 2 && line.contains("all service checks are disabled"), "{line}");
}

#[test]
fn what_is_no_livestatus_is_told() {
    let site = Site::new(TWO);
    assert_eq!(publish(&site, well).0, 0);
    let before = site.published();
    let refused = |(code, line): (i32, String), expected: &str| {
        assert!(
            code == 3 && line.starts_with(&format!("STATUS UNKNOWN - --livestatus @/live: {expected}")),
            "{line}"
        );
        assert_eq!(site.published(), before, "{line}");
    };
    refused(publish(&site, |_| String::new()), "not what Livestatus answers");
    refused(publish(&site, |_| "HTTP/1.1 400 Bad Request\r\n\r\n".to_owned()), "not what Livestatus answers");
    refused(
        publish(&site, |_| "404          14\nno such table\n".to_owned()),
        "it refuses the query: 404 no such table",
    );
    // A line has no room for all of these words: it contains the whole words that fit.
    let long = format!("no column {}\n", "service_description ".repeat(20));
    let (code, told) = publish(&site, move |_| format!("450 {:>11}\n{long}", long.len()));
    let words = told.rsplit_once("the query: 450 no column ").unwrap().1;
    assert!(code == 3 && words.ends_with("service_description ..."), "{words}");
    assert!(words.split(' ').all(|word| ["service_description", "..."].contains(&word)), "{words}");
    let cut = |table: &str| well(table).chars().take(40).collect();
    let cut_off = "STATUS UNKNOWN - --livestatus @/live closed in the middle of its answer";
    assert_eq!(publish(&site, cut), (3, cut_off.to_owned()));
    assert_eq!(site.published(), before);
    // Frozen: the kernel takes connections for it.
    let socket = site.path("live");
    std::fs::remove_file(&socket).unwrap();
    let frozen = UnixListener::bind(&socket).unwrap();
    refused(line(&site, &["--timeout=1"]), "no answer");
    drop(frozen);
    refused(line(&site, &[]), "connection refused");
    std::fs::remove_file(&socket).unwrap();
    refused(line(&site, &[]), "no such file or directory");
    std::fs::write(&socket, "").unwrap();
    refused(line(&site, &[]), "connection refused");
    let (code, line) = line(&site, &["--status-file=x"]);
    assert!(code == 3 && line.contains("--status-file"), "{line}");
}
