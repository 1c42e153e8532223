//! The options of the command line.

mod time;
mod value;

use std::path::PathBuf;

use addresses::ZonedAddress;
use clap::builder::NonEmptyStringValueParser;
use net::Host;
use plugin::{AllowedFailures, Limit, Seconds, State, whole};

use crate::rule::Settings;
pub use time::TooLong;
pub(crate) use time::{Needed, RESERVE};
use value::number_within;
pub(crate) use value::{Absolute, Control};

/// Which targets are pinged.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TargetOptions {
    /// Address to ping: 192.0.2.10, 2001:db8::10 or fe80::10%eth0. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<ZonedAddress>,
    /// File with one address a line, then a label where it has one: 192.0.2.10 proxy7. Repeatable
    #[arg(long)]
    pub file: Vec<PathBuf>,
    /// Host name, of which every IPv4 and IPv6 address is pinged. Repeatable
    #[arg(short = 'H', long, value_name = "HOST")]
    pub hostname: Vec<Host>,
}

/// How targets are pinged.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Pinging {
    /// Pings to each target
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = whole::<u32>(1..=1_000))]
    pub pings: u32,
    /// Time between two pings to one target
    #[arg(long, value_name = "SECONDS", default_value = "0.25", value_parser = Seconds::within(0.02..=60.0))]
    pub interval: Seconds,
    /// Time limit of a reply; a later one counts as lost and as late. Silent targets are pinged again, for up
    /// to twice this time where --timeout leaves it
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = Seconds::within(0.01..=60.0))]
    pub wait: Seconds,
    /// Maximum pings per second to all targets together
    #[arg(long, value_name = "NUMBER", default_value = "2000", value_parser = whole::<u32>(1..=50_000))]
    pub rate: u32,
    /// Gateway to compare with: auto (that of the default route), none, or an address in
    /// place of that of its family. It is never reported as a target. Repeatable
    #[arg(long, value_name = "ADDRESS", default_value = "auto")]
    pub gateway: Vec<Control>,
}

/// What is reported.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Judging {
    /// Least rise of loss to report, in percentage points
    #[arg(long, value_name = "POINTS", default_value = "5", value_parser = number_within(0.1, 100.0))]
    pub loss_rise: f64,
    /// Least rise of latency to report, in per cent of the usual one
    #[arg(long, value_name = "PERCENT", default_value = "15", value_parser = number_within(0.0, 1_000.0))]
    pub rtt_rise: f64,
    /// Least rise of latency to report
    #[arg(long, value_name = "SECONDS", default_value = "0.005", value_parser = Seconds::within(0.0..=60.0))]
    pub rtt_floor: Seconds,
    /// Rise of loss that is CRITICAL, in percentage points
    #[arg(long, value_name = "POINTS", default_value = "40", value_parser = number_within(0.1, 100.0))]
    pub critical_loss: f64,
    /// WARNING if the number of abnormal targets, or with % their share, is outside this range: 2, 5%.
    /// Default: none with --critical. Without both, the worst target decides: WARNING if it is abnormal,
    /// CRITICAL if no reply comes in time, it is above --limit-critical, or it loses --critical-loss more
    /// than is usual
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub warning: Option<Limit>,
    /// CRITICAL if the number or share of abnormal targets is outside this range: 2, 5%. Default: none with
    /// --warning, else see there
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub critical: Option<Limit>,
    /// WARNING from this latency in milliseconds or this loss on, whatever is usual: 200,20%. Default: no
    /// limit
    #[arg(long, value_name = "RTA,PL%")]
    pub limit_warning: Option<Absolute>,
    /// CRITICAL from this latency in milliseconds or this loss on, whatever is usual: 500,60%. Default: no
    /// limit
    #[arg(long, value_name = "RTA,PL%")]
    pub limit_critical: Option<Absolute>,
    /// Add performance data of each target
    #[arg(long)]
    pub each: bool,
}

