//! Judges what was observed: which clock is off, by how much at least, and whether the reference can be
//! trusted.

use plugin::{Finding, Findings, Metric, Report, State, Thresholds, Unit};

use crate::interval::Interval;
use crate::ntp::{Consensus, Disagreement, agree};
use crate::reference;
use crate::snmp::SnmpError;
use crate::words::{self, Verdict};
use crate::{HostClock, HostError, Observations};

/// Makes the report: the clock that is judged is one finding, each NTP server has its details.
pub(crate) fn evaluate(thresholds: &Thresholds, observations: &Observations) -> Report {
    let consensus = (!observations.ntp.is_empty()).then(|| agree(&observations.ntp));
    let reference = consensus.as_ref().and_then(|consensus| consensus.as_ref().ok());
    let unusable = consensus.as_ref().and_then(|consensus| consensus.as_ref().err());
    let host = observations.host.as_ref().and_then(|host| host.as_ref().ok());
    let judged = Judged { thresholds, observations, reference, host };
    let mut findings = Findings::default();
    findings.extend(
        observations
            .host
            .as_ref()
            .and_then(|host| host.as_ref().err())
            .map(|why| silent(why, observations.silent)),
    );
    findings.extend(unusable.map(|disagreement| judged.without_reference(disagreement)));
    let clock = judged.offset().map(|offset| judged.clock(offset));
    let all_well = clock.as_ref().map(|clock| clock.text.clone()).unwrap_or_default();
    findings.extend(clock);
    findings.extend([reference::details(&observations.ntp, reference)]);
    judged.metrics().into_iter().fold(findings.report(all_well), Report::metric)
}

/// The host's clock shows nothing.
fn silent(why: &HostError, silent: State) -> Finding {
    let state = match why {
        HostError::Snmp(SnmpError::NoAnswer { .. }) => silent,
        _ => State::Unknown,
    };
    Finding::new(state, why.to_string())
}

/// The clock that is judged, and what it is compared with.
struct Judged<'a> {
    thresholds: &'a Thresholds,
    observations: &'a Observations,
    /// What the NTP servers agree on.
    reference: Option<&'a Consensus>,
    /// The host's clock, if it could be read.
    host: Option<&'a HostClock>,
}

