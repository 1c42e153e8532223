//! `--cat`: shows what comes to a destination, a message a line, until the user or the broker ends it.

mod line;

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use plugin::{Deadline, Report, State, leave_signals, show, wait_until};
use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::Args;
use crate::action::Idle;
use crate::connection::ConnectOptions;
use crate::evaluate::count;
use crate::frame::{Frame, Version};
use crate::options::TargetError;
use crate::order;
use crate::session::{Session, SessionError};
use crate::user::{UserError, switch_user};
use line::line;

/// How many messages the broker may send before the first of them is acknowledged.
const FEW: u64 = 100;
/// The most octets of messages that `--in-order` holds.
const LARGEST: usize = 64 << 20;
/// How long the broker may take to take the last acknowledgements, after a signal.
const LAST: Duration = Duration::from_secs(2);
/// What the subscription is called.
const SUBSCRIPTION: &str = "0";

/// Why nothing is shown, or nothing more.
#[derive(Debug, thiserror::Error)]
pub enum CatError {
    /// An option does nothing in this run.
    #[error(transparent)]
    Idle(#[from] Idle),
    /// The options of the broker are wrong.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Root cannot become the user that the options name.
    #[error(transparent)]
    User(#[from] UserError),
    /// The conversation with the broker ended.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// `--in-order` would hold too much.
    #[error("--in-order: more than {LARGEST} octets, take a smaller --count")]
    TooMuch,
    /// Signals cannot be received, or standard output takes nothing more.
    #[error("showing messages: {}", plugin::reason(.0))]
    Show(io::Error),
}

/// Subscribes and shows. Each message is acknowledged when it has been shown: what the broker has sent beyond
/// `--count` goes back to it.
pub(crate) fn cat(args: &Args, destination: &str, deadline: &Deadline) -> Result<Report, CatError> {
    args.action.check(&args.event)?;
    switch_user(&args.spool, deadline)?;
    let route = args.target.route(deadline)?;
    let stop = signals().map_err(CatError::Show)?;
    leave_signals();
    let options = ConnectOptions { route: &route, deadline, stop: Some(&stop) };
    let mut shown = None;
    let result = follow(args, destination, &options, &mut shown);
    let end = match result {
        Ok(()) => return Ok(Report::listing([])),
        _ if is_readable(&stop) => return Ok(Report::listing([])),
        Err(CatError::Session(SessionError::Connection(error))) if error.is_stop() => {
            return Ok(Report::listing([]));
        }
        // Where nobody reads any more, there is nobody to tell.
        Err(CatError::Show(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Report::listing([]));
        }
        Err(error) => error,
    };
    match shown {
        // What worked until then is over.
        Some(shown) => {
            Ok(Report::new(State::Warning, format!("{end}, after {}", count(shown, "message", "messages"))))
        }
        None => Err(end),
    }
}

fn follow(
    args: &Args,
    destination: &str,
    options: &ConnectOptions<'_>,
    shown: &mut Option<u64>,
) -> Result<(), CatError> {
    let mut session = subscribe(args, destination, options)?;
    let mut held = Held::default();
    let count = args.action.count.unwrap_or(u64::MAX);
    while shown.unwrap_or(0) + held.len() < count {
        let frame = session.receive(if shown.is_some() { "waiting for messages" } else { "subscribing" });
        match frame {
            Ok(frame) if frame.command == "RECEIPT" => {
                *shown = shown.or(Some(0));
                options.deadline.lift();
                session.go_on(options.deadline);
            }
            Ok(frame) if frame.command == "MESSAGE" => held.push(frame)?,
            Ok(frame) if frame.command == "ERROR" => return Err(session.refused(&frame, false).into()),
            Ok(frame) => return Err(session.unexpected(&frame, "a MESSAGE").into()),
            // What came until then is shown: where the process shall stop, it is acknowledged too, and where
            // the connection broke, it goes back to the broker.
            Err(error) => {
                let left = held.take();
                left.iter().try_for_each(|frame| print(frame, None, shown))?;
                if options.stop.is_some_and(is_readable) && !left.is_empty() {
                    acknowledge_all(session, &left, options.stop)?;
                }
                return Err(error.into());
            }
        }
        if !args.action.in_order || shown.unwrap_or(0) + held.len() == count {
            for frame in held.take() {
                print(&frame, options.stop, shown)?;
                session.queue(&acknowledgement(&session, &frame)?)?;
                session.send("acknowledging")?;
            }
        }
    }
    session.close();
    Ok(())
}

/// Acknowledges these messages and waits until the broker has taken that, unless a second signal comes.
fn acknowledge_all(
    mut session: Session<'_>,
    frames: &[Frame],
    stop: Option<&UnixStream>,
) -> Result<(), CatError> {
    // The signal has been obeyed: what it left to read would end every wait.
    let _ = stop.map(|mut stop| io::Read::read(&mut stop, &mut [0; 64]));
    session.go_on(&Deadline::after(LAST));
    for frame in frames {
        session.queue(&acknowledgement(&session, frame)?)?;
    }
    session.queue(&Frame::new("DISCONNECT").with("receipt", "end"))?;
    session.send("acknowledging")?;
    // Messages that come meanwhile go back to the broker.
    while session.receive("acknowledging")?.header("receipt-id") != Some("end") {}
    Ok(())
}

/// Subscribes, and leaves the receipt to come.
fn subscribe<'a>(
    args: &Args,
    destination: &str,
    options: &ConnectOptions<'a>,
) -> Result<Session<'a>, SessionError> {
    let mut session = Session::open_first(options)?;
    let mode = if session.version == Version::V10 { "client" } else { "client-individual" };
    let subscribe =
        Frame::new("SUBSCRIBE").with("id", SUBSCRIPTION).with("destination", destination).with("ack", mode);
    // RabbitMQ and ActiveMQ: no more than a few that go back if they are not shown.
    let few = match args.action.count {
        Some(count) if args.action.in_order => count.max(FEW),
        _ => FEW,
    };
    let subscribe = subscribe
        .with("prefetch-count", few.to_string())
        .with("activemq.prefetchSize", few.to_string())
        .with("receipt", "subscribed");
    session.queue(&subscribe)?;
    session.send("subscribing")?;
    Ok(session)
}

