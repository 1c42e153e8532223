//! A nameserver that does what real ones will not do on request: the first label of the name asked says what,
//! or the nameserver itself does the same for every name.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);
/// Later than the last try is waited for.
const SLOW: Duration = Duration::from_millis(3800);
/// Shorter than what is left of the time after silence by UDP.
const SLOW_TCP: Duration = Duration::from_millis(2600);
const RA: u16 = 0x8180;

/// A running fake. Dropping it ends it.
pub(crate) struct Fake {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// A question as it came.
struct Query<'a> {
    octets: &'a [u8],
    label: String,
    kind: u16,
    /// Where the question ends.
    end: usize,
    has_edns: bool,
    unchecked: bool,
    tcp: bool,
}

/// What a fake does for every name in place of what its first label says.
type Always = Option<&'static str>;

impl Fake {
    /// Listens on this address by UDP, and by TCP if `tcp`, on the same port.
    pub(crate) fn start(address: &str, tcp: bool) -> Self {
        Self::start_as(None, address, tcp)
    }

    /// The same, for a fake that does this for every name.
    pub(crate) fn start_as(always: Always, address: &str, tcp: bool) -> Self {
        for _ in 0..500 {
            // A process that another test is just starting may have the sockets of a fake before this one.
            let Some((udp, listener)) = sockets(address, tcp) else {
                thread::sleep(POLL);
                continue;
            };
            let address = udp.local_addr().unwrap();
            let ended = Arc::new(AtomicBool::new(false));
            let mut threads = vec![serve_udp(always, udp, ended.clone())];
            threads.extend(listener.map(|listener| serve_tcp(always, listener, ended.clone())));
            return Self { address, ended, threads };
        }
        panic!("no port is free for both UDP and TCP on {address}");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A socket by UDP, and a listener on the same port if `tcp`; none where another process has the port.
fn sockets(address: &str, tcp: bool) -> Option<(UdpSocket, Option<TcpListener>)> {
    let udp = free(UdpSocket::bind(address))?;
    let listener = if tcp { Some(free(TcpListener::bind(udp.local_addr().unwrap()))?) } else { None };
    Some((udp, listener))
}

fn free<T>(bound: io::Result<T>) -> Option<T> {
    match bound {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
        bound => Some(bound.unwrap()),
    }
}

fn serve_udp(always: Always, socket: UdpSocket, ended: Arc<AtomicBool>) -> JoinHandle<()> {
    socket.set_read_timeout(Some(POLL)).unwrap();
    thread::spawn(move || {
        let mut room = [0; 4096];
        let mut seen: Vec<(SocketAddr, Vec<u8>)> = Vec::new();
        let mut later: Vec<(Instant, Vec<u8>, SocketAddr)> = Vec::new();
        while !ended.load(Ordering::SeqCst) {
            later.retain(|(at, answer, peer)| {
                let is_due = Instant::now() >= *at;
                if is_due {
                    let _ = socket.send_to(answer, peer);
                }
                !is_due
            });
            let Ok((length, peer)) = socket.recv_from(&mut room) else { continue };
            let Some(query) = Query::read(always, &room[..length], false) else { continue };
            let key = (peer, room[12..query.end].to_vec());
            let is_first = !seen.contains(&key);
            let earlier = seen.iter().filter(|(_, question)| *question == key.1).count();
            let is_new = earlier == 0;
            seen.push(key);
            match query.label.as_str() {
                "lost" if is_first => {}
                "lost-twice" if earlier < 2 => {}
                "at-times" if earlier % 2 == 0 => {
                    let _ = socket.send_to(&query.answer(RA | 2, &[], &[]), peer);
                }
                // Each further question comes from another port.
                "once" | "once22" if is_new => {
                    let errors: &[u16] = if query.label == "once" { &[] } else { &[22] };
                    let _ = socket.send_to(&query.answer(RA | 2, &[], errors), peer);
                }
                "stale-once" if !is_new => {
                    let _ = socket.send_to(&query.good(), peer);
                }
                "late" if is_first => {
                    later.push((Instant::now() + Duration::from_millis(1500), query.good(), peer))
                }
                "late" => {}
                "later" => later.push((Instant::now() + Duration::from_millis(1850), query.good(), peer)),
                "slow" | "slow-servfail" => {
                    let answers = query.answers().into_iter();
                    later.extend(answers.map(|answer| (Instant::now() + SLOW, answer, peer)));
                }
                "slow-aaaa" if query.kind == 28 => later.push((Instant::now() + SLOW, query.good(), peer)),
                "otherport" | "otherport-good" => {
                    let other = UdpSocket::bind((socket.local_addr().unwrap().ip(), 0)).unwrap();
                    let _ = other.send_to(&query.good(), peer);
                    if query.label == "otherport-good" {
                        later.push((Instant::now() + Duration::from_millis(50), query.good(), peer));
                    }
                }
                _ => {
                    for answer in query.answers() {
                        let _ = socket.send_to(&answer, peer);
                    }
                }
            }
        }
    })
}

fn serve_tcp(always: Always, listener: TcpListener, ended: Arc<AtomicBool>) -> JoinHandle<()> {
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while !ended.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => kept.extend(talk(always, stream)),
                Err(_) => thread::sleep(POLL),
            }
        }
    })
}

