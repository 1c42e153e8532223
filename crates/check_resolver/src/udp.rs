//! One question over UDP, sent several times, on a socket of its own that is not connected: an answer from
//! elsewhere is seen too.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use domain::base::Rtype;
use net::udp::{UdpError, random};
use net::{IcmpError, Lack, Source, UnconnectedUdp, is_own, local_words};
use plugin::reason;
use rustix::io::Errno;

use crate::fault::{Fault, Local};
use crate::message::{Form, Heard, question, read};
use crate::outcome::{Answered, Ended};
use crate::question::WireName;
use crate::target::{Patience, Subject};

/// How long the last try waits from its own sending until another form is asked beside it, and TCP: by then
/// the kernel has told that no neighbour answers. A late answer still counts.
const LAST: Duration = Duration::from_millis(2200);
/// Silence that this machine's own end cut shorter than this proves nothing.
const ENOUGH: Duration = Duration::from_secs(2);
/// The most datagrams that are read at once: a flood of them shall not stop the others.
const AT_ONCE: usize = 64;

/// A question under way.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: UnconnectedUdp,
    to: SocketAddr,
    form: Form,
    /// The questions sent so far, all of whose answers are still taken.
    ids: Vec<u16>,
    /// Of each, when it was sent and in which form.
    sent: Vec<(Instant, Form)>,
    started: Instant,
    /// When to send again, or to give up.
    due: Instant,
    tries: u8,
    tries_left: u8,
    /// Whether the last try waits until the end of all.
    is_last_form: bool,
    every: Duration,
    end: Instant,
    /// Why this machine or the path did not let the question through.
    failure: Option<Fault>,
    /// What came and is not the answer.
    stranger: Option<Fault>,
    /// Whether that was a resolver's answer all the same.
    resolves: bool,
}

impl Udp {
    /// Makes the socket and sends the first question, after a delay if there is one.
    ///
    /// # Errors
    /// What the system reports: no socket or no random number can be had.
    pub(crate) fn start(
        subject: &Subject<'_>,
        form: Form,
        patience: &Patience,
        delay: Duration,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let mut udp = Self {
            socket: UnconnectedUdp::new(subject.to.is_ipv6())?,
            to: subject.to,
            form,
            ids: Vec::new(),
            sent: Vec::new(),
            started: now,
            due: (now + delay).min(patience.end),
            tries: patience.tries,
            tries_left: patience.tries,
            is_last_form: false,
            every: patience.every,
            end: patience.end,
            failure: None,
            stranger: None,
            resolves: false,
        };
        if delay.is_zero() {
            udp.send(subject.name, subject.kind)?;
        }
        Ok(udp)
    }

    /// Asks in another form on the same socket: an answer to the former questions still counts, until the end
    /// of all.
    ///
    /// # Errors
    /// No random number can be had.
    pub(crate) fn carry_on(&mut self, subject: &Subject<'_>, form: Form) -> io::Result<()> {
        (self.form, self.started, self.tries_left) = (form, Instant::now(), self.tries);
        self.is_last_form = true;
        self.send(subject.name, subject.kind)
    }

    /// Whether something that came and does not count is a resolver's answer: from another address or port,
    /// or from the server with another id.
    pub(crate) fn resolves(&self) -> bool {
        self.resolves
    }

    /// Whether its time ended before a slow server could answer.
    pub(crate) fn is_cut(&self) -> bool {
        is_cut(self.started, self.end)
    }

    /// When it must be called again whatever comes.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Reads what is there, and sends again or gives up where it is time. Returns the end once there is one,
    /// with the form of the question.
    ///
    /// # Errors
    /// No random number can be had.
    pub(crate) fn advance(
        &mut self,
        subject: &Subject<'_>,
        room: &mut [u8],
    ) -> io::Result<Option<(Form, Ended)>> {
        for _ in 0..AT_ONCE {
            match self.socket.receive_now(room) {
                Ok(None) => break,
                Ok(Some((datagram, from))) => {
                    let octets = room.get(..datagram.length).unwrap_or_default();
                    if let Some((form, answered)) = self.take(octets, from, datagram.at, subject) {
                        return Ok(Some((form, Ok(answered))));
                    }
                }
                Err(error) => {
                    self.failure.get_or_insert(of_the_path(&error, self.to));
                    if self.tries_left == 0 {
                        return Ok(Some((self.form, Err(self.fault()))));
                    }
                }
            }
        }
        let now = Instant::now();
        if now >= self.end || (now >= self.due && self.tries_left == 0) {
            return Ok(Some((self.form, Err(self.fault()))));
        }
        if now >= self.due {
            self.send(subject.name, subject.kind)?;
        }
        Ok(None)
    }