/// What is learned.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Learning {
    /// Runs with an answer that are learned before a target is judged by its own record
    #[arg(long, value_name = "NUMBER", default_value = "12", value_parser = whole::<u32>(1..=10_000))]
    pub learn_runs: u32,
    /// Store no run sooner than this after the last one: retries and runs by hand are judged only
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = Seconds::within(0.0..=86_400.0))]
    pub learn_every: Seconds,
    /// Accept a changed latency, or a loss below --critical-loss, as the new normal after this time
    #[arg(long, value_name = "SECONDS", default_value = "86400", value_parser = Seconds::within(60.0..=31_536_000.0))]
    pub accept: Seconds,
    /// File of the learned records, in a folder of mode 0700. Default: UID/check_latency/paths.json in
    /// MP_STATE_PATH, else in NAGIOS_PLUGIN_STATE_DIRECTORY, else in /var/lib/monitoring-plugins
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<PathBuf>,
    /// Judge only: write no file
    #[arg(long)]
    pub no_learn: bool,
    /// Forget the record of this target, named by its label, name or address, and exit
    #[arg(long, value_name = "TARGET", conflicts_with = "no_learn", value_parser = NonEmptyStringValueParser::new())]
    pub forget: Option<String>,
}

/// How many gateways of a family are pinged: a default route may have many next hops.
pub(crate) const MOST_GATEWAYS: usize = 4;

/// An absolute critical limit below the warning one.
#[derive(Debug, thiserror::Error)]
#[error("--limit-critical is below --limit-warning, see --help")]
pub struct ContradictoryLimits;

impl Pinging {
    /// Returns how many controls there are at most: of each family those that are named, else the gateways of
    /// its default route.
    pub(crate) fn most_controls(&self) -> usize {
        let none = self.gateway.contains(&Control::None);
        let of_family = |v6: bool| match self.gateway.iter().filter_map(|control| control.address(v6)).count()
        {
            0 if none => 0,
            0 => MOST_GATEWAYS,
            named => named,
        };
        of_family(false) + of_family(true)
    }

    /// Returns what the pings to so many targets take.
    pub(crate) fn needed(&self, targets: usize) -> Needed {
        let pings = f64::from(self.pings);
        let by_rate = pings * targets as f64 / f64::from(self.rate);
        Needed::new(pings * self.interval.as_f64(), by_rate, self.wait.duration())
    }
}

impl Judging {
    /// Refuses absolute limits that contradict each other.
    ///
    /// # Errors
    /// [`ContradictoryLimits`]
    pub(crate) fn validate(&self) -> Result<(), ContradictoryLimits> {
        let contradict = |warning: Absolute, critical: Absolute| {
            critical.rtt < warning.rtt || critical.loss < warning.loss
        };
        match (self.limit_warning, self.limit_critical) {
            (Some(warning), Some(critical)) if contradict(warning, critical) => Err(ContradictoryLimits),
            _ => Ok(()),
        }
    }

    /// Returns the absolute limit that a round-trip time in seconds reaches, the critical one first.
    pub(crate) fn rtt_limit(&self, rtt: f64) -> Option<(State, Absolute)> {
        self.reached(|limit| rtt * 1e3 >= limit.rtt)
    }

    /// Returns the absolute limit that a loss, as a share, reaches, the critical one first.
    pub(crate) fn loss_limit(&self, loss: f64) -> Option<(State, Absolute)> {
        self.reached(|limit| loss * 100.0 >= limit.loss)
    }

    fn reached(&self, is_reached: impl Fn(&Absolute) -> bool) -> Option<(State, Absolute)> {
        let limits = [(State::Critical, self.limit_critical), (State::Warning, self.limit_warning)];
        let mut limits = limits.into_iter().filter_map(|(state, limit)| Some((state, limit?)));
        limits.find(|(_, limit)| is_reached(limit))
    }

