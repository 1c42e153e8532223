//! One question and its answer by UDP: several tries, and the addresses of a peer in turn, as RFC 8305 does
//! for TCP. An address that refuses makes room for the next one at once; one that is silent goes on being
//! heard while the next one is asked.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::udp::{Datagram, Udp, UdpError, ready};

/// How long an address may be silent before the next one is asked too: the Connection Attempt Delay of RFC
/// 8305, section 8.
pub const STAGGER: Duration = Duration::from_millis(250);

/// An answer that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged<T> {
    /// The number of the socket by which it came.
    pub socket: usize,
    /// What was made of it.
    pub answer: T,
    /// When the question was sent that it belongs to.
    pub sent: Instant,
    /// When the kernel received it.
    pub received: Instant,
    /// The address that it came from, where that is another one than was asked ([`Udp::hear_elsewhere`]).
    pub elsewhere: Option<IpAddr>,
}

/// What is known of why an address gave no answer that was accepted.
#[derive(Debug)]
pub struct Silence {
    /// The address.
    pub peer: SocketAddr,
    /// How many questions were sent there.
    pub tries: usize,
    /// What the path or the peer reported last.
    pub failure: Option<UdpError>,
    /// How many datagrams were passed over.
    pub passed_over: u32,
}

/// What `accept` of [`exchange()`] makes of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T, E> {
    /// It answers the question of this number.
    Answers(usize, T),
    /// It does not belong to any question: late, or forged.
    Foreign,
    /// It ends the exchange.
    Ends(E),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered<E> {
    /// What a datagram ended the exchange with.
    Ended(E),
    /// No address answered: each that was asked, in this order. None if there was no time to ask any.
    Silent(Vec<Silence>),
}

/// Sends the questions by the first socket one after the other, each with its share of the time until
/// `until`, and by the next socket as well where the first one is silent or refused, until `accept` takes an
/// answer to any of them. `accept` is given a datagram and how many questions were sent to its sender.
///
/// # Errors
/// [`Unanswered`].
pub fn exchange<T, E>(
    sockets: &mut [Udp],
    questions: &[impl AsRef<[u8]>],
    room: &mut [u8],
    until: Instant,
    mut accept: impl FnMut(&[u8], usize) -> Verdict<T, E>,
) -> Result<Exchanged<T>, Unanswered<E>> {
    let mut waiting = sockets.iter_mut();
    let mut lanes: Vec<Lane<'_>> = Vec::new();
    let mut turn = Instant::now();
    loop {
        let now = Instant::now();
        if now >= until {
            break;
        }
        let stuck = lanes.iter().all(|lane| lane.is_over);
        if stuck || now >= turn {
            match waiting.next() {
                Some(socket) => lanes.push(Lane::begin(socket, questions.len(), now, until)),
                None if stuck => break,
                None => {}
            }
            turn = now + STAGGER;
        }
        lanes.iter_mut().for_each(|lane| lane.send(questions, now));
        let due = lanes.iter().filter_map(|lane| lane.due(questions.len()));
        let next = (waiting.len() > 0).then_some(turn);
        let wake = due.chain(next).fold(until, Instant::min);
        for place in heard(&mut lanes, wake) {
            let Some(lane) = lanes.get_mut(place) else { continue };
            match lane.hear(room, &mut accept) {
                Heard::Answer(answer, sent, Datagram { at: received, elsewhere, .. }) => {
                    return Ok(Exchanged { socket: place, answer, sent, received, elsewhere });
                }
                Heard::End(end) => return Err(Unanswered::Ended(end)),
                Heard::Failure => turn = now,
                Heard::Nothing => {}
            }
        }
    }
    Err(Unanswered::Silent(lanes.into_iter().map(|lane| lane.silence).collect()))
}

/// Waits until `wake` for the lanes that are not over, and returns the places of those that heard something.
fn heard(lanes: &mut [Lane<'_>], wake: Instant) -> Vec<usize> {
    let open = || lanes.iter().enumerate().filter(|(_, lane)| !lane.is_over);
    let sockets: Vec<&Udp> = open().map(|(_, lane)| &*lane.socket).collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    match ready(&sockets, wake) {
        Ok(ready) => open().zip(ready).filter(|(_, ready)| *ready).map(|((place, _), _)| place).collect(),
        Err(why) => {
            for lane in lanes {
                lane.is_over = true;
                let failure = || UdpError { peer: lane.silence.peer, why: why.kind().into(), icmp: None };
                lane.silence.failure.get_or_insert_with(failure);
            }
            Vec::new()
        }
    }
}

/// One address that is being asked.
struct Lane<'a> {
    socket: &'a mut Udp,
    /// When each question was sent.
    sent: Vec<Instant>,
    /// When the next one is.
    next: Instant,
    pause: Duration,
    silence: Silence,
    /// It has refused, or cannot be sent to.
    is_over: bool,
}

