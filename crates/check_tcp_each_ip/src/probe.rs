//! All the work: the targets, the sweeps over the addresses and, beside it, over what names stand for; and
//! whose fault silence is.

mod part;

use std::io;
use std::mem;
use std::thread;

use host_net::Diagnosis;
use net::no_ping_socket;
use net::tls::TlsError;
use plugin::{Deadline, reason};
use rustix::io::Errno;

use crate::allowed::Allowed;
use crate::cause::Cause;
use crate::interface;
use crate::judged::Judged;
use crate::memory::{self, NoMemory, STACK};
use crate::monitor;
use crate::options::DoesNotFit;
use crate::probe::part::{Part, Shared, Swept};
use crate::progress;
use crate::source::{self, SourceError};
use crate::sweep::dialogue::Tls;
use crate::target::{Collection, Resolved, TargetError, targets};
use crate::{Args, Observations};

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
    args.connecting.check_quit(args.securing.tls)?;
    args.connecting.check_times(deadline.limit())?;
    let mut collection = targets(args, deadline)?;
    source::check(&args.connecting)?;
    if collection.named.is_empty() {
        source::check_use(&args.connecting.source, &collection.targets)?;
    }
    memory::ask_for_targets(collection.targets.len())?;
    let diagnosis = Diagnosis::of(interface::sockets(&args.connecting, deadline));
    let tls = args.securing.load(deadline)?;
    let names = std::mem::take(&mut collection.names);
    let shared = Shared { args, names: &names, tls, deadline, diagnosis: &diagnosis };
    let mut swept = try_all(&mut collection, &shared, allowed)?;
    source::check_use(&args.connecting.source, &swept.targets)?;
    monitor::excuse(&diagnosis, &swept.targets, &mut swept.found.failed, deadline);
    let unrouted = interface::excuse(&args.connecting, &swept.targets, &mut swept.found.failed, deadline);
    let mut notes = collection.left_out(args).into_iter().collect::<Vec<_>>();
    notes.extend(args.securing.note());
    notes.extend(unrouted);
    notes.extend(source::note(&args.connecting.source, &swept.targets));
    notes.extend(swept.notes(args.connecting.tries));
    notes.extend(swept.note_on_certificates(args.securing.is_verified()));
    // Whatever else a port does, it is not open.
    let is_closed = |(_, cause): &mut (u32, Cause)| {
        args.connecting.closed && !matches!(cause, Cause::Open | Cause::Local(_))
    };
    let closed = swept.found.failed.extract_if(.., is_closed).collect();
    let Swept { targets, found, echoes, limited, .. } = swept;
    let days = |tls: &Tls| found.first_expiry.map_or(f64::NAN, |at| tls.days_until(at));
    Ok(Observations {
        certificate_days: shared.tls.as_ref().map(days),
        targets,
        unresolved: collection.unresolved,
        notes,
        limited,
        failed: found.failed,
        closed,
        slowest: found.slowest,
        second_try: found.second_try,
        one_try_counts: args.connecting.one_try_counts(),
        ping_refused: echoes.refused.as_ref().map(|why| no_ping_socket(why, "check_tcp_each_ip")),
        late: deadline.state(),
    })
}

/// Tries the addresses at once, and beside them the targets of names once these are resolved: a name that
/// hangs takes no time from the addresses. If that would be too much at once, for example for the limit on
/// open files, resolves the names first.
fn try_all(collection: &mut Collection, shared: &Shared<'_>, allowed: &Allowed) -> Result<Swept, ProbeError> {
    let options = &shared.args.connecting;
    let least = collection.least();
    let is_limited = memory::is_scarce() || monitor::room(least, 0) < least;
    let is_bounded = options.in_flight.is_some() || options.rate.is_some() || is_limited;
    if collection.targets.is_empty() || is_bounded {
        let resolved = collection.resolve(shared.args, shared.deadline);
        collection.add(resolved);
        collection.check_any(shared.args)?;
    }
    let addresses = Part::new(mem::take(&mut collection.targets), shared, 0);
    let known = (shared.tls.is_some(), options.one_try_counts());
    let counts = (addresses.targets.len(), collection.named.len());
    let judged = Judged::new(counts, allowed, known);
    let connecting = options.clone();
    judged.tell(shared.deadline.progress(), move |silent| interface::is_to_blame(&connecting, silent));
    let _step = shared.deadline.step(format!("connecting to {} targets", addresses.targets.len()));
    let (swept, resolved) = progress::shown(&judged, || beside(addresses, collection, shared, &judged))?;
    collection.add(resolved);
    Ok(swept)
}

/// Sweeps the addresses, and beside them what the names stand for that are left to resolve.
fn beside(
    addresses: Part,
    collection: &Collection,
    shared: &Shared<'_>,
    judged: &Judged,
) -> Result<(Swept, Resolved), ProbeError> {
    let wait = |errno: Errno| ProbeError::Wait(errno.into());
    if collection.named.is_empty() {
        return Ok((addresses.sweep(shared, judged).map_err(wait)?, Resolved::default()));
    }
    let known = addresses.targets.clone();
    let named = |in_flight| {
        let mut resolved = collection.resolve(shared.args, shared.deadline);
        resolved.targets.retain(|target| known.binary_search(target).is_err());
        memory::ask_for_targets(known.len() + resolved.targets.len())?;
        judged.expect(resolved.targets.len());
        let part = Part::new(mem::take(&mut resolved.targets), shared, in_flight);
        Ok::<_, ProbeError>((part.sweep(shared, judged).map_err(wait)?, resolved))
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK);
        let in_flight = addresses.in_flight();
        let beside = builder.spawn_scoped(scope, move || named(in_flight));
        let mut swept = addresses.sweep(shared, judged).map_err(wait)?;
        let (other, resolved) = match beside {
            Ok(beside) => beside.join().unwrap_or(Err(wait(Errno::CANCELED)))?,
            // The system gives no thread: afterwards, then.
            Err(_) => named(0)?,
        };
        swept.add(other);
        Ok((swept, resolved))
    })
}