/// Answers one question. Returns the connection where it is to stay open in silence.
fn talk(always: Always, mut stream: TcpStream) -> Option<TcpStream> {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut room = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut room).ok()?;
    let query = Query::read(always, &room, true)?;
    match query.label.as_str() {
        "tc-closed" => None,
        "silent" | "tc-silent" | "noedns" | "wrongid" | "late" | "slow" | "slow-servfail" | "slow-aaaa" => {
            Some(stream)
        }
        label => {
            let answer = query.answers().pop().unwrap_or_default();
            match label.ends_with("-slow") {
                true => drop(thread::spawn(move || {
                    thread::sleep(SLOW_TCP);
                    send(stream, &answer)
                })),
                false => send(stream, &answer)?,
            }
            None
        }
    }
}

/// Sends the length of an answer in a segment of its own, and the answer.
fn send(mut stream: TcpStream, answer: &[u8]) -> Option<()> {
    stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes()).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.write_all(answer).ok()
}

impl<'a> Query<'a> {
    fn read(always: Always, octets: &'a [u8], tcp: bool) -> Option<Self> {
        let mut at = 12;
        let first = usize::from(*octets.get(at)?);
        let label = String::from_utf8_lossy(octets.get(at + 1..at + 1 + first)?);
        let label = always.unwrap_or(&label).to_owned();
        while *octets.get(at)? != 0 {
            at += 1 + usize::from(octets[at]);
        }
        let kind = u16::from_be_bytes([*octets.get(at + 1)?, *octets.get(at + 2)?]);
        let unchecked = octets[3] & 0x10 != 0;
        Some(Self { octets, label, kind, end: at + 5, has_edns: octets[11] == 1, unchecked, tcp })
    }

    /// An answer with these flags and code, these records, and EDNS where the question had it, with these
    /// extended errors.
    fn answer(&self, flags: u16, records: &[&[u8]], errors: &[u16]) -> Vec<u8> {
        let mut answer = self.octets[..2].to_vec();
        let count = u16::try_from(records.len()).unwrap();
        for word in [flags, 1, count, 0, u16::from(self.has_edns)] {
            answer.extend(word.to_be_bytes());
        }
        answer.extend(&self.octets[12..self.end]);
        answer.extend(records.concat());
        if self.has_edns {
            answer.extend(b"\0\0\x29\x04\xd0\0\0\x80\0");
            answer.extend(u16::try_from(errors.len() * 6).unwrap().to_be_bytes());
            for error in errors {
                answer.extend([0, 15, 0, 2]);
                answer.extend(error.to_be_bytes());
            }
        }
        answer
    }

    /// An answer without EDNS.
    fn plain(&self, flags: u16) -> Vec<u8> {
        Query { has_edns: false, label: String::new(), ..*self }.answer(flags, &[], &[])
    }

    fn good(&self) -> Vec<u8> {
        match self.kind {
            1 => self.answer(RA, &[&a([192, 0, 2, 80])], &[]),
            28 => self.answer(
                RA,
                &[b"\xc0\x0c\0\x1c\0\x01\0\0\x01\x2c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x80"],
                &[],
            ),
            _ => self.answer(RA, &[], &[]),
        }
    }

    /// BADVERS, which needs EDNS.
    fn badvers(&self) -> Vec<u8> {
        let mut answer = self.answer(RA, &[], &[]);
        let extended = answer.len() - 6;
        answer[extended] = 1;
        answer
    }

    fn with_id(&self, id: u16) -> Vec<u8> {
        let mut answer = self.good();
        answer[..2].copy_from_slice(&id.to_be_bytes());
        answer
    }

    fn other_id(&self) -> Vec<u8> {
        self.with_id(u16::from_be_bytes([self.octets[0], self.octets[1]]).wrapping_add(1))
    }

