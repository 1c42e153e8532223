//! kill -9 at random moments, while events are spooled and while they are sent: the sequence tells that none
//! is lost.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use suite::plugins;
use suite::process::run;
use suite::stomp::{Broker, Manner, fill, make_spool};

use super::complete;

/// How many processes are killed before they end by themselves.
const KILLS: u64 = 300;
/// The most that are started for that.
const TRIES: u64 = 4 * KILLS;

/// Marsaglia's xorshift.
fn random(state: &mut u64, below: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % below
}

#[test]
fn whoever_is_killed_loses_nothing_and_leaves_no_broken_file() {
    let broker = Broker::start(Manner::Confirms).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spool = make_spool(folder.path());
    let command = || {
        let mut command = Command::new(plugins::binary("notify_stomp"));
        command.arg(format!("--broker={}", broker.address())).arg(format!("--spool={}", spool.display()));
        command
            .arg("--destination=/queue/nagios")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let event = |name: &str| {
        let mut command = command();
        command.args(["--host=web1", "--state=DOWN"]).arg(format!("--output={name}"));
        command
    };
    let first = run(&mut event("first"));
    assert_eq!(first.code, Some(0), "{}", first.stdout);
    // How long an event and a flush take, in microseconds, corrected by each: kills fall into all of it.
    let mut whole = [u64::try_from(first.elapsed.as_micros()).unwrap(); 2];
    let template = broker.sent().remove(0).body;
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("the seed is {seed}, and an undisturbed run took {:?}", first.elapsed);
    let (mut ended, mut killed) = (Vec::new(), 0);
    for number in 0..TRIES {
        if killed == KILLS {
            break;
        }
        let name = format!("event {number}");
        let mut child = if number % 2 == 0 {
            event(&name)
        } else {
            fill(&spool, &template, 40).unwrap();
            let mut flush = command();
            flush.arg("--flush");
            flush
        };
        let mut child = child.spawn().unwrap();
        thread::sleep(Duration::from_micros(random(&mut seed, whole[number as usize % 2])));
        child.kill().unwrap();
        let code = child.wait().unwrap().code();
        let whole = &mut whole[number as usize % 2];
        *whole = if code.is_some() { (*whole * 9 / 10).max(100) } else { *whole * 11 / 10 };
        match code {
            Some(code) if number % 2 == 0 => {
                assert!(code <= 1, "{name}: {code}");
                ended.push(name);
            }
            Some(_) => {}
            None => killed += 1,
        }
    }
    let last = run(&mut event("last"));
    assert_eq!(last.code, Some(0), "{}", last.stdout);
    // A flush that was killed while it tried the spool left the file of its trial, which the next one
    // removes.
    let flush = run(command().arg("--flush").stdout(Stdio::piped()));
    assert_eq!(flush.code, Some(0), "{}", flush.stdout);
    let sent: Vec<BTreeMap<String, serde_json::Value>> =
        broker.sent().iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
    let highest = sent.iter().map(|event| event["sequence"].as_u64().unwrap()).max().unwrap();
    let copies = complete(&sent, highest);
    println!("{killed} killed before they ended, {highest} events, {copies} of them sent again");
    // Of those that were not killed in time each has arrived.
    for name in ended {
        assert!(sent.iter().any(|event| event["output"] == name), "{name} is lost");
    }
    for folder in ["new", "tmp", "broken", "refused"] {
        assert_eq!(fs::read_dir(spool.join(folder)).unwrap().count(), 0, "{folder}");
    }
    assert_eq!(killed, KILLS, "the others ended first");
}