    /// Returns how many targets may be abnormal: `None` if each has its own state.
    pub(crate) fn allowed(&self) -> Option<AllowedFailures> {
        AllowedFailures::new(self.warning.as_ref(), self.critical.as_ref())
    }

    /// Returns what of the rule can be set.
    pub(crate) fn settings(&self, learning: &Learning) -> Settings {
        Settings {
            loss_rise: self.loss_rise / 100.0,
            rtt_rise: self.rtt_rise / 100.0,
            rtt_floor: self.rtt_floor.as_f64(),
            critical_loss: self.critical_loss / 100.0,
            learn_runs: learning.learn_runs,
            accept: learning.accept.duration().as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::value::InvalidValue;
    use super::*;

    #[test]
    fn absolute_limits_are_those_of_check_icmp() {
        let read = |text: &str| text.parse::<Absolute>().map(|limit| (limit.rtt, limit.loss));
        assert_eq!(read("200,20%"), Ok((200.0, 20.0)));
        assert_eq!(read("200.5ms,0%"), Ok((200.5, 0.0)));
        for text in
            ["", "200", "200,", "200,20", ",20%", "200,101%", "-1,5%", "1e3,5%", "nan,5%", "200,20%,5"]
        {
            assert_eq!(read(text), Err(InvalidValue::Absolute), "{text}");
        }
    }

    #[test]
    fn a_limit_is_reached_by_what_equals_it() {
        let arguments =
            ["check_latency", "--ip=192.0.2.1", "--limit-warning=200,20%", "--limit-critical=500,60%"];
        let judging = crate::Args::try_parse_from(arguments).unwrap().judging;
        let state = |reached: Option<(State, Absolute)>| reached.map(|(state, _)| state);
        for (value, expected) in [(0.199, None), (0.2, Some(State::Warning)), (0.5, Some(State::Critical))] {
            assert_eq!(state(judging.rtt_limit(value)), expected, "{value}");
        }
        for (value, expected) in [(0.19, None), (0.2, Some(State::Warning)), (0.6, Some(State::Critical))] {
            assert_eq!(state(judging.loss_limit(value)), expected, "{value}");
        }
    }

    #[test]
    fn the_control_is_a_word_or_an_address() {
        let read = |text: &str| text.parse::<Control>();
        assert_eq!(read("auto"), Ok(Control::Auto));
        assert_eq!(read("none"), Ok(Control::None));
        assert_eq!(read("192.0.2.254"), Ok(Control::Address("192.0.2.254".parse().unwrap())));
        assert_eq!(read("fe80::9%eth0"), Ok(Control::Address("fe80::9%eth0".parse().unwrap())));
        for text in ["", "no", "0.0.0.0", "gateway", "192.0.2.1%eth0"] {
            assert_eq!(read(text), Err(InvalidValue::Control), "{text}");
        }
    }

    #[test]
    fn a_family_without_a_named_gateway_may_have_several() {
        let rows: [(&[&str], usize); 6] = [
            (&[], 8),
            (&["--gateway=auto"], 8),
            (&["--gateway=none"], 0),
            (&["--gateway=192.0.2.1"], 5),
            (&["--gateway=192.0.2.1", "--gateway=none"], 1),
            (&["--gateway=192.0.2.1", "--gateway=192.0.2.2", "--gateway=2001:db8::1"], 3),
        ];
        for (options, expected) in rows {
            let args = crate::Args::try_parse_from([&["check_latency"], options].concat()).unwrap();
            assert_eq!(args.pinging.most_controls(), expected, "{options:?}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        let read = number_within(0.1, 100.0);
        assert_eq!(read("5"), Ok(5.0));
        assert_eq!(read("0.1"), Ok(0.1));
        for text in ["0", "100.1", "-5", "", ".5", "5.", "inf", "NaN"] {
            assert_eq!(read(text), Err(InvalidValue::Number(0.1, 100.0)), "{text}");
        }
    }
}