    /// What is sent, in this order.
    fn answers(&self) -> Vec<Vec<u8>> {
        let code = |code: u16| vec![self.answer(RA | code, &[], &[])];
        let is_aaaa = self.kind == 28;
        let only_v4_with = |record: &[u8], errors: &[u16]| {
            vec![self.answer(RA, if is_aaaa { &[] } else { std::slice::from_ref(&record) }, errors)]
        };
        let only_v4 = |record: &[u8]| only_v4_with(record, &[]);
        if let Some(order) = self.label.strip_prefix("alias ") {
            let records: Vec<Vec<u8>> = order.chars().map(of_chain).collect();
            return vec![self.answer(RA, &records.iter().map(Vec::as_slice).collect::<Vec<_>>(), &[])];
        }
        match self.label.as_str() {
            "good" | "lost" | "late" => vec![self.good()],
            "v4only" if is_aaaa => code(0),
            "v6only" if !is_aaaa => code(0),
            "nodata" => code(0),
            "nxdomain" => code(3),
            "servfail" | "slow-servfail" => code(2),
            "servfail22" => vec![self.answer(RA | 2, &[], &[22])],
            "expired" if !self.unchecked => vec![self.answer(RA | 2, &[], &[6, 7])],
            "bogus" if !self.unchecked => code(2),
            "stale" | "stale-once" => only_v4_with(&a([192, 0, 2, 80]), &[3]),
            "stale-nxdomain" => vec![self.answer(RA | 3, &[], &[19])],
            "refused" => code(5),
            "refused-bare" => vec![[&self.octets[..2], &[0x81, 0x85], &[0; 8]].concat()],
            "notimp" => vec![self.plain(RA | 4)],
            "formerr" => code(1),
            "notimp-aaaa" if is_aaaa => vec![self.plain(RA | 4)],
            "formerr-aaaa" if is_aaaa => code(1),
            "formerr-opt" if self.has_edns => code(1),
            "servfail-edns" if self.has_edns => code(2),
            "refused-edns" if self.has_edns => code(5),
            "badvers-edns" if self.has_edns => vec![self.badvers()],
            "formerr-edns" if self.has_edns => vec![self.plain(RA | 1)],
            "silent" | "silent-udp" | "udp-slow" if !self.tcp => vec![],
            "noedns" if self.has_edns => vec![],
            "silent-aaaa" if is_aaaa => vec![],
            "servfail-aaaa" if is_aaaa => code(2),
            "nxdomain-aaaa" if is_aaaa => code(3),
            "wrongid" => vec![self.other_id()],
            "wrongid-good" => vec![self.other_id(), self.good()],
            "otherquestion" => {
                let mut answer = self.good();
                answer[13] ^= 1;
                vec![answer]
            }
            "echo" => vec![self.octets.to_vec()],
            "short" => vec![self.octets[..5].to_vec()],
            "pointer" => vec![self.answer(RA, &[b"\xc0\xff\0\x01\0\x01\0\0\0\0\0\0"], &[])],
            "badvers" if self.has_edns => vec![self.badvers()],
            "badvers" => code(5),
            "tc" | "tc-closed" | "tc-silent" | "tc-refused" | "tc-slow" if !self.tcp => {
                vec![self.answer(RA | 0x200, &[], &[])]
            }
            "loop" => only_v4(b"\xc0\x0c\0\x05\0\x01\0\0\0\x0a\0\x02\xc0\x0c"),
            // The search list gives it another address, or one.
            "searched" | "searched-nodata" | "searched-nxdomain"
                if self.octets[12..self.end].windows(4).any(|octets| octets == b"wild") =>
            {
                only_v4(&a([192, 0, 2, 90]))
            }
            "searched-nodata" => code(0),
            "searched-nxdomain" => code(3),
            "zero" => only_v4(&a([0, 0, 0, 0])),
            "loopback" => only_v4(&a([127, 0, 0, 1])),
            "private" => only_v4(&a([10, 0, 0, 1])),
            "ra0" => vec![self.answer(0x8500, &[&a([192, 0, 2, 80])], &[])],
            "secure" => vec![self.answer(RA | 0x20, &[&a([192, 0, 2, 80])], &[])],
            "upper" => {
                let mut answer = self.good();
                answer[13..self.end - 5].make_ascii_uppercase();
                vec![answer]
            }
            _ => vec![self.good()],
        }
    }
}

/// A record of the name asked, of b and c below it, or of another name below it: `1` is the alias of the name
/// to b, `2` that of b to c, `o` that of the other name to b; `q`, `b`, `B` (in the other case) and `c` are
/// the addresses of these.
fn of_chain(which: char) -> Vec<u8> {
    let alias =
        |owner: &[u8], to: u8| [owner, b"\0\x05\0\x01\0\0\x01\x2c\0\x04\x01", &[to], b"\xc0\x0c"].concat();
    let address = |label: u8| [&[1, label], &a([192, 0, 2, 80])[..]].concat();
    match which {
        '1' => alias(b"\xc0\x0c", b'b'),
        '2' => alias(b"\x01b\xc0\x0c", b'c'),
        'o' => alias(b"\x01o\xc0\x0c", b'b'),
        'q' => a([192, 0, 2, 80]),
        label => address(u8::try_from(label).unwrap()),
    }
}

fn a(address: [u8; 4]) -> Vec<u8> {
    [&b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04"[..], &address].concat()
}