/// Shows a message, unless the process shall stop.
fn print(frame: &Frame, stop: Option<&UnixStream>, shown: &mut Option<u64>) -> Result<(), CatError> {
    let line = line(&frame.body);
    show(&line, || stop.is_none_or(|stop| !is_readable(stop))).map_err(CatError::Show)?;
    *shown = Some(shown.unwrap_or(0) + 1);
    Ok(())
}

/// Messages that wait to be shown: with `--in-order` all of them.
#[derive(Default)]
struct Held {
    frames: Vec<Frame>,
    octets: usize,
}

impl Held {
    fn len(&self) -> u64 {
        self.frames.len() as u64
    }

    fn push(&mut self, frame: Frame) -> Result<(), CatError> {
        self.octets += frame.body.len();
        if self.octets > LARGEST {
            return Err(CatError::TooMuch);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Takes them, in their order.
    fn take(&mut self) -> Vec<Frame> {
        let frames = std::mem::take(self).frames;
        let order = order::of(frames.iter().map(|frame| frame.body.as_slice()));
        let mut frames: Vec<Option<Frame>> = frames.into_iter().map(Some).collect();
        order.into_iter().filter_map(|index| frames.get_mut(index)?.take()).collect()
    }
}

/// ACK names the message by the header `ack` in version 1.2, before by `message-id`.
fn acknowledgement(session: &Session<'_>, message: &Frame) -> Result<Frame, SessionError> {
    let (from, name) =
        if session.version == Version::V12 { ("ack", "id") } else { ("message-id", "message-id") };
    let id = message
        .header(from)
        .ok_or_else(|| session.unexpected(message, "a MESSAGE that can be acknowledged"))?;
    let ack = Frame::new("ACK").with(name, id);
    Ok(if session.version == Version::V11 { ack.with("subscription", SUBSCRIPTION) } else { ack })
}

/// What becomes readable when the process is asked to stop.
fn signals() -> io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        pipe::register(signal, write.try_clone()?)?;
    }
    Ok(read)
}

fn is_readable(stream: &UnixStream) -> bool {
    wait_until(&mut [PollFd::new(stream, PollFlags::IN)], Instant::now()) == Ok(true)
}
