//! A message broker small enough to do on purpose what a real one does by accident: it takes events by STOMP
//! and keeps what it took, or says nothing, nonsense or too much. Its reading of frames is its own, so that
//! two mistakes do not agree.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::wait::holds_within;

/// What a broker does with who comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes and confirms all.
    Confirms,
    /// The same in this version of the protocol.
    Speaks(&'static str),
    /// Has this name, confirms so many transactions in a connection, and closes at the next COMMIT. Confirms
    /// events outside of them.
    Commits(&'static str, usize),
    /// Has this name, and refuses events whose output contains this as ActiveMQ does: the ERROR for one
    /// without a receipt comes after the next receipt, no transaction of which it refuses a part is
    /// committed, and the connection stays open.
    ErrsLate(&'static str, &'static str),
    /// Takes the connection and says nothing.
    Silent,
    /// Says this as soon as somebody has said something, and nothing more.
    Says(Vec<u8>),
    /// Takes and confirms so many events in a connection, takes one more and closes.
    Breaks(usize),
    /// Confirms the log-in; answers events with ERROR.
    Refuses,
    /// Takes events and confirms none.
    Forgets,
    /// Confirms so many events in a connection, and takes the others without a word.
    Stalls(usize),
    /// Confirms events whose bodies have at most so many octets; answers a larger one with ERROR, and closes.
    RefusesLarger(usize),
    /// The same without a word.
    ClosesOnLarger(usize),
    /// Confirms events to any destination but this; answers those with ERROR, and closes.
    RefusesTo(&'static str),
    /// The same with these words.
    SaysTo(&'static str, &'static str),
    /// Answers events to destinations with this prefix by an ERROR with this text, and closes. Confirms
    /// others.
    SaysBelow(&'static str, &'static str),
    /// Does the same, and gives no answer to the others.
    SaysBelowOrNothing(&'static str, &'static str),
    /// Answers every event with an ERROR of these words, and closes.
    SaysOfAll(&'static str),
    /// Confirms events whose output does not contain this; answers the others with an ERROR of these words,
    /// or without a word where there is none, and closes.
    SaysOf(&'static str, &'static str),
    /// The same, and the words end in the output of the event.
    SaysOwn(&'static str, &'static str),
    /// As `SaysOf`, and gives no answer to those whose output contains `mute`.
    SaysOfOrNothing(&'static str, &'static str),
    /// Confirms all, and puts a folder that is not empty in place of each file in this one before.
    Spoils(PathBuf),
}

/// A frame that somebody sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The command.
    pub command: String,
    /// The lines of its headers as they came.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sent {
    /// The value of a header as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }

    /// Whether this word is in the output of the event. Only a body with the word is read as JSON: snapshots
    /// have thousands of others.
    pub fn says(&self, word: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(word) && self.value("output").contains(word)
    }

    /// The value of a key in the JSON of the body, as text.
    pub fn value(&self, key: &str) -> String {
        let value: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        value
            .and_then(|value| value.get(key).map(ToString::to_string))
            .unwrap_or_else(|| "no such key".to_owned())
    }
}

/// A running broker. Dropping it stops it; who is connected then is cut off.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    taken: Taken,
    listener: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug, Default)]
struct Taken {
    frames: Arc<Mutex<Vec<Sent>>>,
    events: Arc<AtomicUsize>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    is_counting: bool,
}