impl Judged<'_> {
    /// By how much the judged clock is ahead: the host's, or this machine's own where no host was asked.
    /// `None` if that or what it should be compared with is not known.
    fn offset(&self) -> Option<Interval> {
        let monitor = self.reference.map(|reference| -reference.offset);
        match (&self.observations.host, self.host, self.observations.ntp.is_empty()) {
            (None, ..) => monitor,
            (Some(_), Some(host), true) => Some(host.readings.offset()),
            (Some(_), Some(host), false) => monitor.map(|monitor| host.readings.offset() + monitor),
            (Some(_), None, _) => None,
        }
    }

    /// The finding about the judged clock. An alarm is certain: the end of the interval that is nearest to
    /// zero is judged.
    fn clock(&self, offset: Interval) -> Finding {
        let state = self.thresholds.state(offset.nearest_to_zero());
        let shown = self.host.and_then(|host| host.readings.latest()).map(|shown| shown.value);
        let verdict = Verdict { offset, shown, thresholds: self.thresholds };
        let servers = self.reference.map(|reference| {
            let monitor = -reference.offset;
            (words::offset(monitor), reference::link_and_servers(monitor, reference, &self.observations.ntp))
        });
        let text = match (&self.observations.hostname, servers) {
            (None, servers) => verdict.of("this host", &servers.unwrap_or_default().1, ""),
            (Some(name), None) => verdict.of(name, "", ""),
            (Some(name), Some((monitor, servers))) => {
                verdict.of(name, "", &format!(", this monitor {monitor}{servers}"))
            }
        };
        let finding = Finding::new(state, text);
        match self.host.filter(|host| host.readings.greatest_age > 0.0) {
            None => finding,
            Some(host) => {
                let (agent, age, count) = (host.agent, host.readings.greatest_age, host.readings.count());
                let s = if count == 1 { "" } else { "s" };
                let note = format!("{agent} may answer from a cache, up to {age} s old: {count} reading{s}");
                if offset.half_width() > 1.0 { finding.detail(note) } else { finding.verbose_detail(note) }
            }
        }
    }

    /// The finding that there is no time to compare with, and what this monitor's own clock says of the
    /// host's.
    fn without_reference(&self, disagreement: &Disagreement) -> Finding {
        let Observations { ntp, silent, hostname, .. } = self.observations;
        let finding = reference::missing(disagreement, ntp, *silent);
        match (self.host, hostname) {
            (Some(host), Some(name)) => {
                let alone = words::offset(host.readings.offset());
                Finding::new(
                    finding.state,
                    format!("{}, by this monitor alone {name} is {alone}", finding.text),
                )
            }
            _ => finding,
        }
    }

    /// Every series in every run; what is not known prints as U.
    fn metrics(&self) -> Vec<Metric> {
        let offset = self.offset();
        let round_trip = match self.observations.host {
            Some(_) => self.host.map(|host| host.readings.round_trip()),
            None => self.reference.map(|reference| reference.round_trip),
        };
        let mut metrics = vec![
            seconds("offset", offset.map(Interval::middle)).thresholds(self.thresholds.clone()),
            seconds("uncertainty", offset.map(Interval::half_width)).min(0.0),
            seconds("rtt", round_trip).min(0.0),
        ];
        if !self.observations.ntp.is_empty() {
            let monitor = self.reference.map(|reference| -reference.offset.middle());
            metrics.extend(self.observations.host.is_some().then(|| seconds("monitor_offset", monitor)));
            let agreeing = self.reference.map_or(0, Consensus::agreeing);
            metrics.push(Metric::count("ntp_servers", agreeing).max(self.observations.ntp.len() as f64));
        }
        metrics
    }
}

