//! All the work: the options become a plan, the proxies are asked side by side, and the page without a proxy
//! where all of them fail.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use net::Source;
use net::tls::{Settings, TlsError, Verify};
use plugin::Deadline;

use crate::Args;
use crate::allowed::Allowed;
use crate::clients::random_login;
use crate::direct::{Direct, Suspicion, Timed, Watch, ask_directly};
use crate::evaluate::{AskedPage, Observations};
use crate::fault::Fault;
use crate::judge::judge;
use crate::known::Known;
use crate::login::Login;
use crate::monitor;
use crate::observation::{Observation, no_thread};
use crate::page::Expected;
use crate::plan::Plan;
use crate::request_options::RequestOptions;
use crate::room::{Room, room};
use crate::side::{STACK, for_each};
use crate::strangers::Strangers;
use crate::suspect::suspects_page;
use crate::target::{Collection, Target, TargetError, Unresolved, targets};
use crate::usage::{UsageError, login};

/// A proxy, and the place of its name among the hosts that are resolved, from 1 on: 0 for those of which the
/// address is given.
type Placed = (usize, Target);

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The options contradict each other or miss something.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// It is not known which proxies to ask.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Asks all proxies: those of a name as soon as it is resolved, so that a name that hangs takes no time from
/// the others.
pub(crate) fn probe(args: &Args, allowed: &Allowed, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let login = login(args)?;
    let mut collection = targets(&args.proxies, deadline)?;
    let room = room(args, &collection, deadline);
    let plan = plan(args, login, &room, collection.targets.len(), deadline)?;
    let expected = collection.expected();
    let _step = deadline.step(format!("asking {expected} proxies"));
    let known = Known::new((collection.targets.len(), collection.hosts.len()), allowed, deadline.progress());
    let pages = plan.urls.iter().zip(&plan.suspicions).collect();
    let watch = Watch::new(&plan.options, pages, collection.targets.len());
    let diagnosis = monitor::diagnosis(&plan.options.source.addresses);
    // All may be silent at the same time.
    diagnosis.begin(deadline);
    let asks_directly = args.clients.strangers != Strangers::Only && !args.page.no_direct;
    let mut unresolved = Vec::new();
    let feed = |add: &mut dyn FnMut(Placed)| {
        unresolved = feed((&collection, &plan, &known, &watch), (deadline, room.names), add);
    };
    let (mut seen, unasked, asked) = thread::scope(|scope| {
        let watching = thread::Builder::new().stack_size(STACK);
        let watching = asks_directly.then(|| watching.spawn_scoped(scope, || watch.ask()).ok()).flatten();
        let seen = for_each(room.in_flight, feed, |(_, target)| {
            let seen = plan.ask(target.address)?;
            monitor::note(&diagnosis, target, &seen, deadline);
            known.ended(target, &judge(&seen, &plan.forbidden));
            Some(seen)
        });
        let unasked = if plan.options.is_over() { Fault::Late } else { no_thread() };
        watch.end();
        (seen, unasked, watching.and_then(|watching| watching.join().ok()).unwrap_or_default())
    });
    collection.unresolved.extend(unresolved);
    seen.sort_by_key(|((place, _), _)| *place);
    let seen = seen.into_iter().map(|((_, target), seen)| (target, seen));
    let mut proxies: Vec<(Target, Option<Observation>)> = seen.collect();
    monitor::excuse(&diagnosis, &mut proxies, deadline);
    let pages = asked_pages(args, &plan, &proxies, asked);
    let own = proxies.iter().find(|(_, seen)| seen.as_ref().is_some_and(|seen| judge(seen, &[]).open));
    let own = own.and_then(|(target, _)| own_address(target.address, &plan.options.source));
    Ok(Observations {
        proxies,
        unresolved: collection.unresolved,
        forbidden: plan.forbidden,
        strangers: plan.strangers,
        unasked,
        short: deadline.state(),
        pages,
        own,
    })
}

