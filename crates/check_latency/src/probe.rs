//! Everything that touches the world: names, routes, sockets and clocks.

mod gateway;
mod network;
mod pinger;

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host_net::{Bound, DefaultRoute};
use plugin::Deadline;

use crate::Observations;
use crate::options::{Pinging, RESERVE, TooLong};
use crate::target::{Target, Targets};
use gateway::Gateways;
use pinger::Pinger;

/// A clock that moves by more against the monotonic one was set: the times of the kernel are by it.
const CLOCK_STEP: Duration = Duration::from_millis(50);

/// Explains why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The pings take longer than the run may.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The clock was set while the pings were on their way.
    #[error("the clock of this machine was set by {0:.1} s during the run: nothing was measured")]
    ClockSet(f64),
    /// The system refuses to wait.
    #[error("waiting for replies: {}", plugin::reason(.0))]
    Wait(std::io::Error),
}

/// The label of the controls: with a space, so that no target of a list has it.
const CONTROL: &str = "default gateway";

/// Pings all targets and the controls.
///
/// # Errors
/// [`ProbeError`]: nothing was measured.
pub(crate) fn probe(
    mut targets: Targets,
    pinging: &Pinging,
    deadline: &Deadline,
) -> Result<Observations, ProbeError> {
    // Where the system does not tell what is bound here, it refuses to send to a broadcast address.
    let bound = Bound::read(deadline).unwrap_or_default();
    network::refuse(&mut targets, &bound);
    targets.all.iter_mut().for_each(|target| target.name_zone(&bound));
    let Targets { all: targets, unusable, notes: mut told } = targets;
    let families = [false, true].map(|v6| targets.iter().any(|target| target.address.is_ipv6() == v6));
    // Where routes cannot be read there is no control, as where there is no default route.
    let routes = |v6| DefaultRoute::read(v6, deadline).unwrap_or_default();
    let gateways = Gateways::find(families, &pinging.gateway, &bound, routes);
    let Gateways { controls, notes, refused } = gateways;
    let (addresses, places) = addresses(&targets, &controls);
    pinging.needed(addresses.len()).check(deadline)?;
    let (clock, start) = (SystemTime::now(), Instant::now());
    let mut pinger = Pinger::open(addresses.clone(), targets.len(), pinging, deadline.progress());
    pinger.run(deadline.at().checked_sub(RESERVE).unwrap_or_else(Instant::now)).map_err(ProbeError::Wait)?;
    let now = now_unless_set(clock, start)?;
    let at = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (no_socket, dropped, mut seen) = (pinger.refused(), pinger.dropped(), pinger.into_seen());
    told.extend(network::name_full_tables(addresses.into_iter().zip(&mut seen), deadline));
    let of = |(address, place): (SocketAddr, usize)| {
        let mut control = Target::new(address, CONTROL);
        control.name_zone(&bound);
        Some((Box::new(control), Box::new(seen.get(place)?.clone())))
    };
    let controls = controls.into_iter().zip(places).filter_map(of).collect();
    // Collected in place, they would keep the room that the targets took.
    let mut observed = Vec::with_capacity(targets.len());
    observed.extend(targets.into_iter().zip(seen).map(|(target, seen)| (Box::new(target), Box::new(seen))));
    Ok(Observations {
        began: start,
        at,
        wait: pinging.wait.duration(),
        targets: observed,
        controls,
        told,
        notes,
        refused,
        unusable,
        no_socket,
        dropped,
        late: deadline.state(),
    })
}

/// Returns the time of day, which was `clock` at `start`.
///
/// # Errors
/// [`ProbeError::ClockSet`]: it has been set since.
fn now_unless_set(clock: SystemTime, start: Instant) -> Result<SystemTime, ProbeError> {
    let now = SystemTime::now();
    let moved =
        now.duration_since(clock).map_or_else(|back| -back.duration().as_secs_f64(), |on| on.as_secs_f64());
    let step = moved - start.elapsed().as_secs_f64();
    if step.abs() > CLOCK_STEP.as_secs_f64() { Err(ProbeError::ClockSet(step)) } else { Ok(now) }
}

/// Returns what is pinged, each address once: the targets, then the controls that are none. And the place of
/// each control among them.
fn addresses(targets: &[Target], controls: &[SocketAddr]) -> (Vec<SocketAddr>, Vec<usize>) {
    let mut all: Vec<SocketAddr> = targets.iter().map(|target| target.address).collect();
    let place = |control: &SocketAddr| {
        all.iter().position(|address| address == control).unwrap_or_else(|| {
            all.push(*control);
            all.len() - 1
        })
    };
    let places = controls.iter().map(place).collect();
    (all, places)
}
