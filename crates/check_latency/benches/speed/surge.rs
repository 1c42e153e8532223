//! A pinger of many targets on the crate surge-ping, as a peer: the benchmark runs itself once more as this
//! program.
#![expect(clippy::print_stderr, reason = "it prints times where fping does")]

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use surge_ping::{Client, Config, PingIdentifier, PingSequence};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The first argument of the benchmark that makes it this program.
const NAME: &str = "surge-ping";
const INTERVAL: Duration = Duration::from_millis(200);
const WAIT: Duration = Duration::from_secs(2);

/// Returns the command that pings each address of a file `pings` times, and the next target `apart` later.
pub(crate) fn command(list: &str, pings: u16, apart: Duration) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([NAME, list, &pings.to_string(), &apart.as_micros().to_string()]);
    command
}

/// Runs this program if the arguments say so: `surge-ping LIST PINGS MICROSECONDS`. It prints the times of
/// each target, in milliseconds, in fping's form. It panics if no reply came at all. Returns whether it ran.
pub(crate) fn was_called() -> bool {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(NAME)) {
        return false;
    }
    let mut text = || arguments.next().unwrap().into_string().unwrap();
    let (list, pings, apart) = (text(), text().parse().unwrap(), text().parse().unwrap());
    let targets = fs::read_to_string(list).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = runtime.block_on(ping_all(targets, pings, Duration::from_micros(apart)));
    assert!(seen.iter().any(|(_, times)| !times.is_empty()));
    for (address, times) in seen {
        let times: Vec<String> =
            times.iter().map(|time| format!("{:.3}", time.as_secs_f64() * 1e3)).collect();
        eprintln!("{address} : {}", times.join(" "));
    }
    true
}

async fn ping_all(targets: Vec<IpAddr>, pings: u16, apart: Duration) -> Vec<(IpAddr, Vec<Duration>)> {
    let client = Client::new(&Config::default()).unwrap();
    let (start, mut all) = (Instant::now(), JoinSet::new());
    for (number, address) in targets.into_iter().enumerate() {
        let (client, number) = (client.clone(), u32::try_from(number).unwrap());
        all.spawn(async move {
            let mut times = Vec::new();
            let identifier = PingIdentifier(u16::try_from(number).unwrap());
            let mut pinger = client.pinger(address, identifier).await;
            pinger.timeout(WAIT);
            for sequence in 0..pings {
                sleep_until(start + apart * number + INTERVAL * u32::from(sequence)).await;
                if let Ok((_, time)) = pinger.ping(PingSequence(sequence), &[0x55; 16]).await {
                    times.push(time);
                }
            }
            (address, times)
        });
    }
    all.join_all().await
}
