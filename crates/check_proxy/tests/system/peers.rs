//! The states of a proxy, asked by curl, check_http, check_curl and the blackbox exporter too. Each is told
//! the proxy, the customer's login, and the page with its whole text: how often it is right, and how often
//! it says why. README.md has the counts.

mod programs;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use suite::blocks::{Block, is_update};
use suite::host::Host;
use suite::needs::{Need, missing};
use suite::plugins;

use crate::fake::Origin;
use crate::states::{NEEDS, machine, started, wrong};
use crate::{inside, room_for_neighbours};
use programs::{BLACKBOX, Blackbox, CHECK_CURL, CHECK_HTTP, CURL, Said, State, curl, plugin, version};

const PEERS: [&str; 4] = [CURL, CHECK_HTTP, CHECK_CURL, BLACKBOX];
/// How many states are asked side by side.
const AT_ONCE: usize = 8;
/// How often they are asked where the counts differ: what a peer says of a connection that ends may depend on
/// whether it reads or writes first.
const ATTEMPTS: usize = 3;

/// What all of them call OK, as check_proxy says it.
const UNSEEN: [&str; 12] = [
    "open: serves strangers by http and https",
    "open: serves strangers by https",
    "open: serves strangers by http",
    "open: the 407 carries the page",
    "takes any password",
    "answers no new login: its authentication helper hangs or is slow",
    "takes any password for https",
    "lets customers through to 192.0.2.9:22",
    "lets customers through to 192.0.2.9:22",
    "lets customers through to 192.0.2.9:22",
    "the page sees X-Forwarded-For",
    "an old copy of the page",
];

/// Texts of lines, and the words of a peer that tell this cause. Other lines have none: that a helper hangs
/// is more than a timeout.
const CAUSES: [(&str, &[&str]); 25] = [
    ("407", &["407", "proxy authentication required"]),
    ("403 ", &["403", "forbidden"]),
    ("503 ", &["503"]),
    ("429", &["429"]),
    ("302 ", &["302", "portal.example.net"]),
    ("leaves by", NOT_FOUND),
    ("another page", NOT_FOUND),
    ("page longer than", NOT_FOUND),
    ("page cut", &["unexpected eof", "transfer closed", "outstanding read data"]),
    ("then closed", &["closed", "eof", "ssl_error_syscall"]),
    ("then reset", &["reset"]),
    ("no TLS", &["wrong version", "tls handshake"]),
    ("wrong certificate", &["certificate"]),
    ("no HTTP", &["http/0.9", "malformed", "invalid header", "220"]),
    ("header without end", &["header", "too large"]),
    ("closed without an answer", &["empty reply", "eof", "closed", "no data"]),
    ("reset without an answer", &["reset"]),
    ("offers NTLM", &["ntlm", "negotiate"]),
    ("no route from here", &["no route", "unreachable"]),
    ("prohibited here", &["prohibited", "permission denied"]),
    ("192.0.2.1 refused", &["refused"]),
    ("192.0.2.1 no answer", SILENCE),
    ("connects, no answer", SILENCE),
    ("then no answer", SILENCE),
    ("answer incomplete", SILENCE),
];
const NOT_FOUND: &[&str] = &["not found", "regex"];
const SILENCE: &[&str] = &["timeout", "timed out", "deadline"];

/// How often one of them was right, and said the cause as well, of the states that it was asked in.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    right: usize,
    cause: usize,
    asked: usize,
}

impl Count {
    fn add(&mut self, is_right: bool, says_cause: bool) {
        self.right += usize::from(is_right);
        self.cause += usize::from(is_right && says_cause);
        self.asked += 1;
    }

    fn row(self, name: &str) -> String {
        format!("| {name} | {} | {} | {} |\n", self.right, self.cause, self.asked)
    }
}

#[test]
fn the_peers_are_asked_in_the_same_states() {
    if missing(&NEEDS) || missing(&PEERS.map(Need::Program)) {
        return;
    }
    let _room = room_for_neighbours();
    let host = &machine();
    let (states, asked) = inside(host, || {
        // check_http has no option for the port of a page behind CONNECT.
        let origin = &Origin::start_with(443);
        let states: Vec<State> =
            started(origin).into_iter().map(|(arguments, line)| State { arguments, line }).collect();
        let mut asked = ask_all(host, origin, &states);
        for _ in 1..ATTEMPTS {
            if is_shown(&counted(&states, &asked)) {
                break;
            }
            asked = ask_all(host, origin, &states);
        }
        (states, asked)
    });
    let mut unseen = Vec::new();
    for (state, (wrong, said)) in states.iter().zip(&asked) {
        assert_eq!(*wrong, None);
        if !state.is_well() && !said.is_empty() && said.iter().all(|said| said.is_well) {
            unseen.push(state.line);
        }
    }
    assert_eq!(unseen, UNSEEN);
    hold(&counted(&states, &asked));
}

