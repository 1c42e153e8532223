//! The rights that README.md gives two users of RabbitMQ are enough, and without them nothing is published.

use std::process::Stdio;
use std::time::Duration;

use suite::brokers::{Broker, RABBITMQ};
use suite::host::{Host, public_folder};
use suite::needs::missing;
use suite::plugins;
use suite::process::run;
use suite::wait::eventually;

use super::{configuration, events, notify};

/// The lines of README.md with `rabbitmqctl`, by the destination that the comment above them names; those
/// before the first comment are for all.
fn lines() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(plugins::folder("notify_stomp").join("README.md")).unwrap();
    let mut destination = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some((_, name)) = line.strip_prefix("# ").and_then(|comment| comment.rsplit_once("for ")) {
            name.clone_into(&mut destination);
        } else if line.starts_with("rabbitmqctl ") {
            lines.push((destination.clone(), line.to_owned()));
        }
    }
    lines
}

#[test]
fn those_of_the_documentation_are_enough() {
    if missing(&RABBITMQ) {
        return;
    }
    let host = Host::create();
    let broker = Broker::rabbitmq(&host);
    let does = |line: &str| {
        let asked = format!("echo not-so-secret | {line}");
        let outcome = run(broker.administrator("sh").args(["-c", &asked]));
        assert_eq!(outcome.code, Some(0), "{line}: {}{}", outcome.stdout, outcome.stderr);
    };
    let lines = lines();
    for (_, line) in lines.iter().filter(|(_, line)| line.contains(" add_user ")) {
        does(line);
    }
    let folder = public_folder();
    let as_user = |user: &str, destination: &str| {
        let file = configuration(folder.path(), destination);
        let text = std::fs::read_to_string(&file).unwrap().replace("login=lab", &format!("login={user}"));
        // Each has a file of its own: the reader may read its one only when another is written.
        let own = folder.path().join(format!("{user}.ini"));
        std::fs::rename(&file, &own).unwrap();
        std::fs::write(&own, text).unwrap();
        own
    };
    for destination in ["/topic/nagios", "/queue/nagios"] {
        let given: Vec<&String> =
            lines.iter().filter(|(of, _)| of == destination).map(|(_, line)| line).collect();
        assert_eq!(given.len(), 2, "{destination}: {lines:?}");
        let publishes = || {
            let file = as_user("nagios", destination);
            notify(&host, &file, &["--host=web1", "--state=DOWN", "--state-type=HARD"])
        };
        let refused = publishes();
        assert!(refused.stdout.starts_with("STOMP CRITICAL - "), "{}", refused.stdout);
        for line in &given {
            does(line);
        }
        // A topic keeps nothing for who is not there yet.
        let file = as_user("reader", destination);
        let mut reader = host.command(plugins::binary("notify_stomp"));
        reader.arg(format!("--extra-opts=@{}", file.display()));
        reader.args([&format!("--cat={destination}"), "--count=1"]);
        let reader = reader.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let file = as_user("nagios", destination);
        let consumers = || run(broker.administrator("rabbitmqctl").args(["-q", "list_consumers"])).stdout;
        eventually("the reader subscribes", Duration::from_secs(30), || !consumers().is_empty());
        let sent = notify(&host, &file, &["--flush"]);
        assert!(sent.stdout.starts_with("STOMP OK - 1 event confirmed by "), "{}", sent.stdout);
        let outcome = reader.wait_with_output().unwrap();
        let shown = String::from_utf8(outcome.stdout).unwrap();
        assert_eq!((outcome.status.code(), events(&shown).len()), (Some(0), 1), "{shown}");
    }
}