/// To the microsecond, which is more than any source is good for.
fn seconds(label: &str, value: Option<f64>) -> Metric {
    Metric::new(label, value.map_or(f64::NAN, |value| (value * 1e6).round() / 1e6)).unit(Unit::Seconds)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::Args;
    use crate::ntp::{Measured, NtpError, Sample};
    use crate::readings::{Reading, Readings, Shown};

    fn args(more: &[&str]) -> Args {
        Args::parse_from([&["check_clock_offset", "--hostname=proxy7"], more].concat())
    }

    /// A host that is ahead by `offset`, as seen by one reading of 12 ms half a second before the next whole
    /// one.
    fn host(offset: f64, greatest_age: f64) -> HostClock {
        let shown = Shown { value: 1_795_319_407.0 + offset - 0.494, resolution: 1.0 };
        let reading = Reading { sent: 1_795_319_407.0, received: 1_795_319_407.012, shown };
        HostClock { agent: "192.0.2.7:161".parse().unwrap(), readings: Readings::new(greatest_age, reading) }
    }

    fn server(name: &str, offset: f64) -> Sample {
        let measured = Measured { offset: Interval::around(offset, 0.008), round_trip: 0.01, stratum: 2 };
        Sample { name: name.to_owned(), result: Ok(measured) }
    }

    fn broken(name: &str, why: NtpError) -> Sample {
        Sample { name: name.to_owned(), result: Err(why) }
    }

    fn judge(more: &[&str], host: Option<HostClock>, ntp: Vec<Sample>) -> String {
        evaluated(more, host.map(Ok), ntp)
    }

    fn evaluated(more: &[&str], host: Option<Result<HostClock, HostError>>, ntp: Vec<Sample>) -> String {
        let hostname = host.is_some().then(|| "proxy7".to_owned());
        let observations = Observations { hostname, host, ntp, silent: State::Critical };
        evaluate(&args(more).thresholds(), &observations).render("CLOCK_OFFSET", 0)
    }

    #[test]
    fn a_host_is_judged_by_this_machines_clock() {
        let rows: [(f64, f64, &[&str], &str); 9] = [
            (
                -7.21,
                0.0,
                &[],
                "WARNING - proxy7 is 7.2 s slow, allowed -5 to 5 s | offset=-7.21s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                0.0,
                0.0,
                &[],
                "OK - proxy7 is right within 0.51 s | offset=0s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                5.2,
                0.0,
                &[],
                "OK - undecided: proxy7 is 4.7 to 5.7 s fast, too coarse for -5 to 5 s | offset=5.2s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -60.2,
                0.0,
                &[],
                "WARNING - proxy7 is 59.7 to 60.7 s slow, allowed -5 to 5 s | offset=-60.2s;-5:5;-60:60 uncertainty=0.506s;;;0 \
                 rtt=0.012s;;;0\n",
            ),
            (
                3600.2,
                0.0,
                &[],
                "CRITICAL - proxy7 is 1 h fast, perhaps a time zone mistake | offset=3600.2s;-5:5;-60:60 \
                 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -1_795_319_402.0,
                0.0,
                &[],
                "CRITICAL - proxy7 is 20779 d 4 h slow, it shows 1970-01-01 00:00:04 UTC | offset=-1795319402s;-5:5;-60:60 \
                 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -20.0,
                31.0,
                &[],
                "OK - undecided: proxy7 is 20.51 s slow to 11.51 s fast, too coarse for -5 to 5 s | offset=-4.5s;-5:5;-60:60 uncertainty=16.006s;;;0 \
                 rtt=0.012s;;;0\n192.0.2.7:161 may answer from a cache, up to 31 s old: 1 reading\n",
            ),
            (
                7.0,
                0.0,
                &["--warning=10"],
                "OK - proxy7 is 7.0 s fast | offset=7s;10 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
            (
                -7.0,
                0.0,
                &["--critical=-1:1"],
                "CRITICAL - proxy7 is 7.0 s slow, allowed -1 to 1 s | offset=-7s;;-1:1 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
            ),
        ];
        for (offset, age, more, line) in rows {
            assert_eq!(judge(more, Some(host(offset, age)), vec![]), format!("CLOCK_OFFSET {line}"));
        }
    }

    #[test]
    fn servers_tell_whose_clock_is_off() {
        let three = |offset: f64| {
            vec![server("192.0.2.1", offset), server("192.0.2.2", offset), server("192.0.2.3", offset)]
        };
        let slow = judge(&[], Some(host(-7.21, 0.0)), three(0.001));
        let data = "uncertainty=0.514s;;;0 rtt=0.012s;;;0 monitor_offset=-0.001s ntp_servers=3;;;0;3\n";
        assert_eq!(
            slow,
            format!(
                "CLOCK_OFFSET WARNING - proxy7 is 7.2 s slow, this monitor right within 0.01 s of 3 NTP servers | \
                 offset=-7.211s;-5:5;-60:60 {data}"
            )
        );
        let monitor = judge(&[], Some(host(7.21, 0.0)), three(7.21));
        let line = "CLOCK_OFFSET OK - proxy7 is right within 0.52 s, this monitor 7.21 s slow by 3 NTP servers | offset=0s;";
        assert!(monitor.starts_with(line), "{monitor}");
        let mut liar = three(0.0);
        liar.push(server("192.0.2.9", 35.2));
        let seen = judge(&[], Some(host(0.0, 0.0)), liar);
        let line = "right within 0.008 s of 3 of 4 NTP servers, falseticker 192.0.2.9 | ";
        assert!(seen.contains(line), "{seen}");
        assert!(
            seen.ends_with("\nNTP server 192.0.2.9: falseticker, 35.20 s ahead of the majority\n"),
            "{seen}"
        );
    }

    #[test]
    fn this_hosts_own_clock_is_judged_by_servers() {
        let seen = judge(&[], None, vec![server("192.0.2.1", 7.0)]);
        let line = "CLOCK_OFFSET WARNING - this host is 7.00 s slow by NTP server 192.0.2.1, allowed -5 to 5 s | offset=-7s;-5:5;-60:60 \
                    uncertainty=0.008s;;;0 rtt=0.01s;;;0 ntp_servers=1;;;0;1\n";
        assert_eq!(seen, line);
        let zone = judge(&[], None, vec![server("192.0.2.1", -3600.002)]);
        assert!(
            zone.contains("is 1 h fast by NTP server 192.0.2.1, perhaps a time zone mistake |"),
            "{zone}"
        );
    }

    #[test]
    fn without_a_reference_nothing_is_ok() {
        let unsynchronised = || NtpError::Unsynchronised { leap: 3, stratum: 0 };
        let rows = [
            (vec![broken("192.0.2.1", NtpError::Silent)], "CRITICAL - NTP server 192.0.2.1: no answer"),
            (
                vec![broken("192.0.2.1", unsynchronised())],
                "UNKNOWN - NTP server 192.0.2.1: not synchronised (leap 3, stratum 0)",
            ),
            (
                vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", NtpError::Silent)],
                "CRITICAL - none of 2 NTP servers gives a time",
            ),
            (
                vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", unsynchronised())],
                "UNKNOWN - none of 2 NTP servers gives a time",
            ),
            (
                vec![server("192.0.2.1", 0.0), server("192.0.2.2", 7.0)],
                "UNKNOWN - no majority among 2 NTP servers, 7.0 s apart",
            ),
        ];
        for (samples, line) in rows {
            let own = judge(&[], None, samples.clone());
            let servers = format!("ntp_servers=0;;;0;{}", samples.len());
            let first =
                format!("CLOCK_OFFSET {line} | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=U;;;0 {servers}");
            assert_eq!(own.lines().next(), Some(first.as_str()));
            let data = " | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=0.012s;;;0";
            let hosted = judge(&[], Some(host(-7.21, 0.0)), samples);
            let expected = format!(
                "CLOCK_OFFSET {line}, by this monitor alone proxy7 is 7.2 s slow{data} monitor_offset=U {servers}"
            );
            assert_eq!(hosted.lines().next(), Some(expected.as_str()));
        }
    }

    #[test]
    fn a_host_that_cannot_be_read_has_every_series() {
        let broken =
            || HostError::Snmp(SnmpError::Unsupported("192.0.2.7:161".parse().unwrap(), "no".to_owned()));
        let line =
            "CLOCK_OFFSET UNKNOWN - 192.0.2.7:161: no | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=U;;;0";
        assert_eq!(evaluated(&[], Some(Err(broken())), vec![]), format!("{line}\n"));
        let compared = evaluated(&[], Some(Err(broken())), vec![server("192.0.2.1", 7.0)]);
        assert_eq!(compared, format!("{line} monitor_offset=-7s ntp_servers=1;;;0;1\n"));
        let nothing = evaluated(&[], Some(Err(broken())), vec![broken_server()]);
        let both = "CLOCK_OFFSET CRITICAL - NTP server 192.0.2.1: no answer, and 192.0.2.7:161: no | ";
        assert!(nothing.starts_with(both), "{nothing}");
    }

    fn broken_server() -> Sample {
        broken("192.0.2.1", NtpError::Silent)
    }

    #[test]
    fn part_of_the_servers_may_be_silent() {
        let seen =
            judge(&[], None, vec![server("192.0.2.2", 0.0), server("192.0.2.3", 0.0), broken_server()]);
        let line =
            "CLOCK_OFFSET OK - this host is right within 0.008 s of 2 of 3 NTP servers, 1 gave no time | ";
        assert!(seen.starts_with(line) && seen.ends_with("\nNTP server 192.0.2.1: no answer\n"), "{seen}");
    }
}