impl Broker {
    /// Starts one on a free port of 127.0.0.1 that keeps every frame.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(manner: Manner) -> io::Result<Self> {
        Self::listen(TcpListener::bind("127.0.0.1:0")?, manner, false)
    }

    /// The same on the port of one that has been stopped.
    ///
    /// # Errors
    /// What the system says.
    pub fn start_at(address: SocketAddr, manner: Manner) -> io::Result<Self> {
        let mut bound = TcpListener::bind(address);
        // Another test may have been given the port meanwhile, for as long as that lasts.
        holds_within(Duration::from_secs(10), || {
            if bound.is_err() {
                bound = TcpListener::bind(address);
            }
            bound.is_ok()
        });
        Self::listen(bound?, manner, false)
    }

    /// One that confirms and counts, and keeps nothing: for benchmarks.
    ///
    /// # Errors
    /// What the system says.
    pub fn counting() -> io::Result<Self> {
        Self::listen(TcpListener::bind("127.0.0.1:0")?, Manner::Confirms, true)
    }

    fn listen(listener: TcpListener, manner: Manner, is_counting: bool) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let taken = Taken { is_counting, ..Taken::default() };
        let mut broker = Self { address, is_over: Arc::default(), taken: taken.clone(), listener: None };
        let is_over = Arc::clone(&broker.is_over);
        broker.listener = Some(thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (manner, taken) = (manner.clone(), taken.clone());
                // Who hangs up is gone; what came until then was kept.
                thread::spawn(move || drop(serve(stream, &manner, &taken)));
            }
        }));
        Ok(broker)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many events it has taken.
    pub fn events(&self) -> usize {
        self.taken.events.load(Ordering::SeqCst)
    }

    /// All frames that came, in their order.
    pub fn frames(&self) -> Vec<Sent> {
        self.taken.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The events among them.
    pub fn sent(&self) -> Vec<Sent> {
        self.frames().into_iter().filter(|frame| frame.command == "SEND").collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
        for stream in self.taken.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Makes the folder of a spool in `folder` for the user who runs the test, as a package does for nagios.
///
/// # Panics
/// If it cannot be made.
pub fn make_spool(folder: &Path) -> PathBuf {
    let spool = folder.join("spool");
    let made = fs::DirBuilder::new().mode(0o700).create(&spool);
    assert!(made.is_ok(), "{}: {made:?}", spool.display());
    spool
}

/// Puts `count` more events into a spool that nobody uses, copies of `template` with the next sequences:
/// quicker than as many handlers.
///
/// # Errors
/// What the system says.
pub fn fill(spool: &Path, template: &[u8], count: u64) -> io::Result<()> {
    let numbers = |folder: &str| -> io::Result<Option<u64>> {
        let names = fs::read_dir(spool.join(folder))?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        Ok(names.filter_map(|name| name.split('-').next()?.parse().ok()).max())
    };
    let last = numbers("new")?.max(numbers("last")?).unwrap_or(0);
    let mut event: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(template).map_err(io::Error::other)?;
    for sequence in last + 1..=last + count {
        event.insert("sequence".to_owned(), sequence.into());
        event.insert("id".to_owned(), format!("{sequence:08}-0000-4000-8000-000000000000").into());
        let json = serde_json::to_vec(&event)?;
        fs::write(spool.join("new").join(format!("{sequence:020}-{}", json.len())), json)?;
    }
    Ok(())
}

fn serve(mut stream: TcpStream, manner: &Manner, taken: &Taken) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if !taken.is_counting {
        taken.streams.lock().unwrap_or_else(PoisonError::into_inner).push(stream.try_clone()?);
    }
    let (mut octets, mut room) = (Vec::new(), vec![0; 64 << 10]);
    let mut events = 0;
    loop {
        let length = stream.read(&mut room)?;
        if length == 0 {
            return Ok(());
        }
        octets.extend_from_slice(room.get(..length).unwrap_or_default());
        let mut answers = Vec::new();
        let mut at = 0;
        while let Some((frame, end)) = octets.get(at..).and_then(read_frame) {
            at += end;
            let (answer, is_end) = answer(&frame, manner, &mut events);
            if frame.command == "SEND" {
                taken.events.fetch_add(1, Ordering::SeqCst);
            }
            if !taken.is_counting {
                taken.frames.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
            }
            answers.extend(answer);
            if is_end {
                stream.write_all(&answers)?;
                return stream.shutdown(Shutdown::Both);
            }
        }
        octets.drain(..at);
        stream.write_all(&answers)?;
    }
}

/// What is said to a frame, and whether the connection is closed then.
fn answer(frame: &Sent, manner: &Manner, events: &mut usize) -> (Vec<u8>, bool) {
    let receipt = |id: &str| format!("RECEIPT\nreceipt-id:{id}\n\n\0").into_bytes();
    let confirmed = (frame.header("receipt").map(receipt).unwrap_or_default(), false);
    let nothing = (Vec::new(), false);
    let error = |words: &str| (format!("ERROR\nmessage:no\n\n{words}\0").into_bytes(), true);
    match (manner, frame.command.as_str()) {
        (Manner::Silent, _) => nothing,
        (Manner::Says(octets), "CONNECT") => (octets.clone(), false),
        (Manner::Says(_), _) => nothing,
        (Manner::Speaks(version), "CONNECT") => {
            (format!("CONNECTED\nversion:{version}\n\n\0\n").into_bytes(), false)
        }
        (Manner::Commits(name, _) | Manner::ErrsLate(name, _), "CONNECT") => {
            (format!("CONNECTED\nversion:1.2\nserver:{name}\n\n\0\n").into_bytes(), false)
        }
        (Manner::Commits(_, most), "COMMIT") => {
            *events += 1;
            if *events > *most { (Vec::new(), true) } else { confirmed }
        }
        (Manner::Commits(..), _) if frame.command != "DISCONNECT" => confirmed,
        (Manner::ErrsLate(_, part), "SEND" | "COMMIT") => err_late(frame, part, events, confirmed.0),
        (_, "CONNECT") => (b"CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0\n".to_vec(), false),
        (_, "DISCONNECT") => (Vec::new(), true),
        (_, "SEND") => {
            *events += 1;
            match manner {
                Manner::Refuses => (b"ERROR\nmessage:no\n\nnot here\0".to_vec(), false),
                Manner::Forgets => nothing,
                Manner::Stalls(after) if *events > *after => nothing,
                Manner::Breaks(after) if *events > *after => (Vec::new(), true),
                Manner::RefusesLarger(most) if frame.body.len() > *most => {
                    error(&format!("message size {} is larger than {most}", frame.body.len()))
                }
                Manner::ClosesOnLarger(most) if frame.body.len() > *most => (Vec::new(), true),
                Manner::RefusesTo(destination) if frame.header("destination") == Some(destination) => {
                    error("no exchange of this name")
                }
                Manner::SaysTo(destination, words) if frame.header("destination") == Some(destination) => {
                    error(words)
                }
                Manner::SaysBelow(prefix, words) | Manner::SaysBelowOrNothing(prefix, words)
                    if frame.header("destination").is_some_and(|to| to.starts_with(prefix)) =>
                {
                    error(words)
                }
                Manner::SaysBelowOrNothing(..) => nothing,
                Manner::SaysOfAll(words) => error(words),
                Manner::SaysOf(part, words) | Manner::SaysOfOrNothing(part, words) if frame.says(part) => {
                    if words.is_empty() {
                        (Vec::new(), true)
                    } else {
                        error(words)
                    }
                }
                Manner::SaysOwn(part, words) if frame.says(part) => {
                    error(&format!("{words} {}", frame.value("output")))
                }
                Manner::SaysOfOrNothing(..) if frame.says("mute") => nothing,
                Manner::Spoils(folder) => {
                    spoil(folder);
                    confirmed
                }
                _ => confirmed,
            }
        }
        _ => confirmed,
    }
}

/// See [`Manner::ErrsLate`]. `refused` counts the events whose ERROR is due.
fn err_late(frame: &Sent, part: &str, refused: &mut usize, receipt: Vec<u8>) -> (Vec<u8>, bool) {
    let error = b"ERROR\nmessage:no\n\nyou are not authorized to write\0".to_vec();
    if frame.command == "SEND" && frame.says(part) {
        if !receipt.is_empty() {
            return (error, false);
        }
        *refused += 1;
        return (Vec::new(), false);
    }
    if receipt.is_empty() || std::mem::take(refused) == 0 {
        return (receipt, false);
    }
    (if frame.command == "COMMIT" { error } else { [receipt, error].concat() }, false)
}

fn spoil(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // A folder stays as it is.
        let _ = fs::remove_file(entry.path()).and_then(|()| fs::create_dir_all(entry.path().join("x")));
    }
}

/// The first frame and its length: none until all of it is there.
fn read_frame(octets: &[u8]) -> Option<(Sent, usize)> {
    let start = octets.iter().position(|octet| *octet != b'\n')?;
    let frame = octets.get(start..)?;
    let head = frame.windows(2).position(|pair| pair == b"\n\n")?;
    let text = String::from_utf8_lossy(frame.get(..head)?).into_owned();
    let mut lines = text.split('\n').map(str::to_owned);
    let mut sent = Sent { command: lines.next()?, headers: lines.collect(), body: Vec::new() };
    let rest = frame.get(head + 2..)?;
    let length = sent.header("content-length").and_then(|length| length.parse().ok());
    let length = length.or_else(|| rest.iter().position(|octet| *octet == 0))?;
    (rest.get(length)? == &0).then_some(())?;
    sent.body = rest.get(..length)?.to_vec();
    Some((sent, start + head + 2 + length + 1))
}
