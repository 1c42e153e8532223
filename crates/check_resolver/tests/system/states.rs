//! The states of resolv.conf, one row each: the file, what its nameservers do, and what the plugin says on a
//! host that has no others. Each row has a host of its own, and some of them run side by side: the kernel has
//! one lock for all namespaces (RTNL), and with dozens at once a program waits for it longer than its own
//! deadline.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use suite::host::Host;
use suite::needs::missing;
use suite::plugins;
use suite::process::run;

use super::{NEEDS, fake_as, host, said, silent};

mod rows;

use rows::STATES;

/// How many rows run side by side.
const AT_ONCE: usize = 8;

/// What a row needs on its host, and what is said there.
#[derive(Clone, Copy)]
struct State {
    what: &'static str,
    /// The content of resolv.conf, its lines separated by `|`: `None` if there is no such file.
    conf: Option<&'static str>,
    /// `ADDRESS=BEHAVIOUR`, separated by blanks, as the fake has them: `dead` takes questions and never
    /// answers, `closed` has no listener.
    servers: &'static str,
    hosts: &'static str,
    name: &'static str,
    /// The line, with `#` for what is measured.
    line: &'static str,
}

#[test]
fn each_has_its_line() {
    if missing(&NEEDS) {
        return;
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let states = std::iter::from_fn(|| STATES.get(next.fetch_add(1, Ordering::Relaxed)));
        states.filter_map(|state| Some((state, state.wrong(&state.run())?))).collect::<Vec<_>>()
    };
    let wrong: Vec<(&State, Wrong)> = thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|running| running.join().unwrap()).collect()
    });
    // A busy machine makes many of them late at once: one with the right line runs once more by itself.
    let again = |(state, wrong): (&State, Wrong)| match wrong {
        Wrong::Late(_) => state.wrong(&state.run()),
        Wrong::Said(_) => Some(wrong),
    };
    let wrong: Vec<String> = wrong.into_iter().filter_map(again).map(Wrong::text).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with what a state said.
enum Wrong {
    /// The exit code or the line.
    Said(String),
    /// The time alone.
    Late(String),
}

impl Wrong {
    fn text(self) -> String {
        match self {
            Self::Said(text) | Self::Late(text) => text,
        }
    }
}

impl State {
    /// What came, where that is not what should: `None` if it is.
    fn wrong(&self, (code, line, took): &(i32, String, Duration)) -> Option<Wrong> {
        let Self { what, line: expected, .. } = self;
        let fits = match expected.split_once('#') {
            Some((start, end)) => line.starts_with(start) && line.ends_with(end),
            None => line == expected,
        };
        let by_its_word = ["OK ", "WARNING ", "CRITICAL "].iter().position(|word| expected.starts_with(word));
        let text = || format!("{what}: {code}, {line}, {took:?}");
        if usize::try_from(*code).ok() != by_its_word || !fits {
            return Some(Wrong::Said(text()));
        }
        (*took >= Duration::from_secs(12)).then(|| Wrong::Late(text()))
    }

    /// The exit code, the line and the time.
    fn run(&self) -> (i32, String, Duration) {
        let servers = || self.servers.split_whitespace().map(|server| server.split_once('=').unwrap());
        let addresses: Vec<&str> = servers().map(|(address, _)| address).collect();
        let own: Vec<&str> = addresses.iter().copied().filter(|address| *address != "127.0.0.1").collect();
        let host = host(&own, &self.conf.unwrap_or_default().replace('|', "\n"));
        host.etc("nsswitch.conf", &format!("hosts: {}\n", self.hosts));
        host.etc("hosts", "127.0.0.1 localhost\n192.0.2.7 www2.example.com\n");
        let (mut fakes, mut dead): (Vec<_>, Vec<UdpSocket>) = Default::default();
        for (address, does) in servers() {
            let address =
                if address.contains(':') { format!("[{address}]:53") } else { format!("{address}:53") };
            match does {
                "closed" => {}
                "dead" => dead.push(silent(&host, &address)),
                does => fakes.push(fake_as(&host, does, &address)),
            }
        }
        let mut command = self.command(&host);
        let outcome = run(command.arg(plugins::binary("check_resolver")).arg(self.name));
        assert_eq!(outcome.stderr, "", "{}", self.what);
        let (code, line) = said(&outcome);
        (code, line, outcome.elapsed)
    }

    /// A command on the host, in whose /etc there is no resolv.conf behind its link if the state wants it so.
    fn command(&self, host: &Host) -> Command {
        match self.conf {
            Some(_) => host.command("env"),
            None => {
                let dangling = "mount -t tmpfs none /etc && echo 'hosts: files dns' >/etc/nsswitch.conf && \
                                ln -s /run/nowhere/resolv.conf /etc/resolv.conf && exec \"$@\"";
                let mut command = host.command("sh");
                command.args(["-c", dangling, "sh"]);
                command
            }
        }
    }
}