/// What came by a lane.
enum Heard<T, E> {
    Answer(T, Instant, Datagram),
    End(E),
    /// An error of the path: the next address need not wait.
    Failure,
    Nothing,
}

impl<'a> Lane<'a> {
    fn begin(socket: &'a mut Udp, questions: usize, now: Instant, until: Instant) -> Self {
        let shares = u32::try_from(questions).unwrap_or(u32::MAX).max(1);
        let silence = Silence { peer: socket.peer(), tries: 0, failure: None, passed_over: 0 };
        let pause = until.saturating_duration_since(now) / shares;
        Self { socket, sent: Vec::new(), next: now, pause, silence, is_over: false }
    }

    /// When the next question is to be sent, if there is one.
    fn due(&self, questions: usize) -> Option<Instant> {
        (!self.is_over && self.sent.len() < questions).then_some(self.next)
    }

    fn send(&mut self, questions: &[impl AsRef<[u8]>], now: Instant) {
        let due = self.due(questions.len()).is_some_and(|due| due <= now);
        let Some(question) = questions.get(self.sent.len()).filter(|_| due) else { return };
        match self.socket.send(question.as_ref()) {
            Ok(at) => {
                self.sent.push(at);
                self.silence.tries = self.sent.len();
                self.next = at + self.pause;
            }
            Err(error) => (self.silence.failure, self.is_over) = (Some(error), true),
        }
    }

