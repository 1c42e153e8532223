//! Every question to every server side by side, in one thread.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use crate::fault::{Fault, Tcp as TcpFault};
use crate::message::Form;
use crate::outcome::{Ended, Outcome};
use crate::plan::{FIRST, Next, Plan};
use crate::target::{Patience, Subject};
use crate::tcp::Tcp;
use crate::udp::{Udp, is_cut};

/// How long a resolver may take to refresh what it has given as stale.
const REFRESH: Duration = Duration::from_secs(1);
/// The largest datagram, in octets.
const LARGEST: usize = 65_535;

/// Asks all of it, and calls `ended` with the place and the outcome of each subject as it ends.
///
/// # Errors
/// This machine has no sockets or random numbers left, or cannot wait.
pub(crate) fn ask(
    subjects: &[Subject<'_>],
    patience: &Patience,
    mut ended: impl FnMut(usize, &Outcome),
) -> io::Result<()> {
    let mut room = vec![0; LARGEST];
    let is_short = is_cut(Instant::now(), patience.end);
    let mut inquiries = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let mut inquiry = Inquiry {
            subject,
            plan: Plan::default(),
            running: Vec::new(),
            outcome: None,
            resolves: false,
            is_cut: false,
            is_short,
        };
        inquiry.start(vec![FIRST], patience)?;
        inquiries.push(inquiry);
    }
    while inquiries.iter().any(|inquiry| inquiry.outcome.is_none()) {
        let mut ready = wait(&inquiries)?.into_iter();
        for (place, inquiry) in
            inquiries.iter_mut().enumerate().filter(|(_, inquiry)| inquiry.outcome.is_none())
        {
            let own = ready.by_ref().take(inquiry.running.len()).collect();
            inquiry.advance(own, &mut room, patience)?;
            inquiry.outcome.iter().for_each(|outcome| ended(place, outcome));
        }
    }
    Ok(())
}

/// One name and type at one server.
struct Inquiry<'a> {
    subject: &'a Subject<'a>,
    plan: Plan,
    running: Vec<(Form, Attempt)>,
    outcome: Option<Outcome>,
    /// Whether anything that came so far is a resolver's answer.
    resolves: bool,
    /// Whether nothing came of a question that had too little time.
    is_cut: bool,
    /// Whether the whole time is too short to call it silence that nothing comes.
    is_short: bool,
}

/// One question under way.
enum Attempt {
    Udp(Box<Udp>),
    Tcp(Tcp),
    /// It could not begin.
    Over(Fault),
}

impl Inquiry<'_> {
    fn start(&mut self, forms: Vec<Form>, patience: &Patience) -> io::Result<()> {
        for form in forms {
            let attempt = if form.tcp {
                Tcp::start(self.subject, form, patience)?.map_or_else(Attempt::Over, Attempt::Tcp)
            } else {
                let delay = if self.plan.is_stale() { REFRESH } else { Duration::ZERO };
                Attempt::Udp(Box::new(Udp::start(self.subject, form, patience, delay)?))
            };
            self.running.push((form, attempt));
        }
        Ok(())
    }

    /// Asks what follows. After silence the same socket goes on: a late answer comes to it.
    fn go_on(&mut self, attempt: Attempt, mut forms: Vec<Form>, patience: &Patience) -> io::Result<()> {
        if let Attempt::Udp(mut udp) = attempt
            && self.plan.is_silent()
            && let Some(place) = forms.iter().position(|form| !form.tcp)
        {
            let form = forms.remove(place);
            udp.carry_on(self.subject, form)?;
            self.running.push((form, Attempt::Udp(udp)));
        }
        self.start(forms, patience)
    }

    fn advance(&mut self, ready: Vec<bool>, room: &mut [u8], patience: &Patience) -> io::Result<()> {
        let mut ready = ready.into_iter();
        for (form, mut attempt) in std::mem::take(&mut self.running) {
            let is_ready = ready.next().unwrap_or(false);
            if self.outcome.is_some() {
                break;
            }
            let ended = attempt.advance(self.subject, form, is_ready, room)?;
            self.resolves |=
                attempt.resolves() || matches!(&ended, Some((_, Ok(said))) if said.reply.resolves());
            self.is_cut |= attempt.is_cut() && matches!(&ended, Some((_, Err(Fault::NoAnswer))));
            match ended {
                None => self.running.push((form, attempt)),
                Some((form, ended)) => match self.plan.ended(form, ended) {
                    Next::Wait => {}
                    Next::Ask(forms) => {
                        // What else is under way answers an older question.
                        self.running.clear();
                        if self.is_short && self.plan.is_unanswered() {
                            // The time is over. What comes all the same, by TCP or without EDNS, would
                            // not make it a silence.
                            let outcome = Outcome::new(Err(Fault::NotYet));
                            let (resolves, is_cut) = (self.resolves, self.is_cut);
                            self.outcome = Some(Outcome { resolves, is_cut, ..outcome });
                            return Ok(());
                        }
                        return self.go_on(attempt, forms, patience);
                    }
                    Next::Done(outcome) => {
                        let answer = self.in_time(outcome.answer);
                        let (resolves, is_cut) = (self.resolves, self.is_cut);
                        self.outcome = Some(Outcome { answer, resolves, is_cut, ..*outcome });
                    }
                },
            }
        }
        if self.outcome.is_some() {
            self.running.clear();
        }
        Ok(())
    }
}