/// The counts of check_proxy, whose answers are held by themselves, and of its peers.
fn counted(states: &[State], asked: &[Answers]) -> [Count; 5] {
    let mut counts = [Count::default(); 5];
    for (state, (_, said)) in states.iter().zip(asked) {
        let [own, peers @ ..] = &mut counts;
        own.add(true, true);
        for (count, said) in peers.iter_mut().zip(said) {
            count.add(said.is_well == state.is_well(), says_cause(state, said));
        }
    }
    counts
}

/// What is wrong with the line of check_proxy, and what each peer says: nothing where it cannot be asked.
type Answers = (Option<String>, Vec<Said>);

fn ask_all(host: &Host, origin: &Origin, states: &[State]) -> Vec<Answers> {
    let blackbox = &Blackbox::start(origin, states);
    let next = AtomicUsize::new(0);
    let work = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let states = numbers.map_while(|number| Some((number, states.get(number)?)));
        states.map(|(number, state)| (number, ask(origin, blackbox, number, state))).collect::<Vec<_>>()
    };
    let mut asked: Vec<(usize, Answers)> = thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| inside(host, work))).collect();
        running.into_iter().flat_map(|running| running.join().unwrap()).collect()
    });
    asked.sort_by_key(|(number, _)| *number);
    asked.into_iter().map(|(_, answers)| answers).collect()
}

fn ask(origin: &Origin, blackbox: &Blackbox, number: usize, state: &State) -> Answers {
    thread::scope(|scope| {
        let peers = state.is_for_peers().then(|| {
            [
                scope.spawn(|| state.ask(|page| curl(origin, state, page))),
                scope.spawn(|| state.ask(|page| plugin(origin, CHECK_HTTP, state, page))),
                scope.spawn(|| state.ask(|page| plugin(origin, CHECK_CURL, state, page))),
                scope.spawn(|| state.ask(|page| blackbox.ask(number, page))),
            ]
        });
        let wrong = wrong(origin, &state.arguments, state.line);
        (wrong, peers.into_iter().flatten().map(|peer| peer.join().unwrap()).collect())
    })
}

/// Whether a peer that is right says why, by a word of its own.
fn says_cause(state: &State, said: &Said) -> bool {
    let words =
        CAUSES.iter().find(|(cause, _)| state.line.contains(cause)).map_or(&[][..], |(_, words)| words);
    let text = said.text.to_lowercase();
    let is_word = |word: &&str| {
        let is_apart = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_digit());
        text.match_indices(word).any(|(at, _)| {
            is_apart(text[..at].chars().next_back()) && is_apart(text[at + word.len()..].chars().next())
        })
    };
    state.is_well() || words.iter().any(is_word)
}

/// Holds the counts against README.md. Other releases of the peers may have others.
fn hold(counts: &[Count; 5]) {
    let block = block();
    let names = names();
    let shown = block.shown().unwrap_or_default();
    if !is_update() && !names.iter().all(|name| shown.contains(&format!("| {name} |"))) {
        return;
    }
    block.hold(&format!(
        "| program | right | right, with the cause | states |\n| --- | --- | --- | --- |\n{}",
        rows(counts, &names)
    ));
}

/// Whether README.md has these counts.
fn is_shown(counts: &[Count; 5]) -> bool {
    block().shown().is_some_and(|shown| shown.ends_with(&rows(counts, &names())))
}

fn block() -> Block {
    Block::new(&plugins::workspace().join("crates/check_proxy/README.md"), "peers")
}

/// What the programs are called in the table.
fn names() -> Vec<String> {
    std::iter::once("check_proxy".to_owned()).chain(PEERS.iter().map(|peer| version(peer))).collect()
}

fn rows(counts: &[Count; 5], names: &[String]) -> String {
    counts.iter().zip(names).map(|(count, name)| count.row(name)).collect()
}