    /// Sends with a new id; the former ones are still accepted.
    fn send(&mut self, name: &WireName, kind: Rtype) -> io::Result<()> {
        let [first, second, ..] = random()?.to_ne_bytes();
        let id = u16::from_ne_bytes([first, second]);
        self.tries_left = self.tries_left.saturating_sub(1);
        let now = Instant::now();
        self.due = match self.tries_left {
            0 if self.is_last_form => self.end,
            0 => (now + LAST).min(self.end),
            _ => (now + self.every).min(self.end),
        };
        match self.socket.send(&question(id, name, kind, self.form), self.to) {
            Ok(at) => {
                self.ids.push(id);
                self.sent.push((at, self.form));
            }
            Err(error) => {
                self.failure.get_or_insert(of_sending(&error, self.to));
                // Nothing is under way that could be waited for.
                if self.tries_left == 0 && self.sent.is_empty() {
                    self.due = now;
                }
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        octets: &[u8],
        from: SocketAddr,
        at: Instant,
        subject: &Subject<'_>,
    ) -> Option<(Form, Answered)> {
        let stranger = if is_same(from, self.to) {
            match read(octets, &self.ids, subject.name, subject.kind) {
                Heard::Reply(place, reply) => {
                    let (sent, form) = self.sent.get(place).copied().unwrap_or((at, self.form));
                    // Who asks waits from the first question on.
                    let first = self.sent.iter().take(place).find(|(_, former)| *former == form);
                    let took = at.saturating_duration_since(first.map_or(sent, |(sent, _)| *sent));
                    let earliest = self.sent.first().map_or(sent, |(sent, _)| *sent);
                    let waited = at.saturating_duration_since(earliest);
                    let is_repeated = first.is_some();
                    return Some((form, Answered { reply: *reply, took, waited, is_repeated }));
                }
                Heard::WrongId => {
                    let own: Vec<u16> =
                        octets.first_chunk().map(|id| u16::from_be_bytes(*id)).into_iter().collect();
                    self.resolves |= resolves(&read(octets, &own, subject.name, subject.kind));
                    Fault::WrongId
                }
                Heard::OtherQuestion => Fault::OtherQuestion,
                Heard::Echo => Fault::Echo,
                Heard::Malformed(why) => Fault::Malformed(why),
            }
        } else {
            self.resolves |= resolves(&read(octets, &self.ids, subject.name, subject.kind));
            Fault::Elsewhere { asked: self.to, from }
        };
        self.stranger.get_or_insert(stranger);
        None
    }

    fn fault(&mut self) -> Fault {
        self.stranger.take().or_else(|| self.failure.take()).unwrap_or(Fault::NoAnswer)
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Whether a question of this moment had less time until the end of all than a slow server may need.
pub(crate) fn is_cut(started: Instant, end: Instant) -> bool {
    end.saturating_duration_since(started) < ENOUGH
}

fn resolves(heard: &Heard) -> bool {
    matches!(heard, Heard::Reply(_, reply) if reply.resolves())
}

/// Whether a datagram comes from where the question went: the scope of a link-local address is always the
/// same.
fn is_same(from: SocketAddr, to: SocketAddr) -> bool {
    (from.ip(), from.port()) == (to.ip(), to.port())
}

fn of_the_path(error: &UdpError, server: SocketAddr) -> Fault {
    let is_here = |icmp: &IcmpError| icmp.from.is_some_and(is_own) && !is_own(server.ip());
    error.icmp.map_or_else(|| of_sending(&error.why, server), |icmp| Fault::from_icmp(icmp, is_here(&icmp)))
}

/// What an error of sending to a server means, by UDP, or of connecting to it by TCP.
pub(crate) fn of_sending(why: &io::Error, server: SocketAddr) -> Fault {
    let errno = Errno::from_io_error(why);
    match (errno, errno.and_then(local_words)) {
        (Some(Errno::ADDRNOTAVAIL | Errno::ADDRINUSE), _) => match Lack::of(server, &Source::default()) {
            Lack::Port => Fault::Local(Local::Port),
            lack => Fault::NotSent(lack.words()),
        },
        (Some(Errno::CONNREFUSED), _) => Fault::Refused,
        // The cause is a route of this machine, or a report on an earlier datagram.
        (Some(Errno::HOSTUNREACH | Errno::HOSTDOWN), _) => Fault::NotSent("host unreachable"),
        (Some(Errno::PERM | Errno::ACCESS), _) => Fault::Local(Local::Prohibited),
        (Some(Errno::NOBUFS), _) => Fault::Local(Local::NeighbourTable),
        (Some(Errno::NETUNREACH | Errno::INVAL | Errno::NETDOWN), Some(words)) => Fault::NotSent(words),
        (_, Some(words)) => Fault::Local(Local::Other(words.to_owned())),
        (_, None) => Fault::Local(Local::Other(reason(why))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_sending_have_their_words() {
        let rows = [
            (Errno::CONNREFUSED, "refused: nothing listens there", false),
            (Errno::HOSTUNREACH, "host unreachable", false),
            (Errno::HOSTDOWN, "host unreachable", false),
            (Errno::NETUNREACH, "no route from here", false),
            (Errno::INVAL, "not reachable from here", false),
            (Errno::NETDOWN, "link down here", false),
            (Errno::PERM, "prohibited here", true),
            (Errno::ACCESS, "prohibited here", true),
            (Errno::NOBUFS, "neighbour table full here", true),
            // Another of net's words, and the system's.
            (Errno::MFILE, "no file descriptors left", true),
            (Errno::IO, "input/output error", true),
            // To loopback no address is missing, so it must be a port.
            (Errno::ADDRNOTAVAIL, "no local port left", true),
            (Errno::ADDRINUSE, "no local port left", true),
        ];
        for (errno, words, is_local) in rows {
            let fault = of_sending(&errno.into(), "127.0.0.1:53".parse().unwrap());
            assert_eq!((fault.to_string(), fault.is_local()), (words.to_owned(), is_local), "{errno:?}");
        }
    }
}
