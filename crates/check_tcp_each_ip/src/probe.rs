//! All the work: the targets, the sweep over all of them with echoes beside it for what is silent, and whose
//! fault it is.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use net::Source;
use net::tls::TlsError;
use plugin::{Deadline, Seconds, reason};
use rustix::io::Errno;

use crate::allowed::Allowed;
use crate::cause::{Cause, Echo};
use crate::judged::Judged;
use crate::memory::{self, NoMemory};
use crate::monitor::{self, Diagnosis};
use crate::options::{DoesNotFit, Text};
use crate::ping::{Echoes, Pinger};
use crate::progress;
use crate::source::{self, SourceError};
use crate::sweep;
use crate::sweep::dialogue::{Script, Tls};
use crate::sweep::talk::Talk;
use crate::sweep::tries::Tries;
use crate::sweep::work::{Found, Manner, Sweep};
use crate::target::names::Names;
use crate::target::{Collection, Target, TargetError, targets};
use crate::{Args, Observations};

/// What is kept of the overall time for diagnosis and output: of its own, for each connection that must be
/// closed, and for each target that must be named.
const RESERVE: Duration = Duration::from_millis(10);
const RESERVE_OPEN: Duration = Duration::from_nanos(4_000);
const RESERVE_NAMED: Duration = Duration::from_nanos(200);

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It is not known what to try.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The times of options exclude each other.
    #[error(transparent)]
    Times(#[from] DoesNotFit),
    /// Connections cannot be made from where they should be.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is not enough memory.
    #[error(transparent)]
    Memory(#[from] NoMemory),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no epoll instance.
    #[error("waiting for connections: {}", reason(.0))]
    Wait(io::Error),
}

/// Tries all targets. Of a run that is stopped, what is `allowed` judges those that are known by then.
pub(crate) fn probe(args: &Args, allowed: &Allowed, deadline: &Deadline) -> Result<Observations, ProbeError> {
    args.connecting.check_times(deadline.limit())?;
    let Collection { targets, names, unresolved, mut notes } = targets(args, deadline)?;
    source::check(&args.connecting, &targets)?;
    notes.extend(source::note(&args.connecting.source, &targets));
    memory::ask_for_targets(targets.len())?;
    let _step = deadline.step(format!("connecting to {} targets", targets.len()));
    let tls = args.securing.load(deadline)?;
    let (manner, limited) = manner(args, tls, deadline, targets.len());
    let known = (args.securing.tls, manner.tries.spans_a_retransmission());
    let judged = Judged::new(targets.len(), allowed, known, deadline.progress());
    let outcome = progress::shown(&judged, || sweep_all((&targets, &names), &manner, deadline, &judged));
    let (mut found, echoes) = outcome.map_err(|errno| ProbeError::Wait(errno.into()))?;
    // Whatever else a port does, it is not open.
    let is_closed =
        |(_, cause): &mut (u32, Cause)| manner.closed && !matches!(cause, Cause::Open | Cause::Local(_));
    let closed = found.failed.extract_if(.., is_closed).collect();
    notes.extend(manner.tries.note(found.tried_less));
    let days = |tls: &Tls| found.first_expiry.map_or(f64::NAN, |at| tls.days_until(at));
    Ok(Observations {
        certificate_days: manner.script.as_ref().and_then(|script| script.tls.as_ref()).map(days),
        targets,
        unresolved,
        notes,
        limited,
        failed: found.failed,
        closed,
        slowest: found.slowest,
        second_try: found.second_try,
        one_try_counts: manner.tries.spans_a_retransmission(),
        ping_refused: echoes.refused.as_ref().map(reason),
        late: deadline.state(),
    })
}

/// Tries all targets, pings what is silent meanwhile, and takes back what is this machine's fault.
fn sweep_all(
    (targets, names): (&[Target], &Names),
    manner: &Manner,
    deadline: &Deadline,
    judged: &Judged,
) -> Result<(Found, Echoes), Errno> {
    let until = until(deadline, manner.in_flight, targets.len());
    let pinger = Pinger::new(manner.source.clone(), until, manner.tries.timeout);
    let diagnosis = Diagnosis::default();
    if manner.tries.enough == 1 {
        // No later try shows what the first ones did to them.
        diagnosis.begin(deadline);
    }
    let sweep =
        Sweep { targets, names, manner, until, deadline, judged, diagnosis: &diagnosis, pinger: &pinger };
    let mut found = sweep::run(&sweep, sweep::threads_for(targets.len()))?;
    let echoes = pinger.finish();
    note(targets, &mut found, &echoes);
    diagnosis.excuse(targets, &mut found.failed, deadline);
    Ok((found, echoes))
}

/// When trying must end.
fn until(deadline: &Deadline, in_flight: usize, targets: usize) -> Instant {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let reserve = RESERVE + RESERVE_OPEN * count(in_flight) + RESERVE_NAMED * count(targets);
    deadline.at().checked_sub(reserve).unwrap_or_else(Instant::now)
}

/// How connections are made, and how many at once if the limit of open files allows no more.
fn manner(args: &Args, tls: Option<Tls>, deadline: &Deadline, targets: usize) -> (Manner, Option<usize>) {
    let options = &args.connecting;
    let wanted = options.in_flight.and_then(|number| usize::try_from(number.get()).ok());
    let wanted = wanted.unwrap_or(targets).min(targets);
    let in_flight = monitor::room(wanted);
    let stay = options.stay.map_or(Duration::ZERO, Seconds::duration);
    // Names may have taken a third of the time.
    let limit = deadline.remaining().saturating_sub(stay);
    let given = options.connect_timeout.map(Seconds::duration);
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).unwrap_or_default();
    let talk = (options.send.is_some() || !options.expect.is_empty()).then(|| Talk {
        send: text(&options.send),
        expect: options.expect.iter().map(|text| text.0.clone()).collect(),
        any: options.any,
    });
    let manner = Manner {
        tries: Tries::new(limit, options.tries, given, (targets, in_flight)),
        in_flight,
        pace: options.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get()),
        script: (talk.is_some() || tls.is_some()).then_some(Script {
            starttls: args.securing.starttls,
            tls,
            talk,
        }),
        quit: text(&options.quit),
        stay,
        closed: options.closed,
        source: Source { addresses: options.source.clone(), interface: options.interface.clone() },
        refused_ok: options.refused_ok,
    };
    (manner, Some(in_flight).filter(|in_flight| *in_flight < wanted))
}

fn address(targets: &[Target], place: u32) -> Option<IpAddr> {
    usize::try_from(place).ok().and_then(|place| targets.get(place)).map(|target| target.address)
}

/// Notes which of the silent ones answer ping.
fn note(targets: &[Target], found: &mut Found, echoes: &Echoes) {
    for (place, cause) in &mut found.failed {
        let Some(address) = address(targets, *place) else { continue };
        if matches!(cause, Cause::NoAnswer(_)) && echoes.asked.contains(&address) {
            let echo = if echoes.answered.contains(&address) { Echo::Answers } else { Echo::Silent };
            *cause = Cause::NoAnswer(echo);
        }
    }
}