/// Adds all proxies: those of a name once it is resolved. Returns what has no address, in the order given.
fn feed(
    (collection, plan, known, watch): (&Collection, &Plan, &Known<'_>, &Watch<'_>),
    (deadline, limit): (&Deadline, Duration),
    add: &mut dyn FnMut(Placed),
) -> Vec<Unresolved> {
    collection.targets.iter().cloned().for_each(|target| add((0, target)));
    let mut unresolved = Vec::new();
    collection.resolve(deadline, limit, |place, found| match found {
        Ok(found) => {
            plan.waiting.fetch_add(found.len(), Ordering::Relaxed);
            known.resolved(found.len());
            watch.add(found.len());
            found.into_iter().for_each(|target| add((1 + place, target)));
        }
        Err(why) => {
            known.unresolved(&why);
            unresolved.push((place, why));
        }
    });
    unresolved.sort_by_key(|(place, _)| *place);
    unresolved.into_iter().map(|(_, unresolved)| unresolved).collect()
}

/// What asking for each suspected page without a proxy came to: those that there was no time to wait with are
/// `asked` already.
fn asked_pages(
    args: &Args,
    plan: &Plan,
    proxies: &[(Target, Option<Observation>)],
    asked: Vec<Timed>,
) -> Vec<AskedPage> {
    let asked = asked.into_iter().chain(std::iter::repeat(Timed::default()));
    let pages = plan.urls.iter().enumerate().zip(asked).map(|((place, url), asked)| {
        let (direct, took) = match asked {
            _ if args.clients.strangers == Strangers::Only || !suspects_page(proxies, place) => {
                Timed::default()
            }
            _ if args.page.no_direct => (Direct::NoWay("--no-direct".to_owned()), None),
            (Direct::Unasked, _) => ask_directly(&plan.options, url),
            asked => asked,
        };
        AskedPage { name: url.page_among(&plan.urls), direct, took }
    });
    pages.collect()
}

fn plan(
    args: &Args,
    login: Option<Login>,
    room: &Room,
    targets: usize,
    deadline: &Deadline,
) -> Result<Plan, ProbeError> {
    let needs_tls = args.page.url.iter().any(|url| url.secure);
    let settings = Settings { authorities: args.page.tls_ca.clone(), ..Settings::default() };
    // A file of authorities that cannot be read is said also where no page needs it yet.
    let is_loaded = needs_tls || args.page.tls_ca.is_some();
    let client = if is_loaded { Some(settings.load(deadline)?) } else { None };
    let unverified = Settings { verify: Verify::Nothing, ..Settings::default() };
    // squid may answer for a forbidden target inside a tunnel, also where no page needs TLS.
    let needs_tunnel = needs_tls || !args.forbid.is_empty();
    let unverified = if needs_tunnel { Some(unverified.load(deadline)?) } else { None };
    let options = RequestOptions {
        socks: args.proxies.protocol == crate::options::Protocol::Socks5,
        source: Source { addresses: args.connecting.source.clone(), interface: None },
        limit: room.limit,
        least: room.least,
        until: Instant::now() + room.time,
        client,
        unverified,
        secrets: login.as_ref().map(Login::secrets).unwrap_or_default(),
        expected: Expected {
            text: args.page.expect.clone().unwrap_or_default(),
            not: args.page.not_expect.clone(),
        },
    };
    Ok(Plan {
        options,
        urls: args.page.url.clone(),
        strangers: args.clients.strangers,
        login,
        random: random_login(),
        forbidden: args.forbid.clone(),
        tries: args.connecting.tries,
        waiting: AtomicUsize::new(targets),
        suspicions: args.page.url.iter().map(|_| Suspicion::default()).collect(),
    })
}

/// The address of this machine from which it reaches another one.
fn own_address(to: SocketAddr, source: &Source) -> Option<IpAddr> {
    let bound = source.addresses.iter().find(|address| address.is_ipv6() == to.is_ipv6()).copied();
    bound.or_else(|| {
        let any =
            if to.is_ipv6() { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        // Nothing is sent: the route alone says the address.
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    })
}