    /// Reads what has come.
    fn hear<T, E>(
        &mut self,
        room: &mut [u8],
        accept: &mut impl FnMut(&[u8], usize) -> Verdict<T, E>,
    ) -> Heard<T, E> {
        loop {
            let datagram = match self.socket.receive_now(room) {
                Ok(Some(datagram)) => datagram,
                Ok(None) => return Heard::Nothing,
                Err(error) => {
                    // A router's error may pass.
                    self.is_over = !error.is_passing();
                    self.silence.failure = Some(error);
                    return Heard::Failure;
                }
            };
            match accept(room.get(..datagram.length).unwrap_or_default(), self.sent.len()) {
                Verdict::Answers(number, answer) => {
                    let sent = self.sent.get(number).copied().unwrap_or(datagram.at);
                    return Heard::Answer(answer, sent, datagram);
                }
                Verdict::Ends(end) => return Heard::End(end),
                Verdict::Foreign => self.silence.passed_over += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::thread;

    use super::*;
    use crate::Source;

    /// An address, and its socket here.
    fn peer() -> (UdpSocket, Udp) {
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let near = Udp::connect(far.local_addr().unwrap(), &Source::default()).unwrap();
        (far, near)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(800)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    fn any(octets: &[u8], _: usize) -> Verdict<Vec<u8>, ()> {
        Verdict::Answers(0, octets.to_vec())
    }

    fn silences(unanswered: Unanswered<()>) -> Vec<Silence> {
        let Unanswered::Silent(silences) = unanswered else { panic!("{unanswered:?}") };
        silences
    }

    #[test]
    fn an_answer_belongs_to_its_own_question() {
        let (far, near) = peer();
        let answering = thread::spawn(move || {
            let (mut room, mut from) = ([0; 8], None);
            for _ in 0..2 {
                from = Some(far.recv_from(&mut room).unwrap().1);
            }
            // To the first question, after the second was sent; before it something that does not belong.
            far.send_to(b"forged", from.unwrap()).unwrap();
            far.send_to(b"to one", from.unwrap()).unwrap();
        });
        let accept = |octets: &[u8], asked| match octets {
            b"to one" => Verdict::Answers(0, asked),
            _ => Verdict::<_, ()>::Foreign,
        };
        let exchanged = exchange(&mut [near], &[b"one", b"two"], &mut [0; 64], soon(), accept).unwrap();
        answering.join().unwrap();
        assert_eq!((exchanged.answer, exchanged.socket), (2, 0));
        assert!(exchanged.received - exchanged.sent >= Duration::from_millis(390), "{exchanged:?}");
    }

    #[test]
    fn silence_ends_with_the_time_and_says_what_was_passed_over() {
        let (far, near) = peer();
        let foreign = thread::spawn(move || {
            let (_, from) = far.recv_from(&mut [0; 8]).unwrap();
            far.send_to(b"forged", from).unwrap();
            far
        });
        let start = Instant::now();
        let foreigner = |_: &[u8], _| Verdict::<(), ()>::Foreign;
        let silent = exchange(&mut [near], &[b"one", b"two"], &mut [0; 64], soon(), foreigner).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(790));
        let silences = silences(silent);
        assert_eq!((silences.len(), silences[0].tries, silences[0].passed_over), (1, 2, 1));
        assert!(silences[0].failure.is_none());
        drop(foreign.join().unwrap());
    }

    #[test]
    fn a_closed_port_is_known_at_once() {
        let (far, near) = peer();
        drop(far);
        let start = Instant::now();
        let refused = exchange(&mut [near], &[b"one", b"two"], &mut [0; 64], late(), any).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5));
        let silences = silences(refused);
        let failure = silences[0].failure.as_ref().unwrap();
        assert_eq!(failure.to_string(), "connection refused");
        assert_eq!(failure.icmp.map(crate::IcmpError::brief), Some("port unreachable"));
    }

    #[test]
    fn an_answer_may_end_the_exchange() {
        let (far, near) = peer();
        let answering = thread::spawn(move || {
            let (_, from) = far.recv_from(&mut [0; 8]).unwrap();
            far.send_to(b"go away", from).unwrap();
        });
        let ended =
            exchange(&mut [near], &[b"one"], &mut [0; 64], late(), |_, _| Verdict::<(), _>::Ends("told so"));
        answering.join().unwrap();
        assert!(matches!(ended, Err(Unanswered::Ended("told so"))), "{ended:?}");
    }

    /// Answers the first question that comes, after a while.
    fn answer_after(far: UdpSocket, while_silent: Duration) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            let (_, from) = far.recv_from(&mut [0; 8]).unwrap();
            thread::sleep(while_silent);
            far.send_to(b"here", from).unwrap();
        })
    }

    #[test]
    fn the_next_address_is_asked_at_once_where_one_refuses() {
        // Whoever waits for the silence takes longer each time, a loaded machine not each time.
        let is_at_once = || {
            let ((closed, first), (far, second)) = (peer(), peer());
            drop(closed);
            let answering = answer_after(far, Duration::ZERO);
            let start = Instant::now();
            let answer = exchange(&mut [first, second], &[b"one"], &mut [0; 64], late(), any).unwrap();
            let took = start.elapsed();
            answering.join().unwrap();
            assert_eq!((answer.socket, answer.answer.as_slice()), (1, &b"here"[..]));
            took < STAGGER
        };
        assert!((0..20).any(|_| is_at_once()));
    }

    #[test]
    fn the_next_address_is_asked_too_where_one_is_silent() {
        let ((silent, first), (far, second)) = (peer(), peer());
        let answering = answer_after(far, Duration::ZERO);
        let start = Instant::now();
        let answer = exchange(&mut [first, second], &[b"one", b"two"], &mut [0; 64], late(), any).unwrap();
        answering.join().unwrap();
        assert_eq!(answer.socket, 1);
        assert!(start.elapsed() >= STAGGER, "{:?}", start.elapsed());
        drop(silent);
    }

    #[test]
    fn a_slow_address_is_still_heard_while_the_next_one_is_asked() {
        let ((far, first), (silent, second)) = (peer(), peer());
        let answering = answer_after(far, STAGGER * 2);
        let answer = exchange(&mut [first, second], &[b"one"], &mut [0; 64], late(), any).unwrap();
        answering.join().unwrap();
        assert_eq!(answer.socket, 0);
        silent.set_nonblocking(true).unwrap();
        assert!(silent.recv(&mut [0; 8]).is_ok(), "the second one was asked too");
    }

    #[test]
    fn without_time_nothing_is_asked() {
        let (far, near) = peer();
        let over = exchange(&mut [near], &[b"one"], &mut [0; 64], Instant::now(), any).unwrap_err();
        assert!(silences(over).is_empty());
        far.set_nonblocking(true).unwrap();
        assert!(far.recv(&mut [0; 8]).is_err());
    }
}