impl Inquiry<'_> {
    /// What came in the end, with silence only where there was the time for an answer.
    fn in_time(&self, answer: Ended) -> Ended {
        match answer {
            Err(Fault::NoAnswer | Fault::Truncated(TcpFault::NoAnswer)) if self.is_short => {
                Err(Fault::NotYet)
            }
            answer => answer,
        }
    }
}

impl Attempt {
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Udp(udp) => Some(udp.as_fd()),
            Self::Tcp(tcp) => Some(tcp.as_fd()),
            Self::Over(_) => None,
        }
    }

    fn resolves(&self) -> bool {
        matches!(self, Self::Udp(udp) if udp.resolves())
    }

    fn is_cut(&self) -> bool {
        match self {
            Self::Udp(udp) => udp.is_cut(),
            Self::Tcp(tcp) => tcp.is_cut(),
            Self::Over(_) => false,
        }
    }

    fn waits_for(&self) -> PollFlags {
        if let Self::Tcp(tcp) = self { tcp.waits_for() } else { PollFlags::IN }
    }

    fn due(&self) -> Option<Instant> {
        match self {
            Self::Udp(udp) => Some(udp.due()),
            Self::Tcp(tcp) => Some(tcp.due()),
            Self::Over(_) => None,
        }
    }

    fn advance(
        &mut self,
        subject: &Subject<'_>,
        form: Form,
        is_ready: bool,
        room: &mut [u8],
    ) -> io::Result<Option<(Form, Ended)>> {
        match self {
            Self::Udp(udp) if is_ready || Instant::now() >= udp.due() => udp.advance(subject, room),
            Self::Udp(_) => Ok(None),
            Self::Tcp(tcp) => Ok(tcp.advance(subject, is_ready).map(|ended| (form, ended))),
            Self::Over(fault) => Ok(Some((form, Err(fault.clone())))),
        }
    }
}

/// Waits until something has come or is due. Returns of all attempts, in their order, whether they are ready.
fn wait(inquiries: &[Inquiry<'_>]) -> io::Result<Vec<bool>> {
    let attempts = || inquiries.iter().flat_map(|inquiry| &inquiry.running).map(|(_, attempt)| attempt);
    let polled: Vec<PollFd<'_>> = attempts()
        .filter_map(|attempt| Some(PollFd::from_borrowed_fd(attempt.fd()?, attempt.waits_for())))
        .collect();
    let now = Instant::now();
    let until = attempts().map(|attempt| attempt.due().unwrap_or(now)).min().unwrap_or(now);
    let mut states = plugin::ready_until(polled, until)?.into_iter();
    Ok(attempts().map(|attempt| attempt.fd().is_none() || states.next().unwrap_or(false)).collect())
}
